//! [`Range`]: one incarnation of one range.
//!
//! *Operations*: [`Range::execute`] a request; [`Range::close`] when the incarnation ends.
//! *Guarantees*: T1, T2, T4, T5, T5a, T8, T9, T10 of docs/transactions.md, and the evaluator's half of T6 and T7.
//! *Not guaranteed*: that a request ends while the log does not move; callers bring their own deadlines.
//! *Failure*: an effect of which nobody knows the fate ends the incarnation; the answer is `Unknown`.
//! *Enforced by* this crate, given a [`Proposer`] that keeps its contract.
//!
//! A future of `execute` may be dropped at any time. What it has proposed goes its way; what it waited for is
//! given up.

use std::sync::Arc;

use base::{RangeId, Span, Timestamp};
use hybrid_clock::Clock;
use parking_lot::{Mutex, RwLock};
use proto::{KvError, RangeDescriptor, Request, Response};
use storage::Engine;

use crate::bugs::{self, Bug};
use crate::chain::Chain;
use crate::commands;
use crate::in_flight::InFlight;
use crate::latch::Latches;
use crate::lock_table::LockTable;
use crate::proposer::Proposer;
use crate::settings::Settings;
use crate::state::Thresholds;
use crate::ts_cache::TsCache;
use crate::wait_graph::WaitGraph;

/// What an incarnation is made of.
pub struct Parts {
    /// The range.
    pub descriptor: RangeDescriptor,
    /// The data engine. Everything that earlier incarnations have had applied is in it.
    pub engine: Arc<dyn Engine>,
    /// The node's clock.
    pub clock: Clock,
    /// Takes effects, and knows about the lease. Made for this incarnation.
    pub proposer: Arc<dyn Proposer>,
    /// Shared by all ranges of the node.
    pub waits: Arc<WaitGraph>,
    /// Limits.
    pub settings: Settings,
    /// Everything may have been read up to here (T7). The caller begins to send requests that write once the
    /// physical clock has passed it, or it is the mark of a hand-over.
    pub low_water_mark: Timestamp,
}

/// One incarnation of one range: evaluates requests. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Range(pub(crate) Arc<Core>);

pub(crate) struct Core {
    pub id: RangeId,
    pub descriptor: RwLock<Arc<RangeDescriptor>>,
    pub engine: Arc<dyn Engine>,
    pub clock: Clock,
    pub proposer: Arc<dyn Proposer>,
    pub settings: Settings,
    pub latches: Arc<Latches>,
    pub ts_cache: TsCache,
    pub in_flight: Arc<InFlight>,
    pub locks: Arc<LockTable>,
    pub chain: Arc<Chain>,
    pub thresholds: Mutex<Thresholds>,
}

impl Range {
    /// Begins an incarnation. Reads the range's thresholds from the engine.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn new(parts: Parts) -> storage::Result<Range> {
        let Parts { descriptor, engine, clock, proposer, waits, settings, low_water_mark } = parts;
        let id = descriptor.id;
        let thresholds = Thresholds::load(&*engine, id)?;
        let low_water = if bugs::on(Bug::ForgetLowWaterMark) { Timestamp::ZERO } else { low_water_mark };
        let in_flight = Arc::new(InFlight::default());
        let locks = Arc::new(LockTable::new(id, waits, settings.process_gone.clone(), settings.locks_max));
        let chain =
            Arc::new(Chain::new(id, engine.clone(), proposer.clone(), in_flight.clone(), locks.clone()));
        Ok(Range(Arc::new(Core {
            id,
            descriptor: RwLock::new(Arc::new(descriptor)),
            engine,
            clock,
            proposer,
            latches: Arc::default(),
            ts_cache: TsCache::new(low_water, settings.ts_cache_points_max, settings.ts_cache_spans_max),
            in_flight,
            locks,
            chain,
            thresholds: Mutex::new(thresholds),
            settings,
        })))
    }

    /// Which range.
    pub fn id(&self) -> RangeId {
        self.0.id
    }

    /// Its descriptor as evaluation sees it.
    pub fn descriptor(&self) -> Arc<RangeDescriptor> {
        self.0.descriptor.read().clone()
    }

    /// The descriptor has changed (replicas, generation, or a smaller span after a split).
    pub fn set_descriptor(&self, descriptor: RangeDescriptor) {
        base::invariant!(descriptor.id == self.0.id, "a range keeps its id");
        *self.0.descriptor.write() = Arc::new(descriptor);
    }

    /// Does what the request asks. Its keys must lie in this range.
    ///
    /// # Errors
    /// Any [`KvError`]; `RangeChanged`, `NotLeader` and `Unavailable` mean that nothing was or will be done.
    pub async fn execute(&self, request: Request) -> Result<Response, KvError> {
        let core = &self.0;
        match request {
            Request::Get(request) => commands::get::execute(core, request).await,
            Request::Scan(request) => commands::scan::execute(core, request).await,
            Request::Validate(request) => commands::validate::execute(core, request).await,
            Request::Lock(request) => commands::lock::lock(core, request).await,
            Request::Unlock(request) => commands::lock::unlock(core, request),
            Request::Commit(request) => core.write(&request).await,
            Request::Update(request) => core.write(&request).await,
            Request::Prepare(request) => core.write(&request).await,
            Request::Record(request) => core.write(&request).await,
            Request::QueryRecord(request) => commands::query_record::execute(core, request).await,
            Request::Recover(request) => commands::recover::execute(core, request).await,
            Request::Resolve(request) => commands::resolve::execute(core, request).await,
            Request::ClearSpan(request) => core.write(&request).await,
            Request::Gc(request) => commands::gc::execute(core, request).await,
        }
    }

    /// Ends the incarnation: whoever waits is answered (`NotLeader`, or `Unknown` for what was proposed), and so
    /// is whoever comes later. What was proposed may still be applied.
    pub fn close(&self) {
        self.0.chain.close();
        self.0.in_flight.close();
        self.0.locks.close();
    }

    /// A timestamp at or above every one that this incarnation has served a read at: the mark of a hand-over (T7).
    /// To be asked when no further request gets in.
    pub fn highest_read(&self) -> Timestamp {
        self.0.ts_cache.highest().max(self.0.thresholds.lock().closed)
    }

    /// Everything may have been read up to here, by others than this incarnation: no write at or below it will be
    /// accepted.
    pub fn raise_low_water_mark(&self, mark: Timestamp) {
        self.0.ts_cache.raise_low_water(mark);
    }

    /// Closes `closed_ts`: no write at or below it will be accepted from now on, and when this returns every
    /// effect at or below it that ever will be has been proposed.
    ///
    /// # Errors
    /// `Unavailable` if the lease does not cover it, `NotLeader` if the incarnation is over.
    pub async fn close_timestamp(&self, closed_ts: Timestamp) -> Result<(), KvError> {
        let core = &self.0;
        core.chain.check()?;
        core.check_lease(closed_ts).await?;
        {
            let mut thresholds = core.thresholds.lock();
            thresholds.closed = thresholds.closed.max(closed_ts);
        }
        for command in core.in_flight.all(closed_ts) {
            command.proposed().await;
        }
        core.chain.check()
    }

    /// How many commands are in flight, and how many row locks are held: for metrics.
    pub fn load(&self) -> (usize, usize) {
        (self.0.in_flight.len(), self.0.locks.held())
    }
}

impl Core {
    pub(crate) fn not_leader(&self) -> KvError {
        self.chain.not_leader()
    }

    pub(crate) fn unavailable(&self, why: impl ToString) -> KvError {
        KvError::Unavailable { range: self.id, why: why.to_string() }
    }

    pub(crate) fn now(&self) -> Result<Timestamp, KvError> {
        self.clock.now().map_err(|e| self.unavailable(e))
    }

    /// Learns a timestamp that came with a request. One that is too far ahead is refused (T12).
    pub(crate) fn hear(&self, seen: Timestamp) -> Result<(), KvError> {
        self.clock.update(seen).map_err(|e| self.unavailable(e))
    }

    /// `RangeChanged` unless all of this lies in the range.
    pub(crate) fn check_span<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a base::Key>,
        spans: impl IntoIterator<Item = &'a Span>,
    ) -> Result<(), KvError> {
        let descriptor = self.descriptor.read();
        let span = &descriptor.span;
        let inside = keys.into_iter().all(|key| span.contains(key.as_bytes()))
            && spans.into_iter().all(|part| part.is_empty() || span.contains_span(part));
        if inside {
            Ok(())
        } else {
            Err(KvError::RangeChanged { newer: vec![RangeDescriptor::clone(&descriptor)] })
        }
    }

    /// Whether this incarnation may answer as of `read_ts`; to be asked after the snapshot is taken (T7a).
    pub(crate) async fn check_lease(&self, read_ts: Timestamp) -> Result<(), KvError> {
        let covered = self.proposer.lease_covers(read_ts) || self.proposer.renew_lease(read_ts).await;
        self.chain.check()?;
        if covered { Ok(()) } else { Err(self.unavailable("the lease does not cover the request")) }
    }

    pub(crate) fn check_gc(&self, span: impl FnOnce() -> Span, read_ts: Timestamp) -> Result<(), KvError> {
        let threshold = self.thresholds.lock().gc;
        if read_ts >= threshold || bugs::on(Bug::IgnoreGcThreshold) {
            return Ok(());
        }
        Err(KvError::BelowGcThreshold { span: span(), read_ts, threshold })
    }
}
