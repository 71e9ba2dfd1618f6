//! A node over ranges in this process, and a client that shows what it is told as psql would.

#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use base::env::{Blocking, Env, PhysicalClock};
use base::memory::Account;
use base::{NodeId, ProcessId};
use bytes::Bytes;
use datum::{Batch, ColumnType, Error, FormatSettings};
use exec::{
    ClientGone, Completion, Field, Format, Node, NodeConfig, NodeParts, Session, Severity, Sink, Startup,
};
use range::{LocalKv, ManualClock};
use txn::{Coordinator, Parts};

const START_NANOS: u64 = 1_700_000_000_000_000_000;

/// A clock that moves with each look.
struct StepClock(AtomicU64);

impl PhysicalClock for StepClock {
    fn wall(&self) -> u64 {
        self.0.fetch_add(1000, Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.fetch_add(1000, Ordering::Relaxed))
    }
}

pub struct World {
    pub kv: LocalKv,
    pub node: Arc<Node>,
    pids: AtomicI32,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn new() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut NodeConfig)) -> World {
        let clock = ManualClock::at(START_NANOS).hybrid(Duration::from_millis(250));
        let kv = LocalKv::new(clock.clone(), &[], range::Settings::default());
        let env = Env::new(Arc::new(StepClock(AtomicU64::new(START_NANOS))), 7, Blocking::Inline);
        let metrics = base::metrics::Registry::default();
        let memory = Account::root("node", 1 << 30);
        let coordinator = Coordinator::new(Parts {
            sender: Arc::new(kv.clone()),
            partition: Arc::new(kv.clone()),
            clock: Arc::new(clock),
            env: env.clone(),
            node: NodeId(1),
            process: ProcessId(1),
            settings: txn::Settings::default(),
            registry: metrics.clone(),
            memory: memory.clone(),
            peers: None,
        })
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = NodeConfig { temp_dir: dir.path().to_owned(), ..NodeConfig::default() };
        change(&mut config);
        let node = Node::new(NodeParts { coordinator, env, memory, metrics, config });
        node.bootstrap().await.unwrap();
        node.set_sole_gateway(true);
        World { kv, node, pids: AtomicI32::new(100), _dir: dir }
    }

    pub async fn client(&self) -> Client {
        let startup = Startup { user: "root".into(), database: "holdfast".into(), ..Startup::default() };
        let pid = self.pids.fetch_add(1, Ordering::Relaxed);
        let session = Session::open(self.node.clone(), startup, pid, pid * 7).await.unwrap();
        Client { session, sink: Shown::default() }
    }
}

/// A session and what it has said.
pub struct Client {
    pub session: Session,
    pub sink: Shown,
}

impl Client {
    /// Runs a simple query; everything it says.
    pub async fn run(&mut self, sql: &str) -> String {
        let result = self.session.simple(sql, &mut self.sink).await;
        self.said(sql, result)
    }

    /// The same for a COPY FROM STDIN, with the data that follows it.
    pub async fn copy(&mut self, sql: &str, data: &[u8]) -> String {
        let result = match self.session.simple(sql, &mut self.sink).await {
            Ok(Completion::CopyIn) => match self.session.copy_data(Bytes::copy_from_slice(data)).await {
                Ok(()) => self.session.copy_done(&mut self.sink).await,
                Err(error) => Err(error),
            },
            other => other,
        };
        self.said(sql, result)
    }

    /// What was said, with the error if there is one.
    pub fn said(&mut self, sql: &str, result: Result<Completion, Error>) -> String {
        if let Err(error) = result {
            self.sink.finish_rows();
            self.sink.out.push_str(&show_error("ERROR", &error, sql));
        }
        std::mem::take(&mut self.sink.out)
    }

    /// Runs a query that must succeed; its rows as text.
    pub async fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.sink.kept.clear();
        self.session.simple(sql, &mut self.sink).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        self.sink.out.clear();
        std::mem::take(&mut self.sink.kept)
    }

    /// Runs a query that must succeed with one value.
    pub async fn one(&mut self, sql: &str) -> String {
        let rows = self.rows(sql).await;
        rows[0][0].clone().unwrap_or_default()
    }

    /// The SQLSTATE that a query fails with.
    pub async fn code(&mut self, sql: &str) -> &'static str {
        match self.session.simple(sql, &mut self.sink).await {
            Ok(_) => "00000",
            Err(error) => error.code(),
        }
    }
}

/// Notices and errors as psql shows them with VERBOSITY=verbose, without LOCATION.
pub fn show_error(severity: &str, error: &Error, sql: &str) -> String {
    let f = error.fields();
    let mut out = format!("{severity}:  {}: {}\n", f.code, f.message);
    if let Some(position) = f.position {
        let before: String = sql.chars().take(position - 1).collect();
        let line = before.matches('\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        let text = sql.lines().nth(line).unwrap_or_default();
        let head = format!("LINE {}: ", line + 1);
        out.push_str(&format!("{head}{text}\n{}^\n", " ".repeat(head.len() + column)));
    }
    for (what, text) in [("DETAIL", &f.detail), ("HINT", &f.hint), ("CONTEXT", &f.context)] {
        if let Some(text) = text {
            out.push_str(&format!("{what}:  {text}\n"));
        }
    }
    for (what, text) in [
        ("SCHEMA NAME", &f.schema),
        ("TABLE NAME", &f.table),
        ("COLUMN NAME", &f.column),
        ("DATATYPE NAME", &f.data_type),
        ("CONSTRAINT NAME", &f.constraint),
    ] {
        if let Some(text) = text {
            out.push_str(&format!("{what}:  {text}\n"));
        }
    }
    out
}

/// Shows results as `psql -A` does.
#[derive(Default)]
pub struct Shown {
    pub out: String,
    pub kept: Vec<Vec<Option<String>>>,
    pub copied: Vec<u8>,
    copied_out: bool,
    in_rows: Option<usize>,
}

impl Shown {
    fn finish_rows(&mut self) -> bool {
        match self.in_rows.take() {
            Some(1) => self.out.push_str("(1 row)\n"),
            Some(n) => self.out.push_str(&format!("({n} rows)\n")),
            None => return false,
        }
        true
    }
}

impl Sink for Shown {
    async fn fields(&mut self, fields: &[Field]) -> Result<(), ClientGone> {
        let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        self.out.push_str(&names.join("|"));
        self.out.push('\n');
        self.in_rows = Some(0);
        Ok(())
    }

    async fn rows(
        &mut self,
        batch: &Batch,
        types: &[ColumnType],
        _formats: &[Format],
        settings: &FormatSettings,
    ) -> Result<(), ClientGone> {
        for row in batch.rows() {
            let texts: Vec<Option<String>> = row
                .iter()
                .zip(types)
                .map(|(d, t)| (!d.is_null()).then(|| datum::text::to_string(d, t.ty, settings)))
                .collect();
            let line: Vec<String> = texts.iter().map(|t| t.clone().unwrap_or_default()).collect();
            self.out.push_str(&line.join("|"));
            self.out.push('\n');
            self.kept.push(texts);
        }
        if let Some(n) = &mut self.in_rows {
            *n += batch.len();
        }
        Ok(())
    }

    async fn complete(&mut self, completion: &Completion) -> Result<(), ClientGone> {
        let rows = self.finish_rows();
        if let Completion::Done(tag) = completion {
            let select = tag.starts_with("SELECT") || tag.starts_with("SHOW") || tag.starts_with("FETCH");
            let explain = tag.starts_with("EXPLAIN");
            // What was copied to standard output stands for itself.
            let copied = std::mem::take(&mut self.copied_out);
            if !copied && !(rows && (select || explain)) && !(rows && tag.is_empty()) {
                self.out.push_str(tag);
                self.out.push('\n');
            }
        }
        Ok(())
    }

    fn notice(&mut self, severity: Severity, notice: &Error) {
        let severity = match severity {
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        };
        self.out.push_str(&show_error(severity, notice, ""));
    }

    fn parameter(&mut self, _name: &str, _value: &str) {}

    fn notification(&mut self, pid: i32, channel: &str, payload: &str) {
        self.out.push_str(&format!("notification {channel} {payload} from {pid}\n"));
    }

    async fn copy_in(&mut self, _binary: bool, _columns: usize) -> Result<(), ClientGone> {
        Ok(())
    }

    async fn copy_out(&mut self, _binary: bool, _columns: usize) -> Result<(), ClientGone> {
        self.copied.clear();
        self.copied_out = true;
        Ok(())
    }

    async fn copy_data(&mut self, data: Bytes) -> Result<(), ClientGone> {
        self.copied.extend_from_slice(&data);
        self.out.push_str(&String::from_utf8_lossy(&data));
        Ok(())
    }

    async fn copy_done(&mut self) -> Result<(), ClientGone> {
        Ok(())
    }
}
