//! The commands, one file each, and [`Write`], what those that write have in common.
//!
//! A command is evaluated in one go, without waiting: it looks at the engine with everything in flight laid over
//! it, and leaves a batch and the answer to be given once that batch is applied. If it leaves no batch, its answer
//! is given after everything it may rest on is applied (T10).

pub(crate) mod clear_span;
pub(crate) mod commit;
pub(crate) mod evaluation;
pub(crate) mod gc;
pub(crate) mod get;
pub(crate) mod lock;
pub(crate) mod prepare;
pub(crate) mod query_record;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod resolve;
pub(crate) mod scan;
pub(crate) mod update;
pub(crate) mod validate;

use std::sync::Arc;

use base::{Key, Span, TxnId};
use proto::{KvError, LockStrength, Response, TxnRef};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use crate::bugs::{self, Bug};
use crate::in_flight::{Commands, Footprint};
use crate::latch::{LatchGuard, LatchSet};
use crate::proposer::Fate;
use crate::range::Core;

pub(crate) use evaluation::Evaluation;

/// A command that may write.
pub(crate) trait Write: Send + Sync {
    /// What no other evaluation may touch or change meanwhile.
    fn latches(&self, set: &mut LatchSet);

    /// What it may write.
    fn footprint(&self) -> Footprint;

    /// Spans that it validates here.
    fn reads(&self) -> &[Span] {
        &[]
    }

    /// Foreign locks that it respects.
    fn wishes(&self) -> Option<Wishes<'_>> {
        None
    }

    /// Whose locks go once it is applied.
    fn release(&self) -> Option<TxnId> {
        None
    }

    /// Whether its latches are held until it is applied: for what evaluations cannot be shown while in flight.
    fn exclusive_until_applied(&self) -> bool {
        false
    }

    /// Looks, and puts its writes into the batch of `eval`.
    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError>;
}

/// What a command would lock if it locked what it writes.
pub(crate) struct Wishes<'a> {
    pub txn: &'a TxnRef,
    pub keys: SmallVec<[(&'a Key, LockStrength); 1]>,
    /// Its transaction holds intents, so it waits for younger ones only.
    pub holding: bool,
}

impl Wishes<'_> {
    /// How strong a write is as a lock: a row that stays keeps its key.
    pub(crate) fn strength(value: Option<&bytes::Bytes>) -> LockStrength {
        if value.is_some() { LockStrength::NoKeyUpdate } else { LockStrength::Update }
    }
}

/// What became of one evaluation.
enum Step {
    Proposed {
        response: Response,
        fate: oneshot::Receiver<Fate>,
    },
    Answer {
        answer: Result<Response, KvError>,
        rests_on: Commands,
    },
    /// The chain is broken or broke meanwhile.
    Broken,
}

impl Core {
    /// Evaluates a command, proposes what it writes, and answers once that is applied. Evaluates again if the chain
    /// breaks in between.
    pub(crate) async fn write<W: Write>(self: &Arc<Core>, command: &W) -> Result<Response, KvError> {
        let mut attempts = 0;
        while attempts < self.settings.attempts_max {
            self.chain.check()?;
            if let Some(wishes) = command.wishes() {
                self.wait_for_locks(&wishes).await?;
            }
            let mut set = LatchSet::default();
            command.latches(&mut set);
            let latches = self.latches.acquire(set).await;
            if let Some(wishes) = command.wishes()
                && self.locks.blocker(wishes.txn.id, wishes.keys.iter().copied()).is_some()
            {
                // Locked while it waited for its latches. Nobody waits with a latch held.
                continue;
            }
            match self.evaluate(command, latches)? {
                Step::Proposed { response, fate } => match fate.await.unwrap_or(Fate::Unknown) {
                    Fate::Applied => return Ok(response),
                    Fate::Unknown => {
                        return Err(KvError::Unknown(format!("{} changed its leader meanwhile", self.id)));
                    }
                    Fate::NotApplied => {}
                },
                Step::Answer { answer, rests_on } => {
                    let rests = !rests_on.is_empty();
                    let mut stands = true;
                    for command in rests_on {
                        match command.settled().await {
                            Fate::Applied => {}
                            Fate::NotApplied => stands = false,
                            Fate::Unknown => return Err(self.not_leader()),
                        }
                    }
                    if stands {
                        if rests || is_definite(&answer) {
                            self.check_lease(self.now()?).await?;
                        }
                        return answer;
                    }
                }
                Step::Broken => {}
            }
            attempts += 1;
            self.chain.resumed().await?;
        }
        Err(self.unavailable("commands before this one kept failing"))
    }

    /// One evaluation, from registration to its place in the chain.
    fn evaluate<W: Write>(self: &Arc<Core>, command: &W, latches: LatchGuard) -> Result<Step, KvError> {
        let footprint = command.footprint();
        self.check_span(
            footprint.keys.iter().chain(&footprint.record),
            footprint.spans.iter().chain(command.reads()),
        )?;
        let registered = self.in_flight.register(footprint);
        let Some(view) = self.chain.view()? else { return Ok(Step::Broken) };
        let mut eval = Evaluation::new(self, view.snapshot.clone(), registered.command());
        let answer = command.evaluate(&mut eval);
        let batch = eval.into_batch();
        match answer {
            Ok(response) if !batch.is_empty() => {
                let (bytes, bytes_max) = (batch.byte_len() as u64, self.settings.command_bytes_max);
                if bytes > bytes_max {
                    return Err(KvError::TooLarge { bytes, bytes_max });
                }
                // Either way the latches outlive `enqueue`: whoever gets them next must see this effect.
                let (hold, _latches) = if command.exclusive_until_applied() {
                    (Some(latches), None)
                } else {
                    (None, Some(latches))
                };
                match self.chain.enqueue(view.epoch(), batch, registered, command.release(), hold) {
                    Ok(fate) => Ok(Step::Proposed { response, fate }),
                    Err(_) => Ok(Step::Broken),
                }
            }
            answer => {
                let rests_on = if is_definite(&answer) && !bugs::on(Bug::AnswerFromUnapplied) {
                    self.in_flight.around(registered.command(), command.reads())
                } else {
                    Commands::new()
                };
                Ok(Step::Answer { answer, rests_on })
            }
        }
    }

    /// # Errors
    /// `LockNotAvailable` and `Deadlock`. Never `Conflict`: that would say that the command has looked for an earlier
    /// send of itself (T9), which comes after this.
    async fn wait_for_locks(&self, wishes: &Wishes<'_>) -> Result<(), KvError> {
        while let Some((key, strength, holder)) =
            self.locks.blocker(wishes.txn.id, wishes.keys.iter().copied())
        {
            if wishes.holding && (holder.age, holder.id) < (wishes.txn.age, wishes.txn.id) {
                return Err(KvError::LockNotAvailable { key, holder: holder.id });
            }
            self.locks.wait_free(&key, wishes.txn, strength, self.settings.lock_wait_max).await?;
        }
        Ok(())
    }
}

/// Whether an answer without effect says more than "not now": such answers rest on what was seen (T10).
fn is_definite(answer: &Result<Response, KvError>) -> bool {
    !matches!(
        answer,
        Err(KvError::Conflict { .. }
            | KvError::Intents(_)
            | KvError::Uncertain { .. }
            | KvError::DeadlinePassed { .. }
            | KvError::TooLarge { .. }
            | KvError::BelowGcThreshold { .. }
            | KvError::NotLeader { .. }
            | KvError::RangeChanged { .. }
            | KvError::Unavailable { .. })
    )
}
