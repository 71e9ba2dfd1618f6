//! Physical plans: what `exec` runs. Made by the binder and optimiser of this crate, pure values.
//!
//! Every node's output is rows of `columns`. Expressions of a node refer to the columns of its input (for joins: the
//! left row followed by the right row). A correlated subquery is an [`Apply`](PlanKind::Apply): it puts columns of its
//! input row into registers, runs the inner plan (whose expressions read `Expr::Register`), and appends the result.

use std::sync::Arc;

use datum::aggregate::AggregateCall;
use datum::{ColumnType, Datum, Expr, Type};

use crate::catalog::{DescriptorId, IndexId, TableDescriptor};

/// A query or a data-modifying statement, ready to be run with parameters.
#[derive(Clone, Debug)]
pub struct Query {
    /// The root.
    pub root: Plan,
    /// How many registers the plan uses.
    pub registers: u32,
    /// Types of the statement's parameters.
    pub params: Vec<Type>,
    /// Common table expressions that are computed once and read by `CteScan`, in order of dependence.
    /// Data-modifying ones run to their end even if nobody reads them.
    pub ctes: Vec<Cte>,
    /// Tables that the plan relies on, with their versions: the plan is stale if one has changed.
    pub depends_on: Vec<(DescriptorId, u64)>,
    /// Columns of them that the text of the statement names.
    pub reads: Vec<(DescriptorId, crate::catalog::ColumnId)>,
    /// It writes or locks.
    pub writes: bool,
}

/// A materialised common table expression.
#[derive(Clone, Debug)]
pub struct Cte {
    /// Its name, for EXPLAIN.
    pub name: String,
    /// Its plan.
    pub plan: Plan,
}

/// An output column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name, as shown to the client.
    pub name: String,
    /// Type.
    pub ty: ColumnType,
    /// Base table and attnum where it is a plain column, for RowDescription.
    pub origin: Option<(DescriptorId, u32)>,
}

/// A node of a plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it does.
    pub kind: PlanKind,
    /// What comes out.
    pub columns: Vec<Column>,
    /// Estimated rows.
    pub rows: f64,
    /// Estimated cost, in the unit of one row handled.
    pub cost: f64,
}

/// One end of a key bound of an index scan.
#[derive(Clone, Debug)]
pub struct KeyBound {
    /// Whether the value itself is inside.
    pub inclusive: bool,
    /// The value for the column after the equality prefix: constants, parameters, registers; NULL makes it empty.
    pub value: Expr,
}

/// Which part of an index: `eq` for its first columns, then a range on the next one.
#[derive(Clone, Debug, Default)]
pub struct KeyBounds {
    /// Equal to these, column by column. An IN list gives several alternatives instead (see `Scan::bounds`).
    pub eq: Vec<Expr>,
    /// Lower bound (in the order of values, whatever the column's direction).
    pub lower: Option<KeyBound>,
    /// Upper bound.
    pub upper: Option<KeyBound>,
    /// Rows where the column after the prefix is NULL (`IS NULL`): then no `lower` or `upper`.
    pub is_null: bool,
}

/// PostgreSQL's row locks in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLock {
    /// FOR KEY SHARE
    KeyShare,
    /// FOR SHARE
    Share,
    /// FOR NO KEY UPDATE
    NoKeyUpdate,
    /// FOR UPDATE
    Update,
}

/// What to do with a locked row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWaitPolicy {
    /// Wait.
    Block,
    /// 55P03.
    NoWait,
    /// Leave it out.
    SkipLocked,
}

/// A scan of a stored table by one of its indexes.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The table.
    pub table: Arc<TableDescriptor>,
    /// By which index; if the output needs columns that it lacks, exec fetches the rows by primary key.
    pub index: IndexId,
    /// Disjoint parts, in index order where they are constants; empty = nothing. A full scan is one default bound.
    pub bounds: Vec<KeyBounds>,
    /// From the end.
    pub reverse: bool,
    /// Over the table's columns (positions in `table.columns`): true for rows to keep.
    pub filter: Option<Expr>,
    /// Positions in `table.columns` that come out, in order.
    pub output: Vec<usize>,
    /// At most so many rows are wanted (a LIMIT above with nothing in between).
    pub limit: Option<Expr>,
    /// The order of the index must be kept.
    pub ordered: bool,
    /// Lock the rows.
    pub lock: Option<(RowLock, LockWaitPolicy)>,
}

/// How an Apply uses its inner rows.
#[derive(Clone, Debug)]
pub enum ApplyKind {
    /// Scalar subquery: appends one column; NULL for no row, 21000 for several.
    Scalar,
    /// EXISTS: appends a boolean.
    Exists,
    /// `left op ANY (subquery)`: appends a three-valued boolean. `test` is over the input row followed by the inner row.
    Any {
        /// The comparison.
        test: Expr,
        /// ALL instead.
        all: bool,
    },
    /// ARRAY(subquery): appends an array of this element type.
    Array(&'static Type),
    /// LATERAL join: appends the inner columns, for each inner row for which `on` is true.
    Lateral {
        /// LEFT JOIN LATERAL.
        outer: bool,
        /// Join condition over both rows.
        on: Option<Expr>,
    },
}

/// How two inputs are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// INNER (and CROSS)
    Inner,
    /// LEFT
    Left,
    /// RIGHT
    Right,
    /// FULL
    Full,
    /// EXISTS: left rows with a match.
    Semi,
    /// NOT EXISTS: left rows without one.
    Anti,
    /// NOT IN: as Anti, but a NULL on either side means no row.
    NullAwareAnti,
}

/// A key of a sort.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// Over the input.
    pub expr: Expr,
    /// DESC
    pub desc: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// Set operations with their ALL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOpKind {
    /// INTERSECT
    Intersect,
    /// INTERSECT ALL
    IntersectAll,
    /// EXCEPT
    Except,
    /// EXCEPT ALL
    ExceptAll,
}

/// A window function call.
#[derive(Clone, Debug)]
pub struct WindowCall {
    /// Which.
    pub function: WindowFunctionKind,
    /// Arguments over the input row.
    pub args: Vec<Expr>,
    /// FILTER (aggregates only).
    pub filter: Option<Expr>,
    /// The frame.
    pub frame: Frame,
    /// Result type.
    pub ty: Type,
}

/// A true window function by its name, or an aggregate over the frame.
#[derive(Clone, Debug)]
pub enum WindowFunctionKind {
    /// row_number, rank, lag … as in `datum::window`.
    Window(&'static str),
    /// An aggregate.
    Aggregate(AggregateCall),
}

/// Unit of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// ROWS
    Rows,
    /// RANGE
    Range,
    /// GROUPS
    Groups,
}

/// One end of a frame; offsets are expressions without columns.
#[derive(Clone, Debug)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// n PRECEDING
    Preceding(Expr),
    /// CURRENT ROW
    CurrentRow,
    /// n FOLLOWING
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameExclude {
    /// Nothing.
    NoOthers,
    /// CURRENT ROW
    CurrentRow,
    /// GROUP
    Group,
    /// TIES
    Ties,
}

/// A window frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Unit.
    pub unit: FrameUnit,
    /// Start.
    pub start: FrameBound,
    /// End.
    pub end: FrameBound,
    /// Exclusion.
    pub exclude: FrameExclude,
}

/// ON CONFLICT.
#[derive(Clone, Debug)]
pub enum OnConflict {
    /// DO NOTHING; with the index meant, or any.
    Nothing(Option<IndexId>),
    /// DO UPDATE: expressions over (existing row of the table, then the row proposed).
    Update {
        /// Arbiter.
        index: IndexId,
        /// (position in `table.columns`, value).
        set: Vec<(usize, Expr)>,
        /// WHERE.
        filter: Option<Expr>,
    },
}

/// What nodes do.
#[derive(Clone, Debug)]
pub enum PlanKind {
    /// Rows of expressions without columns. `SELECT 1` is one row; no FROM is one row of no column.
    Values(Vec<Vec<Expr>>),
    /// A stored table.
    Scan(Box<Scan>),
    /// A virtual table of pg_catalog or information_schema, all of its columns.
    VirtualScan(Arc<TableDescriptor>),
    /// Set-returning functions side by side (ROWS FROM), columns joined, shorter ones padded with NULL.
    FunctionScan {
        /// Name, arguments and types of the columns of each.
        calls: Vec<(&'static str, Vec<Expr>, Vec<Type>)>,
        /// WITH ORDINALITY: one more int8 column.
        ordinality: bool,
    },
    /// Rows for which it is true.
    Filter { input: Box<Plan>, condition: Expr },
    /// These expressions.
    Project { input: Box<Plan>, exprs: Vec<Expr> },
    /// Set-returning functions in a select list: input columns, then one column each.
    ProjectSet { input: Box<Plan>, calls: Vec<(&'static str, Vec<Expr>, Type)> },
    /// LIMIT and OFFSET.
    Limit { input: Box<Plan>, limit: Option<Expr>, offset: Option<Expr>, with_ties: Option<Vec<SortKey>> },
    /// ORDER BY; with `limit`, a top-N.
    Sort { input: Box<Plan>, keys: Vec<SortKey>, limit: Option<Expr> },
    /// DISTINCT (all columns).
    Distinct { input: Box<Plan> },
    /// DISTINCT ON over sorted input: the first row of each group.
    DistinctOn { input: Box<Plan>, on: Vec<Expr> },
    /// GROUP BY: output is the group expressions, then the aggregates, then (if `grouping_sets` is more than one)
    /// one int4 per entry of `grouping` calls. Without group expressions one row.
    Aggregate {
        /// Input.
        input: Box<Plan>,
        /// Group expressions.
        group_by: Vec<Expr>,
        /// Sets of positions in `group_by`; `[0..n]` alone for a plain GROUP BY.
        grouping_sets: Vec<Vec<usize>>,
        /// Calls.
        aggregates: Vec<AggregateCall>,
        /// GROUPING(…) calls: positions in `group_by`.
        grouping: Vec<Vec<usize>>,
    },
    /// Window functions over one PARTITION BY and ORDER BY: input columns, then one column per call.
    Window { input: Box<Plan>, partition_by: Vec<Expr>, order_by: Vec<SortKey>, calls: Vec<WindowCall> },
    /// Left row then right row, for pairs for which `on` is true. Semi and anti: the left row.
    NestedLoopJoin { left: Box<Plan>, right: Box<Plan>, kind: JoinKind, on: Option<Expr> },
    /// Equal keys, then `residual`.
    HashJoin {
        /// Probe side.
        left: Box<Plan>,
        /// Build side.
        right: Box<Plan>,
        /// How.
        kind: JoinKind,
        /// Over the left row.
        left_keys: Vec<Expr>,
        /// Over the right row; same types.
        right_keys: Vec<Expr>,
        /// Over both rows.
        residual: Option<Expr>,
    },
    /// For each left row (in batches) the rows of an index whose first columns equal `keys`, then `residual`.
    LookupJoin {
        /// Input.
        left: Box<Plan>,
        /// What is looked up; its bounds are ignored, its filter applies to the looked-up rows.
        right: Box<Scan>,
        /// How: inner, left, semi or anti.
        kind: JoinKind,
        /// Over the left row.
        keys: Vec<Expr>,
        /// Over both rows.
        residual: Option<Expr>,
    },
    /// A subquery for each row: `bind` are (input column, register). With no `bind` the inner plan runs once.
    Apply { input: Box<Plan>, inner: Box<Plan>, kind: ApplyKind, bind: Vec<(usize, u32)> },
    /// UNION ALL.
    Append(Vec<Plan>),
    /// INTERSECT, EXCEPT.
    SetOp { left: Box<Plan>, right: Box<Plan>, kind: SetOpKind },
    /// WITH RECURSIVE: `start`, then `step` over the rows of the last round (`WorkScan` with the same id).
    Recursive { id: u32, start: Box<Plan>, step: Box<Plan>, union_all: bool },
    /// Rows of the last round.
    WorkScan(u32),
    /// Rows of `Query::ctes`.
    CteScan(usize),
    /// FOR UPDATE and the like above joins: locks rows by the primary keys found at these columns, and reads again.
    LockRows { input: Box<Plan>, targets: Vec<LockTarget> },
    /// INSERT: input columns are `columns` (positions in the table); others get defaults. Output: `returning` over the
    /// row written.
    Insert {
        /// Into.
        table: Arc<TableDescriptor>,
        /// Rows.
        input: Box<Plan>,
        /// Complete rows are built by these expressions over the input row: one per table column (defaults, generated
        /// columns, casts included).
        row: Vec<Expr>,
        /// ON CONFLICT.
        on_conflict: Option<OnConflict>,
        /// CHECK conditions over the table's row with the constraint's name.
        checks: Vec<(String, Expr)>,
        /// RETURNING over the table's row.
        returning: Vec<Expr>,
    },
    /// UPDATE: input is the table's row (all columns), then columns of FROM.
    Update {
        /// Which.
        table: Arc<TableDescriptor>,
        /// Rows.
        input: Box<Plan>,
        /// (position in `table.columns`, value over the input row).
        set: Vec<(usize, Expr)>,
        /// As in Insert.
        checks: Vec<(String, Expr)>,
        /// RETURNING over (the new row, then columns of FROM).
        returning: Vec<Expr>,
    },
    /// DELETE: input is the table's row, then columns of USING.
    Delete {
        /// From.
        table: Arc<TableDescriptor>,
        /// Rows.
        input: Box<Plan>,
        /// RETURNING over the input row.
        returning: Vec<Expr>,
    },
}

/// A base table whose rows are locked by LockRows.
#[derive(Clone, Debug)]
pub struct LockTarget {
    /// The table.
    pub table: Arc<TableDescriptor>,
    /// Columns of the input with its primary key.
    pub key: Vec<usize>,
    /// How.
    pub lock: RowLock,
    /// If held.
    pub wait: LockWaitPolicy,
}

/// What a statement other than a query asks for is in `statement.rs`.
pub type Params = Vec<Datum>;
