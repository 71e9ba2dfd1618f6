//! [`WriteBuffer`]: what a transaction has written and not yet sent.
//!
//! ```text
//!     sequence     1 (statement)   2 (statement)   3 (savepoint, then statement)
//!     a            a=1                             a=2
//!     b                            b=✕                       `✕` is a delete
//!     a reader at 2 sees a=1 b=✕; ROLLBACK TO makes (2, 3] void: nothing has to be undone
//! ```
//!
//! Every version carries the sequence number under which it was written. A statement reads as of the number
//! at its start, so it does not see its own writes; a savepoint is a number; rolling back to it declares the
//! numbers since then void. Versions that no statement, savepoint or open scan can ask for are dropped.
//!
//! Beyond its limit the buffer goes to temporary files as sorted runs ([`run`]); lookups and merges go on.
//! Nothing here talks to a range. `commit` drains the buffer in key order.
//!
//! Invariants
//!   - within one number a key has one version, the latest;
//!   - memory held is reserved at the account before it is used;
//!   - rolling back restores exact contents                      [property test].

pub mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::Arc;

use base::memory::{Account, Reservation};
use base::{Key, Span};
use bytes::Bytes;

use crate::error::Error;
use run::{Run, RunCursor, RunWriter, SpillDir};

/// Reserve memory in steps of this many bytes: an account is shared, and each step costs atomic adds.
const RESERVE_STEP: u64 = 64 << 10;
/// What a version costs beside its value, and a key beside its bytes: nodes, headers, reference counts.
const VERSION_BYTES: u64 = 64;
const KEY_BYTES: u64 = 96;

/// A number that orders the writes of one transaction.
pub type Sequence = u64;

/// Which of its own writes a read sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OwnWrites {
    /// Those from before the statement: what SQL asks for.
    #[default]
    BeforeStatement,
    /// All, the statement's own too: for constraint checks and cascades.
    All,
}

/// A savepoint. Rolling back to it keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Savepoint(Sequence);

#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub seq: Sequence,
    pub value: Option<Bytes>,
}

#[derive(Debug)]
struct Slot {
    top: Version,
    /// Newest first. Empty nearly always.
    older: Vec<Version>,
}

/// What a transaction has written and not yet sent.
pub struct WriteBuffer {
    map: BTreeMap<Key, Slot>,
    /// Oldest first.
    runs: Vec<Run>,
    current: Sequence,
    statement: Sequence,
    /// Numbers that somebody may still read at, with how many do.
    pins: BTreeMap<Sequence, u32>,
    /// Rolled back: `(after, up to and including]`, disjoint, ascending.
    voids: Vec<(Sequence, Sequence)>,
    bytes: u64,
    bytes_max: u64,
    reservation: Reservation,
    runs_reservation: Reservation,
    spill_dir: Option<Arc<SpillDir>>,
    spills: u64,
}

impl WriteBuffer {
    /// An empty buffer. Beyond `bytes_max`, or when the account is exhausted, it spills to `spill_dir`; without
    /// one, only the account bounds it.
    pub fn new(account: &Account, bytes_max: u64, spill_dir: Option<Arc<SpillDir>>) -> WriteBuffer {
        WriteBuffer {
            map: BTreeMap::new(),
            runs: Vec::new(),
            current: 1,
            statement: 0,
            pins: BTreeMap::from([(0, 1)]),
            voids: Vec::new(),
            bytes: 0,
            bytes_max,
            reservation: account.reservation(),
            runs_reservation: account.reservation(),
            spill_dir,
            spills: 0,
        }
    }

    /// Whether nothing was ever written, or nothing is left in memory and files. A buffer whose writes were all
    /// rolled back may say `false`; its cursor is empty.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty() && self.runs.is_empty()
    }

    /// Bytes in memory, about.
    pub fn memory_bytes(&self) -> u64 {
        self.bytes
    }

    /// How often it has spilled.
    pub fn spills(&self) -> u64 {
        self.spills
    }

    /// Starts a statement: reads from now on see what was written before, and not what is written after.
    pub fn begin_statement(&mut self) {
        self.unpin(self.statement);
        self.statement = self.current;
        self.pin(self.statement);
        self.current += 1;
    }

    /// The number that reads of this kind see up to.
    pub fn read_sequence(&self, own: OwnWrites) -> Sequence {
        match own {
            OwnWrites::BeforeStatement => self.statement,
            OwnWrites::All => self.current,
        }
    }

    /// Keeps what a reader at this number sees until [`WriteBuffer::unpin`].
    pub fn pin(&mut self, seq: Sequence) {
        *self.pins.entry(seq).or_insert(0) += 1;
    }

    /// The reader is gone.
    pub fn unpin(&mut self, seq: Sequence) {
        if let Entry::Occupied(mut pin) = self.pins.entry(seq) {
            *pin.get_mut() -= 1;
            if *pin.get() == 0 {
                pin.remove();
            }
        }
    }

    /// Sets a savepoint.
    pub fn savepoint(&mut self) -> Savepoint {
        let mark = self.current;
        self.pin(mark);
        self.current += 1;
        Savepoint(mark)
    }

    /// Forgets what was written since the savepoint. The savepoint stays.
    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        let Savepoint(mark) = savepoint;
        self.voids.retain(|&(after, _)| after < mark);
        self.voids.push((mark, self.current));
        self.current += 1;
        // The next reads see the state at the savepoint, even before the next statement begins.
        self.unpin(self.statement);
        self.statement = self.current;
        self.pin(self.statement);
        self.current += 1;
    }

    /// Forgets the savepoint; what was written since stays.
    pub fn release(&mut self, savepoint: Savepoint) {
        self.unpin(savepoint.0);
    }

    /// Writes a value, or deletes.
    ///
    /// # Errors
    /// If memory is exhausted and it cannot spill, or spilling fails.
    pub fn put(&mut self, key: Key, value: Option<Bytes>) -> Result<(), Error> {
        let value_bytes = value.as_ref().map_or(0, |v| v.len() as u64);
        let new = Version { seq: self.current, value };
        let key_bytes = key.as_bytes().len() as u64;
        match self.map.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(Slot { top: new, older: Vec::new() });
                self.bytes += key_bytes + KEY_BYTES + value_bytes + VERSION_BYTES;
            }
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                let old = std::mem::replace(&mut slot.top, new);
                let mut freed = 0;
                if old.seq == self.current {
                    freed += version_bytes(&old);
                } else {
                    slot.older.insert(0, old);
                    // Of each older version: is there a reader between it and the one that covers it?
                    let mut newer = self.current;
                    let (pins, voids) = (&self.pins, &self.voids);
                    slot.older.retain(|version| {
                        let read =
                            !is_void(voids, version.seq) && pins.range(version.seq..newer).next().is_some();
                        if read {
                            newer = version.seq;
                        } else {
                            freed += version_bytes(version);
                        }
                        read
                    });
                }
                self.bytes = (self.bytes + value_bytes + VERSION_BYTES).saturating_sub(freed);
            }
        }
        if self.bytes > self.reservation.bytes() { self.make_room() } else { Ok(()) }
    }

    /// The write of this key that a reader at `upto` sees: `None` if there is none, `Some(None)` for a delete.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub fn get(&self, key: &Key, upto: Sequence) -> Result<Option<Option<Bytes>>, Error> {
        if let Some(slot) = self.map.get(key) {
            let versions = std::iter::once(&slot.top).chain(&slot.older);
            if let Some(version) = self.newest(versions, upto) {
                return Ok(Some(version.value.clone()));
            }
        }
        for run in self.runs.iter().rev() {
            if let Some(versions) = run.get(key)?
                && let Some(version) = self.newest(versions.iter(), upto)
            {
                return Ok(Some(version.value.clone()));
            }
        }
        Ok(None)
    }

    /// Whether a reader may find writes in this span (runs are judged by their bounds only).
    pub fn touches(&self, span: &Span) -> bool {
        !span.is_empty()
            && (self.map.range(span.start.clone()..span.end.clone()).next().is_some()
                || self.runs.iter().any(|run| run.overlaps(span)))
    }

    /// The writes in a span that a reader at `upto` sees, in key order or against it.
    pub fn cursor(&self, span: &Span, reverse: bool, upto: Sequence) -> Cursor<'_> {
        let range = if span.is_empty() {
            (Bound::Included(Key::MIN), Bound::Excluded(Key::MIN))
        } else {
            (Bound::Included(span.start.clone()), Bound::Excluded(span.end.clone()))
        };
        let mut runs = Vec::with_capacity(self.runs.len());
        for run in self.runs.iter().rev().filter(|run| run.overlaps(span)) {
            runs.push(Source { cursor: run.cursor(span, reverse), head: None, done: false });
        }
        Cursor { buffer: self, map: self.map.range(range), map_head: None, runs, reverse, upto }
    }

    fn newest<'a>(&self, versions: impl Iterator<Item = &'a Version>, upto: Sequence) -> Option<&'a Version> {
        versions.into_iter().find(|v| v.seq <= upto && !is_void(&self.voids, v.seq))
    }

    fn make_room(&mut self) -> Result<(), Error> {
        let can_spill = self.spill_dir.is_some();
        if !can_spill || self.bytes <= self.bytes_max {
            let missing = self.bytes - self.reservation.bytes();
            let grown =
                self.reservation.grow(missing.max(RESERVE_STEP)).or_else(|_| self.reservation.grow(missing));
            match grown {
                Ok(()) => return Ok(()),
                Err(error) if !can_spill => return Err(error.into()),
                Err(_) => {}
            }
        }
        self.spill()
    }

    /// Writes everything in memory to a sorted run.
    fn spill(&mut self) -> Result<(), Error> {
        let Some(dir) = self.spill_dir.clone() else { return Ok(()) };
        let mut writer = RunWriter::create(&dir, self.map.len())?;
        let mut versions: Vec<&Version> = Vec::new();
        for (key, slot) in &self.map {
            versions.clear();
            versions.extend(
                std::iter::once(&slot.top).chain(&slot.older).filter(|v| !is_void(&self.voids, v.seq)),
            );
            if !versions.is_empty() {
                writer.push(key, &versions)?;
            }
        }
        if let Some(run) = writer.finish()? {
            self.map.clear();
            self.bytes = 0;
            self.reservation.clear();
            self.runs_reservation.grow(run.memory_bytes())?;
            self.runs.push(run);
        } else {
            self.map.clear();
            self.bytes = 0;
            self.reservation.clear();
        }
        self.spills += 1;
        Ok(())
    }
}

fn version_bytes(version: &Version) -> u64 {
    version.value.as_ref().map_or(0, |v| v.len() as u64) + VERSION_BYTES
}

fn is_void(voids: &[(Sequence, Sequence)], seq: Sequence) -> bool {
    if voids.is_empty() {
        return false;
    }
    let after = voids.partition_point(|&(after, _)| after < seq);
    after > 0 && seq <= voids[after - 1].1
}

struct Source<'a> {
    cursor: RunCursor<'a>,
    head: Option<(Key, Vec<Version>)>,
    done: bool,
}

/// Merges memory and runs. See [`WriteBuffer::cursor`].
pub struct Cursor<'a> {
    buffer: &'a WriteBuffer,
    map: std::collections::btree_map::Range<'a, Key, Slot>,
    map_head: Option<(&'a Key, &'a Slot)>,
    /// Newest first.
    runs: Vec<Source<'a>>,
    reverse: bool,
    upto: Sequence,
}

impl Cursor<'_> {
    /// The next write: key, and value or `None` for a delete.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    #[allow(clippy::should_implement_trait)] // It can fail.
    pub fn next(&mut self) -> Result<Option<(Key, Option<Bytes>)>, Error> {
        loop {
            if self.map_head.is_none() {
                self.map_head = if self.reverse { self.map.next_back() } else { self.map.next() };
            }
            let mut least: Option<Key> = self.map_head.map(|(key, _)| key.clone());
            for source in &mut self.runs {
                if source.head.is_none() && !source.done {
                    source.head = source.cursor.next()?;
                    source.done = source.head.is_none();
                }
                if let Some((key, _)) = &source.head {
                    let first = least.as_ref().is_none_or(|l| if self.reverse { key > l } else { key < l });
                    if first {
                        least = Some(key.clone());
                    }
                }
            }
            let Some(key) = least else { return Ok(None) };
            let mut found: Option<Option<Bytes>> = None;
            if let Some((_, slot)) = self.map_head.take_if(|(k, _)| **k == key) {
                let versions = std::iter::once(&slot.top).chain(&slot.older);
                found = self.buffer.newest(versions, self.upto).map(|v| v.value.clone());
            }
            for source in &mut self.runs {
                if let Some((_, versions)) = source.head.take_if(|(k, _)| *k == key)
                    && found.is_none()
                {
                    found = self.buffer.newest(versions.iter(), self.upto).map(|v| v.value.clone());
                }
            }
            if let Some(value) = found {
                return Ok(Some((key, value)));
            }
        }
    }
}
