//! [`Config`]: the knobs of replication, each with its reason.

use std::time::Duration;

/// The knobs of replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// L: how long a leader may serve reads after the last message that a quorum acknowledged was sent, and how
    /// long a voter that acknowledged one votes for nobody else (T7a). It bounds the gap after a leader's crash.
    pub lease: Duration,
    /// How often a leader tells its followers that it lives. A lease must outlive a few lost ones.
    pub heartbeat_interval: Duration,
    /// Entries of a range that are on their way at once. While they are, further commands gather for the next
    /// one; a few hide the latency of a sync, many make every entry small.
    pub entries_in_flight_max: usize,
    /// An entry takes further commands up to this size. A larger command travels alone.
    pub entry_bytes_max: usize,
    /// A range's log is shortened once it is longer than this.
    pub log_bytes_max: u64,
    /// Once a range's log is longer than this, the data engine is flushed so that the log can be shortened (T13).
    pub log_bytes_flush: u64,
    /// How long a request waits for its range to have a leaseholder here before it is told that there is none.
    pub leaseholder_wait_max: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            lease: Duration::from_millis(1000),
            heartbeat_interval: Duration::from_millis(200),
            entries_in_flight_max: 4,
            entry_bytes_max: 1 << 20,
            log_bytes_max: 16 << 20,
            log_bytes_flush: 128 << 20,
            leaseholder_wait_max: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// What is wrong with it, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.heartbeat_interval * 3 > self.lease {
            return Err(format!(
                "a lease of {:?} needs heartbeats at least three times as often",
                self.lease
            ));
        }
        if self.entries_in_flight_max == 0 {
            return Err("at least one entry must be allowed on its way".into());
        }
        if self.log_bytes_flush < self.log_bytes_max {
            return Err("a log is shortened before it forces a flush".into());
        }
        Ok(())
    }
}
