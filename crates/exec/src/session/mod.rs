//! [`Session`]: one client connection's state apart from bytes.
//!
//! ```text
//!   messages ──► Session (this file)
//!                  │ statements and parameters       prepared statements, portals        portal.rs
//!                  ▼
//!                run.rs: bind, run, run again after a conflict, send
//!                  │ transactions: transaction.rs, control.rs    settings, cursors …: utility.rs, cursor.rs
//!                  ▼
//!                operators, dml, ddl, copy
//! ```
//!
//! Outside of BEGIN … COMMIT a simple query string, or what comes up to a Sync message, is one implicit transaction.

mod control;
mod cursor;
mod functions;
mod output;
mod portal;
mod pushed;
mod run;
mod shared;
mod statement;
pub(crate) mod transaction;
mod utility;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Timestamp;
use base::map::HashMap;
use base::memory::Account;
use bytes::Bytes;
use datum::error::sqlstate;
use datum::{Datum, Error, Result, Type};
use sql::{Parsed, StatementKind};

use crate::api::{Completion, Field, Format, Sink, Startup, TxnStatus};
use crate::cancel::CancelHandle;
use crate::catalog::SessionCatalog;
use crate::copy::from::CopyIn;
use crate::error::from_txn;
use crate::kv::Txn;
use crate::node::Node;
use crate::settings::Settings;

pub(crate) use functions::{quote, regclass, regclass_name};
pub(crate) use output::Output;
use portal::{Portal, Prepared, Under};
use run::Run;
pub use shared::{Activity, SessionShared};
pub(crate) use statement::StatementSession;
use transaction::{Block, Tx};

/// One client connection's state apart from bytes.
pub struct Session {
    node: Arc<Node>,
    shared: Arc<SessionShared>,
    memory: Account,
    block: Block,
    tx: Option<Tx>,
    /// When the transaction began: microseconds since 2000-01-01 UTC.
    began: i64,
    /// The transaction may not write.
    read_only: bool,
    /// Age of the attempt that a new transaction takes the place of.
    age: Option<Timestamp>,
    statements: HashMap<String, Arc<Prepared>>,
    portals: HashMap<String, Portal>,
    /// COPY FROM STDIN under way.
    copy: Option<CopyIn>,
    /// Statements of a simple query that are still to run.
    queue: VecDeque<Parsed>,
    /// The catalog as the session saw it last, and under what.
    catalog: Option<(Under, SessionCatalog)>,
    /// What the client knows of reported settings, and the settings' generation then.
    reported: (u64, Vec<(&'static str, String)>),
}

impl Session {
    /// Opens a session. 28000 for an unknown role or one that may not log in, 3D000 for an unknown database.
    pub async fn open(node: Arc<Node>, startup: Startup, backend_pid: i32, secret: i32) -> Result<Session> {
        let inner = node.coordinator.begin(Default::default()).map_err(|e| from_txn(&e))?;
        let mut txn = Txn::new(inner);
        txn.begin_statement()?;
        let catalog = node.catalog.at(&mut txn).await?;
        drop(txn);
        let role = catalog.role(&startup.user).ok_or_else(|| {
            Error::new(sqlstate::INVALID_AUTHORIZATION, format!("role \"{}\" does not exist", startup.user))
        })?;
        if !role.login {
            return Err(Error::new(
                sqlstate::INVALID_AUTHORIZATION,
                format!("role \"{}\" is not permitted to log in", startup.user),
            ));
        }
        let name = if startup.database.is_empty() { &startup.user } else { &startup.database };
        let database = catalog.database(name).ok_or_else(|| {
            Error::new(sqlstate::INVALID_CATALOG_NAME, format!("database \"{name}\" does not exist"))
        })?;
        if database.id == crate::catalog::system::TEMPLATE0 {
            return Err(Error::new(
                sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("database \"{name}\" is not currently accepting connections"),
            ));
        }
        let mut settings = Settings::default();
        settings.force("session_authorization", &startup.user);
        settings.force("is_superuser", if role.superuser { "on" } else { "off" });
        for defaults in catalog.default_settings(database.id, role.id) {
            for (name, value) in &defaults.values {
                settings.set_default(name, value)?;
            }
        }
        for (name, value) in &startup.settings {
            settings.set_default(name, value)?;
        }
        let reported = (settings.generation, settings.reported());
        let shared = Arc::new(SessionShared::new(
            backend_pid,
            secret,
            startup.user.clone(),
            database.id,
            database.name.clone(),
            startup.peer,
            node.now(),
            settings,
        ));
        node.enter(&shared);
        let memory = node.memory.child("session", node.config.session_bytes_max);
        Ok(Session {
            node,
            shared,
            memory,
            block: Block::None,
            tx: None,
            began: 0,
            read_only: false,
            age: None,
            statements: HashMap::default(),
            portals: HashMap::default(),
            copy: None,
            queue: VecDeque::new(),
            catalog: None,
            reported,
        })
    }

    /// What the client is told at start-up: ParameterStatus of each.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        self.reported.1.clone()
    }

    /// Transaction status for ReadyForQuery.
    pub fn status(&self) -> TxnStatus {
        match self.block {
            Block::None | Block::Implicit => TxnStatus::Idle,
            Block::Explicit => TxnStatus::InTransaction,
            Block::Failed => TxnStatus::Failed,
        }
    }

    /// A handle to stop this session's statements or the session itself (`CancelHandle::ended`), from anywhere.
    /// Cancel requests by (pid, secret) go through [`Node::cancel`].
    pub fn cancel_handle(&self) -> CancelHandle {
        self.shared.cancel.clone()
    }

    /// What others may see of this session.
    pub fn shared(&self) -> &Arc<SessionShared> {
        &self.shared
    }

    /// How long the gateway may wait for the next message before it ends the session with this error
    /// (idle_in_transaction_session_timeout, idle_session_timeout).
    pub fn idle_limit(&self) -> Option<(Duration, Error)> {
        let settings = self.shared.settings();
        match self.status() {
            TxnStatus::Idle => settings.timeout("idle_session_timeout").map(|limit| {
                (limit, Error::new("57P05", "terminating connection due to idle-session timeout"))
            }),
            TxnStatus::InTransaction | TxnStatus::Failed => {
                settings.timeout("idle_in_transaction_session_timeout").map(|limit| {
                    let error = Error::new(
                        sqlstate::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                        "terminating connection due to idle-in-transaction timeout",
                    );
                    (limit, error)
                })
            }
        }
    }

    /// Simple query: runs every statement of the string as one implicit transaction (BEGIN and COMMIT inside it
    /// as PostgreSQL treats them). Calls `sink.fields`, `rows`, `complete` for each statement. Ends with
    /// `Done("")`; with `CopyIn` when it has come to a COPY FROM STDIN: after `copy_done` the rest of the string
    /// runs, and may again answer `CopyIn`. On an error the rest of the string is not run. The caller sends
    /// ReadyForQuery with [`Session::status`] in the end.
    pub async fn simple<S: Sink>(&mut self, sql: &str, sink: &mut S) -> Result<Completion> {
        self.copy = None;
        self.portals.remove("");
        self.note_query(sql);
        match sql::parse(sql) {
            Ok(parsed) => self.queue = parsed.into(),
            Err(error) => {
                self.fail();
                self.note_idle();
                return Err(error);
            }
        }
        if self.queue.is_empty() {
            sink.complete(&Completion::Empty).await.map_err(crate::error::client_gone)?;
            self.note_idle();
            return Ok(Completion::Done(String::new()));
        }
        self.run_queue(sink).await
    }

    /// Runs what is left of a simple query.
    async fn run_queue<S: Sink>(&mut self, sink: &mut S) -> Result<Completion> {
        while let Some(parsed) = self.queue.pop_front() {
            let text = parsed.text().to_owned();
            let prepared = Arc::new(Prepared::simple(parsed, text));
            let mut portal = Portal::new(prepared, Arc::from([]), Vec::new());
            let run = Run { commit: self.queue.is_empty(), describe: true, max_rows: 0 };
            match self.run(&mut portal, run, sink).await {
                Ok(Completion::CopyIn) => return Ok(Completion::CopyIn),
                Ok(completion) => {
                    sink.complete(&completion).await.map_err(crate::error::client_gone)?;
                }
                Err(error) => {
                    self.queue.clear();
                    self.note_idle();
                    return Err(error);
                }
            }
        }
        let ended = self.end_implicit().await;
        self.note_idle();
        ended?;
        Ok(Completion::Done(String::new()))
    }

    /// Parse: an empty name is the unnamed statement. Type OIDs of 0 are left to be inferred.
    pub async fn parse(&mut self, name: &str, sql: &str, param_oids: &[u32]) -> Result<()> {
        self.note_query(sql);
        let made = self.parse_inner(name, sql, param_oids).await;
        if made.is_err() {
            self.fail();
        }
        made
    }

    async fn parse_inner(&mut self, name: &str, sql: &str, param_oids: &[u32]) -> Result<()> {
        if name.is_empty() {
            self.statements.remove("");
        } else if self.statements.contains_key(name) {
            return Err(Error::new(
                sqlstate::DUPLICATE_PREPARED_STATEMENT,
                format!("prepared statement \"{name}\" already exists"),
            ));
        }
        let mut parsed = sql::parse(sql)?;
        if parsed.len() > 1 {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "cannot insert multiple commands into a prepared statement",
            ));
        }
        let mut hints = Vec::with_capacity(param_oids.len());
        for oid in param_oids {
            hints.push(match oid {
                0 => None,
                oid => Some(Type::from_oid(*oid).ok_or_else(|| {
                    Error::new(sqlstate::UNDEFINED_OBJECT, format!("type with OID {oid} does not exist"))
                })?),
            });
        }
        let prepared = Arc::new(Prepared::new(parsed.pop(), hints, sql.to_owned()));
        if let Some(parsed) = &prepared.parsed {
            self.check_allowed(parsed.kind())?;
            self.bind_prepared(&prepared).await?;
        }
        self.statements.insert(name.to_owned(), prepared);
        Ok(())
    }

    fn statement(&self, name: &str) -> Result<Arc<Prepared>> {
        self.statements.get(name).cloned().ok_or_else(|| {
            let message = if name.is_empty() {
                "unnamed prepared statement does not exist".to_owned()
            } else {
                format!("prepared statement \"{name}\" does not exist")
            };
            Error::new(sqlstate::INVALID_SQL_STATEMENT_NAME, message)
        })
    }

    /// Bind. Formats: none (all text), one for all, or one each, as in the protocol.
    pub async fn bind(
        &mut self,
        portal: &str,
        statement: &str,
        params: &[Option<Bytes>],
        param_formats: &[Format],
        result_formats: &[Format],
    ) -> Result<()> {
        let made = self.bind_inner(portal, statement, params, param_formats, result_formats).await;
        if made.is_err() {
            self.fail();
        }
        made
    }

    async fn bind_inner(
        &mut self,
        name: &str,
        statement: &str,
        params: &[Option<Bytes>],
        param_formats: &[Format],
        result_formats: &[Format],
    ) -> Result<()> {
        let prepared = self.statement(statement)?;
        if name.is_empty() {
            self.portals.remove("");
        } else if self.portals.contains_key(name) {
            return Err(Error::new(sqlstate::DUPLICATE_CURSOR, format!("cursor \"{name}\" already exists")));
        }
        let values = match &prepared.parsed {
            None => Vec::new(),
            Some(parsed) => {
                self.check_allowed(parsed.kind())?;
                // Parameter types hardly ever change: what Parse has found serves, the plan is checked at Execute.
                let bound = match prepared.last_bound() {
                    Some(bound) => bound,
                    None => self.bind_prepared(&prepared).await?,
                };
                if params.len() != bound.params.len() {
                    return Err(Error::new(
                        sqlstate::PROTOCOL_VIOLATION,
                        format!(
                            "bind message supplies {} parameters, but prepared statement \"{statement}\" requires {}",
                            params.len(),
                            bound.params.len()
                        ),
                    ));
                }
                self.parameters_of(params, param_formats, &bound.params)?
            }
        };
        let portal = Portal::new(prepared, values.into(), result_formats.to_vec());
        self.portals.insert(name.to_owned(), portal);
        Ok(())
    }

    fn parameters_of(
        &self,
        params: &[Option<Bytes>],
        formats: &[Format],
        types: &[Type],
    ) -> Result<Vec<Datum>> {
        let settings = self.shared.change_settings(|settings| settings.format().clone());
        let mut values = Vec::with_capacity(params.len());
        for (i, (param, ty)) in params.iter().zip(types).enumerate() {
            let format = match formats {
                [] => Format::Text,
                [one] => *one,
                many => many.get(i).copied().unwrap_or(Format::Text),
            };
            values.push(match (param, format) {
                (None, _) => Datum::Null,
                (Some(bytes), Format::Binary) => datum::binary::from_binary(bytes, *ty)?,
                (Some(bytes), Format::Text) => {
                    let text = utf8(bytes)?;
                    datum::text::from_text(text, (*ty).into(), &settings)?
                }
            });
        }
        Ok(values)
    }

    /// Describe of a statement: parameter types, and columns unless it returns no rows.
    pub async fn describe_statement(&mut self, name: &str) -> Result<(Vec<Type>, Option<Vec<Field>>)> {
        let described = match self.statement(name) {
            Ok(prepared) if prepared.parsed.is_none() => Ok((Vec::new(), None)),
            Ok(prepared) => self
                .bind_prepared(&prepared)
                .await
                .map(|bound| (bound.params.clone(), bound.fields.as_ref().map(|fields| fields.to_vec()))),
            Err(error) => Err(error),
        };
        if described.is_err() {
            self.fail();
        }
        described
    }

    /// Describe of a portal: columns with the formats that Bind asked for.
    pub async fn describe_portal(&mut self, name: &str) -> Result<Option<(Vec<Field>, Vec<Format>)>> {
        let described = self.describe_portal_inner(name).await;
        if described.is_err() {
            self.fail();
        }
        described
    }

    async fn describe_portal_inner(&mut self, name: &str) -> Result<Option<(Vec<Field>, Vec<Format>)>> {
        let portal = self.portal(name)?;
        if portal.cursor.is_some() {
            // The portal of a DECLARE: its rows are those of the cursor's query.
            let formats = |fields: Vec<Field>| (portal.formats(fields.len()), fields);
            return Ok(self.cursor_fields(name).map(formats).map(|(formats, fields)| (fields, formats)));
        }
        let prepared = portal.prepared.clone();
        if prepared.parsed.is_none() {
            return Ok(None);
        }
        let bound = self.bind_prepared(&prepared).await?;
        let portal = self.portal(name)?;
        Ok(bound.fields.as_ref().map(|fields| (fields.to_vec(), portal.formats(fields.len()))))
    }

    fn portal(&self, name: &str) -> Result<&Portal> {
        self.portals.get(name).ok_or_else(|| no_portal(name))
    }

    /// Execute; `max_rows` 0 is no limit. `sync_follows`: the next message is known to be a Sync, so that an
    /// implicit transaction may be committed before anything is sent, and silently run again after a conflict.
    /// Never calls `sink.fields` nor `sink.complete`: the completion is returned. `CopyIn`: see
    /// [`Session::copy_data`].
    pub async fn execute<S: Sink>(
        &mut self,
        portal: &str,
        max_rows: usize,
        sync_follows: bool,
        sink: &mut S,
    ) -> Result<Completion> {
        let Some(mut running) = self.portals.remove(portal) else {
            self.fail();
            return Err(no_portal(portal));
        };
        self.note_query(&running.prepared.text);
        let run = Run { commit: sync_follows, describe: false, max_rows };
        let result = self.run(&mut running, run, sink).await;
        // After the transaction's end a portal is no more; the unnamed one cannot be asked for again either.
        if result.is_ok() && self.block != Block::None {
            self.portals.insert(portal.to_owned(), running);
        }
        result
    }

    /// Close of a statement; no error if there is none.
    pub fn close_statement(&mut self, name: &str) {
        self.statements.remove(name);
    }

    /// Close of a portal; no error if there is none.
    pub fn close_portal(&mut self, name: &str) {
        self.portals.remove(name);
    }

    /// Sync: ends an implicit transaction. An error is to be sent before ReadyForQuery.
    pub async fn sync<S: Sink>(&mut self, sink: &mut S) -> Result<()> {
        self.copy = None;
        let ended = self.end_implicit().await;
        self.flush_notices(sink);
        self.note_idle();
        ended
    }

    /// CopyData of a COPY FROM STDIN under way. After an error the copy is over: further data is to be dropped by
    /// the caller until CopyDone or CopyFail (which are dropped too).
    pub async fn copy_data(&mut self, data: Bytes) -> Result<()> {
        let Some(copy) = self.copy.take() else {
            return Err(Error::new(sqlstate::PROTOCOL_VIOLATION, "no COPY is under way"));
        };
        self.copy_step(copy, Some(data)).await.map(|_| ())
    }

    /// CopyDone. In a simple query the statement's completion goes to the sink and the rest of the string runs (see
    /// [`Session::simple`]); in the extended protocol its completion is returned.
    pub async fn copy_done<S: Sink>(&mut self, sink: &mut S) -> Result<Completion> {
        let Some(copy) = self.copy.take() else {
            return Err(Error::new(sqlstate::PROTOCOL_VIOLATION, "no COPY is under way"));
        };
        let simple = copy.simple;
        let rows = self.copy_step(copy, None).await;
        self.flush_notices(sink);
        let completion = Completion::Done(format!("COPY {}", rows?));
        if !simple {
            return Ok(completion);
        }
        if self.queue.is_empty()
            && let Err(error) = self.end_implicit().await
        {
            self.note_idle();
            return Err(error);
        }
        sink.complete(&completion).await.map_err(crate::error::client_gone)?;
        self.run_queue(sink).await
    }

    /// CopyFail: ends the COPY with the statement's error, 57014.
    pub async fn copy_fail(&mut self, message: &str) -> Error {
        self.copy = None;
        self.queue.clear();
        self.shared.cancel.end();
        self.fail();
        self.note_idle();
        Error::new(sqlstate::QUERY_CANCELED, format!("COPY from stdin failed: {message}"))
    }

    /// Resolves when notifications wait to be delivered (LISTEN). For the gateway's idle loop.
    pub fn notified(&self) -> impl Future<Output = ()> + Send + use<> {
        // Of its own, so that who waits need not share the session between threads.
        let shared = self.shared.clone();
        async move { shared.mailbox.arrived().await }
    }

    /// Hands waiting notifications to the sink; only outside transactions.
    pub fn deliver_notifications<S: Sink>(&mut self, sink: &mut S) {
        if self.status() == TxnStatus::Idle {
            for notification in self.shared.mailbox.take() {
                sink.notification(notification.pid, &notification.channel, &notification.payload);
            }
        }
    }

    /// Ends the session: rolls back, forgets it in pg_stat_activity.
    pub async fn close(mut self) {
        self.copy = None;
        self.rollback();
    }

    /// The transaction under way, and the node.
    pub(crate) fn parts(&mut self) -> Result<(&mut Tx, &Arc<Node>)> {
        match &mut self.tx {
            Some(tx) => Ok((tx, &self.node)),
            None => Err(Error::internal("a statement runs without a transaction")),
        }
    }

    pub(crate) fn set_copy(&mut self, copy: CopyIn) {
        self.copy = Some(copy);
    }

    /// A COPY FROM STDIN has ended well.
    pub(crate) fn copy_ended(&mut self) {
        self.shared.cancel.end();
        if let Some(tx) = &mut self.tx {
            tx.statements += 1;
        }
    }

    /// A COPY FROM STDIN has failed.
    pub(crate) fn copy_failed(&mut self) {
        self.shared.cancel.end();
        self.node.counters.errors.inc();
        self.fail();
        self.note_idle();
    }

    /// 25P02 for what a failed transaction does not take.
    fn check_allowed(&self, kind: StatementKind) -> Result<()> {
        if self.block == Block::Failed && !kind.allowed_in_failed_transaction() {
            return Err(Error::new(
                sqlstate::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    fn note_query(&self, text: &str) {
        let now = self.node.now();
        self.shared.set_activity(|activity| {
            activity.query.clear();
            activity.query.push_str(text.get(..text.floor_char_boundary(1024)).unwrap_or_default());
            activity.query_start = now;
            activity.state_change = now;
            activity.state = "active";
        });
    }

    fn note_idle(&self) {
        let now = self.node.now();
        let state = match self.status() {
            TxnStatus::Idle => "idle",
            TxnStatus::InTransaction => "idle in transaction",
            TxnStatus::Failed => "idle in transaction (aborted)",
        };
        let start = (self.block != Block::None).then_some(self.began);
        self.shared.set_activity(|activity| {
            activity.state_change = now;
            activity.state = state;
            activity.xact_start = start;
        });
    }

    /// Tells the client what has gathered: notices and changed settings.
    fn flush_notices<S: Sink>(&mut self, sink: &mut S) {
        for (severity, notice) in std::mem::take(&mut *self.shared.notices.lock()) {
            sink.notice(severity, &notice);
        }
        let generation = self.shared.change_settings(|settings| settings.generation);
        if generation != self.reported.0 {
            let settings = self.shared.settings();
            let now = settings.reported();
            for ((name, value), (_, before)) in now.iter().zip(&self.reported.1) {
                if value != before {
                    sink.parameter(name, value);
                }
            }
            self.reported = (settings.generation, now);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.node.channels.unlisten_all(self.shared.pid);
        self.node.leave(&self.shared);
    }
}

fn no_portal(name: &str) -> Error {
    Error::new(sqlstate::INVALID_CURSOR_NAME, format!("portal \"{name}\" does not exist"))
}

/// Text as the client sent it.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let bad = &bytes[error.valid_up_to()..];
        let shown: Vec<String> = bad
            .iter()
            .take(error.error_len().unwrap_or(bad.len()).clamp(1, 4))
            .map(|b| format!("0x{b:02x}"))
            .collect();
        Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
        )
    })?;
    if text.contains('\0') {
        return Err(Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            "invalid byte sequence for encoding \"UTF8\": 0x00",
        ));
    }
    Ok(text)
}
