//! pg_tables, pg_views and other views of PostgreSQL over what `relations.rs` lists.

use datum::{Batch, Datum, Result};
use sql::catalog::{RelationKind, TableDescriptor};

use super::columns::*;
use super::functions::{index_definition, view_definition};
use super::rows::{Rows, optional, shown_columns, shown_indexes, text};
use super::{VirtualContext, VirtualTable, catalog_table};

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_tables", &PG_TABLES, tables),
    catalog_table("pg_views", &PG_VIEWS, views),
    catalog_table("pg_indexes", &PG_INDEXES, indexes),
    catalog_table("pg_sequences", &PG_SEQUENCES, sequences),
    catalog_table("pg_stats", &PG_STATS, stats),
];

/// Whether it is a table, stored or computed.
pub fn is_table(table: &TableDescriptor) -> bool {
    !matches!(table.kind, RelationKind::View { .. })
}

fn tables(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_TABLES);
    for table in ctx.tables().filter(|t| is_table(t)) {
        rows.push([
            ("schemaname", ctx.schema_name(table.schema)),
            ("tablename", text(&table.name)),
            ("tableowner", text(&table.owner)),
            ("tablespace", Datum::Null),
            ("hasindexes", Datum::Bool(shown_indexes(table).next().is_some())),
            ("hastriggers", Datum::Bool(!table.foreign_keys.is_empty() || !table.referenced_by.is_empty())),
        ]);
    }
    Ok(rows.done())
}

fn views(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_VIEWS);
    for table in ctx.tables() {
        let Some(definition) = view_definition(table, false) else { continue };
        rows.push([
            ("schemaname", ctx.schema_name(table.schema)),
            ("viewname", text(&table.name)),
            ("viewowner", text(&table.owner)),
            ("definition", text(definition)),
        ]);
    }
    Ok(rows.done())
}

fn indexes(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_INDEXES);
    for table in ctx.tables() {
        for index in shown_indexes(table) {
            rows.push([
                ("schemaname", ctx.schema_name(table.schema)),
                ("tablename", text(&table.name)),
                ("indexname", text(&index.name)),
                ("tablespace", Datum::Null),
                ("indexdef", text(index_definition(ctx.catalog, table, index, false))),
            ]);
        }
    }
    Ok(rows.done())
}

fn sequences(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_SEQUENCES);
    for s in ctx.catalog.snapshot.sequences(ctx.catalog.database) {
        rows.push([
            ("schemaname", ctx.schema_name(s.schema)),
            ("sequencename", text(&s.name)),
            ("sequenceowner", text(&s.owner)),
            ("data_type", Datum::Oid(s.ty.oid())),
            ("start_value", Datum::Int8(s.start)),
            ("min_value", Datum::Int8(s.min)),
            ("max_value", Datum::Int8(s.max)),
            ("increment_by", Datum::Int8(s.increment)),
            ("cycle", Datum::Bool(s.cycle)),
            ("cache_size", Datum::Int8(s.cache)),
            // The value lies under a key of its own, which is not read here.
            ("last_value", Datum::Null),
        ]);
    }
    Ok(rows.done())
}

/// What ANALYZE has found: distinct values and the fraction of NULLs.
fn stats(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_STATS);
    for table in ctx.tables() {
        let Some(found) = ctx.catalog.snapshot.statistics(table.id) else { continue };
        for column in shown_columns(table) {
            let Some((_, distinct, nulls)) = found.columns.iter().find(|(id, ..)| *id == column.id) else {
                continue;
            };
            // PostgreSQL gives a fraction of the rows, negative, where the number grows with the table.
            let distinct = if *distinct > found.rows * 0.1 && found.rows > 0.0 {
                -(distinct / found.rows).min(1.0)
            } else {
                *distinct
            };
            rows.push([
                ("schemaname", ctx.schema_name(table.schema)),
                ("tablename", text(&table.name)),
                ("attname", text(&column.name)),
                ("null_frac", Datum::Float4(*nulls as f32)),
                ("avg_width", Datum::Int4(i32::from(column.ty.ty.len().max(16)))),
                ("n_distinct", Datum::Float4(distinct as f32)),
                ("correlation", Datum::Null),
                ("most_common_vals", optional(None::<&str>)),
            ]);
        }
    }
    Ok(rows.done())
}
