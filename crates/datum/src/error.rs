//! [`Error`]: an SQL error as PostgreSQL reports it. Built here, carried unchanged to the wire.

use std::fmt;

/// SQLSTATE codes in use. Five characters each, as PostgreSQL assigns them.
pub mod sqlstate {
    macro_rules! codes { ($($name:ident = $code:literal;)*) => { $(#[doc = $code] pub const $name: &str = $code;)* } }
    codes! {
        SUCCESSFUL_COMPLETION = "00000"; WARNING = "01000";
        CONNECTION_FAILURE = "08006"; PROTOCOL_VIOLATION = "08P01";
        FEATURE_NOT_SUPPORTED = "0A000"; CARDINALITY_VIOLATION = "21000";
        STRING_DATA_RIGHT_TRUNCATION = "22001"; NUMERIC_VALUE_OUT_OF_RANGE = "22003";
        NULL_VALUE_NOT_ALLOWED = "22004"; INVALID_DATETIME_FORMAT = "22007";
        DATETIME_FIELD_OVERFLOW = "22008"; INVALID_TIME_ZONE = "22009"; SUBSTRING_ERROR = "22011";
        DIVISION_BY_ZERO = "22012"; INTERVAL_FIELD_OVERFLOW = "22015"; INVALID_ARGUMENT_FOR_LOG = "2201E";
        INVALID_ARGUMENT_FOR_POWER = "2201F"; INVALID_ARGUMENT_FOR_WIDTH_BUCKET = "2201G";
        SEQUENCE_GENERATOR_LIMIT_EXCEEDED = "2200H"; INVALID_ROW_COUNT_IN_LIMIT = "2201W"; INVALID_ROW_COUNT_IN_OFFSET = "2201X";
        INVALID_REGULAR_EXPRESSION = "2201B"; INVALID_ESCAPE_SEQUENCE = "22025"; INVALID_ESCAPE_CHARACTER = "22019";
        CHARACTER_NOT_IN_REPERTOIRE = "22021"; INVALID_PARAMETER_VALUE = "22023"; ARRAY_SUBSCRIPT_ERROR = "2202E";
        INVALID_TEXT_REPRESENTATION = "22P02"; INVALID_BINARY_REPRESENTATION = "22P03";
        BAD_COPY_FILE_FORMAT = "22P04"; UNTRANSLATABLE_CHARACTER = "22P05"; INVALID_JSON_TEXT = "22032";
        RESTRICT_VIOLATION = "23001"; NOT_NULL_VIOLATION = "23502"; FOREIGN_KEY_VIOLATION = "23503";
        UNIQUE_VIOLATION = "23505"; CHECK_VIOLATION = "23514"; INVALID_CURSOR_STATE = "24000";
        INVALID_TRANSACTION_STATE = "25000"; ACTIVE_SQL_TRANSACTION = "25001";
        READ_ONLY_SQL_TRANSACTION = "25006"; NO_ACTIVE_SQL_TRANSACTION = "25P01"; IN_FAILED_SQL_TRANSACTION = "25P02";
        IDLE_IN_TRANSACTION_SESSION_TIMEOUT = "25P03";
        INVALID_SQL_STATEMENT_NAME = "26000"; INVALID_AUTHORIZATION = "28000"; INVALID_PASSWORD = "28P01";
        DEPENDENT_OBJECTS_STILL_EXIST = "2BP01"; INVALID_CURSOR_NAME = "34000"; INVALID_SAVEPOINT = "3B001";
        INVALID_CATALOG_NAME = "3D000"; INVALID_SCHEMA_NAME = "3F000";
        SERIALIZATION_FAILURE = "40001"; STATEMENT_COMPLETION_UNKNOWN = "40003"; DEADLOCK_DETECTED = "40P01";
        SYNTAX_ERROR = "42601"; INSUFFICIENT_PRIVILEGE = "42501"; CANNOT_COERCE = "42846"; GROUPING_ERROR = "42803";
        WINDOWING_ERROR = "42P20"; INVALID_RECURSION = "42P19"; INVALID_FOREIGN_KEY = "42830"; INVALID_NAME = "42602";
        NAME_TOO_LONG = "42622"; RESERVED_NAME = "42939"; DATATYPE_MISMATCH = "42804"; INDETERMINATE_DATATYPE = "42P18";
        COLLATION_MISMATCH = "42P21"; WRONG_OBJECT_TYPE = "42809"; GENERATED_ALWAYS = "428C9"; UNDEFINED_COLUMN = "42703";
        UNDEFINED_FUNCTION = "42883"; UNDEFINED_TABLE = "42P01"; UNDEFINED_PARAMETER = "42P02"; UNDEFINED_OBJECT = "42704";
        DUPLICATE_COLUMN = "42701"; DUPLICATE_CURSOR = "42P03"; DUPLICATE_DATABASE = "42P04"; DUPLICATE_FUNCTION = "42723";
        DUPLICATE_PREPARED_STATEMENT = "42P05"; DUPLICATE_SCHEMA = "42P06"; DUPLICATE_TABLE = "42P07";
        DUPLICATE_ALIAS = "42712"; DUPLICATE_OBJECT = "42710"; AMBIGUOUS_COLUMN = "42702"; AMBIGUOUS_FUNCTION = "42725";
        AMBIGUOUS_PARAMETER = "42P08"; AMBIGUOUS_ALIAS = "42P09"; INVALID_COLUMN_REFERENCE = "42P10";
        INVALID_COLUMN_DEFINITION = "42611"; INVALID_TABLE_DEFINITION = "42P16"; INVALID_OBJECT_DEFINITION = "42P17";
        WITH_CHECK_OPTION_VIOLATION = "44000"; DISK_FULL = "53100"; OUT_OF_MEMORY = "53200"; TOO_MANY_CONNECTIONS = "53300";
        PROGRAM_LIMIT_EXCEEDED = "54000"; STATEMENT_TOO_COMPLEX = "54001"; TOO_MANY_COLUMNS = "54011";
        TOO_MANY_ARGUMENTS = "54023"; OBJECT_NOT_IN_PREREQUISITE_STATE = "55000"; OBJECT_IN_USE = "55006";
        LOCK_NOT_AVAILABLE = "55P03"; CANT_CHANGE_RUNTIME_PARAM = "55P02";
        QUERY_CANCELED = "57014"; ADMIN_SHUTDOWN = "57P01"; CANNOT_CONNECT_NOW = "57P03";
        SYSTEM_ERROR = "58000"; IO_ERROR = "58030"; SNAPSHOT_TOO_OLD = "72000"; INTERNAL_ERROR = "XX000"; DATA_CORRUPTED = "XX001";
    }
}

/// The result of anything that can fail with an SQL error.
pub type Result<T> = std::result::Result<T, Error>;

/// An SQL error: code, primary message (lower case, no full stop), and PostgreSQL's optional fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Fields>);

/// What an error may carry.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fields {
    /// SQLSTATE.
    pub code: &'static str,
    /// Primary message.
    pub message: String,
    /// DETAIL.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// Character position in the statement, from 1.
    pub position: Option<usize>,
    /// Object names, as PostgreSQL sends them with constraint violations.
    pub schema: Option<String>,
    /// Table.
    pub table: Option<String>,
    /// Column.
    pub column: Option<String>,
    /// Data type.
    pub data_type: Option<String>,
    /// Constraint.
    pub constraint: Option<String>,
    /// CONTEXT.
    pub context: Option<String>,
}

impl Error {
    /// An error of this code and message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Error {
        Error(Box::new(Fields { code, message: message.into(), ..Fields::default() }))
    }

    /// 0A000.
    pub fn unsupported(what: impl fmt::Display) -> Error {
        Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("{what} is not supported"))
    }

    /// XX000: a bug of ours that need not bring the node down.
    pub fn internal(what: impl Into<String>) -> Error {
        Error::new(sqlstate::INTERNAL_ERROR, what)
    }

    /// SQLSTATE.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// All fields.
    pub fn fields(&self) -> &Fields {
        &self.0
    }

    /// All fields, to be changed.
    pub fn fields_mut(&mut self) -> &mut Fields {
        &mut self.0
    }

    /// With DETAIL.
    pub fn detail(mut self, detail: impl Into<String>) -> Error {
        self.0.detail = Some(detail.into());
        self
    }

    /// With HINT.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// With a position, unless it has one.
    pub fn at(mut self, position: usize) -> Error {
        self.0.position.get_or_insert(position);
        self
    }

    /// With the table it concerns.
    pub fn table(mut self, schema: impl Into<String>, table: impl Into<String>) -> Error {
        self.0.schema = Some(schema.into());
        self.0.table = Some(table.into());
        self
    }

    /// With the column it concerns.
    pub fn column(mut self, column: impl Into<String>) -> Error {
        self.0.column = Some(column.into());
        self
    }

    /// With the constraint it concerns.
    pub fn constraint(mut self, constraint: impl Into<String>) -> Error {
        self.0.constraint = Some(constraint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl std::error::Error for Error {}
