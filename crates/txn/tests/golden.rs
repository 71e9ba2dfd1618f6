//! Transactions over `LocalKv`, as scripts: what reads see, how commits go, which anomalies do not happen.
//!
//! `UPDATE_GOLDENFILES=1 cargo test -p txn --test golden` writes them anew; read the difference as prose.

mod support;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::{Key, NodeId, ProcessId, Span};
use bytes::Bytes;
use goldenscript::{ArgumentConsumer, Command, Context, Runner};
use proto::{BoxFuture, KvError, KvSender, LockOptions, LockStrength, LockWait, Request, Response};
use range::{LocalKv, ManualClock};
use txn::{Coordinator, Error, Parts, Savepoint, ScanOptions, Settings, Transaction, TxnOptions};

const HELP: &str = "\
put K=V…                      writes, in a transaction of its own
dump                          everything, read by a new transaction
split K                       cuts a range
drop-reply                    the answer to the next commit command is lost, once
drop-request                  the next commit command is lost, once
advance-clock DURATION        seconds
T: begin [as-of=T2]           a transaction; as-of: at the snapshot of another
T: statement                  the next statement
T: get K… [lock=update|share] [nowait]
T: scan FROM TO [reverse] [limit=N] [lock=update]
T: put K=V… | delete K…
T: savepoint S | rollback-to S | release S
T: commit | rollback";

/// Loses what it is told to lose.
struct Lossy {
    kv: LocalKv,
    reply: AtomicBool,
    request: AtomicBool,
}

impl KvSender for Lossy {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            let commits = matches!(request, Request::Commit(_) | Request::Prepare(_) | Request::Record(_));
            if commits && self.request.swap(false, Ordering::Relaxed) {
                return Err(KvError::Unknown("lost".into()));
            }
            let answer = self.kv.send(request).await;
            if commits && self.reply.swap(false, Ordering::Relaxed) {
                return Err(KvError::Unknown("lost".into()));
            }
            answer
        })
    }
}

struct World {
    runtime: tokio::runtime::Runtime,
    clock: ManualClock,
    net: Arc<Lossy>,
    coordinator: Arc<Coordinator>,
    metrics: base::metrics::Registry,
    open: BTreeMap<String, (Transaction, BTreeMap<String, Savepoint>)>,
}

impl World {
    fn new() -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let clock = ManualClock::at(1_000_000_000_000);
        let hybrid = clock.hybrid(Duration::from_millis(250));
        let kv = LocalKv::new(hybrid.clone(), &[], range::Settings::default());
        let net = Arc::new(Lossy {
            kv: kv.clone(),
            reply: AtomicBool::new(false),
            request: AtomicBool::new(false),
        });
        let metrics = base::metrics::Registry::default();
        let settings = Settings { wait_max: Duration::from_millis(50), ..Settings::default() };
        let coordinator = Coordinator::new(Parts {
            sender: net.clone(),
            partition: Arc::new(kv),
            clock: Arc::new(hybrid),
            env: support::env(7),
            node: NodeId(1),
            process: ProcessId(1),
            settings,
            registry: metrics.clone(),
            memory: base::memory::Account::root("test", 1 << 20),
            peers: None,
        });
        let coordinator = coordinator.expect("no directory is asked for");
        World { runtime, clock, net, coordinator, metrics, open: BTreeMap::new() }
    }

    fn path(&self) -> BTreeMap<&'static str, u64> {
        let count = |path| self.metrics.counter("txn_commit_total", &[("path", path)], "").get();
        ["read_only", "one_range", "several_ranges", "open"].into_iter().map(|p| (p, count(p))).collect()
    }

    async fn rows(txn: &mut Transaction, span: Span, options: ScanOptions) -> Result<String, Error> {
        let rows = txn.scan_all(span, options).await?;
        let rows: Vec<String> =
            rows.iter().map(|(k, v)| format!("{}={}", text(k.bytes()), text(v))).collect();
        Ok(if rows.is_empty() { "nothing".into() } else { rows.join(" ") })
    }
}

fn pairs(args: &mut ArgumentConsumer<'_>) -> Vec<(Key, Bytes)> {
    std::iter::from_fn(|| args.next_key()).map(|(k, v)| (key(k), Bytes::from(v.to_string()))).collect()
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

fn told(error: &Error) -> String {
    let what = match error {
        Error::Conflict { key, .. } => format!("Conflict on {key}"),
        error => error.to_string(),
    };
    format!("{what}   class={:?}", error.class())
}

impl Runner for World {
    type Command = Command;

    fn run(&mut self, command: &Command, context: &Context) -> Result<String, Box<dyn StdError>> {
        let mut args = command.consume_args();
        let Some(name) = context.prefix.clone() else {
            let out = match command.name.as_str() {
                "put" => {
                    let pairs = pairs(&mut args);
                    let coordinator = self.coordinator.clone();
                    let before = self.path();
                    self.runtime.block_on(async {
                        let mut txn = coordinator.begin(TxnOptions::default())?;
                        for (key, value) in pairs {
                            txn.put(key, value)?;
                        }
                        txn.commit().await
                    })?;
                    committed_by(&before, &self.path())
                }
                "dump" => {
                    let coordinator = self.coordinator.clone();
                    self.runtime.block_on(async {
                        let mut txn = coordinator.begin(TxnOptions::default())?;
                        txn.begin_statement()?;
                        World::rows(&mut txn, Span::all(), ScanOptions::default()).await
                    })?
                }
                "split" => {
                    let at = args.next_pos().ok_or("where?")?;
                    self.net.kv.split(&key(at))?;
                    String::new()
                }
                "drop-reply" => {
                    self.net.reply.store(true, Ordering::Relaxed);
                    String::new()
                }
                "drop-request" => {
                    self.net.request.store(true, Ordering::Relaxed);
                    String::new()
                }
                "advance-clock" => {
                    let seconds: u64 = args.next_pos().ok_or("how far?")?.parse()?;
                    self.clock.advance(Duration::from_secs(seconds));
                    String::new()
                }
                other => return Err(format!("unknown command {other}\n{HELP}").into()),
            };
            args.reject_next()?;
            return Ok(out);
        };
        if command.name == "begin" {
            let read_at = args.take_key("as-of").and_then(|other| self.open.get(other)?.0.read_ts());
            args.reject_next()?;
            let _context = self.runtime.enter();
            let mut txn = self.coordinator.begin(TxnOptions { read_at, ..TxnOptions::default() })?;
            txn.begin_statement()?;
            self.open.insert(name, (txn, BTreeMap::new()));
            return Ok(String::new());
        }
        let Some((mut txn, mut savepoints)) = self.open.remove(&name) else {
            return Err(format!("{name} has not begun").into());
        };
        let before = self.path();
        let result: Result<String, Error> = match command.name.as_str() {
            "statement" => txn.begin_statement().map(|()| String::new()),
            "get" => {
                let strength = args.take_key("lock");
                let mut wait = LockWait::Wait(Duration::from_millis(20));
                let mut keys = Vec::new();
                while let Some(arg) = args.next_pos() {
                    match arg {
                        "nowait" => wait = LockWait::NoWait,
                        "skip-locked" => wait = LockWait::SkipLocked,
                        name => keys.push(key(name)),
                    }
                }
                let lock = strength.map(|s| LockOptions { strength: strength_of(s), wait });
                self.runtime.block_on(txn.get(&keys, lock)).map(|values| {
                    let show = |(key, value): (&Key, &Option<Bytes>)| {
                        format!("{}={}", text(key.bytes()), value.as_ref().map_or("∅".into(), text))
                    };
                    keys.iter().zip(&values).map(show).collect::<Vec<_>>().join(" ")
                })
            }
            "scan" => {
                let limit: Option<u64> = args.take_key("limit").map(str::parse).transpose()?;
                let strength = args.take_key("lock");
                let wait = LockWait::Wait(Duration::from_millis(20));
                let positions: Vec<&str> = std::iter::from_fn(|| args.next_pos()).collect();
                let [from, to, rest @ ..] = positions.as_slice() else {
                    return Err("from where to where?".into());
                };
                let options = ScanOptions {
                    reverse: rest.contains(&"reverse"),
                    row_limit: limit.unwrap_or(0),
                    lock: strength.map(|s| LockOptions { strength: strength_of(s), wait }),
                    ..ScanOptions::default()
                };
                let span = Span::new(key(from), key(to));
                self.runtime.block_on(World::rows(&mut txn, span, options))
            }
            "put" => pairs(&mut args)
                .into_iter()
                .try_fold(String::new(), |out, (key, value)| txn.put(key, value).map(|()| out)),
            "delete" => std::iter::from_fn(|| args.next_pos())
                .try_fold(String::new(), |out, name| txn.delete(key(name)).map(|()| out)),
            "savepoint" | "rollback-to" | "release" => {
                let label = args.next_pos().ok_or("which?")?.to_string();
                match (command.name.as_str(), savepoints.get(&label)) {
                    ("savepoint", _) => drop(savepoints.insert(label, txn.savepoint())),
                    ("rollback-to", Some(savepoint)) => txn.rollback_to(*savepoint),
                    (_, Some(savepoint)) => txn.release(*savepoint),
                    (_, None) => return Err(format!("no savepoint {label}").into()),
                }
                Ok(String::new())
            }
            "commit" | "rollback" => {
                args.reject_next()?;
                let commit = command.name == "commit";
                let coordinator = self.coordinator.clone();
                let result = self.runtime.block_on(async {
                    let result = if commit {
                        txn.commit().await.map(drop)
                    } else {
                        txn.rollback();
                        Ok(())
                    };
                    coordinator.settled().await;
                    result
                });
                return match result {
                    Ok(()) if commit => Ok(committed_by(&before, &self.path())),
                    Ok(()) => Ok(String::new()),
                    Err(error) => Err(told(&error).into()),
                };
            }
            other => return Err(format!("unknown command {other}\n{HELP}").into()),
        };
        args.reject_next()?;
        self.open.insert(name, (txn, savepoints));
        result.map_err(|error| told(&error).into())
    }
}

fn strength_of(name: &str) -> LockStrength {
    match name {
        "share" => LockStrength::Share,
        "key-share" => LockStrength::KeyShare,
        "no-key-update" => LockStrength::NoKeyUpdate,
        _ => LockStrength::Update,
    }
}

fn committed_by(before: &BTreeMap<&'static str, u64>, after: &BTreeMap<&'static str, u64>) -> String {
    let path =
        after.iter().find(|(path, count)| before.get(*path) != Some(count)).map_or("nothing", |(p, _)| p);
    format!("committed   {}", path.replace('_', " "))
}

impl Drop for World {
    fn drop(&mut self) {
        // Open transactions give up their locks in tasks.
        let _context = self.runtime.enter();
        self.open.clear();
    }
}

macro_rules! goldens {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/", stringify!($name));
            goldenscript::run(&mut World::new(), path).expect("the script runs as written");
        })*
    };
}

goldens!(
    anomaly_dirty_write,
    anomaly_dirty_read,
    anomaly_fuzzy_read,
    anomaly_lost_update,
    anomaly_read_skew,
    anomaly_write_skew,
    anomaly_phantom,
    anomaly_read_only,
    anomaly_long_fork,
    own_writes,
    locks,
    lost_replies,
    several_ranges,
);
