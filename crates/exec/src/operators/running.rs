//! [`Running`]: a query under way, which owns its plan together with the operators that borrow it.

use std::sync::Arc;

use datum::{Batch, Result};
use sql::plan::Query;

use super::{BoxOperator, Cx, build, collect};

/// A query under way.
pub(crate) struct Running {
    // Declared before `query`: dropped before it.
    root: Option<BoxOperator<'static>>,
    query: Arc<Query>,
    /// Memory of materialised CTEs.
    reservation: base::memory::Reservation,
    begun: bool,
}

impl Running {
    /// Gets a query ready. Nothing is read before the first [`Running::next`].
    pub fn new(query: Arc<Query>, memory: &base::memory::Account) -> Running {
        Running { root: None, query, reservation: memory.reservation(), begun: false }
    }

    /// The next rows, or `None` at the end.
    pub async fn next(&mut self, cx: &mut Cx<'_>) -> Result<Option<Batch>> {
        if !self.begun {
            self.begun = true;
            self.begin(cx).await?;
        }
        let Some(root) = &mut self.root else { return Ok(None) };
        let out = root.next(cx).await?;
        if out.is_none() {
            self.root = None;
            self.reservation.clear();
            if self.query.writes {
                crate::dml::foreign_keys::finish(cx).await?;
            }
        }
        Ok(out)
    }

    async fn begin(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let registers = self.query.registers as usize;
        if cx.state.registers.len() < registers {
            cx.state.registers.resize(registers, datum::Datum::Null);
        }
        let query = self.query.clone();
        for cte in &query.ctes {
            let mut operator = build(&cte.plan);
            let rows = collect(&mut *operator, cte.plan.columns.len(), cx, &mut self.reservation).await?;
            cx.state.ctes.push(Arc::new(rows));
        }
        // The counts of data-modifying CTEs are not the statement's.
        cx.state.affected = 0;
        let root = build(&self.query.root);
        // SAFETY: `root` borrows only from `*self.query`, which `Arc` keeps at one address, unchanged, as long as
        // `self.query` lives; and `self.root` is dropped before `self.query` (order of the fields), is never handed
        // out, and `self.query` is never replaced.
        self.root = Some(unsafe { std::mem::transmute::<BoxOperator<'_>, BoxOperator<'static>>(root) });
        Ok(())
    }
}
