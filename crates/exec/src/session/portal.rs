//! Prepared statements and portals.

use std::collections::VecDeque;
use std::sync::Arc;

use datum::{Batch, Datum, Type};
use parking_lot::Mutex;
use sql::plan::Query;
use sql::{Parsed, Statement};

use crate::api::{Completion, Field, Format};
use crate::operators::{Running, StatementState};

/// A prepared statement.
pub(super) struct Prepared {
    /// `None` is the empty statement.
    pub parsed: Option<Parsed>,
    /// Types that the client gave.
    pub hints: Vec<Option<Type>>,
    /// Text, for pg_prepared_statements.
    pub text: String,
    /// Nobody will give it parameters: it is part of a simple query.
    pub simple: bool,
    /// The last result of binding it.
    bound: Mutex<Option<Arc<Bound>>>,
}

impl Prepared {
    pub fn new(parsed: Option<Parsed>, hints: Vec<Option<Type>>, text: String) -> Prepared {
        Prepared { parsed, hints, text, simple: false, bound: Mutex::default() }
    }

    /// A statement of a simple query.
    pub fn simple(parsed: Parsed, text: String) -> Prepared {
        Prepared { simple: true, ..Prepared::new(Some(parsed), Vec::new(), text) }
    }

    /// The statement as bound under this catalog and these settings, if it was.
    pub fn bound(&self, under: Under) -> Option<Arc<Bound>> {
        self.bound.lock().as_ref().filter(|bound| bound.under == under).cloned()
    }

    pub fn keep(&self, bound: &Arc<Bound>) {
        *self.bound.lock() = Some(bound.clone());
    }

    /// The result of the last binding, whatever has changed since.
    pub fn last_bound(&self) -> Option<Arc<Bound>> {
        self.bound.lock().clone()
    }
}

/// What the result of binding depends on: the catalog's version, the transaction's own changes of it, the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    pub version: u64,
    pub local: u64,
    pub settings: u64,
}

/// A statement with names and types resolved, and planned.
pub(super) struct Bound {
    pub under: Under,
    /// A query comes as `query` instead.
    pub statement: Option<Statement>,
    pub query: Option<Arc<Query>>,
    /// Types of its parameters.
    pub params: Vec<Type>,
    /// Columns, unless it returns no rows.
    pub fields: Option<Arc<Vec<Field>>>,
}

/// A statement with its parameters, ready to run or on its way.
pub(super) struct Portal {
    pub prepared: Arc<Prepared>,
    pub params: Arc<[Datum]>,
    /// Formats as Bind gave them: none, one for all, or one each.
    pub formats: Vec<Format>,
    pub progress: Progress,
    /// DECLARE … WITH HOLD: lives on after its transaction.
    pub hold: bool,
    /// DECLARE: its text and when, for pg_cursors.
    pub declared: Option<(String, i64)>,
    /// DECLARE BINARY.
    pub binary: bool,
    /// DECLARE … SCROLL: what was fetched stays, and where the cursor stands.
    pub cursor: Option<Cursor>,
}

/// How far a portal has come.
pub(super) enum Progress {
    /// Not begun.
    New,
    /// Rows are being made.
    Running(Box<PortalRun>),
    /// Rows wait, no more will be made; then the completion.
    Buffered { bound: Arc<Bound>, rows: VecDeque<Batch>, completion: Completion },
    /// Ended.
    Done,
}

/// Rows being made.
pub(super) struct PortalRun {
    pub running: Running,
    pub state: StatementState,
    pub bound: Arc<Bound>,
    /// Made, and not yet asked for.
    pub rest: Option<Batch>,
    /// Rows sent so far in this execution.
    pub sent: u64,
}

/// A cursor's memory.
#[derive(Default)]
pub(super) struct Cursor {
    /// Rows fetched so far.
    pub rows: Option<Batch>,
    /// No more will come.
    pub complete: bool,
    /// 0 is before the first row.
    pub position: usize,
    /// NO SCROLL.
    pub forward_only: bool,
}

impl Portal {
    pub fn new(prepared: Arc<Prepared>, params: Arc<[Datum]>, formats: Vec<Format>) -> Portal {
        Portal {
            prepared,
            params,
            formats,
            progress: Progress::New,
            hold: false,
            declared: None,
            binary: false,
            cursor: None,
        }
    }

    /// One format per column.
    pub fn formats(&self, columns: usize) -> Vec<Format> {
        match self.formats.as_slice() {
            [] => vec![Format::Text; columns],
            [one] => vec![*one; columns],
            many => (0..columns).map(|i| many.get(i).copied().unwrap_or(Format::Text)).collect(),
        }
    }
}
