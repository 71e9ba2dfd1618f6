//! Pushed-down updates of one row: read, modified and committed at the leaseholder in one command. Under
//! contention they queue there and never fail validation of the row itself.

use std::sync::Arc;

use base::{Key, Span, Timestamp};
use datum::RowUpdate;
use proto::{KvError, Request, Response, UpdateRequest, UpdateResponse, Validation};

use crate::commit::machine::{AtMostOnce, Judgement};
use crate::coordinator::Coordinator;
use crate::error::Error;
use crate::push::Waiter;

/// What an update depends on beside its row.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// Spans that were read to plan it (descriptors), as of `read_ts`.
    pub reads: Vec<Span>,
    /// Their snapshot. Ignored without `reads`.
    pub read_ts: Timestamp,
    /// Not committed above this. `None`: no bound.
    pub max_ts: Option<Timestamp>,
    /// The age of the first attempt, if this is a later one.
    pub age: Option<Timestamp>,
}

impl Coordinator {
    /// Changes one row at its newest version, as a transaction of its own.
    ///
    /// # Errors
    /// `Conflict` if what was read besides has changed; `Unknown` if it was committed but its result is lost, or if
    /// nobody can say; `User` if an expression or check failed.
    pub async fn update_row(
        self: &Arc<Self>,
        key: Key,
        update: Arc<RowUpdate>,
        options: UpdateOptions,
    ) -> Result<UpdateResponse, Error> {
        let start_ts = self.clock.now()?;
        let txn = self.fresh_ref(options.age.unwrap_or(start_ts));
        let deadline = start_ts.add(self.settings.commit_deadline);
        let request = UpdateRequest {
            txn: txn.clone(),
            start_ts,
            key: key.clone(),
            update: update.clone(),
            reads: Validation { spans: options.reads, read_ts: options.read_ts },
            min_ts: start_ts,
            max_ts: options.max_ts.unwrap_or(Timestamp::MAX),
            deadline,
        };
        // A task of its own: a dropped client must not leave half of the retries undone.
        let owned = self.clone();
        let task = self.env.spawn("update-row", async move { owned.update_to_the_end(request).await });
        match task.await {
            Ok(result) => result,
            Err(error) => Err(Error::Unknown { txn: txn.id, why: format!("its task has ended: {error}") }),
        }
    }

    async fn update_to_the_end(self: &Arc<Self>, request: UpdateRequest) -> Result<UpdateResponse, Error> {
        let started = tokio::time::Instant::now();
        let mut once = AtMostOnce::new(request.deadline.add(self.clock.max_offset()));
        let waiter = Waiter { txn: request.txn.clone(), holds: false };
        let fail = |error| Error::from_kv(error, request.txn.id, request.min_ts, started.elapsed());
        let mut tries = 0;
        loop {
            match self.clock.now() {
                Ok(now) => once.sent(now),
                Err(_) if once.unanswered() => {
                    return Err(fail(KvError::Unknown("an earlier send was never answered".into())));
                }
                Err(error) => return Err(error),
            }
            let answer = self.send(Request::Update(request.clone())).await;
            // Without a clock nobody can say whether it is too late for an earlier send: as if it were for this one.
            let now = self.clock.now().unwrap_or(Timestamp::MAX);
            let error = match answer {
                Ok(Response::Updated(done)) if done.commit_ts.is_some() || !once.unanswered() => {
                    return Ok(done);
                }
                // "No row" is a negative answer like any other (T9).
                Ok(Response::Updated(done)) => match once.judge_negative(true) {
                    Judgement::Final => return Ok(done),
                    Judgement::Again => KvError::Unknown("an earlier send may still take effect".into()),
                    Judgement::Unknown => KvError::Unknown("an earlier send was never answered".into()),
                },
                Ok(_) => return Err(crate::read::unexpected("update")),
                Err(KvError::AlreadyCommitted(at)) if request.update.returning.is_empty() => {
                    // It was this command, and it returns no columns: one row was written, that is all there is to say.
                    let mut row = datum::Batch::new(0);
                    row.push([]);
                    return Ok(UpdateResponse { row: Some(row), commit_ts: Some(at) });
                }
                Err(KvError::Intents(intents)) => match self.push(intents, &waiter).await {
                    Ok(()) => continue,
                    Err(error) => match once.judge_negative(true) {
                        Judgement::Final => return Err(error.into_error(request.min_ts)),
                        _ => KvError::Unknown("an earlier send was never answered".into()),
                    },
                },
                Err(error) => error,
            };
            match once.judge(now, &error) {
                Judgement::Final if unserved(&error) && started.elapsed() < self.settings.unavailable_max => {
                }
                Judgement::Final => {
                    if matches!(error, KvError::Conflict { .. } | KvError::LockNotAvailable { .. }) {
                        self.metrics.conflicts.inc();
                    }
                    return Err(match error {
                        // It asked for no lock of its own: another transaction stood in its way.
                        KvError::LockNotAvailable { key, holder } => {
                            Error::Conflict { key, read_ts: request.min_ts, blocker: Some(holder) }
                        }
                        error => fail(error),
                    });
                }
                Judgement::Again => {}
                Judgement::Unknown => {
                    self.metrics.unknown.inc();
                    return Err(fail(KvError::Unknown(error.to_string())));
                }
            }
            tokio::time::sleep(self.pause(tries)).await;
            tries += 1;
        }
    }
}

/// It was not evaluated, and may be served in a moment.
fn unserved(error: &KvError) -> bool {
    matches!(error, KvError::Unavailable { .. } | KvError::RangeChanged { .. } | KvError::NotLeader { .. })
}
