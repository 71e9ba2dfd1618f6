//! Runs one statement: binds it, runs it, runs it again after a conflict as long as the client has seen nothing,
//! ends an implicit transaction with it, and sends what it gives.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Batch, Datum, Error, Result, Type};
use sql::plan::Plan;
use sql::{BindContext, Statement, StatementKind};
use tokio::time::Instant;

use super::output::Output;
use super::portal::{Bound, Portal, PortalRun, Prepared, Progress, Under};
use super::transaction::{Block, Tx};
use super::{Session, StatementSession};
use crate::api::{Completion, Field, Sink};
use crate::cancel::CancelHandle;
use crate::catalog::SessionCatalog;
use crate::error::is_retryable;
use crate::operators::{Cx, Running, StatementState};

/// How a statement is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// An implicit transaction ends with it.
    pub commit: bool,
    /// Columns are described before rows.
    pub describe: bool,
    /// Stop after so many rows; 0 = no limit.
    pub max_rows: usize,
}

/// Stops `work` when its statement is cancelled or its time is up.
pub(super) async fn guard<T>(
    cancel: &CancelHandle,
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let timeout = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // Work that is busy uses up what its task may do in one turn: a timer looked at after it would never fire.
        biased;
        error = cancel.stopped() => Err(error),
        () = timeout => {
            Err(Error::new(sqlstate::QUERY_CANCELED, "canceling statement due to statement timeout"))
        }
        done = work => done,
    }
}

impl Session {
    /// Runs a portal, or goes on with it.
    pub(super) async fn run<S: Sink>(
        &mut self,
        portal: &mut Portal,
        run: Run,
        sink: &mut S,
    ) -> Result<Completion> {
        let clock = self.node.env.clock().clone();
        let before = clock.monotonic();
        self.node.counters.statements.inc();
        self.shared.cancel.begin();
        let result = self.run_again(portal, run, sink).await;
        if !matches!(result, Ok(Completion::CopyIn)) {
            self.shared.cancel.end();
        }
        self.flush_notices(sink);
        self.node.counters.seconds.observe(clock.monotonic().saturating_sub(before));
        if let Err(error) = &result {
            self.node.counters.errors.inc();
            if is_retryable(error) {
                self.node.counters.conflicts_shown.inc();
            }
            self.fail();
        }
        result
    }

    async fn run_again<S: Sink>(
        &mut self,
        portal: &mut Portal,
        run: Run,
        sink: &mut S,
    ) -> Result<Completion> {
        let Some(parsed) = portal.prepared.parsed.clone() else { return Ok(Completion::Empty) };
        let mut kind = parsed.kind();
        self.check_allowed(kind)?;
        if let Some(error) = self.shared.cancel.end_error() {
            return Err(error);
        }
        if kind.is_transaction_control() {
            return self.control(&portal.prepared, kind).await;
        }
        self.enter_block();
        let timeout = self.shared.change_settings(|settings| settings.fast().statement_timeout);
        let deadline = timeout.map(|limit| Instant::now() + limit);
        if kind == StatementKind::Execute {
            self.resolve_execute(portal).await?;
            let Some(parsed) = &portal.prepared.parsed else { return Ok(Completion::Empty) };
            kind = parsed.kind();
            self.check_allowed(kind)?;
            if kind.is_transaction_control() {
                return self.control(&portal.prepared.clone(), kind).await;
            }
        }
        let began = matches!(portal.progress, Progress::New);
        let mut output = Output::new(sink, run.describe);
        let mut attempt = 0;
        loop {
            // Nothing of the transaction has been seen by the client: it can be begun anew.
            let first =
                began && self.tx.as_ref().is_none_or(|tx| tx.statements == 0 && tx.savepoints.is_empty());
            let result = self.attempt(portal, kind, run, deadline, &mut output).await;
            let (error, conflict) = match result {
                Ok(completion) => {
                    output.flush().await?;
                    if let Some(tx) = &mut self.tx {
                        tx.statements += 1;
                    }
                    return Ok(completion);
                }
                Err(failure) => failure,
            };
            if !first || output.sent || !is_retryable(&error) || attempt >= self.node.config.attempts_max {
                return Err(error);
            }
            self.node.counters.retries.inc();
            self.shared.notices.lock().clear();
            output.clear();
            portal.progress = Progress::New;
            self.age = self.tx.take().map(|tx| tx.txn.age()).or(self.age);
            let pause = async {
                if let Some(conflict) = &conflict {
                    self.node.coordinator.before_retry(conflict, attempt).await;
                }
                Ok(())
            };
            guard(&self.shared.cancel, deadline, pause).await?;
            attempt += 1;
        }
    }

    async fn attempt<S: Sink>(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
        run: Run,
        deadline: Option<Instant>,
        output: &mut Output<'_, S>,
    ) -> std::result::Result<Completion, (Error, Option<txn::Error>)> {
        let cancel = self.shared.cancel.clone();
        // A one-row change as a transaction of its own is done where the row is. Once it is under way nobody stops it.
        if run.commit && self.block == Block::Implicit && self.tx.as_ref().is_none_or(Tx::is_untouched) {
            let pushed = guard(&cancel, deadline, self.push_down(portal, kind)).await;
            match pushed {
                Ok(Some(pushed)) => match self.run_pushed(portal, pushed, output).await {
                    Err((error, _)) if super::pushed::is_vague(&error) => {}
                    done => return done,
                },
                Ok(None) => {}
                Err(error) => return Err(self.with_conflict(error)),
            }
        }
        let done = guard(&cancel, deadline, self.attempt_inner(portal, kind, run, output)).await;
        let completion = match done {
            Ok(completion) => completion,
            Err(error) => return Err(self.with_conflict(error)),
        };
        let ended = !matches!(completion, Completion::Suspended | Completion::CopyIn);
        if run.commit && ended && self.block == Block::Implicit {
            self.commit().await?;
        }
        Ok(completion)
    }

    fn with_conflict(&mut self, error: Error) -> (Error, Option<txn::Error>) {
        let conflict = self.tx.as_mut().and_then(|tx| tx.txn.take_conflict());
        (error, conflict)
    }

    async fn attempt_inner<S: Sink>(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
        run: Run,
        output: &mut Output<'_, S>,
    ) -> Result<Completion> {
        if let Progress::New = portal.progress {
            if kind.needs_snapshot() {
                self.ensure_tx().await?;
                if let Some(tx) = &mut self.tx {
                    tx.txn.begin_statement()?;
                    tx.follow_catalog(&self.node).await?;
                }
            }
            let bound = self.bind_prepared(&portal.prepared).await?;
            self.check_writable(kind, &bound)?;
            let Some(query) = bound.query.clone() else {
                return self.utility(portal, kind, &bound, run, output).await;
            };
            let mut state = self.statement_state(portal.params.clone())?;
            if let Some(tx) = &mut self.tx {
                tx.rely_on(&query.depends_on);
            }
            let running = Running::new(query.clone(), &state.memory);
            if query.writes && !is_locking_select(kind) {
                self.run_to_end(portal, kind, bound, running, &mut state).await?;
            } else {
                portal.progress =
                    Progress::Running(Box::new(PortalRun { running, state, bound, rest: None, sent: 0 }));
            }
        }
        self.stream(portal, kind, run, output).await
    }

    /// Runs a statement that writes to its end; its rows wait in the portal.
    async fn run_to_end(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
        bound: Arc<Bound>,
        mut running: Running,
        state: &mut StatementState,
    ) -> Result<()> {
        let mut rows = VecDeque::new();
        let mut reservation = state.memory.reservation();
        let tx = self.tx.as_mut().ok_or_else(|| Error::internal("a query runs without a transaction"))?;
        let mut cx = Cx { txn: &mut tx.txn, state, node: &self.node };
        let mut count = 0;
        while let Some(batch) = running.next(&mut cx).await? {
            count += batch.len() as u64;
            reservation.grow(crate::operators::batch_bytes(&batch)).map_err(crate::error::out_of_memory)?;
            rows.push_back(batch);
        }
        tx.notifications.append(&mut state.session.notifications.lock());
        let affected = if kind == StatementKind::Select { count } else { state.affected };
        let completion = Completion::Done(format!("{} {affected}", kind.command_tag()));
        portal.progress = Progress::Buffered { bound, rows, completion };
        Ok(())
    }

    /// Sends rows of a portal, up to the limit.
    async fn stream<S: Sink>(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
        run: Run,
        output: &mut Output<'_, S>,
    ) -> Result<Completion> {
        let bound = match &portal.progress {
            Progress::New => return Err(Error::internal("a portal has not begun")),
            Progress::Done => return Ok(Completion::Done(format!("{} 0", kind.command_tag()))),
            Progress::Running(run) => run.bound.clone(),
            Progress::Buffered { bound, .. } => bound.clone(),
        };
        match &bound.fields {
            Some(fields) => {
                let settings = self.shared.change_settings(|s| s.format_at(self.began));
                output.columns(fields, portal.formats(fields.len()), &settings);
                if output.has_objects() {
                    output.name_objects(self.session_catalog());
                }
            }
            None => output.no_columns(),
        }
        let mut left = if run.max_rows == 0 { usize::MAX } else { run.max_rows };
        match &mut portal.progress {
            Progress::Buffered { rows, completion, .. } => {
                while let Some(batch) = rows.pop_front() {
                    let (now, later) = split(batch, left);
                    left -= now.len();
                    output.push(now, false).await?;
                    if let Some(later) = later {
                        rows.push_front(later);
                        return Ok(Completion::Suspended);
                    }
                }
                let completion = completion.clone();
                portal.progress = Progress::Done;
                Ok(completion)
            }
            Progress::Running(portal_run) => {
                let PortalRun { running, state, rest, sent, .. } = &mut **portal_run;
                *sent = 0;
                let tx =
                    self.tx.as_mut().ok_or_else(|| Error::internal("a query runs without a transaction"))?;
                loop {
                    let batch = match rest.take() {
                        Some(batch) => Some(batch),
                        None => {
                            let mut cx = Cx { txn: &mut tx.txn, state, node: &self.node };
                            running.next(&mut cx).await?
                        }
                    };
                    let Some(batch) = batch else { break };
                    let (now, later) = split(batch, left);
                    left -= now.len();
                    *sent += now.len() as u64;
                    *rest = later;
                    output.push(now, true).await?;
                    if left == 0 {
                        return Ok(Completion::Suspended);
                    }
                }
                tx.notifications.append(&mut state.session.notifications.lock());
                let completion = Completion::Done(format!("{} {sent}", kind.command_tag()));
                portal.progress = Progress::Done;
                Ok(completion)
            }
            Progress::New | Progress::Done => Err(Error::internal("a portal has not begun")),
        }
    }

    /// Begins an implicit transaction block unless there is a transaction.
    pub(super) fn enter_block(&mut self) {
        if self.block == Block::None {
            self.block = Block::Implicit;
            self.began = self.node.now();
            self.read_only = self.shared.change_settings(|s| s.fast().read_only);
            self.shared.begin_frame();
        }
    }

    /// Begins the transaction of the present block unless it has begun.
    pub(super) async fn ensure_tx(&mut self) -> Result<()> {
        if self.tx.is_none() {
            let age = self.age.take();
            self.tx = Some(Tx::begin(&self.node, &self.memory, age).await?);
        }
        Ok(())
    }

    fn under(&self) -> Under {
        let settings = self.shared.change_settings(|settings| settings.generation);
        match &self.tx {
            Some(tx) => Under { version: tx.catalog.version, local: tx.catalog.local, settings },
            None => {
                let latest = self.node.catalog.latest();
                Under { version: latest.version, local: latest.local, settings }
            }
        }
    }

    /// The catalog as the session sees it now.
    pub(super) fn session_catalog(&mut self) -> SessionCatalog {
        let under = self.under();
        // A transaction's own changes are numbered within it: another may have the same numbers.
        if let Some((cached, catalog)) = &self.catalog
            && *cached == under
            && under.local == 0
        {
            return catalog.clone();
        }
        let snapshot = match &self.tx {
            Some(tx) => tx.catalog.clone(),
            None => self.node.catalog.latest(),
        };
        let path = self.shared.change_settings(|settings| settings.fast().search_path.clone());
        let user = self.shared.current_user();
        let catalog = SessionCatalog::new(snapshot, self.shared.database, &user, &path);
        self.catalog = Some((under, catalog.clone()));
        catalog
    }

    /// The session as a statement's expressions see it.
    pub(super) fn statement_session(&mut self) -> Arc<StatementSession> {
        let catalog = self.session_catalog();
        let format = self.shared.change_settings(|settings| settings.format_at(self.began));
        let user = self.shared.current_user();
        let none = Arc::default();
        let deferred = self.tx.as_ref().map_or(&none, |tx| &tx.deferred);
        Arc::new(StatementSession::new(
            &self.node,
            &self.shared,
            catalog,
            user,
            deferred,
            format,
            self.began,
            self.node.now(),
        ))
    }

    /// What a statement runs with.
    pub(crate) fn statement_state(&mut self, params: Arc<[Datum]>) -> Result<StatementState> {
        let session = self.statement_session();
        let work_mem = self.shared.change_settings(|settings| settings.fast().work_mem);
        Ok(StatementState {
            params,
            registers: Vec::new(),
            session,
            memory: self.memory.clone(),
            ctes: Vec::new(),
            work: Default::default(),
            affected: 0,
            triggers: Default::default(),
            profile: None,
            work_mem,
        })
    }

    /// A prepared statement bound under the present catalog and settings.
    pub(super) async fn bind_prepared(&mut self, prepared: &Prepared) -> Result<Arc<Bound>> {
        let Some(parsed) = &prepared.parsed else {
            return Err(Error::internal("an empty statement is bound"));
        };
        if prepared.simple && parsed.kind() != StatementKind::Session("PREPARE") {
            parsed.refuse_params()?;
        }
        if parsed.kind().needs_snapshot() && self.block != Block::Failed {
            self.enter_block();
            self.ensure_tx().await?;
        }
        let under = self.under();
        if under.local == 0
            && let Some(bound) = prepared.bound(under)
        {
            return Ok(bound);
        }
        let session = self.statement_session();
        let context = BindContext {
            params: &prepared.hints,
            settings: &session.format,
            session: &*session,
            user: &session.user,
        };
        let statement = sql::bind(parsed, &session.catalog, &context)?;
        let bound = Arc::new(self.describe(statement, parsed.kind(), under).await?);
        prepared.keep(&bound);
        Ok(bound)
    }

    /// What a bound statement takes and gives.
    async fn describe(&mut self, statement: Statement, kind: StatementKind, under: Under) -> Result<Bound> {
        let text = |name: &str| {
            vec![Field { name: name.to_owned(), table_oid: 0, column_id: 0, ty: Type::Text.into() }]
        };
        let (fields, params) = match &statement {
            Statement::Query(query) => {
                let rows = kind == StatementKind::Select || !query.root.columns.is_empty();
                (rows.then(|| fields_of(&query.root)), query.params.clone())
            }
            Statement::Explain(explain) => {
                let params = match &explain.statement {
                    Statement::Query(query) => query.params.clone(),
                    Statement::CreateTableAs(create) => create.query.params.clone(),
                    Statement::DeclareCursor { query, .. } => query.params.clone(),
                    _ => Vec::new(),
                };
                (Some(text("QUERY PLAN")), params)
            }
            Statement::Show(None) => {
                let names = ["name", "setting", "description"];
                (Some(names.iter().flat_map(|name| text(name)).collect()), Vec::new())
            }
            Statement::Show(Some(name)) => {
                let name = crate::settings::definition(name).map_or(name.as_str(), |d| d.name);
                (Some(text(name)), Vec::new())
            }
            Statement::Fetch { name, only_move: false, .. } => (self.cursor_fields(name), Vec::new()),
            Statement::Execute { name, .. } => {
                let target = self.statement(name)?;
                match &target.parsed {
                    Some(parsed) if parsed.kind() != StatementKind::Execute => {
                        let bound = Box::pin(self.bind_prepared(&target)).await?;
                        (bound.fields.as_ref().map(|fields| fields.to_vec()), Vec::new())
                    }
                    _ => (None, Vec::new()),
                }
            }
            Statement::Copy(copy) => match &copy.what {
                sql::statement::CopyWhat::To(query) => (None, query.params.clone()),
                sql::statement::CopyWhat::From { .. } => (None, Vec::new()),
            },
            Statement::CreateTableAs(create) => (None, create.query.params.clone()),
            Statement::DeclareCursor { query, .. } => (None, query.params.clone()),
            _ => (None, Vec::new()),
        };
        let fields = fields.map(Arc::new);
        let bound = match statement {
            Statement::Query(query) => {
                Bound { under, statement: None, query: Some(Arc::new(*query)), params, fields }
            }
            statement => Bound { under, statement: Some(statement), query: None, params, fields },
        };
        Ok(bound)
    }

    /// 25006 for what a read-only transaction does not take.
    fn check_writable(&self, kind: StatementKind, bound: &Bound) -> Result<()> {
        if !self.read_only {
            return Ok(());
        }
        let writes = match kind {
            StatementKind::Ddl(_) => true,
            StatementKind::Copy => matches!(
                &bound.statement,
                Some(Statement::Copy(copy)) if matches!(copy.what, sql::statement::CopyWhat::From { .. })
            ),
            _ => bound.query.as_ref().is_some_and(|query| query.writes),
        };
        if !writes {
            return Ok(());
        }
        let what = match kind {
            StatementKind::Copy => "COPY FROM",
            StatementKind::Insert => "INSERT",
            StatementKind::Select => "SELECT FOR UPDATE",
            kind => kind.command_tag(),
        };
        Err(Error::new(
            sqlstate::READ_ONLY_SQL_TRANSACTION,
            format!("cannot execute {what} in a read-only transaction"),
        ))
    }

    /// EXECUTE: the portal becomes one of the prepared statement.
    async fn resolve_execute(&mut self, portal: &mut Portal) -> Result<()> {
        let bound = self.bind_prepared(&portal.prepared).await?;
        let Some(Statement::Execute { name, args }) = &bound.statement else { return Ok(()) };
        let (target, params) = self.execute_target(name, args, &portal.params).await?;
        portal.prepared = target;
        portal.params = params;
        Ok(())
    }

    /// The prepared statement that an EXECUTE names, and the values of its arguments.
    pub(super) async fn execute_target(
        &mut self,
        name: &str,
        args: &sql::ExecuteArgs,
        params: &Arc<[Datum]>,
    ) -> Result<(Arc<Prepared>, Arc<[Datum]>)> {
        let target = self.statement(name)?;
        let types = match &target.parsed {
            Some(_) => self.bind_prepared(&target).await?.params.clone(),
            None => Vec::new(),
        };
        let state = self.statement_state(params.clone())?;
        let session = state.session.clone();
        let context =
            BindContext { params: &[], settings: &session.format, session: &*session, user: &session.user };
        let exprs = sql::bind_execute(args, name, &types, &session.catalog, &context)?;
        let eval = datum::EvalContext { params, registers: &[], session: &*session };
        let values = exprs.iter().map(|expr| expr.eval(&[], &eval)).collect::<Result<Vec<Datum>>>()?;
        Ok((target, values.into()))
    }
}

fn is_locking_select(kind: StatementKind) -> bool {
    // Locks are taken row by row: a SELECT … FOR UPDATE with a row limit locks what it has given. One that modifies
    // data in WITH is run to its end by `Running`, which does that part before the first row.
    kind == StatementKind::Select
}

/// The columns of a plan as the client sees them.
pub(super) fn fields_of(plan: &Plan) -> Vec<Field> {
    plan.columns
        .iter()
        .map(|column| {
            let (table_oid, column_id) = match column.origin {
                Some((table, id)) => (table.0, u16::try_from(id).unwrap_or(0)),
                None => (0, 0),
            };
            Field { name: column.name.clone(), table_oid, column_id, ty: column.ty }
        })
        .collect()
}

/// The first `max` rows of a batch, and the rest if there is one.
pub(super) fn split(batch: Batch, max: usize) -> (Batch, Option<Batch>) {
    if batch.len() <= max {
        return (batch, None);
    }
    let mut now = Batch::with_capacity(batch.width(), max);
    let mut later = Batch::with_capacity(batch.width(), batch.len() - max);
    for (i, row) in batch.rows().enumerate() {
        if i < max { now.push_row(row) } else { later.push_row(row) }
    }
    (now, Some(later))
}
