//! pg_stat_* and pg_statio_*: the rows that PostgreSQL would have. Holdfast counts work in its metrics, not per
//! table, so the counters are 0; numbers of live rows are those that ANALYZE has found.

use datum::{Batch, Datum, Result};
use sql::catalog::TableDescriptor;

use super::columns::*;
use super::columns_rest::*;
use super::rows::{Rows, oid, shown_indexes, text};
use super::views::is_table;
use super::{VirtualColumns, VirtualContext, VirtualTable, catalog_table};
use crate::catalog::system;

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_stat_all_tables", &PG_STAT_ALL_TABLES, |ctx| {
        tables(ctx, &PG_STAT_ALL_TABLES, &|_| true)
    }),
    catalog_table("pg_stat_sys_tables", &PG_STAT_SYS_TABLES, |ctx| {
        tables(ctx, &PG_STAT_SYS_TABLES, &is_system)
    }),
    catalog_table("pg_stat_user_tables", &PG_STAT_USER_TABLES, |ctx| {
        tables(ctx, &PG_STAT_USER_TABLES, &|t| !is_system(t))
    }),
    catalog_table("pg_statio_all_tables", &PG_STATIO_ALL_TABLES, |ctx| {
        tables(ctx, &PG_STATIO_ALL_TABLES, &|_| true)
    }),
    catalog_table("pg_statio_sys_tables", &PG_STATIO_SYS_TABLES, |ctx| {
        tables(ctx, &PG_STATIO_SYS_TABLES, &is_system)
    }),
    catalog_table("pg_statio_user_tables", &PG_STATIO_USER_TABLES, |ctx| {
        tables(ctx, &PG_STATIO_USER_TABLES, &|t| !is_system(t))
    }),
    catalog_table("pg_stat_all_indexes", &PG_STAT_ALL_INDEXES, |ctx| {
        indexes(ctx, &PG_STAT_ALL_INDEXES, &|_| true)
    }),
    catalog_table("pg_stat_sys_indexes", &PG_STAT_SYS_INDEXES, |ctx| {
        indexes(ctx, &PG_STAT_SYS_INDEXES, &is_system)
    }),
    catalog_table("pg_stat_user_indexes", &PG_STAT_USER_INDEXES, |ctx| {
        indexes(ctx, &PG_STAT_USER_INDEXES, &|t| !is_system(t))
    }),
    catalog_table("pg_statio_all_sequences", &PG_STATIO_ALL_SEQUENCES, |ctx| {
        sequences(ctx, &PG_STATIO_ALL_SEQUENCES)
    }),
    catalog_table("pg_statio_user_sequences", &PG_STATIO_USER_SEQUENCES, |ctx| {
        sequences(ctx, &PG_STATIO_USER_SEQUENCES)
    }),
    catalog_table("pg_stat_database", &PG_STAT_DATABASE, databases),
    catalog_table("pg_stat_bgwriter", &PG_STAT_BGWRITER, |ctx| single(ctx, &PG_STAT_BGWRITER)),
    catalog_table("pg_stat_archiver", &PG_STAT_ARCHIVER, |ctx| single(ctx, &PG_STAT_ARCHIVER)),
    catalog_table("pg_stat_wal", &PG_STAT_WAL, |ctx| single(ctx, &PG_STAT_WAL)),
];

fn is_system(table: &TableDescriptor) -> bool {
    table.schema == system::PG_CATALOG || table.schema == system::INFORMATION_SCHEMA
}

fn tables(
    ctx: &VirtualContext<'_>,
    columns: &VirtualColumns,
    wanted: &dyn Fn(&TableDescriptor) -> bool,
) -> Result<Batch> {
    let mut rows = Rows::new(columns);
    let counts_rows = columns.columns.iter().any(|(name, _)| *name == "n_live_tup");
    for table in ctx.tables().filter(|t| is_table(t) && wanted(t)) {
        let mut row = vec![
            ("relid", oid(table.id)),
            ("schemaname", ctx.schema_name(table.schema)),
            ("relname", text(&table.name)),
        ];
        if counts_rows && let Some(found) = ctx.catalog.snapshot.statistics(table.id) {
            row.push(("n_live_tup", Datum::Int8(found.rows as i64)));
        }
        rows.push(row);
    }
    Ok(rows.done())
}

fn indexes(
    ctx: &VirtualContext<'_>,
    columns: &VirtualColumns,
    wanted: &dyn Fn(&TableDescriptor) -> bool,
) -> Result<Batch> {
    let mut rows = Rows::new(columns);
    for table in ctx.tables().filter(|t| wanted(t)) {
        for index in shown_indexes(table) {
            rows.push([
                ("relid", oid(table.id)),
                ("indexrelid", oid(index.oid)),
                ("schemaname", ctx.schema_name(table.schema)),
                ("relname", text(&table.name)),
                ("indexrelname", text(&index.name)),
            ]);
        }
    }
    Ok(rows.done())
}

fn sequences(ctx: &VirtualContext<'_>, columns: &VirtualColumns) -> Result<Batch> {
    let mut rows = Rows::new(columns);
    for s in ctx.catalog.snapshot.sequences(ctx.catalog.database) {
        rows.push([
            ("relid", oid(s.id)),
            ("schemaname", ctx.schema_name(s.schema)),
            ("relname", text(&s.name)),
        ]);
    }
    Ok(rows.done())
}

fn databases(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_STAT_DATABASE);
    let sessions = ctx.node.sessions();
    for d in ctx.catalog.snapshot.databases() {
        let open = sessions.iter().filter(|s| s.database == d.id).count();
        rows.push([
            ("datid", oid(d.id)),
            ("datname", text(&d.name)),
            ("numbackends", Datum::Int4(i32::try_from(open).unwrap_or(i32::MAX))),
            ("stats_reset", Datum::TimestampTz(ctx.node.started)),
        ]);
    }
    Ok(rows.done())
}

/// Tables of one row of counters.
fn single(_: &VirtualContext<'_>, columns: &VirtualColumns) -> Result<Batch> {
    let mut rows = Rows::new(columns);
    rows.push([]);
    Ok(rows.done())
}
