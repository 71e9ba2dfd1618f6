//! From the binder's tree to a physical plan.
//!
//! ```text
//!   Rel ── inline (CTEs read once) ── rewrite (filters down, subqueries to joins) ── join_order
//!                                                                                        │
//!   plan::Query ◄── lower: columns pruned, ids to positions, outer columns to registers ◄┘
//!                     └─ access: which index of a table, which part of it
//! ```
//! Every rule keeps the result; what no rule knows stays as the binder made it, and runs.
//! `estimate` guesses rows from statistics; a wrong guess costs time, never an answer.

mod access;
mod estimate;
mod inline;
mod join_order;
mod lower;
mod lower_dml;
mod lower_join;
mod rewrite;
pub(crate) use rewrite::volatile;
mod subquery;

use base::map::{HashMap, HashSet};
use datum::{EvalContext, Expr, Result, Type};

use crate::BindContext;
use crate::bind::CteRel;
use crate::catalog::{CatalogView, DescriptorId};
use crate::logical::{ColId, ColMeta, Rel};
use crate::plan::Query;

/// What the binder has made of a query or data-modifying statement.
pub(crate) struct Input<'a> {
    pub(crate) catalog: &'a dyn CatalogView,
    pub(crate) ctx: &'a BindContext<'a>,
    pub(crate) cols: Vec<ColMeta>,
    pub(crate) ctes: Vec<CteRel>,
    pub(crate) rel: Rel,
    pub(crate) params: Vec<Type>,
    pub(crate) depends: Vec<(DescriptorId, u64)>,
    /// Columns that the text names.
    pub(crate) reads: Vec<(DescriptorId, crate::catalog::ColumnId)>,
    pub(crate) writes: bool,
}

/// What all rules share.
pub(crate) struct Planner<'a> {
    pub(crate) catalog: &'a dyn CatalogView,
    pub(crate) cols: Vec<ColMeta>,
    /// How often each column is read anywhere in the statement.
    pub(crate) uses: HashMap<ColId, u32>,
    /// Columns that conditions read since they were moved below a projection of them: the projection reads them too,
    /// although `uses` has counted only one of both.
    pub(crate) read_through: HashSet<ColId>,
    /// Estimated rows of each common table expression.
    pub(crate) cte_rows: Vec<f64>,
}

impl Planner<'_> {
    /// A new column like another one.
    pub(crate) fn copy_col(&mut self, id: ColId) -> ColId {
        let meta = self.cols[id as usize].clone();
        self.cols.push(meta);
        (self.cols.len() - 1) as ColId
    }

    /// A new column of this type.
    pub(crate) fn new_col(&mut self, name: &str, ty: Type) -> ColId {
        self.cols.push(ColMeta { name: name.to_owned(), ty: ty.into(), origin: None, fields: None });
        (self.cols.len() - 1) as ColId
    }

    /// A column as an expression.
    pub(crate) fn col(&self, id: ColId) -> Expr {
        Expr::Column(id, self.cols[id as usize].ty.ty)
    }

    fn count_uses(&mut self, rel: &Rel) {
        crate::parse::parser::with_stack(|| {
            for expr in rel.exprs() {
                expr.walk(&mut |e| {
                    if let Expr::Column(id, _) = e {
                        *self.uses.entry(*id).or_default() += 1;
                    }
                });
            }
            for input in rel.inputs() {
                self.count_uses(input);
            }
        });
    }
}

/// Plans what was bound.
///
/// # Errors
/// XX000 for a column that is read and made nowhere: a bug of the binder.
pub(crate) fn plan(input: Input<'_>) -> Result<Query> {
    let Input { rel: mut root, cols, mut ctes, params, depends, reads, writes, catalog, ctx } = input;
    let mut planner = Planner {
        catalog,
        cols,
        uses: HashMap::default(),
        read_through: HashSet::default(),
        cte_rows: Vec::new(),
    };
    let eval = EvalContext::of(ctx.session);
    root.map_exprs(&mut |e| e.fold(&eval));
    for cte in &mut ctes {
        cte.rel.map_exprs(&mut |e| e.fold(&eval));
    }
    inline::ctes(&mut planner, &mut root, &mut ctes);
    planner.count_uses(&root);
    for id in root.cols() {
        *planner.uses.entry(id).or_default() += 1;
    }
    for cte in &ctes {
        planner.count_uses(&cte.rel);
    }
    let cte_cols: Vec<Vec<ColId>> = ctes.iter().map(|cte| cte.rel.cols()).collect();
    for cte in &mut ctes {
        cte.rel = rewrite::rewrite(&mut planner, cte.rel.take());
        let rows = planner.rows(&cte.rel);
        planner.cte_rows.push(rows);
    }
    let outputs = root.cols();
    let root = rewrite::rewrite(&mut planner, root);
    let mut lowering = lower::Lowering::new(&planner);
    let mut lowered = Vec::with_capacity(ctes.len());
    for (cte, cols) in ctes.into_iter().zip(cte_cols) {
        // What its readers see is the order of its columns as they were bound.
        let plan = lowering.exactly(&cte.rel, &cols)?;
        lowered.push(crate::plan::Cte { name: cte.name, plan });
    }
    let root = lowering.exactly(&root, &outputs)?;
    Ok(Query {
        root,
        registers: lowering.registers(),
        params,
        ctes: lowered,
        depends_on: depends,
        reads,
        writes,
    })
}

/// Cuts nested ANDs into their parts.
pub(crate) fn conjuncts(expr: Expr, out: &mut Vec<Expr>) {
    match expr {
        Expr::And(parts) => parts.into_iter().for_each(|part| conjuncts(part, out)),
        Expr::Const(datum::Datum::Bool(true), _) => {}
        other => out.push(other),
    }
}

/// The same of a borrowed expression.
pub(crate) fn split_and(expr: &Expr, out: &mut Vec<Expr>) {
    conjuncts(expr.clone(), out);
}

/// A filter, if there is anything to filter by.
pub(crate) fn filtered(input: Rel, conds: Vec<Expr>) -> Rel {
    if conds.is_empty() { input } else { Rel::Filter { input: Box::new(input), conds } }
}
