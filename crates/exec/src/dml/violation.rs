//! Errors of violated constraints, worded as PostgreSQL words them.

use datum::error::sqlstate;
use datum::{Datum, Error, FormatSettings, Type};
use sql::catalog::{ColumnId, IndexDescriptor, IndexKeyKind, TableDescriptor};

use crate::operators::Cx;

/// Values longer than this are cut in a failing row's description.
const VALUE_CHARS_MAX: usize = 64;

fn show(datum: &Datum, ty: Type, settings: &FormatSettings) -> String {
    if datum.is_null() { "null".to_owned() } else { datum::text::to_string(datum, ty, settings) }
}

fn schema_name(table: &TableDescriptor, cx: &Cx<'_>) -> String {
    let catalog = &cx.session().catalog.snapshot;
    catalog.schema_by_id(table.schema).map(|s| s.name.clone()).unwrap_or_default()
}

fn failing_row(table: &TableDescriptor, row: &[Datum], settings: &FormatSettings) -> String {
    let values: Vec<String> = table
        .columns
        .iter()
        .zip(row)
        .filter(|(column, _)| !column.hidden)
        .map(|(column, datum)| {
            let text = show(datum, column.ty.ty, settings);
            match text.char_indices().nth(VALUE_CHARS_MAX) {
                Some((at, _)) => format!("{}...", &text[..at]),
                None => text,
            }
        })
        .collect();
    format!("Failing row contains ({}).", values.join(", "))
}

/// 23502
pub(crate) fn not_null(table: &TableDescriptor, ordinal: usize, row: &[Datum], cx: &Cx<'_>) -> Error {
    let column = &table.columns[ordinal].name;
    Error::new(
        sqlstate::NOT_NULL_VIOLATION,
        format!(
            "null value in column \"{column}\" of relation \"{}\" violates not-null constraint",
            table.name
        ),
    )
    .detail(failing_row(table, row, cx.eval().settings()))
    .table(schema_name(table, cx), &table.name)
    .column(column)
}

/// 23514
pub(crate) fn check(table: &TableDescriptor, constraint: &str, row: &[Datum], cx: &Cx<'_>) -> Error {
    Error::new(
        sqlstate::CHECK_VIOLATION,
        format!("new row for relation \"{}\" violates check constraint \"{constraint}\"", table.name),
    )
    .detail(failing_row(table, row, cx.eval().settings()))
    .table(schema_name(table, cx), &table.name)
    .constraint(constraint)
}

/// `(a, b)=(1, 2)` of an index's key in a row (with the values of its expressions).
pub(crate) fn index_key(
    table: &TableDescriptor,
    index: &IndexDescriptor,
    row: &[Datum],
    exprs: &[Datum],
    settings: &FormatSettings,
) -> String {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    let mut exprs = exprs.iter();
    for key in &index.keys {
        match &key.what {
            IndexKeyKind::Column(id) => {
                let Some(ordinal) = table.column_ordinal(*id) else { continue };
                names.push(table.columns[ordinal].name.clone());
                values.push(show(&row[ordinal], table.columns[ordinal].ty.ty, settings));
            }
            IndexKeyKind::Expression(text, ty) => {
                names.push(text.clone());
                values.push(exprs.next().map(|d| show(d, ty.ty, settings)).unwrap_or_default());
            }
        }
    }
    format!("({})=({})", names.join(", "), values.join(", "))
}

/// 23505
pub(crate) fn unique(
    table: &TableDescriptor,
    index: &IndexDescriptor,
    row: &[Datum],
    exprs: &[Datum],
    cx: &Cx<'_>,
) -> Error {
    let key = index_key(table, index, row, exprs, cx.eval().settings());
    Error::new(
        sqlstate::UNIQUE_VIOLATION,
        format!("duplicate key value violates unique constraint \"{}\"", index.name),
    )
    .detail(format!("Key {key} already exists."))
    .table(schema_name(table, cx), &table.name)
    .constraint(&index.name)
}

/// `(a, b)=(1, 2)` of some columns.
pub(crate) fn columns_key(
    table: &TableDescriptor,
    columns: &[ColumnId],
    values: &[Datum],
    settings: &FormatSettings,
) -> String {
    let columns: Vec<_> =
        columns.iter().filter_map(|id| table.columns.iter().find(|c| c.id == *id)).collect();
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let values: Vec<String> = columns.iter().zip(values).map(|(c, v)| show(v, c.ty.ty, settings)).collect();
    format!("({})=({})", names.join(", "), values.join(", "))
}

/// 23503 of a row whose foreign key finds nothing.
pub(crate) fn foreign_key_missing(
    table: &TableDescriptor,
    constraint: &str,
    columns: &[ColumnId],
    values: &[Datum],
    target: &TableDescriptor,
    cx: &Cx<'_>,
) -> Error {
    let key = columns_key(table, columns, values, cx.eval().settings());
    Error::new(
        sqlstate::FOREIGN_KEY_VIOLATION,
        format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{constraint}\"",
            table.name
        ),
    )
    .detail(format!("Key {key} is not present in table \"{}\".", target.name))
    .table(schema_name(table, cx), &table.name)
    .constraint(constraint)
}

/// 23503 of a row of which MATCH FULL has some columns NULL and some not.
pub(crate) fn foreign_key_mixed(table: &TableDescriptor, constraint: &str, cx: &Cx<'_>) -> Error {
    Error::new(
        sqlstate::FOREIGN_KEY_VIOLATION,
        format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{constraint}\"",
            table.name
        ),
    )
    .detail("MATCH FULL does not allow mixing of null and nonnull key values.")
    .table(schema_name(table, cx), &table.name)
    .constraint(constraint)
}

/// 23503 of a row that is still referred to.
pub(crate) fn foreign_key_referenced(
    target: &TableDescriptor,
    columns: &[ColumnId],
    values: &[Datum],
    table: &TableDescriptor,
    constraint: &str,
    cx: &Cx<'_>,
) -> Error {
    let key = columns_key(target, columns, values, cx.eval().settings());
    Error::new(
        sqlstate::FOREIGN_KEY_VIOLATION,
        format!(
            "update or delete on table \"{}\" violates foreign key constraint \"{constraint}\" on table \"{}\"",
            target.name, table.name
        ),
    )
    .detail(format!("Key {key} is still referenced from table \"{}\".", table.name))
    .table(schema_name(table, cx), &table.name)
    .constraint(constraint)
}
