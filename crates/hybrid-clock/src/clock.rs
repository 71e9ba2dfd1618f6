//! [`Clock`]: gives out timestamps and learns from those of others.
//!
//! Invariants
//!   - every timestamp given out is above every one given out before, in this process and in earlier ones of the
//!     same node;
//!   - after `update(remote)` succeeded, every timestamp given out is above `remote`;
//!   - no timestamp given out or heard is above the persisted bound (T12);
//!   - no remote timestamp moves the clock more than `max_offset` ahead of the physical one.
//!
//! HAZARD: the second and third make single keys linearizable only while physical clocks differ by less than
//! `max_offset`. Whoever finds that they do not (clock probes, not here) must stop serving.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::bound::{BoundError, UpperBound};
use crate::timestamp::Timestamp;

/// Readings of the physical clock: nanoseconds since the Unix epoch. They may jump.
pub trait PhysicalTime: Send + Sync + 'static {
    /// Now.
    fn nanos(&self) -> u64;
}

impl<F: Fn() -> u64 + Send + Sync + 'static> PhysicalTime for F {
    fn nanos(&self) -> u64 {
        self()
    }
}

/// What a clock may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most that two clocks of a cluster may differ.
    pub max_offset: Duration,
    /// How far ahead of itself the clock writes its bound. A larger one is written less often, and makes a start
    /// after a crash wait longer.
    pub bound_ahead: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { max_offset: Duration::from_millis(250), bound_ahead: Duration::from_secs(1) }
    }
}

/// Why the clock refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A remote timestamp is too far ahead of the physical clock: one of the two clocks is wrong.
    TooFarAhead {
        /// What was heard.
        remote: Timestamp,
        /// The reading of the physical clock.
        physical: u64,
        /// The most that it may be ahead.
        max_offset: Duration,
    },
    /// The bound could not be made durable: no further timestamp may be given out.
    Bound(BoundError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooFarAhead { remote, physical, max_offset } => {
                let ahead = Duration::from_nanos(remote.wall.saturating_sub(*physical));
                write!(f, "remote clock is {ahead:?} ahead of this node's; at most {max_offset:?} is allowed")
            }
            Error::Bound(e) => fmt::Display::fmt(e, f),
        }
    }
}

impl std::error::Error for Error {}

/// A hybrid logical clock. Cheap to clone; clones are the same clock.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    physical: Arc<dyn PhysicalTime>,
    bound: Arc<dyn UpperBound>,
    options: Options,
    state: Mutex<State>,
    /// Held while a bound is written, which [`Inner::state`] is not, so that nobody waits for a disk who need not.
    writing: Mutex<()>,
}

struct State {
    /// The last timestamp given out or heard.
    last: Timestamp,
    /// What is durable.
    bound: Timestamp,
    /// The bound as it was found at the start: what earlier runs may have given out.
    earlier: Timestamp,
}

impl Clock {
    /// A clock that goes on from the bound found in the store. Ask [`Clock::wait_until_safe`] before serving.
    pub fn new(
        physical: Arc<dyn PhysicalTime>,
        bound: Arc<dyn UpperBound>,
        options: Options,
    ) -> Result<Clock, Error> {
        let earlier = bound.load().map_err(Error::Bound)?.unwrap_or(Timestamp::ZERO);
        let state = State { last: earlier, bound: earlier, earlier };
        Ok(Clock(Arc::new(Inner {
            physical,
            bound,
            options,
            state: Mutex::new(state),
            writing: Mutex::new(()),
        })))
    }

    /// A clock without a disk, for tests.
    pub fn in_memory(physical: Arc<dyn PhysicalTime>, max_offset: Duration) -> Clock {
        let options = Options { max_offset, ..Options::default() };
        let bound = Arc::new(crate::bound::MemoryBound::default());
        Clock::new(physical, bound, options).expect("a bound in memory can be read")
    }

    /// The most that two clocks of a cluster may differ.
    pub fn max_offset(&self) -> Duration {
        self.0.options.max_offset
    }

    /// The reading of the physical clock, nanoseconds since the Unix epoch.
    pub fn physical(&self) -> u64 {
        self.0.physical.nanos()
    }

    /// How long until the physical clock has passed everything that earlier runs of this node may have given out
    /// (T12); `None` = it has. Until then the node must not serve.
    pub fn wait_until_safe(&self) -> Option<Duration> {
        let earlier = self.0.lock().earlier;
        let physical = self.physical();
        (physical <= earlier.wall && earlier > Timestamp::ZERO)
            .then(|| Duration::from_nanos((earlier.wall - physical).saturating_add(1)))
    }

    /// A timestamp above every one given out or heard before.
    ///
    /// Blocks on the store when the bound is reached, which [`Clock::extend`], called often enough, avoids.
    pub fn now(&self) -> Result<Timestamp, Error> {
        loop {
            let physical = self.physical();
            let mut state = self.0.lock();
            let next = state.last.next().max(Timestamp::new(physical, 0));
            if next <= state.bound {
                state.last = next;
                return Ok(next);
            }
            drop(state);
            self.extend_to(next)?;
        }
    }

    /// The last timestamp given out or heard: below whatever [`Clock::now`] will give.
    pub fn last(&self) -> Timestamp {
        self.0.lock().last
    }

    /// Learns a timestamp that came with a message: later ones will be above it. Refuses, and forgets, one that is
    /// more than `max_offset` ahead of the physical clock (T12).
    ///
    /// Blocks on the store like [`Clock::now`] if it lies above the bound.
    pub fn update(&self, remote: Timestamp) -> Result<(), Error> {
        let physical = self.physical();
        let max_offset = self.0.options.max_offset;
        if remote > Timestamp::new(physical, u32::MAX).add(max_offset) {
            return Err(Error::TooFarAhead { remote, physical, max_offset });
        }
        loop {
            let mut state = self.0.lock();
            if remote <= state.bound {
                state.last = state.last.max(remote);
                return Ok(());
            }
            drop(state);
            // T12: what was heard is served at, and given on; a later run must not begin below it.
            self.extend_to(remote)?;
        }
    }

    /// [`Clock::update`], then [`Clock::now`].
    pub fn observe(&self, remote: Timestamp) -> Result<Timestamp, Error> {
        self.update(remote)?;
        self.now()
    }

    /// Writes the bound anew if less than half of the way to it is left. Call it every `bound_ahead / 4` or so
    /// where blocking does no harm; then [`Clock::now`] never waits for a disk. Returns whether it wrote.
    pub fn extend(&self) -> Result<bool, Error> {
        let want = Timestamp::new(self.physical(), 0).max(self.last());
        let enough = want.add(self.0.options.bound_ahead / 2);
        if self.0.lock().bound >= enough {
            return Ok(false);
        }
        self.extend_to(enough)?;
        Ok(true)
    }

    /// How often [`Clock::extend`] wants to be called.
    pub fn extend_interval(&self) -> Duration {
        self.0.options.bound_ahead / 4
    }

    /// The clean end of this run: persists exactly what was given out, so that the next start need not wait.
    /// Nothing may be asked of this clock afterwards.
    pub fn stop(&self) -> Result<Timestamp, Error> {
        let _writing = self.0.writing.lock().unwrap_or_else(|e| e.into_inner());
        let mut state = self.0.lock();
        let last = state.last;
        // What this run did not give out, an earlier one may have.
        let last = last.max(state.earlier);
        self.0.bound.store(last).map_err(Error::Bound)?;
        state.bound = last;
        Ok(last)
    }

    /// Makes the bound at least `want`.
    fn extend_to(&self, want: Timestamp) -> Result<(), Error> {
        let _writing = self.0.writing.lock().unwrap_or_else(|e| e.into_inner());
        if self.0.lock().bound >= want {
            return Ok(()); // Another thread has done it meanwhile.
        }
        let physical = Timestamp::new(self.physical(), 0);
        let bound = want.max(physical).add(self.0.options.bound_ahead);
        self.0.bound.store(bound).map_err(Error::Bound)?;
        self.0.lock().bound = bound;
        Ok(())
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked here held no half-made change: each is one assignment.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.last()).finish()
    }
}
