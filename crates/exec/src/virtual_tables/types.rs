//! pg_type and its kin: what PostgreSQL's own objects are. The same for every session.

use datum::types::TYPES;
use datum::{Batch, Datum, Result, Type};

use super::columns::*;
use super::columns_rest::*;
use super::procs::io_function;
use super::rows::{Rows, text};
use super::{VirtualContext, VirtualTable, catalog_table};
use crate::catalog::system;

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_type", &PG_TYPE, pg_type),
    catalog_table("pg_am", &PG_AM, am),
    catalog_table("pg_opclass", &PG_OPCLASS, opclass),
    catalog_table("pg_opfamily", &PG_OPFAMILY, opfamily),
    catalog_table("pg_amop", &PG_AMOP, amop),
    catalog_table("pg_collation", &PG_COLLATION, collation),
    catalog_table("pg_language", &PG_LANGUAGE, language),
];

const CATALOG: Datum = Datum::Oid(system::PG_CATALOG.0);
const ROOT: Datum = Datum::Oid(system::ROOT.0);

/// Types of parameters that are no types of values: OID, name, length, alignment.
pub const PSEUDO_TYPES: &[(u32, &str, i16, &str)] = &[
    (2275, "cstring", -2, "c"),
    (2276, "any", 4, "i"),
    (2277, "anyarray", -1, "d"),
    (2279, "trigger", 4, "i"),
    (2281, "internal", 8, "d"),
    (2283, "anyelement", 4, "i"),
];

fn pg_type(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_TYPE);
    for facts in TYPES {
        let pseudo = matches!(facts.ty, Type::Record | Type::Void | Type::Unknown);
        rows.push([
            ("oid", Datum::Oid(facts.oid)),
            ("typname", text(facts.name)),
            ("typnamespace", CATALOG),
            ("typowner", ROOT),
            ("typlen", Datum::Int2(facts.len)),
            ("typbyval", Datum::Bool(facts.by_value)),
            ("typtype", text(if pseudo { "p" } else { "b" })),
            ("typcategory", text(facts.category.to_string())),
            ("typispreferred", Datum::Bool(facts.preferred)),
            ("typisdefined", Datum::Bool(true)),
            ("typdelim", text(",")),
            ("typelem", Datum::Oid(facts.ty.element().map_or(0, Type::oid))),
            ("typarray", Datum::Oid(facts.array_oid)),
            ("typinput", io_function(facts.functions[0])),
            ("typoutput", io_function(facts.functions[1])),
            ("typreceive", io_function(facts.functions[2])),
            ("typsend", io_function(facts.functions[3])),
            ("typmodin", io_function(&format!("{}typmodin", facts.name))),
            ("typmodout", io_function(&format!("{}typmodout", facts.name))),
            ("typalign", text(facts.align.to_string())),
            ("typstorage", text(facts.storage.to_string())),
            ("typtypmod", Datum::Int4(-1)),
            ("typcollation", Datum::Oid(facts.collation)),
        ]);
        if facts.array_oid != 0 {
            rows.push([
                ("oid", Datum::Oid(facts.array_oid)),
                ("typname", text(format!("_{}", facts.name))),
                ("typnamespace", CATALOG),
                ("typowner", ROOT),
                ("typlen", Datum::Int2(-1)),
                ("typtype", text("b")),
                ("typcategory", text("A")),
                ("typisdefined", Datum::Bool(true)),
                ("typdelim", text(",")),
                ("typelem", Datum::Oid(facts.oid)),
                ("typsubscript", io_function("array_subscript_handler")),
                ("typinput", io_function("array_in")),
                ("typoutput", io_function("array_out")),
                ("typreceive", io_function("array_recv")),
                ("typsend", io_function("array_send")),
                ("typmodin", io_function(&format!("{}typmodin", facts.name))),
                ("typmodout", io_function(&format!("{}typmodout", facts.name))),
                ("typanalyze", io_function("array_typanalyze")),
                ("typalign", text(if facts.align == 'd' { "d" } else { "i" })),
                ("typstorage", text("x")),
                ("typtypmod", Datum::Int4(-1)),
                ("typcollation", Datum::Oid(facts.collation)),
            ]);
        }
    }
    for (oid, name, len, align) in PSEUDO_TYPES {
        rows.push([
            ("oid", Datum::Oid(*oid)),
            ("typname", text(name)),
            ("typnamespace", CATALOG),
            ("typowner", ROOT),
            ("typlen", Datum::Int2(*len)),
            ("typbyval", Datum::Bool(*len == 4)),
            ("typtype", text("p")),
            ("typcategory", text("P")),
            ("typisdefined", Datum::Bool(true)),
            ("typdelim", text(",")),
            ("typalign", text(align)),
            ("typstorage", text(if *len == -1 { "x" } else { "p" })),
            ("typtypmod", Datum::Int4(-1)),
        ]);
    }
    Ok(rows.done())
}

fn am(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_AM);
    for (oid, name, kind) in [(2, "heap", "t"), (403, "btree", "i")] {
        rows.push([("oid", Datum::Oid(oid)), ("amname", text(name)), ("amtype", text(kind))]);
    }
    Ok(rows.done())
}

/// A default B-tree operator class: type, OID, family, name, name of the family; PostgreSQL's OIDs where they are
/// fixed there.
pub struct OperatorClass {
    /// The type it orders.
    pub ty: Type,
    /// Its OID.
    pub oid: u32,
    /// Its family.
    pub family: u32,
    /// Its name.
    pub name: &'static str,
    /// Its family's name.
    pub family_name: &'static str,
}

const fn o(ty: Type, oid: u32, family: u32, name: &'static str, family_name: &'static str) -> OperatorClass {
    OperatorClass { ty, oid, family, name, family_name }
}

/// The default B-tree operator classes.
pub const OPERATOR_CLASSES: &[OperatorClass] = &[
    o(Type::Bool, 10003, 424, "bool_ops", "bool_ops"),
    o(Type::Bpchar, 10004, 426, "bpchar_ops", "bpchar_ops"),
    o(Type::Bytea, 10006, 428, "bytea_ops", "bytea_ops"),
    o(Type::Char, 10007, 429, "char_ops", "char_ops"),
    o(Type::Date, 3122, 434, "date_ops", "datetime_ops"),
    o(Type::Float4, 10012, 1970, "float4_ops", "float_ops"),
    o(Type::Float8, 3123, 1970, "float8_ops", "float_ops"),
    o(Type::Int2, 1979, 1976, "int2_ops", "integer_ops"),
    o(Type::Int4, 1978, 1976, "int4_ops", "integer_ops"),
    o(Type::Int8, 3124, 1976, "int8_ops", "integer_ops"),
    o(Type::Interval, 10022, 1982, "interval_ops", "interval_ops"),
    o(Type::Jsonb, 10088, 4033, "jsonb_ops", "jsonb_ops"),
    o(Type::Name, 10028, 1994, "name_ops", "text_ops"),
    o(Type::Numeric, 3125, 1988, "numeric_ops", "numeric_ops"),
    o(Type::Oid, 1981, 1989, "oid_ops", "oid_ops"),
    o(Type::OidVector, 10032, 1991, "oidvector_ops", "oidvector_ops"),
    o(Type::Record, 10034, 2994, "record_ops", "record_ops"),
    o(Type::Text, 3126, 1994, "text_ops", "text_ops"),
    o(Type::Time, 10038, 1996, "time_ops", "time_ops"),
    o(Type::Timestamp, 3128, 434, "timestamp_ops", "datetime_ops"),
    o(Type::TimestampTz, 3127, 434, "timestamptz_ops", "datetime_ops"),
    o(Type::TimeTz, 10041, 2000, "timetz_ops", "timetz_ops"),
    o(Type::Uuid, 10065, 2968, "uuid_ops", "uuid_ops"),
];
/// The class that all arrays share, and its family.
const ARRAY_OPERATORS: (u32, u32) = (10000, 397);
const ANY_ARRAY: u32 = 2277;
const BTREE: Datum = Datum::Oid(403);

/// The operator class that an index key of this type has.
pub fn operator_class(ty: Type) -> u32 {
    let ty = if ty == Type::Varchar { Type::Text } else { ty };
    let found = OPERATOR_CLASSES.iter().find(|class| class.ty == ty);
    found.map_or(ARRAY_OPERATORS.0, |class| class.oid)
}

fn opclass(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_OPCLASS);
    let all = OPERATOR_CLASSES.iter().map(|c| (c.oid, c.family, c.name, c.ty.oid()));
    for (oid, family, name, ty) in all.chain([(ARRAY_OPERATORS.0, ARRAY_OPERATORS.1, "array_ops", ANY_ARRAY)])
    {
        rows.push([
            ("oid", Datum::Oid(oid)),
            ("opcmethod", BTREE),
            ("opcname", text(name)),
            ("opcnamespace", CATALOG),
            ("opcowner", ROOT),
            ("opcfamily", Datum::Oid(family)),
            ("opcintype", Datum::Oid(ty)),
            ("opcdefault", Datum::Bool(true)),
        ]);
    }
    Ok(rows.done())
}

fn opfamily(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_OPFAMILY);
    let mut families: Vec<(u32, &str)> = OPERATOR_CLASSES.iter().map(|c| (c.family, c.family_name)).collect();
    families.push((ARRAY_OPERATORS.1, "array_ops"));
    families.sort_unstable();
    families.dedup();
    for (oid, name) in families {
        rows.push([
            ("oid", Datum::Oid(oid)),
            ("opfmethod", BTREE),
            ("opfname", text(name)),
            ("opfnamespace", CATALOG),
            ("opfowner", ROOT),
        ]);
    }
    Ok(rows.done())
}

/// The five comparisons of each type, as B-tree strategies.
fn amop(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_AMOP);
    for class in OPERATOR_CLASSES {
        for (strategy, symbol) in (1..).zip(["<", "<=", "=", ">=", ">"]) {
            let Some(operator) = datum::function::operator(symbol, Some(class.ty), class.ty) else {
                continue;
            };
            rows.push([
                // PostgreSQL gives these no fixed OIDs either.
                ("oid", Datum::Oid(10_200 + class.ty.oid() * 8 + strategy)),
                ("amopfamily", Datum::Oid(class.family)),
                ("amoplefttype", Datum::Oid(class.ty.oid())),
                ("amoprighttype", Datum::Oid(class.ty.oid())),
                ("amopstrategy", Datum::Int2(strategy as i16)),
                ("amoppurpose", text("s")),
                ("amopopr", Datum::Oid(operator.oid)),
                ("amopmethod", BTREE),
            ]);
        }
    }
    Ok(rows.done())
}

fn collation(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_COLLATION);
    for (oid, name, provider) in [(100, "default", "d"), (950, "C", "c"), (951, "POSIX", "c")] {
        let locale = if provider == "d" { Datum::Null } else { text(name) };
        rows.push([
            ("oid", Datum::Oid(oid)),
            ("collname", text(name)),
            ("collnamespace", CATALOG),
            ("collowner", ROOT),
            ("collprovider", text(provider)),
            ("collisdeterministic", Datum::Bool(true)),
            ("collencoding", Datum::Int4(-1)),
            ("collcollate", locale.clone()),
            ("collctype", locale),
        ]);
    }
    Ok(rows.done())
}

fn language(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_LANGUAGE);
    for (oid, name) in [(12, "internal"), (13, "c"), (14, "sql")] {
        rows.push([("oid", Datum::Oid(oid)), ("lanname", text(name)), ("lanowner", ROOT)]);
    }
    Ok(rows.done())
}
