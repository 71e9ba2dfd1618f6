//! The one memory accountant: a tree of budgets. Whoever keeps much in memory reserves it first.
//!
//! ```text
//!   node (bytes_max)
//!     ├─ session 1 ── statement (bytes_max of its own)
//!     └─ session 2 ── write buffer
//! ```
//! A reservation counts at its account and at every ancestor, and is given back when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A budget would have been exceeded.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("out of memory: {account} is limited to {bytes_max} bytes")]
pub struct OutOfMemory {
    /// Whose budget.
    pub account: &'static str,
    /// That budget, in bytes.
    pub bytes_max: u64,
}

/// A budget of bytes. Cheap to clone; clones are the same account.
#[derive(Clone, Debug)]
pub struct Account(Arc<Node>);

#[derive(Debug)]
struct Node {
    name: &'static str,
    bytes_max: u64,
    used: AtomicU64,
    parent: Option<Account>,
}

impl Account {
    /// An account without a parent.
    pub fn root(name: &'static str, bytes_max: u64) -> Account {
        Account(Arc::new(Node { name, bytes_max, used: AtomicU64::new(0), parent: None }))
    }

    /// An account below this one: what it reserves counts here too.
    pub fn child(&self, name: &'static str, bytes_max: u64) -> Account {
        Account(Arc::new(Node { name, bytes_max, used: AtomicU64::new(0), parent: Some(self.clone()) }))
    }

    /// Bytes reserved at present.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// The budget in bytes.
    pub fn bytes_max(&self) -> u64 {
        self.0.bytes_max
    }

    /// An empty reservation, to be grown.
    pub fn reservation(&self) -> Reservation {
        Reservation { account: self.clone(), bytes: 0 }
    }

    /// Reserves `bytes`.
    ///
    /// # Errors
    /// If this account or an ancestor would exceed its budget; then nothing is reserved.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, OutOfMemory> {
        let mut reservation = self.reservation();
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    fn add(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let node = &*self.0;
        let before = node.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > node.bytes_max {
            node.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(OutOfMemory { account: node.name, bytes_max: node.bytes_max });
        }
        if let Some(parent) = &node.parent
            && let Err(e) = parent.add(bytes)
        {
            node.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(e);
        }
        Ok(())
    }

    fn sub(&self, bytes: u64) {
        let mut account = Some(self);
        while let Some(Account(node)) = account {
            node.used.fetch_sub(bytes, Ordering::Relaxed);
            account = node.parent.as_ref();
        }
    }
}

/// Bytes held of an [`Account`]; given back on drop.
#[derive(Debug)]
pub struct Reservation {
    account: Account,
    bytes: u64,
}

impl Reservation {
    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Holds `bytes` more.
    ///
    /// # Errors
    /// If a budget would be exceeded; what was held before stays held.
    pub fn grow(&mut self, bytes: u64) -> Result<(), OutOfMemory> {
        self.account.add(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives back `bytes` (at most all).
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.account.sub(bytes);
        self.bytes -= bytes;
    }

    /// Gives everything back.
    pub fn clear(&mut self) {
        self.shrink(self.bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_bounded_by_itself_and_by_its_parent() {
        let node = Account::root("node", 100);
        let a = node.child("a", 80);
        let b = node.child("b", 80);
        let held = a.reserve(70).expect("fits both");
        assert_eq!(a.reserve(20).map(|r| r.bytes()), Err(OutOfMemory { account: "a", bytes_max: 80 }));
        assert_eq!(b.reserve(40).map(|r| r.bytes()), Err(OutOfMemory { account: "node", bytes_max: 100 }));
        assert_eq!((node.used(), a.used(), b.used()), (70, 70, 0));
        drop(held);
        assert_eq!((node.used(), a.used()), (0, 0));
        let whole = b.reserve(80).expect("all is free again");
        assert_eq!(whole.bytes(), 80);
    }
}
