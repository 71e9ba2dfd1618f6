//! SQL types as PostgreSQL names and numbers them.

use std::fmt;

/// A type. `Array` holds its element type; there are no arrays of arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// boolean
    Bool,
    /// smallint
    Int2,
    /// integer
    Int4,
    /// bigint
    Int8,
    /// real
    Float4,
    /// double precision
    Float8,
    /// numeric
    Numeric,
    /// text
    Text,
    /// character varying
    Varchar,
    /// character (blank-padded)
    Bpchar,
    /// "char": one byte, as in pg_catalog
    Char,
    /// name: 63 bytes at most
    Name,
    /// bytea
    Bytea,
    /// date
    Date,
    /// time without time zone
    Time,
    /// time with time zone
    TimeTz,
    /// timestamp without time zone
    Timestamp,
    /// timestamp with time zone
    TimestampTz,
    /// interval
    Interval,
    /// uuid
    Uuid,
    /// json
    Json,
    /// jsonb
    Jsonb,
    /// oid
    Oid,
    /// regclass
    RegClass,
    /// regtype
    RegType,
    /// regproc
    RegProc,
    /// regnamespace
    RegNamespace,
    /// regoper
    RegOper,
    /// regoperator
    RegOperator,
    /// regprocedure
    RegProcedure,
    /// regconfig
    RegConfig,
    /// regdictionary
    RegDictionary,
    /// regrole
    RegRole,
    /// regcollation
    RegCollation,
    /// int2vector (pg_index.indkey)
    Int2Vector,
    /// oidvector
    OidVector,
    /// xid
    Xid,
    /// pg_node_tree and other catalog-only text
    NodeTree,
    /// A row value.
    Record,
    /// void
    Void,
    /// The type of a quoted literal or NULL before it is resolved.
    Unknown,
    /// An array of the element type.
    Array(&'static Type),
}

/// What pg_type says of a type that is no array.
#[derive(Clone, Copy, Debug)]
pub struct TypeFacts {
    /// The type.
    pub ty: Type,
    /// typname
    pub name: &'static str,
    /// oid
    pub oid: u32,
    /// typarray, 0 if there is no array of it.
    pub array_oid: u32,
    /// typlen: bytes, -1 variable, -2 a C string.
    pub len: i16,
    /// typbyval
    pub by_value: bool,
    /// typcategory
    pub category: char,
    /// typispreferred
    pub preferred: bool,
    /// typinput, typoutput, typreceive, typsend.
    pub functions: [&'static str; 4],
    /// typalign
    pub align: char,
    /// typstorage
    pub storage: char,
    /// typcollation
    pub collation: u32,
    /// What format_type says.
    pub sql_name: &'static str,
}

#[allow(clippy::too_many_arguments)]
const fn f(
    ty: Type,
    name: &'static str,
    oid: u32,
    array_oid: u32,
    len: i16,
    by_value: bool,
    category: char,
    preferred: bool,
    functions: [&'static str; 4],
    align: char,
    storage: char,
    collation: u32,
    sql_name: &'static str,
) -> TypeFacts {
    TypeFacts {
        ty,
        name,
        oid,
        array_oid,
        len,
        by_value,
        category,
        preferred,
        functions,
        align,
        storage,
        collation,
        sql_name,
    }
}

/// All types that are no arrays, by OID.
#[rustfmt::skip]
pub static TYPES: &[TypeFacts] = &[
    f(Type::Bool, "bool", 16, 1000, 1, true, 'B', true, ["boolin", "boolout", "boolrecv", "boolsend"], 'c', 'p', 0, "boolean"),
    f(Type::Bytea, "bytea", 17, 1001, -1, false, 'U', false, ["byteain", "byteaout", "bytearecv", "byteasend"], 'i', 'x', 0, "bytea"),
    f(Type::Char, "char", 18, 1002, 1, true, 'Z', false, ["charin", "charout", "charrecv", "charsend"], 'c', 'p', 0, "\"char\""),
    f(Type::Name, "name", 19, 1003, 64, false, 'S', false, ["namein", "nameout", "namerecv", "namesend"], 'c', 'p', 950, "name"),
    f(Type::Int8, "int8", 20, 1016, 8, true, 'N', false, ["int8in", "int8out", "int8recv", "int8send"], 'd', 'p', 0, "bigint"),
    f(Type::Int2, "int2", 21, 1005, 2, true, 'N', false, ["int2in", "int2out", "int2recv", "int2send"], 's', 'p', 0, "smallint"),
    f(Type::Int2Vector, "int2vector", 22, 1006, -1, false, 'A', false, ["int2vectorin", "int2vectorout", "int2vectorrecv", "int2vectorsend"], 'i', 'p', 0, "int2vector"),
    f(Type::Int4, "int4", 23, 1007, 4, true, 'N', false, ["int4in", "int4out", "int4recv", "int4send"], 'i', 'p', 0, "integer"),
    f(Type::RegProc, "regproc", 24, 1008, 4, true, 'N', false, ["regprocin", "regprocout", "regprocrecv", "regprocsend"], 'i', 'p', 0, "regproc"),
    f(Type::Text, "text", 25, 1009, -1, false, 'S', true, ["textin", "textout", "textrecv", "textsend"], 'i', 'x', 100, "text"),
    f(Type::Oid, "oid", 26, 1028, 4, true, 'N', true, ["oidin", "oidout", "oidrecv", "oidsend"], 'i', 'p', 0, "oid"),
    f(Type::Xid, "xid", 28, 1011, 4, true, 'U', false, ["xidin", "xidout", "xidrecv", "xidsend"], 'i', 'p', 0, "xid"),
    f(Type::OidVector, "oidvector", 30, 1013, -1, false, 'A', false, ["oidvectorin", "oidvectorout", "oidvectorrecv", "oidvectorsend"], 'i', 'p', 0, "oidvector"),
    f(Type::Json, "json", 114, 199, -1, false, 'U', false, ["json_in", "json_out", "json_recv", "json_send"], 'i', 'x', 0, "json"),
    f(Type::NodeTree, "pg_node_tree", 194, 0, -1, false, 'Z', false, ["pg_node_tree_in", "pg_node_tree_out", "pg_node_tree_recv", "pg_node_tree_send"], 'i', 'x', 100, "pg_node_tree"),
    f(Type::Float4, "float4", 700, 1021, 4, true, 'N', false, ["float4in", "float4out", "float4recv", "float4send"], 'i', 'p', 0, "real"),
    f(Type::Float8, "float8", 701, 1022, 8, true, 'N', true, ["float8in", "float8out", "float8recv", "float8send"], 'd', 'p', 0, "double precision"),
    f(Type::Unknown, "unknown", 705, 0, -2, false, 'X', false, ["unknownin", "unknownout", "unknownrecv", "unknownsend"], 'c', 'p', 0, "unknown"),
    f(Type::Bpchar, "bpchar", 1042, 1014, -1, false, 'S', false, ["bpcharin", "bpcharout", "bpcharrecv", "bpcharsend"], 'i', 'x', 100, "character"),
    f(Type::Varchar, "varchar", 1043, 1015, -1, false, 'S', false, ["varcharin", "varcharout", "varcharrecv", "varcharsend"], 'i', 'x', 100, "character varying"),
    f(Type::Date, "date", 1082, 1182, 4, true, 'D', false, ["date_in", "date_out", "date_recv", "date_send"], 'i', 'p', 0, "date"),
    f(Type::Time, "time", 1083, 1183, 8, true, 'D', false, ["time_in", "time_out", "time_recv", "time_send"], 'd', 'p', 0, "time without time zone"),
    f(Type::Timestamp, "timestamp", 1114, 1115, 8, true, 'D', false, ["timestamp_in", "timestamp_out", "timestamp_recv", "timestamp_send"], 'd', 'p', 0, "timestamp without time zone"),
    f(Type::TimestampTz, "timestamptz", 1184, 1185, 8, true, 'D', true, ["timestamptz_in", "timestamptz_out", "timestamptz_recv", "timestamptz_send"], 'd', 'p', 0, "timestamp with time zone"),
    f(Type::Interval, "interval", 1186, 1187, 16, false, 'T', true, ["interval_in", "interval_out", "interval_recv", "interval_send"], 'd', 'p', 0, "interval"),
    f(Type::TimeTz, "timetz", 1266, 1270, 12, false, 'D', false, ["timetz_in", "timetz_out", "timetz_recv", "timetz_send"], 'd', 'p', 0, "time with time zone"),
    f(Type::Numeric, "numeric", 1700, 1231, -1, false, 'N', false, ["numeric_in", "numeric_out", "numeric_recv", "numeric_send"], 'i', 'm', 0, "numeric"),
    f(Type::RegProcedure, "regprocedure", 2202, 2207, 4, true, 'N', false, ["regprocedurein", "regprocedureout", "regprocedurerecv", "regproceduresend"], 'i', 'p', 0, "regprocedure"),
    f(Type::RegOper, "regoper", 2203, 2208, 4, true, 'N', false, ["regoperin", "regoperout", "regoperrecv", "regopersend"], 'i', 'p', 0, "regoper"),
    f(Type::RegOperator, "regoperator", 2204, 2209, 4, true, 'N', false, ["regoperatorin", "regoperatorout", "regoperatorrecv", "regoperatorsend"], 'i', 'p', 0, "regoperator"),
    f(Type::RegClass, "regclass", 2205, 2210, 4, true, 'N', false, ["regclassin", "regclassout", "regclassrecv", "regclasssend"], 'i', 'p', 0, "regclass"),
    f(Type::RegType, "regtype", 2206, 2211, 4, true, 'N', false, ["regtypein", "regtypeout", "regtyperecv", "regtypesend"], 'i', 'p', 0, "regtype"),
    f(Type::Record, "record", 2249, 2287, -1, false, 'P', false, ["record_in", "record_out", "record_recv", "record_send"], 'd', 'x', 0, "record"),
    f(Type::Void, "void", 2278, 0, 4, true, 'P', false, ["void_in", "void_out", "void_recv", "void_send"], 'i', 'p', 0, "void"),
    f(Type::Uuid, "uuid", 2950, 2951, 16, false, 'U', false, ["uuid_in", "uuid_out", "uuid_recv", "uuid_send"], 'c', 'p', 0, "uuid"),
    f(Type::RegConfig, "regconfig", 3734, 3735, 4, true, 'N', false, ["regconfigin", "regconfigout", "regconfigrecv", "regconfigsend"], 'i', 'p', 0, "regconfig"),
    f(Type::RegDictionary, "regdictionary", 3769, 3770, 4, true, 'N', false, ["regdictionaryin", "regdictionaryout", "regdictionaryrecv", "regdictionarysend"], 'i', 'p', 0, "regdictionary"),
    f(Type::Jsonb, "jsonb", 3802, 3807, -1, false, 'U', false, ["jsonb_in", "jsonb_out", "jsonb_recv", "jsonb_send"], 'i', 'x', 0, "jsonb"),
    f(Type::RegNamespace, "regnamespace", 4089, 4090, 4, true, 'N', false, ["regnamespacein", "regnamespaceout", "regnamespacerecv", "regnamespacesend"], 'i', 'p', 0, "regnamespace"),
    f(Type::RegRole, "regrole", 4096, 4097, 4, true, 'N', false, ["regrolein", "regroleout", "regrolerecv", "regrolesend"], 'i', 'p', 0, "regrole"),
    f(Type::RegCollation, "regcollation", 4191, 4192, 4, true, 'N', false, ["regcollationin", "regcollationout", "regcollationrecv", "regcollationsend"], 'i', 'p', 0, "regcollation"),
];

impl Type {
    /// What pg_type says of it; of an array, what it says of the element type.
    pub fn facts(self) -> &'static TypeFacts {
        let base = match self {
            Type::Array(element) => *element,
            other => other,
        };
        // The table is short and complete (a test checks that), and the loop is off every hot path.
        TYPES.iter().find(|facts| facts.ty == base).unwrap_or(&TYPES[0])
    }

    /// The pg_type OID.
    pub fn oid(self) -> u32 {
        match self {
            Type::Array(element) => element.facts().array_oid,
            other => other.facts().oid,
        }
    }

    /// The type of this pg_type OID.
    pub fn from_oid(oid: u32) -> Option<Type> {
        if oid == 0 {
            return None;
        }
        TYPES.iter().find_map(|facts| {
            if facts.oid == oid {
                Some(facts.ty)
            } else if facts.array_oid == oid {
                Some(Type::Array(&facts.ty))
            } else {
                None
            }
        })
    }

    /// The type of arrays of this type, if there is one: not of arrays, pg_node_tree, unknown and void.
    pub fn array_of(self) -> Option<Type> {
        match self {
            Type::Array(_) => None,
            other => {
                Some(other.facts()).filter(|facts| facts.array_oid != 0).map(|facts| Type::Array(&facts.ty))
            }
        }
    }

    /// The element type of an array, int2vector or oidvector.
    pub fn element(self) -> Option<Type> {
        match self {
            Type::Array(element) => Some(*element),
            Type::Int2Vector => Some(Type::Int2),
            Type::OidVector => Some(Type::Oid),
            _ => None,
        }
    }

    /// typname: `int4`, `_int4`.
    pub fn pg_name(self) -> std::borrow::Cow<'static, str> {
        match self {
            Type::Array(element) => format!("_{}", element.facts().name).into(),
            other => other.facts().name.into(),
        }
    }

    /// typlen
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> i16 {
        match self {
            Type::Array(_) => -1,
            other => other.facts().len,
        }
    }

    /// typcategory
    pub fn category(self) -> char {
        match self {
            Type::Array(_) => 'A',
            other => other.facts().category,
        }
    }

    /// typispreferred
    pub fn is_preferred(self) -> bool {
        !matches!(self, Type::Array(_)) && self.facts().preferred
    }

    /// Whether it is text, varchar, bpchar, name, "char", unknown or pg_node_tree: held as [`crate::Datum::Text`].
    pub fn is_textual(self) -> bool {
        use Type::*;
        matches!(self, Text | Varchar | Bpchar | Char | Name | Unknown | NodeTree)
    }

    /// Whether it is one of the types held as [`crate::Datum::Oid`].
    pub fn is_oid(self) -> bool {
        use Type::*;
        matches!(self, Oid | Xid) || self.is_object()
    }

    /// Whether it is regclass or one of its kin: shown by name, held as an OID.
    pub fn is_object(self) -> bool {
        use Type::*;
        matches!(
            self,
            RegClass
                | RegType
                | RegProc
                | RegNamespace
                | RegOper
                | RegOperator
                | RegProcedure
                | RegConfig
                | RegDictionary
                | RegRole
                | RegCollation
        )
    }

    /// Whether it is smallint, integer, bigint, real, double precision or numeric.
    pub fn is_numeric(self) -> bool {
        use Type::*;
        matches!(self, Int2 | Int4 | Int8 | Float4 | Float8 | Numeric)
    }

    /// The type of this name in pg_catalog or of one of SQL's names for it, in lower case, without modifier:
    /// `int`, `int4`, `integer`, `double precision`, `timestamp with time zone`, `_int4`, `integer[]`.
    pub fn from_name(name: &str) -> Option<Type> {
        if let Some(element) = name.strip_suffix("[]") {
            return Type::from_name(element.trim_end())?.array_of();
        }
        let alias = match name {
            "boolean" => Type::Bool,
            "smallint" => Type::Int2,
            "int" | "integer" => Type::Int4,
            "bigint" => Type::Int8,
            "real" => Type::Float4,
            "float" | "double precision" => Type::Float8,
            "decimal" | "dec" => Type::Numeric,
            "character varying" | "char varying" | "nchar varying" | "national character varying" => {
                Type::Varchar
            }
            "character" | "nchar" | "national character" => Type::Bpchar,
            "\"char\"" => Type::Char,
            "time without time zone" => Type::Time,
            "time with time zone" => Type::TimeTz,
            "timestamp without time zone" => Type::Timestamp,
            "timestamp with time zone" => Type::TimestampTz,
            // `char` is SQL's character; pg_catalog's own "char" needs the quotes.
            "char" => Type::Bpchar,
            other => {
                if let Some(element) = other.strip_prefix('_') {
                    return TYPES.iter().find(|facts| facts.name == element)?.ty.array_of();
                }
                return TYPES.iter().find(|facts| facts.name == other).map(|facts| facts.ty);
            }
        };
        Some(alias)
    }
}

/// SQL's name: `integer`, `timestamp without time zone`, `integer[]`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Array(element) => write!(f, "{}[]", element.facts().sql_name),
            other => f.write_str(other.facts().sql_name),
        }
    }
}

/// A type with its modifier: varchar(n) and bpchar(n) have n + 4, numeric(p,s) ((p << 16) | s) + 4,
/// time/timestamp/interval precision, -1 = none; as PostgreSQL's atttypmod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnType {
    /// The type.
    pub ty: Type,
    /// Its modifier, -1 if none.
    pub typmod: i32,
}

impl ColumnType {
    /// The type without a modifier.
    pub const fn plain(ty: Type) -> ColumnType {
        ColumnType { ty, typmod: -1 }
    }
}

impl ColumnType {
    /// A type with a modifier.
    pub const fn with_typmod(ty: Type, typmod: i32) -> ColumnType {
        ColumnType { ty, typmod }
    }

    /// varchar(n) and character(n).
    pub const fn with_length(ty: Type, length: i32) -> ColumnType {
        ColumnType { ty, typmod: length + 4 }
    }

    /// numeric(precision, scale); the scale may be negative.
    pub const fn numeric(precision: i32, scale: i32) -> ColumnType {
        ColumnType { ty: Type::Numeric, typmod: ((precision << 16) | (scale & 0x7ff)) + 4 }
    }

    /// The modifier of numeric as (precision, scale).
    pub const fn precision_scale(self) -> Option<(i32, i32)> {
        if self.typmod < 4 {
            return None;
        }
        let packed = self.typmod - 4;
        Some(((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024))
    }

    /// The n of varchar(n) and character(n).
    pub const fn length(self) -> Option<usize> {
        if self.typmod < 4 { None } else { Some((self.typmod - 4) as usize) }
    }

    /// The element's type and modifier (PostgreSQL keeps an array's modifier for its elements).
    pub fn element(self) -> Option<ColumnType> {
        self.ty.element().map(|ty| ColumnType { ty, typmod: self.typmod })
    }
}

/// What format_type says: `character varying(20)`, `numeric(10,2)`, `timestamp(3) without time zone`.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, array) = match self.ty {
            Type::Array(element) => (*element, true),
            other => (other, false),
        };
        let typmod = self.typmod;
        if typmod < 0 {
            // `character` means character(1), so that the unlimited one goes by its own name.
            f.write_str(if base == Type::Bpchar { "bpchar" } else { base.facts().sql_name })?;
        } else {
            match base {
                Type::Varchar | Type::Bpchar => write!(f, "{}({})", base.facts().sql_name, typmod - 4)?,
                Type::Numeric => match self.precision_scale() {
                    Some((precision, scale)) => write!(f, "numeric({precision},{scale})")?,
                    None => f.write_str("numeric")?,
                },
                Type::Time => write!(f, "time({typmod}) without time zone")?,
                Type::TimeTz => write!(f, "time({typmod}) with time zone")?,
                Type::Timestamp => write!(f, "timestamp({typmod}) without time zone")?,
                Type::TimestampTz => write!(f, "timestamp({typmod}) with time zone")?,
                Type::Interval => f.write_str(&crate::datetime::interval_typmod_name(typmod))?,
                other => f.write_str(other.facts().sql_name)?,
            }
        }
        if array { f.write_str("[]") } else { Ok(()) }
    }
}

impl From<Type> for ColumnType {
    fn from(ty: Type) -> ColumnType {
        ColumnType::plain(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oids_and_names_lead_back() {
        for facts in TYPES {
            assert_eq!(facts.ty.facts().oid, facts.oid, "{facts:?}");
            assert_eq!(Type::from_oid(facts.oid), Some(facts.ty));
            if facts.ty != Type::Char {
                assert_eq!(Type::from_name(facts.name), Some(facts.ty));
            }
            assert_eq!(Type::from_name(facts.sql_name), Some(facts.ty));
            if let Some(array) = facts.ty.array_of() {
                assert_eq!(Type::from_oid(array.oid()), Some(array));
                assert_eq!(Type::from_name(&array.pg_name()), Some(array));
                assert_eq!(array.element(), Some(facts.ty));
            }
        }
        assert_eq!(Type::from_oid(0), None);
        assert_eq!(Type::from_name("nothing"), None);
    }

    #[test]
    fn modifiers_are_named_as_format_type_names_them() {
        let interval = |typmod| ColumnType::with_typmod(Type::Interval, typmod).to_string();
        // What pg_attribute.atttypmod holds for such columns.
        assert_eq!(interval(470_286_339), "interval day to second(3)");
        assert_eq!(interval(327_679), "interval year");
        assert_eq!(interval(2_147_418_114), "interval(2)");
        assert_eq!(interval(201_392_127), "interval hour to minute");
        assert_eq!(ColumnType::with_typmod(Type::Numeric, 198_658).to_string(), "numeric(3,-2)");
        assert_eq!(ColumnType::numeric(3, -2).typmod, 198_658);
        assert_eq!(ColumnType::with_length(Type::Bpchar, 1).to_string(), "character(1)");
        assert_eq!(ColumnType::plain(Type::Bpchar).to_string(), "bpchar");
        assert_eq!(ColumnType::plain(Type::Array(&Type::Bpchar)).to_string(), "bpchar[]");
        assert_eq!(Type::Array(&Type::Bpchar).to_string(), "character[]");
        assert_eq!(ColumnType::with_length(Type::Varchar, 20).to_string(), "character varying(20)");
        assert_eq!(ColumnType::with_typmod(Type::Timestamp, 3).to_string(), "timestamp(3) without time zone");
    }
}
