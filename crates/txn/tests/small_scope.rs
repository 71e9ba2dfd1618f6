//! Every order of messages, with at most one fault, of two or three tiny transactions (rung 3).
//!
//! Each transaction has a coordinator of its own, as if on a node of its own; all talk to one model of the keeping
//! half. A message waits until the driver delivers it; where several wait, or a fault may strike, the driver
//! chooses, and the search goes through all choices, depth first, by running again from the start. Scenarios with
//! more runs than fit in a minute are gone through up to a limit, and from there on by chance from a fixed seed.
//!
//! After each run: the committed transactions equal some serial order that is consistent with real time; what was
//! acknowledged is there; what was refused is not; and nobody was told "aborted" before ABORTED was durable (T11).

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Key, Span, TxnId};
use bytes::Bytes;
use futures::FutureExt as _;
use parking_lot::Mutex;
use proto::{BoxFuture, KvError, KvSender, Partition, Piece, Request, Response, TxnRecord, TxnRef};
use support::model::Model;
use support::{TestClock, coordinator};
use tokio::sync::oneshot;
use txn::planted::{Bug, plant};
use txn::{Coordinator, Error, Liveness, Peers, ScanOptions, Settings, TxnOptions};

// -- what transactions do ----------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Read(&'static str),
    Scan(&'static str, &'static str),
    Write(&'static str),
    /// Write this key only if the last read found nothing written by a transaction: "go home if the other is on call".
    WriteIfUnset(&'static str),
    /// First of all: begins some time after the others.
    Late,
}
use Op::*;

type Program = &'static [Op];

struct Scenario {
    name: &'static str,
    /// Where ranges begin.
    cuts: &'static [&'static str],
    txns: &'static [Program],
    faults: bool,
}

/// What a transaction saw and did.
#[derive(Clone, Debug, Default)]
struct Seen {
    reads: Vec<(String, Option<String>)>,
    writes: Vec<(String, String)>,
    began: usize,
    ended: Option<usize>,
    outcome: Option<Outcome>,
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Committed,
    Refused,
    Unknown,
}

// -- the network -------------------------------------------------------------------------------------------

struct Message {
    from: usize,
    request: Request,
    /// `None` for a late copy, or when the sender has crashed.
    reply: Option<oneshot::Sender<Result<Response, KvError>>>,
}

#[derive(Default)]
struct Wire {
    waiting: Vec<Message>,
    crashed: Vec<bool>,
    /// Transactions of which a prepare has left the gateway.
    prepared: Vec<TxnId>,
}

#[derive(Clone)]
struct Net {
    wire: Arc<Mutex<Wire>>,
    from: usize,
    model: Model,
}

impl Net {
    /// What a crashed node sends is dropped, and with it the way for an answer.
    fn leave(&self, message: Message) {
        let mut wire = self.wire.lock();
        if wire.crashed[self.from] {
            return;
        }
        if let Request::Prepare(prepare) = &message.request {
            wire.prepared.push(prepare.txn.id);
        }
        wire.waiting.push(message);
    }
}

impl KvSender for Net {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.leave(Message { from: self.from, request, reply: Some(reply) });
            match answer.await {
                Ok(answer) => answer,
                // Nobody will ever answer: the sender has crashed.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

impl Partition for Net {
    fn pieces<'a>(&'a self, keys: &'a [Key], fresh: bool) -> BoxFuture<'a, Result<Vec<Piece>, KvError>> {
        self.model.pieces(keys, fresh)
    }
}

struct OtherNodes {
    wire: Arc<Mutex<Wire>>,
    all: Arc<Mutex<Vec<Arc<Coordinator>>>>,
}

impl Peers for OtherNodes {
    fn liveness(&self, txn: TxnRef) -> BoxFuture<'_, Liveness> {
        Box::pin(async move {
            let node = txn.coordinator.0 as usize;
            let crashed = self.wire.lock().crashed.get(node).copied().unwrap_or(true);
            let live = self.all.lock().get(node).is_some_and(|c| c.live().is_live(txn.id));
            if live && !crashed { Liveness::Live } else { Liveness::Gone }
        })
    }
}

// -- one run -----------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Deliver(usize),
    /// The request is lost; its sender is told "unknown".
    LoseRequest(usize),
    /// It is evaluated; its sender is told "unknown".
    LoseReply(usize),
    /// Its sender is told "unknown", but it is only late.
    Delay(usize),
    /// The node stops; what it has sent still arrives.
    Crash(usize),
    /// The node stops; what it has sent is lost.
    CrashAndLose(usize),
}

/// Goes through all choices, depth first.
#[derive(Default)]
struct Search {
    /// Write down what happens: for the second run of what has failed.
    verbose: bool,
    /// Beyond what can be gone through: chance instead, from a fixed seed.
    chance: Option<base::env::Rng>,
    prefix: Vec<usize>,
    taken: Vec<(usize, usize)>,
}

impl Search {
    fn choose(&mut self, options: usize) -> usize {
        let choice = match (self.prefix.get(self.taken.len()), &self.chance) {
            (Some(choice), _) => *choice,
            (None, None) => 0,
            // Faults come last among the options: seldom enough to strike in the middle, too.
            (None, Some(rng)) => rng.below(options as u64).min(rng.below(2 * options as u64)) as usize,
        };
        self.taken.push((choice, options));
        choice
    }

    /// The next run's prefix; `false` when all were made.
    fn next(&mut self) -> bool {
        while let Some((choice, options)) = self.taken.pop() {
            if choice + 1 < options {
                self.prefix = self.taken.iter().map(|(c, _)| *c).collect();
                self.prefix.push(choice + 1);
                self.taken.clear();
                return true;
            }
        }
        false
    }
}

fn settings() -> Settings {
    Settings {
        // Small, so that time-outs end a run soon; the paused clock jumps there.
        wait_max: Duration::from_millis(40),
        unavailable_max: Duration::from_millis(20),
        // In steps of the test's clock: long enough for a commit, short enough for a doubtful one to end.
        commit_deadline: Duration::from_nanos(80),
        ..Settings::default()
    }
}

/// What T11 is judged by: what has left, what is recorded, and where violations are noted.
type Monitor = (Arc<Mutex<Wire>>, Model, Arc<Mutex<Vec<String>>>);

async fn client(
    number: usize,
    coordinator: Arc<Coordinator>,
    program: Program,
    seen: Arc<Mutex<Vec<Seen>>>,
    time: Arc<Mutex<usize>>,
    monitor: Monitor,
) {
    let tick = || {
        let mut time = time.lock();
        *time += 1;
        *time
    };
    if program.first() == Some(&Late) {
        let query = proto::QueryRecordRequest { txn: TxnId(0), anchor: k("a") };
        let _answer = coordinator.sender().send(Request::QueryRecord(query)).await;
    }
    seen.lock()[number].began = tick();
    let mut ids = Vec::new();
    let result: Result<(), Error> = async {
        let mut txn = coordinator.begin(TxnOptions::default())?;
        ids.push(txn.id());
        let mut last_set = false;
        for op in program {
            txn.begin_statement()?;
            match op {
                Late => {}
                Read(key) => {
                    let value = txn.get(&[k(key)], None).await?.pop().flatten().map(text);
                    last_set = value.is_some();
                    seen.lock()[number].reads.push((key.to_string(), value));
                }
                Scan(from, to) => {
                    let rows = txn.scan_all(Span::new(k(from), k(to)), ScanOptions::default()).await?;
                    last_set = !rows.is_empty();
                    let all: Vec<_> = rows.into_iter().map(|(key, v)| (name(&key), text(v))).collect();
                    seen.lock()[number].reads.push((format!("{from}..{to}"), Some(format!("{all:?}"))));
                }
                Write(key) | WriteIfUnset(key) => {
                    if *op == Write(key) || !last_set {
                        let value = format!("t{number}");
                        txn.put(k(key), Bytes::from(value.clone()))?;
                        seen.lock()[number].writes.push((key.to_string(), value));
                    }
                }
            }
        }
        txn.commit().await.map(drop)
    }
    .await;
    let outcome = match &result {
        Ok(()) => Outcome::Committed,
        Err(Error::Unknown { .. }) => Outcome::Unknown,
        Err(_) => Outcome::Refused,
    };
    if outcome == Outcome::Refused {
        // T11: told "aborted" only once ABORTED is durable, if a STAGING may have left.
        let (wire, model, violations) = monitor;
        for id in ids {
            let left = wire.lock().prepared.contains(&id);
            let record = model.state.lock().records.get(&id).cloned();
            if left && !matches!(record, Some(TxnRecord::Aborted { .. })) {
                violations
                    .lock()
                    .push(format!("T11: t{number} was told {result:?}, its record is {record:?}"));
            }
        }
    }
    let mut seen = seen.lock();
    seen[number].ended = Some(tick());
    seen[number].outcome = Some(outcome);
}

fn k(key: &str) -> Key {
    Key::from(key.as_bytes())
}

fn name(key: &Key) -> String {
    String::from_utf8_lossy(key.as_bytes()).into_owned()
}

fn text(value: Bytes) -> String {
    String::from_utf8_lossy(&value).into_owned()
}

/// Lets everybody run until all wait for messages (paused time moves on only then).
async fn quiet() {
    tokio::time::sleep(Duration::from_nanos(1)).await;
}

/// One run. `Err` says what was wrong.
async fn run_once(scenario: &Scenario, search: &mut Search) -> Result<(), String> {
    let clock = TestClock::new(100, Duration::from_nanos(3));
    let model = Model::new(clock.clone(), scenario.cuts);
    let count = scenario.txns.len();
    // The last node is that of the final reader.
    let wire = Arc::new(Mutex::new(Wire { crashed: vec![false; count + 1], ..Wire::default() }));
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::new(Mutex::new(vec![Seen::default(); count]));
    let time = Arc::new(Mutex::new(0));
    let violations = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for from in 0..=count {
        let net = Arc::new(Net { wire: wire.clone(), from, model: model.clone() });
        let peers = Arc::new(OtherNodes { wire: wire.clone(), all: all.clone() });
        let c = coordinator(from as u64, net.clone(), net, clock.clone(), settings(), Some(peers));
        all.lock().push(c);
    }
    for (number, program) in scenario.txns.iter().enumerate() {
        let c = all.lock()[number].clone();
        let monitor = (wire.clone(), model.clone(), violations.clone());
        tasks.push(tokio::spawn(client(number, c, program, seen.clone(), time.clone(), monitor)));
    }
    let mut fault_left = scenario.faults;
    let verbose = search.verbose;
    let mut steps = 0;
    let mut trace: Vec<String> = Vec::new();
    let mut idle = 0;
    loop {
        quiet().await;
        let crashed = wire.lock().crashed.clone();
        let done = tasks.iter().enumerate().all(|(i, t)| t.is_finished() || crashed[i]);
        let waiting: Vec<(usize, bool)> =
            wire.lock().waiting.iter().map(|m| (m.from, m.reply.is_some())).collect();
        if waiting.is_empty() {
            if done {
                break;
            }
            // Somebody pauses between two tries.
            idle += 1;
            if idle > 2000 {
                return Err(format!("nobody goes on\n{}", trace.join("\n")));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        idle = 0;
        steps += 1;
        if steps > 300 {
            trace.truncate(60);
            return Err(format!("it never ends\n{}", trace.join("\n")));
        }
        let mut options: Vec<Step> = (0..waiting.len()).map(Step::Deliver).collect();
        if fault_left {
            for (i, (from, replies)) in waiting.iter().enumerate() {
                if *replies && *from < count {
                    options.extend([Step::LoseRequest(i), Step::LoseReply(i), Step::Delay(i)]);
                }
            }
            for node in 0..count {
                if waiting.iter().any(|(from, _)| *from == node) {
                    options.extend([Step::Crash(node), Step::CrashAndLose(node)]);
                }
            }
        }
        let step = options[search.choose(options.len())];
        fault_left &= matches!(step, Step::Deliver(_));
        *time.lock() += 1;
        let lost = || Err(KvError::Unknown("lost".into()));
        let tell = |message: Message, answer| {
            if let Some(reply) = message.reply {
                let _ = reply.send(answer);
            }
        };
        match step {
            Step::Deliver(i) | Step::LoseReply(i) => {
                let message = wire.lock().waiting.remove(i);
                let answer = model.evaluate(message.request.clone());
                if verbose {
                    trace.push(format!("{step:?} n{} {:?} -> {answer:?}", message.from, message.request));
                }
                let answer = if let Step::LoseReply(_) = step { lost() } else { answer };
                tell(message, answer);
            }
            Step::Delay(i) => {
                let reply = wire.lock().waiting[i].reply.take();
                trace.push(format!("{step:?}"));
                if let Some(reply) = reply {
                    let _ = reply.send(lost());
                }
            }
            Step::LoseRequest(i) => {
                let message = wire.lock().waiting.remove(i);
                if verbose {
                    trace.push(format!("{step:?} n{} {:?}", message.from, message.request));
                }
                tell(message, lost());
            }
            Step::Crash(node) | Step::CrashAndLose(node) => {
                trace.push(format!("{step:?}"));
                let mut wire = wire.lock();
                wire.crashed[node] = true;
                for message in &mut wire.waiting {
                    if message.from == node {
                        message.reply = None;
                    }
                }
                if let Step::CrashAndLose(_) = step {
                    wire.waiting.retain(|m| m.from != node);
                }
            }
        }
    }
    // What is there in the end, read by a transaction that finds all intents that were left.
    let reader = all.lock()[count].clone();
    let keys: Vec<&str> = vec!["a", "b", "c", "d"];
    let mut reading = std::pin::pin!(async {
        let mut txn = reader.begin(TxnOptions::default())?;
        txn.begin_statement()?;
        txn.get(&keys.iter().map(|key| k(key)).collect::<Vec<_>>(), None).await
    });
    let last = loop {
        if let Some(found) = reading.as_mut().now_or_never() {
            break found.map_err(|e| format!("the final reader fails: {e}\n{}", trace.join("\n")))?;
        }
        quiet().await;
        let message = wire.lock().waiting.pop();
        if let Some(message) = message {
            let answer = model.evaluate(message.request.clone());
            if verbose {
                trace.push(format!("final n{} {:?} -> {answer:?}", message.from, message.request));
            }
            if let Some(reply) = message.reply {
                let _ = reply.send(answer);
            }
        }
    };
    let last: BTreeMap<String, Option<String>> =
        keys.iter().map(|key| key.to_string()).zip(last.into_iter().map(|v| v.map(text))).collect();
    let seen = seen.lock().clone();
    let mut wrong = violations.lock().clone();
    if !is_serial(&seen, &last) {
        wrong.push("no serial order explains this".into());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = seen.iter().enumerate().map(|(i, s)| format!("t{i}: {s:?}")).collect();
    Err(format!("{wrong:?}\n{}\nin the end: {last:?}\n{}", lines.join("\n"), trace.join("\n")))
}

/// Whether some serial order of the committed transactions, consistent with real time, explains every read and the
/// state in the end. Transactions of unknown outcome may be in it or not.
fn is_serial(seen: &[Seen], last: &BTreeMap<String, Option<String>>) -> bool {
    let unknown: Vec<usize> = (0..seen.len())
        .filter(|i| !matches!(seen[*i].outcome, Some(Outcome::Committed | Outcome::Refused)))
        .collect();
    (0..1usize << unknown.len()).any(|mask| {
        let committed: Vec<usize> = (0..seen.len())
            .filter(|i| match unknown.iter().position(|u| u == i) {
                Some(bit) => mask >> bit & 1 == 1,
                None => seen[*i].outcome == Some(Outcome::Committed),
            })
            .collect();
        orders(&committed).iter().any(|order| explains(seen, order, last))
    })
}

fn orders(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let mut rest = items.to_vec();
        rest.remove(i);
        for mut order in orders(&rest) {
            order.insert(0, *item);
            out.push(order);
        }
    }
    out
}

fn explains(seen: &[Seen], order: &[usize], last: &BTreeMap<String, Option<String>>) -> bool {
    let in_time = order.iter().enumerate().all(|(at, later)| {
        order[..at].iter().all(|earlier| seen[*later].ended.is_none_or(|ended| ended >= seen[*earlier].began))
    });
    if !in_time {
        return false;
    }
    let mut state: BTreeMap<String, String> = BTreeMap::new();
    for txn in order {
        for (what, found) in &seen[*txn].reads {
            let expected = match what.split_once("..") {
                Some((from, to)) => {
                    let rows: Vec<_> = state.range(from.to_string()..to.to_string()).collect();
                    Some(format!("{rows:?}"))
                }
                None => state.get(what).cloned(),
            };
            if *found != expected {
                return false;
            }
        }
        for (key, value) in &seen[*txn].writes {
            state.insert(key.clone(), value.clone());
        }
    }
    last.iter().all(|(key, value)| state.get(key) == value.as_ref())
}

/// All runs of a scenario, at most `runs_max`. How many there were, and the first failure.
fn explore(scenario: &Scenario, runs_max: usize) -> (usize, Option<String>) {
    let mut search = Search::default();
    for runs in 1.. {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let result = runtime.expect("a runtime").block_on(run_once(scenario, &mut search));
        if let Err(what) = result {
            if search.verbose {
                return (runs, Some(format!("{}: {what}", scenario.name)));
            }
            // Once more, to be told.
            search.verbose = true;
            search.prefix = search.taken.drain(..).map(|(choice, _)| choice).collect();
            continue;
        }
        if search.chance.is_some() {
            search.prefix.clear();
            search.taken.clear();
        } else if !search.next() {
            return (runs, None);
        } else if runs >= runs_max / 2 {
            search = Search { chance: Some(base::env::Rng::new(runs as u64)), ..Search::default() };
        }
        if runs >= runs_max {
            return (runs, None);
        }
    }
    unreachable!()
}

// -- the scenarios -----------------------------------------------------------------------------------------

const ONE: &[&str] = &[];
const TWO: &[&str] = &["b"];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "lost update",
        cuts: ONE,
        txns: &[&[Read("a"), Write("a")], &[Read("a"), Write("a")]],
        faults: true,
    },
    Scenario {
        name: "write skew in one range",
        cuts: ONE,
        txns: &[&[Read("b"), WriteIfUnset("a")], &[Read("a"), WriteIfUnset("b")]],
        faults: true,
    },
    Scenario {
        name: "write skew over two ranges",
        cuts: TWO,
        txns: &[&[Read("b"), WriteIfUnset("a")], &[Read("a"), WriteIfUnset("b")]],
        faults: true,
    },
    Scenario {
        name: "phantom",
        cuts: ONE,
        txns: &[&[Scan("a", "c"), WriteIfUnset("a")], &[Scan("a", "c"), WriteIfUnset("b")]],
        faults: true,
    },
    Scenario {
        name: "blind writes over two ranges",
        cuts: TWO,
        txns: &[&[Write("a"), Write("b")], &[Write("b"), Write("a")]],
        faults: true,
    },
    Scenario {
        name: "read skew over two ranges",
        cuts: TWO,
        txns: &[&[Write("a"), Write("b")], &[Read("a"), Read("b")]],
        faults: true,
    },
    Scenario {
        name: "late reader over two ranges",
        cuts: TWO,
        txns: &[&[Write("a"), Write("b")], &[Late, Read("a"), Read("b")]],
        faults: true,
    },
    Scenario {
        name: "read and write over two ranges",
        cuts: TWO,
        txns: &[&[Read("a"), Write("a"), Write("b")], &[Read("b"), Write("a")]],
        faults: true,
    },
    Scenario {
        name: "long fork",
        cuts: TWO,
        txns: &[&[Write("a")], &[Write("b")], &[Read("a"), Read("b")]],
        faults: true,
    },
    Scenario {
        name: "read-only anomaly",
        cuts: ONE,
        txns: &[&[Read("a"), Read("b"), Write("a")], &[Read("b"), Write("b")], &[Read("a"), Read("b")]],
        faults: false,
    },
];

fn scenario(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|s| s.name == name).expect("a scenario of that name")
}

#[test]
fn every_order_with_one_fault_is_serial() {
    plant(None);
    let mut total = 0;
    for scenario in SCENARIOS {
        let start = tokio::time::Instant::now();
        let (runs, failure) = explore(scenario, 16_000);
        println!("{}: {runs} runs {:?}", scenario.name, start.elapsed());
        assert!(failure.is_none(), "{}", failure.unwrap_or_default());
        total += runs;
    }
    assert!(total > 10_000, "{total} runs are too few to be everything");
}

fn catches(bug: Bug, names: &[&str]) {
    plant(Some(bug));
    let found = names.iter().any(|name| explore(scenario(name), 40_000).1.is_some());
    plant(None);
    assert!(found, "{bug:?} goes unseen");
}

#[test]
fn sees_reads_that_are_not_validated() {
    catches(Bug::ForgetReads, &["lost update"]);
    catches(Bug::ForgetReads, &["write skew over two ranges"]);
}

#[test]
fn sees_a_snapshot_that_moves_blindly() {
    catches(
        Bug::RefreshBlindly,
        &["read skew over two ranges", "read-only anomaly", "write skew in one range"],
    );
}

#[test]
fn sees_an_unknown_outcome_taken_for_a_failure() {
    catches(Bug::UnknownIsFailed, &["lost update"]);
}

#[test]
fn sees_an_abort_that_is_told_before_it_is_durable() {
    catches(Bug::AbortUnrecorded, &["blind writes over two ranges", "read and write over two ranges"]);
}

#[test]
fn sees_a_prepare_above_c_taken_for_one_at_c() {
    catches(Bug::IgnorePrepareTs, &["late reader over two ranges"]);
}

#[test]
fn sees_a_careless_recovery() {
    catches(Bug::RecoverCarelessly, &["blind writes over two ranges"]);
}
