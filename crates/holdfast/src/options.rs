//! The command line. Flags come first, then `HOLDFAST_…` variables, then the configuration file, then defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

/// Options that contradict each other or make no sense: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongOption(pub String);

/// A distributed SQL database that speaks PostgreSQL's protocol.
#[derive(Parser, Debug)]
#[command(name = "holdfast", version, about, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Start a node.
    ///
    /// Once it serves SQL it prints sql_addr=, rpc_addr=, http_addr=, node_id= and `ready`, a line each. Logs go to
    /// standard error. SIGTERM drains the node and stops it.
    Start(Box<StartOptions>),
    /// Start a cluster to play with on this machine; Ctrl-C stops it.
    Demo(DemoOptions),
}

/// Options of `holdfast start`.
#[derive(Args, Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct StartOptions {
    /// Directory of the node's data.
    #[arg(long, env = "HOLDFAST_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where PostgreSQL clients connect; port 0 picks a free port [default: 127.0.0.1:5433].
    #[arg(long, env = "HOLDFAST_SQL_ADDR", value_name = "HOST:PORT")]
    pub sql_addr: Option<String>,
    /// Where other nodes connect [default: 127.0.0.1:7433].
    #[arg(long, env = "HOLDFAST_RPC_ADDR", value_name = "HOST:PORT")]
    pub rpc_addr: Option<String>,
    /// Where health checks, metrics and the console are served [default: 127.0.0.1:8433].
    #[arg(long, env = "HOLDFAST_HTTP_ADDR", value_name = "HOST:PORT")]
    pub http_addr: Option<String>,
    /// The rpc address that other nodes are told [default: the rpc address].
    #[arg(long, env = "HOLDFAST_ADVERTISE_ADDR", value_name = "HOST:PORT")]
    pub advertise_addr: Option<String>,
    /// Rpc addresses of nodes of the cluster to join. Ignored where the data directory is in use already.
    #[arg(long, env = "HOLDFAST_JOIN", value_name = "HOST:PORT,...", value_delimiter = ',')]
    pub join: Vec<String>,
    /// Make a new cluster once so many nodes have found each other. Ignored where the data directory is in use already.
    #[arg(long, env = "HOLDFAST_BOOTSTRAP_EXPECT", value_name = "N")]
    pub bootstrap_expect: Option<u32>,
    /// Where the node is, from the largest place to the smallest, such as region=eu,zone=a.
    #[arg(long, env = "HOLDFAST_LOCALITY", value_name = "KEY=VALUE,...")]
    pub locality: Option<String>,
    /// The most that two nodes' clocks may differ [default: 250ms].
    #[arg(long, env = "HOLDFAST_MAX_OFFSET", value_name = "DURATION")]
    pub max_offset: Option<String>,
    /// Serve without encryption and let in any existing user without a password.
    #[arg(long, env = "HOLDFAST_INSECURE", conflicts_with = "certs_dir")]
    pub insecure: bool,
    /// Directory of certificates and keys.
    #[arg(long, env = "HOLDFAST_CERTS_DIR", value_name = "DIR")]
    pub certs_dir: Option<PathBuf>,
    /// Connections at most [default: 10000].
    #[arg(long, env = "HOLDFAST_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Bytes of one statement at most [default: 67108864].
    #[arg(long, env = "HOLDFAST_MAX_STATEMENT_BYTES", value_name = "BYTES")]
    pub max_statement_bytes: Option<usize>,
    /// Memory for queries and write buffers of all sessions together [default: 2147483648].
    #[arg(long, env = "HOLDFAST_MEMORY_BYTES", value_name = "BYTES")]
    pub memory_bytes: Option<u64>,
    /// Memory for cached blocks of data [default: 536870912].
    #[arg(long, env = "HOLDFAST_CACHE_BYTES", value_name = "BYTES")]
    pub cache_bytes: Option<u64>,
    /// How long old versions of rows are kept [default: 4h].
    #[arg(long, env = "HOLDFAST_GC_TTL", value_name = "DURATION")]
    pub gc_ttl: Option<String>,
    /// Logs as JSON, one object a line.
    #[arg(long, env = "HOLDFAST_LOG_JSON")]
    pub log_json: bool,
    /// TOML file with these options, named as here without the dashes in front.
    #[arg(long, env = "HOLDFAST_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

/// Options of `holdfast demo`.
#[derive(Args, Debug)]
pub struct DemoOptions {
    /// How many nodes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub nodes: u32,
    /// Keep the data here; without it they are in a temporary directory that is removed at the end.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// SQL port of the first node; others follow.
    #[arg(long, default_value_t = 5433, value_name = "PORT")]
    pub sql_port: u16,
}

impl StartOptions {
    /// With what the configuration file says where flags and variables say nothing.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something else.
    pub fn with_file(self) -> Result<StartOptions> {
        let Some(path) = self.config.clone() else { return Ok(self) };
        let file = read(&path)?;
        Ok(StartOptions {
            data_dir: self.data_dir.or(file.data_dir),
            sql_addr: self.sql_addr.or(file.sql_addr),
            rpc_addr: self.rpc_addr.or(file.rpc_addr),
            http_addr: self.http_addr.or(file.http_addr),
            advertise_addr: self.advertise_addr.or(file.advertise_addr),
            join: if self.join.is_empty() { file.join } else { self.join },
            bootstrap_expect: self.bootstrap_expect.or(file.bootstrap_expect),
            locality: self.locality.or(file.locality),
            max_offset: self.max_offset.or(file.max_offset),
            insecure: self.insecure || (file.insecure && self.certs_dir.is_none()),
            certs_dir: if self.insecure { self.certs_dir } else { self.certs_dir.or(file.certs_dir) },
            max_connections: self.max_connections.or(file.max_connections),
            max_statement_bytes: self.max_statement_bytes.or(file.max_statement_bytes),
            memory_bytes: self.memory_bytes.or(file.memory_bytes),
            cache_bytes: self.cache_bytes.or(file.cache_bytes),
            gc_ttl: self.gc_ttl.or(file.gc_ttl),
            log_json: self.log_json || file.log_json,
            config: Some(path),
        })
    }
}

fn read(path: &Path) -> Result<StartOptions> {
    #[allow(clippy::disallowed_methods)] // The binary is where files outside the data directory are read.
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).map_err(|e| WrongOption(format!("{}: {}", path.display(), e.message())).into())
}

/// A duration such as `250ms`, `30s`, `5min`, `4h`, `7d`.
///
/// # Errors
/// [`WrongOption`] for anything else.
pub fn duration(option: &str, text: &str) -> Result<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "min" | "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => 0,
    };
    number
        .parse::<u64>()
        .ok()
        .filter(|_| scale > 0)
        .and_then(|n| n.checked_mul(scale))
        .map(Duration::from_millis)
        .ok_or_else(|| {
            WrongOption(format!("--{option}: `{text}` is no duration such as 250ms, 30s or 4h")).into()
        })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("x", "250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(duration("x", "4h").unwrap(), Duration::from_secs(4 * 3600));
        for wrong in ["", "5", "ms", "-1s", "1.5s", "99999999999999999999s", "99999999999999999d"] {
            let error = duration("x", wrong).unwrap_err();
            assert!(error.downcast_ref::<WrongOption>().is_some(), "{wrong}");
        }
    }

    #[test]
    fn flags_come_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holdfast.toml");
        std::fs::write(&path, "sql-addr = \"127.0.0.1:1\"\nrpc-addr = \"127.0.0.1:2\"\ninsecure = true\n")
            .unwrap();
        let flags = StartOptions {
            sql_addr: Some("127.0.0.1:9".into()),
            config: Some(path.clone()),
            ..Default::default()
        };
        let merged = flags.with_file().unwrap();
        assert_eq!(merged.sql_addr.as_deref(), Some("127.0.0.1:9"));
        assert_eq!(merged.rpc_addr.as_deref(), Some("127.0.0.1:2"));
        assert!(merged.insecure);
        std::fs::write(&path, "sql-adr = \"x\"\n").unwrap();
        let error = StartOptions { config: Some(path), ..Default::default() }.with_file().unwrap_err();
        assert!(error.to_string().contains("sql-adr"), "{error}");
    }
}
