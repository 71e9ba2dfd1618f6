//! [`StatementSession`]: the session as the expressions of one statement see it.

use std::sync::Arc;
use std::time::Duration;

use datum::error::sqlstate;
use datum::{Datum, Error, FormatSettings, Result};
use parking_lot::Mutex;
use sql::catalog::DescriptorId;

use super::shared::SessionShared;
use crate::cancel::CancelHandle;
use crate::catalog::SessionCatalog;
use crate::dml::Deferred;
use crate::node::Node;
use crate::notify::Notification;
use crate::sequence::Wanted;

/// The session as the expressions of one statement see it.
pub(crate) struct StatementSession {
    pub node: Arc<Node>,
    pub shared: Arc<SessionShared>,
    pub catalog: SessionCatalog,
    pub user: String,
    pub pid: i32,
    pub cancel: CancelHandle,
    pub deferred: Arc<Mutex<Deferred>>,
    pub format: Arc<FormatSettings>,
    pub transaction_ts: i64,
    pub statement_ts: i64,
    /// What NOTIFY has sent in this statement.
    pub notifications: Mutex<Vec<Notification>>,
    draws: Mutex<Draws>,
}

/// What expressions have drawn from sequences, or slept, since the last row that is done.
#[derive(Default)]
struct Draws {
    wanted: Option<Wanted>,
    drawn: Vec<Drawn>,
    /// How many of `drawn` have been given once more in this run over the row.
    given: usize,
}

#[derive(Clone, Copy)]
enum Drawn {
    Next(DescriptorId, i64),
    Set(DescriptorId, i64, bool),
    Slept(Duration),
}

impl StatementSession {
    #[expect(clippy::too_many_arguments, reason = "one place makes it")]
    pub fn new(
        node: &Arc<Node>,
        shared: &Arc<SessionShared>,
        catalog: SessionCatalog,
        user: String,
        deferred: &Arc<Mutex<Deferred>>,
        format: Arc<FormatSettings>,
        transaction_ts: i64,
        statement_ts: i64,
    ) -> StatementSession {
        StatementSession {
            node: node.clone(),
            shared: shared.clone(),
            catalog,
            user,
            pid: shared.pid,
            cancel: shared.cancel.clone(),
            deferred: deferred.clone(),
            format,
            transaction_ts,
            statement_ts,
            notifications: Mutex::default(),
            draws: Mutex::default(),
        }
    }

    /// How long to wait for a row lock.
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.shared.change_settings(|settings| settings.fast().lock_timeout)
    }

    /// What an expression failed for, if it was for want of a sequence's values.
    pub fn take_wanted(&self) -> Option<Wanted> {
        self.draws.lock().wanted.take()
    }

    /// The row is evaluated again from its beginning.
    pub fn rewind(&self) {
        self.draws.lock().given = 0;
    }

    /// The row is done: what it has drawn is its own.
    pub fn row_done(&self) {
        let mut draws = self.draws.lock();
        if !draws.drawn.is_empty() {
            draws.drawn.clear();
            draws.given = 0;
        }
    }

    /// A setval that was wanted has happened.
    pub fn note_set(&self, id: DescriptorId, value: i64, called: bool) {
        self.draws.lock().drawn.push(Drawn::Set(id, value, called));
        if called {
            self.shared.currval.lock().insert(id, value);
            *self.shared.lastval.lock() = Some(id);
        }
    }

    /// A sleep that was wanted is over.
    pub fn note_slept(&self, time: Duration) {
        self.draws.lock().drawn.push(Drawn::Slept(time));
    }

    /// pg_sleep: the row is evaluated again when the time has passed.
    pub fn sleep(&self, time: Duration) -> Result<Datum> {
        // What void looks like.
        let done = Ok(Datum::text(""));
        if time.is_zero() {
            return done;
        }
        match self.next_drawn() {
            Some(Drawn::Slept(slept)) if slept == time => done,
            _ => {
                self.draws.lock().wanted = Some(Wanted::Sleep(time));
                Err(Error::internal("a statement is to sleep"))
            }
        }
    }

    fn next_drawn(&self) -> Option<Drawn> {
        let mut draws = self.draws.lock();
        let drawn = draws.drawn.get(draws.given).copied();
        if drawn.is_some() {
            draws.given += 1;
        }
        drawn
    }

    pub fn notify(&self, channel: &str, payload: &str) {
        self.notifications.lock().push(Notification {
            pid: self.pid,
            channel: channel.to_owned(),
            payload: payload.to_owned(),
        });
    }

    pub fn nextval(&self, id: DescriptorId) -> Result<i64> {
        if self.catalog.snapshot.sequence_by_id(id).is_none() {
            return Err(match self.catalog.snapshot.table_by_id(id) {
                Some(table) => {
                    Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a sequence", table.name))
                }
                None => crate::sequence::undefined(id),
            });
        }
        let value = match self.next_drawn() {
            Some(Drawn::Next(drawn, value)) if drawn == id => value,
            _ => {
                let Some(value) = self.node.sequences.draw(id) else {
                    self.draws.lock().wanted = Some(Wanted::Next(id));
                    return Err(Error::internal("a sequence has no value at hand"));
                };
                let mut draws = self.draws.lock();
                draws.drawn.push(Drawn::Next(id, value));
                draws.given = draws.drawn.len();
                value
            }
        };
        self.shared.currval.lock().insert(id, value);
        *self.shared.lastval.lock() = Some(id);
        Ok(value)
    }

    pub fn setval(&self, id: DescriptorId, value: i64, called: bool) -> Result<i64> {
        let Some(sequence) = self.catalog.snapshot.sequence_by_id(id) else {
            return Err(crate::sequence::undefined(id));
        };
        if value < sequence.min || value > sequence.max {
            return Err(Error::new(
                sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
                format!(
                    "setval: value {value} is out of bounds for sequence \"{}\" ({}..{})",
                    sequence.name, sequence.min, sequence.max
                ),
            ));
        }
        match self.next_drawn() {
            Some(Drawn::Set(set, at, was_called)) if (set, at, was_called) == (id, value, called) => {
                Ok(value)
            }
            _ => {
                self.draws.lock().wanted = Some(Wanted::Set(id, value, called));
                Err(Error::internal("a sequence is to be set"))
            }
        }
    }
}

impl datum::expr::Session for StatementSession {
    fn transaction_timestamp(&self) -> i64 {
        self.transaction_ts
    }

    fn statement_timestamp(&self) -> i64 {
        self.statement_ts
    }

    fn clock_timestamp(&self) -> i64 {
        self.node.now()
    }

    fn random(&self) -> f64 {
        self.node.env.rng().next_f64()
    }

    fn random_uuid(&self) -> [u8; 16] {
        let mut bytes = self.node.env.rng().next_u128().to_be_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.shared.change_settings(|settings| settings.get(name))
    }

    fn set_setting(&self, name: &str, value: &str, local: bool) -> Result<String> {
        let name = self.shared.set(name, Some(value), local)?;
        Ok(self.setting(&name).unwrap_or_default())
    }

    fn call(&self, name: &str, args: &[Datum]) -> Result<Datum> {
        super::functions::call(self, name, args)
    }

    fn format_settings(&self) -> &FormatSettings {
        &self.format
    }
}
