//! [`Replica`]: one node's copy of a range, and the incarnations in which it leads.
//!
//! ```text
//!   open ──► follow ◄───────────────────────────────────────────────┐
//!              │ elected in term t                                   │ another term, or closed
//!              ▼                                                     │
//!            first entry of t applied ──► mark := max(HLC, physical + max_offset)
//!              │                                                     │
//!              ├─► reads are served                                  │
//!              ▼                                                     │
//!            physical clock has passed the mark ──► writes are served ┘      (T7)
//! ```

use std::sync::Arc;

use base::env::Env;
use base::{NodeId, RangeId, Timestamp};
use hybrid_clock::Clock;
use parking_lot::Mutex;
use proto::wire::Durable;
use proto::{KvError, RangeDescriptor, Request, Response};
use storage::Space;
use storage::keys::{RangeState, range_state_key};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::evaluator::{Begin, Evaluator};
use crate::lease::Lease;
use crate::planted::Bug;
use crate::proposer::{Limits, RaftProposer};
use crate::raft::{
    AppliedWatch, Group, GroupConfig, Leadership, LogStore, LogWriter, Message, Reply, StateMachine,
};
use crate::store::Shared;

/// See the module.
pub(crate) struct Replica {
    shared: Arc<Shared>,
    range: RangeId,
    group: Arc<Group>,
    lease: Arc<Lease>,
    status: watch::Sender<Status>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stopping: Notify,
    /// The log is not looked at again before it is longer than this.
    truncate_at: Mutex<u64>,
}

/// What a replica can do for a request.
#[derive(Clone)]
pub(crate) enum Status {
    /// It does not lead, as far as it knows.
    Following(Option<NodeId>),
    /// It leads.
    Leading(Arc<Incarnation>),
    /// It is closed.
    Closed(String),
}

/// One unbroken stretch of leading a range.
pub(crate) struct Incarnation {
    term: u64,
    evaluator: Arc<dyn Evaluator>,
    proposer: Arc<RaftProposer>,
    #[cfg(test)]
    low_water_mark: Timestamp,
    /// The physical clock has passed the mark.
    writable: watch::Sender<bool>,
}

/// Why a replica cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot open {range}: {why}")]
pub(crate) struct OpenError {
    pub(crate) range: RangeId,
    pub(crate) why: String,
}

impl Replica {
    /// Opens the replica of `descriptor`'s range, applies what its log knows to be committed, and takes part.
    pub(crate) async fn open(
        shared: Arc<Shared>,
        writer: Arc<LogWriter>,
        descriptor: RangeDescriptor,
    ) -> Result<Arc<Replica>, OpenError> {
        let range = descriptor.id;
        let error = |why: String| OpenError { range, why };
        let env = shared.env.child();
        let (data, bugs) = (shared.engines.data.clone(), shared.bugs.clone());
        let guard = Some(data.clone());
        let engine = shared.engines.log.clone();
        let log = LogStore::open(range, env.clone(), engine, writer, guard, bugs.clone())
            .map_err(|e| error(e.to_string()))?;
        let notify = shared.log_grown.clone();
        let (machine, applied) = StateMachine::open(
            range,
            env.clone(),
            data,
            log.clone(),
            notify,
            shared.metrics.clone(),
            bugs.clone(),
        )
        .map_err(|e| error(e.to_string()))?;
        let lease = Arc::new(Lease::new(shared.env.clock().clone(), shared.node, shared.config.lease));
        let config = GroupConfig {
            node: shared.node,
            range,
            config: &shared.config,
            rng: env.rng().clone(),
            transport: shared.transport.clone(),
            lease: lease.clone(),
            bugs,
        };
        let group = Arc::new(Group::open(config, log, machine).await.map_err(|e| error(e.to_string()))?);
        let replica = Arc::new(Replica {
            range,
            lease,
            status: watch::Sender::new(Status::Following(None)),
            tasks: Mutex::default(),
            stopping: Notify::new(),
            truncate_at: Mutex::new(shared.config.log_bytes_max),
            group,
            shared,
        });
        replica.start(env, applied);
        let voters = descriptor.replicas.iter().filter(|r| r.voter).map(|r| r.node);
        replica.group.initialize(voters).await.map_err(|e| error(e.to_string()))?;
        if replica.group.is_sole_voter() {
            // Nobody else will stand, so there is nothing to wait for.
            replica.group.elect().await.map_err(|e| error(e.to_string()))?;
        }
        Ok(replica)
    }

    fn start(self: &Arc<Self>, env: Env, applied: AppliedWatch) {
        let mut tasks = self.tasks.lock();
        let this = self.clone();
        tasks.push(env.spawn("replica", async move { this.run(applied).await }));
        if self.group.is_silenced() {
            let this = self.clone();
            let silence = self.shared.config.lease;
            tasks.push(env.spawn("replica-silence", async move {
                tokio::select! {
                    biased;
                    () = this.stopping.notified() => {}
                    () = tokio::time::sleep(silence) => this.group.unsilence(),
                }
            }));
        }
    }

    /// Follows who leads, and begins and ends incarnations.
    async fn run(self: Arc<Self>, mut applied: AppliedWatch) {
        let mut leadership = self.group.watch_leadership();
        loop {
            self.follow_leadership(&applied);
            tokio::select! {
                biased;
                () = self.stopping.notified() => return,
                open = leadership.changed() => if !open {
                    return self.stopped();
                },
                // An error says that the state machine is gone, and so will be the core.
                changed = applied.changed() => if changed.is_err() {
                    return self.stopped();
                },
            }
        }
    }

    /// The Raft instance has ended; if nobody asked for that, this replica can do nothing more.
    fn stopped(&self) {
        let asked = matches!(&*self.status.borrow(), Status::Closed(_));
        if !asked {
            self.close("replication has stopped");
            self.shared.fail(&format!("replication of {} has stopped", self.range));
        }
    }

    fn follow_leadership(self: &Arc<Self>, applied: &AppliedWatch) {
        let leadership = self.group.leadership();
        let current = match &*self.status.borrow() {
            Status::Leading(incarnation) => Some(incarnation.clone()),
            Status::Following(_) => None,
            Status::Closed(_) => return,
        };
        if let Some(current) = current {
            if leadership == Leadership::Here(current.term) {
                self.follow_voters(current.term);
                return;
            }
            self.end(&current);
        }
        match leadership {
            // T7: not before the first entry of the term is applied.
            Leadership::Here(term) if applied.borrow().is_some_and(|id| id.term == term) => self.begin(term),
            Leadership::Here(_) => {}
            Leadership::Elsewhere(hint) => {
                self.status.send_if_modified(|status| match status {
                    Status::Following(known) => std::mem::replace(known, hint) != hint,
                    _ => false,
                });
            }
        }
    }

    /// Whoever votes now decides about the lease of the leader of `term`, and about whether time matters to it.
    fn follow_voters(&self, term: u64) {
        self.lease.begin(term, self.group.voters());
        // A leader that is the only voter needs neither heartbeats nor elections: an idle range costs nothing.
        self.group.tick(!self.group.is_sole_voter());
    }

    fn begin(self: &Arc<Self>, term: u64) {
        let shared = &self.shared;
        let low_water_mark = match self.low_water_mark() {
            Ok(mark) => mark,
            Err(e) => return self.cannot_serve(&e),
        };
        self.follow_voters(term);
        let limits = Limits {
            entries_in_flight_max: shared.config.entries_in_flight_max,
            entry_bytes_max: shared.config.entry_bytes_max,
            heartbeat_wait_max: shared.config.lease,
        };
        let (lease, metrics) = (self.lease.clone(), shared.metrics.clone());
        let proposer = RaftProposer::new(shared.node, term, self.group.clone(), lease, limits, metrics);
        let begun = self.descriptor().and_then(|descriptor| {
            let (data, proposer) = (shared.engines.data.clone(), proposer.clone());
            shared.evaluators.begin(Begin { descriptor, data, proposer, low_water_mark })
        });
        let evaluator = match begun {
            Ok(evaluator) => evaluator,
            Err(e) => return self.cannot_serve(&e),
        };
        let writable = watch::Sender::new(false);
        let incarnation = Arc::new(Incarnation {
            term,
            evaluator,
            proposer,
            #[cfg(test)]
            low_water_mark,
            writable,
        });
        shared.metrics.incarnations.inc();
        shared.metrics.leaders.add(1);
        tracing::info!(range = %self.range, term, %low_water_mark, "leading");
        self.status.send_replace(Status::Leading(incarnation.clone()));
        let (clock, mut status) = (shared.clock.clone(), self.status.subscribe());
        let task = shared.env.spawn("low-water-mark", async move {
            tokio::select! {
                biased;
                _ = status.wait_for(|s| !matches!(s, Status::Leading(i) if i.term == term)) => {}
                () = passed(&clock, low_water_mark) => { incarnation.writable.send_replace(true); }
            }
        });
        let mut tasks = self.tasks.lock();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    /// T7, read at this moment: above everything that an earlier incarnation can have served a read at.
    fn low_water_mark(&self) -> Result<Timestamp, KvError> {
        let clock = &self.shared.clock;
        if self.shared.bugs.has(Bug::ForgetLowWaterMark) {
            return Ok(Timestamp::ZERO);
        }
        let physical = Timestamp::new(clock.physical(), 0).add(clock.max_offset());
        let now = clock.now().map_err(|e| self.unavailable(&e.to_string()))?;
        Ok(now.max(physical))
    }

    /// What the range needs to be served cannot be had: it serves nothing, and says so.
    fn cannot_serve(&self, e: &KvError) {
        tracing::error!(range = %self.range, error = %e, "range cannot be served");
        self.close(&e.to_string());
    }

    fn end(&self, incarnation: &Arc<Incarnation>) {
        tracing::info!(range = %self.range, term = incarnation.term, "leading no more");
        incarnation.end();
        self.shared.metrics.leaders.add(-1);
        self.status.send_replace(Status::Following(None));
        self.group.tick(true);
    }

    fn close(&self, why: &str) {
        let current = match &*self.status.borrow() {
            Status::Leading(incarnation) => Some(incarnation.clone()),
            Status::Following(_) => None,
            Status::Closed(_) => return,
        };
        if let Some(incarnation) = current {
            incarnation.end();
            self.shared.metrics.leaders.add(-1);
        }
        self.status.send_replace(Status::Closed(why.to_owned()));
    }

    /// The range's descriptor as it is applied here.
    pub(crate) fn descriptor(&self) -> Result<RangeDescriptor, KvError> {
        let key = range_state_key(self.range, RangeState::Descriptor);
        let bytes = self.shared.engines.data.get(Space::Local, &key).map_err(|e| e.into_kv(self.range))?;
        let bytes = bytes.ok_or_else(|| KvError::Corrupt(format!("{} has no descriptor", self.range)))?;
        RangeDescriptor::decode(&bytes).map_err(|e| KvError::Corrupt(e.to_string()))
    }

    /// Evaluates a request here, if this replica leads, or is about to.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, KvError> {
        let is_read = request.is_read();
        let incarnation = match self.leading(is_read) {
            Some(incarnation) => incarnation,
            None => {
                let waiting = self.wait_until_leading(is_read);
                match tokio::time::timeout(self.shared.config.leaseholder_wait_max, waiting).await {
                    Ok(incarnation) => incarnation?,
                    Err(_) => return Err(self.unavailable("it has no leaseholder that serves")),
                }
            }
        };
        incarnation.evaluator.execute(request).await
    }

    /// The present incarnation, if it serves this kind of request.
    fn leading(&self, is_read: bool) -> Option<Arc<Incarnation>> {
        match &*self.status.borrow() {
            Status::Leading(i) if is_read || *i.writable.borrow() => Some(i.clone()),
            _ => None,
        }
    }

    async fn wait_until_leading(&self, is_read: bool) -> Result<Arc<Incarnation>, KvError> {
        let mut status = self.status.subscribe();
        loop {
            let seen = status.borrow_and_update().clone();
            match seen {
                Status::Closed(why) => return Err(self.unavailable(&why)),
                Status::Following(Some(leader)) => {
                    return Err(KvError::NotLeader { range: self.range, hint: Some(leader) });
                }
                Status::Following(None) => {
                    if status.changed().await.is_err() {
                        return Err(self.unavailable("it is closed"));
                    }
                }
                Status::Leading(incarnation) => {
                    let mut writable = incarnation.writable.subscribe();
                    tokio::select! {
                        biased;
                        _ = status.changed() => continue,
                        _ = writable.wait_for(|writable| is_read || *writable) => {}
                    }
                    return Ok(incarnation);
                }
            }
        }
    }

    fn unavailable(&self, why: &str) -> KvError {
        KvError::Unavailable { range: self.range, why: why.to_owned() }
    }

    /// Waits until this replica serves writes, or is closed.
    pub(crate) async fn wait_until_writable(&self) -> Result<(), KvError> {
        self.wait_until_leading(false).await.map(drop)
    }

    /// Its range.
    pub(crate) fn range(&self) -> RangeId {
        self.range
    }

    /// What this replica is doing.
    #[cfg(test)]
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Its Raft instance.
    #[cfg(test)]
    pub(crate) fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// Takes a message of another replica of the range.
    pub(crate) async fn receive(&self, message: Message) -> Option<Reply> {
        self.group.receive(message).await
    }

    /// Shortens the log if it is long: up to what is durable, which is made to be more if the log is very long.
    pub(crate) async fn truncate_if_long(&self) {
        let config = &self.shared.config;
        if self.group.log_bytes() <= *self.truncate_at.lock() {
            return;
        }
        let before = self.group.purged();
        let mut purged = self.group.truncate().await;
        if purged.is_ok() && self.group.log_bytes() > config.log_bytes_flush {
            self.shared.metrics.forced_flushes.inc();
            let data = self.shared.engines.data.clone();
            match self.shared.env.run_blocking(move || data.sync()).await {
                Ok(()) => purged = self.group.truncate().await,
                Err(e) => tracing::warn!(range = %self.range, error = %e, "data engine cannot be flushed"),
            }
        }
        match purged {
            Ok(after) if after > before => self.shared.metrics.truncations.inc(),
            Ok(_) => {}
            Err(e) => tracing::debug!(range = %self.range, error = %e, "log not shortened"),
        }
        // Try again when it has grown by a quarter, not at every entry.
        let next = self.group.log_bytes() + config.log_bytes_max / 4;
        *self.truncate_at.lock() = next.max(config.log_bytes_max);
    }

    /// Closes the replica.
    pub(crate) async fn shutdown(&self) {
        self.close("the node is stopping");
        self.stopping.notify_waiters();
        self.group.shutdown().await;
        // `notify_waiters` reaches only who waits already; a task between two waits sees the closed instance.
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            task.abort();
            drop(task.await);
        }
    }
}

impl Incarnation {
    /// Ends it: nothing more is proposed, and whoever waits is answered.
    fn end(&self) {
        self.proposer.end();
        self.evaluator.close();
    }

    /// Its term.
    #[cfg(test)]
    pub(crate) fn term(&self) -> u64 {
        self.term
    }

    /// T7: no write happens at or below this.
    #[cfg(test)]
    pub(crate) fn low_water_mark(&self) -> Timestamp {
        self.low_water_mark
    }

    /// Its proposer.
    #[cfg(test)]
    pub(crate) fn proposer(&self) -> &Arc<RaftProposer> {
        &self.proposer
    }
}

/// Waits until the physical clock has passed `mark`.
async fn passed(clock: &Clock, mark: Timestamp) {
    loop {
        let now = clock.physical();
        if now > mark.wall {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_nanos(mark.wall - now + 1)).await;
    }
}
