//! BEGIN, COMMIT, ROLLBACK, savepoints, and what becomes of a transaction when a statement fails.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Result};
use sql::statement::TransactionModes;
use sql::{BindContext, Statement, StatementKind};

use super::Session;
use super::portal::Prepared;
use super::transaction::{Block, Tx};
use crate::api::{Completion, Severity};
use crate::dml::foreign_keys;
use crate::operators::Cx;

fn done(tag: &str) -> Result<Completion> {
    Ok(Completion::Done(tag.to_owned()))
}

impl Session {
    /// Runs a statement about transactions.
    pub(super) async fn control(&mut self, prepared: &Prepared, kind: StatementKind) -> Result<Completion> {
        let Some(parsed) = &prepared.parsed else { return Ok(Completion::Empty) };
        let session = self.statement_session();
        let context =
            BindContext { params: &[], settings: &session.format, session: &*session, user: &session.user };
        match sql::bind(parsed, &session.catalog, &context)? {
            Statement::Begin(modes) => {
                self.begin(&modes)?;
                done(kind.command_tag())
            }
            Statement::Commit { chain } => {
                let tag = self.end(chain, true).await?;
                done(tag)
            }
            Statement::Rollback { chain } => {
                self.end(chain, false).await?;
                done("ROLLBACK")
            }
            Statement::Savepoint(name) => {
                self.need_block("SAVEPOINT")?;
                self.ensure_tx().await?;
                if let Some(tx) = &mut self.tx {
                    tx.set_savepoint(&name, &self.shared);
                }
                done("SAVEPOINT")
            }
            Statement::ReleaseSavepoint(name) => {
                self.need_block("RELEASE SAVEPOINT")?;
                match &mut self.tx {
                    Some(tx) => tx.release(&name)?,
                    None => return Err(no_savepoint(&name)),
                }
                done("RELEASE")
            }
            Statement::RollbackToSavepoint(name) => {
                self.need_block("ROLLBACK TO SAVEPOINT")?;
                match &mut self.tx {
                    Some(tx) => tx.rollback_to(&name, &self.shared)?,
                    None => return Err(no_savepoint(&name)),
                }
                self.block = Block::Explicit;
                done("ROLLBACK")
            }
            _ => Err(Error::internal("not a statement about transactions")),
        }
    }

    fn need_block(&self, what: &str) -> Result<()> {
        if matches!(self.block, Block::Explicit | Block::Failed) {
            return Ok(());
        }
        Err(Error::new(
            sqlstate::NO_ACTIVE_SQL_TRANSACTION,
            format!("{what} can only be used in transaction blocks"),
        ))
    }

    fn begin(&mut self, modes: &TransactionModes) -> Result<()> {
        if self.block == Block::Explicit {
            self.shared.notice(
                Severity::Warning,
                Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, "there is already a transaction in progress"),
            );
        } else {
            self.enter_block();
            self.block = Block::Explicit;
        }
        self.set_modes(modes)
    }

    /// Modes of the present transaction. Every level is served as serializable.
    pub(super) fn set_modes(&mut self, modes: &TransactionModes) -> Result<()> {
        if modes.snapshot.is_some() {
            return Err(Error::unsupported("SET TRANSACTION SNAPSHOT"));
        }
        let begun = self.tx.as_ref().is_some_and(|tx| tx.statements > 0);
        if modes.isolation.is_some() && begun {
            return Err(Error::new(
                sqlstate::ACTIVE_SQL_TRANSACTION,
                "SET TRANSACTION ISOLATION LEVEL must be called before any query",
            ));
        }
        if let Some(read_only) = modes.read_only {
            if !read_only && self.read_only && begun {
                return Err(Error::new(
                    sqlstate::ACTIVE_SQL_TRANSACTION,
                    "transaction read-write mode must be set before any query",
                ));
            }
            self.read_only = read_only;
        }
        let shown = if self.read_only { "on" } else { "off" };
        self.shared.set("transaction_read_only", Some(shown), true)?;
        Ok(())
    }

    /// COMMIT or ROLLBACK; the tag of what happened.
    async fn end(&mut self, chain: bool, commit: bool) -> Result<&'static str> {
        let block = self.block;
        let read_only = self.read_only;
        if matches!(block, Block::None | Block::Implicit) {
            if chain {
                let what = if commit { "COMMIT AND CHAIN" } else { "ROLLBACK AND CHAIN" };
                return Err(Error::new(
                    sqlstate::NO_ACTIVE_SQL_TRANSACTION,
                    format!("{what} can only be used in transaction blocks"),
                ));
            }
            self.shared.notice(
                Severity::Warning,
                Error::new(sqlstate::NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress"),
            );
        }
        let committed = commit && block != Block::Failed;
        if committed {
            self.commit().await.map_err(|(error, _)| error)?;
        } else {
            self.rollback();
        }
        if chain {
            self.enter_block();
            self.block = Block::Explicit;
            self.read_only = read_only;
        }
        Ok(if committed { "COMMIT" } else { "ROLLBACK" })
    }

    /// Commits the present transaction, whichever kind of block it is in. After an error it is rolled back.
    pub(super) async fn commit(&mut self) -> std::result::Result<(), (Error, Option<txn::Error>)> {
        let result = self.commit_inner().await;
        match &result {
            Ok(()) => self.leave_block(true),
            // The block stays: whoever asked knows whether to run the statement again.
            Err(_) if self.block == Block::Implicit => self.tx = None,
            Err(_) => self.leave_block(false),
        }
        result
    }

    async fn commit_inner(&mut self) -> std::result::Result<(), (Error, Option<txn::Error>)> {
        if self.tx.as_ref().is_some_and(|tx| !tx.deferred.lock().is_empty()) {
            let checked = self.check_deferred().await;
            if let Err(error) = checked {
                let conflict = self.tx.as_mut().and_then(|tx| tx.txn.take_conflict());
                return Err((error, conflict));
            }
        }
        match self.tx.take() {
            Some(tx) => {
                let age = tx.txn.age();
                let committed = tx.commit(&self.node).await;
                if committed.is_err() {
                    self.age = Some(age);
                }
                committed
            }
            None => Ok(()),
        }
    }

    /// Checks constraints that were deferred.
    pub(super) async fn check_deferred(&mut self) -> Result<()> {
        let mut state = self.statement_state(Arc::from([]))?;
        let Some(tx) = &mut self.tx else { return Ok(()) };
        let mut cx = Cx { txn: &mut tx.txn, state: &mut state, node: &self.node };
        foreign_keys::check_deferred(&mut cx).await
    }

    /// Rolls back whatever there is.
    pub(super) fn rollback(&mut self) {
        self.tx = None;
        self.leave_block(false);
    }

    fn leave_block(&mut self, committed: bool) {
        self.block = Block::None;
        self.age = None;
        self.read_only = false;
        self.shared.end_frame(committed);
        self.portals.retain(|_, portal| portal.hold);
    }

    /// The end of an implicit transaction.
    pub(super) async fn end_implicit(&mut self) -> Result<()> {
        if self.block != Block::Implicit {
            return Ok(());
        }
        let ended = self.commit().await.map_err(|(error, _)| error);
        if ended.is_err() {
            self.rollback();
        }
        ended
    }

    /// A statement has failed.
    pub fn fail(&mut self) {
        self.copy = None;
        self.queue.clear();
        match self.block {
            Block::None | Block::Implicit => self.rollback(),
            Block::Explicit | Block::Failed => {
                self.block = Block::Failed;
                self.portals.retain(|_, portal| portal.hold);
                // Without a savepoint to go back to, nothing of it is needed any more: locks are given up at once.
                if self.tx.as_ref().is_some_and(|tx: &Tx| tx.savepoints.is_empty()) {
                    self.tx = None;
                }
            }
        }
    }
}

fn no_savepoint(name: &str) -> Error {
    Error::new(sqlstate::INVALID_SAVEPOINT, format!("savepoint \"{name}\" does not exist"))
}
