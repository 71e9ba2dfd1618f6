//! Applying a range's log to the data engine.
//!
//! What entries do goes into one write batch together with how far the log is then applied, the membership and
//! the head of the command chain (T6); the batch is written and not synced, since the log can replay it (T13).
//! No clock, no chance, no configuration takes part, so every replica ends with the same bytes.
//!
//! Snapshots are virtual: the data engine is the snapshot, so building one means noting how far it is applied,
//! which is what openraft needs to know before it lets the log be purged. Contents are looked up only when
//! another replica is to be sent some.

use std::io;
use std::sync::Arc;

use base::env::Env;
use base::{RangeId, Span};
use futures::{Stream, TryStreamExt};
use openraft::OptionalSend;
use openraft::storage::{ApplyResponder, EntryResponder, RaftSnapshotBuilder, RaftStateMachine, Snapshot};
use openraft::type_config::alias::SnapshotOf;
use proto::RangeDescriptor;
use proto::wire::Durable;
use proto::wire::replication::{Applied, ChainHead, LogId, Proposal};
use storage::keys::{self, RangeState};
use storage::{CursorOptions, Engine, Error, Op, Space, WriteBatch};
use tokio::sync::{Notify, watch};

use super::codec::{log_id_from, log_id_to, membership_from, stored_membership_to};
use super::log_store::LogStore;
use super::types::{RaftEntry, RaftLogId, RaftStoredMembership, SnapshotMeta, Types, Verdicts};
use crate::chain;
use crate::metrics::Metrics;
use crate::planted::{Bug, Bugs};

/// A batch is written once it is about this large, however many entries are waiting.
const BATCH_BYTES: usize = 4 << 20;
/// A batch up to this size is written where the log is applied; a larger one where blocking does no harm.
const INLINE_BYTES_MAX: usize = 64 << 10;
/// How long to wait before a write that met a full disk is tried again.
const DISK_FULL_RETRY: std::time::Duration = std::time::Duration::from_millis(100);

/// Tells how far a range is applied.
pub(crate) type AppliedWatch = watch::Receiver<Option<LogId>>;

/// Wakes whoever shortens logs, once one is longer than it should be.
pub(crate) struct LogGrown {
    bytes_max: u64,
    notify: Notify,
}

impl LogGrown {
    /// Of logs longer than this.
    pub(crate) fn new(bytes_max: u64) -> LogGrown {
        LogGrown { bytes_max, notify: Notify::new() }
    }

    fn tell(&self, bytes: u64) {
        if bytes > self.bytes_max {
            self.notify.notify_one();
        }
    }

    /// Waits until some log has been found too long.
    pub(crate) async fn wait(&self) {
        self.notify.notified().await;
    }
}

/// See the module.
pub(crate) struct StateMachine {
    range: RangeId,
    env: Env,
    data: Arc<dyn Engine>,
    log: LogStore,
    applied: Applied,
    applied_tx: watch::Sender<Option<LogId>>,
    /// A snapshot has been built or installed since this was opened.
    has_snapshot: bool,
    log_grown: Arc<LogGrown>,
    metrics: Metrics,
    bugs: Bugs,
}

/// What a snapshot refers to.
#[derive(Clone, Default)]
pub(crate) struct RangeSnapshot {
    /// The sender's engine as of the snapshot; absent in one that only lets the log be purged.
    pub(crate) contents: Option<Arc<dyn storage::Snapshot>>,
}

fn failed(e: Error) -> io::Error {
    io::Error::other(e)
}

impl StateMachine {
    /// Opens what is applied of a range.
    pub(crate) fn open(
        range: RangeId,
        env: Env,
        data: Arc<dyn Engine>,
        log: LogStore,
        log_grown: Arc<LogGrown>,
        metrics: Metrics,
        bugs: Bugs,
    ) -> io::Result<(StateMachine, AppliedWatch)> {
        let get = |state| data.get(Space::Local, &keys::range_state_key(range, state)).map_err(failed);
        if get(RangeState::Replication)?.is_some() {
            let why = format!("{range} holds an unfinished snapshot and must be rebuilt from its peers");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let applied = match get(RangeState::Applied)? {
            Some(bytes) => Applied::decode(&bytes)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{range}: {e}")))?,
            None => Applied::default(),
        };
        if let Some(last) = applied.last {
            log.applied(last.index);
        }
        let (applied_tx, watch) = watch::channel(applied.last);
        let machine = StateMachine {
            range,
            env,
            data,
            log,
            applied,
            applied_tx,
            has_snapshot: false,
            log_grown,
            metrics,
            bugs,
        };
        Ok((machine, watch))
    }

    fn corrupt(&self, what: impl std::fmt::Display) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", self.range))
    }

    /// Adds what an entry does to the batch.
    fn step(&mut self, entry: &RaftEntry, batch: &mut WriteBatch) -> io::Result<Verdicts> {
        let id = log_id_from(&entry.log_id);
        let mut verdicts = Verdicts::default();
        match &entry.payload {
            openraft::EntryPayload::Blank => {}
            openraft::EntryPayload::Normal(proposal) => {
                verdicts = self.step_commands(id.term, &proposal.0, batch)?;
            }
            openraft::EntryPayload::Membership(membership) => {
                self.applied.membership = membership_from(membership);
                self.applied.membership_id = Some(id);
            }
        }
        self.applied.last = Some(id);
        Ok(verdicts)
    }

    fn step_commands(
        &mut self,
        term: u64,
        proposal: &Proposal,
        batch: &mut WriteBatch,
    ) -> io::Result<Verdicts> {
        let mut verdicts = Verdicts::default();
        for command in &proposal.commands {
            let head: &mut ChainHead = &mut self.applied.chain;
            let (number, predecessor) = (command.number, command.predecessor);
            let applies = chain::judge(head, term, proposal, number, predecessor, &self.bugs);
            if applies {
                let writes = WriteBatch::from_bytes(&command.writes).map_err(|e| self.corrupt(e))?;
                if let Some(space) = writes.iter().map(op_space).find(|space| *space == Space::Log) {
                    return Err(self.corrupt(format!("a command writes into the space {}", space.name())));
                }
                batch.append(&writes);
                self.metrics.commands_applied.inc();
            } else {
                self.metrics.commands_not_applied.inc();
            }
            verdicts.0.push(applies);
        }
        Ok(verdicts)
    }

    /// Writes the batch and how far it goes. A full disk is waited out: an entry that is committed has to be
    /// applied.
    async fn write(&self, batch: &mut WriteBatch) -> io::Result<()> {
        let key = keys::range_state_key(self.range, RangeState::Applied);
        batch.put(Space::Local, &key, &self.applied.encode());
        loop {
            let written = if batch.byte_len() <= INLINE_BYTES_MAX {
                // A write that is not synced takes microseconds, less than handing it to another thread.
                self.data.write(batch)
            } else {
                let (data, moved) = (self.data.clone(), std::mem::take(batch));
                let work = move || (data.write(&moved), moved);
                let (written, moved) = self.env.run_blocking(work).await;
                *batch = moved;
                written
            };
            match written {
                Ok(()) => break,
                Err(Error::DiskFull) => tokio::time::sleep(DISK_FULL_RETRY).await,
                Err(e) => return Err(failed(e)),
            }
        }
        batch.clear();
        if let Some(last) = self.applied.last {
            self.log.applied(last.index);
            self.log_grown.tell(self.log.bytes());
        }
        self.applied_tx.send_replace(self.applied.last);
        Ok(())
    }

    fn meta(&self) -> io::Result<SnapshotMeta> {
        Ok(SnapshotMeta {
            last_log_id: self.applied.last.map(log_id_to),
            last_membership: stored_membership_to(&self.applied).map_err(|e| self.corrupt(e))?,
        })
    }

    /// Replaces everything that belongs to the range by what the snapshot holds. A crash on the way leaves a mark,
    /// so that nobody takes the half for the whole.
    fn copy(&mut self, contents: &dyn storage::Snapshot) -> Result<(), Error> {
        let mark = keys::range_state_key(self.range, RangeState::Replication);
        let mut spans = vec![(Space::Local, keys::range_span(self.range))];
        for descriptor in [self.descriptor(None)?, self.descriptor(Some(contents))?].into_iter().flatten() {
            spans.push((Space::Mvcc, keys::mvcc_span(&descriptor)));
            spans.push((Space::Local, keys::local_span(&descriptor)));
        }
        let mut batch = WriteBatch::new();
        for (space, (start, end)) in &spans {
            batch.delete_range(*space, start, end);
        }
        batch.put(Space::Local, &mark, &[1]);
        self.data.write_synced(&batch)?;
        for (space, (start, end)) in spans {
            batch.clear();
            let mut cursor = contents.cursor(space, CursorOptions::within(start, end))?;
            let mut more = cursor.seek_to_first()?;
            while more {
                batch.put(space, cursor.key(), cursor.value());
                if batch.byte_len() >= BATCH_BYTES {
                    self.data.write(&batch)?;
                    batch.clear();
                }
                more = cursor.next()?;
            }
            self.data.write(&batch)?;
        }
        batch.clear();
        batch.delete(Space::Local, &mark);
        batch.put(
            Space::Local,
            &keys::range_state_key(self.range, RangeState::Applied),
            &self.applied.encode(),
        );
        // T13: durable before the log is reset.
        self.data.write_synced(&batch)
    }

    /// The span of the range, as this engine or the snapshot has it.
    fn descriptor(&self, contents: Option<&dyn storage::Snapshot>) -> Result<Option<Span>, Error> {
        let key = keys::range_state_key(self.range, RangeState::Descriptor);
        let bytes = match contents {
            Some(contents) => contents.get(Space::Local, &key)?,
            None => self.data.get(Space::Local, &key)?,
        };
        Ok(bytes.map(|b| RangeDescriptor::decode(&b)).transpose()?.map(|d| d.span))
    }
}

fn op_space(op: Op<'_>) -> Space {
    match op {
        Op::Put { space, .. } | Op::Delete { space, .. } | Op::DeleteRange { space, .. } => space,
    }
}

type Waiting = Vec<(ApplyResponder<Types>, Verdicts)>;

fn answer(waiting: &mut Waiting) {
    for (responder, verdicts) in waiting.drain(..) {
        responder.send(verdicts);
    }
}

impl RaftStateMachine<Types> for StateMachine {
    type SnapshotData = RangeSnapshot;
    type SnapshotBuilder = VirtualSnapshot;

    async fn applied_state(&mut self) -> Result<(Option<RaftLogId>, RaftStoredMembership), io::Error> {
        let membership = stored_membership_to(&self.applied).map_err(|e| self.corrupt(e))?;
        Ok((self.applied.last.map(log_id_to), membership))
    }

    async fn apply<S>(&mut self, mut entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<Types>, io::Error>> + Unpin + OptionalSend,
    {
        let mut batch = WriteBatch::new();
        let mut waiting: Waiting = Vec::new();
        let mut pending = false;
        while let Some((entry, responder)) = entries.try_next().await? {
            let verdicts = self.step(&entry, &mut batch)?;
            waiting.extend(responder.map(|r| (r, verdicts)));
            pending = true;
            if self.bugs.has(Bug::AnswerBeforeApply) {
                answer(&mut waiting);
                tokio::task::yield_now().await;
            }
            if batch.byte_len() >= BATCH_BYTES {
                self.write(&mut batch).await?;
                pending = false;
                answer(&mut waiting);
            }
        }
        if pending {
            self.write(&mut batch).await?;
            answer(&mut waiting);
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> VirtualSnapshot {
        self.has_snapshot = true;
        VirtualSnapshot(self.meta().map_err(|e| e.to_string()))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: RangeSnapshot,
    ) -> Result<(), io::Error> {
        let contents = snapshot.contents.ok_or_else(|| self.corrupt("a snapshot without contents"))?;
        let key = keys::range_state_key(self.range, RangeState::Applied);
        let applied = contents.get(Space::Local, &key).map_err(failed)?;
        let applied = applied.ok_or_else(|| self.corrupt("a snapshot of nothing"))?;
        self.applied = Applied::decode(&applied).map_err(|e| self.corrupt(e))?;
        if self.applied.last.map(log_id_to) != meta.last_log_id {
            return Err(self.corrupt("a snapshot's contents are not what it says"));
        }
        self.copy(&*contents).map_err(failed)?;
        self.has_snapshot = true;
        self.applied_tx.send_replace(self.applied.last);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<SnapshotOf<Types, RangeSnapshot>>, io::Error> {
        if !self.has_snapshot {
            return Ok(None);
        }
        let contents = Some(self.data.snapshot().map_err(failed)?);
        Ok(Some(Snapshot { meta: self.meta()?, snapshot: RangeSnapshot { contents } }))
    }
}

/// A snapshot that only says how far the data engine is applied.
pub(crate) struct VirtualSnapshot(Result<SnapshotMeta, String>);

impl RaftSnapshotBuilder<Types> for VirtualSnapshot {
    type SnapshotData = RangeSnapshot;

    async fn build_snapshot(&mut self) -> Result<SnapshotOf<Types, RangeSnapshot>, io::Error> {
        let meta = self.0.clone().map_err(io::Error::other)?;
        Ok(Snapshot { meta, snapshot: RangeSnapshot::default() })
    }
}
