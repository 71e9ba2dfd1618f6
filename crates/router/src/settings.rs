//! [`Settings`]: the router's limits, each with its reason.

use std::time::Duration;

/// Limits of the router.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long one request looks for a leaseholder: longer than an election, shorter than a client's patience.
    pub search_max: Duration,
    /// First pause between two rounds over the replicas; doubles, with jitter.
    pub backoff_min: Duration,
    /// Longest pause.
    pub backoff_max: Duration,
    /// How often one request is cut anew because ranges have changed under it.
    pub cuts_max: u32,
    /// Parts of one request that are under way at once.
    pub parallel_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            search_max: Duration::from_secs(2),
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(100),
            cuts_max: 32,
            parallel_max: 16,
        }
    }
}
