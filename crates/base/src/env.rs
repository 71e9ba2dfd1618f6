//! Everything that a node may learn from, or do to, the outside world apart from storage.
//!
//! Production code gets time, chance, threads and tasks from an [`Env`] only, so that a whole cluster can run in
//! one thread from one seed. Only [`os`] reads the real clock and the real entropy.

pub mod os;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::{Rng as _, RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Readings of a physical clock.
pub trait PhysicalClock: Send + Sync + 'static {
    /// Nanoseconds since the Unix epoch. May jump.
    fn wall(&self) -> u64;
    /// Time since some fixed point. Never goes back; may stand still while the machine is suspended.
    fn monotonic(&self) -> Duration;
}

/// How blocking work (engine calls that may wait for a disk) is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// On tokio's blocking pool.
    Pool,
    /// In place: for the simulator, whose world has one thread.
    Inline,
}

/// The world of one node. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn PhysicalClock>,
    rng: Rng,
    blocking: Blocking,
}

impl Env {
    /// An environment of these parts.
    pub fn new(clock: Arc<dyn PhysicalClock>, seed: u64, blocking: Blocking) -> Env {
        Env { clock, rng: Rng::new(seed), blocking }
    }

    /// The physical clock.
    pub fn clock(&self) -> &Arc<dyn PhysicalClock> {
        &self.clock
    }

    /// How blocking work is run here.
    pub fn blocking(&self) -> Blocking {
        self.blocking
    }

    /// This environment's source of chance.
    pub fn rng(&self) -> &Rng {
        &self.rng
    }

    /// The same world with a source of chance of its own, so that one actor's draws do not shift another's.
    pub fn child(&self) -> Env {
        Env { clock: self.clock.clone(), rng: self.rng.child(), blocking: self.blocking }
    }

    /// Runs work that may block its thread.
    ///
    /// # Panics
    /// If `work` panics, its panic goes on here.
    pub async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match self.blocking {
            Blocking::Inline => work(),
            Blocking::Pool => match tokio::task::spawn_blocking(work).await {
                Ok(out) => out,
                Err(e) => match e.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is going away: nobody is left who could use an answer.
                    Err(_) => std::future::pending().await,
                },
            },
        }
    }

    /// Starts a named task. The caller owns the handle: it joins or aborts it.
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let span = tracing::debug_span!("task", name);
        tokio::spawn(tracing::Instrument::instrument(task, span))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("blocking", &self.blocking).finish_non_exhaustive()
    }
}

/// A seeded source of chance; clones share one stream, children have their own.
#[derive(Clone)]
pub struct Rng(Arc<Mutex<ChaCha12Rng>>);

impl Rng {
    /// A stream from this seed.
    pub fn new(seed: u64) -> Rng {
        Rng(Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed))))
    }

    /// A new stream, seeded from this one.
    pub fn child(&self) -> Rng {
        Rng::new(self.next_u64())
    }

    /// The next 64 random bits.
    pub fn next_u64(&self) -> u64 {
        self.0.lock().next_u64()
    }

    /// The next 128 random bits.
    pub fn next_u128(&self) -> u128 {
        self.0.lock().random()
    }

    /// Uniform in `[0, 1)`.
    pub fn next_f64(&self) -> f64 {
        self.0.lock().random()
    }

    /// Uniform in `[0, bound)`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.lock().random_range(0..bound) }
    }

    /// Fills the buffer with random bytes.
    pub fn fill(&self, buf: &mut [u8]) {
        self.0.lock().fill_bytes(buf);
    }
}
