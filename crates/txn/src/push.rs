//! Foreign intents: ask the coordinator, then the record; wait for the living, recover the dead (T5).
//!
//! ```text
//!   intent ─► its coordinator, by (node, process) ── live ──► wait for its end, with a bound
//!                 │ gone or silent ("unknown" is not "aborted")
//!                 ▼
//!             its record
//!               COMMITTED, ABORTED ──────────────► resolve
//!               absent ──► write ABORTED if absent ─► resolve       (below the threshold: absent = ABORTED, T5a)
//!               STAGING open ──► write ABORTED                      (open evidence never proves)
//!               STAGING c ──► for each piece of evidence: make it impossible if it is missing at c,
//!                             then COMMITTED if all are there, else ABORTED, by compare-and-set
//! ```

use std::collections::BTreeMap;

use base::{Key, Span, Timestamp, TxnId};
use proto::{
    BoxFuture, Decision, Evidence, Intent, KvError, QueryRecordRequest, RecordRequest, RecoverRequest,
    Request, ResolveRequest, Response, Staged, TxnRecord, TxnRef,
};

use crate::coordinator::Coordinator;
use crate::error::Error;
use crate::planted::{Bug, planted};

/// What a coordinator says of one of its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It is being worked on.
    Live,
    /// That run of the process has ended, or it does not know the transaction. It may have committed, or not.
    Gone,
}

/// How to ask coordinators on other nodes.
pub trait Peers: Send + Sync + 'static {
    /// Asks the transaction's coordinator. A node that does not answer in time counts as gone.
    fn liveness(&self, txn: TxnRef) -> BoxFuture<'_, Liveness>;
}

/// Who meets an intent.
pub(crate) struct Waiter {
    pub txn: TxnRef,
    /// It holds intents or locks: then it waits only for younger ones.
    pub holds: bool,
}

/// Why an intent is still in the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PushError {
    /// Its owner is live, and was not or could not be waited for.
    Blocked { key: Key, owner: TxnId },
    /// The keeping half cannot say.
    Kv(KvError),
}

impl PushError {
    pub fn into_error(self, read_ts: Timestamp) -> Error {
        match self {
            PushError::Blocked { key, owner } => Error::Conflict { key, read_ts, blocker: Some(owner) },
            PushError::Kv(KvError::Unknown(why)) => {
                Error::Unavailable { waited: std::time::Duration::ZERO, why }
            }
            PushError::Kv(error) => {
                Error::from_kv(error, TxnId::default(), read_ts, std::time::Duration::ZERO)
            }
        }
    }
}

impl From<KvError> for PushError {
    fn from(error: KvError) -> PushError {
        PushError::Kv(error)
    }
}

/// Asks a live-or-dead question of many intents at most this many keys at a time; beyond, their hull is resolved.
const RESOLVE_POINTS_MAX: usize = 16;

impl Coordinator {
    /// Gets these intents out of the way of `waiter`.
    pub(crate) async fn push(&self, intents: Vec<(Key, Intent)>, waiter: &Waiter) -> Result<(), PushError> {
        let mut owners: BTreeMap<(TxnId, u32), (Intent, Vec<Key>)> = BTreeMap::new();
        for (key, intent) in intents {
            let id = (intent.txn.id, intent.number);
            owners.entry(id).or_insert_with(|| (intent, Vec::new())).1.push(key);
        }
        for (intent, keys) in owners.into_values() {
            self.metrics.pushes.inc();
            self.push_one(&intent, keys, waiter).await?;
        }
        Ok(())
    }

    /// Decides the transaction of an intent that nobody seems to look after, and resolves it there. The hook for
    /// leaseholders that find old intents.
    ///
    /// # Errors
    /// If its coordinator is live, or the keeping half cannot say.
    pub async fn recover_intent(&self, key: Key, intent: Intent) -> Result<(), Error> {
        let nobody = self.fresh_ref(self.clock.now()?);
        let waiter = Waiter { txn: nobody, holds: true };
        self.push_one(&intent, vec![key], &waiter).await.map_err(|e| e.into_error(Timestamp::ZERO))
    }

    async fn push_one(&self, intent: &Intent, keys: Vec<Key>, waiter: &Waiter) -> Result<(), PushError> {
        let owner = &intent.txn;
        if self.liveness(owner).await == Liveness::Live {
            let blocked =
                || PushError::Blocked { key: keys.first().cloned().unwrap_or_default(), owner: owner.id };
            let younger = (owner.age, owner.id) > (waiter.txn.age, waiter.txn.id);
            if waiter.holds && !younger {
                return Err(blocked());
            }
            self.wait_for(owner).await.then_some(()).ok_or_else(blocked)?;
        }
        match self.decide(intent).await? {
            Verdict::Decided(decision) => self.resolve(owner.id, keys, decision, None).await,
            // Nobody skips an intent because of an absent record: it goes only if it is still that one.
            Verdict::Forgotten => self.resolve(owner.id, keys, Decision::Aborted, Some(intent.number)).await,
        }
    }

    async fn liveness(&self, owner: &TxnRef) -> Liveness {
        if owner.coordinator == self.node {
            let here = owner.process == self.process && self.live.is_live(owner.id);
            return if here { Liveness::Live } else { Liveness::Gone };
        }
        match &self.peers {
            Some(peers) => peers.liveness(owner.clone()).await,
            None => Liveness::Gone,
        }
    }

    /// Waits for the end of a live transaction. Says whether it has come.
    async fn wait_for(&self, owner: &TxnRef) -> bool {
        if owner.coordinator == self.node {
            return self.live.ended(owner.id, self.settings.wait_max).await;
        }
        let start = tokio::time::Instant::now();
        let mut tries = 0;
        while start.elapsed() < self.settings.wait_max {
            tokio::time::sleep(self.pause(tries)).await;
            tries += 1;
            if self.liveness(owner).await == Liveness::Gone {
                return true;
            }
        }
        false
    }

    /// Finds out, or decides, what became of the transaction of an intent.
    async fn decide(&self, intent: &Intent) -> Result<Verdict, PushError> {
        let (txn, anchor) = (intent.txn.id, intent.anchor.clone());
        let query = Request::QueryRecord(QueryRecordRequest { txn, anchor: anchor.clone() });
        let Response::Record { mut record, threshold } = self.send_idempotent(query).await? else {
            return Err(KvError::Corrupt("the answer does not fit a record query".into()).into());
        };
        loop {
            let new = match &record {
                Some(TxnRecord::Committed { commit_ts, .. }) => {
                    return Ok(Verdict::Decided(Decision::Committed(*commit_ts)));
                }
                Some(TxnRecord::Aborted { .. }) => return Ok(Verdict::Decided(Decision::Aborted)),
                None if intent.birth <= threshold => return Ok(Verdict::Forgotten),
                None => TxnRecord::Aborted { birth: intent.birth },
                Some(TxnRecord::Staging { staged: Staged::Open, birth, .. }) => {
                    TxnRecord::Aborted { birth: *birth }
                }
                Some(TxnRecord::Staging {
                    staged: Staged::Evidence(evidence),
                    commit_ts,
                    spans,
                    birth,
                    ..
                }) => {
                    if self.all_there(txn, evidence, *commit_ts).await? {
                        TxnRecord::Committed { commit_ts: *commit_ts, spans: spans.clone(), birth: *birth }
                    } else {
                        TxnRecord::Aborted { birth: *birth }
                    }
                }
            };
            let request =
                RecordRequest { txn, anchor: anchor.clone(), expect: record, new: Some(new.clone()) };
            match self.send_idempotent(Request::Record(request)).await {
                Ok(_) => {
                    match new {
                        TxnRecord::Committed { .. } => self.metrics.recovered_committed.inc(),
                        _ => self.metrics.recovered_aborted.inc(),
                    }
                    record = Some(new);
                }
                // Somebody else was faster: begin again with what there is now.
                Err(KvError::RecordMismatch(now)) => record = now,
                Err(KvError::RecordThreshold(_)) => return Ok(Verdict::Forgotten),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes every missing prepare impossible at c, and says whether none is missing.
    async fn all_there(
        &self,
        txn: TxnId,
        evidence: &[Evidence],
        commit_ts: Timestamp,
    ) -> Result<bool, PushError> {
        if planted(Bug::RecoverCarelessly) {
            return Ok(false);
        }
        for item in evidence {
            let request = RecoverRequest { txn, evidence: item.clone(), commit_ts };
            match self.send_idempotent(Request::Recover(request)).await? {
                Response::Recovered(Some(found))
                    if found.number == item.number && found.prepare_ts <= commit_ts => {}
                Response::Recovered(_) => return Ok(false),
                _ => return Err(KvError::Corrupt("the answer does not fit a recovery query".into()).into()),
            }
        }
        Ok(true)
    }

    async fn resolve(
        &self,
        txn: TxnId,
        keys: Vec<Key>,
        decision: Decision,
        number: Option<u32>,
    ) -> Result<(), PushError> {
        let mut points: Vec<Key> = keys;
        points.sort();
        let hull = match (points.first(), points.last()) {
            (Some(first), Some(last)) if points.len() > RESOLVE_POINTS_MAX => {
                Some(Span::new(first.clone(), last.next()))
            }
            _ => None,
        };
        if let Some(span) = hull {
            let request = ResolveRequest { txn, spans: vec![span], decision, number };
            match self.send_idempotent(Request::Resolve(request)).await {
                Ok(_) => return Ok(()),
                // The hull crosses a border; its points do not.
                Err(KvError::RangeChanged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for key in points {
            let request = ResolveRequest { txn, spans: vec![Span::point(key)], decision, number };
            self.send_idempotent(Request::Resolve(request)).await?;
        }
        Ok(())
    }
}

enum Verdict {
    Decided(Decision),
    /// Its record was removed long ago, or can never be written: it is aborted, and only this intent is left.
    Forgotten,
}
