//! Random transactions on a few keys, over a log that delays, refuses and loses what it is given, and ranges that
//! get new leaseholders all the time. Afterwards every committed transaction must have read what a serial run in
//! the order of commit timestamps would have shown it, and every snapshot read what was committed up to it.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::env::Rng;
use base::{Key, Span, Timestamp, TxnId};
use parking_lot::Mutex;
use proto::{
    CommitRequest, GetRequest, KvError, KvSender as _, ReadOptions, Request, Response, ScanRequest, ScanRows,
    Validation, Write,
};
use range::bugs::{Bug, plant};
use support::*;

const KEYS: u64 = 4;
const CLIENTS: u64 = 5;
const TXNS: u64 = 6;

type Seen = BTreeMap<Key, Option<String>>;

/// What one transaction or one snapshot read has seen and done.
#[derive(Debug)]
struct Done {
    id: TxnId,
    at: Timestamp,
    seen: Seen,
    /// Empty for a snapshot read.
    writes: Vec<(Key, Option<String>)>,
}

struct History {
    done: Mutex<Vec<Done>>,
    conflicts: Mutex<u64>,
    resent: Mutex<u64>,
}

fn name(i: u64) -> Key {
    key(&format!("k{i}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct Client {
    world: Arc<World>,
    history: Arc<History>,
    rng: Rng,
    id: u64,
}

impl Client {
    async fn run(self) {
        for i in 0..TXNS {
            self.transaction(TxnId(u128::from(self.id * 1000 + i + 1))).await;
        }
    }

    async fn read(
        &self,
        options: &ReadOptions,
        seen: &mut Seen,
        spans: &mut Vec<Span>,
    ) -> Result<(), KvError> {
        if self.rng.below(3) == 0 {
            let (a, b) = (self.rng.below(KEYS), self.rng.below(KEYS));
            let span = Span::new(name(a.min(b)), name(a.max(b)).next());
            let request = ScanRequest { span: span.clone(), read: options.clone(), ..scan("a", 1) };
            let Response::Scan(found) = self.world.send(Request::Scan(request)).await? else { panic!() };
            let ScanRows::Raw(rows) = found.rows else { panic!() };
            (0..KEYS).map(name).filter(|key| span.contains(key.as_bytes())).for_each(|key| {
                seen.insert(key, None);
            });
            rows.iter().for_each(|(key, value)| {
                seen.insert(key.clone(), Some(text(value)));
            });
            spans.push(span);
        } else {
            let key = name(self.rng.below(KEYS));
            let request = GetRequest { keys: vec![key.clone()], read: options.clone() };
            let Response::Get(values) = self.world.send(Request::Get(request)).await? else { panic!() };
            seen.insert(key.clone(), values[0].as_ref().map(|value| text(value)));
            spans.push(Span::point(key));
        }
        Ok(())
    }

    async fn transaction(&self, id: TxnId) {
        let clock = self.world.kv.clock();
        let start_ts = clock.now().unwrap();
        let options = read(None, start_ts, start_ts);
        let (mut seen, mut spans) = (Seen::new(), Vec::new());
        for _ in 0..1 + self.rng.below(3) {
            if let Err(e) = self.read(&options, &mut seen, &mut spans).await {
                panic!("a read at a fixed snapshot of one clock failed: {e}");
            }
            if self.rng.below(2) == 0 {
                tokio::task::yield_now().await;
            }
        }
        if self.rng.below(4) == 0 {
            self.push(Done { id, at: start_ts, seen, writes: Vec::new() });
            return;
        }
        let mut writes = BTreeMap::new();
        for n in 0..1 + self.rng.below(2) {
            let value = (self.rng.below(5) > 0).then(|| format!("{id}.{n}"));
            writes.insert(name(self.rng.below(KEYS)), value);
        }
        let request = CommitRequest {
            txn: proto::TxnRef { id, ..txn(self.id) },
            start_ts,
            reads: Validation { spans, read_ts: start_ts },
            writes: writes
                .iter()
                .map(|(key, value)| Write { key: key.clone(), value: value.clone().map(|v| v.into()) })
                .collect(),
            min_ts: clock.now().unwrap(),
            exact: self.rng.below(6) == 0,
            max_ts: Timestamp::MAX,
            deadline: start_ts.add(Duration::from_nanos(DEADLINE)),
        };
        // A lost answer: the same command again, until somebody knows.
        loop {
            let patience = if self.rng.below(4) == 0 { self.rng.below(30) } else { u64::MAX };
            let answer = tokio::select! {
                biased;
                answer = self.world.kv.send(Request::Commit(request.clone())) => answer,
                () = turns(patience) => Err(KvError::Unknown("gave up waiting".into())),
            };
            let at = match answer {
                Ok(Response::Committed(at)) | Err(KvError::AlreadyCommitted(at)) => at,
                Err(KvError::Conflict { .. }) => {
                    *self.history.conflicts.lock() += 1;
                    return;
                }
                Err(KvError::Unknown(_) | KvError::Unavailable { .. }) => {
                    *self.history.resent.lock() += 1;
                    tokio::task::yield_now().await;
                    continue;
                }
                other => panic!("{other:?}"),
            };
            self.push(Done { id, at, seen, writes: writes.into_iter().collect() });
            // As gateways do: nothing later may begin below.
            while clock.update(at).is_err() {
                self.world.clock.advance(Duration::from_nanos(10));
            }
            return;
        }
    }

    fn push(&self, done: Done) {
        self.history.done.lock().push(done);
    }
}

async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// Moves the log by chance until all clients are done.
async fn disturb(world: Arc<World>, rng: Rng, clients: Vec<tokio::task::JoinHandle<()>>) {
    let k = key("k");
    while clients.iter().any(|client| !client.is_finished()) {
        match rng.below(40) {
            0 => drop(world.kv.refuse_next(&k)),
            1 => {
                world.kv.lose_next(&k, rng.below(2) == 0);
                world.kv.restart(&k);
                world.kv.hold(&k);
                // What the low-water mark of the new incarnation asks for.
                world.clock.advance(Duration::from_nanos(OFFSET + 10));
            }
            2 => world.clock.advance(Duration::from_nanos(rng.below(5))),
            3..=15 => drop(world.kv.apply_next(&k)),
            _ => {}
        }
        tokio::task::yield_now().await;
    }
    for client in clients {
        client.await.unwrap();
    }
    world.kv.release(&k);
}

/// What is wrong with a history, if anything.
fn check(history: &History) -> Result<(), String> {
    let mut done = history.done.lock();
    done.sort_by_key(|done| done.at);
    for one in done.iter() {
        let mut expected: Seen = one.seen.keys().map(|key| (key.clone(), None)).collect();
        for other in done.iter().filter(|other| other.id != one.id) {
            // A snapshot shows what lies at it, a commit read what lies below it; T2 leaves nothing of others at it.
            for (key, value) in other.writes.iter().filter(|_| other.at <= one.at) {
                if let Some(entry) = expected.get_mut(key) {
                    *entry = value.clone();
                }
            }
        }
        if expected != one.seen {
            return Err(format!("{one:?} should have seen {expected:?}\nin {done:#?}"));
        }
    }
    for pair in done.windows(2) {
        let both = pair[0].writes.iter().any(|(key, _)| pair[1].writes.iter().any(|(other, _)| key == other));
        if both && pair[0].at == pair[1].at {
            return Err(format!("two versions at one timestamp: {pair:?}"));
        }
    }
    Ok(())
}

fn run(seed: u64) -> (Result<(), String>, u64, u64, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let rng = Rng::new(seed);
        let settings = range::Settings {
            // Small enough that evictions happen.
            ts_cache_points_max: 2 + rng.below(6) as usize,
            ts_cache_spans_max: 4,
            attempts_max: 1000,
            ..support::settings()
        };
        let world = Arc::new(world_with(&[], settings));
        world.kv.hold(&key("k"));
        let history = Arc::new(History {
            done: Mutex::default(),
            conflicts: Mutex::default(),
            resent: Mutex::default(),
        });
        let clients = (1..=CLIENTS).map(|id| {
            let (world, history, rng) = (world.clone(), history.clone(), rng.child());
            tokio::spawn(Client { world, history, rng, id }.run())
        });
        let clients = clients.collect();
        disturb(world.clone(), rng.child(), clients).await;
        let left = world.kv.range(&key("k")).load();
        assert_eq!(left, (0, 0), "seed {seed}: something was left in flight or locked");
        let (conflicts, resent) = (*history.conflicts.lock(), *history.resent.lock());
        let committed = history.done.lock().iter().filter(|done| !done.writes.is_empty()).count();
        (check(&history), conflicts, resent, committed)
    })
}

#[test]
fn random_histories_are_serializable() {
    let (mut conflicts, mut resent, mut committed) = (0, 0, 0);
    for seed in 0..400 {
        let (verdict, c, r, n) = run(seed);
        verdict.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        (conflicts, resent, committed) = (conflicts + c, resent + r, committed + n);
    }
    // The runs were about something.
    assert!(conflicts > 100 && resent > 100 && committed > 1000, "{conflicts} {resent} {committed}");
}

/// The same runs find each of these bugs.
#[test]
fn random_histories_find_planted_bugs() {
    for bug in [
        Bug::IgnoreTsCache,
        Bug::IgnoreNewestVersion,
        Bug::SkipValidation,
        Bug::ValidateWithoutBump,
        Bug::ReadDoesNotWait,
        Bug::IgnoreOverlay,
        Bug::ForgetLowWaterMark,
        Bug::SkipFirstLook,
        Bug::AnswerFromUnapplied,
    ] {
        let _planted = plant(bug);
        let found = (0..2000).find(|seed| run(*seed).0.is_err());
        assert!(found.is_some(), "{bug:?} was not found");
    }
}
