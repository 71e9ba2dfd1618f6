//! [`Registry`]: the transactions of this process that hold something: locks, or a commit under way.
//!
//! Whoever meets an intent or a lock of this process asks here first, and waits here for its end, by event.

use std::sync::Arc;
use std::time::Duration;

use base::TxnId;
use base::map::HashMap;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Live transactions of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<HashMap<TxnId, Live>>>);

struct Live {
    ended: watch::Sender<()>,
    holders: u32,
}

impl Registry {
    /// Marks a transaction as live until the registration is dropped.
    pub(crate) fn register(&self, txn: TxnId) -> Registration {
        let mut live = self.0.lock();
        live.entry(txn).or_insert_with(|| Live { ended: watch::channel(()).0, holders: 0 }).holders += 1;
        Registration { registry: self.clone(), txn }
    }

    /// Whether the transaction is live. An unknown one may have committed, or not.
    pub fn is_live(&self, txn: TxnId) -> bool {
        self.0.lock().contains_key(&txn)
    }

    /// Waits until the transaction is no longer live, at most `wait_max`. Says whether it has ended.
    pub async fn ended(&self, txn: TxnId, wait_max: Duration) -> bool {
        let Some(mut ended) = self.0.lock().get(&txn).map(|live| live.ended.subscribe()) else { return true };
        // The sender goes away with its entry: then `changed` fails.
        tokio::time::timeout(wait_max, async { while ended.changed().await.is_ok() {} }).await.is_ok()
    }
}

/// Keeps a transaction live.
pub(crate) struct Registration {
    registry: Registry,
    txn: TxnId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut live = self.registry.0.lock();
        if let Some(entry) = live.get_mut(&self.txn) {
            entry.holders -= 1;
            if entry.holders == 0 {
                live.remove(&self.txn);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_ends_with_the_last_registration() {
        let registry = Registry::default();
        let txn = TxnId(7);
        let first = registry.register(txn);
        let second = registry.register(txn);
        drop(first);
        assert!(registry.is_live(txn));
        assert!(!registry.ended(txn, Duration::ZERO).await);
        let waiting = tokio::spawn({
            let registry = registry.clone();
            async move { registry.ended(txn, Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        drop(second);
        assert!(waiting.await.unwrap());
        assert!(!registry.is_live(txn));
    }
}
