//! [`Config`]: what a node is told at its start. Every default has its reason beside it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base::NodeId;

/// What a node is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster that the data belong to.
    pub cluster: u128,
    /// Who this node is.
    pub node: NodeId,
    /// Where PostgreSQL clients connect; port 0 = any free one.
    pub sql_addr: SocketAddr,
    /// Where other nodes connect.
    pub rpc_addr: SocketAddr,
    /// Health, metrics.
    pub http_addr: SocketAddr,
    /// The most that two clocks may differ. 250 ms is what cloud machines with NTP keep with a wide margin.
    pub max_offset: Duration,
    /// Connections at most.
    pub connections_max: usize,
    /// Bytes of a message at most.
    pub statement_bytes_max: usize,
    /// Memory of all sessions together, in bytes.
    pub memory_bytes: u64,
    /// Where sorts and write buffers put what does not fit in memory. Emptied at start.
    pub temp_dir: PathBuf,
    /// How long old versions are kept.
    pub gc_ttl: Duration,
    /// How often garbage is looked for.
    pub gc_interval: Duration,
    /// How long a drain waits for transactions to finish.
    pub drain_timeout: Duration,
}
