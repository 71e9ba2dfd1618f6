//! The logical tree between binder and optimiser.
//!
//! Columns have ids that are unique in a statement, and `Expr::Column(id, _)` means the id here: a tree can be
//! rearranged without renumbering. A column that a subtree reads but does not make is an outer one: that is what
//! correlation is. [`crate::optimize::lower`] turns ids into positions and outer columns into registers.

use std::sync::Arc;

use datum::aggregate::AggregateCall;
use datum::{ColumnType, Expr, Type};

use crate::catalog::{DescriptorId, TableDescriptor};
use crate::plan::{Frame, JoinKind, LockWaitPolicy, OnConflict, RowLock, SetOpKind, SortKey, WindowCall};

/// Id of a column in a statement.
pub(crate) type ColId = u32;

/// What is known of a column.
#[derive(Clone, Debug)]
pub(crate) struct ColMeta {
    pub(crate) name: String,
    pub(crate) ty: ColumnType,
    pub(crate) origin: Option<(DescriptorId, u32)>,
    /// Names and types of a record's fields, where they are known.
    pub(crate) fields: Option<std::sync::Arc<[(&'static str, Type)]>>,
}

/// How an Apply uses its inner rows; ids of what it appends.
#[derive(Clone, Debug)]
pub(crate) enum ApplyUse {
    Scalar(ColId),
    Exists(ColId),
    Any { out: ColId, test: Expr, all: bool },
    Array(ColId, &'static Type),
    Lateral { outer: bool, on: Option<Expr> },
}

/// A row lock asked for: on this scan of a table.
#[derive(Clone, Debug)]
pub(crate) struct LockSpec {
    pub(crate) table: Arc<TableDescriptor>,
    /// Ids of its primary key columns in the input.
    pub(crate) key: Vec<ColId>,
    pub(crate) lock: RowLock,
    pub(crate) wait: LockWaitPolicy,
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) enum Rel {
    /// Rows of expressions; without columns and with one row it is the empty FROM.
    Values {
        cols: Vec<ColId>,
        rows: Vec<Vec<Expr>>,
    },
    /// A table; ids in order of `table.columns`.
    Scan {
        table: Arc<TableDescriptor>,
        cols: Vec<ColId>,
        lock: Option<(RowLock, LockWaitPolicy)>,
    },
    Virtual {
        table: Arc<TableDescriptor>,
        cols: Vec<ColId>,
    },
    Functions {
        calls: Vec<(&'static str, Vec<Expr>, Vec<Type>)>,
        ordinality: bool,
        cols: Vec<ColId>,
    },
    Filter {
        input: Box<Rel>,
        conds: Vec<Expr>,
    },
    /// Exactly these columns come out.
    Project {
        input: Box<Rel>,
        exprs: Vec<(ColId, Expr)>,
    },
    ProjectSet {
        input: Box<Rel>,
        calls: Vec<(ColId, &'static str, Vec<Expr>, Type)>,
    },
    Limit {
        input: Box<Rel>,
        limit: Option<Expr>,
        offset: Option<Expr>,
        with_ties: Option<Vec<SortKey>>,
    },
    Sort {
        input: Box<Rel>,
        keys: Vec<SortKey>,
    },
    Distinct {
        input: Box<Rel>,
    },
    DistinctOn {
        input: Box<Rel>,
        on: Vec<Expr>,
    },
    Aggregate {
        input: Box<Rel>,
        group: Vec<(ColId, Expr)>,
        sets: Vec<Vec<usize>>,
        aggs: Vec<(ColId, AggregateCall)>,
        grouping: Vec<(ColId, Vec<usize>)>,
    },
    Window {
        input: Box<Rel>,
        partition: Vec<Expr>,
        order: Vec<SortKey>,
        calls: Vec<(ColId, WindowCall)>,
    },
    Join {
        left: Box<Rel>,
        right: Box<Rel>,
        kind: JoinKind,
        on: Vec<Expr>,
    },
    Apply {
        input: Box<Rel>,
        inner: Box<Rel>,
        kind: ApplyUse,
    },
    /// UNION ALL: each input's columns by position.
    Append {
        inputs: Vec<Rel>,
        cols: Vec<ColId>,
    },
    SetOp {
        left: Box<Rel>,
        right: Box<Rel>,
        kind: SetOpKind,
        cols: Vec<ColId>,
    },
    Recursive {
        id: u32,
        start: Box<Rel>,
        step: Box<Rel>,
        all: bool,
        cols: Vec<ColId>,
    },
    WorkScan {
        id: u32,
        cols: Vec<ColId>,
    },
    CteScan {
        index: usize,
        cols: Vec<ColId>,
    },
    LockRows {
        input: Box<Rel>,
        targets: Vec<LockSpec>,
    },
    Insert {
        table: Arc<TableDescriptor>,
        input: Box<Rel>,
        /// Over the input's columns, one per table column.
        row: Vec<Expr>,
        /// Over ids of `existing` and `cols` (the row proposed).
        on_conflict: Option<OnConflict>,
        checks: Vec<(String, Expr)>,
        /// Ids of the row written.
        cols: Vec<ColId>,
        /// Ids of the row that is there, for ON CONFLICT.
        existing: Vec<ColId>,
        returning: Vec<(ColId, Expr)>,
    },
    Update {
        table: Arc<TableDescriptor>,
        input: Box<Rel>,
        /// Ids of the old row's columns in the input.
        old: Vec<ColId>,
        set: Vec<(usize, Expr)>,
        checks: Vec<(String, Expr)>,
        /// Ids of the new row.
        cols: Vec<ColId>,
        returning: Vec<(ColId, Expr)>,
    },
    Delete {
        table: Arc<TableDescriptor>,
        input: Box<Rel>,
        old: Vec<ColId>,
        returning: Vec<(ColId, Expr)>,
    },
}

impl Rel {
    /// One row without columns.
    pub(crate) fn unit() -> Rel {
        Rel::Values { cols: Vec::new(), rows: vec![Vec::new()] }
    }

    /// Takes it out, leaving [`Rel::unit`].
    pub(crate) fn take(&mut self) -> Rel {
        std::mem::replace(self, Rel::unit())
    }

    /// What comes out, in order.
    pub(crate) fn cols(&self) -> Vec<ColId> {
        match self {
            Rel::Values { cols, .. }
            | Rel::Scan { cols, .. }
            | Rel::Virtual { cols, .. }
            | Rel::Functions { cols, .. }
            | Rel::Append { cols, .. }
            | Rel::SetOp { cols, .. }
            | Rel::Recursive { cols, .. }
            | Rel::WorkScan { cols, .. }
            | Rel::CteScan { cols, .. } => cols.clone(),
            Rel::Filter { input, .. }
            | Rel::Limit { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Distinct { input }
            | Rel::DistinctOn { input, .. }
            | Rel::LockRows { input, .. } => input.cols(),
            Rel::Project { exprs, .. } => exprs.iter().map(|(id, _)| *id).collect(),
            Rel::ProjectSet { input, calls } => {
                let mut out = input.cols();
                out.extend(calls.iter().map(|c| c.0));
                out
            }
            Rel::Aggregate { group, aggs, grouping, .. } => group
                .iter()
                .map(|(id, _)| *id)
                .chain(aggs.iter().map(|(id, _)| *id))
                .chain(grouping.iter().map(|(id, _)| *id))
                .collect(),
            Rel::Window { input, calls, .. } => {
                let mut out = input.cols();
                out.extend(calls.iter().map(|c| c.0));
                out
            }
            Rel::Join { left, right, kind, .. } => {
                let mut out = left.cols();
                if !matches!(kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti) {
                    out.extend(right.cols());
                }
                out
            }
            Rel::Apply { input, inner, kind } => {
                let mut out = input.cols();
                match kind {
                    ApplyUse::Scalar(id)
                    | ApplyUse::Exists(id)
                    | ApplyUse::Any { out: id, .. }
                    | ApplyUse::Array(id, _) => out.push(*id),
                    ApplyUse::Lateral { .. } => out.extend(inner.cols()),
                }
                out
            }
            Rel::Insert { returning, .. } | Rel::Update { returning, .. } | Rel::Delete { returning, .. } => {
                returning.iter().map(|(id, _)| *id).collect()
            }
        }
    }

    /// Calls `f` with each direct input (inner plans of Apply too).
    pub(crate) fn inputs(&self) -> Vec<&Rel> {
        match self {
            Rel::Values { .. }
            | Rel::Scan { .. }
            | Rel::Virtual { .. }
            | Rel::Functions { .. }
            | Rel::WorkScan { .. }
            | Rel::CteScan { .. } => Vec::new(),
            Rel::Filter { input, .. }
            | Rel::Project { input, .. }
            | Rel::ProjectSet { input, .. }
            | Rel::Limit { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Distinct { input }
            | Rel::DistinctOn { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Window { input, .. }
            | Rel::LockRows { input, .. }
            | Rel::Insert { input, .. }
            | Rel::Update { input, .. }
            | Rel::Delete { input, .. } => vec![input],
            Rel::Join { left, right, .. } | Rel::SetOp { left, right, .. } => vec![left, right],
            Rel::Apply { input, inner, .. } => vec![input, inner],
            Rel::Append { inputs, .. } => inputs.iter().collect(),
            Rel::Recursive { start, step, .. } => vec![start, step],
        }
    }

    /// The same, to be changed.
    pub(crate) fn inputs_mut(&mut self) -> Vec<&mut Rel> {
        match self {
            Rel::Values { .. }
            | Rel::Scan { .. }
            | Rel::Virtual { .. }
            | Rel::Functions { .. }
            | Rel::WorkScan { .. }
            | Rel::CteScan { .. } => Vec::new(),
            Rel::Filter { input, .. }
            | Rel::Project { input, .. }
            | Rel::ProjectSet { input, .. }
            | Rel::Limit { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Distinct { input }
            | Rel::DistinctOn { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Window { input, .. }
            | Rel::LockRows { input, .. }
            | Rel::Insert { input, .. }
            | Rel::Update { input, .. }
            | Rel::Delete { input, .. } => vec![input],
            Rel::Join { left, right, .. } | Rel::SetOp { left, right, .. } => vec![left, right],
            Rel::Apply { input, inner, .. } => vec![input, inner],
            Rel::Append { inputs, .. } => inputs.iter_mut().collect(),
            Rel::Recursive { start, step, .. } => vec![start, step],
        }
    }

    /// Expressions of this very node.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        fn frame(frame: &Frame) -> Vec<&Expr> {
            use crate::plan::FrameBound::{Following, Preceding};
            [&frame.start, &frame.end]
                .into_iter()
                .filter_map(|b| match b {
                    Preceding(e) | Following(e) => Some(e),
                    _ => None,
                })
                .collect()
        }
        fn call(call: &AggregateCall) -> impl Iterator<Item = &Expr> {
            call.args.iter().chain(&call.filter).chain(call.order_by.iter().map(|o| &o.0))
        }
        match self {
            Rel::Values { rows, .. } => rows.iter().flatten().collect(),
            Rel::Functions { calls, .. } => calls.iter().flat_map(|c| &c.1).collect(),
            Rel::Filter { conds, .. } => conds.iter().collect(),
            Rel::Project { exprs, .. } => exprs.iter().map(|e| &e.1).collect(),
            Rel::ProjectSet { calls, .. } => calls.iter().flat_map(|c| &c.2).collect(),
            Rel::Limit { limit, offset, with_ties, .. } => {
                limit.iter().chain(offset).chain(with_ties.iter().flatten().map(|k| &k.expr)).collect()
            }
            Rel::Sort { keys, .. } => keys.iter().map(|k| &k.expr).collect(),
            Rel::DistinctOn { on, .. } => on.iter().collect(),
            Rel::Aggregate { group, aggs, .. } => {
                group.iter().map(|g| &g.1).chain(aggs.iter().flat_map(|a| call(&a.1))).collect()
            }
            Rel::Window { partition, order, calls, .. } => {
                let mut out: Vec<&Expr> = partition.iter().chain(order.iter().map(|k| &k.expr)).collect();
                for (_, c) in calls {
                    out.extend(c.args.iter().chain(&c.filter));
                    out.extend(frame(&c.frame));
                    if let crate::plan::WindowFunctionKind::Aggregate(a) = &c.function {
                        out.extend(call(a));
                    }
                }
                out
            }
            Rel::Join { on, .. } => on.iter().collect(),
            Rel::Apply { kind, .. } => match kind {
                ApplyUse::Any { test, .. } => vec![test],
                ApplyUse::Lateral { on: Some(on), .. } => vec![on],
                _ => Vec::new(),
            },
            Rel::Insert { row, on_conflict, checks, returning, .. } => {
                let mut out: Vec<&Expr> = row.iter().chain(checks.iter().map(|c| &c.1)).collect();
                out.extend(returning.iter().map(|r| &r.1));
                if let Some(OnConflict::Update { set, filter, .. }) = on_conflict {
                    out.extend(set.iter().map(|s| &s.1).chain(filter));
                }
                out
            }
            Rel::Update { set, checks, returning, .. } => set
                .iter()
                .map(|s| &s.1)
                .chain(checks.iter().map(|c| &c.1))
                .chain(returning.iter().map(|r| &r.1))
                .collect(),
            Rel::Delete { returning, .. } => returning.iter().map(|r| &r.1).collect(),
            Rel::Scan { .. }
            | Rel::Virtual { .. }
            | Rel::Distinct { .. }
            | Rel::Append { .. }
            | Rel::SetOp { .. }
            | Rel::Recursive { .. }
            | Rel::WorkScan { .. }
            | Rel::CteScan { .. }
            | Rel::LockRows { .. } => Vec::new(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        fn frame(frame: &mut Frame) -> Vec<&mut Expr> {
            use crate::plan::FrameBound::{Following, Preceding};
            [&mut frame.start, &mut frame.end]
                .into_iter()
                .filter_map(|b| match b {
                    Preceding(e) | Following(e) => Some(e),
                    _ => None,
                })
                .collect()
        }
        fn call(call: &mut AggregateCall) -> impl Iterator<Item = &mut Expr> {
            call.args.iter_mut().chain(&mut call.filter).chain(call.order_by.iter_mut().map(|o| &mut o.0))
        }
        match self {
            Rel::Values { rows, .. } => rows.iter_mut().flatten().collect(),
            Rel::Functions { calls, .. } => calls.iter_mut().flat_map(|c| &mut c.1).collect(),
            Rel::Filter { conds, .. } => conds.iter_mut().collect(),
            Rel::Project { exprs, .. } => exprs.iter_mut().map(|e| &mut e.1).collect(),
            Rel::ProjectSet { calls, .. } => calls.iter_mut().flat_map(|c| &mut c.2).collect(),
            Rel::Limit { limit, offset, with_ties, .. } => limit
                .iter_mut()
                .chain(offset)
                .chain(with_ties.iter_mut().flatten().map(|k| &mut k.expr))
                .collect(),
            Rel::Sort { keys, .. } => keys.iter_mut().map(|k| &mut k.expr).collect(),
            Rel::DistinctOn { on, .. } => on.iter_mut().collect(),
            Rel::Aggregate { group, aggs, .. } => group
                .iter_mut()
                .map(|g| &mut g.1)
                .chain(aggs.iter_mut().flat_map(|a| call(&mut a.1)))
                .collect(),
            Rel::Window { partition, order, calls, .. } => {
                let mut out: Vec<&mut Expr> =
                    partition.iter_mut().chain(order.iter_mut().map(|k| &mut k.expr)).collect();
                for (_, c) in calls.iter_mut() {
                    out.extend(c.args.iter_mut().chain(&mut c.filter));
                    out.extend(frame(&mut c.frame));
                    if let crate::plan::WindowFunctionKind::Aggregate(a) = &mut c.function {
                        out.extend(call(a));
                    }
                }
                out
            }
            Rel::Join { on, .. } => on.iter_mut().collect(),
            Rel::Apply { kind, .. } => match kind {
                ApplyUse::Any { test, .. } => vec![test],
                ApplyUse::Lateral { on: Some(on), .. } => vec![on],
                _ => Vec::new(),
            },
            Rel::Insert { row, on_conflict, checks, returning, .. } => {
                let mut out: Vec<&mut Expr> =
                    row.iter_mut().chain(checks.iter_mut().map(|c| &mut c.1)).collect();
                out.extend(returning.iter_mut().map(|r| &mut r.1));
                if let Some(OnConflict::Update { set, filter, .. }) = on_conflict {
                    out.extend(set.iter_mut().map(|s| &mut s.1).chain(filter));
                }
                out
            }
            Rel::Update { set, checks, returning, .. } => set
                .iter_mut()
                .map(|s| &mut s.1)
                .chain(checks.iter_mut().map(|c| &mut c.1))
                .chain(returning.iter_mut().map(|r| &mut r.1))
                .collect(),
            Rel::Delete { returning, .. } => returning.iter_mut().map(|r| &mut r.1).collect(),
            Rel::Scan { .. }
            | Rel::Virtual { .. }
            | Rel::Distinct { .. }
            | Rel::Append { .. }
            | Rel::SetOp { .. }
            | Rel::Recursive { .. }
            | Rel::WorkScan { .. }
            | Rel::CteScan { .. }
            | Rel::LockRows { .. } => Vec::new(),
        }
    }

    /// Replaces every expression of the tree.
    pub(crate) fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        crate::parse::parser::with_stack(|| {
            for expr in self.exprs_mut() {
                *expr = f(expr);
            }
            for input in self.inputs_mut() {
                input.map_exprs(f);
            }
        });
    }

    /// Columns that the tree makes itself, at any depth.
    pub(crate) fn produced(&self, out: &mut Vec<ColId>) {
        crate::parse::parser::with_stack(|| {
            match self {
                Rel::Insert { cols, existing, .. } => {
                    out.extend(cols);
                    out.extend(existing);
                }
                Rel::Update { cols, .. } => out.extend(cols),
                _ => {}
            }
            out.extend(self.cols());
            for input in self.inputs() {
                input.produced(out);
            }
        });
    }

    fn used(&self, out: &mut Vec<ColId>) {
        crate::parse::parser::with_stack(|| {
            for expr in self.exprs() {
                expr.walk(&mut |e| {
                    if let Expr::Column(id, _) = e {
                        out.push(*id);
                    }
                });
            }
            for input in self.inputs() {
                input.used(out);
            }
        });
    }

    /// Outer columns that it reads, sorted.
    pub(crate) fn free_cols(&self) -> Vec<ColId> {
        let (mut produced, mut used) = (Vec::new(), Vec::new());
        self.produced(&mut produced);
        self.used(&mut used);
        produced.sort_unstable();
        used.sort_unstable();
        used.dedup();
        used.retain(|id| produced.binary_search(id).is_err());
        used
    }
}

/// The columns that an expression reads, sorted.
pub(crate) fn expr_cols(expr: &Expr) -> Vec<ColId> {
    let mut out = Vec::new();
    expr.walk(&mut |e| {
        if let Expr::Column(id, _) = e {
            out.push(*id);
        }
    });
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether two expressions are the same tree.
pub(crate) fn same_expr(a: &Expr, b: &Expr) -> bool {
    let head = match (a, b) {
        (Expr::Column(i, _), Expr::Column(j, _)) => return i == j,
        (Expr::Param(i, s), Expr::Param(j, t)) | (Expr::Register(i, s), Expr::Register(j, t)) => {
            return i == j && s == t;
        }
        (Expr::Const(x, s), Expr::Const(y, t)) => return s == t && format!("{x:?}") == format!("{y:?}"),
        (Expr::Call { function: f, .. }, Expr::Call { function: g, .. }) => std::ptr::eq(*f, *g),
        (Expr::AnyAll { function: f, all: x, .. }, Expr::AnyAll { function: g, all: y, .. }) => {
            std::ptr::eq(*f, *g) && x == y
        }
        (Expr::Cast { to: s, explicit: x, .. }, Expr::Cast { to: t, explicit: y, .. }) => s == t && x == y,
        (Expr::MinMax { greatest: x, .. }, Expr::MinMax { greatest: y, .. }) => x == y,
        (Expr::IsDistinct { negated: x, .. }, Expr::IsDistinct { negated: y, .. }) => x == y,
        (Expr::Field(_, i, _), Expr::Field(_, j, _)) => i == j,
        (Expr::Case { whens: x, .. }, Expr::Case { whens: y, .. }) => x.len() == y.len(),
        (Expr::Slice { lower: x, upper: u, .. }, Expr::Slice { lower: y, upper: v, .. }) => {
            x.is_some() == y.is_some() && u.is_some() == v.is_some()
        }
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    };
    if !head {
        return false;
    }
    let (x, y) = (a.children(), b.children());
    x.len() == y.len() && x.iter().zip(&y).all(|(a, b)| crate::parse::parser::with_stack(|| same_expr(a, b)))
}
