//! [`MemEngine`]: ordered maps in memory that can crash.
//!
//! It stands in for RocksDB wherever tests and the simulator need an engine without threads, files or a clock of
//! its own. A crash loses exactly what was not synced. Snapshots cost nothing: the maps are persistent.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;
use parking_lot::Mutex;

use crate::batch::{Op, WriteBatch};
use crate::engine::{Cursor, CursorOptions, Engine, EngineStats, Health, Snapshot, Space};
use crate::error::{Error, Result};

type Map = OrdMap<Bytes, Bytes>;
type Maps = [Map; Space::ALL.len()];

/// An engine in memory. Clones are the same engine.
#[derive(Clone, Default)]
pub struct MemEngine {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What is visible.
    now: Maps,
    /// What a crash leaves.
    durable: Maps,
    poisoned: Option<String>,
    capacity_bytes: Option<u64>,
    writes: u64,
    syncs: u64,
    checkpoints: Vec<(std::path::PathBuf, Maps)>,
}

impl MemEngine {
    /// An empty engine.
    pub fn new() -> MemEngine {
        MemEngine::default()
    }

    /// A data and a log engine.
    pub fn pair() -> (MemEngine, MemEngine) {
        (MemEngine::new(), MemEngine::new())
    }

    /// Loses everything that was not synced, as a crash of the machine would. Snapshots from before stay as they
    /// are, but a process that lives on after this has seen what never was: restart it.
    pub fn crash(&self) {
        let mut state = self.state.lock();
        state.now = state.durable.clone();
        state.poisoned = None;
    }

    /// A new engine with what a crash of this one would leave; this one goes on. For a test that crashes at
    /// every point in turn.
    pub fn fork_crashed(&self) -> MemEngine {
        let durable = self.state.lock().durable.clone();
        let state = State { now: durable.clone(), durable, ..State::default() };
        MemEngine { state: Arc::new(Mutex::new(state)) }
    }

    /// From now on writes that would take it beyond so many bytes are refused with [`Error::DiskFull`].
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity_bytes = bytes;
    }

    /// Makes it unusable, as a failed sync would.
    pub fn poison(&self, why: &str) {
        self.state.lock().poisoned = Some(why.to_owned());
    }

    /// Every entry of a space, in order.
    pub fn dump(&self, space: Space) -> Vec<(Bytes, Bytes)> {
        let map = self.state.lock().now[space as usize].clone();
        map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// The engine that a checkpoint left at `path`.
    pub fn open_checkpoint(&self, path: &Path) -> Option<MemEngine> {
        let state = self.state.lock();
        let (_, maps) = state.checkpoints.iter().find(|(at, _)| at == path)?;
        let state = State { now: maps.clone(), durable: maps.clone(), ..State::default() };
        Some(MemEngine { state: Arc::new(Mutex::new(state)) })
    }
}

impl State {
    fn check(&self) -> Result<()> {
        match &self.poisoned {
            Some(why) => Err(Error::Poisoned(why.clone())),
            None => Ok(()),
        }
    }

    fn bytes(&self) -> u64 {
        self.now.iter().flat_map(|map| map.iter()).map(|(k, v)| (k.len() + v.len()) as u64).sum()
    }
}

fn apply(maps: &mut Maps, batch: &WriteBatch) {
    for op in batch.iter() {
        match op {
            Op::Put { space, key, value } => {
                maps[space as usize].insert(Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
            }
            Op::Delete { space, key } => {
                maps[space as usize].remove(key);
            }
            Op::DeleteRange { space, start, end } => {
                let map = &mut maps[space as usize];
                let doomed: Vec<Bytes> =
                    map.range::<_, [u8]>(bounds(start, end)).map(|(k, _)| k.clone()).collect();
                for key in doomed {
                    map.remove(&key);
                }
            }
        }
    }
}

type Bounds<'a> = (std::ops::Bound<&'a [u8]>, std::ops::Bound<&'a [u8]>);

fn bounds<'a>(start: &'a [u8], end: &'a [u8]) -> Bounds<'a> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    (Included(start), if end.is_empty() { Unbounded } else { Excluded(end) })
}

impl Engine for MemEngine {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        let state = self.state.lock();
        state.check()?;
        Ok(Arc::new(MemSnapshot { maps: state.now.clone() }))
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let state = self.state.lock();
        state.check()?;
        Ok(state.now[space as usize].get(key).cloned())
    }

    fn get_durable(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let state = self.state.lock();
        state.check()?;
        Ok(state.durable[space as usize].get(key).cloned())
    }

    fn write(&self, batch: &WriteBatch) -> Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        if let Some(capacity) = state.capacity_bytes
            && state.bytes() + batch.byte_len() as u64 > capacity
        {
            return Err(Error::DiskFull);
        }
        apply(&mut state.now, batch);
        state.writes += 1;
        Ok(())
    }

    fn write_reserved(&self, batch: &WriteBatch) -> Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        apply(&mut state.now, batch);
        state.writes += 1;
        drop(state);
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        state.durable = state.now.clone();
        state.syncs += 1;
        Ok(())
    }

    fn approximate_size(&self, space: Space, start: &[u8], end: &[u8]) -> Result<u64> {
        let state = self.state.lock();
        state.check()?;
        let map = &state.now[space as usize];
        if !end.is_empty() && start >= end {
            return Ok(0);
        }
        Ok(map.range::<_, [u8]>(bounds(start, end)).map(|(k, v)| (k.len() + v.len()) as u64).sum())
    }

    fn checkpoint(&self, path: &Path) -> Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        if state.checkpoints.iter().any(|(at, _)| at == path) {
            return Err(Error::Io(format!("{} exists already", path.display())));
        }
        let maps = state.now.clone();
        state.checkpoints.push((path.to_owned(), maps));
        Ok(())
    }

    fn health(&self) -> Health {
        let state = self.state.lock();
        if let Some(why) = &state.poisoned {
            return Health::Poisoned(why.clone());
        }
        match state.capacity_bytes {
            Some(capacity) if state.bytes() >= capacity => Health::DiskFull,
            _ => Health::Ok,
        }
    }

    fn stats(&self) -> EngineStats {
        let state = self.state.lock();
        EngineStats {
            memtable_bytes: state.bytes(),
            keys: state.now.iter().map(|map| map.len() as u64).sum(),
            writes: state.writes,
            syncs: state.syncs,
            ..EngineStats::default()
        }
    }
}

struct MemSnapshot {
    maps: Maps,
}

impl Snapshot for MemSnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(self.maps[space as usize].get(key).cloned())
    }

    fn cursor(&self, space: Space, options: CursorOptions) -> Result<Box<dyn Cursor>> {
        Ok(Box::new(MapCursor::new(self.maps[space as usize].clone(), &options)))
    }
}

/// A cursor over a persistent map. It fetches entries in chunks that grow, since a map's own iterator would borrow
/// the map.
pub(crate) struct MapCursor<V> {
    map: OrdMap<Bytes, V>,
    lower: Vec<u8>,
    upper: Vec<u8>,
    /// Neighbouring entries in the order of movement.
    chunk: Vec<(Bytes, V)>,
    at: usize,
    forward: bool,
    chunk_len: usize,
}

const CHUNK_MAX: usize = 64;

impl<V: Clone> MapCursor<V> {
    pub(crate) fn new(map: OrdMap<Bytes, V>, options: &CursorOptions) -> MapCursor<V> {
        MapCursor {
            map,
            lower: options.lower.clone(),
            upper: options.upper.clone(),
            chunk: Vec::new(),
            at: 0,
            forward: true,
            chunk_len: 1,
        }
    }

    pub(crate) fn valid(&self) -> bool {
        self.at < self.chunk.len()
    }

    pub(crate) fn entry(&self) -> Option<&(Bytes, V)> {
        self.chunk.get(self.at)
    }

    pub(crate) fn seek(&mut self, key: &[u8]) -> bool {
        self.chunk_len = 1;
        self.fill_forward(key, true);
        self.valid()
    }

    /// To the last entry below `end`; `None` = to the last of all.
    pub(crate) fn seek_before(&mut self, end: Option<&[u8]>) -> bool {
        self.chunk_len = 1;
        self.fill_backward(end);
        self.valid()
    }

    pub(crate) fn step(&mut self, forward: bool) -> bool {
        let Some((key, _)) = self.chunk.get(self.at) else { return false };
        if forward == self.forward && self.at + 1 < self.chunk.len() {
            self.at += 1;
            return true;
        }
        let key = key.clone();
        self.chunk_len = if forward == self.forward { (self.chunk_len * 2).min(CHUNK_MAX) } else { 1 };
        if forward {
            self.fill_forward(&key, false)
        } else {
            self.fill_backward(Some(&key))
        }
        self.valid()
    }

    /// Fetches upwards, from `start` or just above it.
    fn fill_forward(&mut self, start: &[u8], inclusive: bool) {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        self.chunk.clear();
        self.at = 0;
        self.forward = true;
        let (start, inclusive) =
            if start < &self.lower[..] { (&self.lower[..], true) } else { (start, inclusive) };
        if !self.upper.is_empty() && start >= &self.upper[..] {
            return;
        }
        let from = if inclusive { Included(start) } else { Excluded(start) };
        let to = if self.upper.is_empty() { Unbounded } else { Excluded(&self.upper[..]) };
        let found = self.map.range::<_, [u8]>((from, to)).take(self.chunk_len);
        self.chunk.extend(found.map(|(k, v)| (k.clone(), v.clone())));
    }

    /// Fetches downwards, below `end`; `None` = from the last.
    fn fill_backward(&mut self, end: Option<&[u8]>) {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        self.chunk.clear();
        self.at = 0;
        self.forward = false;
        let upper = (!self.upper.is_empty()).then_some(&self.upper[..]);
        let end = match (end, upper) {
            (Some(end), Some(upper)) => Some(end.min(upper)),
            (end, upper) => end.or(upper),
        };
        if end.is_some_and(|end| end <= &self.lower[..]) {
            return;
        }
        let to = end.map_or(Unbounded, Excluded);
        let found = self.map.range::<_, [u8]>((Included(&self.lower[..]), to)).rev().take(self.chunk_len);
        self.chunk.extend(found.map(|(k, v)| (k.clone(), v.clone())));
    }
}

impl Cursor for MapCursor<Bytes> {
    fn seek(&mut self, key: &[u8]) -> Result<bool> {
        Ok(self.seek(key))
    }

    fn seek_before(&mut self, key: &[u8]) -> Result<bool> {
        Ok(self.seek_before(Some(key)))
    }

    fn seek_to_first(&mut self) -> Result<bool> {
        Ok(self.seek(&[]))
    }

    fn seek_to_last(&mut self) -> Result<bool> {
        Ok(self.seek_before(None))
    }

    fn next(&mut self) -> Result<bool> {
        Ok(self.step(true))
    }

    fn prev(&mut self) -> Result<bool> {
        Ok(self.step(false))
    }

    fn valid(&self) -> bool {
        self.valid()
    }

    fn key(&self) -> &[u8] {
        &self.chunk[self.at].0
    }

    fn value(&self) -> &[u8] {
        &self.chunk[self.at].1
    }
}
