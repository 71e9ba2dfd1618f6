//! The model of versions and intents: a map, and the rules written out plainly.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use base::env::Rng;
use base::{Key, NodeId, ProcessId, Span, Timestamp, TxnId};
use bytes::Bytes;
use proto::{Intent, TxnRef};

use super::{chance, pick};
use crate::batch::WriteBatch;
use crate::mvcc::{Met, ReadAt, ReadError, VersionMeta, write};

/// What a key holds, as simply as it can be said.
#[derive(Clone, Default)]
pub struct Model {
    pub versions: BTreeMap<(Key, Reverse<Timestamp>), (TxnId, Option<Bytes>)>,
    pub intents: BTreeMap<Key, Intent>,
}

/// How a scan went.
#[derive(Debug, PartialEq)]
pub struct Scanned {
    pub rows: Vec<(Key, Bytes, VersionMeta)>,
    pub end: Result<(), ReadError>,
}

impl Model {
    pub fn get(&self, key: &Key, at: &ReadAt) -> Result<Option<(Bytes, VersionMeta)>, ReadError> {
        if let Some(intent) = self.intents.get(key)
            && at.own != Some(intent.txn.id)
            && intent.prepare_ts <= at.uncertainty_limit
        {
            return Err(ReadError::Intents(vec![(key.clone(), intent.clone())]));
        }
        let newest = self.versions_of(key).find(|(meta, _)| meta.ts <= at.uncertainty_limit);
        match newest {
            Some((meta, _)) if meta.ts > at.read_ts => {
                Err(ReadError::Uncertain { key: key.clone(), at: meta.ts })
            }
            Some((meta, value)) => Ok(value.clone().map(|value| (value, meta))),
            None => Ok(None),
        }
    }

    pub fn scan(&self, span: &Span, reverse: bool, at: &ReadAt) -> Scanned {
        let mut keys = self.keys(span);
        if reverse {
            keys.reverse();
        }
        let mut scanned = Scanned { rows: Vec::new(), end: Ok(()) };
        let mut intents = Vec::new();
        for key in keys {
            match self.get(&key, at) {
                Ok(Some((value, meta))) if intents.is_empty() => scanned.rows.push((key, value, meta)),
                Ok(_) => {}
                Err(ReadError::Intents(more)) => intents.extend(more),
                Err(e) if intents.is_empty() => {
                    scanned.end = Err(e);
                    return scanned;
                }
                Err(_) => {}
            }
        }
        if !intents.is_empty() {
            scanned.end = Err(ReadError::Intents(intents));
        }
        scanned
    }

    pub fn conflict_in(
        &self,
        span: &Span,
        after: Timestamp,
        upto: Timestamp,
        own: Option<TxnId>,
    ) -> Option<Met> {
        let mut intents = Vec::new();
        for key in self.keys(span) {
            if let Some(intent) = self.intents.get(&key)
                && own != Some(intent.txn.id)
                && intent.prepare_ts <= upto
            {
                intents.push((key.clone(), intent.clone()));
            }
            let met =
                self.versions_of(&key).find(|(v, _)| v.ts > after && v.ts <= upto && own != Some(v.txn));
            if let Some((meta, _)) = met {
                return Some(Met::Version { key, meta });
            }
        }
        (!intents.is_empty()).then_some(Met::Intents(intents))
    }

    pub fn versions_of(&self, key: &Key) -> impl Iterator<Item = (VersionMeta, &Option<Bytes>)> {
        let from = (key.clone(), Reverse(Timestamp::MAX));
        let to = (key.clone(), Reverse(Timestamp::ZERO));
        self.versions
            .range(from..=to)
            .map(|((_, ts), (txn, value))| (VersionMeta { ts: ts.0, txn: *txn }, value))
    }

    pub fn keys(&self, span: &Span) -> Vec<Key> {
        let keys: BTreeSet<_> = self.versions.keys().map(|(key, _)| key).chain(self.intents.keys()).collect();
        keys.into_iter().filter(|key| span.contains(key.as_bytes())).cloned().collect()
    }

    /// Writes something at random, here and into the batch.
    pub fn write_something(&mut self, rng: &Rng, batch: &mut WriteBatch) {
        let key = random_user_key(rng);
        let txn = random_txn(rng);
        let value = chance(rng, 75).then(|| Bytes::from(rng.next_u64().to_be_bytes().to_vec()));
        if chance(rng, 12) {
            let intent = Intent {
                txn: TxnRef {
                    id: txn,
                    age: Timestamp::new(1, 0),
                    coordinator: NodeId(1),
                    process: ProcessId(1),
                },
                number: rng.below(2) as u32,
                prepare_ts: random_ts(rng),
                anchor: key.clone(),
                birth: Timestamp::new(1, 0),
                value,
            };
            write::put_intent(batch, key.as_bytes(), &intent);
            self.intents.insert(key, intent);
        } else if chance(rng, 12) {
            write::remove_intent(batch, key.as_bytes());
            self.intents.remove(&key);
        } else {
            let ts = random_ts(rng);
            write::put_version(batch, key.as_bytes(), ts, txn, value.as_deref());
            self.versions.insert((key, Reverse(ts)), (txn, value));
        }
    }
}

/// One of a dozen keys; some get many versions, some begin with others, some are full of zeros.
pub fn random_user_key(rng: &Rng) -> Key {
    let hot: &[&[u8]] = &[b"hot", b"\0\0\0\0\0\0\0\x07"];
    let others: &[&[u8]] =
        &[b"", b"\0", b"\0\0", b"a", b"a\0", b"a\0\0", b"ab", b"b", b"b\0\x01", b"\xff", b"h", b"hot\0"];
    Key::from(*pick(rng, if chance(rng, 50) { hot } else { others }))
}

pub fn random_span(rng: &Rng) -> Span {
    match rng.below(4) {
        0 => Span::all(),
        1 => Span::point(random_user_key(rng)),
        _ => {
            let (a, b) = (random_user_key(rng), random_user_key(rng));
            let b = if chance(rng, 50) { b.next() } else { b };
            Span::new(a.clone().min(b.clone()), a.max(b))
        }
    }
}

pub fn random_ts(rng: &Rng) -> Timestamp {
    Timestamp::new(1 + rng.below(30), rng.below(2) as u32)
}

pub fn random_txn(rng: &Rng) -> TxnId {
    TxnId(1 + u128::from(rng.below(4)))
}

pub fn random_read(rng: &Rng) -> ReadAt {
    let read_ts = random_ts(rng);
    let uncertainty_limit = if chance(rng, 50) { read_ts } else { read_ts.max(random_ts(rng)) };
    ReadAt { read_ts, uncertainty_limit, own: chance(rng, 50).then(|| random_txn(rng)) }
}
