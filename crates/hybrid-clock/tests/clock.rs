//! The clock's promises, over physical clocks that jump and processes that die.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hybrid_clock::{BoundError, Clock, Error, MemoryBound, Options, Timestamp, UpperBound};
use proptest::prelude::*;

#[derive(Default)]
struct World {
    physical: Arc<AtomicU64>,
    bound: Arc<Counted>,
}

/// A bound that counts writes and can fail.
#[derive(Default)]
struct Counted {
    inner: MemoryBound,
    stores: AtomicU64,
    broken: AtomicBool,
}

impl UpperBound for Counted {
    fn load(&self) -> Result<Option<Timestamp>, BoundError> {
        self.inner.load()
    }

    fn store(&self, bound: Timestamp) -> Result<(), BoundError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(BoundError("disk is gone".into()));
        }
        self.stores.fetch_add(1, Ordering::SeqCst);
        self.inner.store(bound)
    }
}

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

impl World {
    fn at(seconds: u64) -> World {
        let world = World::default();
        world.physical.store(seconds * SECOND, Ordering::SeqCst);
        world
    }

    fn start(&self) -> Clock {
        let physical = self.physical.clone();
        let read = Arc::new(move || physical.load(Ordering::SeqCst));
        Clock::new(read, self.bound.clone(), Options::default()).unwrap()
    }

    fn pass(&self, nanos: u64) {
        self.physical.fetch_add(nanos, Ordering::SeqCst);
    }

    fn bound(&self) -> Timestamp {
        self.bound.load().unwrap().unwrap_or(Timestamp::ZERO)
    }
}

#[test]
fn follows_physical_time_and_counts_when_it_stands_still() {
    let world = World::at(100);
    let clock = world.start();
    assert_eq!(clock.now(), Ok(Timestamp::new(100 * SECOND, 0)));
    assert_eq!(clock.now(), Ok(Timestamp::new(100 * SECOND, 1)));
    world.pass(5);
    assert_eq!(clock.now(), Ok(Timestamp::new(100 * SECOND + 5, 0)));
    world.physical.store(50 * SECOND, Ordering::SeqCst);
    assert_eq!(clock.now(), Ok(Timestamp::new(100 * SECOND + 5, 1)));
}

#[test]
fn learns_from_messages_within_the_offset() {
    let world = World::at(100);
    let clock = world.start();
    let ahead = Timestamp::new(100 * SECOND + 250 * MS, 7);
    assert_eq!(clock.update(ahead), Ok(()));
    assert_eq!(clock.now(), Ok(ahead.next()));
    assert_eq!(clock.update(Timestamp::new(1, 0)), Ok(()));
    assert_eq!(clock.now(), Ok(ahead.next().next()));
}

#[test]
fn t12_refuses_a_message_from_too_far_ahead() {
    let world = World::at(100);
    let clock = world.start();
    let before = clock.now().unwrap();
    let remote = Timestamp::new(100 * SECOND + 250 * MS + 1, 0);
    let error = clock.update(remote).unwrap_err();
    assert!(matches!(error, Error::TooFarAhead { .. }));
    assert_eq!(
        error.to_string(),
        "remote clock is 250.000001ms ahead of this node's; at most 250ms is allowed"
    );
    assert_eq!(clock.now(), Ok(before.next()), "its content was not used");
    assert!(clock.update(Timestamp::MAX).is_err());
}

#[test]
fn t12_what_was_heard_outlives_a_crash() {
    let world = World::at(100);
    let clock = world.start();
    // Beyond the bound: at the start there is none.
    let heard = Timestamp::new(100 * SECOND + 200 * MS, 3);
    clock.update(heard).unwrap();
    assert!(world.bound() >= heard, "a read was perhaps served there");
    drop(clock); // A crash, and the physical clock is set back.

    world.physical.store(99 * SECOND, Ordering::SeqCst);
    let clock = world.start();
    assert!(clock.wait_until_safe().is_some());
    assert!(clock.now().unwrap() > heard);
}

#[test]
fn t12_what_cannot_be_written_down_is_not_used() {
    let world = World::at(100);
    let clock = world.start();
    let before = clock.now().unwrap();
    world.bound.broken.store(true, Ordering::SeqCst);
    let beyond = Timestamp::new(world.bound().wall + 1, 0);
    world.physical.store(beyond.wall - 100 * MS, Ordering::SeqCst);
    assert!(matches!(clock.update(beyond), Err(Error::Bound(_))));
    assert!(clock.last() < beyond && clock.last() >= before);
}

#[test]
fn t12_waits_after_a_crash_until_physical_time_has_passed_the_bound() {
    let world = World::at(100);
    let clock = world.start();
    assert_eq!(clock.wait_until_safe(), None, "a first start waits for nobody");
    clock.now().unwrap();
    drop(clock); // A crash: nothing is written.

    let clock = world.start();
    let wait = clock.wait_until_safe().unwrap();
    assert_eq!(wait, Duration::from_nanos(SECOND + 1));
    world.pass(SECOND);
    assert_eq!(clock.wait_until_safe(), Some(Duration::from_nanos(1)));
    world.pass(1);
    assert_eq!(clock.wait_until_safe(), None);
}

#[test]
fn t12_a_clean_stop_lets_the_next_start_go_on_at_once() {
    let world = World::at(100);
    let clock = world.start();
    let last = clock.now().unwrap();
    assert_eq!(clock.stop(), Ok(last));
    assert_eq!(world.bound(), last);
    world.pass(1);
    let clock = world.start();
    assert_eq!(clock.wait_until_safe(), None);
    assert!(clock.now().unwrap() > last);
}

#[test]
fn a_stop_without_a_timestamp_keeps_what_earlier_runs_gave_out() {
    let world = World::at(100);
    world.start().now().unwrap();
    let bound = world.bound();
    assert_eq!(world.start().stop(), Ok(bound));
    assert_eq!(world.bound(), bound);
}

#[test]
fn extending_in_time_keeps_now_from_writing() {
    let world = World::at(100);
    let clock = world.start();
    assert_eq!(clock.extend(), Ok(true));
    assert_eq!(clock.extend(), Ok(false));
    for _ in 0..100 {
        world.pass(u64::try_from(clock.extend_interval().as_nanos()).unwrap());
        clock.extend().unwrap();
        let stores = world.bound.stores.load(Ordering::SeqCst);
        clock.now().unwrap();
        assert_eq!(world.bound.stores.load(Ordering::SeqCst), stores);
    }
    let stores = world.bound.stores.load(Ordering::SeqCst);
    assert!(stores <= 26, "25 s need about one write a second, not {stores}");
}

#[test]
fn gives_nothing_out_beyond_a_bound_that_it_cannot_write() {
    let world = World::at(100);
    let clock = world.start();
    clock.now().unwrap();
    world.bound.broken.store(true, Ordering::SeqCst);
    world.pass(SECOND);
    clock.now().unwrap();
    world.pass(1);
    assert_eq!(clock.now(), Err(Error::Bound(BoundError("disk is gone".into()))));
}

#[test]
fn threads_never_get_the_same_timestamp() {
    let world = World::at(100);
    let clock = world.start();
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mine: Vec<_> = (0..2000)
                    .map(|_| {
                        world.pass(MS);
                        clock.now().unwrap()
                    })
                    .collect();
                assert!(mine.is_sorted());
                seen.lock().unwrap().extend(mine);
            });
        }
    });
    let mut seen = seen.into_inner().unwrap();
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[derive(Clone, Debug)]
enum Step {
    Now,
    /// Physical time jumps by so many nanoseconds, forward or back.
    Jump(i64),
    /// A message whose clock differs from ours by so many nanoseconds.
    Hear(i64, u32),
    Extend,
    Crash,
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    let second = SECOND as i64;
    prop_oneof![
        6 => Just(Step::Now),
        3 => (-second / 2..2 * second).prop_map(Step::Jump),
        3 => (-second..second, prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]).prop_map(|(d, l)| Step::Hear(d, l)),
        1 => Just(Step::Extend),
        1 => Just(Step::Crash),
        1 => Just(Step::Stop),
    ]
}

proptest! {
    /// Over jumps, messages, crashes and stops: timestamps only grow, messages are passed, the bound holds, and
    /// nothing heard moves the clock beyond the offset.
    #[test]
    fn timestamps_only_grow(steps in proptest::collection::vec(step(), 1..80)) {
        let world = World::at(1000);
        let mut clock = world.start();
        let mut given = Timestamp::ZERO;
        let mut heard = Timestamp::ZERO;
        for step in steps {
            match step {
                Step::Now => {
                    let now = clock.now().unwrap();
                    prop_assert!(now > given && now > heard, "{now} after {given} and {heard}");
                    prop_assert!(now <= world.bound(), "{now} is above the bound {}", world.bound());
                    given = now;
                }
                Step::Jump(by) => {
                    let physical = world.physical.load(Ordering::SeqCst);
                    world.physical.store(physical.saturating_add_signed(by).max(SECOND), Ordering::SeqCst);
                }
                Step::Hear(by, logical) => {
                    let physical = world.physical.load(Ordering::SeqCst);
                    let remote = Timestamp::new(physical.saturating_add_signed(by), logical);
                    let accepted = clock.update(remote).is_ok();
                    prop_assert_eq!(accepted, by <= 250 * MS as i64);
                    if accepted {
                        heard = heard.max(remote);
                    }
                }
                Step::Extend => {
                    clock.extend().unwrap();
                }
                Step::Crash => {
                    clock = world.start();
                    // What was only heard may be forgotten: nothing was said since.
                    heard = Timestamp::ZERO;
                }
                Step::Stop => {
                    let last = clock.stop().unwrap();
                    prop_assert!(last >= given && last >= heard);
                    clock = world.start();
                }
            }
        }
    }

    #[test]
    fn bytes_keep_order(a in any::<(u64, u32)>(), b in any::<(u64, u32)>()) {
        let (a, b) = (Timestamp::new(a.0, a.1), Timestamp::new(b.0, b.1));
        prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
        prop_assert_eq!(Timestamp::from_bytes(a.to_bytes()), a);
        prop_assert!(a == Timestamp::MAX || a.next() > a && a.next().prev() == a);
    }
}
