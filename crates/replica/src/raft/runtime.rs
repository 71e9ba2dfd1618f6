//! The runtime that openraft runs on: tokio, with two changes.
//!
//!   - Its random numbers come from a seed in the task ([`scope`]), handed down to every task that it spawns, so
//!     that a run in simulation repeats. Whatever calls into openraft in a way that may spawn or draw runs inside
//!     [`scope`].
//!   - A sleep that is already over does not go to tokio's timer wheel, whose grain is a millisecond. openraft
//!     asks for a microsecond's sleep between two completed writes to the log, which would otherwise cost one.

use std::future::Future;
use std::io;
use std::time::Duration;

use futures::future::{Either, Ready, ready};
use openraft::rt::deterministic_rng::DeterministicRng;
use openraft::rt::{AsyncRuntime, Instant, OptionalSend};
use openraft_rt_tokio::TokioRuntime;

type Inner = DeterministicRng<TokioRuntime>;
type InnerSleep = <Inner as AsyncRuntime>::Sleep;

/// Sleeps up to this long are no sleeps.
const SLEEP_MIN: Duration = Duration::from_micros(50);

/// See the module.
#[derive(Debug)]
pub struct Runtime(Inner);

/// Runs `work` with this seed for whatever openraft draws in it.
pub(crate) fn scope<F: Future>(seed: u64, work: F) -> impl Future<Output = F::Output> {
    Inner::scope(seed, work)
}

impl AsyncRuntime for Runtime {
    type JoinError = <Inner as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <Inner as AsyncRuntime>::JoinHandle<T>;
    type Sleep = Either<Ready<()>, InnerSleep>;
    type Instant = <Inner as AsyncRuntime>::Instant;
    type TimeoutError = <Inner as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = <Inner as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = <Inner as AsyncRuntime>::ThreadLocalRng;
    type Mpsc = <Inner as AsyncRuntime>::Mpsc;
    type Watch = <Inner as AsyncRuntime>::Watch;
    type Oneshot = <Inner as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <Inner as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        Inner::spawn(future)
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        if duration <= SLEEP_MIN { Either::Left(ready(())) } else { Either::Right(Inner::sleep(duration)) }
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        if deadline <= Self::Instant::now() + SLEEP_MIN {
            Either::Left(ready(()))
        } else {
            Either::Right(Inner::sleep_until(deadline))
        }
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        Inner::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        Inner::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        Inner::is_panic(join_error)
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        Inner::thread_rng()
    }

    fn new(threads: usize) -> Self {
        Runtime(Inner::new(threads))
    }

    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        self.0.block_on(future)
    }

    fn spawn_blocking<F, T>(f: F) -> impl Future<Output = Result<T, io::Error>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Inner::spawn_blocking(f)
    }
}
