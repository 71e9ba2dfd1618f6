//! [`Coordinator`]: what all transactions of a node share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base::env::Env;
use base::memory::Account;
use base::{NodeId, ProcessId, TxnId};
use proto::{KvError, KvSender, Partition, Request, Response, TxnRef};

use crate::buffer::run::SpillDir;
use crate::clock::Hlc;
use crate::error::Error;
use crate::janitor::Janitor;
use crate::metrics::Metrics;
use crate::push::Peers;
use crate::registry::Registry;
use crate::settings::Settings;
use crate::transaction::{Transaction, TxnOptions};

/// What a coordinator is made of.
pub struct Parts {
    /// The way to the keeping half.
    pub sender: Arc<dyn KvSender>,
    /// How keys lie.
    pub partition: Arc<dyn Partition>,
    /// The node's hybrid clock.
    pub clock: Arc<dyn Hlc>,
    /// Chance and tasks.
    pub env: Env,
    /// This node.
    pub node: NodeId,
    /// This run of its process.
    pub process: ProcessId,
    /// Limits.
    pub settings: Settings,
    /// Where metrics are registered.
    pub registry: base::metrics::Registry,
    /// Memory of write buffers whose transaction brings no account of its own.
    pub memory: Account,
    /// How to ask coordinators of other nodes; `None`: they count as silent.
    pub peers: Option<Arc<dyn Peers>>,
}

/// Begins, commits and cleans up transactions; one per node.
pub struct Coordinator {
    pub(crate) sender: Arc<dyn KvSender>,
    pub(crate) partition: Arc<dyn Partition>,
    pub(crate) clock: Arc<dyn Hlc>,
    pub(crate) env: Env,
    pub(crate) node: NodeId,
    pub(crate) process: ProcessId,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) memory: Account,
    pub(crate) live: Registry,
    pub(crate) peers: Option<Arc<dyn Peers>>,
    pub(crate) spill_dir: Option<Arc<SpillDir>>,
    pub(crate) janitor: Janitor,
}

impl Coordinator {
    /// A coordinator of these parts. Empties the directory of temporary files.
    ///
    /// # Errors
    /// If that directory cannot be used.
    pub fn new(parts: Parts) -> Result<Arc<Coordinator>, Error> {
        let spill_dir = parts.settings.spill_dir.as_deref().map(SpillDir::open).transpose()?;
        Ok(Arc::new(Coordinator {
            janitor: Janitor::new(parts.settings.janitor_queue_max),
            sender: parts.sender,
            partition: parts.partition,
            clock: parts.clock,
            env: parts.env.child(),
            node: parts.node,
            process: parts.process,
            metrics: Metrics::new(&parts.registry),
            settings: parts.settings,
            memory: parts.memory,
            live: Registry::default(),
            peers: parts.peers,
            spill_dir,
        }))
    }

    /// Begins a transaction. Costs nothing but memory until it reads or commits.
    ///
    /// # Errors
    /// If the node's clock has failed.
    pub fn begin(self: &Arc<Self>, options: TxnOptions) -> Result<Transaction, Error> {
        Transaction::new(self.clone(), options)
    }

    /// The node's clock.
    pub fn clock(&self) -> &Arc<dyn Hlc> {
        &self.clock
    }

    /// The node whose transactions these are.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The limits in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The transactions of this process that hold locks or are being committed.
    pub fn live(&self) -> &Registry {
        &self.live
    }

    /// The way to the keeping half, for what is done outside of transactions.
    pub fn sender(&self) -> &Arc<dyn KvSender> {
        &self.sender
    }

    /// Waits until everything that this coordinator cleans up in the background is done (for tests and drains).
    pub async fn settled(&self) {
        self.janitor.settled().await;
    }

    /// Runs `body` in a transaction and commits it; after a conflict again, under a new id and the same age, with
    /// growing pauses.
    ///
    /// # Errors
    /// What `body` or the commit fails with, conflicts only after the last attempt.
    pub async fn run<T, F>(self: &Arc<Self>, options: TxnOptions, mut body: F) -> Result<T, Error>
    where
        F: for<'t> FnMut(&'t mut Transaction) -> Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 't>>,
    {
        let mut options = options;
        let mut attempt = 0;
        loop {
            let mut txn = self.begin(options.clone())?;
            options.age = Some(txn.age());
            txn.begin_statement()?;
            let result = match body(&mut txn).await {
                Ok(out) => txn.commit().await.map(|_| out),
                Err(error) => {
                    txn.rollback();
                    Err(error)
                }
            };
            match result {
                Err(error) if error.is_retryable() && attempt + 1 < self.settings.attempts_max => {
                    self.before_retry(&error, attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Waits, holding nothing, for what an attempt failed on, then a moment more the later the attempt is.
    pub async fn before_retry(&self, error: &Error, attempt: u32) {
        if let Error::Conflict { blocker: Some(blocker), .. } = error {
            self.live.ended(*blocker, self.settings.wait_max).await;
        }
        if attempt > 0 {
            tokio::time::sleep(self.pause(attempt - 1)).await;
        }
    }

    /// The pause before try number `tries`: doubling, half of it by chance.
    pub(crate) fn pause(&self, tries: u32) -> Duration {
        let full = self
            .settings
            .backoff_min
            .saturating_mul(1u32.checked_shl(tries).unwrap_or(u32::MAX))
            .min(self.settings.backoff_max);
        full / 2 + full.mul_f64(self.env.rng().next_f64() / 2.0)
    }

    pub(crate) fn fresh_ref(&self, age: base::Timestamp) -> TxnRef {
        TxnRef { id: TxnId(self.env.rng().next_u128()), age, coordinator: self.node, process: self.process }
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Response, KvError> {
        let answer = self.sender.send(request).await;
        // What was met may lie above this node's clock: nothing later may get a timestamp below it.
        match &answer {
            Ok(Response::Committed(at) | Response::Prepared(at))
            | Err(KvError::Uncertain { at, .. } | KvError::AlreadyCommitted(at)) => self.clock.observe(*at),
            Err(KvError::Conflict { at, .. }) if *at != base::Timestamp::MAX => self.clock.observe(*at),
            Ok(Response::Updated(update)) => {
                if let Some(at) = update.commit_ts {
                    self.clock.observe(at);
                }
            }
            _ => {}
        }
        answer
    }

    /// Sends what may be sent any number of times, until somebody has an answer: absorbs `Unknown` and
    /// `Unavailable` for a bounded time.
    pub(crate) async fn send_idempotent(&self, request: Request) -> Result<Response, KvError> {
        let start = tokio::time::Instant::now();
        let mut tries = 0;
        loop {
            match self.send(request.clone()).await {
                Err(KvError::Unknown(_) | KvError::Unavailable { .. } | KvError::NotLeader { .. })
                    if start.elapsed() < self.settings.unavailable_max =>
                {
                    tokio::time::sleep(self.pause(tries)).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }
}
