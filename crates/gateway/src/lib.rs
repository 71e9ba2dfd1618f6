//! PostgreSQL at the door: startup, authentication, the simple and the extended protocol, COPY, cancel requests.
//!
//! The gateway takes any byte stream, so that a test can speak the protocol over a pipe. It knows messages and
//! sessions (crate `exec`), and nothing of planning or keys.

mod conn;
mod error;
mod frame;
mod out;
mod registry;
mod sink;
mod startup;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

pub use registry::Registry;

/// Limits of a gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// Connections at most; one more is refused with 53300.
    pub connections_max: usize,
    /// Bytes of a message at most; a longer one is answered with 54000 and the session goes on.
    pub statement_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        // 10,000 idle connections cost some 100 MB; PostgreSQL drivers send no statement near 64 MiB.
        Config { connections_max: 10_000, statement_bytes_max: 64 << 20 }
    }
}

/// The front door of a node.
pub struct Gateway {
    node: Arc<exec::Node>,
    config: Config,
    registry: Registry,
    drain: CancellationToken,
    terminate: CancellationToken,
}

impl Gateway {
    /// A gateway to this node.
    pub fn new(node: Arc<exec::Node>, config: Config, rng: base::env::Rng) -> Gateway {
        let registry = Registry::new(config.connections_max, rng);
        Gateway {
            node,
            config,
            registry,
            drain: CancellationToken::new(),
            terminate: CancellationToken::new(),
        }
    }

    /// Serves one connection to its end.
    pub async fn serve<S>(&self, stream: S, peer: String)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (reader, writer) = tokio::io::split(stream);
        conn::serve(self, reader, writer, peer).await;
    }

    /// No new sessions; those without a transaction are closed with 57P01, others when theirs has ended.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Ends every session, whatever it is doing.
    pub fn terminate_all(&self) {
        self.terminate.cancel();
        self.node.terminate_all();
    }

    /// Who is connected.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    fn draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    async fn drained(&self) {
        self.drain.cancelled().await;
    }
}
