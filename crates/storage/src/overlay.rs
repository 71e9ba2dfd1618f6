//! [`Pending`]: writes that are on their way but not applied, and [`Overlay`]: a snapshot that shows them already.
//!
//! A leaseholder evaluates the next command before the last one has come back from its log (T6, T10); it must see
//! what that one will do.
//!
//! ```text
//!   evaluate ──► pending.add(7, batch) ──► propose … applied ──► pending.retire(7, batch)
//!       ▲               │
//!       └── Overlay = pending (persistent, so a copy is free) over engine snapshot
//! ```
//!
//! *Guarantee*: an overlay shows the base with every pending batch applied in order of their numbers.
//! *Not guaranteed*: anything if a batch was applied to the engine and retired between the two copies that make an
//! overlay. The owner copies pending writes first and takes the engine's snapshot second; then each batch is in
//! at least one of the two. A batch that is in both does no harm where keys are written once (versions) or where
//! latches keep the next writer of the same key out until then.

use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;

use crate::batch::{Op, WriteBatch};
use crate::engine::{Cursor, CursorOptions, Snapshot, Space};
use crate::error::Result;
use crate::mem::MapCursor;

type Slot = (u64, Option<Bytes>);
type Map = OrdMap<Bytes, Slot>;

/// Writes on their way. A clone is cheap and independent.
#[derive(Clone, Default)]
pub struct Pending {
    maps: [Map; Space::ALL.len()],
}

impl Pending {
    /// Nothing is on its way.
    pub fn new() -> Pending {
        Pending::default()
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.maps.iter().all(OrdMap::is_empty)
    }

    /// Adds the batch of command `number`; numbers grow. `false`, and nothing is added, if the batch removes
    /// whole spans: whoever evaluates next must wait until that is applied.
    #[must_use]
    pub fn add(&mut self, number: u64, batch: &WriteBatch) -> bool {
        if batch.iter().any(|op| matches!(op, Op::DeleteRange { .. })) {
            return false;
        }
        for op in batch.iter() {
            let (space, key, value) = match op {
                Op::Put { space, key, value } => (space, key, Some(Bytes::copy_from_slice(value))),
                Op::Delete { space, key } => (space, key, None),
                Op::DeleteRange { .. } => continue,
            };
            self.maps[space as usize].insert(Bytes::copy_from_slice(key), (number, value));
        }
        true
    }

    /// Command `number` has been applied, or never will be: what it wrote and nobody has written since goes.
    pub fn retire(&mut self, number: u64, batch: &WriteBatch) {
        for op in batch.iter() {
            if let Op::Put { space, key, .. } | Op::Delete { space, key } = op {
                let map = &mut self.maps[space as usize];
                if map.get(key).is_some_and(|(writer, _)| *writer == number) {
                    map.remove(key);
                }
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.maps = Default::default();
    }

    /// A snapshot that shows these writes over `base`; `base` itself if there are none.
    pub fn over(&self, base: Arc<dyn Snapshot>) -> Arc<dyn Snapshot> {
        if self.is_empty() { base } else { Arc::new(Overlay { base, pending: self.clone() }) }
    }
}

/// A snapshot with pending writes over it.
pub struct Overlay {
    base: Arc<dyn Snapshot>,
    pending: Pending,
}

impl Snapshot for Overlay {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        match self.pending.maps[space as usize].get(key) {
            Some((_, value)) => Ok(value.clone()),
            None => self.base.get(space, key),
        }
    }

    fn cursor(&self, space: Space, options: CursorOptions) -> Result<Box<dyn Cursor>> {
        let map = &self.pending.maps[space as usize];
        if map.is_empty() {
            return self.base.cursor(space, options);
        }
        let over = MapCursor::new(map.clone(), &options);
        let base = self.base.cursor(space, options)?;
        Ok(Box::new(MergeCursor { base, over, forward: true, on: On::Nothing }))
    }
}

/// Walks two ordered sequences as one; an entry of `over` hides its equal in `base`, or stands for its absence.
struct MergeCursor {
    base: Box<dyn Cursor>,
    over: MapCursor<Slot>,
    forward: bool,
    on: On,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Nothing,
    Base,
    Over,
}

impl MergeCursor {
    /// Chooses where to stand, given both stand at or beyond the wanted position in the direction of movement.
    fn settle(&mut self) -> Result<bool> {
        loop {
            let order = match (self.base.valid(), self.over.entry()) {
                (false, None) => {
                    self.on = On::Nothing;
                    return Ok(false);
                }
                (true, None) => std::cmp::Ordering::Less,
                (false, Some(_)) => std::cmp::Ordering::Greater,
                (true, Some((key, _))) => {
                    let order = self.base.key().cmp(&key[..]);
                    if self.forward { order } else { order.reverse() }
                }
            };
            if order.is_lt() {
                self.on = On::Base;
                return Ok(true);
            }
            if order.is_eq() {
                if self.forward {
                    self.base.next()?
                } else {
                    self.base.prev()?
                };
            }
            if matches!(self.over.entry(), Some((_, (_, Some(_))))) {
                self.on = On::Over;
                return Ok(true);
            }
            self.over.step(self.forward);
        }
    }

    fn step(&mut self, forward: bool) -> Result<bool> {
        if forward != self.forward {
            let key = self.key().to_vec();
            // Both anew from here: the one that is not shown stands on the wrong side.
            if !forward {
                return self.seek_before(&key);
            }
            self.seek(&key)?;
        }
        match self.on {
            On::Base if forward => self.base.next()?,
            On::Base => self.base.prev()?,
            On::Over => self.over.step(forward),
            On::Nothing => return Ok(false),
        };
        self.settle()
    }
}

impl Cursor for MergeCursor {
    fn seek(&mut self, key: &[u8]) -> Result<bool> {
        self.forward = true;
        self.base.seek(key)?;
        self.over.seek(key);
        self.settle()
    }

    fn seek_before(&mut self, key: &[u8]) -> Result<bool> {
        self.forward = false;
        self.base.seek_before(key)?;
        self.over.seek_before(Some(key));
        self.settle()
    }

    fn seek_to_first(&mut self) -> Result<bool> {
        self.forward = true;
        self.base.seek_to_first()?;
        self.over.seek(&[]);
        self.settle()
    }

    fn seek_to_last(&mut self) -> Result<bool> {
        self.forward = false;
        self.base.seek_to_last()?;
        self.over.seek_before(None);
        self.settle()
    }

    fn next(&mut self) -> Result<bool> {
        self.step(true)
    }

    fn prev(&mut self) -> Result<bool> {
        self.step(false)
    }

    fn valid(&self) -> bool {
        self.on != On::Nothing
    }

    fn key(&self) -> &[u8] {
        match (self.on, self.over.entry()) {
            (On::Over, Some((key, _))) => key,
            _ => self.base.key(),
        }
    }

    fn value(&self) -> &[u8] {
        match (self.on, self.over.entry()) {
            (On::Over, Some((_, (_, Some(value))))) => value,
            _ => self.base.value(),
        }
    }
}
