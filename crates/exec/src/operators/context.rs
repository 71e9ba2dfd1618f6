//! [`Cx`]: what a running statement is made of besides its operators.

use std::sync::Arc;
use std::time::Duration;

use base::map::HashMap;
use base::memory::Account;
use datum::{Batch, Datum, EvalContext, Result};
use sql::plan::Plan;

use super::{BoxOperator, Next, Operator};
use crate::kv::Txn;
use crate::node::Node;
use crate::session::StatementSession;

/// What belongs to one execution of a statement and outlives a suspended portal.
pub(crate) struct StatementState {
    /// Parameters.
    pub params: Arc<[Datum]>,
    /// Registers: columns of outer queries.
    pub registers: Vec<Datum>,
    /// The session as expressions see it.
    pub session: Arc<StatementSession>,
    /// Memory of this statement.
    pub memory: Account,
    /// Rows of common table expressions, by position in `Query::ctes`.
    pub ctes: Vec<Arc<Batch>>,
    /// Rows of the last round of recursive queries, by id.
    pub work: HashMap<u32, Arc<Batch>>,
    /// Rows written or deleted by the statement's top node.
    pub affected: u64,
    /// What waits for the end of the statement.
    pub triggers: crate::dml::Triggers,
    /// What EXPLAIN ANALYZE measures, by plan node; `None` when nobody asked.
    pub profile: Option<HashMap<usize, Profile>>,
    /// Bytes that sorts and hashes keep before they write to disk.
    pub work_mem: u64,
}

/// What EXPLAIN ANALYZE says of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Profile {
    /// Rows handed on, in total.
    pub rows: u64,
    /// How often it was begun.
    pub loops: u64,
    /// Time until the first rows of the first run.
    pub first: Duration,
    /// Time spent in it, inputs included.
    pub total: Duration,
}

/// What operators run with: the statement, its transaction, its node.
pub(crate) struct Cx<'e> {
    /// The transaction.
    pub txn: &'e mut Txn,
    /// The statement.
    pub state: &'e mut StatementState,
    /// The node.
    pub node: &'e Arc<Node>,
}

impl Cx<'_> {
    /// What expressions are evaluated with.
    pub fn eval(&self) -> EvalContext<'_> {
        EvalContext {
            params: &self.state.params,
            registers: &self.state.registers,
            session: &*self.state.session,
        }
    }

    /// How a table's rows lie.
    pub fn layout(
        &self,
        table: &Arc<sql::catalog::TableDescriptor>,
    ) -> Result<Arc<crate::layout::TableLayout>> {
        self.node.layouts.get(table, &self.state.session.catalog)
    }

    /// The statement's session view.
    pub fn session(&self) -> &Arc<StatementSession> {
        &self.state.session
    }

    /// Fails if the statement was cancelled, and lets other tasks run now and then.
    pub async fn breathe(&self) -> Result<()> {
        self.state.session.cancel.check()?;
        tokio::task::consume_budget().await;
        Ok(())
    }
}

/// Evaluates something over the statement's context. If it needs a sequence's next block of values, the block is
/// fetched and `f` is called again: it must go on where it was (values drawn since the last
/// [`StatementSession::row_done`] are given to it once more).
pub(crate) async fn eval_rows<T>(
    cx: &mut Cx<'_>,
    mut f: impl FnMut(&EvalContext<'_>) -> Result<T>,
) -> Result<T> {
    loop {
        let error = match f(&cx.eval()) {
            Ok(value) => {
                cx.state.session.row_done();
                return Ok(value);
            }
            Err(error) => error,
        };
        match cx.state.session.take_wanted() {
            Some(sequence) => {
                crate::sequence::refill(cx.node, &cx.state.session, sequence).await?;
                cx.state.session.rewind();
            }
            None => return Err(error),
        }
    }
}

/// Wraps every operator: looks for cancellation at each batch, and measures when asked to.
pub(crate) struct Watched<'p> {
    plan: &'p Plan,
    inner: BoxOperator<'p>,
    begun: bool,
}

impl<'p> Watched<'p> {
    pub fn new(plan: &'p Plan, inner: BoxOperator<'p>) -> Watched<'p> {
        Watched { plan, inner, begun: false }
    }
}

/// What a plan node is known by while its plan runs.
pub(crate) fn node_id(plan: &Plan) -> usize {
    std::ptr::from_ref(plan) as usize
}

impl Operator for Watched<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        if cx.state.profile.is_none() {
            return match cx.state.session.cancel.check() {
                Ok(()) => self.inner.next(cx),
                Err(error) => Box::pin(std::future::ready(Err(error))),
            };
        }
        Box::pin(async move {
            cx.breathe().await?;
            let clock = cx.node.env.clock().clone();
            let before = clock.monotonic();
            let out = self.inner.next(cx).await;
            let took = clock.monotonic().saturating_sub(before);
            if let Some(profiles) = &mut cx.state.profile {
                let profile = profiles.entry(node_id(self.plan)).or_default();
                profile.total += took;
                if !self.begun {
                    profile.loops += 1;
                    if profile.loops == 1 {
                        profile.first = took;
                    }
                }
                if let Ok(Some(batch)) = &out {
                    profile.rows += batch.len() as u64;
                }
            }
            self.begun = true;
            out
        })
    }
}
