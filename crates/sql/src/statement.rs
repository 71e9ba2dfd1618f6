//! [`Statement`]: what a bound statement asks for. Queries and data modification are plans ([`crate::plan`]);
//! everything else is a description that `exec` carries out against catalog, session and transaction.
//!
//! Names are resolved as far as the binder's catalog allows: existing tables come as descriptors, types as types,
//! expressions as text *and* bound form. What must be decided with the catalog locked (ids, generated names, whether
//! a name is still free) is left to `exec`.

use std::sync::Arc;

use datum::{ColumnType, Expr, Type};

use crate::catalog::{
    ColumnId, DescriptorId, IndexId, ReferentialAction, SequenceDescriptor, TableDescriptor,
};
use crate::plan::{LockWaitPolicy, Query};

/// A bound statement.
#[derive(Clone, Debug)]
pub enum Statement {
    /// SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, each with WITH.
    Query(Box<Query>),
    /// EXPLAIN.
    Explain(Box<Explain>),
    /// CREATE TABLE.
    CreateTable(Box<CreateTable>),
    /// CREATE TABLE … AS, SELECT … INTO.
    CreateTableAs(Box<CreateTableAs>),
    /// ALTER TABLE (also of the forms that PostgreSQL accepts for views, indexes and sequences: RENAME, OWNER, SET SCHEMA).
    AlterTable(Box<AlterTable>),
    /// DROP TABLE, VIEW, INDEX, SEQUENCE, SCHEMA, DATABASE, ROLE.
    Drop(Box<Drop>),
    /// CREATE INDEX.
    CreateIndex(Box<CreateIndex>),
    /// ALTER INDEX … RENAME TO.
    RenameIndex {
        /// Its table.
        table: Arc<TableDescriptor>,
        /// Which.
        index: IndexId,
        /// New name.
        new_name: String,
    },
    /// CREATE SEQUENCE.
    CreateSequence {
        /// Where and what.
        name: NewName,
        /// Do nothing (NOTICE 42P07) if it exists.
        if_not_exists: bool,
        /// Options.
        options: SequenceOptions,
    },
    /// ALTER SEQUENCE (options; RESTART too).
    AlterSequence {
        /// Which.
        sequence: Arc<SequenceDescriptor>,
        /// What changes.
        options: SequenceOptions,
    },
    /// ALTER SEQUENCE … RENAME TO / SET SCHEMA / OWNER TO.
    AlterSequenceName {
        /// Which.
        sequence: Arc<SequenceDescriptor>,
        /// What.
        change: NameChange,
    },
    /// CREATE VIEW.
    CreateView(Box<CreateView>),
    /// CREATE SCHEMA.
    CreateSchema {
        /// Its name.
        name: String,
        /// Do nothing if it exists.
        if_not_exists: bool,
        /// AUTHORIZATION.
        owner: Option<String>,
    },
    /// ALTER SCHEMA … RENAME TO / OWNER TO.
    AlterSchema {
        /// Which.
        name: String,
        /// What.
        change: NameChange,
    },
    /// CREATE DATABASE. Options are kept as (lower-case name, value).
    CreateDatabase {
        /// Its name.
        name: String,
        /// OWNER, TEMPLATE, ENCODING …
        options: Vec<(String, String)>,
    },
    /// ALTER DATABASE.
    AlterDatabase {
        /// Which.
        name: String,
        /// What.
        change: AlterDatabase,
    },
    /// TRUNCATE.
    Truncate {
        /// Which tables.
        tables: Vec<Arc<TableDescriptor>>,
        /// RESTART IDENTITY.
        restart_identity: bool,
        /// CASCADE: tables that refer to them too.
        cascade: bool,
    },
    /// COPY.
    Copy(Box<Copy>),
    /// BEGIN, START TRANSACTION.
    Begin(TransactionModes),
    /// COMMIT, END.
    Commit {
        /// AND CHAIN.
        chain: bool,
    },
    /// ROLLBACK, ABORT.
    Rollback {
        /// AND CHAIN.
        chain: bool,
    },
    /// SAVEPOINT.
    Savepoint(String),
    /// RELEASE SAVEPOINT.
    ReleaseSavepoint(String),
    /// ROLLBACK TO SAVEPOINT.
    RollbackToSavepoint(String),
    /// SET TRANSACTION; with `session`, SET SESSION CHARACTERISTICS AS TRANSACTION.
    SetTransaction {
        /// For the transactions to come rather than the present one.
        session: bool,
        /// Modes.
        modes: TransactionModes,
    },
    /// SET CONSTRAINTS.
    SetConstraints {
        /// `None` is ALL.
        names: Option<Vec<Vec<String>>>,
        /// DEFERRED rather than IMMEDIATE.
        deferred: bool,
    },
    /// SET.
    Set {
        /// The setting's name in lower case (`timezone` for SET TIME ZONE; `role`, `session_authorization` too).
        name: String,
        /// Values as text, `None` for DEFAULT. A list is for settings that are lists (search_path).
        value: Option<Vec<String>>,
        /// SET LOCAL.
        local: bool,
    },
    /// SHOW; `None` is ALL.
    Show(Option<String>),
    /// RESET; `None` is ALL.
    Reset(Option<String>),
    /// PREPARE.
    Prepare {
        /// Its name.
        name: String,
        /// Types given; `None` for unknown.
        types: Vec<Option<Type>>,
        /// The statement, to be bound by itself.
        statement: Box<crate::Parsed>,
    },
    /// EXECUTE. Bind `args` with [`crate::bind_execute`] once the prepared statement's types are known.
    Execute {
        /// Which.
        name: String,
        /// Arguments.
        args: crate::ExecuteArgs,
    },
    /// DEALLOCATE; `None` is ALL.
    Deallocate(Option<String>),
    /// DECLARE … CURSOR.
    DeclareCursor {
        /// Its name.
        name: String,
        /// BINARY.
        binary: bool,
        /// SCROLL (`Some(true)`), NO SCROLL (`Some(false)`).
        scroll: Option<bool>,
        /// WITH HOLD.
        hold: bool,
        /// The query.
        query: Box<Query>,
    },
    /// FETCH and MOVE.
    Fetch {
        /// Which cursor.
        name: String,
        /// Which rows.
        direction: FetchDirection,
        /// MOVE: no rows come back.
        only_move: bool,
    },
    /// CLOSE; `None` is ALL.
    CloseCursor(Option<String>),
    /// COMMENT ON.
    Comment {
        /// On what.
        object: CommentObject,
        /// `None` removes it.
        text: Option<String>,
    },
    /// CREATE ROLE, USER, GROUP.
    CreateRole {
        /// Its name.
        name: String,
        /// Options.
        options: RoleOptions,
    },
    /// ALTER ROLE, USER: options.
    AlterRole {
        /// Which.
        name: String,
        /// Options.
        options: RoleOptions,
    },
    /// ALTER ROLE … RENAME TO.
    RenameRole {
        /// Which.
        name: String,
        /// New name.
        new_name: String,
    },
    /// ALTER ROLE … [IN DATABASE] SET / RESET: a default for the role's sessions.
    AlterRoleSet {
        /// `None` is ALL.
        name: Option<String>,
        /// The setting; `None` is RESET ALL.
        setting: Option<String>,
        /// `None` resets.
        value: Option<Vec<String>>,
    },
    /// GRANT and REVOKE: checked for existing objects, recorded by `exec` as far as it keeps privileges.
    Grant(Box<Grant>),
    /// ANALYZE; no tables means all.
    Analyze(Vec<Arc<TableDescriptor>>),
    /// VACUUM: accepted; with `analyze`, as ANALYZE.
    Vacuum {
        /// Which tables; none means all.
        tables: Vec<Arc<TableDescriptor>>,
        /// VACUUM ANALYZE.
        analyze: bool,
    },
    /// CHECKPOINT, REINDEX, CLUSTER, LOAD …: accepted, nothing to do. The command tag.
    Nothing(&'static str),
    /// DISCARD.
    Discard(Discard),
    /// LOCK TABLE.
    LockTable {
        /// Which.
        tables: Vec<Arc<TableDescriptor>>,
        /// Mode.
        mode: TableLockMode,
        /// NOWAIT.
        wait: LockWaitPolicy,
    },
    /// LISTEN.
    Listen(String),
    /// NOTIFY.
    Notify {
        /// Channel.
        channel: String,
        /// Payload, empty if none.
        payload: String,
    },
    /// UNLISTEN; `None` is `*`.
    Unlisten(Option<String>),
}

/// Kind of statement: known from the syntax alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// SELECT, VALUES, TABLE without INTO.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// EXPLAIN.
    Explain,
    /// CREATE, ALTER, DROP, COMMENT, GRANT, TRUNCATE, CREATE TABLE AS: changes of the catalog. With its tag.
    Ddl(&'static str),
    /// COPY.
    Copy,
    /// BEGIN or START TRANSACTION.
    Begin,
    /// START TRANSACTION (same as BEGIN but for its tag).
    StartTransaction,
    /// COMMIT, END.
    Commit,
    /// ROLLBACK, ABORT.
    Rollback,
    /// SAVEPOINT.
    Savepoint,
    /// RELEASE.
    Release,
    /// ROLLBACK TO.
    RollbackTo,
    /// SET TRANSACTION, SET, RESET, SHOW, PREPARE, DEALLOCATE, LISTEN …: session state only. With its tag.
    Session(&'static str),
    /// SHOW: returns a row.
    Show,
    /// EXECUTE of a prepared statement.
    Execute,
    /// DECLARE CURSOR.
    Declare,
    /// FETCH: returns rows.
    Fetch,
    /// MOVE.
    Move,
    /// ANALYZE, VACUUM, REINDEX, CHECKPOINT, LOCK TABLE … With its tag.
    Utility(&'static str),
}

impl StatementKind {
    /// Whether it may run in a transaction that has failed.
    pub fn allowed_in_failed_transaction(self) -> bool {
        use StatementKind::*;
        matches!(self, Commit | Rollback | RollbackTo)
    }

    /// Whether it is about transactions themselves.
    pub fn is_transaction_control(self) -> bool {
        use StatementKind::*;
        matches!(self, Begin | StartTransaction | Commit | Rollback | Savepoint | Release | RollbackTo)
    }

    /// Whether it reads or writes tables or the catalog, and so runs in a transaction with a read timestamp.
    pub fn needs_snapshot(self) -> bool {
        use StatementKind::*;
        matches!(
            self,
            Select
                | Insert
                | Update
                | Delete
                | Explain
                | Ddl(_)
                | Copy
                | Execute
                | Declare
                | Fetch
                | Move
                | Utility(_)
        )
    }

    /// The command tag without counts: `SELECT`, `INSERT 0` (then the count), `CREATE TABLE`.
    pub fn command_tag(self) -> &'static str {
        use StatementKind::*;
        match self {
            Select => "SELECT",
            Insert => "INSERT 0",
            Update => "UPDATE",
            Delete => "DELETE",
            Explain => "EXPLAIN",
            Copy => "COPY",
            Begin => "BEGIN",
            StartTransaction => "START TRANSACTION",
            Commit => "COMMIT",
            Rollback | RollbackTo => "ROLLBACK",
            Savepoint => "SAVEPOINT",
            Release => "RELEASE",
            Show => "SHOW",
            Execute => "EXECUTE",
            Declare => "DECLARE CURSOR",
            Fetch => "FETCH",
            Move => "MOVE",
            Ddl(tag) | Session(tag) | Utility(tag) => tag,
        }
    }

    /// Whether a count of rows follows the tag.
    pub fn tag_has_count(self) -> bool {
        use StatementKind::*;
        matches!(self, Select | Insert | Update | Delete | Copy | Fetch | Move)
    }
}

/// The name of an object to be made: its schema exists, the name may be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct NewName {
    /// Schema.
    pub schema: DescriptorId,
    /// The schema's name.
    pub schema_name: String,
    /// Name.
    pub name: String,
}

/// An expression as text, and bound over the rows of its table.
#[derive(Clone, Debug)]
pub struct BoundText {
    /// As PostgreSQL would deparse it: what goes into descriptors.
    pub text: String,
    /// Over the table's row (positions in `columns`); a DEFAULT has no columns.
    pub expr: Expr,
}

/// Format of EXPLAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainFormat {
    /// Text.
    Text,
    /// JSON.
    Json,
}

/// EXPLAIN. Rendered by [`crate::explain`].
#[derive(Clone, Debug)]
pub struct Explain {
    /// ANALYZE: run it.
    pub analyze: bool,
    /// VERBOSE
    pub verbose: bool,
    /// COSTS (default on)
    pub costs: bool,
    /// TIMING (default on with ANALYZE)
    pub timing: bool,
    /// SUMMARY
    pub summary: bool,
    /// BUFFERS: accepted.
    pub buffers: bool,
    /// FORMAT
    pub format: ExplainFormat,
    /// What is explained: a Query, CreateTableAs or DeclareCursor. (EXECUTE comes as `Execute`: exec looks it up.)
    pub statement: Statement,
    /// Kind of the explained statement.
    pub kind: StatementKind,
}

/// Options of a sequence; `None` = not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceOptions {
    /// AS type.
    pub ty: Option<Type>,
    /// START.
    pub start: Option<i64>,
    /// INCREMENT.
    pub increment: Option<i64>,
    /// MINVALUE; `Some(None)` = NO MINVALUE.
    pub min: Option<Option<i64>>,
    /// MAXVALUE; `Some(None)` = NO MAXVALUE.
    pub max: Option<Option<i64>>,
    /// CYCLE, NO CYCLE.
    pub cycle: Option<bool>,
    /// CACHE.
    pub cache: Option<i64>,
    /// RESTART [WITH]; `Some(None)` = to START.
    pub restart: Option<Option<i64>>,
    /// OWNED BY; `Some(None)` = NONE.
    pub owned_by: Option<Option<(DescriptorId, ColumnId)>>,
    /// SEQUENCE NAME (identity columns).
    pub name: Option<String>,
}

/// How a new column gets values.
#[derive(Clone, Debug)]
pub enum GeneratedSpec {
    /// Not.
    No,
    /// serial: a sequence `table_column_seq` is made, owned by the column, its nextval is the default, NOT NULL.
    Serial,
    /// GENERATED … AS IDENTITY: a sequence `table_column_seq`, NOT NULL.
    Identity {
        /// ALWAYS.
        always: bool,
        /// The sequence's options.
        options: SequenceOptions,
    },
    /// GENERATED ALWAYS AS (…) STORED.
    Stored(BoundText),
}

/// A column to be made.
#[derive(Clone, Debug)]
pub struct ColumnSpec {
    /// Name.
    pub name: String,
    /// Type; for serial the integer type.
    pub ty: ColumnType,
    /// NOT NULL (also from PRIMARY KEY, serial, identity).
    pub not_null: bool,
    /// DEFAULT.
    pub default: Option<BoundText>,
    /// Serial, identity, generated.
    pub generated: GeneratedSpec,
    /// Comment (LIKE … INCLUDING COMMENTS).
    pub comment: Option<String>,
}

/// A constraint to be made. `None` as name: `exec` chooses, as PostgreSQL would.
#[derive(Clone, Debug)]
pub struct ConstraintSpec {
    /// Name, if given.
    pub name: Option<String>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// DEFERRABLE.
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    pub initially_deferred: bool,
    /// NOT VALID: existing rows are not looked at.
    pub not_valid: bool,
}

/// What a constraint demands.
#[derive(Clone, Debug)]
pub enum ConstraintKind {
    /// PRIMARY KEY (columns by name).
    PrimaryKey {
        /// Key.
        columns: Vec<String>,
        /// INCLUDE.
        include: Vec<String>,
    },
    /// UNIQUE.
    Unique {
        /// Key.
        columns: Vec<String>,
        /// INCLUDE.
        include: Vec<String>,
    },
    /// PRIMARY KEY or UNIQUE … USING INDEX.
    UsingIndex {
        /// PRIMARY KEY.
        primary: bool,
        /// The index.
        index: IndexId,
    },
    /// CHECK.
    Check {
        /// Condition over the table's row.
        expr: BoundText,
        /// The column that it mentions if it is exactly one (for the generated name).
        columns: Vec<String>,
    },
    /// FOREIGN KEY.
    ForeignKey {
        /// Columns here.
        columns: Vec<String>,
        /// The table there; `None` = the table itself.
        target: Option<Arc<TableDescriptor>>,
        /// Columns there (the primary key's if none were given; of a unique index in any case).
        target_columns: Vec<String>,
        /// ON DELETE.
        on_delete: ReferentialAction,
        /// ON UPDATE.
        on_update: ReferentialAction,
        /// MATCH FULL.
        match_full: bool,
    },
}

/// CREATE TABLE.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Name.
    pub name: NewName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// TEMPORARY: dropped at the end of the session.
    pub temporary: bool,
    /// ON COMMIT DELETE ROWS / DROP for temporary tables.
    pub on_commit: OnCommit,
    /// Columns, those of LIKE included.
    pub columns: Vec<ColumnSpec>,
    /// Table and column constraints, in order of appearance (NOT NULL is in `columns`).
    pub constraints: Vec<ConstraintSpec>,
    /// Further indexes (LIKE … INCLUDING INDEXES).
    pub indexes: Vec<IndexSpec>,
    /// WITH (…).
    pub options: Vec<(String, String)>,
}

/// ON COMMIT of a temporary table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCommit {
    /// PRESERVE ROWS
    PreserveRows,
    /// DELETE ROWS
    DeleteRows,
    /// DROP
    Drop,
}

/// CREATE TABLE AS.
#[derive(Clone, Debug)]
pub struct CreateTableAs {
    /// Name.
    pub name: NewName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// ON COMMIT.
    pub on_commit: OnCommit,
    /// Columns: names and types of the query's (renamed by a column list).
    pub columns: Vec<ColumnSpec>,
    /// Rows.
    pub query: Query,
    /// WITH NO DATA if false.
    pub with_data: bool,
}

/// A key of an index to be made.
#[derive(Clone, Debug)]
pub struct IndexKeySpec {
    /// Column, or expression.
    pub what: IndexKeySpecKind,
    /// DESC.
    pub desc: bool,
    /// NULLS FIRST.
    pub nulls_first: bool,
}

/// What an index key is made of.
#[derive(Clone, Debug)]
pub enum IndexKeySpecKind {
    /// A column by name.
    Column(String),
    /// An expression over the table's row, its type, and PostgreSQL's name for it in generated index names.
    Expression(BoundText, ColumnType, String),
}

/// An index to be made.
#[derive(Clone, Debug)]
pub struct IndexSpec {
    /// Name, if given.
    pub name: Option<String>,
    /// UNIQUE.
    pub unique: bool,
    /// Keys.
    pub keys: Vec<IndexKeySpec>,
    /// INCLUDE.
    pub include: Vec<String>,
    /// WHERE.
    pub predicate: Option<BoundText>,
}

/// CREATE INDEX.
#[derive(Clone, Debug)]
pub struct CreateIndex {
    /// On which table.
    pub table: Arc<TableDescriptor>,
    /// What.
    pub index: IndexSpec,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// CONCURRENTLY: not in a transaction block.
    pub concurrently: bool,
}

/// A change of name, schema or owner.
#[derive(Clone, Debug, PartialEq)]
pub enum NameChange {
    /// RENAME TO
    Rename(String),
    /// SET SCHEMA
    Schema(DescriptorId),
    /// OWNER TO
    Owner(String),
}

/// ALTER TABLE.
#[derive(Clone, Debug)]
pub struct AlterTable {
    /// Which (a table, or a view).
    pub table: Arc<TableDescriptor>,
    /// What, in order.
    pub actions: Vec<AlterAction>,
}

/// One action of ALTER TABLE.
#[derive(Clone, Debug)]
pub enum AlterAction {
    /// ADD COLUMN, with the constraints written at the column.
    AddColumn {
        /// The column.
        column: ColumnSpec,
        /// Its constraints.
        constraints: Vec<ConstraintSpec>,
        /// IF NOT EXISTS: a NOTICE if it is there.
        if_not_exists: bool,
    },
    /// DROP COLUMN.
    DropColumn {
        /// Which.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// RENAME COLUMN.
    RenameColumn {
        /// Which.
        name: String,
        /// New name.
        new_name: String,
    },
    /// ALTER COLUMN SET DEFAULT, DROP DEFAULT (`None`).
    SetDefault {
        /// Which.
        name: String,
        /// Default.
        default: Option<BoundText>,
    },
    /// SET NOT NULL, DROP NOT NULL.
    SetNotNull {
        /// Which.
        name: String,
        /// SET.
        not_null: bool,
    },
    /// ALTER COLUMN TYPE.
    SetType {
        /// Which.
        name: String,
        /// New type.
        ty: ColumnType,
        /// The new value, over the table's row as it was before this action (USING, or an assignment cast).
        using: Expr,
    },
    /// ADD GENERATED … AS IDENTITY.
    AddIdentity {
        /// Which.
        name: String,
        /// ALWAYS.
        always: bool,
        /// Sequence options.
        options: SequenceOptions,
    },
    /// SET GENERATED, and sequence options (SET INCREMENT …, RESTART).
    SetIdentity {
        /// Which.
        name: String,
        /// ALWAYS, if given.
        always: Option<bool>,
        /// Options.
        options: SequenceOptions,
    },
    /// DROP IDENTITY.
    DropIdentity {
        /// Which.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// DROP EXPRESSION.
    DropExpression {
        /// Which.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// ADD CONSTRAINT.
    AddConstraint(ConstraintSpec),
    /// DROP CONSTRAINT.
    DropConstraint {
        /// Which.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// RENAME CONSTRAINT.
    RenameConstraint {
        /// Which.
        name: String,
        /// New name.
        new_name: String,
    },
    /// VALIDATE CONSTRAINT.
    ValidateConstraint(String),
    /// RENAME TO, SET SCHEMA, OWNER TO.
    Name(NameChange),
    /// SET (…), RESET (…), SET STATISTICS, CLUSTER ON, REPLICA IDENTITY, SET STORAGE …: accepted.
    Nothing,
}

/// ALTER DATABASE.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterDatabase {
    /// RENAME TO, OWNER TO.
    Name(NameChange),
    /// SET, RESET (`None`) of a setting; the setting `None` = RESET ALL.
    Set(Option<String>, Option<Vec<String>>),
    /// Options: accepted.
    Options(Vec<(String, String)>),
}

/// What DROP removes.
#[derive(Clone, Debug)]
pub enum DropObject {
    /// A table.
    Table(Arc<TableDescriptor>),
    /// A view.
    View(Arc<TableDescriptor>),
    /// An index.
    Index(Arc<TableDescriptor>, IndexId),
    /// A sequence.
    Sequence(Arc<SequenceDescriptor>),
    /// A schema.
    Schema(String),
    /// A database.
    Database(String),
    /// A role.
    Role(String),
}

/// DROP.
#[derive(Clone, Debug)]
pub struct Drop {
    /// What. Schemas, databases and roles by name: `exec` looks them up, and minds `if_exists`.
    pub objects: Vec<DropObject>,
    /// IF EXISTS.
    pub if_exists: bool,
    /// Objects that IF EXISTS skipped: texts of the notices, e.g. `table "t" does not exist, skipping`.
    pub skipped: Vec<String>,
    /// CASCADE.
    pub cascade: bool,
}

/// CREATE VIEW.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// Name.
    pub name: NewName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// Columns that come out: names (after a column list) and types.
    pub columns: Vec<(String, ColumnType)>,
    /// The query's text; a column list has been taken into account by `columns` alone.
    pub query: String,
    /// Names of the schemas in the search path, for `RelationKind::View::search_path`.
    pub search_path: Vec<String>,
    /// Tables and views it reads.
    pub depends_on: Vec<DescriptorId>,
}

/// Format of COPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFormat {
    /// text
    Text,
    /// csv
    Csv,
    /// binary
    Binary,
}

/// Options of COPY, with defaults filled in for the format.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyOptions {
    /// FORMAT
    pub format: CopyFormat,
    /// DELIMITER
    pub delimiter: u8,
    /// NULL
    pub null: String,
    /// HEADER
    pub header: bool,
    /// HEADER MATCH (FROM)
    pub header_match: bool,
    /// QUOTE
    pub quote: u8,
    /// ESCAPE
    pub escape: u8,
    /// FORCE_QUOTE: positions in the copied columns; `None` inside `Some` is `*`.
    pub force_quote: Vec<usize>,
    /// FORCE_NOT_NULL: positions in the copied columns.
    pub force_not_null: Vec<usize>,
    /// FORCE_NULL: positions in the copied columns.
    pub force_null: Vec<usize>,
}

/// COPY.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What.
    pub what: CopyWhat,
    /// Options.
    pub options: CopyOptions,
}

/// Direction and subject of COPY. Files and programs on the server are refused by the binder (0A000).
#[derive(Clone, Debug)]
pub enum CopyWhat {
    /// COPY table TO STDOUT, COPY (query) TO STDOUT: rows of this.
    To(Query),
    /// COPY table FROM STDIN.
    From {
        /// Into.
        table: Arc<TableDescriptor>,
        /// Positions in `table.columns` of the values in a line, in order.
        columns: Vec<usize>,
        /// Complete rows over the values of a line: one expression per table column.
        row: Vec<Expr>,
        /// CHECK conditions over the table's row.
        checks: Vec<(String, Expr)>,
        /// WHERE, over the table's row.
        filter: Option<Expr>,
    },
}

/// Isolation levels as asked for. All are served as serializable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationLevel {
    /// READ UNCOMMITTED
    ReadUncommitted,
    /// READ COMMITTED
    ReadCommitted,
    /// REPEATABLE READ
    RepeatableRead,
    /// SERIALIZABLE
    Serializable,
}

impl IsolationLevel {
    /// As SHOW transaction_isolation says it.
    pub fn name(self) -> &'static str {
        match self {
            IsolationLevel::ReadUncommitted => "read uncommitted",
            IsolationLevel::ReadCommitted => "read committed",
            IsolationLevel::RepeatableRead => "repeatable read",
            IsolationLevel::Serializable => "serializable",
        }
    }
}

/// Modes of a transaction; `None` = not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionModes {
    /// ISOLATION LEVEL
    pub isolation: Option<IsolationLevel>,
    /// READ ONLY (true), READ WRITE (false)
    pub read_only: Option<bool>,
    /// DEFERRABLE
    pub deferrable: Option<bool>,
    /// SET TRANSACTION SNAPSHOT
    pub snapshot: Option<String>,
}

/// Direction of FETCH and MOVE. `None` as a count is ALL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchDirection {
    /// NEXT, FORWARD n, n; negative counts go back.
    Forward(Option<i64>),
    /// PRIOR, BACKWARD n.
    Backward(Option<i64>),
    /// FIRST, LAST (-1), ABSOLUTE n.
    Absolute(i64),
    /// RELATIVE n.
    Relative(i64),
}

/// What a comment is on.
#[derive(Clone, Debug)]
pub enum CommentObject {
    /// A table or view, or one of its columns.
    Table(Arc<TableDescriptor>, Option<ColumnId>),
    /// An index.
    Index(Arc<TableDescriptor>, IndexId),
    /// A sequence.
    Sequence(Arc<SequenceDescriptor>),
    /// A schema.
    Schema(String),
    /// A database.
    Database(String),
    /// A role.
    Role(String),
    /// A constraint of a table.
    Constraint(Arc<TableDescriptor>, String),
}

/// Options of a role; `None` = not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleOptions {
    /// CREATE USER: LOGIN is the default.
    pub user: bool,
    /// SUPERUSER
    pub superuser: Option<bool>,
    /// CREATEDB
    pub create_db: Option<bool>,
    /// CREATEROLE
    pub create_role: Option<bool>,
    /// INHERIT
    pub inherit: Option<bool>,
    /// LOGIN
    pub login: Option<bool>,
    /// REPLICATION
    pub replication: Option<bool>,
    /// BYPASSRLS
    pub bypass_rls: Option<bool>,
    /// CONNECTION LIMIT
    pub connection_limit: Option<i32>,
    /// PASSWORD; `Some(None)` = NULL.
    pub password: Option<Option<String>>,
    /// VALID UNTIL
    pub valid_until: Option<String>,
    /// IN ROLE
    pub in_roles: Vec<String>,
    /// ROLE, USER: members.
    pub members: Vec<String>,
    /// ADMIN
    pub admins: Vec<String>,
}

/// GRANT and REVOKE.
#[derive(Clone, Debug)]
pub struct Grant {
    /// REVOKE.
    pub revoke: bool,
    /// Privileges with their columns; empty = ALL. Of a role grant: the roles.
    pub privileges: Vec<(String, Vec<String>)>,
    /// On what; `None` for GRANT role TO role.
    pub objects: GrantObjects,
    /// To whom (`public` for PUBLIC).
    pub grantees: Vec<String>,
    /// WITH GRANT OPTION, GRANT OPTION FOR, WITH ADMIN OPTION.
    pub grant_option: bool,
    /// CASCADE.
    pub cascade: bool,
}

/// Objects of a GRANT.
#[derive(Clone, Debug)]
pub enum GrantObjects {
    /// Membership in roles.
    Roles,
    /// Tables and views.
    Tables(Vec<Arc<TableDescriptor>>),
    /// Sequences.
    Sequences(Vec<Arc<SequenceDescriptor>>),
    /// All tables in these schemas.
    AllTables(Vec<String>),
    /// All sequences in these schemas.
    AllSequences(Vec<String>),
    /// Schemas.
    Schemas(Vec<String>),
    /// Databases.
    Databases(Vec<String>),
    /// Functions, types, languages …: accepted. Their kind and names.
    Others(String, Vec<String>),
}

/// DISCARD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// ALL
    All,
    /// PLANS
    Plans,
    /// SEQUENCES
    Sequences,
    /// TEMP
    Temp,
}

/// Modes of LOCK TABLE, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableLockMode {
    /// ACCESS SHARE
    AccessShare,
    /// ROW SHARE
    RowShare,
    /// ROW EXCLUSIVE
    RowExclusive,
    /// SHARE UPDATE EXCLUSIVE
    ShareUpdateExclusive,
    /// SHARE
    Share,
    /// SHARE ROW EXCLUSIVE
    ShareRowExclusive,
    /// EXCLUSIVE
    Exclusive,
    /// ACCESS EXCLUSIVE
    AccessExclusive,
}
