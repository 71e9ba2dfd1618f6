use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::env::{Blocking, Env, PhysicalClock};
use base::{Key, NodeId, RangeId, Span, Timestamp, TxnId};
use bytes::Bytes;
use parking_lot::Mutex;
use proptest::prelude::*;
use proto::*;

use super::*;

struct StoppedClock;
impl PhysicalClock for StoppedClock {
    fn wall(&self) -> u64 {
        1
    }
    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn env() -> Env {
    Env::new(Arc::new(StoppedClock), 1, Blocking::Inline)
}

fn key(n: u8) -> Key {
    Key::from(vec![n])
}

/// Ranges cut at these keys, each on all of these nodes.
fn ranges(cuts: &[u8], generation: u64, first_id: u64, nodes: &[u64]) -> Vec<RangeDescriptor> {
    let mut cuts: Vec<Key> = cuts.iter().map(|n| key(*n)).collect();
    cuts.sort();
    cuts.dedup();
    cuts.retain(|cut| *cut > Key::MIN);
    let starts = std::iter::once(Key::MIN).chain(cuts.clone());
    let ends = cuts.clone().into_iter().chain([Key::MAX]);
    starts
        .zip(ends)
        .enumerate()
        .map(|(i, (start, end))| RangeDescriptor {
            id: RangeId(first_id + i as u64),
            span: Span::new(start, end),
            replicas: nodes.iter().map(|n| ReplicaDescriptor { node: NodeId(*n), voter: true }).collect(),
            generation,
        })
        .collect()
}

/// A cluster that keeps a map: judges each request by the true descriptors.
struct World {
    data: BTreeMap<Key, Bytes>,
    truth: Mutex<Vec<RangeDescriptor>>,
    leader: Mutex<NodeId>,
    hints: bool,
    log: Mutex<Vec<String>>,
    /// Answers to be given before the true ones.
    next: Mutex<Vec<KvError>>,
    sends: AtomicUsize,
    /// A range answers with so many rows at most, whatever is asked for; 0 = no limit.
    rows_max: AtomicUsize,
}

impl World {
    fn new(truth: Vec<RangeDescriptor>) -> World {
        let data = (0..=250u8).filter(|n| n % 3 != 0).map(|n| (key(n), Bytes::from(vec![n; 4]))).collect();
        World {
            data,
            truth: Mutex::new(truth),
            leader: Mutex::new(NodeId(1)),
            hints: true,
            log: Mutex::default(),
            next: Mutex::default(),
            sends: AtomicUsize::new(0),
            rows_max: AtomicUsize::new(0),
        }
    }

    fn answer(&self, node: NodeId, range: RangeId, request: Request) -> Result<Response, KvError> {
        self.sends.fetch_add(1, Ordering::Relaxed);
        self.log.lock().push(format!("{node} {range}"));
        if let Some(error) = self.next.lock().pop() {
            return Err(error);
        }
        let truth = self.truth.lock().clone();
        let leader = *self.leader.lock();
        if node != leader {
            return Err(KvError::NotLeader { range, hint: self.hints.then_some(leader) });
        }
        let Some(range) = truth.iter().find(|r| r.id == range) else {
            return Err(KvError::RangeChanged { newer: vec![] });
        };
        let changed = || {
            // Only what this replica knows: its own descriptor.
            Err(KvError::RangeChanged { newer: vec![range.clone()] })
        };
        match request {
            Request::Get(r) => {
                if !r.keys.iter().all(|k| range.span.contains(k.as_bytes())) {
                    return changed();
                }
                Ok(Response::Get(r.keys.iter().map(|k| self.data.get(k).cloned()).collect()))
            }
            Request::Scan(r) => {
                if !range.span.contains_span(&r.span) {
                    return changed();
                }
                Ok(Response::Scan(self.scan(&r)))
            }
            Request::Validate(r) => {
                if !r.spans.iter().all(|s| range.span.contains_span(s)) {
                    return changed();
                }
                Ok(Response::Done)
            }
            Request::Resolve(r) => {
                if !r.spans.iter().all(|s| range.span.contains_span(s)) {
                    return changed();
                }
                let count = |s: &Span| self.data.keys().filter(|k| s.contains(k.as_bytes())).count() as u64;
                Ok(Response::Resolved(r.spans.iter().map(count).sum()))
            }
            Request::Commit(r) => {
                if !r.writes.iter().all(|w| range.span.contains(w.key.as_bytes())) {
                    return changed();
                }
                Ok(Response::Committed(r.min_ts))
            }
            _ => Ok(Response::Done),
        }
    }

    fn scan(&self, r: &ScanRequest) -> ScanResponse {
        let mut keys: Vec<&Key> = self.data.keys().filter(|k| r.span.contains(k.as_bytes())).collect();
        if r.reverse {
            keys.reverse();
        }
        let mut rows = Vec::new();
        let mut bytes = 0;
        let rows_max = self.rows_max.load(Ordering::Relaxed);
        for k in keys {
            let full = (rows_max > 0 && rows.len() >= rows_max)
                || (r.row_limit > 0 && rows.len() as u64 >= r.row_limit)
                || (r.byte_limit > 0 && bytes >= r.byte_limit);
            if full {
                let resume = if r.reverse {
                    Span::new(r.span.start.clone(), k.next())
                } else {
                    Span::new(k.clone(), r.span.end.clone())
                };
                return ScanResponse { rows: ScanRows::Raw(rows), resume: Some(resume) };
            }
            bytes += k.as_bytes().len() as u64 + self.data[k].len() as u64;
            rows.push((k.clone(), self.data[k].clone()));
        }
        ScanResponse { rows: ScanRows::Raw(rows), resume: None }
    }
}

struct Wire(Arc<World>);
impl RangeSender for Wire {
    fn send_to(
        &self,
        node: NodeId,
        range: RangeId,
        request: Request,
    ) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move { self.0.answer(node, range, request) })
    }
}

fn router(world: &Arc<World>, believed: Vec<RangeDescriptor>, here: u64) -> (Router, Arc<ListedRanges>) {
    let source = Arc::new(ListedRanges::new(believed));
    let settings = Settings { search_max: std::time::Duration::from_millis(200), ..Settings::default() };
    let router = Router::new(NodeId(here), source.clone(), Arc::new(Wire(world.clone())), &env(), settings);
    (router, source)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

fn read() -> ReadOptions {
    ReadOptions { txn: None, read_ts: Timestamp::MAX, uncertainty_limit: Timestamp::MAX, lock: None }
}

fn who() -> TxnRef {
    TxnRef { id: TxnId(1), age: Timestamp::ZERO, coordinator: NodeId(1), process: base::ProcessId(1) }
}

fn scan(span: Span, reverse: bool, row_limit: u64, byte_limit: u64) -> ScanRequest {
    ScanRequest { span, reverse, row_limit, byte_limit, program: None, read: read() }
}

fn commit(keys: &[u8]) -> Request {
    Request::Commit(CommitRequest {
        txn: who(),
        start_ts: Timestamp::ZERO,
        reads: Validation { spans: vec![], read_ts: Timestamp::ZERO },
        writes: keys.iter().map(|n| Write { key: key(*n), value: None }).collect(),
        min_ts: Timestamp::new(5, 0),
        exact: false,
        max_ts: Timestamp::MAX,
        deadline: Timestamp::MAX,
    })
}

/// Reads a whole scan page by page: rows, and for each page how many there were.
async fn pages(router: &Router, mut request: ScanRequest) -> (Vec<(Key, Bytes)>, Vec<usize>) {
    let (mut rows, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let Ok(Response::Scan(ScanResponse { rows: ScanRows::Raw(page), resume })) =
            router.send(Request::Scan(request.clone())).await
        else {
            panic!("a scan answers with rows")
        };
        sizes.push(page.len());
        rows.extend(page);
        match resume {
            Some(left) => {
                assert!(request.span.contains_span(&left) && left != request.span, "it goes on: {left}");
                request.span = left;
            }
            None => return (rows, sizes),
        }
    }
}

proptest! {
    #[test]
    fn cutting_and_joining_equals_one_range(
        truth in prop::collection::vec(0u8..=250, 0..8),
        believed in prop::collection::vec(0u8..=250, 0..8),
        (a, b) in (0u8..=250, 0u8..=250),
        reverse: bool,
        row_limit in 0u64..12,
        byte_limit in prop_oneof![Just(0u64), 1u64..80],
        rows_max in prop_oneof![Just(0usize), 1usize..20],
        keys in prop::collection::vec(0u8..=250, 0..12),
    ) {
        run(async {
            let world = Arc::new(World::new(ranges(&truth, 2, 100, &[1])));
            world.rows_max.store(rows_max, Ordering::Relaxed);
            let (cut, source) = router(&world, ranges(&believed, 1, 1, &[1]), 1);
            // Believe the old cut first, then let the source tell the truth.
            let _ = cut.pieces(&[key(a)], false).await.unwrap();
            source.set(world.truth.lock().clone());
            let one = Arc::new(World::new(ranges(&[], 1, 1, &[1])));
            let (uncut, _) = router(&one, ranges(&[], 1, 1, &[1]), 1);

            let span = Span::new(key(a.min(b)), key(a.max(b)));
            let request = scan(span.clone(), reverse, row_limit, byte_limit);
            let (rows, sizes) = pages(&cut, request.clone()).await;
            let (expected, _) = pages(&uncut, request).await;
            assert_eq!(rows, expected);
            if row_limit > 0 {
                assert!(sizes.iter().all(|n| *n as u64 <= row_limit), "{sizes:?}");
            }

            let keys: Vec<Key> = keys.iter().map(|n| key(*n)).collect();
            let get = Request::Get(GetRequest { keys: keys.clone(), read: read() });
            let (Ok(Response::Get(got)), Ok(Response::Get(wanted))) =
                (cut.send(get.clone()).await, uncut.send(get).await) else { panic!("a get answers with values") };
            assert_eq!(got, wanted);

            let resolve = Request::Resolve(ResolveRequest {
                txn: TxnId(1), spans: vec![span.clone()], decision: Decision::Aborted, number: None,
            });
            let (Ok(Response::Resolved(got)), Ok(Response::Resolved(wanted))) =
                (cut.send(resolve.clone()).await, uncut.send(resolve).await) else { panic!("resolve counts") };
            assert_eq!(got, wanted);

            let pieces = cut.pieces(&keys, true).await.unwrap();
            for (k, piece) in keys.iter().zip(pieces) {
                let range = world.truth.lock().iter().find(|r| r.span.contains(k.as_bytes())).unwrap().id;
                assert_eq!(piece, Piece(range.0));
            }
        });
    }

    #[test]
    fn the_cache_keeps_the_newest_and_never_overlaps(
        inserts in prop::collection::vec((0u8..20, 0u8..20, 1u64..6), 1..40),
        probe in 0u8..20,
    ) {
        let cache = DescriptorCache::default();
        let mut learnt: Vec<RangeDescriptor> = Vec::new();
        for (i, (a, b, generation)) in inserts.into_iter().enumerate() {
            let range = RangeDescriptor {
                id: RangeId(i as u64), span: Span::new(key(a), key(b)), replicas: vec![], generation,
            };
            if cache.insert(range.clone()) {
                learnt.retain(|other| !other.span.overlaps(&range.span));
                learnt.push(range);
            } else {
                let newer = learnt.iter().any(|o| o.span.overlaps(&range.span) && o.generation > generation);
                prop_assert!(newer || range.span.is_empty());
            }
        }
        let at = cache.get(&Seek::At(key(probe)));
        prop_assert_eq!(at, learnt.iter().find(|r| r.span.contains(&[probe])).cloned());
        let before = cache.get(&Seek::Before(key(probe)));
        let expected = learnt.iter().find(|r| r.span.start < key(probe) && key(probe) <= r.span.end).cloned();
        prop_assert_eq!(before, expected);
    }
}

#[test]
fn follows_hints_to_the_leaseholder_and_remembers_it() {
    run(async {
        let world = Arc::new(World::new(ranges(&[], 1, 1, &[1, 2, 3])));
        *world.leader.lock() = NodeId(3);
        let (router, _) = router(&world, ranges(&[], 1, 1, &[1, 2, 3]), 1);
        let get = Request::Get(GetRequest { keys: vec![key(1)], read: read() });
        router.send(get.clone()).await.unwrap();
        assert_eq!(*world.log.lock(), ["n1 r1", "n3 r1"]);
        router.send(get).await.unwrap();
        assert_eq!(world.log.lock().last().unwrap(), "n3 r1");
        assert_eq!(world.log.lock().len(), 3);
    });
}

#[test]
fn finds_the_leaseholder_without_hints() {
    run(async {
        let mut world = World::new(ranges(&[], 1, 1, &[1, 2, 3]));
        world.hints = false;
        *world.leader.lock() = NodeId(2);
        let world = Arc::new(world);
        let (router, _) = router(&world, ranges(&[], 1, 1, &[1, 2, 3]), 1);
        assert!(matches!(router.send(commit(&[1])).await, Ok(Response::Committed(_))));
    });
}

#[test]
fn gives_up_with_unavailable_when_nobody_leads() {
    run(async {
        let mut world = World::new(ranges(&[], 1, 1, &[1, 2]));
        world.hints = false;
        *world.leader.lock() = NodeId(9);
        let world = Arc::new(world);
        let (router, _) = router(&world, ranges(&[], 1, 1, &[1, 2]), 1);
        let answer = router.send(commit(&[1])).await;
        assert!(matches!(answer, Err(KvError::Unavailable { .. })), "{answer:?}");
        assert!(world.sends.load(Ordering::Relaxed) > 4, "it has tried more than once");
    });
}

#[test]
fn a_write_whose_outcome_is_unknown_is_sent_once() {
    run(async {
        let world = Arc::new(World::new(ranges(&[], 1, 1, &[1])));
        let (router, _) = router(&world, ranges(&[], 1, 1, &[1]), 1);
        world.next.lock().push(KvError::Unknown("lost".into()));
        assert_eq!(router.send(commit(&[1])).await.err(), Some(KvError::Unknown("lost".into())));
        assert_eq!(world.sends.load(Ordering::Relaxed), 1, "T9: only the transaction may send it again");
        // A read has no outcome: it is sent again.
        world.next.lock().push(KvError::Unknown("lost".into()));
        let get = Request::Get(GetRequest { keys: vec![key(1)], read: read() });
        assert!(router.send(get).await.is_ok());
    });
}

#[test]
fn a_write_goes_to_the_new_range_if_it_fits_and_comes_back_if_it_does_not() {
    run(async {
        let world = Arc::new(World::new(ranges(&[100], 2, 10, &[1])));
        let (router, source) = router(&world, ranges(&[], 1, 1, &[1]), 1);
        router.pieces(&[key(1)], false).await.unwrap();
        source.set(world.truth.lock().clone());
        assert!(matches!(router.send(commit(&[120, 130])).await, Ok(Response::Committed(_))));
        let answer = router.send(commit(&[50, 130])).await;
        assert!(matches!(answer, Err(KvError::RangeChanged { .. })), "{answer:?}");
        let pieces = router.pieces(&[key(50), key(130)], false).await.unwrap();
        assert_ne!(pieces[0], pieces[1]);
    });
}
