//! [`Machine`]: one commit, sans I/O. See the [module](super) for its picture.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{Key, Span, Timestamp, invariant};
use proto::{Decision, Evidence, KvError, Response, StageRecord, Staged, TxnRecord, TxnRef};

use super::{Action, Command, Event, Form, Outcome, Plan, PushFailure, Sent};
use crate::error::Error;
use crate::janitor::Cleanup;
use crate::planted::{Bug, planted};
use crate::push::PushError;

/// Commits at an exact timestamp that were moved, before intents are laid.
const EXACT_MOVES_MAX: u32 = 2;

/// What a machine must know.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who commits.
    pub txn: TxnRef,
    /// The snapshot of its reads.
    pub read_ts: Timestamp,
    /// Not above this.
    pub max_ts: Timestamp,
    /// It holds locks.
    pub holds_locks: bool,
    /// From c to the deadline of its commands.
    pub deadline: Duration,
    /// Clocks may differ by this.
    pub max_offset: Duration,
    /// How long an unavailable cluster is asked again.
    pub unavailable_max: Duration,
    /// Bytes of prepares under way at once.
    pub window_bytes_max: u64,
}

/// Says when a negative answer to a command that acts at most once may be believed (T9).
#[derive(Clone, Debug)]
pub struct AtMostOnce {
    /// After this no send of the command can be evaluated any more.
    dead_after: Timestamp,
    /// When it was sent last.
    sent_at: Timestamp,
    unanswered: bool,
}

/// What to make of a negative answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It counts.
    Final,
    /// Send the same command again.
    Again,
    /// Nobody can say.
    Unknown,
}

impl AtMostOnce {
    /// Of a command that is not evaluated after `dead_after` on any node's clock.
    pub fn new(dead_after: Timestamp) -> AtMostOnce {
        AtMostOnce { dead_after, sent_at: Timestamp::ZERO, unanswered: false }
    }

    /// It is sent, now or later.
    pub fn sent(&mut self, now: Timestamp) {
        self.sent_at = now;
    }

    /// Whether an earlier send has had no answer.
    pub fn unanswered(&self) -> bool {
        self.unanswered
    }

    /// Judges an error.
    pub fn judge(&mut self, now: Timestamp, error: &KvError) -> Judgement {
        if let KvError::Unknown(_) = error {
            if planted(Bug::UnknownIsFailed) {
                return Judgement::Final;
            }
            self.unanswered = true;
            return if now <= self.dead_after { Judgement::Again } else { Judgement::Unknown };
        }
        // Not a refusal: an earlier send has acted, and its result is lost.
        if let KvError::AlreadyCommitted(_) = error {
            return Judgement::Final;
        }
        // It has looked at its first write key before it refused: that look comes before every other check, that of
        // the deadline included. Refusals for a lock come before it, and say nothing about earlier sends.
        let looked = matches!(
            error,
            KvError::Conflict { .. }
                | KvError::Intents(_)
                | KvError::Eval(_)
                | KvError::DeadlinePassed { .. }
        );
        self.judge_negative(looked)
    }

    /// Judges an answer that says "nothing was written", of somebody who has looked for earlier sends, or not. What
    /// counts is when it was sent, not when its answer came: an earlier send may have been evaluated in between.
    pub fn judge_negative(&mut self, looked: bool) -> Judgement {
        match (self.unanswered, self.sent_at <= self.dead_after) {
            (false, _) => Judgement::Final,
            (true, true) => Judgement::Again,
            (true, false) if looked => Judgement::Final,
            (true, false) => Judgement::Unknown,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    /// Reads elsewhere, at c; nothing else was sent.
    Validating,
    /// The one-range command.
    Committing,
    /// The open STAGING record.
    Opening,
    /// Prepares.
    Preparing,
    /// All reads, at a later c.
    Refreshing,
    /// STAGING at the later c.
    Restaging,
    /// COMMITTED of an open record, before the client is told.
    Deciding,
    /// ABORTED, before the client is told (T11).
    Aborting,
    /// COMMITTED of a proven record, after the client was told.
    Recording,
    /// Waiting for stray answers.
    Draining,
    Done,
}

/// One commit.
pub struct Machine {
    setup: Setup,
    plan: Plan,
    state: State,
    now: Timestamp,
    birth: Timestamp,
    commit_ts: Timestamp,
    deadline: Timestamp,
    stage: u32,
    /// The record, as far as this coordinator knows.
    record: Option<TxnRecord>,
    once: AtMostOnce,
    prepared: Vec<Option<Timestamp>>,
    next_part: usize,
    window_bytes: u64,
    outstanding: BTreeSet<Sent>,
    /// What was sent last under each name, with the number of its earlier tries.
    current: BTreeMap<Sent, (Command, u32)>,
    unavailable_since: Option<Timestamp>,
    moves: u32,
    failure: Option<Outcome>,
    answered: bool,
    clean: Option<Cleanup>,
    actions: Vec<Action>,
}

impl Machine {
    /// A commit of this plan.
    pub fn new(setup: Setup, plan: Plan) -> Machine {
        invariant!(!plan.parts.is_empty(), "a commit writes something");
        invariant!(plan.form != Form::OneRange || plan.parts.len() == 1, "one range, one part");
        let parts = plan.parts.len();
        Machine {
            setup,
            plan,
            state: State::New,
            now: Timestamp::ZERO,
            birth: Timestamp::ZERO,
            commit_ts: Timestamp::ZERO,
            deadline: Timestamp::ZERO,
            stage: 1,
            record: None,
            once: AtMostOnce::new(Timestamp::ZERO),
            prepared: vec![None; parts],
            next_part: 0,
            window_bytes: 0,
            outstanding: BTreeSet::new(),
            current: BTreeMap::new(),
            unavailable_since: None,
            moves: 0,
            failure: None,
            answered: false,
            clean: None,
            actions: Vec::new(),
        }
    }

    /// HLC at COMMIT.
    pub fn birth(&self) -> Timestamp {
        self.birth
    }

    /// The key whose range holds the record.
    pub fn anchor(&self) -> &Key {
        &self.plan.parts[0].first
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes one event at this time, and says what to do.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        self.now = self.now.max(now);
        match event {
            Event::Start => self.start(),
            Event::Answer(sent, answer) => {
                if self.outstanding.remove(&sent) {
                    self.on_answer(sent, answer);
                }
            }
            Event::Pushed(sent, result) => {
                if self.outstanding.remove(&sent) {
                    self.on_pushed(sent, result);
                }
            }
        }
        if self.state == State::Draining && self.outstanding.is_empty() {
            if let Some(clean) = self.clean.take() {
                self.actions.push(Action::Clean(clean));
            }
            self.actions.push(Action::Done);
            self.state = State::Done;
        }
        std::mem::take(&mut self.actions)
    }

    fn start(&mut self) {
        invariant!(self.state == State::New, "a commit starts once");
        // c = HLC now, above everything that the gateway has seen.
        self.birth = self.now;
        self.commit_ts = self.now;
        self.deadline = self.now.add(self.setup.deadline);
        self.once = AtMostOnce::new(self.deadline.add(self.setup.max_offset));
        if self.commit_ts > self.setup.max_ts {
            return self.fail(self.conflict(None, None));
        }
        match self.plan.form {
            Form::OneRange | Form::Staged if !self.plan.elsewhere.is_empty() => {
                self.state = State::Validating;
                self.send(Sent::Validate, Command::Validate { all: false, at: self.commit_ts });
            }
            Form::OneRange => self.send_commit(false),
            Form::Staged => self.start_preparing(),
            Form::Open => {
                self.state = State::Opening;
                let new = self.staging(self.stage, self.commit_ts);
                self.send(Sent::Record, Command::Record { expect: None, new });
            }
        }
    }

    fn on_answer(&mut self, sent: Sent, answer: Result<Response, KvError>) {
        if !matches!(answer, Err(KvError::Unavailable { .. })) {
            self.unavailable_since = None;
        }
        if let Sent::Prepare(part) = sent {
            self.window_bytes = self.window_bytes.saturating_sub(self.plan.parts[part].bytes);
        }
        match (sent, self.state) {
            (_, State::Draining | State::Done) => {}
            // A prepare that was under way when the commit had already failed.
            (Sent::Prepare(_), State::Aborting) => {}
            (Sent::Validate, State::Aborting) => {}
            (Sent::Validate, _) => self.on_validated(answer),
            (Sent::Commit, _) => self.on_committed(answer),
            (Sent::Prepare(part), _) => self.on_prepared(part, answer),
            (Sent::Record, _) => self.on_recorded(answer),
        }
    }

    // -- validation ----------------------------------------------------------------------------------------

    fn on_validated(&mut self, answer: Result<Response, KvError>) {
        match answer {
            Ok(_) => match (self.plan.form, self.state) {
                (Form::OneRange, _) => self.send_commit(true),
                (Form::Staged, State::Validating) => self.start_preparing(),
                (Form::Staged, _) => self.restage(),
                (Form::Open, _) => self.decide(),
            },
            Err(KvError::Intents(intents)) => self.push(Sent::Validate, intents),
            // It has no outcome that could be unknown.
            Err(KvError::Unknown(why)) => {
                let range = base::RangeId(0);
                self.again_or_fail(Sent::Validate, KvError::Unavailable { range, why });
            }
            Err(error) => self.again_or_fail(Sent::Validate, error),
        }
    }

    // -- one range -----------------------------------------------------------------------------------------

    fn send_commit(&mut self, exact: bool) {
        self.state = State::Committing;
        let command = Command::Commit { at: self.commit_ts, exact, deadline: self.deadline };
        self.send(Sent::Commit, command);
    }

    fn on_committed(&mut self, answer: Result<Response, KvError>) {
        let error = match answer {
            Ok(Response::Committed(at)) | Err(KvError::AlreadyCommitted(at)) => {
                return self.finish(Outcome::Committed(at));
            }
            Ok(_) => KvError::Unknown("the answer does not fit a commit".into()),
            Err(error) => error,
        };
        let judgement = self.once.judge(self.now, &error);
        match (judgement, error) {
            (Judgement::Again, KvError::Intents(intents)) => self.push(Sent::Commit, intents),
            (Judgement::Again, _) => self.again(Sent::Commit),
            (Judgement::Unknown, error) => self.finish_unknown(error.to_string()),
            (Judgement::Final, KvError::Intents(intents)) => self.push(Sent::Commit, intents),
            (Judgement::Final, KvError::RangeChanged { .. }) => {
                self.finish(Outcome::Replan { fresh_id: false });
            }
            // Only with a planted mistake: an unknown answer is never final.
            (Judgement::Final, KvError::Unknown(_)) => self.fail(self.conflict(None, None)),
            (Judgement::Final, KvError::Conflict { key, at }) => self.move_or_fail(key, at),
            (Judgement::Final, error) => self.again_or_fail(Sent::Commit, error),
        }
    }

    /// The exact commit timestamp cannot be had: move it, if the reads allow. Two transactions that read what the
    /// other writes move each other for ever, so after a few moves it goes the staged way, whose intents stay where
    /// they are laid. Every send of the one-range command was answered, so it cannot take effect any more.
    fn move_or_fail(&mut self, key: Key, at: Timestamp) {
        let exact = self
            .current_command(Sent::Commit)
            .is_some_and(|command| matches!(command, Command::Commit { exact: true, .. }));
        let to = self.now.max(at.next());
        if !exact || to > self.setup.max_ts || at == Timestamp::MAX {
            return self.fail(self.conflict(Some(key), None));
        }
        self.moves += 1;
        self.commit_ts = to;
        if self.moves > EXACT_MOVES_MAX {
            self.plan.form = Form::Staged;
            self.state = State::Validating;
            return self.send(Sent::Validate, Command::Validate { all: false, at: to });
        }
        self.state = State::Refreshing;
        self.send(Sent::Validate, Command::Validate { all: true, at: to });
    }

    // -- several pieces ------------------------------------------------------------------------------------

    fn start_preparing(&mut self) {
        self.state = State::Preparing;
        self.fill_window();
    }

    fn fill_window(&mut self) {
        while self.next_part < self.plan.parts.len() {
            let part = self.next_part;
            let bytes = self.plan.parts[part].bytes;
            // Evidence is proven by all prepares together, so all go at once; open ones go a window at a time.
            let open = self.plan.form == Form::Open;
            if open && self.window_bytes > 0 && self.window_bytes + bytes > self.setup.window_bytes_max {
                return;
            }
            self.next_part += 1;
            let anchors = part == 0 && self.plan.form == Form::Staged;
            let stage = anchors.then(|| StageRecord {
                stage: self.stage,
                staged: self.staged(),
                spans: self.spans(),
            });
            let command = Command::Prepare { part, at: self.commit_ts, stage, deadline: self.deadline };
            self.send(Sent::Prepare(part), command);
        }
    }

    fn on_prepared(&mut self, part: usize, answer: Result<Response, KvError>) {
        let error = match answer {
            Ok(Response::Prepared(at)) => {
                if part == 0 && self.plan.form == Form::Staged && self.record.is_none() {
                    self.record = Some(self.staging(self.stage, self.commit_ts));
                }
                self.prepared[part] = Some(at);
                self.current.remove(&Sent::Prepare(part));
                return self.on_progress();
            }
            Ok(_) => KvError::Corrupt("the answer does not fit a prepare".into()),
            Err(error) => error,
        };
        match error {
            // Its version: somebody has decided and resolved already.
            KvError::AlreadyCommitted(at)
            | KvError::RecordMismatch(Some(TxnRecord::Committed { commit_ts: at, .. })) => {
                self.clean_up(Decision::Committed(at));
                self.finish(Outcome::Committed(at));
            }
            KvError::RecordMismatch(Some(TxnRecord::Aborted { .. })) => {
                self.clean_up(Decision::Aborted);
                self.finish(Outcome::Failed(self.conflict(None, None)));
            }
            // The same again: a prepare whose intents lie answers with them.
            KvError::Unknown(_) if self.now <= self.deadline.add(self.setup.max_offset) => {
                self.again(Sent::Prepare(part));
            }
            KvError::Intents(intents) => self.push(Sent::Prepare(part), intents),
            KvError::RangeChanged { .. } => self.abort(Outcome::Replan { fresh_id: true }),
            KvError::Unknown(why) => {
                let waited = self.setup.deadline;
                self.abort(Outcome::Failed(Error::Unavailable { waited, why }));
            }
            error => self.again_or_fail(Sent::Prepare(part), error),
        }
    }

    fn on_progress(&mut self) {
        if self.state != State::Preparing {
            return;
        }
        self.fill_window();
        let Some(highest) =
            self.prepared.iter().copied().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max())
        else {
            return;
        };
        invariant!(highest >= self.commit_ts, "T1: intents lie at or above the timestamp hoped for");
        let moved = highest > self.commit_ts && !planted(Bug::IgnorePrepareTs);
        match self.plan.form {
            Form::OneRange => {}
            // T4: every evidence key bears its intent at or below c.
            Form::Staged if !moved => self.committed(),
            _ if highest > self.setup.max_ts => self.fail(self.conflict(None, None)),
            form => {
                self.commit_ts = highest;
                if self.plan.reads {
                    self.state = State::Refreshing;
                    self.send(Sent::Validate, Command::Validate { all: true, at: highest });
                } else if form == Form::Staged {
                    self.restage();
                } else {
                    self.decide();
                }
            }
        }
    }

    /// Stages again at the later c, at which all reads were validated.
    fn restage(&mut self) {
        self.state = State::Restaging;
        self.stage += 1;
        let new = self.staging(self.stage, self.commit_ts);
        self.send(Sent::Record, Command::Record { expect: self.record.clone(), new });
    }

    /// An open commit: all intents lie, all reads were validated at c.
    fn decide(&mut self) {
        self.state = State::Deciding;
        self.send(
            Sent::Record,
            Command::Record { expect: self.record.clone(), new: self.committed_record() },
        );
    }

    /// The transaction is committed at c by T4: tell the client, then write it down.
    fn committed(&mut self) {
        self.answer(Outcome::Committed(self.commit_ts));
        self.state = State::Recording;
        self.send(
            Sent::Record,
            Command::Record { expect: self.record.clone(), new: self.committed_record() },
        );
    }

    /// Fails the commit: ABORTED first, if anything may have been laid (T11).
    fn abort(&mut self, failure: Outcome) {
        self.failure = Some(failure);
        self.state = State::Aborting;
        if planted(Bug::AbortUnrecorded) {
            let failure = self.failure.clone();
            self.answered_with(failure);
        }
        let new = TxnRecord::Aborted { birth: self.birth };
        self.send(Sent::Record, Command::Record { expect: self.record.clone(), new });
    }

    fn on_recorded(&mut self, answer: Result<Response, KvError>) {
        let Some(Command::Record { new, .. }) = self.current_command(Sent::Record).cloned() else { return };
        match answer {
            Ok(_) => self.on_record(Some(new)),
            // Ours, of an earlier send, or somebody else's: the record as it is.
            Err(KvError::RecordMismatch(found)) => self.on_record(found),
            Err(KvError::RecordThreshold(_)) => {
                let first = self.current_tries(Sent::Record) == 0;
                match self.state {
                    // Never created, and never to be.
                    State::Opening if first => self.finish(Outcome::Failed(self.conflict(None, None))),
                    State::Recording => self.finish_quietly(),
                    _ => self.finish_unknown("its record was removed".into()),
                }
            }
            Err(error) => {
                let over = self.now > self.deadline.add(self.setup.max_offset);
                match error {
                    KvError::Unknown(_) | KvError::Unavailable { .. } | KvError::DiskFull if !over => {
                        self.again(Sent::Record);
                    }
                    // Readers recover it.
                    _ if self.state == State::Recording => self.finish_quietly(),
                    error => self.finish_unknown(error.to_string()),
                }
            }
        }
    }

    /// The record is known to be this, or was when somebody refused to change it.
    fn on_record(&mut self, record: Option<TxnRecord>) {
        let before = std::mem::replace(&mut self.record, record.clone());
        match (record, self.state) {
            (Some(TxnRecord::Committed { commit_ts, .. }), _) => {
                self.clean_up(Decision::Committed(commit_ts));
                self.finish(Outcome::Committed(commit_ts));
            }
            (Some(TxnRecord::Aborted { .. }), State::Recording) => {
                panic!(
                    "invariant broken: T4: {} was committed, and its record says ABORTED",
                    self.setup.txn.id
                );
            }
            (Some(TxnRecord::Aborted { .. }), _) => {
                self.clean_up(Decision::Aborted);
                let failure = self.failure.take();
                self.finish(failure.unwrap_or_else(|| Outcome::Failed(self.conflict(None, None))));
            }
            (Some(TxnRecord::Staging { .. }), State::Opening) => self.start_preparing(),
            (Some(TxnRecord::Staging { stage, commit_ts, .. }), State::Restaging)
                if stage == self.stage && commit_ts == self.commit_ts =>
            {
                self.committed();
            }
            (now, State::Aborting) if now != before || self.current_tries(Sent::Record) < 3 => {
                let new = TxnRecord::Aborted { birth: self.birth };
                self.send(Sent::Record, Command::Record { expect: now, new });
            }
            (_, State::Recording) => self.finish_quietly(),
            // To a coordinator that asks for its own outcome absence means unknown (T5a).
            (_, _) => self.finish_unknown("its record is not what it wrote".into()),
        }
    }

    // -- common --------------------------------------------------------------------------------------------

    fn on_pushed(&mut self, sent: Sent, result: Result<(), PushFailure>) {
        if matches!(self.state, State::Draining | State::Done | State::Aborting) {
            return;
        }
        match result {
            Ok(()) => self.again_now(sent),
            Err(PushFailure(error)) => {
                if sent == Sent::Commit && self.once.judge_negative(true) != Judgement::Final {
                    return self.again(sent);
                }
                let error = match error {
                    PushError::Blocked { key, owner } => self.conflict(Some(key), Some(owner)),
                    error => error.into_error(self.setup.read_ts),
                };
                self.fail(error);
            }
        }
    }

    /// Sends again what was not served, for a bounded time; other errors end the commit.
    fn again_or_fail(&mut self, sent: Sent, error: KvError) {
        let unserved = matches!(
            error,
            KvError::Unavailable { .. } | KvError::NotLeader { .. } | KvError::RangeChanged { .. }
        );
        let since = *self.unavailable_since.get_or_insert(self.now);
        if unserved && self.now <= since.add(self.setup.unavailable_max) {
            return self.again(sent);
        }
        let waited = Duration::from_nanos(self.now.wall.saturating_sub(since.wall));
        let error = match error {
            KvError::LockNotAvailable { key, holder } => self.conflict(Some(key), Some(holder)),
            KvError::Conflict { key, .. } => self.conflict(Some(key), None),
            error => Error::from_kv(error, self.setup.txn.id, self.setup.read_ts, waited),
        };
        self.fail(error);
    }

    /// Ends the commit as failed; through ABORTED, if a prepare or a record was sent.
    fn fail(&mut self, error: Error) {
        let sent = self.next_part > 0 || self.record.is_some() || self.state == State::Opening;
        if sent && self.plan.form != Form::OneRange {
            self.abort(Outcome::Failed(error));
        } else {
            self.finish(Outcome::Failed(error));
        }
    }

    fn conflict(&self, key: Option<Key>, blocker: Option<base::TxnId>) -> Error {
        let key = key.unwrap_or_else(|| self.anchor().clone());
        Error::Conflict { key, read_ts: self.setup.read_ts, blocker }
    }

    fn finish(&mut self, outcome: Outcome) {
        self.answer(outcome);
        self.finish_quietly();
    }

    fn finish_unknown(&mut self, why: String) {
        let txn = self.setup.txn.id;
        self.finish(Outcome::Failed(Error::Unknown { txn, why }));
    }

    fn finish_quietly(&mut self) {
        self.state = State::Draining;
    }

    fn answer(&mut self, outcome: Outcome) {
        self.answered_with(Some(outcome));
    }

    fn answered_with(&mut self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome
            && !std::mem::replace(&mut self.answered, true)
        {
            self.actions.push(Action::Answer(outcome));
        }
    }

    fn clean_up(&mut self, decision: Decision) {
        let sent = self.plan.parts.iter().take(self.next_part);
        let spans = sent.map(|part| Span::new(part.first.clone(), part.last.next())).collect();
        self.clean = Some(Cleanup { txn: self.setup.txn.id, decision, spans });
    }

    fn push(&mut self, sent: Sent, intents: Vec<(Key, proto::Intent)>) {
        self.outstanding.insert(sent);
        let holds = self.setup.holds_locks || self.next_part > 0;
        self.actions.push(Action::Push { sent, intents, holds });
    }

    fn send(&mut self, sent: Sent, command: Command) {
        self.current.insert(sent, (command, 0));
        self.send_current(sent, 0);
    }

    /// The same command again, after a pause.
    fn again(&mut self, sent: Sent) {
        let Some((_, tries)) = self.current.get_mut(&sent) else { return };
        *tries += 1;
        let tries = *tries;
        self.send_current(sent, tries);
    }

    fn again_now(&mut self, sent: Sent) {
        self.send_current(sent, 0);
    }

    fn send_current(&mut self, sent: Sent, tries: u32) {
        let Some(command) = self.current_command(sent).cloned() else { return };
        if let Sent::Prepare(part) = sent {
            self.window_bytes += self.plan.parts[part].bytes;
        }
        if sent == Sent::Commit {
            self.once.sent(self.now);
        }
        self.outstanding.insert(sent);
        self.actions.push(Action::Send { sent, command, tries });
    }

    fn current_command(&self, sent: Sent) -> Option<&Command> {
        self.current.get(&sent).map(|(command, _)| command)
    }

    fn current_tries(&self, sent: Sent) -> u32 {
        self.current.get(&sent).map_or(0, |(_, tries)| *tries)
    }

    fn staged(&self) -> Staged {
        if self.plan.form == Form::Open {
            return Staged::Open;
        }
        let evidence = self.plan.parts.iter().enumerate();
        Staged::Evidence(
            evidence.map(|(i, part)| Evidence { key: part.first.clone(), number: number(i) }).collect(),
        )
    }

    /// The spans that bear intents: neighbours are joined where there are very many.
    fn spans(&self) -> Vec<Span> {
        const SPANS_MAX: usize = 256;
        let parts = &self.plan.parts;
        let together = parts.len().div_ceil(SPANS_MAX).max(1);
        let hull = |parts: &[super::Part]| {
            let (first, last) = (parts.first()?, parts.last()?);
            Some(Span::new(first.first.clone(), last.last.next()))
        };
        parts.chunks(together).filter_map(hull).collect()
    }

    fn staging(&self, stage: u32, commit_ts: Timestamp) -> TxnRecord {
        TxnRecord::Staging { stage, commit_ts, staged: self.staged(), spans: self.spans(), birth: self.birth }
    }

    fn committed_record(&self) -> TxnRecord {
        TxnRecord::Committed { commit_ts: self.commit_ts, spans: self.spans(), birth: self.birth }
    }
}

/// The number of the prepare of a part.
pub(crate) fn number(part: usize) -> u32 {
    u32::try_from(part).unwrap_or(u32::MAX - 1) + 1
}
