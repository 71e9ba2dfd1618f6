//! [`FaultEngine`]: an engine whose calls fail or stall when a test says so.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use crate::batch::WriteBatch;
use crate::engine::{Cursor, CursorOptions, Engine, EngineStats, Health, Snapshot, Space};
use crate::error::{Error, Result};

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `write`, and the first half of `write_synced`.
    Write,
    /// `sync`, and the second half of `write_synced`.
    Sync,
    /// `snapshot`, `get`, `get_durable`, and reads from snapshots.
    Read,
}

/// Wraps an engine. Clones share the plan.
#[derive(Clone)]
pub struct FaultEngine {
    inner: Arc<dyn Engine>,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    state: Mutex<PlanState>,
    changed: Condvar,
}

#[derive(Default)]
struct PlanState {
    fail: Option<(Call, u64, Error)>,
    stalled: Option<Call>,
    waiting: usize,
    poisoned: Option<String>,
    calls: [u64; 3],
}

impl FaultEngine {
    /// Nothing fails yet.
    pub fn new(inner: Arc<dyn Engine>) -> FaultEngine {
        FaultEngine { inner, plan: Arc::default() }
    }

    /// The `n`-th call of that kind from now (0 = the next) fails with `error`, and does nothing else. If it is a
    /// write or sync and `error` poisons, every later call fails too.
    pub fn fail_nth(&self, call: Call, n: u64, error: Error) {
        self.plan.state.lock().fail = Some((call, n, error));
    }

    /// Whether the planned failure is still to come.
    pub fn failure_pending(&self) -> bool {
        self.plan.state.lock().fail.is_some()
    }

    /// Takes back what was planned, and lets an engine that was poisoned by it work again, as after a restart.
    pub fn heal(&self) {
        let mut state = self.plan.state.lock();
        state.fail = None;
        state.poisoned = None;
    }

    /// How many calls of that kind there were.
    pub fn calls(&self, call: Call) -> u64 {
        self.plan.state.lock().calls[call as usize]
    }

    /// From now on calls of that kind wait until the guard is dropped, as on a disk that hangs.
    pub fn stall(&self, call: Call) -> Stall {
        self.plan.state.lock().stalled = Some(call);
        Stall { plan: self.plan.clone() }
    }

    fn enter(&self, call: Call) -> Result<()> {
        enter(&self.plan, call)
    }
}

fn enter(plan: &Plan, call: Call) -> Result<()> {
    let mut state = plan.state.lock();
    state.calls[call as usize] += 1;
    if state.stalled == Some(call) {
        state.waiting += 1;
        plan.changed.notify_all();
        while state.stalled == Some(call) {
            plan.changed.wait(&mut state);
        }
        state.waiting -= 1;
    }
    if let Some(why) = &state.poisoned {
        return Err(Error::Poisoned(why.clone()));
    }
    match state.fail.take() {
        Some((kind, 0, error)) if kind == call => {
            if call != Call::Read && error.poisons() {
                state.poisoned = Some(error.to_string());
            }
            Err(error)
        }
        Some((kind, n, error)) => {
            let n = if kind == call { n - 1 } else { n };
            state.fail = Some((kind, n, error));
            Ok(())
        }
        None => Ok(()),
    }
}

/// A disk that hangs, until this is dropped.
pub struct Stall {
    plan: Arc<Plan>,
}

impl Stall {
    /// Blocks until at least `n` calls hang.
    pub fn wait_for(&self, n: usize) {
        let mut state = self.plan.state.lock();
        while state.waiting < n {
            self.plan.changed.wait(&mut state);
        }
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        self.plan.state.lock().stalled = None;
        self.plan.changed.notify_all();
    }
}

impl Engine for FaultEngine {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.enter(Call::Read)?;
        Ok(Arc::new(FaultSnapshot { inner: self.inner.snapshot()?, plan: self.plan.clone() }))
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        self.enter(Call::Read)?;
        self.inner.get(space, key)
    }

    fn get_durable(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        self.enter(Call::Read)?;
        self.inner.get_durable(space, key)
    }

    fn write(&self, batch: &WriteBatch) -> Result<()> {
        self.enter(Call::Write)?;
        self.inner.write(batch)
    }

    fn write_reserved(&self, batch: &WriteBatch) -> Result<()> {
        self.enter(Call::Write)?;
        self.enter(Call::Sync)?;
        self.inner.write_reserved(batch)
    }

    fn sync(&self) -> Result<()> {
        self.enter(Call::Sync)?;
        self.inner.sync()
    }

    fn approximate_size(&self, space: Space, start: &[u8], end: &[u8]) -> Result<u64> {
        self.inner.approximate_size(space, start, end)
    }

    fn checkpoint(&self, path: &Path) -> Result<()> {
        self.enter(Call::Sync)?;
        self.inner.checkpoint(path)
    }

    fn health(&self) -> Health {
        match &self.plan.state.lock().poisoned {
            Some(why) => Health::Poisoned(why.clone()),
            None => self.inner.health(),
        }
    }

    fn stats(&self) -> EngineStats {
        self.inner.stats()
    }
}

struct FaultSnapshot {
    inner: Arc<dyn Snapshot>,
    plan: Arc<Plan>,
}

impl Snapshot for FaultSnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        enter(&self.plan, Call::Read)?;
        self.inner.get(space, key)
    }

    fn cursor(&self, space: Space, options: CursorOptions) -> Result<Box<dyn Cursor>> {
        enter(&self.plan, Call::Read)?;
        self.inner.cursor(space, options)
    }
}
