//! `holdfast start`: one node in the real world.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base::NodeId;
use server::{Config, Node};
use tokio::signal::unix::{SignalKind, signal};

use crate::data_dir::{DataDir, Identity};
use crate::options::{StartOptions, WrongOption, duration};

const SQL_ADDR: &str = "127.0.0.1:5433";
const RPC_ADDR: &str = "127.0.0.1:7433";
const HTTP_ADDR: &str = "127.0.0.1:8433";
/// The first node of a cluster.
const FIRST_NODE: NodeId = NodeId(1);

/// Runs a node until SIGTERM or Ctrl-C.
pub fn run(options: StartOptions) -> Result<()> {
    let options = options.with_file()?;
    let chosen = Chosen::from(&options)?;
    log_to_stderr(options.log_json);
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("holdfast").build()?;
    let done = runtime.block_on(serve(chosen));
    // Nothing that is left may delay the exit: what had to be durable is.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

/// Options that make sense.
struct Chosen {
    data_dir: PathBuf,
    sql_addr: String,
    rpc_addr: String,
    http_addr: String,
    bootstrap_expect: Option<u32>,
    join: Vec<String>,
    max_offset: Duration,
    connections_max: usize,
    statement_bytes_max: usize,
    memory_bytes: u64,
    cache_bytes: u64,
    gc_ttl: Duration,
}

impl Chosen {
    fn from(options: &StartOptions) -> Result<Chosen> {
        let wrong = |text: &str| -> anyhow::Error { WrongOption(text.to_owned()).into() };
        let data_dir = options.data_dir.clone().ok_or_else(|| wrong("--data-dir DIR is missing"))?;
        match (options.insecure, &options.certs_dir) {
            (false, None) => return Err(wrong("one of --insecure and --certs-dir DIR must be given")),
            (true, Some(_)) => return Err(wrong("--insecure and --certs-dir exclude each other")),
            (false, Some(_)) => {
                return Err(wrong("--certs-dir: this version has no TLS yet; use --insecure"));
            }
            (true, None) => {}
        }
        if let Some(locality) = &options.locality {
            let pair = |p: &str| p.split_once('=').is_some_and(|(k, v)| !k.is_empty() && !v.is_empty());
            if !locality.split(',').all(pair) {
                return Err(wrong("--locality wants KEY=VALUE,... such as region=eu,zone=a"));
            }
        }
        let max_offset = options.max_offset.as_deref().map(|t| duration("max-offset", t)).transpose()?;
        let gc_ttl = options.gc_ttl.as_deref().map(|t| duration("gc-ttl", t)).transpose()?;
        let addr =
            |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        Ok(Chosen {
            data_dir,
            sql_addr: addr(&options.sql_addr, SQL_ADDR),
            rpc_addr: addr(&options.rpc_addr, RPC_ADDR),
            http_addr: addr(&options.http_addr, HTTP_ADDR),
            bootstrap_expect: options.bootstrap_expect,
            join: options.join.clone(),
            max_offset: max_offset.unwrap_or(Duration::from_millis(250)),
            connections_max: options.max_connections.unwrap_or(10_000),
            statement_bytes_max: options.max_statement_bytes.unwrap_or(64 << 20).min(1 << 30),
            memory_bytes: options.memory_bytes.unwrap_or(2 << 30),
            cache_bytes: options.cache_bytes.unwrap_or(512 << 20),
            gc_ttl: gc_ttl.unwrap_or(Duration::from_secs(4 * 3600)),
        })
    }
}

async fn serve(chosen: Chosen) -> Result<()> {
    // Before anything that takes time: a signal during the start must not be lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let env = base::env::os::env();
    let mut dir = DataDir::open(&chosen.data_dir)?;
    let identity = match dir.identity() {
        Some(identity) => identity,
        None => {
            first_use(&chosen)?;
            dir.clear_unused()?;
            Identity { cluster: env.rng().next_u128(), node: FIRST_NODE }
        }
    };
    let options = storage_rocks::Options {
        cache_bytes: usize::try_from(chosen.cache_bytes).unwrap_or(usize::MAX),
        ..storage_rocks::Options::default()
    };
    let rocks = storage_rocks::open(&dir.engine(), &options)?;
    let config = Config {
        cluster: identity.cluster,
        node: identity.node,
        sql_addr: resolve("--sql-addr", &chosen.sql_addr).await?,
        rpc_addr: resolve("--rpc-addr", &chosen.rpc_addr).await?,
        http_addr: resolve("--http-addr", &chosen.http_addr).await?,
        max_offset: chosen.max_offset,
        connections_max: chosen.connections_max,
        statement_bytes_max: chosen.statement_bytes_max,
        memory_bytes: chosen.memory_bytes,
        temp_dir: dir.temporary()?,
        gc_ttl: chosen.gc_ttl,
        gc_interval: (chosen.gc_ttl / 10).clamp(Duration::from_secs(1), Duration::from_secs(60)),
        drain_timeout: Duration::from_secs(15),
    };
    let node = Node::start(env, config, rocks.engines()).await.map_err(|e| anyhow!("{e}"))?;
    if dir.identity().is_none() {
        dir.identify(identity)?;
    }
    announce(&node)?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
        _ = interrupt.recv() => tracing::info!("interrupt: draining"),
        why = node.failed() => {
            // Nobody knows what is on the disk: stop at once, so that a restart replays what is durable.
            bail!("the storage engine has failed, the node stops: {why}");
        }
    }
    node.drain().await.map_err(|e| anyhow!("the drain has failed: {e}"))?;
    drop(rocks);
    Ok(())
}

/// A directory that was never used must be told what it is for.
fn first_use(chosen: &Chosen) -> Result<()> {
    let wrong = |text: &str| -> Result<()> { Err(WrongOption(text.to_owned()).into()) };
    match (chosen.bootstrap_expect, chosen.join.is_empty()) {
        (Some(1), true) => Ok(()),
        (Some(0), _) => wrong("--bootstrap-expect wants at least 1"),
        (None, true) => wrong(
            "the data directory is empty: give --bootstrap-expect 1 for a new cluster of one node, or --join",
        ),
        _ => wrong("this version runs clusters of one node: --bootstrap-expect 1 without --join"),
    }
}

fn announce(node: &Node) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "sql_addr={}", node.sql_addr)?;
    writeln!(out, "rpc_addr={}", node.rpc_addr)?;
    writeln!(out, "http_addr={}", node.http_addr)?;
    writeln!(out, "node_id={}", node.id().0)?;
    writeln!(out, "ready")?;
    out.flush().context("cannot write to standard output")
}

async fn resolve(option: &str, text: &str) -> Result<SocketAddr> {
    let wrong = || WrongOption(format!("{option}: `{text}` is no HOST:PORT that can be resolved"));
    tokio::net::lookup_host(text).await.ok().and_then(|mut all| all.next()).ok_or_else(|| wrong().into())
}

fn log_to_stderr(json: bool) {
    use tracing_subscriber::EnvFilter;
    // openraft logs every step of its core at INFO.
    let filter =
        EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| EnvFilter::new("info,openraft=error"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { builder.json().init() } else { builder.with_ansi(false).init() }
}

/// Thousands of connections need thousands of file descriptors: takes what the hard limit allows.
fn raise_file_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read or write `limit`, which outlives them.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 && limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max.min(1 << 20);
            if libc::setrlimit(libc::RLIMIT_NOFILE, &limit) != 0 {
                tracing::warn!("cannot raise the limit of open files");
            }
        }
    }
}
