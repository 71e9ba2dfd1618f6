//! Stories of requests to ranges, in `testdata`. Regenerate with `UPDATE_GOLDENFILES=1`.
//!
//! A prefix names a transaction: `t1:` is number 1, and the smaller number is the older one. Timestamps are
//! nanoseconds; the clock stands at 1000 until it is told to go on; two clocks differ by at most 100. A request
//! that has to wait says `waits` and gives its answer after the command that lets it go on.

mod support;

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use base::{Key, Span, Timestamp};
use proto::{
    ClearSpanRequest, Decision, Evidence, GcRequest, GetRequest, Intent, KvError, LockOptions, LockRequest,
    LockStrength, LockWait, PrepareRequest, QueryRecordRequest, ReadOptions, RecordRequest, RecoverRequest,
    Request, ResolveRequest, Response, ScanRequest, ScanRows, TxnRecord, UnlockRequest, ValidateRequest,
};
use support::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HELP: &str = "\
t1: get KEY... ts=N [limit=N] [lock=update|nokey|share|keyshare] [wait=no|skip|NANOS]
t1: scan A..B ts=N [limit=N] [rows=N] [reverse=true] [lock=…] [wait=…]
t1: validate SPAN... from=N to=N
t1: commit KEY=VALUE... min=N (KEY= deletes) [start=N] [reads=SPAN,... from=N] [exact=true] [max=N] [deadline=N]
t1: prepare KEY=VALUE... at=N [number=N] [anchor=KEY] [stage=N] [reads=SPAN,... from=N] [birth=N] [deadline=N]
t1: record ANCHOR expect=R to=R          R: none, staging.STAGE.TS, committed.TS, aborted.TS
t1: query ANCHOR
t1: recover KEY number=N at=N
t1: resolve SPAN... commit=N | abort=true
t1: lock KEY... lock=… [wait=…] · t1: unlock KEY (all of its range)
gc SPAN threshold=N · clear SPAN · close-ts KEY at=N
hold KEY · apply KEY · refuse KEY · lose KEY applied=BOOL · release KEY · restart KEY
split KEY · advance NANOS · lease KEY=BOOL";

struct Runner {
    world: World,
    runtime: tokio::runtime::Runtime,
    waiting: VecDeque<(String, tokio::task::JoinHandle<String>)>,
}

impl Runner {
    fn new() -> Runner {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        Runner { world: world(), runtime, waiting: VecDeque::new() }
    }

    /// Answers of requests that waited and do not any more.
    fn finished(&mut self) -> String {
        let mut out = String::new();
        self.runtime.block_on(settle());
        for _ in 0..self.waiting.len() {
            let Some((who, task)) = self.waiting.pop_front() else { break };
            if task.is_finished() {
                let answer = self.runtime.block_on(task).unwrap();
                let _ = writeln!(out, "{who}went on: {answer}");
            } else {
                self.waiting.push_back((who, task));
            }
        }
        out
    }

    fn send(&mut self, prefix: Option<&str>, request: Request) -> String {
        let kv = self.world.kv.clone();
        let task = self.runtime.spawn(async move { show(proto::KvSender::send(&kv, request).await) });
        self.runtime.block_on(settle());
        if task.is_finished() {
            return self.runtime.block_on(task).unwrap();
        }
        self.waiting.push_back((prefix.map(|prefix| format!("{prefix} ")).unwrap_or_default(), task));
        "waits".into()
    }
}

fn time(at: Timestamp) -> String {
    match at.logical {
        0 => at.wall.to_string(),
        logical => format!("{}.{logical}", at.wall),
    }
}

fn show(answer: std::result::Result<Response, KvError>) -> String {
    match answer {
        Ok(response) => show_response(response),
        Err(error) => show_error(error),
    }
}

fn text(value: &[u8]) -> String {
    value.escape_ascii().to_string()
}

fn show_response(response: Response) -> String {
    match response {
        Response::Get(values) => {
            let values = values.iter().map(|value| value.as_ref().map_or("-".into(), |value| text(value)));
            values.collect::<Vec<_>>().join(" ")
        }
        Response::Scan(found) => {
            let ScanRows::Raw(rows) = found.rows else { return "rows of a program".into() };
            let mut out: Vec<String> =
                rows.iter().map(|(key, value)| format!("{}={}", text(key.as_bytes()), text(value))).collect();
            if let Some(rest) = found.resume {
                out.push(format!("resume {}", show_span(&rest)));
            }
            if out.is_empty() { "nothing".into() } else { out.join(" ") }
        }
        Response::Done => "done".into(),
        Response::Committed(at) => format!("committed @{}", time(at)),
        Response::Updated(_) => "updated".into(),
        Response::Prepared(at) => format!("prepared @{}", time(at)),
        Response::Record { record, threshold } => {
            format!("{}, threshold {}", show_record(record.as_ref()), time(threshold))
        }
        Response::Recovered(intent) => intent.map_or("missing".into(), |intent| show_intent(&intent)),
        Response::Resolved(count) => format!("resolved {count}"),
        Response::Collected(count) => format!("collected {count}"),
    }
}

fn show_span(span: &Span) -> String {
    if span.is_point() {
        return text(span.start.as_bytes());
    }
    let end = if span.end == Key::MAX { String::new() } else { text(span.end.as_bytes()) };
    format!("{}..{end}", text(span.start.as_bytes()))
}

fn show_intent(intent: &Intent) -> String {
    format!("intent of t{} number {} @{}", intent.txn.id.0, intent.number, time(intent.prepare_ts))
}

fn show_record(record: Option<&TxnRecord>) -> String {
    match record {
        None => "no record".into(),
        Some(TxnRecord::Staging { stage, commit_ts, .. }) => format!("STAGING {stage} @{}", time(*commit_ts)),
        Some(TxnRecord::Committed { commit_ts, .. }) => format!("COMMITTED @{}", time(*commit_ts)),
        Some(TxnRecord::Aborted { .. }) => "ABORTED".into(),
    }
}

fn show_error(error: KvError) -> String {
    let name = |key: &Key| text(key.as_bytes());
    match error {
        KvError::Conflict { key, at } => format!("Conflict {} @{}", name(&key), time(at)),
        KvError::Uncertain { key, at } => format!("Uncertain {} @{}", name(&key), time(at)),
        KvError::Intents(intents) => {
            let intents =
                intents.iter().map(|(key, intent)| format!("{}: {}", name(key), show_intent(intent)));
            format!("Intents {}", intents.collect::<Vec<_>>().join(", "))
        }
        KvError::LockNotAvailable { key, holder } => {
            format!("LockNotAvailable {} held by t{}", name(&key), holder.0)
        }
        KvError::Deadlock { key } => format!("Deadlock on {}", name(&key)),
        KvError::AlreadyCommitted(at) => format!("AlreadyCommitted @{}", time(at)),
        KvError::RecordMismatch(record) => format!("RecordMismatch {}", show_record(record.as_ref())),
        KvError::RecordThreshold(at) => format!("RecordThreshold {}", time(at)),
        KvError::DeadlinePassed { deadline } => format!("DeadlinePassed {}", time(deadline)),
        KvError::BelowGcThreshold { read_ts, threshold, .. } => {
            format!("BelowGcThreshold read {} threshold {}", time(read_ts), time(threshold))
        }
        KvError::RangeChanged { newer } => {
            let spans = newer.iter().map(|range| format!("{}: {}", range.id, show_span(&range.span)));
            format!("RangeChanged {}", spans.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other}"),
    }
}

fn number(text: &str) -> Result<u64> {
    Ok(text.parse()?)
}

fn record(text: &str) -> Result<Option<TxnRecord>> {
    let mut parts = text.split('.');
    let kind = parts.next().unwrap_or_default();
    let mut next = || number(parts.next().ok_or("a record needs a timestamp")?);
    Ok(match kind {
        "none" => None,
        "staging" => {
            let stage = next()? as u32;
            Some(staging(stage, next()?))
        }
        "committed" => Some(committed(next()?)),
        "aborted" => Some(aborted(next()?)),
        other => return Err(format!("no record is called {other}").into()),
    })
}

/// Arguments of one command.
struct Args<'a> {
    args: goldenscript::ArgumentConsumer<'a>,
    txn: Option<u64>,
}

impl Args<'_> {
    fn txn(&self) -> Result<u64> {
        self.txn.ok_or_else(|| "whose? say t1: and so on".into())
    }

    fn optional(&mut self, name: &str) -> Result<Option<u64>> {
        self.args.take_key(name).map(number).transpose()
    }

    fn required(&mut self, name: &str) -> Result<u64> {
        self.optional(name)?.ok_or_else(|| format!("{name}= is missing").into())
    }

    fn flag(&mut self, name: &str) -> bool {
        self.args.take_key(name) == Some("true")
    }

    fn one(&mut self) -> Result<String> {
        Ok(self.args.next_pos().ok_or("a key is missing")?.to_owned())
    }

    fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.args.next_pos().map(str::to_owned)).collect()
    }

    fn lock(&mut self) -> Result<Option<LockOptions>> {
        let strength = match self.args.take_key("lock") {
            None => return Ok(None),
            Some("update") => LockStrength::Update,
            Some("nokey") => LockStrength::NoKeyUpdate,
            Some("share") => LockStrength::Share,
            Some("keyshare") => LockStrength::KeyShare,
            Some(other) => return Err(format!("no lock is called {other}").into()),
        };
        let wait = match self.args.take_key("wait") {
            None => LockWait::Wait(Duration::from_secs(3600)),
            Some("no") => LockWait::NoWait,
            Some("skip") => LockWait::SkipLocked,
            Some(nanos) => LockWait::Wait(Duration::from_nanos(number(nanos)?)),
        };
        Ok(Some(LockOptions { strength, wait }))
    }

    fn read(&mut self) -> Result<ReadOptions> {
        let read_ts = ts(self.required("ts")?);
        let limit = self.optional("limit")?.map_or(read_ts, ts);
        let lock = self.lock()?;
        Ok(ReadOptions { lock, ..read(self.txn, read_ts, limit) })
    }

    fn validation(&mut self) -> Result<proto::Validation> {
        let spans: Vec<&str> =
            self.args.take_key("reads").map(|spans| spans.split(',').collect()).unwrap_or_default();
        let from = self.optional("from")?.unwrap_or(0);
        Ok(reads(&spans, from))
    }

    fn writes(&mut self) -> Vec<(String, String)> {
        std::iter::from_fn(|| self.args.next_key().map(|(k, v)| (k.to_owned(), v.to_owned()))).collect()
    }
}

fn keys(names: &[String]) -> Vec<Key> {
    names.iter().map(|name| key(name)).collect()
}

fn spans(texts: &[String]) -> Vec<Span> {
    texts.iter().map(|text| span(text)).collect()
}

fn pairs(writes: &[(String, String)]) -> Vec<(&str, &str)> {
    writes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

fn request(name: &str, args: &mut Args<'_>) -> Result<Option<Request>> {
    Ok(Some(match name {
        "get" => {
            let read = args.read()?;
            Request::Get(GetRequest { keys: keys(&args.rest()), read })
        }
        "scan" => {
            let read = args.read()?;
            let (row_limit, reverse) = (args.optional("rows")?.unwrap_or(0), args.flag("reverse"));
            Request::Scan(ScanRequest { reverse, row_limit, read, ..scan(&args.one()?, 1) })
        }
        "validate" => {
            let (read_ts, commit_ts) = (ts(args.required("from")?), ts(args.required("to")?));
            Request::Validate(ValidateRequest {
                txn: txn(args.txn()?),
                spans: spans(&args.rest()),
                read_ts,
                commit_ts,
            })
        }
        "commit" => {
            let (min, start) = (args.required("min")?, args.optional("start")?);
            let (exact, max, deadline) =
                (args.flag("exact"), args.optional("max")?, args.optional("deadline")?);
            let reads = args.validation()?;
            let writes = args.writes();
            let mut request = commit(args.txn()?, &pairs(&writes), min);
            (request.reads, request.exact) = (reads, exact);
            request.start_ts = start.map_or(request.start_ts, ts);
            request.max_ts = max.map_or(request.max_ts, ts);
            request.deadline = deadline.map_or(request.deadline, ts);
            Request::Commit(request)
        }
        "prepare" => {
            let (at, number) = (args.required("at")?, args.optional("number")?.unwrap_or(1) as u32);
            let anchor = args.args.take_key("anchor").map(key);
            let (staged, birth, deadline) =
                (args.optional("stage")?, args.optional("birth")?, args.optional("deadline")?);
            let reads = args.validation()?;
            let writes = args.writes();
            let mut request: PrepareRequest = prepare(args.txn()?, number, &pairs(&writes), at);
            request.reads = reads;
            request.anchor = anchor.unwrap_or(request.anchor);
            request.birth = birth.map_or(request.birth, ts);
            request.deadline = deadline.map_or(request.deadline, ts);
            request.stage = staged.and_then(|number| stage(number as u32, &[]));
            Request::Prepare(request)
        }
        "record" => {
            let expect = record(args.args.take_key("expect").ok_or("expect= is missing")?)?;
            let new = record(args.args.take_key("to").ok_or("to= is missing")?)?;
            Request::Record(RecordRequest {
                txn: txn(args.txn()?).id,
                anchor: key(&args.one()?),
                expect,
                new,
            })
        }
        "query" => {
            Request::QueryRecord(QueryRecordRequest { txn: txn(args.txn()?).id, anchor: key(&args.one()?) })
        }
        "recover" => {
            let (number, commit_ts) = (args.required("number")? as u32, ts(args.required("at")?));
            let evidence = Evidence { key: key(&args.one()?), number };
            Request::Recover(RecoverRequest { txn: txn(args.txn()?).id, evidence, commit_ts })
        }
        "resolve" => {
            let decision = match args.optional("commit")? {
                Some(at) => Decision::Committed(ts(at)),
                None => {
                    args.flag("abort");
                    Decision::Aborted
                }
            };
            let number = args.optional("number")?.map(|number| number as u32);
            Request::Resolve(ResolveRequest {
                txn: txn(args.txn()?).id,
                spans: spans(&args.rest()),
                decision,
                number,
            })
        }
        "lock" => {
            let lock = args.lock()?.ok_or("lock= is missing")?;
            Request::Lock(LockRequest { txn: txn(args.txn()?), keys: keys(&args.rest()), lock })
        }
        "unlock" => Request::Unlock(UnlockRequest { txn: txn(args.txn()?).id, keys: keys(&args.rest()) }),
        "gc" => {
            let threshold = ts(args.required("threshold")?);
            Request::Gc(GcRequest { span: span(&args.one()?), threshold })
        }
        "clear" => Request::ClearSpan(ClearSpanRequest { span: span(&args.one()?) }),
        _ => return Ok(None),
    }))
}

impl goldenscript::Runner for Runner {
    type Command = goldenscript::Command;

    fn run(&mut self, command: &goldenscript::Command, context: &goldenscript::Context) -> Result<String> {
        let id = match context.prefix.as_deref().map(|prefix| prefix.strip_prefix('t')) {
            None => None,
            Some(Some(id)) => Some(number(id)?),
            Some(None) => return Err("a prefix is t and a number".into()),
        };
        let mut args = Args { args: command.consume_args(), txn: id };
        let name = command.name.as_str();
        let mut out = String::new();
        if let Some(request) = request(name, &mut args)? {
            args.args.reject_next()?;
            out = format!("{}\n", self.send(context.prefix.as_deref(), request));
        } else {
            let kv = self.world.kv.clone();
            match name {
                "hold" => kv.hold(&key(&args.one()?)),
                "apply" => out = format!("{}\n", kv.apply_next(&key(&args.one()?))),
                "refuse" => out = format!("{}\n", kv.refuse_next(&key(&args.one()?))),
                "lose" => {
                    let applied = args.flag("applied");
                    out = format!("{}\n", kv.lose_next(&key(&args.one()?), applied));
                }
                "release" => kv.release(&key(&args.one()?)),
                "restart" => kv.restart(&key(&args.one()?)),
                "split" => kv.split(&key(&args.one()?))?,
                "advance" => self.world.clock.advance(Duration::from_nanos(number(&args.one()?)?)),
                "close-ts" => {
                    let at = ts(args.required("at")?);
                    let range = kv.range(&key(&args.one()?));
                    let closed = self.runtime.block_on(range.close_timestamp(at));
                    out = format!("{}\n", closed.map_or_else(show_error, |()| "closed".into()));
                }
                "lease" => {
                    let (name, covers) = args.args.next_key().ok_or("KEY=BOOL is missing")?;
                    kv.set_lease(&key(name), covers == "true");
                }
                other => return Err(format!("no command is called {other}; there are\n{HELP}").into()),
            }
            args.args.reject_next()?;
        }
        Ok(out)
    }

    fn end_block(&mut self, _: &goldenscript::Block) -> Result<String> {
        Ok(self.finished())
    }

    fn end_script(&mut self) -> Result<()> {
        match self.waiting.front() {
            Some((who, _)) => Err(format!("{who} still waits at the end").into()),
            None => Ok(()),
        }
    }
}

mod story {
    use super::Runner;

    macro_rules! stories {
        ($($name:ident),* $(,)?) => {
            $(
                #[test]
                fn $name() -> std::io::Result<()> {
                    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/", stringify!($name));
                    goldenscript::run(&mut Runner::new(), path)
                }
            )*

            #[test]
            fn none_is_forgotten() {
                let mut told = vec![$(stringify!($name).to_owned()),*];
                told.sort();
                let dir = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata")).unwrap();
                let mut there: Vec<_> =
                    dir.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
                there.sort();
                assert_eq!(told, there);
            }
        };
    }

    stories!(
        reads,
        commit,
        prepare_and_resolve,
        records_and_recovery,
        locks,
        pipelining,
        incarnations,
        split,
        gc_and_clear,
        anomaly_dirty_write,
        anomaly_lost_update,
        anomaly_write_skew,
        anomaly_phantom,
        anomaly_read_skew,
    );
}
