//! The shell of a commit: plans it, and performs the actions of its [`Machine`] in a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::{Key, Span, Timestamp};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use proto::{
    CommitRequest, KvError, Piece, PrepareRequest, RecordRequest, Request, ValidateRequest, Validation, Write,
};
use tokio::sync::oneshot;

use super::machine::{Setup, number};
use super::{Action, Command, Event, Form, Machine, Outcome, Part, Plan, PushFailure, Sent};
use crate::buffer::OwnWrites;
use crate::coordinator::Coordinator;
use crate::error::Error;
use crate::janitor::Janitor;
use crate::planted::{Bug, planted};
use crate::push::Waiter;
use crate::read_set::ReadSet;
use crate::transaction::{Committed, Transaction};

/// Keys whose pieces are asked for at once.
const PLAN_KEYS: usize = 4096;
/// A part costs this beside its bytes, for each write.
const WRITE_BYTES: u64 = 24;
/// Plans of one commit, before it gives up on keys that keep moving.
const PLANS_MAX: u32 = 8;

type Answer = oneshot::Sender<Result<Committed, Error>>;
type Pending = Pin<Box<dyn Future<Output = Event> + Send>>;

/// Commits in a task of its own and waits for the answer.
pub(crate) async fn commit(txn: Transaction) -> Result<Committed, Error> {
    let id = txn.id();
    let coordinator = txn.coordinator.clone();
    let started = tokio::time::Instant::now();
    let (answer, received) = oneshot::channel();
    let busy = coordinator.janitor.busy();
    coordinator.env.spawn("commit", async move {
        run(txn, answer).await;
        drop(busy);
    });
    let result = received.await.unwrap_or_else(|_| {
        Err(Error::Unknown { txn: id, why: "its task has ended without an answer".into() })
    });
    let metrics = &coordinator.metrics;
    match &result {
        Ok(_) => metrics.commit_seconds.observe(started.elapsed()),
        Err(Error::Conflict { .. }) => metrics.conflicts.inc(),
        Err(Error::Unknown { .. }) => metrics.unknown.inc(),
        Err(_) => {}
    }
    result
}

async fn run(mut txn: Transaction, answer: Answer) {
    let coordinator = txn.coordinator.clone();
    coordinator.metrics.spills.add(txn.buffer.spills());
    let mut answer = Some(answer);
    for attempt in 0..PLANS_MAX {
        let plan = match plan(&coordinator, &txn, attempt > 0).await {
            Ok(Some(plan)) => plan,
            Ok(None) => {
                coordinator.metrics.read_only.inc();
                txn.release_locks(None);
                return tell(&mut answer, Ok(Committed { commit_ts: None }));
            }
            Err(error) => return tell(&mut answer, Err(error)),
        };
        match drive(&coordinator, &mut txn, plan, &mut answer).await {
            Some(fresh_id) => {
                if fresh_id {
                    // Locks are held under the id; validation guards what they have guarded.
                    txn.release_locks(None);
                    txn.txn = coordinator.fresh_ref(txn.txn.age);
                }
                tokio::time::sleep(coordinator.pause(attempt)).await;
            }
            None => return,
        }
    }
    let waited = coordinator.settings.unavailable_max;
    tell(&mut answer, Err(Error::Unavailable { waited, why: "the keys keep moving".into() }));
}

fn tell(answer: &mut Option<Answer>, result: Result<Committed, Error>) {
    if let Some(answer) = answer.take() {
        // The client may be gone; the outcome stands all the same.
        let _gone = answer.send(result);
    }
}

/// Drives one machine to its end. `Some(fresh_id)` if the commit is to be planned anew.
async fn drive(
    coordinator: &Arc<Coordinator>,
    txn: &mut Transaction,
    plan: Plan,
    answer: &mut Option<Answer>,
) -> Option<bool> {
    let settings = &coordinator.settings;
    let form = plan.form;
    let piece = plan.parts.first().map(|part| part.piece);
    // A transaction that only writes has no snapshot.
    let read_ts = txn.read_ts().unwrap_or(txn.start_ts);
    let setup = Setup {
        txn: txn.txn.clone(),
        read_ts,
        max_ts: txn.max_ts,
        holds_locks: txn.holds_locks(),
        deadline: if form == Form::Open { settings.commit_deadline_open } else { settings.commit_deadline },
        max_offset: coordinator.clock.max_offset(),
        unavailable_max: settings.unavailable_max,
        window_bytes_max: settings.prepare_window_bytes_max,
    };
    let mut machine = Machine::new(setup, plan);
    // Whoever meets its intents waits for this registration, until the record is decided.
    // (One command that is held up for long may become a staged commit.)
    let may_stage = form != Form::OneRange || !machine.plan().elsewhere.is_empty();
    let live = may_stage.then(|| coordinator.live.register(txn.txn.id));
    let mut pending: FuturesUnordered<Pending> = FuturesUnordered::new();
    let mut replan = None;
    let mut event = Event::Start;
    loop {
        let now = match coordinator.clock.now() {
            Ok(now) => now,
            Err(error) => {
                let why = format!("the clock has failed during COMMIT: {error}");
                tell(answer, Err(Error::Unknown { txn: txn.txn.id, why }));
                return None;
            }
        };
        for action in machine.step(now, event) {
            match action {
                Action::Send { sent, command, tries } => match request(txn, &machine, read_ts, command) {
                    Ok(request) => pending.push(send(coordinator.clone(), sent, request, tries)),
                    // A temporary file cannot be read: as if the command had never been evaluated.
                    Err(error) => {
                        let error = KvError::TooLarge { bytes: 0, bytes_max: 0 }.pick(error);
                        pending.push(Box::pin(async move { Event::Answer(sent, Err(error)) }));
                    }
                },
                Action::Push { sent, intents, holds } => {
                    let coordinator = coordinator.clone();
                    let waiter = Waiter { txn: txn.txn.clone(), holds };
                    pending.push(Box::pin(async move {
                        let pushed = coordinator.push(intents, &waiter).await;
                        Event::Pushed(sent, pushed.map_err(PushFailure))
                    }));
                }
                Action::Answer(Outcome::Committed(at)) => {
                    let metrics = &coordinator.metrics;
                    let form = machine.plan().form;
                    match form {
                        Form::OneRange => metrics.one_range.inc(),
                        Form::Staged => metrics.several_ranges.inc(),
                        Form::Open => metrics.open.inc(),
                    }
                    // A one-range commit has released the locks in its range itself.
                    txn.release_locks(piece.filter(|_| form == Form::OneRange));
                    tell(answer, Ok(Committed { commit_ts: Some(at) }));
                }
                Action::Answer(Outcome::Failed(error)) => {
                    txn.release_locks(None);
                    tell(answer, Err(error));
                }
                Action::Answer(Outcome::Replan { fresh_id }) => replan = Some(fresh_id),
                Action::Clean(cleanup) => Janitor::take(coordinator, cleanup),
                Action::Done => {
                    drop(live);
                    return replan;
                }
            }
        }
        match pending.next().await {
            Some(next) => event = next,
            None => {
                // The machine waits for nothing and is not done: a bug, whose outcome is honest.
                let why = "the commit has stopped".to_string();
                tell(answer, Err(Error::Unknown { txn: txn.txn.id, why }));
                return None;
            }
        }
    }
}

trait Pick {
    fn pick(self, error: Error) -> KvError;
}

impl Pick for KvError {
    fn pick(self, error: Error) -> KvError {
        match error {
            Error::DiskFull => KvError::DiskFull,
            error => KvError::Corrupt(error.to_string()),
        }
    }
}

fn send(coordinator: Arc<Coordinator>, sent: Sent, request: Request, tries: u32) -> Pending {
    Box::pin(async move {
        if tries > 0 {
            tokio::time::sleep(coordinator.pause(tries - 1)).await;
        }
        Event::Answer(sent, coordinator.send(request).await)
    })
}

/// The message of a command.
fn request(
    txn: &Transaction,
    machine: &Machine,
    read_ts: Timestamp,
    command: Command,
) -> Result<Request, Error> {
    let who = txn.txn.clone();
    let (start_ts, max_ts) = (txn.start_ts, txn.max_ts);
    let part = |i: usize| -> Result<(Validation, Vec<Write>), Error> {
        let part = &machine.plan().parts[i];
        let reads = Validation { spans: part.reads.clone(), read_ts };
        Ok((reads, writes(txn, part)?))
    };
    Ok(match command {
        Command::Validate { all, at } => {
            let spans = if all { txn.reads.spans().collect() } else { machine.plan().elsewhere.clone() };
            Request::Validate(ValidateRequest { txn: who, spans, read_ts, commit_ts: at })
        }
        Command::Commit { at, exact, deadline } => {
            let (reads, writes) = part(0)?;
            Request::Commit(CommitRequest {
                txn: who,
                start_ts,
                reads,
                writes,
                min_ts: at,
                exact,
                max_ts,
                deadline,
            })
        }
        Command::Prepare { part: i, at, stage, deadline } => {
            let (reads, writes) = part(i)?;
            Request::Prepare(PrepareRequest {
                txn: who,
                start_ts,
                number: number(i),
                reads,
                writes,
                commit_ts: at,
                anchor: machine.anchor().clone(),
                birth: machine.birth(),
                stage,
                max_ts,
                deadline,
            })
        }
        Command::Record { expect, new } => Request::Record(RecordRequest {
            txn: who.id,
            anchor: machine.anchor().clone(),
            expect,
            new: Some(new),
        }),
    })
}

fn writes(txn: &Transaction, part: &Part) -> Result<Vec<Write>, Error> {
    let span = Span::new(part.first.clone(), part.last.next());
    let mut cursor = txn.buffer.cursor(&span, false, txn.buffer.read_sequence(OwnWrites::All));
    let mut writes = Vec::new();
    while let Some((key, value)) = cursor.next()? {
        writes.push(Write { key, value });
    }
    Ok(writes)
}

/// How the writes and reads lie, and so which form the commit takes. `None`: nothing is left to write.
async fn plan(coordinator: &Coordinator, txn: &Transaction, fresh: bool) -> Result<Option<Plan>, Error> {
    let mut planner =
        Planner { parts: Vec::new(), bytes_max: coordinator.settings.prepare_bytes_max, bytes: 0 };
    let mut cursor = txn.buffer.cursor(&Span::all(), false, txn.buffer.read_sequence(OwnWrites::All));
    let mut keys = Vec::new();
    let mut sizes = Vec::new();
    let mut more = true;
    while more {
        match cursor.next()? {
            Some((key, value)) => {
                let value_bytes = value.map_or(0, |v| v.len() as u64);
                sizes.push(key.as_bytes().len() as u64 + value_bytes + WRITE_BYTES);
                keys.push(key);
            }
            None => more = false,
        }
        if keys.len() == PLAN_KEYS || (!more && !keys.is_empty()) {
            let found = pieces(coordinator, &keys, fresh).await?;
            for ((key, bytes), piece) in keys.drain(..).zip(sizes.drain(..)).zip(found) {
                planner.add(key, bytes, piece);
            }
        }
    }
    drop(cursor);
    let Planner { mut parts, bytes, .. } = planner;
    let Some(first) = parts.first().cloned() else { return Ok(None) };
    let last = parts.last().map_or_else(|| first.last.clone(), |part| part.last.clone());
    let settings = &coordinator.settings;
    let together = parts.iter().all(|part| part.piece == first.piece);
    let form = if together && bytes <= settings.commit_bytes_max {
        parts = vec![Part { last, bytes, ..first }];
        Form::OneRange
    } else if parts.len() <= settings.evidence_count_max {
        Form::Staged
    } else {
        Form::Open
    };
    let mut elsewhere = Vec::new();
    if planted(Bug::ForgetReads) {
        return Ok(Some(Plan { form, parts, elsewhere, reads: false }));
    }
    if form != Form::Open {
        place_reads(coordinator, &txn.reads, &mut parts, &mut elsewhere, fresh).await?;
    }
    Ok(Some(Plan { form, parts, elsewhere, reads: !txn.reads.is_empty() }))
}

struct Planner {
    parts: Vec<Part>,
    bytes_max: u64,
    bytes: u64,
}

impl Planner {
    fn add(&mut self, key: Key, bytes: u64, piece: Piece) {
        self.bytes += bytes;
        match self.parts.last_mut() {
            Some(part) if part.piece == piece && part.bytes + bytes <= self.bytes_max => {
                part.bytes += bytes;
                part.last = key;
            }
            _ => {
                self.parts.push(Part { piece, first: key.clone(), last: key, bytes, reads: Vec::new() });
            }
        }
    }
}

/// Gives each span that lies in a piece with writes to the first part there; the rest is validated apart.
async fn place_reads(
    coordinator: &Coordinator,
    reads: &ReadSet,
    parts: &mut [Part],
    elsewhere: &mut Vec<Span>,
    fresh: bool,
) -> Result<(), Error> {
    let spans: Vec<Span> = reads.spans().collect();
    for chunk in spans.chunks(PLAN_KEYS / 2) {
        let mut keys = Vec::with_capacity(chunk.len() * 2);
        for span in chunk {
            keys.push(span.start.clone());
            // Pieces are intervals: where both ends lie in one, all between does. Beyond the last key is nowhere.
            let end = if span.is_point() || span.end >= Key::MAX { &span.start } else { &span.end };
            keys.push(end.clone());
        }
        let found = pieces(coordinator, &keys, fresh).await?;
        for (span, ends) in chunk.iter().zip(found.chunks(2)) {
            let within = match ends {
                [a, b] if a == b && span.end < Key::MAX => Some(*a),
                _ => None,
            };
            let home = within.and_then(|piece| parts.iter_mut().find(|part| part.piece == piece));
            match home {
                Some(part) => part.reads.push(span.clone()),
                None => elsewhere.push(span.clone()),
            }
        }
    }
    Ok(())
}

async fn pieces(coordinator: &Coordinator, keys: &[Key], fresh: bool) -> Result<Vec<Piece>, Error> {
    let started = tokio::time::Instant::now();
    let mut tries = 0;
    loop {
        match coordinator.partition.pieces(keys, fresh).await {
            Ok(found) if found.len() == keys.len() => return Ok(found),
            Ok(_) => return Err(crate::read::unexpected("partition query")),
            // Nothing was sent yet: whatever is wrong, the commit has not happened.
            Err(_) if started.elapsed() < coordinator.settings.unavailable_max => {
                tokio::time::sleep(coordinator.pause(tries)).await;
                tries += 1;
            }
            Err(error) => {
                return Err(Error::Unavailable { waited: started.elapsed(), why: error.to_string() });
            }
        }
    }
}
