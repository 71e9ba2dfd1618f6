//! information_schema: the SQL standard's views, in PostgreSQL's reading of them. Character data, numbers and dates
//! report their precisions as PostgreSQL does; integers in bits, numerics in digits.

use datum::{Batch, ColumnType, Datum, Result, Type};
use sql::catalog::*;

use super::columns::*;
use super::functions::view_definition;
use super::procs::PROCS;
use super::rows::{Rows, optional, shown_columns, shown_indexes, text, yes};
use super::views::is_table;
use super::{VirtualContext, VirtualTable, information_table};
use crate::catalog::system;

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    information_table("schemata", &IS_SCHEMATA, schemata),
    information_table("tables", &IS_TABLES, tables),
    information_table("columns", &IS_COLUMNS, columns),
    information_table("views", &IS_VIEWS, views),
    information_table("table_constraints", &IS_TABLE_CONSTRAINTS, table_constraints),
    information_table("key_column_usage", &IS_KEY_COLUMN_USAGE, key_column_usage),
    information_table("constraint_column_usage", &IS_CONSTRAINT_COLUMN_USAGE, constraint_column_usage),
    information_table("constraint_table_usage", &IS_CONSTRAINT_TABLE_USAGE, constraint_table_usage),
    information_table("referential_constraints", &IS_REFERENTIAL_CONSTRAINTS, referential_constraints),
    information_table("check_constraints", &IS_CHECK_CONSTRAINTS, check_constraints),
    information_table("sequences", &IS_SEQUENCES, sequences),
    information_table("routines", &IS_ROUTINES, routines),
    information_table("character_sets", &IS_CHARACTER_SETS, character_sets),
    information_table("enabled_roles", &IS_ENABLED_ROLES, enabled_roles),
    information_table("applicable_roles", &IS_APPLICABLE_ROLES, applicable_roles),
    information_table("table_privileges", &IS_TABLE_PRIVILEGES, |ctx| {
        table_privileges(ctx, &IS_TABLE_PRIVILEGES)
    }),
    information_table("role_table_grants", &IS_ROLE_TABLE_GRANTS, |ctx| {
        table_privileges(ctx, &IS_ROLE_TABLE_GRANTS)
    }),
    information_table("column_privileges", &IS_COLUMN_PRIVILEGES, column_privileges),
    information_table("element_types", &IS_ELEMENT_TYPES, element_types),
    information_table("information_schema_catalog_name", &IS_INFORMATION_SCHEMA_CATALOG_NAME, catalog_name),
    information_table("collations", &IS_COLLATIONS, collations),
    information_table("column_udt_usage", &IS_COLUMN_UDT_USAGE, column_udt_usage),
    information_table("view_table_usage", &IS_VIEW_TABLE_USAGE, view_table_usage),
];

/// Everything in it is of PostgreSQL's pg_catalog.
const CATALOG: &str = "pg_catalog";

/// Names of a relation: its database, schema, and itself, under a prefix (`table_catalog` …).
fn names<'a>(
    ctx: &VirtualContext<'_>,
    prefix: [&'a str; 3],
    schema: DescriptorId,
    name: &str,
) -> [(&'a str, Datum); 3] {
    let [a, b, c] = prefix;
    [(a, ctx.database_name()), (b, ctx.schema_name(schema)), (c, text(name))]
}

const TABLE: [&str; 3] = ["table_catalog", "table_schema", "table_name"];
const CONSTRAINT: [&str; 3] = ["constraint_catalog", "constraint_schema", "constraint_name"];

fn schemata(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_SCHEMATA);
    for schema in ctx.schemas() {
        rows.push([
            ("catalog_name", ctx.database_name()),
            ("schema_name", text(&schema.name)),
            ("schema_owner", text(&schema.owner)),
        ]);
    }
    Ok(rows.done())
}

fn tables(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_TABLES);
    for table in ctx.tables() {
        let stored = table.kind == RelationKind::Table;
        let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
        row.extend([
            (
                "table_type",
                text(if is_table(table) && table.schema != system::INFORMATION_SCHEMA {
                    "BASE TABLE"
                } else {
                    "VIEW"
                }),
            ),
            ("is_insertable_into", yes(stored)),
            ("is_typed", yes(false)),
        ]);
        rows.push(row);
    }
    Ok(rows.done())
}

/// What a type says of lengths and precisions.
struct Measures {
    characters: Option<i32>,
    octets: Option<i32>,
    precision: Option<i32>,
    radix: Option<i32>,
    scale: Option<i32>,
    datetime: Option<i32>,
}

fn measures(ty: ColumnType) -> Measures {
    const OCTETS_MAX: i32 = 1 << 30;
    let mut out = Measures {
        characters: None,
        octets: None,
        precision: None,
        radix: None,
        scale: None,
        datetime: None,
    };
    let mut number = |precision, radix, scale| {
        (out.precision, out.radix, out.scale) = (precision, Some(radix), scale);
    };
    match ty.ty {
        Type::Int2 => number(Some(16), 2, Some(0)),
        Type::Int4 => number(Some(32), 2, Some(0)),
        Type::Int8 => number(Some(64), 2, Some(0)),
        Type::Float4 => number(Some(24), 2, None),
        Type::Float8 => number(Some(53), 2, None),
        Type::Numeric => {
            let modifier = ty.precision_scale();
            number(modifier.map(|m| m.0), 10, modifier.map(|m| m.1));
        }
        Type::Varchar | Type::Bpchar => {
            out.characters = ty.length().and_then(|n| i32::try_from(n).ok());
            out.octets = Some(out.characters.map_or(OCTETS_MAX, |n| n.saturating_mul(4)));
        }
        Type::Text => out.octets = Some(OCTETS_MAX),
        Type::Date => out.datetime = Some(0),
        Type::Time | Type::TimeTz | Type::Timestamp | Type::TimestampTz => {
            out.datetime = Some(if ty.typmod < 0 { 6 } else { ty.typmod });
        }
        Type::Interval => {
            out.datetime =
                Some(if ty.typmod < 0 || ty.typmod & 0xffff == 0xffff { 6 } else { ty.typmod & 0xffff })
        }
        _ => {}
    }
    out
}

/// data_type: arrays are just that, types outside the standard too.
fn data_type(ty: Type) -> String {
    match ty {
        Type::Array(_) => "ARRAY".to_owned(),
        other => other.to_string(),
    }
}

fn number(n: Option<i32>) -> Datum {
    n.map_or(Datum::Null, Datum::Int4)
}

/// An expression that is kept with a table, as pg_get_expr shows it.
fn shown(ctx: &VirtualContext<'_>, expr: Option<&str>) -> Result<Datum> {
    match expr {
        Some(expr) => ctx.session.call("pg_get_expr", &[text(expr), Datum::Oid(0)]),
        None => Ok(Datum::Null),
    }
}

fn columns(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_COLUMNS);
    for table in ctx.tables() {
        let stored = table.kind == RelationKind::Table;
        for c in shown_columns(table) {
            let m = measures(c.ty);
            let sequence = match &c.generated {
                Generated::Identity { sequence, .. } => ctx.catalog.snapshot.sequence_by_id(*sequence),
                _ => None,
            };
            let identity = match &c.generated {
                Generated::Identity { always, .. } => Some(if *always { "ALWAYS" } else { "BY DEFAULT" }),
                _ => None,
            };
            let expression = match &c.generated {
                Generated::Stored { expr } => Some(expr),
                _ => None,
            };
            // The system's own columns of type name and text have collations that are not the default one.
            let collation =
                (c.ty.ty.facts().collation == 950 && !matches!(c.ty.ty, Type::Array(_))).then_some("C");
            let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
            row.extend([
                ("column_name", text(&c.name)),
                ("ordinal_position", Datum::Int4(c.id as i32)),
                ("column_default", shown(ctx, c.default.as_deref())?),
                ("is_nullable", yes(c.nullable)),
                ("data_type", text(data_type(c.ty.ty))),
                ("character_maximum_length", number(m.characters)),
                ("character_octet_length", number(m.octets)),
                ("numeric_precision", number(m.precision)),
                ("numeric_precision_radix", number(m.radix)),
                ("numeric_scale", number(m.scale)),
                ("datetime_precision", number(m.datetime)),
                ("interval_precision", Datum::Null),
                ("collation_catalog", if collation.is_some() { ctx.database_name() } else { Datum::Null }),
                ("collation_schema", optional(collation.map(|_| CATALOG))),
                ("collation_name", optional(collation)),
                ("udt_catalog", ctx.database_name()),
                ("udt_schema", text(CATALOG)),
                ("udt_name", text(c.ty.ty.pg_name())),
                ("maximum_cardinality", Datum::Null),
                ("dtd_identifier", text(c.id.to_string())),
                ("is_self_referencing", yes(false)),
                ("is_identity", yes(identity.is_some())),
                ("identity_generation", optional(identity)),
                ("identity_start", optional(sequence.map(|s| s.start.to_string()))),
                ("identity_increment", optional(sequence.map(|s| s.increment.to_string()))),
                ("identity_maximum", optional(sequence.map(|s| s.max.to_string()))),
                ("identity_minimum", optional(sequence.map(|s| s.min.to_string()))),
                ("identity_cycle", yes(sequence.is_some_and(|s| s.cycle))),
                ("is_generated", text(if expression.is_some() { "ALWAYS" } else { "NEVER" })),
                ("generation_expression", shown(ctx, expression.map(String::as_str))?),
                ("is_updatable", yes(stored)),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn views(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_VIEWS);
    for table in ctx.tables() {
        let Some(definition) = view_definition(table, false) else { continue };
        let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
        row.extend([("view_definition", text(definition)), ("check_option", text("NONE"))]);
        row.extend(
            [
                "is_updatable",
                "is_insertable_into",
                "is_trigger_updatable",
                "is_trigger_deletable",
                "is_trigger_insertable_into",
            ]
            .map(|name| (name, yes(false))),
        );
        rows.push(row);
    }
    Ok(rows.done())
}

/// Name of the constraint that NOT NULL is in the standard's eyes.
fn not_null_name(table: &TableDescriptor, column: &ColumnDescriptor) -> String {
    format!("{}_{}_{}_not_null", table.schema.0, table.id.0, column.id)
}

fn not_null_columns(table: &TableDescriptor) -> impl Iterator<Item = &ColumnDescriptor> {
    let stored = table.kind == RelationKind::Table;
    shown_columns(table).filter(move |c| stored && !c.nullable)
}

fn constraint_indexes(table: &TableDescriptor) -> impl Iterator<Item = &IndexDescriptor> {
    shown_indexes(table).filter(|i| i.constraint || i.primary)
}

fn key_columns(index: &IndexDescriptor) -> Vec<ColumnId> {
    let ids = index.keys.iter().filter_map(|key| match key.what {
        IndexKeyKind::Column(id) => Some(id),
        IndexKeyKind::Expression(..) => None,
    });
    ids.collect()
}

fn table_constraints(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_TABLE_CONSTRAINTS);
    for table in ctx.tables() {
        let mut push = |name: &str, kind: &str, deferrable: bool, deferred: bool| {
            let mut row = names(ctx, CONSTRAINT, table.schema, name).to_vec();
            row.extend(names(ctx, TABLE, table.schema, &table.name));
            row.extend([
                ("constraint_type", text(kind)),
                ("is_deferrable", yes(deferrable)),
                ("initially_deferred", yes(deferred)),
                ("enforced", yes(true)),
            ]);
            rows.push(row);
        };
        for i in constraint_indexes(table) {
            push(&i.name, if i.primary { "PRIMARY KEY" } else { "UNIQUE" }, false, false);
        }
        for check in &table.checks {
            push(&check.name, "CHECK", false, false);
        }
        for key in &table.foreign_keys {
            push(&key.name, "FOREIGN KEY", key.deferrable, key.initially_deferred);
        }
        for column in not_null_columns(table) {
            push(&not_null_name(table, column), "CHECK", false, false);
        }
    }
    Ok(rows.done())
}

/// The unique index of the target that a foreign key rests on.
fn referenced_index<'t>(
    target: &'t TableDescriptor,
    key: &ForeignKeyDescriptor,
) -> Option<&'t IndexDescriptor> {
    shown_indexes(target).find(|i| {
        let columns = key_columns(i);
        i.unique
            && columns.len() == key.target_columns.len()
            && columns.iter().all(|column| key.target_columns.contains(column))
    })
}

fn key_column_usage(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_KEY_COLUMN_USAGE);
    for table in ctx.tables() {
        let mut push = |name: &str, columns: &[ColumnId], positions: Option<Vec<usize>>| {
            for (i, id) in columns.iter().enumerate() {
                let column = table.columns.iter().find(|c| c.id == *id);
                let mut row = names(ctx, CONSTRAINT, table.schema, name).to_vec();
                row.extend(names(ctx, TABLE, table.schema, &table.name));
                let position = positions.as_ref().and_then(|p| p.get(i));
                row.extend([
                    ("column_name", optional(column.map(|c| &c.name))),
                    ("ordinal_position", Datum::Int4(i as i32 + 1)),
                    (
                        "position_in_unique_constraint",
                        position.map_or(Datum::Null, |p| Datum::Int4(*p as i32 + 1)),
                    ),
                ]);
                rows.push(row);
            }
        };
        for i in constraint_indexes(table) {
            push(&i.name, &key_columns(i), None);
        }
        for key in &table.foreign_keys {
            let index = ctx.catalog.snapshot.table_by_id(key.target).and_then(|t| referenced_index(t, key));
            let positions = index.map(|index| {
                let there = key_columns(index);
                key.target_columns.iter().filter_map(|id| there.iter().position(|c| c == id)).collect()
            });
            push(&key.name, &key.columns, positions);
        }
    }
    Ok(rows.done())
}

/// Columns that a constraint rests on: of a foreign key those of the target.
fn constraint_column_usage(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_CONSTRAINT_COLUMN_USAGE);
    for table in ctx.tables() {
        let mut push = |of: &TableDescriptor, ids: &[ColumnId], constraint: &str| {
            for column in ids.iter().filter_map(|id| of.columns.iter().find(|c| c.id == *id)) {
                let mut row = names(ctx, TABLE, of.schema, &of.name).to_vec();
                row.extend(names(ctx, CONSTRAINT, table.schema, constraint));
                row.push(("column_name", text(&column.name)));
                rows.push(row);
            }
        };
        for i in constraint_indexes(table) {
            push(table, &key_columns(i), &i.name);
        }
        for check in &table.checks {
            push(table, &super::relations::mentioned_columns(table, &check.expr), &check.name);
        }
        for key in &table.foreign_keys {
            if let Some(target) = ctx.catalog.snapshot.table_by_id(key.target) {
                push(target, &key.target_columns, &key.name);
            }
        }
    }
    Ok(rows.done())
}

fn constraint_table_usage(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_CONSTRAINT_TABLE_USAGE);
    for table in ctx.tables() {
        let mut push = |of: &TableDescriptor, constraint: &str| {
            let mut row = names(ctx, TABLE, of.schema, &of.name).to_vec();
            row.extend(names(ctx, CONSTRAINT, table.schema, constraint));
            rows.push(row);
        };
        for i in constraint_indexes(table) {
            push(table, &i.name);
        }
        for key in &table.foreign_keys {
            if let Some(target) = ctx.catalog.snapshot.table_by_id(key.target) {
                push(target, &key.name);
            }
        }
    }
    Ok(rows.done())
}

fn referential_constraints(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_REFERENTIAL_CONSTRAINTS);
    let rule = |action| {
        text(match action {
            ReferentialAction::NoAction => "NO ACTION",
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        })
    };
    for table in ctx.tables() {
        for key in &table.foreign_keys {
            let target = ctx.catalog.snapshot.table_by_id(key.target);
            let index = target.and_then(|t| referenced_index(t, key)).filter(|i| i.constraint || i.primary);
            let mut row = names(ctx, CONSTRAINT, table.schema, &key.name).to_vec();
            if let (Some(target), Some(index)) = (target, index) {
                row.extend(names(
                    ctx,
                    ["unique_constraint_catalog", "unique_constraint_schema", "unique_constraint_name"],
                    target.schema,
                    &index.name,
                ));
            }
            row.extend([
                ("match_option", text(if key.match_full { "FULL" } else { "NONE" })),
                ("update_rule", rule(key.on_update)),
                ("delete_rule", rule(key.on_delete)),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn check_constraints(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_CHECK_CONSTRAINTS);
    for table in ctx.tables() {
        for check in &table.checks {
            let mut row = names(ctx, CONSTRAINT, table.schema, &check.name).to_vec();
            row.push(("check_clause", text(format!("({})", check.expr))));
            rows.push(row);
        }
        for column in not_null_columns(table) {
            let mut row = names(ctx, CONSTRAINT, table.schema, &not_null_name(table, column)).to_vec();
            row.push(("check_clause", text(format!("{} IS NOT NULL", column.name))));
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn sequences(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_SEQUENCES);
    for s in ctx.catalog.snapshot.sequences(ctx.catalog.database) {
        // Those of identity columns are no sequences of the user's.
        let identity = s.owned_by.is_some_and(|(table, column)| {
            ctx.catalog.snapshot.table_by_id(table).is_some_and(|t| {
                let owner = t.columns.iter().find(|c| c.id == column);
                owner.is_some_and(|c| matches!(c.generated, Generated::Identity { .. }))
            })
        });
        if identity {
            continue;
        }
        let mut row =
            names(ctx, ["sequence_catalog", "sequence_schema", "sequence_name"], s.schema, &s.name).to_vec();
        row.extend([
            ("data_type", text(s.ty.to_string())),
            ("numeric_precision", number(measures(s.ty.into()).precision)),
            ("numeric_precision_radix", Datum::Int4(2)),
            ("numeric_scale", Datum::Int4(0)),
            ("start_value", text(s.start.to_string())),
            ("minimum_value", text(s.min.to_string())),
            ("maximum_value", text(s.max.to_string())),
            ("increment", text(s.increment.to_string())),
            ("cycle_option", yes(s.cycle)),
        ]);
        rows.push(row);
    }
    Ok(rows.done())
}

fn routines(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_ROUTINES);
    let nothing = IS_ROUTINES
        .columns
        .iter()
        .filter(|(_, ty)| ty.ty == Type::Int4)
        .map(|(name, _)| (*name, Datum::Null));
    let nothing: Vec<(&str, Datum)> = nothing.collect();
    for p in PROCS.iter().filter(|p| p.kind == 'f') {
        let ty = Type::from_oid(p.result);
        let mut row = nothing.clone();
        row.extend([
            ("specific_catalog", ctx.database_name()),
            ("specific_schema", text(CATALOG)),
            ("specific_name", text(format!("{}_{}", p.name, p.oid))),
            ("routine_catalog", ctx.database_name()),
            ("routine_schema", text(CATALOG)),
            ("routine_name", text(p.name)),
            ("routine_type", text("FUNCTION")),
            ("data_type", text(ty.map_or_else(|| "USER-DEFINED".to_owned(), data_type))),
            ("type_udt_catalog", ctx.database_name()),
            ("type_udt_schema", text(CATALOG)),
            ("type_udt_name", optional(ty.map(Type::pg_name))),
            ("dtd_identifier", text("0")),
            ("routine_body", text("EXTERNAL")),
            ("routine_definition", text(p.name)),
            ("external_language", text("INTERNAL")),
            ("parameter_style", text("GENERAL")),
            ("is_deterministic", yes(p.volatility == datum::function::Volatility::Immutable)),
            ("sql_data_access", text("MODIFIES")),
            ("is_null_call", yes(p.strict)),
            ("schema_level_routine", yes(true)),
            ("max_dynamic_result_sets", Datum::Int4(0)),
            ("security_type", text("INVOKER")),
            ("as_locator", yes(false)),
        ]);
        rows.push(row);
    }
    Ok(rows.done())
}

fn character_sets(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_CHARACTER_SETS);
    rows.push([
        ("character_set_name", text("UTF8")),
        ("character_repertoire", text("UCS")),
        ("form_of_use", text("UTF8")),
        ("default_collate_catalog", ctx.database_name()),
        ("default_collate_schema", text(CATALOG)),
        ("default_collate_name", text("default")),
    ]);
    Ok(rows.done())
}

/// The session's role and those it is a member of, for a superuser all.
fn own_roles(ctx: &VirtualContext<'_>) -> Vec<String> {
    let snapshot = &ctx.catalog.snapshot;
    let Some(me) = snapshot.role(ctx.user) else { return Vec::new() };
    if me.superuser {
        return snapshot.roles().map(|r| r.name.clone()).collect();
    }
    let mut found = vec![me.clone()];
    let mut at = 0;
    while let Some(role) = found.get(at).cloned() {
        for group in role.member_of.iter().filter_map(|id| snapshot.role_by_id(*id)) {
            if !found.iter().any(|r| r.id == group.id) {
                found.push(group.clone());
            }
        }
        at += 1;
    }
    found.iter().map(|r| r.name.clone()).collect()
}

fn enabled_roles(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_ENABLED_ROLES);
    for role in own_roles(ctx) {
        rows.push([("role_name", text(role))]);
    }
    Ok(rows.done())
}

fn applicable_roles(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_APPLICABLE_ROLES);
    let snapshot = &ctx.catalog.snapshot;
    for name in own_roles(ctx) {
        let Some(role) = snapshot.role(&name) else { continue };
        for group in role.member_of.iter().filter_map(|id| snapshot.role_by_id(*id)) {
            rows.push([
                ("grantee", text(&name)),
                ("role_name", text(&group.name)),
                ("is_grantable", yes(false)),
            ]);
        }
    }
    Ok(rows.done())
}

const TABLE_PRIVILEGES: [&str; 7] =
    ["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

/// What owners have; there is no GRANT on tables yet.
fn table_privileges(ctx: &VirtualContext<'_>, columns: &super::VirtualColumns) -> Result<Batch> {
    let mut rows = Rows::new(columns);
    for table in ctx.tables() {
        for privilege in TABLE_PRIVILEGES {
            let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
            row.extend([
                ("grantor", text(&table.owner)),
                ("grantee", text(&table.owner)),
                ("privilege_type", text(privilege)),
                ("is_grantable", yes(true)),
                ("with_hierarchy", yes(privilege == "SELECT")),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn column_privileges(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_COLUMN_PRIVILEGES);
    for table in ctx.tables() {
        for column in shown_columns(table) {
            for privilege in ["SELECT", "INSERT", "UPDATE", "REFERENCES"] {
                let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
                row.extend([
                    ("grantor", text(&table.owner)),
                    ("grantee", text(&table.owner)),
                    ("column_name", text(&column.name)),
                    ("privilege_type", text(privilege)),
                    ("is_grantable", yes(true)),
                ]);
                rows.push(row);
            }
        }
    }
    Ok(rows.done())
}

/// Element types of columns that are arrays.
fn element_types(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_ELEMENT_TYPES);
    let nothing: Vec<(&str, Datum)> = IS_ELEMENT_TYPES
        .columns
        .iter()
        .filter(|(_, ty)| ty.ty == Type::Int4)
        .map(|(name, _)| (*name, Datum::Null))
        .collect();
    for table in ctx.tables() {
        for column in shown_columns(table) {
            let Type::Array(element) = column.ty.ty else { continue };
            let mut row = nothing.clone();
            row.extend(names(
                ctx,
                ["object_catalog", "object_schema", "object_name"],
                table.schema,
                &table.name,
            ));
            row.extend([
                ("object_type", text(if is_table(table) { "TABLE" } else { "VIEW" })),
                ("collection_type_identifier", text(column.id.to_string())),
                ("data_type", text(data_type(*element))),
                ("udt_catalog", ctx.database_name()),
                ("udt_schema", text(CATALOG)),
                ("udt_name", text(element.pg_name())),
                ("dtd_identifier", text(format!("a{}", column.id))),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn catalog_name(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_INFORMATION_SCHEMA_CATALOG_NAME);
    rows.push([("catalog_name", ctx.database_name())]);
    Ok(rows.done())
}

fn collations(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_COLLATIONS);
    for name in ["default", "C", "POSIX"] {
        rows.push([
            ("collation_catalog", ctx.database_name()),
            ("collation_schema", text(CATALOG)),
            ("collation_name", text(name)),
            ("pad_attribute", text("NO PAD")),
        ]);
    }
    Ok(rows.done())
}

fn column_udt_usage(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_COLUMN_UDT_USAGE);
    for table in ctx.tables() {
        for column in shown_columns(table) {
            let mut row = names(ctx, TABLE, table.schema, &table.name).to_vec();
            row.extend([
                ("udt_catalog", ctx.database_name()),
                ("udt_schema", text(CATALOG)),
                ("udt_name", text(column.ty.ty.pg_name())),
                ("column_name", text(&column.name)),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

fn view_table_usage(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&IS_VIEW_TABLE_USAGE);
    for view in ctx.tables() {
        let RelationKind::View { query, search_path } = &view.kind else { continue };
        for (schema, name) in sql::deparse::tables_of(query) {
            let schemas: Vec<&str> = match &schema {
                Some(schema) => vec![schema],
                None => search_path.iter().map(String::as_str).collect(),
            };
            let found = schemas.iter().find_map(|schema| {
                let schema = ctx.catalog.snapshot.schema(ctx.catalog.database, schema)?;
                ctx.catalog.snapshot.table(schema.id, &name)
            });
            if let Some(table) = found {
                let mut row =
                    names(ctx, ["view_catalog", "view_schema", "view_name"], view.schema, &view.name)
                        .to_vec();
                row.extend(names(ctx, TABLE, table.schema, &table.name));
                rows.push(row);
            }
        }
    }
    Ok(rows.done())
}
