//! Statements that are no queries: settings, prepared statements, cursors, notifications, EXPLAIN, and the way to DDL
//! and COPY.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Batch, Datum, Error, Result};
use sql::plan::Query;
use sql::statement::{CopyWhat, Discard, Explain};
use sql::{Statement, StatementKind};

use super::Session;
use super::output::Output;
use super::portal::{Bound, Portal, Prepared, Progress};
use super::run::Run;
use super::transaction::Block;
use crate::api::{Completion, Severity, Sink};
use crate::operators::{Cx, Running};

fn done(tag: impl Into<String>) -> Result<Completion> {
    Ok(Completion::Done(tag.into()))
}

impl Session {
    /// Runs a statement that is no query.
    pub(super) async fn utility<S: Sink>(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
        bound: &Arc<Bound>,
        run: Run,
        output: &mut Output<'_, S>,
    ) -> Result<Completion> {
        let Some(statement) = &bound.statement else { return Err(Error::internal("a query is no utility")) };
        let tag = kind.command_tag();
        if bound.fields.is_none() {
            output.no_columns();
        }
        match statement {
            Statement::Set { name, value, local } => {
                self.set(name, value.as_deref(), *local)?;
                done("SET")
            }
            Statement::Reset(None) => {
                self.shared.change_settings(|settings| settings.reset_all());
                if let Some(frame) = &mut *self.shared.frame.lock() {
                    frame.at_commit.reset_all();
                }
                done("RESET")
            }
            Statement::Reset(Some(name)) => {
                self.shared.set(name, None, false)?;
                done("RESET")
            }
            Statement::Show(name) => {
                let mut rows = Batch::new(if name.is_some() { 1 } else { 3 });
                match name {
                    Some(name) => {
                        let value = self.show(name)?;
                        rows.push([Datum::text(value)]);
                    }
                    None => {
                        for (name, value, description) in self.shared.settings().all() {
                            rows.push([Datum::text(name), Datum::text(value), Datum::text(description)]);
                        }
                    }
                }
                self.give(portal, bound, rows, "SHOW", run, output).await
            }
            Statement::SetTransaction { session: false, modes } => {
                if self.block != Block::Explicit {
                    self.shared.notice(
                        Severity::Warning,
                        Error::new(
                            sqlstate::NO_ACTIVE_SQL_TRANSACTION,
                            "SET TRANSACTION can only be used in transaction blocks",
                        ),
                    );
                } else {
                    self.set_modes(modes)?;
                }
                done("SET")
            }
            Statement::SetTransaction { session: true, modes } => {
                if let Some(isolation) = modes.isolation {
                    self.shared.set("default_transaction_isolation", Some(isolation.name()), false)?;
                }
                for (name, mode) in [
                    ("default_transaction_read_only", modes.read_only),
                    ("default_transaction_deferrable", modes.deferrable),
                ] {
                    if let Some(mode) = mode {
                        self.shared.set(name, Some(if mode { "on" } else { "off" }), false)?;
                    }
                }
                done("SET")
            }
            Statement::SetConstraints { names, deferred } => {
                self.set_constraints(names.as_deref(), *deferred).await?;
                done(tag)
            }
            Statement::Prepare { name, types, statement } => {
                if self.statements.contains_key(name) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_PREPARED_STATEMENT,
                        format!("prepared statement \"{name}\" already exists"),
                    ));
                }
                let parsed = (**statement).clone();
                let text = portal.prepared.text.clone();
                let prepared = Prepared::new(Some(parsed), types.clone(), text);
                Box::pin(self.bind_prepared(&prepared)).await?;
                self.statements.insert(name.clone(), Arc::new(prepared));
                done("PREPARE")
            }
            Statement::Deallocate(None) => {
                self.statements.clear();
                done("DEALLOCATE ALL")
            }
            Statement::Deallocate(Some(name)) => {
                self.statement(name)?;
                self.statements.remove(name);
                done("DEALLOCATE")
            }
            Statement::DeclareCursor { name, binary, hold, query, scroll } => {
                self.declare(name, query, portal, *binary, *hold, *scroll).await?;
                done("DECLARE CURSOR")
            }
            Statement::Fetch { name, direction, only_move } => {
                let (rows, count) = self.fetch(name, *direction).await?;
                let tag = format!("{} {count}", if *only_move { "MOVE" } else { "FETCH" });
                if *only_move {
                    return done(tag);
                }
                let width = bound.fields.as_ref().map_or(0, |fields| fields.len());
                self.give(portal, bound, rows.unwrap_or_else(|| Batch::new(width)), &tag, run, output).await
            }
            Statement::CloseCursor(name) => {
                self.close_cursor(name.as_deref())?;
                done(if name.is_some() { "CLOSE CURSOR" } else { "CLOSE CURSOR ALL" })
            }
            Statement::Discard(what) => self.discard(*what).await,
            Statement::Listen(channel) => {
                self.node.channels.listen(channel, self.shared.pid, &self.shared.mailbox);
                done("LISTEN")
            }
            Statement::Unlisten(channel) => {
                match channel {
                    Some(channel) => self.node.channels.unlisten(channel, self.shared.pid),
                    None => self.node.channels.unlisten_all(self.shared.pid),
                }
                done("UNLISTEN")
            }
            Statement::Notify { channel, payload } => {
                self.ensure_tx().await?;
                let notification = crate::notify::Notification {
                    pid: self.shared.pid,
                    channel: channel.clone(),
                    payload: payload.clone(),
                };
                if let Some(tx) = &mut self.tx {
                    tx.notifications.push(notification);
                }
                done("NOTIFY")
            }
            Statement::Explain(explain) => {
                let lines = self.explain(explain, portal).await?;
                let mut rows = Batch::new(1);
                for line in lines {
                    rows.push([Datum::text(line)]);
                }
                self.give(portal, bound, rows, "EXPLAIN", run, output).await
            }
            Statement::Copy(copy) => match &copy.what {
                CopyWhat::To(query) => {
                    let count = self.copy_to(query, &copy.options, portal.params.clone(), output).await?;
                    done(format!("COPY {count}"))
                }
                CopyWhat::From { .. } => {
                    self.copy_from(copy.clone(), run.describe, output).await?;
                    Ok(Completion::CopyIn)
                }
            },
            Statement::Nothing(tag) => done(*tag),
            Statement::LockTable { .. } if self.block != Block::Explicit => Err(Error::new(
                sqlstate::NO_ACTIVE_SQL_TRANSACTION,
                "LOCK TABLE can only be used in transaction blocks",
            )),
            other => self.ddl(other, portal.params.clone(), tag).await.map(Completion::Done),
        }
    }

    /// Hands on rows that are there already.
    async fn give<S: Sink>(
        &mut self,
        portal: &mut Portal,
        bound: &Arc<Bound>,
        rows: Batch,
        tag: &str,
        run: Run,
        output: &mut Output<'_, S>,
    ) -> Result<Completion> {
        let fields = bound.fields.clone().unwrap_or_default();
        let settings = self.shared.change_settings(|s| s.format_at(self.began));
        output.columns(&fields, portal.formats(fields.len()), &settings);
        if output.has_objects() {
            output.name_objects(self.session_catalog());
        }
        let max = if run.max_rows == 0 { usize::MAX } else { run.max_rows };
        let (now, later) = super::run::split(rows, max);
        output.push(now, false).await?;
        match later {
            None => {
                portal.progress = Progress::Done;
                done(tag)
            }
            Some(later) => {
                portal.progress = Progress::Buffered {
                    bound: bound.clone(),
                    rows: [later].into(),
                    completion: Completion::Done(tag.to_owned()),
                };
                Ok(Completion::Suspended)
            }
        }
    }

    /// What a change of the catalog runs with. 25001 for what cannot be part of a larger transaction.
    pub(crate) async fn ddl_context(
        &mut self,
        statement: &Statement,
        params: Arc<[Datum]>,
    ) -> Result<crate::ddl::Ddl<'_>> {
        let alone = match statement {
            Statement::CreateDatabase { .. } => Some("CREATE DATABASE"),
            Statement::Vacuum { .. } => Some("VACUUM"),
            Statement::CreateIndex(create) if create.concurrently => Some("CREATE INDEX CONCURRENTLY"),
            Statement::Drop(drop)
                if drop.objects.iter().any(|o| matches!(o, sql::statement::DropObject::Database(_))) =>
            {
                Some("DROP DATABASE")
            }
            _ => None,
        };
        if let Some(what) = alone
            && self.block == Block::Explicit
        {
            return Err(Error::new(
                sqlstate::ACTIVE_SQL_TRANSACTION,
                format!("{what} cannot run inside a transaction block"),
            ));
        }
        self.ensure_tx().await?;
        let state = self.statement_state(params)?;
        let Some(tx) = &mut self.tx else { return Err(Error::internal("DDL without a transaction")) };
        Ok(crate::ddl::Ddl { node: &self.node, shared: &self.shared, tx, state })
    }

    /// SET.
    fn set(&mut self, name: &str, value: Option<&[String]>, local: bool) -> Result<()> {
        if local && self.block != Block::Explicit {
            self.shared.notice(
                Severity::Warning,
                Error::new(
                    sqlstate::NO_ACTIVE_SQL_TRANSACTION,
                    "SET LOCAL can only be used in transaction blocks",
                ),
            );
        }
        let text = value.map(|values| {
            if name == "search_path" {
                values.iter().map(|name| super::quote(name)).collect::<Vec<_>>().join(", ")
            } else {
                values.join(", ")
            }
        });
        match name {
            "role" | "session_authorization" => {
                if let Some(role) = text.as_deref().filter(|role| *role != "none")
                    && self.session_catalog().snapshot.role(role).is_none()
                {
                    return Err(Error::new(
                        sqlstate::INVALID_PARAMETER_VALUE,
                        format!("role \"{role}\" does not exist"),
                    ));
                }
            }
            "transaction_read_only" => {
                let on = text.as_deref().and_then(crate::settings::parse_bool).unwrap_or(false);
                self.read_only = on;
                self.shared.set(name, text.as_deref(), true)?;
                return Ok(());
            }
            _ => {}
        }
        self.shared.set(name, text.as_deref(), local)?;
        Ok(())
    }

    fn show(&self, name: &str) -> Result<String> {
        match name {
            "transaction_read_only" => Ok(if self.read_only { "on" } else { "off" }.to_owned()),
            name => self.shared.settings().get(name).ok_or_else(|| crate::settings::unknown(name)),
        }
    }

    /// SET CONSTRAINTS.
    async fn set_constraints(&mut self, names: Option<&[Vec<String>]>, deferred: bool) -> Result<()> {
        self.ensure_tx().await?;
        let catalog = self.session_catalog();
        let oids = match names {
            None => None,
            Some(names) => {
                let mut oids = Vec::new();
                for name in names {
                    let Some(wanted) = name.last() else { continue };
                    let before = oids.len();
                    for table in catalog.snapshot.tables(catalog.database) {
                        for key in table.foreign_keys.iter().filter(|key| key.name == *wanted) {
                            if !key.deferrable {
                                return Err(Error::new(
                                    sqlstate::WRONG_OBJECT_TYPE,
                                    format!("constraint \"{wanted}\" is not deferrable"),
                                ));
                            }
                            oids.push(key.oid);
                        }
                    }
                    if oids.len() == before {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_OBJECT,
                            format!("constraint \"{wanted}\" does not exist"),
                        ));
                    }
                }
                Some(oids)
            }
        };
        if let Some(tx) = &self.tx {
            tx.deferred.lock().set(oids, deferred);
        }
        // What is immediate from now on is checked now; to check all of what waits is never wrong.
        if deferred { Ok(()) } else { self.check_deferred().await }
    }

    async fn discard(&mut self, what: Discard) -> Result<Completion> {
        match what {
            Discard::All => {
                if self.block == Block::Explicit {
                    return Err(Error::new(
                        sqlstate::ACTIVE_SQL_TRANSACTION,
                        "DISCARD ALL cannot run inside a transaction block",
                    ));
                }
                self.portals.clear();
                self.statements.clear();
                self.node.channels.unlisten_all(self.shared.pid);
                self.shared.change_settings(|settings| settings.reset_all());
                if let Some(frame) = &mut *self.shared.frame.lock() {
                    frame.at_commit.reset_all();
                }
                self.shared.currval.lock().clear();
                *self.shared.lastval.lock() = None;
                done("DISCARD ALL")
            }
            Discard::Plans => done("DISCARD PLANS"),
            Discard::Sequences => {
                self.shared.currval.lock().clear();
                *self.shared.lastval.lock() = None;
                done("DISCARD SEQUENCES")
            }
            Discard::Temp => done("DISCARD TEMP"),
        }
    }

    /// EXPLAIN: its lines.
    async fn explain(&mut self, explain: &Explain, portal: &mut Portal) -> Result<Vec<String>> {
        let mut params = portal.params.clone();
        let query: Arc<Query> = match &explain.statement {
            Statement::Query(query) => Arc::new((**query).clone()),
            Statement::CreateTableAs(create) => Arc::new(create.query.clone()),
            Statement::DeclareCursor { query, .. } => Arc::new((**query).clone()),
            Statement::Execute { name, args } => {
                let (target, values) = self.execute_target(name, args, &params).await?;
                params = values;
                let bound = Box::pin(self.bind_prepared(&target)).await?;
                bound.query.clone().ok_or_else(|| Error::unsupported("EXPLAIN of this statement"))?
            }
            _ => return Err(Error::unsupported("EXPLAIN of this statement")),
        };
        if !explain.analyze {
            return crate::explain::render(explain, &query, None);
        }
        let mut state = self.statement_state(params)?;
        state.profile = Some(Default::default());
        if let Some(tx) = &mut self.tx {
            tx.rely_on(&query.depends_on);
        }
        let clock = self.node.env.clock().clone();
        let before = clock.monotonic();
        let mut running = Running::new(query.clone(), &state.memory);
        let Some(tx) = &mut self.tx else { return Err(Error::internal("EXPLAIN without a transaction")) };
        let mut cx = Cx { txn: &mut tx.txn, state: &mut state, node: &self.node };
        while running.next(&mut cx).await?.is_some() {}
        let took = clock.monotonic().saturating_sub(before);
        let profile = state.profile.take().unwrap_or_default();
        crate::explain::render(explain, &query, Some((&profile, took)))
    }
}
