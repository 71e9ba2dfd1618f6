//! The syntax tree: PostgreSQL's grammar as written, nothing resolved. Every node that an error may point at carries
//! its byte offset in the source text.

use smol_str::SmolStr;

/// Byte offset in the source text; [`NO_POS`] where there is none.
pub type Pos = u32;
/// No position.
pub const NO_POS: Pos = u32::MAX;

/// An identifier, folded and truncated.
#[derive(Clone, Debug)]
pub struct Name {
    /// Its text.
    pub text: SmolStr,
    /// Where.
    pub pos: Pos,
}

impl std::ops::Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// A possibly qualified name, never empty.
pub type QName = Vec<Name>;

/// An operator: `+`, `OPERATOR(pg_catalog.~)`.
#[derive(Clone, Debug)]
pub struct OpName {
    /// Its symbol.
    pub symbol: SmolStr,
    /// The schema it was qualified with.
    pub schema: Option<SmolStr>,
    /// Where.
    pub pos: Pos,
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// Qualified name; SQL's many-word names come as pg_catalog names (`int4`, `timestamptz` …).
    pub name: QName,
    /// Modifiers: `varchar(20)`, `numeric(10, 2)`.
    pub modifiers: Vec<Expr>,
    /// INTERVAL fields, as PostgreSQL's mask (-1 = none).
    pub interval_fields: i32,
    /// `[]` or ARRAY.
    pub array: bool,
    /// SETOF.
    pub setof: bool,
    /// Where.
    pub pos: Pos,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What.
    pub kind: ExprKind,
    /// Where (an operator's own place, a call's name, else the start).
    pub pos: Pos,
}

/// IS TRUE and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// TRUE
    True,
    /// FALSE
    False,
    /// UNKNOWN
    Unknown,
}

/// LIKE and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeKind {
    /// LIKE
    Like,
    /// ILIKE
    ILike,
    /// SIMILAR TO
    Similar,
}

/// What the right side of ANY/ALL is.
#[derive(Clone, Debug)]
pub enum AnyRight {
    /// An array.
    Array(Box<Expr>),
    /// A subquery.
    Query(Box<Query>),
}

/// SQL's functions that are written without parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// CURRENT_DATE
    CurrentDate,
    /// CURRENT_TIME
    CurrentTime,
    /// CURRENT_TIMESTAMP
    CurrentTimestamp,
    /// LOCALTIME
    LocalTime,
    /// LOCALTIMESTAMP
    LocalTimestamp,
    /// CURRENT_USER, CURRENT_ROLE, USER
    CurrentUser,
    /// CURRENT_ROLE
    CurrentRole,
    /// USER
    User,
    /// SESSION_USER
    SessionUser,
    /// CURRENT_CATALOG
    CurrentCatalog,
    /// CURRENT_SCHEMA
    CurrentSchema,
}

/// A subscript.
#[derive(Clone, Debug)]
pub enum Subscript {
    /// `[i]`
    Index(Box<Expr>),
    /// `[l:u]`
    Slice(Option<Box<Expr>>, Option<Box<Expr>>),
}

/// Kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `a`, `t.a`, `s.t.a`
    Column(QName),
    /// `*`, `t.*`
    Star(QName),
    /// NULL
    Null,
    /// TRUE, FALSE
    Bool(bool),
    /// Digits.
    Integer(SmolStr),
    /// With point or exponent.
    Decimal(SmolStr),
    /// A quoted string.
    String(SmolStr),
    /// B'…' or X'…': its digits as bits.
    Bits(SmolStr),
    /// $1 (from 1).
    Param(u32),
    /// CAST, `::`, `type 'string'`.
    Cast(Box<Expr>, Box<TypeName>),
    /// Prefix operator.
    Unary(OpName, Box<Expr>),
    /// Infix operator.
    Binary(OpName, Box<Expr>, Box<Expr>),
    /// AND
    And(Vec<Expr>),
    /// OR
    Or(Vec<Expr>),
    /// NOT
    Not(Box<Expr>),
    /// IS NULL; true = IS NOT NULL.
    IsNull(Box<Expr>, bool),
    /// IS TRUE …; true = IS NOT.
    IsTruth(Box<Expr>, Truth, bool),
    /// IS DISTINCT FROM; true = IS NOT.
    IsDistinct(Box<Expr>, Box<Expr>, bool),
    /// BETWEEN
    Between { expr: Box<Expr>, low: Box<Expr>, high: Box<Expr>, negated: bool, symmetric: bool },
    /// LIKE …
    Like { kind: LikeKind, expr: Box<Expr>, pattern: Box<Expr>, escape: Option<Box<Expr>>, negated: bool },
    /// IN (list)
    InList(Box<Expr>, Vec<Expr>, bool),
    /// IN (subquery)
    InQuery(Box<Expr>, Box<Query>, bool),
    /// op ANY/ALL
    AnyAll { left: Box<Expr>, op: OpName, all: bool, right: AnyRight },
    /// EXISTS
    Exists(Box<Query>),
    /// (SELECT …)
    Subquery(Box<Query>),
    /// ARRAY(SELECT …)
    ArrayQuery(Box<Query>),
    /// ARRAY[…]; inner brackets come as Array too.
    Array(Vec<Expr>),
    /// ROW(…) or (a, b)
    Row(Vec<Expr>),
    /// CASE
    Case { operand: Option<Box<Expr>>, whens: Vec<(Expr, Expr)>, otherwise: Option<Box<Expr>> },
    /// A call.
    Function(Box<FunctionCall>),
    /// COALESCE
    Coalesce(Vec<Expr>),
    /// GREATEST (true), LEAST
    MinMax(bool, Vec<Expr>),
    /// NULLIF
    NullIf(Box<Expr>, Box<Expr>),
    /// `a[1]`, `a[1:2]`
    Subscript(Box<Expr>, Vec<Subscript>),
    /// `(a).b`
    Field(Box<Expr>, Name),
    /// `(a).*`
    FieldStar(Box<Expr>),
    /// COLLATE
    Collate(Box<Expr>, QName),
    /// CURRENT_DATE …; with a precision.
    SqlValue(SqlValue, Option<i32>),
    /// GROUPING(…)
    Grouping(Vec<Expr>),
    /// DEFAULT in VALUES and SET.
    Default,
    /// WHERE CURRENT OF.
    CurrentOf(Name),
    /// An expression that the binder has made already: reads that column of the innermost scope.
    Bound(u32),
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `name => value`
    pub name: Option<Name>,
    /// Value.
    pub value: Expr,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    /// Name.
    pub name: QName,
    /// Arguments.
    pub args: Vec<Arg>,
    /// The last one is VARIADIC.
    pub variadic: bool,
    /// `count(*)`
    pub star: bool,
    /// DISTINCT
    pub distinct: bool,
    /// ORDER BY inside.
    pub order_by: Vec<OrderItem>,
    /// WITHIN GROUP (ORDER BY …).
    pub within_group: Option<Vec<OrderItem>>,
    /// FILTER
    pub filter: Option<Box<Expr>>,
    /// OVER
    pub over: Option<Box<WindowSpec>>,
}

/// A window as written.
#[derive(Clone, Debug)]
pub struct WindowSpec {
    /// OVER name, or the name that the parentheses begin with.
    pub base: Option<Name>,
    /// OVER name without parentheses.
    pub bare: bool,
    /// PARTITION BY
    pub partition_by: Vec<Expr>,
    /// ORDER BY
    pub order_by: Vec<OrderItem>,
    /// Frame.
    pub frame: Option<FrameSpec>,
    /// Where.
    pub pos: Pos,
}

/// A frame as written.
#[derive(Clone, Debug)]
pub struct FrameSpec {
    /// Unit.
    pub unit: crate::plan::FrameUnit,
    /// Start.
    pub start: FrameEdge,
    /// End.
    pub end: FrameEdge,
    /// Exclusion.
    pub exclude: crate::plan::FrameExclude,
    /// Where.
    pub pos: Pos,
}

/// One end of a frame.
#[derive(Clone, Debug)]
pub enum FrameEdge {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// n PRECEDING
    Preceding(Box<Expr>),
    /// CURRENT ROW
    CurrentRow,
    /// n FOLLOWING
    Following(Box<Expr>),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// An item of ORDER BY.
#[derive(Clone, Debug)]
pub struct OrderItem {
    /// What.
    pub expr: Expr,
    /// DESC.
    pub desc: bool,
    /// NULLS FIRST/LAST, if given.
    pub nulls_first: Option<bool>,
    /// USING operator.
    pub using: Option<OpName>,
}

/// A query.
#[derive(Clone, Debug)]
pub struct Query {
    /// WITH
    pub with: Option<Box<With>>,
    /// SELECT, VALUES, set operation.
    pub body: SetExpr,
    /// ORDER BY
    pub order_by: Vec<OrderItem>,
    /// LIMIT, FETCH FIRST
    pub limit: Option<Expr>,
    /// OFFSET
    pub offset: Option<Expr>,
    /// WITH TIES
    pub with_ties: bool,
    /// FOR UPDATE …
    pub locking: Vec<Locking>,
    /// Where.
    pub pos: Pos,
    /// Where its text ends.
    pub end: Pos,
}

/// A locking clause.
#[derive(Clone, Debug)]
pub struct Locking {
    /// Strength.
    pub lock: crate::plan::RowLock,
    /// OF
    pub of: Vec<QName>,
    /// NOWAIT, SKIP LOCKED
    pub wait: crate::plan::LockWaitPolicy,
    /// Where.
    pub pos: Pos,
}

/// WITH.
#[derive(Clone, Debug)]
pub struct With {
    /// RECURSIVE
    pub recursive: bool,
    /// The expressions.
    pub ctes: Vec<CteDef>,
}

/// One common table expression.
#[derive(Clone, Debug)]
pub struct CteDef {
    /// Name.
    pub name: Name,
    /// Column names.
    pub columns: Vec<Name>,
    /// [NOT] MATERIALIZED
    pub materialized: Option<bool>,
    /// Body.
    pub body: CteBody,
}

/// Body of a common table expression.
#[derive(Clone, Debug)]
pub enum CteBody {
    /// Query.
    Query(Box<Query>),
    /// INSERT …
    Insert(Box<Insert>),
    /// UPDATE …
    Update(Box<Update>),
    /// DELETE …
    Delete(Box<Delete>),
}

/// Set operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// UNION
    Union,
    /// INTERSECT
    Intersect,
    /// EXCEPT
    Except,
}

/// Body of a query.
#[derive(Clone, Debug)]
pub enum SetExpr {
    /// SELECT
    Select(Box<Select>),
    /// VALUES
    Values(Vec<Vec<Expr>>),
    /// A query in parentheses.
    Query(Box<Query>),
    /// UNION, INTERSECT, EXCEPT
    SetOp { op: SetOperator, all: bool, left: Box<SetExpr>, right: Box<SetExpr>, pos: Pos },
}

/// DISTINCT.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// Not.
    No,
    /// DISTINCT
    All,
    /// DISTINCT ON
    On(Vec<Expr>),
}

/// SELECT.
#[derive(Clone, Debug)]
pub struct Select {
    /// DISTINCT
    pub distinct: Distinct,
    /// Select list.
    pub items: Vec<SelectItem>,
    /// INTO
    pub into: Option<Box<IntoClause>>,
    /// FROM
    pub from: Vec<TableRef>,
    /// WHERE
    pub filter: Option<Expr>,
    /// GROUP BY
    pub group_by: Vec<GroupItem>,
    /// GROUP BY DISTINCT
    pub group_distinct: bool,
    /// HAVING
    pub having: Option<Expr>,
    /// WINDOW
    pub windows: Vec<(Name, WindowSpec)>,
}

/// SELECT … INTO.
#[derive(Clone, Debug)]
pub struct IntoClause {
    /// Name.
    pub name: QName,
    /// TEMPORARY
    pub temporary: bool,
}

/// An item of a select list or RETURNING.
#[derive(Clone, Debug)]
pub struct SelectItem {
    /// What.
    pub expr: Expr,
    /// AS
    pub alias: Option<Name>,
}

/// An item of GROUP BY.
#[derive(Clone, Debug)]
pub enum GroupItem {
    /// An expression.
    Expr(Expr),
    /// ()
    Empty,
    /// ROLLUP
    Rollup(Vec<Expr>),
    /// CUBE
    Cube(Vec<Expr>),
    /// GROUPING SETS
    Sets(Vec<GroupItem>),
}

/// An alias of a table.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Name.
    pub name: Name,
    /// Column names.
    pub columns: Vec<Name>,
}

/// Kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinType {
    /// INNER
    Inner,
    /// LEFT
    Left,
    /// RIGHT
    Right,
    /// FULL
    Full,
    /// CROSS
    Cross,
}

/// Join condition.
#[derive(Clone, Debug)]
pub enum JoinCondition {
    /// None.
    None,
    /// ON
    On(Expr),
    /// USING, with AS
    Using(Vec<Name>, Option<Name>),
    /// NATURAL
    Natural,
}

/// A call in FROM with its column definitions.
#[derive(Clone, Debug)]
pub struct TableFunction {
    /// Call (or an SQL value such as CURRENT_DATE).
    pub call: Expr,
    /// AS (a int, b text)
    pub columns: Vec<(Name, TypeName)>,
}

/// An item of FROM.
#[derive(Clone, Debug)]
pub enum TableRef {
    /// A table, view or CTE.
    Relation { name: QName, only: bool, alias: Option<Alias> },
    /// A subquery.
    Query { lateral: bool, query: Box<Query>, alias: Option<Alias>, pos: Pos },
    /// Functions.
    Functions {
        lateral: bool,
        calls: Vec<TableFunction>,
        rows_from: bool,
        ordinality: bool,
        alias: Option<Alias>,
        pos: Pos,
    },
    /// A join; with an alias if in parentheses.
    Join {
        left: Box<TableRef>,
        right: Box<TableRef>,
        kind: JoinType,
        condition: JoinCondition,
        alias: Option<Alias>,
        pos: Pos,
    },
}

/// INSERT.
#[derive(Clone, Debug)]
pub struct Insert {
    /// WITH
    pub with: Option<Box<With>>,
    /// INTO
    pub table: QName,
    /// AS
    pub alias: Option<Name>,
    /// Columns.
    pub columns: Vec<Target>,
    /// OVERRIDING: `Some(true)` SYSTEM, `Some(false)` USER.
    pub overriding: Option<bool>,
    /// Rows; `None` = DEFAULT VALUES.
    pub source: Option<Box<Query>>,
    /// ON CONFLICT
    pub on_conflict: Option<OnConflictClause>,
    /// RETURNING
    pub returning: Vec<SelectItem>,
    /// Where.
    pub pos: Pos,
}

/// A target column, possibly an element of it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Column.
    pub name: Name,
    /// Subscripts.
    pub subscripts: Vec<Subscript>,
    /// `.field` follows.
    pub field: bool,
}

/// ON CONFLICT.
#[derive(Clone, Debug)]
pub struct OnConflictClause {
    /// What conflict.
    pub target: ConflictTarget,
    /// `None` = DO NOTHING.
    pub update: Option<(Vec<SetClause>, Option<Expr>)>,
    /// Where.
    pub pos: Pos,
}

/// Target of ON CONFLICT.
#[derive(Clone, Debug)]
pub enum ConflictTarget {
    /// Any.
    None,
    /// (columns or expressions) WHERE
    Columns(Vec<Expr>, Option<Expr>),
    /// ON CONSTRAINT
    Constraint(Name),
}

/// SET.
#[derive(Clone, Debug)]
pub enum SetClause {
    /// a = x
    One(Target, Expr),
    /// (a, b) = (x, y) | ROW(…) | (SELECT …)
    Many(Vec<Target>, Expr),
}

/// UPDATE.
#[derive(Clone, Debug)]
pub struct Update {
    /// WITH
    pub with: Option<Box<With>>,
    /// Table.
    pub table: QName,
    /// AS
    pub alias: Option<Name>,
    /// SET
    pub set: Vec<SetClause>,
    /// FROM
    pub from: Vec<TableRef>,
    /// WHERE
    pub filter: Option<Expr>,
    /// RETURNING
    pub returning: Vec<SelectItem>,
    /// Where.
    pub pos: Pos,
}

/// DELETE.
#[derive(Clone, Debug)]
pub struct Delete {
    /// WITH
    pub with: Option<Box<With>>,
    /// Table.
    pub table: QName,
    /// AS
    pub alias: Option<Name>,
    /// USING
    pub using: Vec<TableRef>,
    /// WHERE
    pub filter: Option<Expr>,
    /// RETURNING
    pub returning: Vec<SelectItem>,
    /// Where.
    pub pos: Pos,
}

/// A column definition.
#[derive(Clone, Debug)]
pub struct ColumnDef {
    /// Name.
    pub name: Name,
    /// Type.
    pub ty: TypeName,
    /// Constraints in order.
    pub constraints: Vec<ColumnConstraint>,
}

/// Options of a sequence as written.
#[derive(Clone, Debug)]
pub enum SeqOption {
    /// AS
    As(TypeName),
    /// START
    Start(i64),
    /// INCREMENT
    Increment(i64),
    /// MINVALUE, NO MINVALUE
    Min(Option<i64>),
    /// MAXVALUE, NO MAXVALUE
    Max(Option<i64>),
    /// CYCLE
    Cycle(bool),
    /// CACHE
    Cache(i64),
    /// RESTART
    Restart(Option<i64>),
    /// OWNED BY (NONE = empty)
    OwnedBy(QName),
    /// SEQUENCE NAME
    Name(QName),
    /// LOGGED and the like.
    Other,
}

/// Attributes of a constraint.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConstraintAttributes {
    /// DEFERRABLE
    pub deferrable: bool,
    /// INITIALLY DEFERRED
    pub initially_deferred: bool,
    /// NOT VALID
    pub not_valid: bool,
}

/// A constraint at a column.
#[derive(Clone, Debug)]
pub struct ColumnConstraint {
    /// CONSTRAINT name
    pub name: Option<Name>,
    /// What.
    pub kind: ColumnConstraintKind,
    /// Attributes.
    pub attributes: ConstraintAttributes,
    /// Where.
    pub pos: Pos,
}

/// Kinds of column constraints.
#[derive(Clone, Debug)]
pub enum ColumnConstraintKind {
    /// NOT NULL
    NotNull,
    /// NULL
    Null,
    /// DEFAULT
    Default(Expr),
    /// GENERATED AS IDENTITY
    Identity(bool, Vec<SeqOption>),
    /// GENERATED ALWAYS AS (…) STORED
    Stored(Expr),
    /// PRIMARY KEY
    PrimaryKey,
    /// UNIQUE
    Unique,
    /// CHECK
    Check(Expr),
    /// REFERENCES
    References(References),
    /// COLLATE
    Collate(QName),
}

/// REFERENCES.
#[derive(Clone, Debug)]
pub struct References {
    /// Table.
    pub table: QName,
    /// Columns.
    pub columns: Vec<Name>,
    /// MATCH FULL
    pub match_full: bool,
    /// MATCH PARTIAL
    pub match_partial: bool,
    /// ON DELETE
    pub on_delete: crate::catalog::ReferentialAction,
    /// ON UPDATE
    pub on_update: crate::catalog::ReferentialAction,
}

/// A table constraint.
#[derive(Clone, Debug)]
pub struct TableConstraint {
    /// CONSTRAINT name
    pub name: Option<Name>,
    /// What.
    pub kind: TableConstraintKind,
    /// Attributes.
    pub attributes: ConstraintAttributes,
    /// Where.
    pub pos: Pos,
}

/// Kinds of table constraints.
#[derive(Clone, Debug)]
pub enum TableConstraintKind {
    /// PRIMARY KEY
    PrimaryKey(Vec<Name>, Vec<Name>),
    /// UNIQUE
    Unique(Vec<Name>, Vec<Name>),
    /// PRIMARY KEY/UNIQUE USING INDEX
    UsingIndex(bool, Name),
    /// CHECK
    Check(Expr),
    /// FOREIGN KEY
    ForeignKey(Vec<Name>, References),
    /// EXCLUDE
    Exclude,
}

/// LIKE in CREATE TABLE.
#[derive(Clone, Debug)]
pub struct LikeClause {
    /// Table.
    pub table: QName,
    /// INCLUDING (true), EXCLUDING of these, in order.
    pub options: Vec<(bool, SmolStr)>,
}

/// An element of CREATE TABLE.
#[derive(Clone, Debug)]
pub enum TableElement {
    /// A column.
    Column(ColumnDef),
    /// A constraint.
    Constraint(TableConstraint),
    /// LIKE
    Like(LikeClause),
}

/// CREATE TABLE.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Name.
    pub name: QName,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// TEMPORARY
    pub temporary: bool,
    /// Elements.
    pub elements: Vec<TableElement>,
    /// WITH (…)
    pub options: Vec<(String, String)>,
    /// ON COMMIT
    pub on_commit: crate::statement::OnCommit,
    /// What is not supported of it: INHERITS, PARTITION BY …
    pub unsupported: Option<(&'static str, Pos)>,
}

/// CREATE TABLE AS.
#[derive(Clone, Debug)]
pub struct CreateTableAs {
    /// Name.
    pub name: QName,
    /// Column names.
    pub columns: Vec<Name>,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// TEMPORARY
    pub temporary: bool,
    /// ON COMMIT
    pub on_commit: crate::statement::OnCommit,
    /// Query, or EXECUTE (refused).
    pub query: Box<Query>,
    /// WITH [NO] DATA
    pub with_data: bool,
}

/// A key of CREATE INDEX.
#[derive(Clone, Debug)]
pub struct IndexElement {
    /// Column or expression.
    pub expr: Expr,
    /// Operator class.
    pub opclass: Option<QName>,
    /// DESC
    pub desc: bool,
    /// NULLS FIRST
    pub nulls_first: Option<bool>,
}

/// CREATE INDEX.
#[derive(Clone, Debug)]
pub struct CreateIndex {
    /// Name.
    pub name: Option<Name>,
    /// UNIQUE
    pub unique: bool,
    /// CONCURRENTLY
    pub concurrently: bool,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// ON
    pub table: QName,
    /// USING
    pub method: Option<Name>,
    /// Keys.
    pub keys: Vec<IndexElement>,
    /// INCLUDE
    pub include: Vec<Name>,
    /// WHERE
    pub predicate: Option<Expr>,
}

/// One action of ALTER TABLE.
#[derive(Clone, Debug)]
pub enum AlterAction {
    /// ADD COLUMN
    AddColumn(ColumnDef, bool),
    /// DROP COLUMN name, IF EXISTS, CASCADE
    DropColumn(Name, bool, bool),
    /// RENAME COLUMN
    RenameColumn(Name, Name),
    /// SET DEFAULT, DROP DEFAULT
    SetDefault(Name, Option<Expr>),
    /// SET/DROP NOT NULL
    SetNotNull(Name, bool),
    /// TYPE … USING
    SetType(Name, TypeName, Option<Expr>),
    /// ADD GENERATED
    AddIdentity(Name, bool, Vec<SeqOption>),
    /// SET GENERATED, SET INCREMENT …
    SetIdentity(Name, Option<bool>, Vec<SeqOption>),
    /// DROP IDENTITY
    DropIdentity(Name, bool),
    /// DROP EXPRESSION
    DropExpression(Name, bool),
    /// ADD CONSTRAINT
    AddConstraint(TableConstraint),
    /// DROP CONSTRAINT
    DropConstraint(Name, bool, bool),
    /// RENAME CONSTRAINT
    RenameConstraint(Name, Name),
    /// VALIDATE CONSTRAINT
    ValidateConstraint(Name),
    /// ALTER CONSTRAINT
    AlterConstraint(Name),
    /// RENAME TO
    RenameTo(Name),
    /// SET SCHEMA
    SetSchema(Name),
    /// OWNER TO
    OwnerTo(Name),
    /// Accepted without effect.
    Nothing,
    /// Refused.
    Unsupported(&'static str),
}

/// Kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// TABLE
    Table,
    /// VIEW
    View,
    /// INDEX
    Index,
    /// SEQUENCE
    Sequence,
    /// SCHEMA
    Schema,
    /// DATABASE
    Database,
    /// ROLE, USER, GROUP
    Role,
}

/// Object of COMMENT ON.
#[derive(Clone, Debug)]
pub enum CommentOn {
    /// A table, view, index, sequence, schema, database or role.
    Object(ObjectKind, QName),
    /// COLUMN
    Column(QName),
    /// CONSTRAINT name ON table
    Constraint(Name, QName),
    /// Others.
    Unsupported(&'static str),
}

/// COPY.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Table, or
    pub table: Option<QName>,
    /// its columns, or
    pub columns: Vec<Name>,
    /// a query, or a data-modifying statement.
    pub query: Option<Box<Statement>>,
    /// FROM
    pub from: bool,
    /// A file or program rather than STDIN/STDOUT.
    pub file: Option<String>,
    /// Options: name, values, where.
    pub options: Vec<(String, CopyValue, Pos)>,
    /// WHERE
    pub filter: Option<Expr>,
    /// Where.
    pub pos: Pos,
}

/// Value of an option of COPY.
#[derive(Clone, Debug)]
pub enum CopyValue {
    /// None.
    None,
    /// A word, number or string.
    Text(String),
    /// Columns.
    Columns(Vec<Name>),
    /// `*`
    Star,
}

/// Object kinds of GRANT.
#[derive(Clone, Debug)]
pub enum GrantOn {
    /// Roles.
    Roles,
    /// ON \[TABLE\] …
    Tables(Vec<QName>),
    /// ON SEQUENCE …
    Sequences(Vec<QName>),
    /// ON ALL TABLES IN SCHEMA
    AllTables(Vec<Name>),
    /// ON ALL SEQUENCES IN SCHEMA
    AllSequences(Vec<Name>),
    /// ON SCHEMA
    Schemas(Vec<Name>),
    /// ON DATABASE
    Databases(Vec<Name>),
    /// Others.
    Others(String, Vec<QName>),
}

/// GRANT, REVOKE.
#[derive(Clone, Debug)]
pub struct Grant {
    /// REVOKE
    pub revoke: bool,
    /// Privileges or roles.
    pub privileges: Vec<(String, Vec<String>)>,
    /// Objects.
    pub on: GrantOn,
    /// Grantees.
    pub grantees: Vec<String>,
    /// WITH GRANT OPTION
    pub grant_option: bool,
    /// CASCADE
    pub cascade: bool,
}

/// CREATE VIEW.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// Name.
    pub name: QName,
    /// OR REPLACE
    pub or_replace: bool,
    /// TEMPORARY
    pub temporary: bool,
    /// Column names.
    pub columns: Vec<Name>,
    /// Query.
    pub query: Box<Query>,
}

/// EXPLAIN's options.
#[derive(Clone, Debug)]
pub struct Explain {
    /// Name, value, where.
    pub options: Vec<(String, Option<String>, Pos)>,
    /// What.
    pub statement: Box<Statement>,
}

/// A statement.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Statement {
    Query(Box<Query>),
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete(Box<Delete>),
    Explain(Explain),
    CreateTable(Box<CreateTable>),
    CreateTableAs(Box<CreateTableAs>),
    AlterTable {
        kind: ObjectKind,
        name: QName,
        if_exists: bool,
        actions: Vec<AlterAction>,
    },
    Drop {
        kind: ObjectKind,
        names: Vec<QName>,
        if_exists: bool,
        cascade: bool,
    },
    CreateIndex(Box<CreateIndex>),
    CreateSequence {
        name: QName,
        if_not_exists: bool,
        temporary: bool,
        options: Vec<SeqOption>,
    },
    AlterSequence {
        name: QName,
        if_exists: bool,
        options: Vec<SeqOption>,
    },
    CreateView(Box<CreateView>),
    CreateSchema {
        name: Option<Name>,
        if_not_exists: bool,
        owner: Option<Name>,
        elements: Vec<Statement>,
    },
    AlterSchema {
        name: Name,
        change: AlterAction,
    },
    CreateDatabase {
        name: Name,
        options: Vec<(String, String)>,
    },
    AlterDatabase {
        name: Name,
        change: crate::statement::AlterDatabase,
    },
    Truncate {
        tables: Vec<QName>,
        restart_identity: bool,
        cascade: bool,
    },
    Copy(Box<Copy>),
    Begin(crate::statement::TransactionModes, bool),
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint(Name),
    Release(Name),
    RollbackTo(Name),
    SetTransaction {
        session: bool,
        modes: crate::statement::TransactionModes,
    },
    SetConstraints {
        names: Option<Vec<QName>>,
        deferred: bool,
    },
    Set {
        name: String,
        value: Option<Vec<String>>,
        local: bool,
    },
    Show(Option<String>),
    Reset(Option<String>),
    Prepare {
        name: Name,
        types: Vec<TypeName>,
        statement: Box<Statement>,
    },
    Execute {
        name: Name,
        args: Vec<Expr>,
    },
    Deallocate(Option<Name>),
    Declare {
        name: Name,
        binary: bool,
        scroll: Option<bool>,
        hold: bool,
        query: Box<Query>,
    },
    Fetch {
        name: Name,
        direction: crate::statement::FetchDirection,
        only_move: bool,
    },
    Close(Option<Name>),
    Comment {
        on: CommentOn,
        text: Option<String>,
    },
    CreateRole {
        name: Name,
        options: crate::statement::RoleOptions,
        tag: &'static str,
    },
    AlterRole {
        name: Name,
        options: crate::statement::RoleOptions,
    },
    RenameRole {
        name: Name,
        new_name: Name,
    },
    AlterRoleSet {
        name: Option<Name>,
        setting: Option<String>,
        value: Option<Vec<String>>,
    },
    Grant(Box<Grant>),
    Analyze(Vec<QName>),
    Vacuum {
        tables: Vec<QName>,
        analyze: bool,
    },
    Nothing(&'static str),
    Discard(crate::statement::Discard),
    Lock {
        tables: Vec<QName>,
        mode: crate::statement::TableLockMode,
        nowait: bool,
    },
    Listen(Name),
    Notify(Name, Option<String>),
    Unlisten(Option<Name>),
    /// Known, and refused with 0A000.
    Unsupported(&'static str),
}
