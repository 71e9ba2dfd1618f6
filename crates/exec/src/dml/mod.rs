//! Data modification: rows and index entries, constraints, and what foreign keys make of changes.
//!
//! ```text
//!   Insert, Update, Delete, COPY, cascades
//!        │  rows, batch by batch
//!   RowWriter: NOT NULL, CHECK, unique keys (one multi-get per batch), rows and index entries
//!        │  what foreign keys must hear of
//!   Triggers: checked and carried out at the end of the statement, or at COMMIT where deferred
//! ```

pub(crate) mod delete;
pub(crate) mod foreign_keys;
pub(crate) mod insert;
pub(crate) mod update;
pub(crate) mod violation;
pub(crate) mod writer;

use sql::plan::{Plan, PlanKind, RowLock, Scan};

use crate::operators::{BoxOperator, build, scan};

pub(crate) use foreign_keys::{Deferred, Triggers};
pub(crate) use writer::RowWriter;

/// The rows that a statement is to change, locked as they are found where the plan reads them directly; and whether
/// that is so.
pub(crate) fn build_target<'p>(
    input: &'p Plan,
    table: sql::catalog::DescriptorId,
    lock: RowLock,
) -> (BoxOperator<'p>, bool) {
    match &input.kind {
        PlanKind::Scan(plan) if plan.table.id == table && is_narrow(plan) => {
            (Box::new(scan::Scan::locking(plan, lock)), true)
        }
        _ => (build(input), false),
    }
}

/// Whether a scan has bounds. A change of a whole table locks nothing: it would fill the lock table, and whoever
/// comes in between makes it start again.
fn is_narrow(plan: &Scan) -> bool {
    plan.bounds.iter().all(|b| !b.eq.is_empty() || b.lower.is_some() || b.upper.is_some() || b.is_null)
}
