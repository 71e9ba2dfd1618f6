//! [`Node`]: from a configuration and engines to a running node, and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::env::Env;
use base::memory::Account;
use base::metrics::Registry;
use base::{NodeId, ProcessId, RangeId, Span};
use gateway::Gateway;
use hybrid_clock::Clock;
use proto::{KvSender, Partition, RangeDescriptor, RangeSender, ReplicaDescriptor};
use replica::{Ranges, Store};
use router::{AdminSource, Router};
use storage::keys::{NodeState, node_state_key};
use storage::{Engine, Engines, Space, WriteBatch};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::{clock, gc, http, listen};

/// The range that a new cluster begins with: everything. It is split as it grows.
const FIRST_RANGE: RangeId = RangeId(1);
/// How long a start waits for its ranges to serve writes: an election and the clock's offset, many times over.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a node did not start: one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or the address is not this machine's.
    #[error("cannot listen on {addr} for {what}: {why}")]
    Listen {
        /// SQL, rpc, HTTP.
        what: &'static str,
        /// Where.
        addr: SocketAddr,
        /// Why not.
        why: String,
    },
    /// The clock's bound cannot be read or written, or the clock is broken.
    #[error("clock: {0}")]
    Clock(String),
    /// The data cannot be opened.
    #[error(transparent)]
    Store(#[from] replica::OpenError),
    /// The engine failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The ranges do not serve.
    #[error("{0}")]
    Ranges(#[from] proto::KvError),
    /// Temporary files cannot be written.
    #[error("{0}")]
    Transactions(#[from] txn::Error),
    /// The system tables cannot be read or made.
    #[error("system tables: {0}")]
    Catalog(#[from] datum::Error),
}

/// A running node.
pub struct Node {
    /// Where PostgreSQL clients connect.
    pub sql_addr: SocketAddr,
    /// Where nodes connect.
    pub rpc_addr: SocketAddr,
    /// Health and metrics.
    pub http_addr: SocketAddr,
    config: Config,
    clock: Clock,
    engines: Engines,
    store: Store,
    coordinator: Arc<txn::Coordinator>,
    gateway: Arc<Gateway>,
    health: Arc<http::Health>,
    sessions: TaskTracker,
    /// Stops accepting.
    stop_accepting: CancellationToken,
    /// Stops everything else.
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    env: Env,
}

impl Node {
    /// Starts a node on these engines, which are laid out if they are empty. Returns once it serves SQL.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(env: Env, config: Config, engines: Engines) -> Result<Node, StartError> {
        // Ports first: the commonest mistake is reported before anything is written.
        let sql = bind("SQL", config.sql_addr).await?;
        let rpc = bind("rpc", config.rpc_addr).await?;
        let http = bind("HTTP", config.http_addr).await?;
        let addr = |listener: &TcpListener, given| listener.local_addr().unwrap_or(given);
        let (sql_addr, rpc_addr) = (addr(&sql, config.sql_addr), addr(&rpc, config.rpc_addr));
        let http_addr = addr(&http, config.http_addr);

        let metrics = Registry::default();
        let (stop, stop_accepting) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = Vec::new();

        let clock = clock::open(&env, engines.log.clone(), config.max_offset)
            .map_err(|e| StartError::Clock(e.to_string()))?;
        while let Some(wait) = clock.wait_until_safe() {
            // T12: what earlier runs may have given out lies in the past before this one serves.
            tokio::time::sleep(wait).await;
        }
        tasks.push(env.spawn("clock-bound", keep_bound(env.clone(), clock.clone(), stop.clone())));
        let process = next_process(&env, &engines.log).await?;

        if replica::descriptors(&*engines.data)?.is_empty() {
            let replicas = vec![ReplicaDescriptor { node: config.node, voter: true }];
            let first = RangeDescriptor { id: FIRST_RANGE, span: Span::all(), replicas, generation: 1 };
            replica::bootstrap(&env, &engines, vec![first], WriteBatch::new()).await?;
        }
        let here = config.node;
        let settings = range::Settings {
            max_offset: config.max_offset,
            // A lock of an earlier run of this node's process has no owner any more.
            process_gone: Arc::new(move |node: NodeId, of: ProcessId| node == here && of != process),
            ..range::Settings::default()
        };
        let store = Store::open(replica::Parts {
            env: env.child(),
            node: config.node,
            clock: clock.clone(),
            engines: engines.clone(),
            evaluators: Arc::new(Ranges::new(clock.clone(), settings)),
            transport: None,
            config: replica::Config::default(),
            metrics: metrics.clone(),
            bugs: replica::Bugs::default(),
        })
        .await?;
        store.wait_until_writable(START_TIMEOUT).await?;

        let source = Arc::new(AdminSource::new(Arc::new(store.clone()), config.node));
        let local: Arc<dyn RangeSender> = Arc::new(store.clone());
        let router = Router::new(config.node, source, local, &env, router::Settings::default());
        let memory = Account::root("node", config.memory_bytes);
        let coordinator = txn::Coordinator::new(txn::Parts {
            sender: Arc::new(router.clone()) as Arc<dyn KvSender>,
            partition: Arc::new(router) as Arc<dyn Partition>,
            clock: Arc::new(clock.clone()),
            env: env.child(),
            node: config.node,
            process,
            settings: txn::Settings {
                spill_dir: Some(config.temp_dir.join("txn")),
                ..txn::Settings::default()
            },
            registry: metrics.clone(),
            memory: memory.clone(),
            peers: None,
        })?;
        let sql_node = exec::Node::new(exec::NodeParts {
            coordinator: coordinator.clone(),
            env: env.child(),
            memory: memory.clone(),
            metrics: metrics.clone(),
            config: exec::NodeConfig { temp_dir: config.temp_dir.join("sql"), ..exec::NodeConfig::default() },
        });
        sql_node.bootstrap().await?;
        let garbage = sql_node.clone();
        let limits = gateway::Config {
            connections_max: config.connections_max,
            statement_bytes_max: config.statement_bytes_max,
        };
        let gateway = Arc::new(Gateway::new(sql_node, limits, env.rng().child()));
        let health = Arc::new(health(&config, &store, &engines, &gateway, &memory, &metrics));
        let sessions = TaskTracker::new();

        tasks.push(env.spawn("http", http::serve(http, health.clone(), stop.clone())));
        tasks.push(env.spawn("rpc", rpc::serve(rpc, identity(&config, clock.clone()), stop.clone())));
        let collecting = gc::run(
            store.clone(),
            clock.clone(),
            config.gc_ttl,
            config.gc_interval,
            metrics.clone(),
            stop.clone(),
        );
        tasks.push(env.spawn("garbage-collector", collecting));
        let stopping = stop.clone();
        tasks.push(env.spawn("dropped-tables", async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = garbage.collect_garbage() => {}
            }
        }));
        let accepting = listen::sql(sql, gateway.clone(), sessions.clone(), stop_accepting.clone());
        tasks.push(env.spawn("sql-listener", accepting));
        health.ready.store(true, Ordering::Release);
        tracing::info!(%sql_addr, %rpc_addr, %http_addr, node = %config.node, "serving");
        Ok(Node {
            sql_addr,
            rpc_addr,
            http_addr,
            config,
            clock,
            engines,
            store,
            coordinator,
            gateway,
            health,
            sessions,
            stop_accepting,
            stop,
            tasks,
            env,
        })
    }

    /// This node's id.
    pub fn id(&self) -> NodeId {
        self.config.node
    }

    /// Resolves with the reason when the node can do nothing more and its process must stop.
    pub async fn failed(&self) -> String {
        let mut failure = self.store.failure();
        loop {
            if let Some(why) = failure.borrow_and_update().clone() {
                return why;
            }
            if failure.changed().await.is_err() {
                return "the store is gone".to_owned();
            }
        }
    }

    /// Stops cleanly: no new sessions, transactions finish (up to a limit), then everything is closed and durable.
    ///
    /// # Errors
    /// If the last writes cannot be made durable.
    pub async fn drain(self) -> Result<(), StartError> {
        self.health.ready.store(false, Ordering::Release);
        self.stop_accepting.cancel();
        self.gateway.drain();
        self.sessions.close();
        if tokio::time::timeout(self.config.drain_timeout, self.sessions.wait()).await.is_err() {
            tracing::warn!(sessions = self.gateway.registry().len(), "the drain has waited long enough");
            self.gateway.terminate_all();
            self.sessions.wait().await;
        }
        let _ = tokio::time::timeout(self.config.drain_timeout, self.coordinator.settled()).await;
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task has panicked");
            }
        }
        self.store.shutdown().await;
        let (clock, engines) = (self.clock, self.engines);
        self.env
            .run_blocking(move || {
                engines.data.sync()?;
                clock.stop().map_err(|e| StartError::Clock(e.to_string()))?;
                engines.log.sync()?;
                Ok(())
            })
            .await
    }
}

async fn bind(what: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|e| StartError::Listen {
        what,
        addr,
        why: match e.kind() {
            std::io::ErrorKind::AddrInUse => "the port is taken by another process".to_owned(),
            std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => e.to_string(),
        },
    })
}

/// Keeps the clock's bound ahead of it, so that nobody waits for a disk to get a timestamp.
async fn keep_bound(env: Env, clock: Clock, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(clock.extend_interval()) => {}
        }
        let extending = clock.clone();
        if let Err(error) = env.run_blocking(move || extending.extend()).await {
            tracing::error!(%error, "the clock's bound cannot be written");
        }
    }
}

/// Counts the starts of this node: the number of this run of its process.
async fn next_process(env: &Env, log: &Arc<dyn Engine>) -> Result<ProcessId, StartError> {
    let log = log.clone();
    env.run_blocking(move || {
        let key = node_state_key(NodeState::Starts);
        let before = match log.get(Space::Log, &key)? {
            None => 0,
            Some(bytes) => match <[u8; 9]>::try_from(&bytes[..]) {
                Ok([1, count @ ..]) => u64::from_be_bytes(count),
                _ => return Err(storage::Error::Corrupt("the count of starts".to_owned()).into()),
            },
        };
        let now = before + 1;
        let mut value = vec![1];
        value.extend_from_slice(&now.to_be_bytes());
        let mut batch = WriteBatch::new();
        batch.put(Space::Log, &key, &value);
        log.write_synced(&batch)?;
        Ok(ProcessId(now))
    })
    .await
}

fn identity(config: &Config, clock: Clock) -> rpc::Identity {
    rpc::Identity { cluster: config.cluster, node: config.node, clock }
}

fn health(
    config: &Config,
    store: &Store,
    engines: &Engines,
    gateway: &Arc<Gateway>,
    memory: &Account,
    metrics: &Registry,
) -> http::Health {
    let failure = store.failure();
    let (data, log) = (engines.data.clone(), engines.log.clone());
    let (gateway, memory) = (Arc::downgrade(gateway), memory.clone());
    let sessions = metrics.gauge("sql_connections", &[], "Open SQL connections.");
    let used =
        metrics.gauge("memory_reserved_bytes", &[], "Memory reserved by statements and write buffers.");
    let gauge = |engine, name, help| metrics.gauge(name, &[("engine", engine)], help);
    let engines = [("data", data), ("log", log)].map(|(name, engine)| {
        let disk = gauge(name, "storage_disk_bytes", "Bytes of files.");
        let cache = gauge(name, "storage_block_cache_bytes", "Bytes of cached blocks.");
        let syncs = gauge(name, "storage_syncs", "Syncs since the start.");
        (engine, disk, cache, syncs)
    });
    let refresh = move || {
        sessions.set(gateway.upgrade().map_or(0, |g| g.registry().len() as i64));
        used.set(memory.used() as i64);
        for (engine, disk, cache, syncs) in &engines {
            let stats = engine.stats();
            disk.set(stats.disk_bytes as i64);
            cache.set(stats.block_cache_bytes as i64);
            syncs.set(stats.syncs as i64);
        }
    };
    http::Health {
        ready: AtomicBool::new(false),
        alive: Box::new(move || failure.borrow().is_none()),
        refresh: Box::new(refresh),
        metrics: metrics.clone(),
        title: format!("Node {} of cluster {:032x}.", config.node, config.cluster),
    }
}
