//! The node's one writer of the log engine.
//!
//! ```text
//!   group 1 ─ append ─┐                       ┌ flushed
//!   group 2 ─ vote  ──┼─► batch ──► write+sync ┼ durable
//!   group 3 ─ append ─┘    ▲                  └ flushed
//!                          └ meanwhile the next batch fills
//! ```
//!
//! While one batch is being synced, whatever all groups of the node want written gathers in the next one, so that
//! a busy node pays one sync for many of them (group commit). The order of a group's writes is the order in which
//! it handed them in.
//!
//! *Failure*: a full disk is waited out, since the write did not happen. Any other error is final: everything
//! pending and everything to come fails with it, and the node must stop.

use std::sync::Arc;
use std::time::Duration;

use base::env::{Blocking, Env};
use parking_lot::{Condvar, Mutex};
use storage::{Engine, Error, WriteBatch};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::metrics::Metrics;

/// How long a batch that met a full disk waits before it is tried again.
const DISK_FULL_RETRY: Duration = Duration::from_millis(100);

/// Told what became of a batch. Runs on the writer: quick, and never blocking.
pub(crate) type Done = Box<dyn FnOnce(&Result<(), String>) + Send>;

/// See the module.
pub(crate) struct LogWriter {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    engine: Arc<dyn Engine>,
    queue: Mutex<Queue>,
    /// Wakes a writer that is a thread.
    filled: Condvar,
    /// Wakes a writer that is a task.
    notify: Notify,
    metrics: Metrics,
    /// Told of the error after which nothing can be written any more.
    on_failure: Box<dyn Fn(&str) + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    batch: WriteBatch,
    done: Vec<Done>,
    sync: bool,
    closed: bool,
    failed: Option<String>,
}

struct Work {
    batch: WriteBatch,
    done: Vec<Done>,
    sync: bool,
}

impl LogWriter {
    /// Starts the writer: a thread of its own in production, a task where the world has one thread.
    pub(crate) fn start(
        env: &Env,
        engine: Arc<dyn Engine>,
        metrics: Metrics,
        on_failure: impl Fn(&str) + Send + Sync + 'static,
    ) -> Arc<LogWriter> {
        let shared = Arc::new(Shared {
            engine,
            queue: Mutex::default(),
            filled: Condvar::new(),
            notify: Notify::new(),
            metrics,
            on_failure: Box::new(on_failure),
        });
        let work = shared.clone();
        let task = match env.blocking() {
            Blocking::Pool => {
                let inner = env.clone();
                env.spawn("log-writer", async move { inner.run_blocking(move || work.run_thread()).await })
            }
            Blocking::Inline => env.spawn("log-writer", async move { work.run_task().await }),
        };
        Arc::new(LogWriter { shared, task: Mutex::new(Some(task)) })
    }

    /// Adds writes to the next batch. `done` hears when it is written, and durable if `sync` is set.
    pub(crate) fn enqueue(&self, sync: bool, fill: impl FnOnce(&mut WriteBatch), done: Option<Done>) {
        let mut queue = self.shared.queue.lock();
        let refused = match &queue.failed {
            Some(why) => Some(why.clone()),
            None if queue.closed => Some("the log is closed".to_owned()),
            None => None,
        };
        if let Some(why) = refused {
            drop(queue);
            if let Some(done) = done {
                done(&Err(why));
            }
            return;
        }
        fill(&mut queue.batch);
        queue.sync |= sync;
        queue.done.extend(done);
        drop(queue);
        self.shared.filled.notify_one();
        self.shared.notify.notify_one();
    }

    /// Writes what is pending, then stops.
    pub(crate) async fn shutdown(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.filled.notify_one();
        self.shared.notify.notify_one();
        let task = self.task.lock().take();
        if let Some(task) = task {
            // Cancelled with its runtime, or done: either way it writes no more.
            drop(task.await);
        }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        // Whoever drops the node without a shutdown must not leave a thread behind.
        self.shared.queue.lock().closed = true;
        self.shared.filled.notify_one();
        self.shared.notify.notify_one();
    }
}

impl Shared {
    fn run_thread(&self) {
        loop {
            let work = {
                let mut queue = self.queue.lock();
                while queue.is_idle() && !queue.closed {
                    self.filled.wait(&mut queue);
                }
                match queue.take() {
                    Some(work) => work,
                    None => return,
                }
            };
            let result = loop {
                match self.write(&work) {
                    Err(Error::DiskFull) if !self.queue.lock().closed => {
                        self.filled.wait_for(&mut self.queue.lock(), DISK_FULL_RETRY);
                    }
                    result => break result,
                }
            };
            self.finish(work, result);
        }
    }

    async fn run_task(&self) {
        loop {
            let (work, closed) = {
                let mut queue = self.queue.lock();
                (queue.take(), queue.closed)
            };
            let Some(work) = work else {
                if closed {
                    return;
                }
                self.notify.notified().await;
                continue;
            };
            let result = loop {
                match self.write(&work) {
                    Err(Error::DiskFull) if !self.queue.lock().closed => {
                        tokio::time::sleep(DISK_FULL_RETRY).await;
                    }
                    result => break result,
                }
            };
            self.finish(work, result);
            // Let those who were told go first: what they write next fills the next batch.
            tokio::task::yield_now().await;
        }
    }

    fn write(&self, work: &Work) -> Result<(), Error> {
        if !work.sync {
            return self.engine.write(&work.batch);
        }
        self.metrics.log_batch_bytes.add(work.batch.byte_len() as u64);
        self.metrics.log_syncs.inc();
        self.engine.write_synced(&work.batch)
    }

    fn finish(&self, work: Work, result: Result<(), Error>) {
        let result = result.map_err(|e| e.to_string());
        if let Err(why) = &result {
            let pending = {
                let mut queue = self.queue.lock();
                queue.failed = Some(why.clone());
                queue.take()
            };
            (self.on_failure)(why);
            for done in work.done.into_iter().chain(pending.into_iter().flat_map(|w| w.done)) {
                done(&result);
            }
            return;
        }
        for done in work.done {
            done(&result);
        }
    }
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.batch.is_empty() && self.done.is_empty()
    }

    fn take(&mut self) -> Option<Work> {
        if self.is_idle() {
            return None;
        }
        Some(Work {
            batch: std::mem::take(&mut self.batch),
            done: std::mem::take(&mut self.done),
            sync: std::mem::take(&mut self.sync),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use storage::{MemEngine, Space};
    use tokio::sync::oneshot;

    use super::*;
    use crate::testing;

    fn start(blocking: Blocking, engine: MemEngine) -> (Arc<LogWriter>, Arc<AtomicU64>) {
        let failures = Arc::new(AtomicU64::new(0));
        let seen = failures.clone();
        let env = testing::env(blocking);
        let writer = LogWriter::start(&env, Arc::new(engine), Metrics::default(), move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
        });
        (writer, failures)
    }

    fn put(writer: &LogWriter, key: &[u8], sync: bool) -> oneshot::Receiver<Result<(), String>> {
        let (tx, rx) = oneshot::channel();
        let done: Done = Box::new(move |result| drop(tx.send(result.clone())));
        writer.enqueue(sync, |batch| batch.put(Space::Log, key, b"v"), Some(done));
        rx
    }

    async fn is_durable_when_told(blocking: Blocking) {
        let engine = MemEngine::new();
        let (writer, _) = start(blocking, engine.clone());
        let waiting: Vec<_> = (0..100u8).map(|i| (i, put(&writer, &[i], true))).collect();
        for (i, told) in waiting {
            assert_eq!(told.await, Ok(Ok(())));
            assert!(engine.get_durable(Space::Log, &[i]).unwrap().is_some());
        }
        assert!(engine.stats().syncs < 100, "a hundred writers share syncs: {:?}", engine.stats());
        writer.shutdown().await;
        assert_eq!(put(&writer, b"late", true).await, Ok(Err("the log is closed".into())));
    }

    #[tokio::test]
    async fn a_thread_makes_durable_before_it_tells() {
        is_durable_when_told(Blocking::Pool).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_makes_durable_before_it_tells() {
        is_durable_when_told(Blocking::Inline).await;
    }

    #[tokio::test]
    async fn a_full_disk_is_waited_out() {
        let engine = MemEngine::new();
        engine.set_capacity(Some(0));
        let (writer, failures) = start(Blocking::Pool, engine.clone());
        let mut told = put(&writer, b"k", true);
        assert!(tokio::time::timeout(DISK_FULL_RETRY * 2, &mut told).await.is_err());
        engine.set_capacity(None);
        assert_eq!(told.await, Ok(Ok(())));
        assert_eq!(failures.load(Ordering::SeqCst), 0);
        writer.shutdown().await;
    }

    #[tokio::test]
    async fn a_failure_is_final() {
        let engine = MemEngine::new();
        let (writer, failures) = start(Blocking::Pool, engine.clone());
        engine.poison("no more");
        assert!(put(&writer, b"k", true).await.unwrap().is_err());
        assert!(put(&writer, b"l", false).await.unwrap().is_err());
        assert_eq!(failures.load(Ordering::SeqCst), 1);
        writer.shutdown().await;
    }
}
