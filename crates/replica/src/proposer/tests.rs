//! The chain under refusals, gaps and silence, with a log that does what the test says.

use std::collections::BTreeMap;

use proto::wire::replication::ChainHead;
use storage::{Space, WriteBatch};

use super::*;
use crate::chain;
use crate::planted::{Bug, Bugs};
use crate::raft::Verdicts;
use crate::testing::ManualClock;

const TERM: u64 = 3;

type Told = Box<dyn FnOnce(Outcome) + Send>;

/// Entries wait here until the test says what becomes of them.
#[derive(Default)]
struct Script {
    entries: Mutex<VecDeque<(Proposal, Told)>>,
    /// What is applied: the head of the chain, and every command's number with what it wrote.
    applied: Mutex<(ChainHead, BTreeMap<u64, Bytes>)>,
    bugs: Bugs,
}

impl Log for Script {
    fn propose(&self, term: u64, proposal: Proposal, done: Box<dyn FnOnce(Outcome) + Send>) {
        assert_eq!(term, TERM);
        self.entries.lock().push_back((proposal, done));
    }

    fn leader_hint(&self) -> Option<NodeId> {
        None
    }

    fn heartbeat(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Refused: it is in no log.
    Refuse,
    /// Committed and applied, as far as its chain allows.
    Commit,
    /// Nobody ever says.
    Lose,
}

impl Script {
    /// Decides the oldest entry.
    fn decide(&self, what: What) -> bool {
        let Some((proposal, done)) = self.entries.lock().pop_front() else { return false };
        match what {
            What::Refuse => done(Outcome::Refused),
            What::Lose => done(Outcome::Unknown),
            What::Commit => {
                let mut verdicts = Verdicts::default();
                {
                    let mut applied = self.applied.lock();
                    for c in &proposal.commands {
                        let head = &mut applied.0;
                        let applies =
                            chain::judge(head, TERM, &proposal, c.number, c.predecessor, &self.bugs);
                        if applies {
                            applied.1.insert(c.number, c.writes.clone());
                        }
                        verdicts.0.push(applies);
                    }
                }
                done(Outcome::Judged(verdicts));
            }
        }
        true
    }

    fn waiting(&self) -> usize {
        self.entries.lock().len()
    }
}

fn effect(of: u64) -> Effect {
    let mut writes = WriteBatch::new();
    writes.put(Space::Mvcc, b"n", &of.to_be_bytes());
    Effect { writes }
}

type Fates = Arc<Mutex<BTreeMap<u64, Fate>>>;

struct Test {
    script: Arc<Script>,
    proposer: Arc<RaftProposer>,
    fates: Fates,
}

impl Test {
    fn new(entries_in_flight_max: usize, bugs: Bugs) -> Test {
        let script = Arc::new(Script { bugs, ..Script::default() });
        let clock: Arc<dyn base::env::PhysicalClock> = Arc::new(ManualClock::default());
        let lease = Arc::new(Lease::new(clock, NodeId(1), Duration::from_secs(1)));
        let limits = Limits {
            entries_in_flight_max,
            entry_bytes_max: 1 << 20,
            heartbeat_wait_max: Duration::from_secs(1),
        };
        let proposer = RaftProposer::new(NodeId(1), TERM, script.clone(), lease, limits, Metrics::default());
        Test { script, proposer, fates: Fates::default() }
    }

    fn propose(&self, id: u64) {
        let fates = self.fates.clone();
        let done = Done::new(move |fate| {
            assert_eq!(fates.lock().insert(id, fate), None, "a fate is told once");
        });
        self.proposer.propose(effect(id), done);
    }

    fn fate(&self, id: u64) -> Option<Fate> {
        self.fates.lock().get(&id).copied()
    }

    /// What was applied is a prefix-closed chain: every command applied was proposed over all those before it.
    /// `over` = for each proposed id, the ids that its evaluation saw.
    fn check(&self, over: &BTreeMap<u64, Vec<u64>>) -> Result<(), String> {
        let applied: Vec<u64> = {
            let applied = self.script.applied.lock();
            applied.1.values().map(|w| id_of(w)).collect()
        };
        for (i, id) in applied.iter().enumerate() {
            if over[id] != applied[..i] {
                return Err(format!(
                    "{id} was evaluated over {:?} but applied over {:?}",
                    over[id],
                    &applied[..i]
                ));
            }
        }
        for (id, fate) in self.fates.lock().iter() {
            let is_applied = applied.contains(id);
            if (*fate == Fate::Applied && !is_applied) || (*fate == Fate::NotApplied && is_applied) {
                return Err(format!("{id} was told {fate:?}, but applied: {is_applied}"));
            }
        }
        Ok(())
    }
}

fn id_of(writes: &[u8]) -> u64 {
    let batch = WriteBatch::from_bytes(writes).unwrap();
    match batch.iter().next() {
        Some(storage::Op::Put { value, .. }) => u64::from_be_bytes(value.try_into().unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Runs one schedule: commands are proposed in waves of `wave`, and after each wave one entry is decided by the
/// next of `decisions`; at the end all that is left is committed. The evaluator drops what it sees of effects in
/// flight when it is told that one is not applied, and goes on when the chain is quiet.
fn run(decisions: &[What], wave: u64, in_flight: usize, bugs: Bugs) -> Result<(), String> {
    let test = Test::new(in_flight, bugs);
    let mut over = BTreeMap::new();
    let mut seen: Vec<u64> = Vec::new();
    let mut next = 1;
    let settle = |test: &Test, seen: &mut Vec<u64>| {
        let bad = seen.iter().any(|id| matches!(test.fate(*id), Some(Fate::NotApplied | Fate::Unknown)));
        if bad && *test.proposer.quiet.borrow() {
            seen.retain(|id| test.fate(*id) == Some(Fate::Applied));
        }
    };
    for what in decisions {
        for _ in 0..wave {
            over.insert(next, seen.clone());
            test.propose(next);
            seen.push(next);
            next += 1;
        }
        test.script.decide(*what);
        settle(&test, &mut seen);
    }
    while test.script.decide(What::Commit) {
        settle(&test, &mut seen);
    }
    if test.fates.lock().len() as u64 != next - 1 {
        return Err("some fates were never told".into());
    }
    test.check(&over)
}

fn schedules() -> Vec<(Vec<What>, u64, usize)> {
    let mut out = Vec::new();
    let choices = [What::Refuse, What::Commit, What::Lose];
    for len in 1..=5u32 {
        for code in 0..3usize.pow(len) {
            let decisions: Vec<What> = (0..len).map(|i| choices[code / 3usize.pow(i) % 3]).collect();
            for wave in 1..=2 {
                for in_flight in 1..=3 {
                    out.push((decisions.clone(), wave, in_flight));
                }
            }
        }
    }
    out
}

#[test]
fn no_schedule_of_refusals_and_losses_applies_over_a_gap() {
    let all = schedules();
    assert!(all.len() > 2000);
    for (decisions, wave, in_flight) in all {
        if let Err(why) = run(&decisions, wave, in_flight, Bugs::default()) {
            panic!("{decisions:?} wave {wave} in flight {in_flight}: {why}");
        }
    }
}

#[test]
fn planted_applying_in_spite_of_a_gap_is_found() {
    let bug = Bugs::planted(Bug::ApplyInSpiteOfGap);
    let found = schedules().iter().filter(|(d, w, f)| run(d, *w, *f, bug.clone()).is_err()).count();
    assert!(found > 0, "T6: the enumeration does not see what the rule is for");
}

#[test]
fn commands_gather_while_entries_are_on_their_way() {
    let test = Test::new(1, Bugs::default());
    for id in 1..=5 {
        test.propose(id);
    }
    assert_eq!(test.script.waiting(), 1);
    test.script.decide(What::Commit);
    assert_eq!(test.fate(1), Some(Fate::Applied));
    let sizes: Vec<usize> = test.script.entries.lock().iter().map(|(p, _)| p.commands.len()).collect();
    assert_eq!(sizes, [4], "the rest travels together");
}

#[test]
fn a_refusal_fails_what_waits_and_the_chain_goes_on_when_quiet() {
    let test = Test::new(2, Bugs::default());
    for id in 1..=4 {
        test.propose(id);
    }
    // 1 and 2 are on their way, 3 and 4 wait.
    test.script.decide(What::Refuse);
    assert_eq!(
        [1, 2, 3, 4].map(|id| test.fate(id)),
        [Some(Fate::NotApplied), None, Some(Fate::NotApplied), Some(Fate::NotApplied)]
    );
    assert!(!*test.proposer.quiet.borrow());
    test.propose(5);
    assert_eq!(test.fate(5), Some(Fate::NotApplied), "evaluated over what never will be");
    test.script.decide(What::Commit);
    assert_eq!(test.fate(2), Some(Fate::NotApplied), "its predecessor is missing");
    assert!(*test.proposer.quiet.borrow());
    test.propose(6);
    test.script.decide(What::Commit);
    assert_eq!(test.fate(6), Some(Fate::Applied));
}

#[test]
fn silence_ends_the_incarnation() {
    let test = Test::new(1, Bugs::default());
    test.propose(1);
    test.propose(2);
    test.script.decide(What::Lose);
    assert_eq!(test.fate(1), Some(Fate::Unknown));
    assert_eq!(test.fate(2), Some(Fate::NotApplied), "it never left");
    assert!(test.proposer.ended());
    test.propose(3);
    assert_eq!(test.fate(3), Some(Fate::NotApplied));
    assert!(!test.proposer.lease_covers(Timestamp::ZERO));
}

#[test]
fn a_log_that_goes_away_says_unknown() {
    let test = Test::new(4, Bugs::default());
    test.propose(1);
    drop(test.script.entries.lock().pop_front());
    // The callback was dropped by the log; `Group::propose` turns that into an answer, a bare one does not, so
    // what is dropped with it is the fate itself, which says the same.
    assert_eq!(test.fate(1), Some(Fate::Unknown));
}
