//! One range's log and vote, in the log engine.
//!
//! ```text
//!   engine:  [ purged ][ ......... readable ......... ]
//!   tail:                          [ .. not applied .. | .. not written .. ]
//!            ^                     ^                                      ^
//!            purged                tail's first                           last
//! ```
//!
//! An entry can be read as soon as `append` has returned, from the tail in memory; it leaves the tail once it is
//! both in the engine and applied. What openraft must wait for (a vote, the flush of entries) it hears from the
//! [`LogWriter`], which keeps the order in which this store handed its writes in.
//!
//! Invariants
//!   - the tail holds every entry that the engine does not show yet;              [`Tail::trim`]
//!   - nothing is purged beyond the applied index that is durable in the data engine (T13).  [`LogStore::purge`]

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use base::RangeId;
use base::env::Env;
use openraft::OptionalSend;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use parking_lot::Mutex;
use proto::wire::Durable;
use proto::wire::replication::{Applied, Entry, LogId, Vote};
use storage::keys::{self, RaftState, RangeState};
use storage::{CursorOptions, Engine, Space};
use tokio::sync::oneshot;

use super::codec::{entry_from, entry_to, log_id_from, log_id_to, vote_from, vote_to};
use super::log_writer::{Done, LogWriter};
use super::types::{RaftEntry, RaftLogId, RaftVote, Types};
use crate::planted::{Bug, Bugs};

/// Positions in the log are remembered about this many bytes apart, to know how much a purge would free.
const MARK_BYTES: u64 = 64 << 10;
/// At most this many entries are read from the engine at once.
const READ_ENTRIES_MAX: u64 = 4096;

/// The engine whose durable applied index a purge must respect (T13). Only a log without a state machine has none.
pub(crate) type PurgeGuard = Option<Arc<dyn Engine>>;

/// See the module. Clones are the same log.
#[derive(Clone)]
pub(crate) struct LogStore(Arc<Shared>);

struct Shared {
    range: RangeId,
    env: Env,
    engine: Arc<dyn Engine>,
    writer: Arc<LogWriter>,
    guard: PurgeGuard,
    bugs: Bugs,
    state: Mutex<State>,
}

struct State {
    vote: Option<Vote>,
    purged: Option<LogId>,
    /// Index of the first entry that is there; of the next to come if there is none.
    first: u64,
    last: Option<LogId>,
    committed: Option<LogId>,
    /// `committed` is newer than what the writer was given.
    committed_dirty: bool,
    tail: Tail,
    size: Size,
}

/// The newest entries, consecutive, up to the last one.
#[derive(Default)]
struct Tail {
    entries: VecDeque<RaftEntry>,
    /// Index of the first one; of the next to come if there is none.
    first: u64,
    /// Entries below can be read from the engine.
    written: u64,
    /// Entries below have been applied.
    applied: u64,
    /// Grows with every truncation, so that a completion from before one says nothing about what came after.
    epoch: u64,
}

impl Tail {
    fn trim(&mut self) {
        let keep_from = self.written.min(self.applied);
        while self.first < keep_from && self.entries.pop_front().is_some() {
            self.first += 1;
        }
    }

    fn truncate_from(&mut self, index: u64) {
        self.epoch += 1;
        self.written = self.written.min(index);
        let keep = index.saturating_sub(self.first) as usize;
        self.entries.truncate(keep);
        if self.entries.is_empty() {
            self.first = index.min(self.first + keep as u64);
        }
    }
}

/// How many bytes the log takes, roughly.
#[derive(Default)]
struct Size {
    /// Bytes appended since the store was opened, and before.
    appended: u64,
    purged: u64,
    /// (index, bytes appended up to and with it), about [`MARK_BYTES`] apart.
    marks: VecDeque<(u64, u64)>,
}

impl Size {
    fn append(&mut self, index: u64, bytes: u64) {
        self.appended += bytes;
        let before = self.marks.len().checked_sub(2).map_or(self.purged, |i| self.marks[i].1);
        match self.marks.back_mut() {
            Some(mark) if self.appended - before <= MARK_BYTES => *mark = (index, self.appended),
            _ => self.marks.push_back((index, self.appended)),
        }
    }

    fn purge(&mut self, upto: u64) {
        while let Some(&(index, sum)) = self.marks.front() {
            if index > upto {
                break;
            }
            self.purged = sum;
            self.marks.pop_front();
        }
    }

    fn truncate(&mut self, from: u64) {
        while self.marks.back().is_some_and(|(index, _)| *index >= from) {
            self.marks.pop_back();
        }
        self.appended = self.marks.back().map_or(self.purged, |(_, sum)| *sum);
    }

    fn bytes(&self) -> u64 {
        self.appended - self.purged
    }
}

fn corrupt(range: RangeId, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("log of {range}: {what}"))
}

fn failed(e: storage::Error) -> io::Error {
    io::Error::other(e)
}

impl LogStore {
    /// Opens the log of a range.
    pub(crate) fn open(
        range: RangeId,
        env: Env,
        engine: Arc<dyn Engine>,
        writer: Arc<LogWriter>,
        guard: PurgeGuard,
        bugs: Bugs,
    ) -> io::Result<LogStore> {
        let get = |state| engine.get(Space::Log, &keys::raft_state_key(range, state)).map_err(failed);
        let decode_id = |bytes: Option<bytes::Bytes>| -> io::Result<Option<LogId>> {
            bytes.map(|b| LogId::decode(&b)).transpose().map_err(|e| corrupt(range, e))
        };
        let vote =
            get(RaftState::Vote)?.map(|b| Vote::decode(&b)).transpose().map_err(|e| corrupt(range, e))?;
        let purged = decode_id(get(RaftState::Purged)?)?;
        let committed = decode_id(get(RaftState::Committed)?)?;

        let (lower, upper) = keys::entry_span(range, purged.map_or(0, |id| id.index + 1), u64::MAX);
        let snapshot = engine.snapshot().map_err(failed)?;
        let options = CursorOptions::within(lower.clone(), upper.clone());
        let mut cursor = snapshot.cursor(Space::Log, options).map_err(failed)?;
        let mut last = purged;
        let mut first = purged.map_or(0, |id| id.index + 1);
        if cursor.seek_to_first().map_err(failed)? {
            let (_, index) = keys::decode_entry_key(cursor.key()).map_err(|e| corrupt(range, e))?;
            first = index;
        }
        if cursor.seek_to_last().map_err(failed)? {
            let entry = Entry::decode(cursor.value()).map_err(|e| corrupt(range, e))?;
            last = last.max(Some(entry.id));
        }
        drop(cursor);
        let appended = match last == purged {
            true => 0,
            false => engine.approximate_size(Space::Log, &lower, &upper).map_err(failed)?,
        };
        let next = last.map_or(0, |id| id.index + 1);
        let mut size = Size { appended, ..Size::default() };
        if let Some(id) = last.filter(|_| appended > 0) {
            size.marks.push_back((id.index, appended));
        }
        let tail = Tail { first: next, written: next, ..Tail::default() };
        let state = State { vote, purged, first, last, committed, committed_dirty: false, tail, size };
        Ok(LogStore(Arc::new(Shared { range, env, engine, writer, guard, bugs, state: Mutex::new(state) })))
    }

    /// The vote on disk.
    pub(crate) fn vote(&self) -> Option<Vote> {
        self.0.state.lock().vote
    }

    /// The state machine has applied everything up to and with this index.
    pub(crate) fn applied(&self, index: u64) {
        let mut state = self.0.state.lock();
        state.tail.applied = state.tail.applied.max(index + 1);
        state.tail.trim();
    }

    /// About how many bytes the log takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.state.lock().size.bytes()
    }

    /// The last entry that is purged.
    pub(crate) fn purged(&self) -> Option<LogId> {
        self.0.state.lock().purged
    }

    /// The applied entry that a crash would leave in the data engine.
    pub(crate) fn durably_applied(&self) -> io::Result<Option<LogId>> {
        let Some(data) = &self.0.guard else { return Ok(None) };
        let key = keys::range_state_key(self.0.range, RangeState::Applied);
        let bytes = data.get_durable(Space::Local, &key).map_err(failed)?;
        let applied = bytes.map(|b| Applied::decode(&b)).transpose().map_err(|e| corrupt(self.0.range, e))?;
        Ok(applied.and_then(|a| a.last))
    }

    /// T13: before entries up to `upto` go, what they did is durable in the data engine.
    async fn make_durable(&self, upto: u64) -> io::Result<()> {
        let Some(data) = self.0.guard.clone() else { return Ok(()) };
        let covered = |id: Option<LogId>| id.is_some_and(|id| id.index >= upto);
        if self.0.bugs.has(Bug::PurgeBeyondDurable) || covered(self.durably_applied()?) {
            return Ok(());
        }
        self.0.env.run_blocking(move || data.sync()).await.map_err(failed)?;
        match covered(self.durably_applied()?) {
            true => Ok(()),
            false => Err(corrupt(self.0.range, format!("purge up to {upto}, which is not applied here"))),
        }
    }

    fn mark_written(&self, next: u64, epoch: u64) {
        let mut state = self.0.state.lock();
        if state.tail.epoch == epoch {
            state.tail.written = state.tail.written.max(next);
            state.tail.trim();
        }
    }

    /// Reads entries `[from, to)`, of which all are in the engine.
    async fn read_engine(&self, from: u64, to: u64) -> io::Result<Vec<RaftEntry>> {
        let (range, engine) = (self.0.range, self.0.engine.clone());
        let read = move || -> io::Result<Vec<RaftEntry>> {
            let (lower, upper) = keys::entry_span(range, from, to);
            let snapshot = engine.snapshot().map_err(failed)?;
            let mut cursor =
                snapshot.cursor(Space::Log, CursorOptions::within(lower, upper)).map_err(failed)?;
            let mut out = Vec::new();
            let mut more = cursor.seek_to_first().map_err(failed)?;
            while more {
                let bytes = bytes::Bytes::copy_from_slice(cursor.value());
                let entry = Entry::decode_shared(bytes).map_err(|e| corrupt(range, e))?;
                let expected = from + out.len() as u64;
                if entry.id.index != expected {
                    return Err(corrupt(range, format!("entry {} where {expected} should be", entry.id)));
                }
                out.push(entry_to(entry).map_err(|e| corrupt(range, e))?);
                more = cursor.next().map_err(failed)?;
            }
            Ok(out)
        };
        if to - from <= 1 { read() } else { self.0.env.run_blocking(read).await }
    }
}

fn clip(bounds: &impl RangeBounds<u64>, state: &State) -> (u64, u64) {
    let end = state.last.map_or(0, |id| id.index + 1);
    let from = match bounds.start_bound() {
        Bound::Included(i) => *i,
        Bound::Excluded(i) => *i + 1,
        Bound::Unbounded => 0,
    };
    let to = match bounds.end_bound() {
        Bound::Included(i) => i.saturating_add(1),
        Bound::Excluded(i) => *i,
        Bound::Unbounded => u64::MAX,
    };
    (from.max(state.first), to.min(end))
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<RaftEntry>, io::Error> {
        let (from, split, to, newer) = {
            let state = self.0.state.lock();
            let (from, to) = clip(&range, &state);
            if from >= to {
                return Ok(Vec::new());
            }
            let split = state.tail.first.clamp(from, to);
            let skip = (split - state.tail.first.min(split)) as usize;
            let newer: Vec<_> =
                state.tail.entries.iter().skip(skip).take((to - split) as usize).cloned().collect();
            (from, split, to, newer)
        };
        if from == split {
            return Ok(newer);
        }
        let mut out = Vec::new();
        let mut at = from;
        while at < split {
            let end = split.min(at + READ_ENTRIES_MAX);
            let mut chunk = self.read_engine(at, end).await?;
            if chunk.len() as u64 != end - at {
                return Err(corrupt(self.0.range, format!("entries [{at}, {end}) are not all there")));
            }
            out.append(&mut chunk);
            at = end;
        }
        out.extend(newer);
        debug_assert_eq!(out.len() as u64, to - from);
        Ok(out)
    }

    async fn read_vote(&mut self) -> Result<Option<RaftVote>, io::Error> {
        Ok(self.vote().map(vote_to))
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = LogStore;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, io::Error> {
        let state = self.0.state.lock();
        Ok(LogState {
            last_purged_log_id: state.purged.map(log_id_to),
            last_log_id: state.last.map(log_id_to),
        })
    }

    async fn get_log_reader(&mut self) -> LogStore {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &RaftVote) -> Result<(), io::Error> {
        let vote = vote_from(vote);
        let (tx, rx) = oneshot::channel();
        let key = keys::raft_state_key(self.0.range, RaftState::Vote);
        let done: Done = Box::new(move |result| drop(tx.send(result.clone())));
        self.0.writer.enqueue(true, |batch| batch.put(Space::Log, &key, &vote.encode()), Some(done));
        match rx.await {
            Ok(Ok(())) => {
                self.0.state.lock().vote = Some(vote);
                Ok(())
            }
            Ok(Err(why)) => Err(io::Error::other(why)),
            Err(_) => Err(io::Error::other("the log writer is gone")),
        }
    }

    /// Remembered without a sync of its own: it travels with the next append. After a crash an older value only
    /// means that the rest is applied a little later, when the next leader says that it is committed.
    async fn save_committed(&mut self, committed: Option<RaftLogId>) -> Result<(), io::Error> {
        let mut state = self.0.state.lock();
        let committed = committed.as_ref().map(log_id_from);
        if committed > state.committed {
            state.committed = committed;
            state.committed_dirty = true;
        }
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<RaftLogId>, io::Error> {
        Ok(self.0.state.lock().committed.map(log_id_to))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = RaftEntry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let range = self.0.range;
        let mut encoded: Vec<(u64, Vec<u8>)> = Vec::with_capacity(1);
        let mut state = self.0.state.lock();
        for entry in entries {
            let id = log_id_from(&entry.log_id);
            let expected = state.last.map_or(0, |last| last.index + 1);
            // openraft counts from 0 and never leaves a hole; what breaks this would be lost on restart.
            if id.index != expected && state.last.is_some() {
                return Err(corrupt(range, format!("append of {id} where {expected} should be")));
            }
            if state.last.is_none() {
                state.first = id.index;
                state.tail.first = id.index;
                state.tail.written = id.index;
            }
            let bytes = entry_from(&entry).encode();
            state.size.append(id.index, bytes.len() as u64);
            state.last = Some(id);
            state.tail.entries.push_back(entry);
            encoded.push((id.index, bytes));
        }
        let (next, epoch) = (state.last.map_or(0, |id| id.index + 1), state.tail.epoch);
        let committed = std::mem::take(&mut state.committed_dirty).then_some(state.committed).flatten();
        drop(state);

        let store = self.clone();
        let done: Done = Box::new(move |result| {
            if result.is_ok() {
                store.mark_written(next, epoch);
            }
            callback.io_completed(result.clone().map_err(io::Error::other));
        });
        self.0.writer.enqueue(
            !self.0.bugs.has(Bug::AcknowledgeBeforeSync),
            |batch| {
                for (index, bytes) in &encoded {
                    batch.put(Space::Log, &keys::entry_key(range, *index), bytes);
                }
                if let Some(committed) = committed {
                    batch.put(
                        Space::Log,
                        &keys::raft_state_key(range, RaftState::Committed),
                        &committed.encode(),
                    );
                }
            },
            Some(done),
        );
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<RaftLogId>) -> Result<(), io::Error> {
        let from = last.as_ref().map_or(0, |id| id.index + 1);
        {
            let mut state = self.0.state.lock();
            if state.last.is_none_or(|last| last.index < from) {
                return Ok(());
            }
            state.tail.truncate_from(from);
            state.size.truncate(from);
            state.last = last.as_ref().map(log_id_from).max(state.purged);
        }
        let (start, end) = keys::entry_span(self.0.range, from, u64::MAX);
        self.0.writer.enqueue(true, |batch| batch.delete_range(Space::Log, &start, &end), None);
        Ok(())
    }

    async fn purge(&mut self, upto: RaftLogId) -> Result<(), io::Error> {
        let upto = log_id_from(&upto);
        self.make_durable(upto.index).await?;
        let first = {
            let mut state = self.0.state.lock();
            if state.purged >= Some(upto) {
                return Ok(());
            }
            let first = state.purged.map_or(0, |id| id.index + 1);
            state.purged = Some(upto);
            state.first = state.first.max(upto.index + 1);
            state.size.purge(upto.index);
            if state.last < Some(upto) {
                // The log lies wholly below a snapshot that was installed.
                state.last = Some(upto);
                let next = upto.index + 1;
                let epoch = state.tail.epoch + 1;
                state.tail = Tail { first: next, written: next, applied: next, epoch, ..Tail::default() };
            } else {
                state.tail.applied = state.tail.applied.max(upto.index + 1);
                state.tail.trim();
            }
            first
        };
        // Not synced: after a crash it is there again, and purged again.
        let (start, end) = keys::entry_span(self.0.range, first, upto.index + 1);
        let key = keys::raft_state_key(self.0.range, RaftState::Purged);
        self.0.writer.enqueue(
            false,
            |batch| {
                batch.delete_range(Space::Log, &start, &end);
                batch.put(Space::Log, &key, &upto.encode());
            },
            None,
        );
        Ok(())
    }
}
