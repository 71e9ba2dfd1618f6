//! Who is connected: how many at most, and the numbers that clients know their connections by.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use base::env::Rng;
use base::map::HashSet;
use parking_lot::Mutex;

/// All connections of a gateway. Cheap to clone.
#[derive(Clone)]
pub struct Registry(Arc<Shared>);

struct Shared {
    connections_max: usize,
    next_pid: AtomicI32,
    rng: Rng,
    open: Mutex<HashSet<i32>>,
}

/// A connection's place in the registry; given up on drop.
pub struct Seat {
    registry: Registry,
    /// The number that the client knows this connection by.
    pub pid: i32,
    /// What proves that a cancel request comes from this client.
    pub secret: i32,
}

impl Registry {
    /// A registry of at most so many connections.
    pub fn new(connections_max: usize, rng: Rng) -> Registry {
        let open = Mutex::new(HashSet::default());
        Registry(Arc::new(Shared { connections_max, next_pid: AtomicI32::new(1), rng, open }))
    }

    /// A seat, or `None` if all are taken.
    pub fn enter(&self) -> Option<Seat> {
        let shared = &*self.0;
        let secret = shared.rng.next_u64() as i32;
        let mut open = shared.open.lock();
        if open.len() >= shared.connections_max {
            return None;
        }
        let pid = loop {
            // Wraps around to 1; numbers in use are passed over.
            let pid = shared.next_pid.fetch_add(1, Ordering::Relaxed) & i32::MAX;
            if pid > 0 && !open.contains(&pid) {
                break pid;
            }
        };
        open.insert(pid);
        Some(Seat { registry: self.clone(), pid, secret })
    }

    /// How many are connected.
    pub fn len(&self) -> usize {
        self.0.open.lock().len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.0.open.lock().remove(&self.pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_and_given_back() {
        let registry = Registry::new(2, Rng::new(1));
        let a = registry.enter().expect("free");
        let b = registry.enter().expect("free");
        assert_ne!(a.pid, b.pid);
        assert!(registry.enter().is_none());
        drop(a);
        assert!(registry.enter().is_some());
        assert_eq!(registry.len(), 1);
    }
}
