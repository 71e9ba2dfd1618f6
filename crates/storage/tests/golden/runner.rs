//! Runs the stories in `crates/storage/testdata` on an engine. An unknown command prints the list.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use base::{Key, NodeId, ProcessId, Span, Timestamp, TxnId};
use bytes::Bytes;
use goldenscript::{Command, Context};
use proto::{Decision, Intent, TxnRecord, TxnRef};
use storage::keys::{Beside, Suffix, decode_beside, decode_mvcc_prefix, split_mvcc};
use storage::mvcc::{Met, ReadAt, ReadError, Reader, collect, decode_version, write};
use storage::{CursorOptions, Engine, Space, WriteBatch};

const HELP: &str = "commands:
  put KEY=VALUE… ts=N txn=N          commits versions
  delete KEY… ts=N txn=N             commits tombstones
  intent KEY=VALUE… ts=N txn=N [number=N]
  resolve txn=N [commit=N] [number=N] [in=FROM..TO]   without commit: aborted
  get KEY… ts=N [limit=N] [own=N]    limit: end of the uncertainty interval
  scan [FROM..TO] ts=N [limit=N] [own=N] [reverse=true]
  validate FROM..TO after=N upto=N [own=N]
  head KEY…                          intent and newest version
  history KEY after=N
  record ANCHOR txn=N [staging=N | committed=N | aborted=N]   without a state: shows it
  gc threshold=N [in=FROM..TO]
  clear FROM..TO
  sync | crash | dump";

/// Opens a fresh engine, and crashes one.
pub trait World {
    fn create(&mut self) -> Arc<dyn Engine>;
    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine>;
}

pub struct Runner<W> {
    world: W,
    engine: Option<Arc<dyn Engine>>,
}

impl<W: World> Runner<W> {
    pub fn new(mut world: W) -> Self {
        let engine = Some(world.create());
        Runner { world, engine }
    }

    fn engine(&self) -> &Arc<dyn Engine> {
        self.engine.as_ref().expect("there is always one between commands")
    }

    fn write(&self, write: impl FnOnce(&mut WriteBatch)) -> Result<(), Box<dyn Error>> {
        let mut batch = WriteBatch::new();
        write(&mut batch);
        Ok(self.engine().write(&batch)?)
    }
}

type Output = Result<String, Box<dyn Error>>;

/// Every story in `folder`.
pub fn run_all<W: World>(folder: &str, mut world: impl FnMut() -> W) {
    let mut stories: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stories.sort();
    assert!(!stories.is_empty());
    for story in stories {
        eprintln!("{}", story.display());
        goldenscript::run(&mut Runner::new(world()), story).unwrap();
    }
}

impl<W: World> goldenscript::Runner for Runner<W> {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &Context) -> Output {
        let mut args = command.consume_args();
        let mut number = |name: &str| args.take_key(name).map(|text| text.parse::<u64>()).transpose();
        let at = |n: u64| Timestamp::new(n, 0);
        let ts = number("ts")?.map(at);
        let limit = number("limit")?.map(at);
        let own = number("own")?.map(|n| TxnId(n.into()));
        let txn = number("txn")?.map(|n| TxnId(n.into()));
        let prepare = number("number")?.map(|n| n as u32);
        let commit = number("commit")?.map(at);
        let (after, upto) = (number("after")?.map(at), number("upto")?.map(at));
        let threshold = number("threshold")?.map(at);
        let states = [number("staging")?, number("committed")?, number("aborted")?];
        let reverse = args.take_key("reverse").is_some();
        let within = args.take_key("in").map(span).transpose()?.unwrap_or_else(Span::all);
        let mut pairs = Vec::new();
        while let Some((key, value)) = args.next_key() {
            pairs.push((key, value));
        }
        let mut names = Vec::new();
        while let Some(name) = args.next_pos() {
            names.push(name);
        }
        let ts = || ts.ok_or("ts is missing");
        let txn = || txn.ok_or("txn is missing");
        let first = || names.first().copied().ok_or("a key or span is missing");
        let read = || -> Result<ReadAt, Box<dyn Error>> {
            let read_ts = ts()?;
            Ok(ReadAt { read_ts, uncertainty_limit: limit.unwrap_or(read_ts), own })
        };
        let reader = || -> Result<Reader, Box<dyn Error>> { Ok(Reader::new(self.engine().snapshot()?)) };

        let mut out = String::new();
        match command.name.as_str() {
            "put" => {
                let (ts, txn) = (ts()?, txn()?);
                self.write(|batch| {
                    for (key, value) in pairs {
                        write::put_version(batch, key.as_bytes(), ts, txn, Some(value.as_bytes()));
                    }
                })?;
            }
            "delete" => {
                let (ts, txn) = (ts()?, txn()?);
                self.write(|batch| {
                    for key in &names {
                        write::put_version(batch, key.as_bytes(), ts, txn, None);
                    }
                })?;
            }
            "intent" => {
                let (prepare_ts, id) = (ts()?, txn()?);
                let anchor = Key::from(pairs.first().ok_or("a key is missing")?.0.as_bytes());
                self.write(|batch| {
                    for (key, value) in pairs {
                        let intent = Intent {
                            txn: TxnRef { id, age: at(1), coordinator: NodeId(1), process: ProcessId(1) },
                            number: prepare.unwrap_or(1),
                            prepare_ts,
                            anchor: anchor.clone(),
                            birth: at(1),
                            value: Some(Bytes::copy_from_slice(value.as_bytes())),
                        };
                        write::put_intent(batch, key.as_bytes(), &intent);
                    }
                })?;
            }
            "resolve" => {
                let decision = commit.map_or(Decision::Aborted, Decision::Committed);
                let mut batch = WriteBatch::new();
                let snapshot = self.engine().snapshot()?;
                let done = write::resolve_span(
                    &mut batch,
                    &snapshot,
                    &within,
                    txn()?,
                    decision,
                    prepare,
                    usize::MAX,
                )?;
                self.engine().write(&batch)?;
                writeln!(out, "{} resolved", done.intents)?;
            }
            "get" => {
                let mut reader = reader()?;
                for key in &names {
                    match reader.get(key.as_bytes(), &read()?) {
                        Ok(Some(value)) => writeln!(out, "{key}={}", value.escape_ascii())?,
                        Ok(None) => writeln!(out, "{key}: nothing")?,
                        Err(e) => writeln!(out, "{key}: {}", read_error(&e))?,
                    }
                }
            }
            "scan" => {
                let span = names.first().map_or(Ok(Span::all()), |name| span(name))?;
                let mut scan = reader()?.scan(&span, reverse, read()?)?;
                loop {
                    match scan.next() {
                        Ok(Some(row)) => writeln!(
                            out,
                            "{}={} @{} by {}",
                            row.key.escape_ascii(),
                            row.value.escape_ascii(),
                            row.meta.ts.wall,
                            row.meta.txn.0
                        )?,
                        Ok(None) => break writeln!(out, "end")?,
                        Err(e) => break writeln!(out, "{}", read_error(&e))?,
                    }
                }
            }
            "validate" => {
                let (after, upto) = (after.ok_or("after is missing")?, upto.ok_or("upto is missing")?);
                match reader()?.conflict_in(&span(first()?)?, after, upto, own, 100)? {
                    None => writeln!(out, "valid")?,
                    Some(Met::Version { key, meta }) => {
                        writeln!(out, "conflict: {key} @{} by {}", meta.ts.wall, meta.txn.0)?;
                    }
                    Some(Met::Intents(found)) => writeln!(out, "{}", intents(&found))?,
                }
            }
            "head" => {
                let mut reader = reader()?;
                for key in &names {
                    let head = reader.head(key.as_bytes())?;
                    write!(out, "{key}:")?;
                    if let Some(intent) = head.intent {
                        write!(out, " {}", one_intent(&intent))?;
                    }
                    match head.newest {
                        Some(meta) => writeln!(out, " newest @{} by {}", meta.ts.wall, meta.txn.0)?,
                        None => writeln!(out, " no version")?,
                    }
                }
            }
            "history" => {
                let history = reader()?.history(first()?.as_bytes(), after.ok_or("after is missing")?)?;
                if let Some(intent) = history.intent {
                    writeln!(out, "{}", one_intent(&intent))?;
                }
                for meta in history.versions {
                    writeln!(out, "@{} by {}", meta.ts.wall, meta.txn.0)?;
                }
            }
            "record" => {
                let (anchor, txn) = (first()?.as_bytes(), txn()?);
                let new = match states {
                    [Some(n), _, _] => Some(TxnRecord::Staging {
                        stage: 1,
                        commit_ts: at(n),
                        staged: proto::Staged::Open,
                        spans: vec![],
                        birth: at(1),
                    }),
                    [_, Some(n), _] => {
                        Some(TxnRecord::Committed { commit_ts: at(n), spans: vec![], birth: at(1) })
                    }
                    [_, _, Some(n)] => Some(TxnRecord::Aborted { birth: at(n) }),
                    _ => None,
                };
                match new {
                    Some(record) => self.write(|batch| write::put_record(batch, anchor, txn, &record))?,
                    None => match reader()?.record(anchor, txn)? {
                        Some(record) => writeln!(out, "{}", show_record(&record))?,
                        None => writeln!(out, "no record")?,
                    },
                }
            }
            "gc" => {
                let mut batch = WriteBatch::new();
                let snapshot = self.engine().snapshot()?;
                let threshold = threshold.ok_or("threshold is missing")?;
                let done = collect(&mut batch, &snapshot, &within, threshold, usize::MAX)?;
                self.engine().write(&batch)?;
                writeln!(out, "{} versions collected", done.versions)?;
            }
            "clear" => {
                let mut batch = WriteBatch::new();
                write::clear_span(&mut batch, &self.engine().snapshot()?, &span(first()?)?)?;
                self.engine().write(&batch)?;
            }
            "sync" => self.engine().sync()?,
            "crash" => {
                let engine = self.engine.take().expect("there is always one between commands");
                self.engine = Some(self.world.crash(engine));
            }
            "dump" => dump(self.engine(), &mut out)?,
            _ => return Err(HELP.into()),
        }
        Ok(out)
    }
}

/// `a..c`; either side may be missing.
fn span(text: &str) -> Result<Span, Box<dyn Error>> {
    let (from, to) = text.split_once("..").ok_or("a span is FROM..TO")?;
    let to = if to.is_empty() { Key::MAX } else { Key::from(to.as_bytes()) };
    Ok(Span::new(Key::from(from.as_bytes()), to))
}

fn read_error(e: &ReadError) -> String {
    match e {
        ReadError::Uncertain { key, at } => format!("uncertain: {key} @{}", at.wall),
        ReadError::Intents(found) => intents(found),
        ReadError::Engine(e) => e.to_string(),
    }
}

fn intents(found: &[(Key, Intent)]) -> String {
    let all: Vec<_> = found.iter().map(|(key, intent)| format!("{key} {}", one_intent(intent))).collect();
    all.join(", ")
}

fn one_intent(intent: &Intent) -> String {
    format!("intent {} of {} @{}", intent.number, intent.txn.id.0, intent.prepare_ts.wall)
}

fn show_record(record: &TxnRecord) -> String {
    match record {
        TxnRecord::Staging { stage, commit_ts, .. } => format!("staging {stage} @{}", commit_ts.wall),
        TxnRecord::Committed { commit_ts, .. } => format!("committed @{}", commit_ts.wall),
        TxnRecord::Aborted { birth } => format!("aborted, born @{}", birth.wall),
    }
}

/// Raw entries as the engine holds them, with what they mean.
fn dump(engine: &Arc<dyn Engine>, out: &mut String) -> Result<(), Box<dyn Error>> {
    let snapshot = engine.snapshot()?;
    for space in [Space::Mvcc, Space::Local] {
        let mut cursor = snapshot.cursor(space, CursorOptions::default())?;
        let mut more = cursor.seek_to_first()?;
        while more {
            let raw = cursor.key().escape_ascii().to_string();
            let meaning = if space == Space::Mvcc {
                let (prefix, suffix) = split_mvcc(cursor.key())?;
                let mut key = Vec::new();
                decode_mvcc_prefix(prefix, &mut key)?;
                let key = key.escape_ascii();
                match suffix {
                    Suffix::Intent => format!("{key} intent"),
                    Suffix::Version(ts) => match decode_version(cursor.value())? {
                        (txn, Some(value)) => {
                            format!("{key}={} @{} by {}", value.escape_ascii(), ts.wall, txn.0)
                        }
                        (txn, None) => format!("{key} deleted @{} by {}", ts.wall, txn.0),
                    },
                }
            } else {
                match decode_beside(cursor.key())? {
                    Beside::Record(anchor, txn) => format!("record of {} under {anchor}", txn.0),
                    Beside::IntentMark(key) => format!("{key} bears an intent"),
                }
            };
            writeln!(out, "{:<5} {raw}\n      = {meaning}", space.name())?;
            more = cursor.next()?;
        }
    }
    Ok(())
}
