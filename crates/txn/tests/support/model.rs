//! A model of the keeping half: ranges cut at given keys, evaluated at once and in one piece. It follows T1 to T9
//! to the letter and knows nothing of latches, logs or replicas.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Key, RangeId, Span, Timestamp, TxnId};
use bytes::Bytes;
use parking_lot::Mutex;
use proto::*;

use super::TestClock;

#[derive(Clone, Debug)]
pub struct Version {
    pub at: Timestamp,
    pub txn: TxnId,
    pub value: Option<Bytes>,
}

#[derive(Default)]
pub struct State {
    /// Where ranges begin, the first one aside.
    pub cuts: Vec<Key>,
    /// Newest first.
    pub versions: BTreeMap<Key, Vec<Version>>,
    pub intents: BTreeMap<Key, Intent>,
    pub records: BTreeMap<TxnId, TxnRecord>,
    pub locks: BTreeMap<Key, TxnId>,
    reads: Vec<(Span, Timestamp, Option<TxnId>)>,
    threshold: Timestamp,
}

/// The model. Cheap to clone.
#[derive(Clone)]
pub struct Model {
    pub state: Arc<Mutex<State>>,
    pub clock: Arc<TestClock>,
}

impl Model {
    pub fn new(clock: Arc<TestClock>, cuts: &[&str]) -> Model {
        let cuts = cuts.iter().map(|c| Key::from(c.as_bytes())).collect();
        Model { state: Arc::new(Mutex::new(State { cuts, ..State::default() })), clock }
    }

    pub fn evaluate(&self, request: Request) -> Result<Response, KvError> {
        let now = self.clock.read();
        self.state.lock().evaluate(request, now)
    }
}

impl KvSender for Model {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move { self.evaluate(request) })
    }
}

impl Partition for Model {
    fn pieces<'a>(&'a self, keys: &'a [Key], _fresh: bool) -> BoxFuture<'a, Result<Vec<Piece>, KvError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(keys.iter().map(|k| Piece(state.range(k).0)).collect())
        })
    }
}

impl State {
    pub fn range(&self, key: &Key) -> RangeId {
        RangeId(self.cuts.partition_point(|cut| cut <= key) as u64)
    }

    pub fn one_range<'a>(&self, mut keys: impl Iterator<Item = &'a Key>) -> Result<(), KvError> {
        let Some(first) = keys.next() else { return Ok(()) };
        let range = self.range(first);
        if keys.all(|k| self.range(k) == range) {
            Ok(())
        } else {
            Err(KvError::RangeChanged { newer: vec![] })
        }
    }

    pub fn evaluate(&mut self, request: Request, now: Timestamp) -> Result<Response, KvError> {
        match request {
            Request::Get(r) => {
                for key in &r.keys {
                    self.examine(&Span::point(key.clone()), &r.read)?;
                }
                let found: Vec<_> = r.keys.iter().map(|k| self.visible(k, r.read.read_ts)).collect();
                for (key, value) in r.keys.iter().zip(&found) {
                    if value.is_some() {
                        self.lock(key, &r.read)?;
                    }
                }
                Ok(Response::Get(found))
            }
            Request::Scan(r) => self.scan(&r).map(Response::Scan),
            Request::Validate(r) => {
                self.validate(&r.spans, r.read_ts, r.commit_ts, r.txn.id)?;
                Ok(Response::Done)
            }
            Request::Lock(r) => {
                for key in &r.keys {
                    self.take_lock(key, r.txn.id)?;
                }
                Ok(Response::Done)
            }
            Request::Unlock(r) => {
                for key in &r.keys {
                    self.unlock(r.txn, key);
                }
                Ok(Response::Done)
            }
            Request::Commit(r) => self.commit(r, now),
            Request::Prepare(r) => self.prepare(r, now),
            Request::Record(r) => self.record(r),
            Request::QueryRecord(r) => {
                Ok(Response::Record { record: self.records.get(&r.txn).cloned(), threshold: self.threshold })
            }
            Request::Recover(r) => {
                self.reads.push((Span::point(r.evidence.key.clone()), r.commit_ts, None));
                let intent = self.intents.get(&r.evidence.key);
                let ours = intent.filter(|i| i.txn.id == r.txn && i.number == r.evidence.number);
                Ok(Response::Recovered(ours.cloned()))
            }
            Request::Resolve(r) => {
                let keys: Vec<Key> = self
                    .intents
                    .iter()
                    .filter(|(k, i)| {
                        i.txn.id == r.txn
                            && r.number.is_none_or(|n| n == i.number)
                            && r.spans.iter().any(|s| s.contains(k.as_bytes()))
                    })
                    .map(|(k, _)| k.clone())
                    .collect();
                for key in &keys {
                    let Some(intent) = self.intents.remove(key) else { continue };
                    if let Decision::Committed(at) = r.decision
                        && intent.prepare_ts <= at
                    {
                        self.write(key.clone(), at, r.txn, intent.value);
                    }
                }
                Ok(Response::Resolved(keys.len() as u64))
            }
            Request::Update(_) | Request::ClearSpan(_) | Request::Gc(_) => {
                Err(KvError::Corrupt("the model does not know this request".into()))
            }
        }
    }

    fn visible(&self, key: &Key, at: Timestamp) -> Option<Bytes> {
        self.versions.get(key)?.iter().find(|v| v.at <= at)?.value.clone()
    }

    fn write(&mut self, key: Key, at: Timestamp, txn: TxnId, value: Option<Bytes>) {
        let versions = self.versions.entry(key).or_default();
        let place = versions.partition_point(|v| v.at > at);
        versions.insert(place, Version { at, txn, value });
    }

    fn unlock(&mut self, txn: TxnId, key: &Key) {
        let range = self.range(key);
        let cuts = self.cuts.clone();
        let range_of = |k: &Key| RangeId(cuts.partition_point(|cut| cut <= k) as u64);
        self.locks.retain(|k, owner| *owner != txn || range_of(k) != range);
    }

    fn take_lock(&mut self, key: &Key, txn: TxnId) -> Result<(), KvError> {
        match self.locks.get(key) {
            Some(holder) if *holder != txn => {
                Err(KvError::LockNotAvailable { key: key.clone(), holder: *holder })
            }
            _ => {
                self.locks.insert(key.clone(), txn);
                Ok(())
            }
        }
    }

    fn lock(&mut self, key: &Key, read: &ReadOptions) -> Result<(), KvError> {
        match (&read.lock, &read.txn) {
            (Some(_), Some(txn)) => {
                self.take_lock(key, txn.id)?;
                if let Some(intent) = self.intents.get(key).filter(|i| i.txn.id != txn.id) {
                    return Err(KvError::Intents(vec![(key.clone(), intent.clone())]));
                }
                match self.versions.get(key).and_then(|v| v.first()) {
                    Some(newest) if newest.at > read.read_ts => {
                        Err(KvError::Uncertain { key: key.clone(), at: newest.at })
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A read of a span: bumps the timestamp cache, looks for intents and for uncertain versions.
    fn examine(&mut self, span: &Span, read: &ReadOptions) -> Result<(), KvError> {
        let me = read.txn.as_ref().map(|t| t.id);
        self.reads.push((span.clone(), read.read_ts, me));
        let intents: Vec<_> = self
            .intents
            .range(span.start.clone()..span.end.clone())
            .filter(|(_, i)| Some(i.txn.id) != me && i.prepare_ts <= read.uncertainty_limit)
            .map(|(k, i)| (k.clone(), i.clone()))
            .collect();
        if !intents.is_empty() {
            return Err(KvError::Intents(intents));
        }
        for (key, versions) in self.versions.range(span.start.clone()..span.end.clone()) {
            let newer = versions.iter().find(|v| v.at > read.read_ts && v.at <= read.uncertainty_limit);
            if let Some(version) = newer {
                return Err(KvError::Uncertain { key: key.clone(), at: version.at });
            }
        }
        Ok(())
    }

    fn scan(&mut self, r: &ScanRequest) -> Result<ScanResponse, KvError> {
        let found = self.versions.range(r.span.start.clone()..r.span.end.clone());
        let mut rows: Vec<(Key, Bytes)> =
            found.filter_map(|(k, _)| Some((k.clone(), self.visible(k, r.read.read_ts)?))).collect();
        if r.reverse {
            rows.reverse();
        }
        let mut resume = None;
        if r.row_limit > 0 && rows.len() as u64 > r.row_limit {
            rows.truncate(r.row_limit as usize);
            let last = &rows.last().expect("the limit is above 0").0;
            resume = Some(if r.reverse {
                Span::new(r.span.start.clone(), last.clone())
            } else {
                Span::new(last.next(), r.span.end.clone())
            });
        }
        let examined = match &resume {
            None => r.span.clone(),
            Some(left) if r.reverse => Span::new(left.end.clone(), r.span.end.clone()),
            Some(left) => Span::new(r.span.start.clone(), left.start.clone()),
        };
        self.examine(&examined, &r.read)?;
        for (key, _) in &rows {
            self.lock(key, &r.read)?;
        }
        Ok(ScanResponse { rows: ScanRows::Raw(rows), resume })
    }

    fn validate(
        &mut self,
        spans: &[Span],
        read_ts: Timestamp,
        commit_ts: Timestamp,
        me: TxnId,
    ) -> Result<(), KvError> {
        for span in spans {
            // Bumped before it looks, as a read is.
            self.reads.push((span.clone(), commit_ts, Some(me)));
            let intents: Vec<_> = self
                .intents
                .range(span.start.clone()..span.end.clone())
                .filter(|(_, i)| i.txn.id != me && i.prepare_ts <= commit_ts)
                .map(|(k, i)| (k.clone(), i.clone()))
                .collect();
            if !intents.is_empty() {
                return Err(KvError::Intents(intents));
            }
            for (key, versions) in self.versions.range(span.start.clone()..span.end.clone()) {
                let changed = |v: &&Version| v.txn != me && v.at > read_ts && v.at <= commit_ts;
                if let Some(version) = versions.iter().find(changed) {
                    return Err(KvError::Conflict { key: key.clone(), at: version.at });
                }
            }
        }
        Ok(())
    }

    /// T1: the least timestamp at or above `from` at which these keys may be written.
    fn write_ts(&self, writes: &[Write], me: TxnId, from: Timestamp) -> Timestamp {
        let mut at = from;
        for write in writes {
            for (span, read_ts, owner) in &self.reads {
                if span.contains(write.key.as_bytes()) && *owner != Some(me) && *read_ts >= at {
                    at = read_ts.next();
                }
            }
            if let Some(newest) = self.versions.get(&write.key).and_then(|v| v.first())
                && newest.at >= at
            {
                at = newest.at.next();
            }
        }
        at
    }

    fn foreign(&self, writes: &[Write], me: TxnId) -> Result<(), KvError> {
        let blocked: Vec<_> = writes
            .iter()
            .filter_map(|w| Some((w.key.clone(), self.intents.get(&w.key)?.clone())))
            .filter(|(_, i)| i.txn.id != me)
            .collect();
        if !blocked.is_empty() {
            return Err(KvError::Intents(blocked));
        }
        for write in writes {
            if let Some(holder) = self.locks.get(&write.key).filter(|holder| **holder != me) {
                return Err(KvError::LockNotAvailable { key: write.key.clone(), holder: *holder });
            }
        }
        Ok(())
    }

    fn own_version(&self, key: &Key, me: TxnId, start_ts: Timestamp) -> Option<Timestamp> {
        self.versions.get(key)?.iter().find(|v| v.txn == me && v.at > start_ts).map(|v| v.at)
    }

    fn commit(&mut self, r: CommitRequest, now: Timestamp) -> Result<Response, KvError> {
        let me = r.txn.id;
        self.one_range(r.writes.iter().map(|w| &w.key).chain(r.reads.spans.iter().map(|s| &s.start)))?;
        if let Some(at) = self.own_version(&r.writes[0].key, me, r.start_ts) {
            return Err(KvError::AlreadyCommitted(at));
        }
        if now > r.deadline {
            return Err(KvError::DeadlinePassed { deadline: r.deadline });
        }
        self.foreign(&r.writes, me)?;
        let at = self.write_ts(&r.writes, me, r.min_ts);
        if r.exact && at != r.min_ts {
            return Err(KvError::Conflict { key: r.writes[0].key.clone(), at: at.prev() });
        }
        if at > r.max_ts {
            return Err(KvError::DeadlinePassed { deadline: r.max_ts });
        }
        self.validate(&r.reads.spans, r.reads.read_ts, at, me)?;
        self.unlock(me, &r.writes[0].key);
        for write in r.writes {
            self.write(write.key, at, me, write.value);
        }
        Ok(Response::Committed(at))
    }

    fn prepare(&mut self, r: PrepareRequest, now: Timestamp) -> Result<Response, KvError> {
        let me = r.txn.id;
        self.one_range(r.writes.iter().map(|w| &w.key).chain(r.reads.spans.iter().map(|s| &s.start)))?;
        let first = &r.writes[0].key;
        if let Some(at) = self.own_version(first, me, r.start_ts) {
            return Err(KvError::AlreadyCommitted(at));
        }
        if let Some(intent) = self.intents.get(first).filter(|i| i.txn.id == me) {
            return if intent.number == r.number {
                Ok(Response::Prepared(intent.prepare_ts))
            } else {
                Err(KvError::Conflict { key: first.clone(), at: intent.prepare_ts })
            };
        }
        if now > r.deadline {
            return Err(KvError::DeadlinePassed { deadline: r.deadline });
        }
        if r.stage.is_some() {
            match self.records.get(&me) {
                Some(record @ (TxnRecord::Committed { .. } | TxnRecord::Aborted { .. })) => {
                    return Err(KvError::RecordMismatch(Some(record.clone())));
                }
                None if r.birth <= self.threshold => return Err(KvError::RecordThreshold(self.threshold)),
                _ => {}
            }
        }
        self.foreign(&r.writes, me)?;
        self.validate(&r.reads.spans, r.reads.read_ts, r.commit_ts, me)?;
        let prepare_ts = self.write_ts(&r.writes, me, r.commit_ts);
        if prepare_ts > r.max_ts {
            return Err(KvError::DeadlinePassed { deadline: r.max_ts });
        }
        for write in r.writes {
            let intent = Intent {
                txn: r.txn.clone(),
                number: r.number,
                prepare_ts,
                anchor: r.anchor.clone(),
                birth: r.birth,
                value: write.value,
            };
            self.intents.insert(write.key, intent);
        }
        if let Some(StageRecord { stage, staged, spans }) = r.stage {
            let staging = TxnRecord::Staging { stage, commit_ts: r.commit_ts, staged, spans, birth: r.birth };
            self.records.entry(me).or_insert(staging);
        }
        Ok(Response::Prepared(prepare_ts))
    }

    fn record(&mut self, r: RecordRequest) -> Result<Response, KvError> {
        let found = self.records.get(&r.txn).cloned();
        let decided = matches!(found, Some(TxnRecord::Committed { .. } | TxnRecord::Aborted { .. }));
        if found != r.expect || (decided && r.new.is_some()) {
            return Err(KvError::RecordMismatch(found));
        }
        match r.new {
            Some(new) => self.records.insert(r.txn, new),
            None => self.records.remove(&r.txn),
        };
        Ok(Response::Done)
    }
}
