//! [`LocalKv`]: ranges in one process, without Raft: the evaluation that production runs, and a log that does what
//! a test tells it.
//!
//! ```text
//!   txn, exec ──► KvSender::send ──► cut by range ──► Range ──► queue ──► engine
//!                                                               ▲ hold · apply_next · refuse_next · lose_next
//! ```
//!
//! Without a word from the test every effect is applied as it is proposed. Deterministic on tokio's current-thread
//! runtime. What was applied counts as durable: a crash loses what is still in the queues.

mod clock;
mod cut;
mod log;

use std::sync::Arc;

use base::map::HashMap;
use base::{Key, RangeId, Span, Timestamp};
use hybrid_clock::Clock;
use parking_lot::RwLock;
use proto::{BoxFuture, KvError, KvSender, Partition, Piece, RangeDescriptor, Request, Response};
use storage::{Engine, MemEngine};

pub use clock::ManualClock;
use log::LocalLog;

use crate::range::{Parts, Range};
use crate::settings::Settings;
use crate::wait_graph::WaitGraph;

/// How often a request is sent anew when its range has got a new incarnation meanwhile.
const ATTEMPTS_MAX: u32 = 16;

/// Ranges in one process. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct LocalKv(Arc<World>);

struct World {
    engine: Arc<dyn Engine>,
    clock: Clock,
    settings: Settings,
    waits: Arc<WaitGraph>,
    /// In key order, without gaps.
    slots: RwLock<Vec<Arc<Slot>>>,
}

struct Slot {
    log: Arc<LocalLog>,
    range: Range,
}

impl LocalKv {
    /// Ranges that are cut at these keys (in order), over an empty engine in memory.
    pub fn new(clock: Clock, splits: &[Key], settings: Settings) -> LocalKv {
        LocalKv::over(Arc::new(MemEngine::new()), clock, splits, settings)
    }

    /// The same over an engine of the caller's.
    ///
    /// # Panics
    /// If the engine cannot be read.
    pub fn over(engine: Arc<dyn Engine>, clock: Clock, splits: &[Key], settings: Settings) -> LocalKv {
        let world = World {
            engine,
            clock,
            settings,
            waits: Arc::new(WaitGraph::new()),
            slots: RwLock::new(Vec::new()),
        };
        let starts = std::iter::once(Key::MIN).chain(splits.iter().cloned());
        let ends = splits.iter().cloned().chain(std::iter::once(Key::MAX));
        let slots = (1..).zip(starts.zip(ends)).map(|(id, (start, end))| {
            let span = Span::new(start, end);
            let descriptor = RangeDescriptor { id: RangeId(id), span, replicas: Vec::new(), generation: 1 };
            world.begin(descriptor, Timestamp::ZERO)
        });
        let slots = slots.collect();
        *world.slots.write() = slots;
        LocalKv(Arc::new(world))
    }

    /// The clock of this one node.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The engine under all ranges.
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.0.engine
    }

    /// The range that a key lies in.
    pub fn range(&self, key: &Key) -> Range {
        self.0.slot(key).range.clone()
    }

    /// From now on effects of this key's range wait until they are told to go on.
    pub fn hold(&self, key: &Key) {
        self.0.slot(key).log.hold();
    }

    /// Applies what waits, and everything that comes.
    pub fn release(&self, key: &Key) {
        self.0.slot(key).log.release();
    }

    /// How many effects wait.
    pub fn queued(&self, key: &Key) -> usize {
        self.0.slot(key).log.queued()
    }

    /// Waits until at least so many effects of the key's range wait.
    pub async fn until_queued(&self, key: &Key, least: usize) {
        let log = self.0.slot(key).log.clone();
        log.until_queued(least).await;
    }

    /// Applies the first that waits, unless there is a gap before it (T6). Whether one waited.
    pub fn apply_next(&self, key: &Key) -> bool {
        self.0.slot(key).log.apply_next()
    }

    /// The first that waits is refused: it never will be applied. Whether one waited.
    pub fn refuse_next(&self, key: &Key) -> bool {
        self.0.slot(key).log.refuse_next()
    }

    /// Nobody learns what became of the first that waits; it was applied or not, as told. The incarnation is over:
    /// [`LocalKv::restart`] follows. Whether one waited.
    pub fn lose_next(&self, key: &Key, applied: bool) -> bool {
        self.0.slot(key).log.lose_next(applied)
    }

    /// Whether the lease of the key's range covers anything.
    pub fn set_lease(&self, key: &Key, covers: bool) {
        self.0.slot(key).log.set_lease(covers);
    }

    /// A new incarnation of the key's range. What waits in the queue of the old one is lost; whoever waits for it
    /// learns that the outcome is unknown. With the low-water mark of T7, so that writes come out up to
    /// `max_offset` ahead of the clock: move it on.
    pub fn restart(&self, key: &Key) {
        let mut slots = self.0.slots.write();
        let at = position(&slots, key);
        let old = slots[at].clone();
        old.log.end();
        old.range.close();
        let descriptor = old.range.descriptor();
        slots[at] = self.0.begin(RangeDescriptor::clone(&descriptor), self.0.low_water_mark());
    }

    /// Restarts all ranges.
    pub fn restart_all(&self) {
        let starts: Vec<Key> =
            self.descriptors().into_iter().map(|descriptor| descriptor.span.start).collect();
        starts.iter().for_each(|start| self.restart(start));
    }

    /// Splits the key's range there. Requests for keys on both sides get `RangeChanged` from now on.
    ///
    /// # Errors
    /// `Unavailable` while effects wait in the range, and if the key is the start of a range.
    pub fn split(&self, at: &Key) -> Result<(), KvError> {
        let mut slots = self.0.slots.write();
        let position = position(&slots, at);
        let left = slots[position].clone();
        let mut descriptor = RangeDescriptor::clone(&left.range.descriptor());
        let refused = |why: &str| Err(KvError::Unavailable { range: descriptor.id, why: why.into() });
        if descriptor.span.start == *at {
            return refused("a range begins there already");
        }
        if left.range.load().0 > 0 {
            return refused("commands are in flight");
        }
        descriptor.generation += 1;
        let id = slots.iter().map(|slot| slot.range.id().0).max().unwrap_or(0) + 1;
        let mut child = RangeDescriptor { id: RangeId(id), ..descriptor.clone() };
        child.span.start = at.clone();
        descriptor.span.end = at.clone();
        copy_thresholds(&*self.0.engine, descriptor.id, child.id).map_err(|e| e.into_kv(descriptor.id))?;
        left.range.set_descriptor(descriptor);
        slots.insert(position + 1, self.0.begin(child, left.range.highest_read()));
        Ok(())
    }

    /// All descriptors, in key order.
    pub fn descriptors(&self) -> Vec<RangeDescriptor> {
        self.0.slots.read().iter().map(|slot| RangeDescriptor::clone(&slot.range.descriptor())).collect()
    }

    /// Sends to the one range that `key` lies in; again if that has got a new incarnation meanwhile.
    async fn send_one(&self, key: &Key, request: Request) -> Result<Response, KvError> {
        for _ in 0..ATTEMPTS_MAX {
            let slot = self.0.slot(key);
            match slot.range.execute(request.clone()).await {
                Err(KvError::NotLeader { range, .. }) => {
                    if Arc::ptr_eq(&slot, &self.0.slot(key)) {
                        return Err(KvError::Unavailable {
                            range,
                            why: "the range has no leaseholder".into(),
                        });
                    }
                }
                answer => return answer,
            }
        }
        Err(KvError::Unavailable { range: self.0.slot(key).range.id(), why: "too many restarts".into() })
    }
}

impl KvSender for LocalKv {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            if request.is_read() {
                return cut::send_read(self, request).await;
            }
            match request.route_key().cloned() {
                Some(key) => self.send_one(&key, request).await,
                None => Ok(nothing(&request)),
            }
        })
    }
}

impl Partition for LocalKv {
    fn pieces<'a>(&'a self, keys: &'a [Key], _fresh: bool) -> BoxFuture<'a, Result<Vec<Piece>, KvError>> {
        Box::pin(async move { Ok(keys.iter().map(|key| Piece(self.0.slot(key).range.id().0)).collect()) })
    }
}

/// The answer to a request that names no key.
fn nothing(request: &Request) -> Response {
    match request {
        Request::Resolve(_) => Response::Resolved(0),
        _ => Response::Done,
    }
}

impl World {
    fn slot(&self, key: &Key) -> Arc<Slot> {
        let slots = self.slots.read();
        slots[position(&slots, key)].clone()
    }

    fn low_water_mark(&self) -> Timestamp {
        let physical = Timestamp::new(self.clock.physical(), 0).add(self.settings.max_offset);
        self.clock.last().max(physical)
    }

    fn begin(&self, descriptor: RangeDescriptor, low_water_mark: Timestamp) -> Arc<Slot> {
        let log = Arc::new(LocalLog::new(self.engine.clone()));
        let parts = Parts {
            descriptor,
            engine: self.engine.clone(),
            clock: self.clock.clone(),
            proposer: log.clone(),
            waits: self.waits.clone(),
            settings: self.settings.clone(),
            low_water_mark,
        };
        let range = Range::new(parts).expect("an engine in memory can be read");
        Arc::new(Slot { log, range })
    }
}

fn position(slots: &[Arc<Slot>], key: &Key) -> usize {
    slots.partition_point(|slot| slot.range.descriptor().span.end <= *key).min(slots.len() - 1)
}

fn copy_thresholds(engine: &dyn Engine, from: RangeId, to: RangeId) -> storage::Result<()> {
    use storage::keys::{RangeState, range_state_key};
    let mut batch = storage::WriteBatch::new();
    for state in [RangeState::GcThreshold, RangeState::RecordThreshold, RangeState::Closed] {
        if let Some(value) = engine.get(storage::Space::Local, &range_state_key(from, state))? {
            batch.put(storage::Space::Local, &range_state_key(to, state), &value);
        }
    }
    engine.write(&batch)
}

/// Parts of something by range, in the order of ranges.
type ByRange<T> = Vec<(Key, T)>;

impl LocalKv {
    /// Groups positions of keys by range: (a key of the range, positions).
    fn group(&self, keys: &[Key]) -> ByRange<Vec<usize>> {
        let mut groups: ByRange<Vec<usize>> = Vec::new();
        let mut at: HashMap<RangeId, usize> = HashMap::default();
        for (i, key) in keys.iter().enumerate() {
            let range = self.0.slot(key).range.id();
            let group = *at.entry(range).or_insert_with(|| {
                groups.push((key.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(i);
        }
        groups
    }

    /// The pieces of a span, in key order.
    fn pieces_of(&self, span: &Span) -> Vec<Span> {
        let slots = self.0.slots.read();
        slots.iter().filter_map(|slot| slot.range.descriptor().span.intersect(span)).collect()
    }
}
