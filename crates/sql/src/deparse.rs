//! Definitions as PostgreSQL shows them: the texts behind `pg_get_indexdef`, `pg_get_constraintdef`, `pg_get_expr`
//! and `pg_get_viewdef`.
//!
//! ```text
//!   bound expression ── expression() ──► text with every cast and parenthesis: what descriptors keep
//!   kept text ── parse ── reprint() ──► the same for people: pretty drops parentheses that are not needed
//! ```
//! `expression.rs` prints bound trees, `tree.rs` syntax trees, `query.rs` queries.

mod expression;
mod query;
mod tree;

use crate::catalog::{
    CheckDescriptor, ColumnId, ForeignKeyDescriptor, IndexDescriptor, IndexKey, IndexKeyKind,
    ReferentialAction, TableDescriptor,
};
use crate::parse::ast;

pub use datum::functions::text::{quote_identifier, quote_string};
pub use expression::{Names, expression};

/// `schema.name`, each quoted where it needs to be.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

/// What a relation's name is shown as; `None` as it is.
pub type RelationNames<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How texts are printed again.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// Only the parentheses that are needed (psql's `\d`).
    pub pretty: bool,
    /// Lines are broken within CASE and queries, as `pg_get_expr` does (and EXPLAIN does not).
    pub indent: bool,
    /// What a name of a relation in `'name'::regclass` is shown as.
    pub relation: Option<RelationNames<'a>>,
}

impl Style<'_> {
    /// As pg_get_expr and its kin show things.
    pub fn of(pretty: bool) -> Style<'static> {
        Style { pretty, indent: true, relation: None }
    }
}

/// An expression's text, printed again. Text that does not parse (a bug elsewhere) comes back as it is.
pub fn reprint(text: &str, style: Style<'_>) -> String {
    match crate::parse::parse_expr(text) {
        Ok(parsed) => print(&parsed, style),
        Err(_) => text.to_owned(),
    }
}

fn print(expr: &ast::Expr, style: Style<'_>) -> String {
    let mut printer = tree::Printer::new(style);
    printer.expr(expr, tree::Parent::None);
    printer.done()
}

/// A view's query as `pg_get_viewdef` shows it, semicolon included. `columns` are the view's own names of its columns.
pub fn view(text: &str, columns: &[&str], style: Style<'_>) -> String {
    if let Ok(parsed) = crate::parse::parse_query(text) {
        let mut printer = tree::Printer::new(style);
        printer.query(&parsed, columns);
        if !printer.gave_up {
            return format!("{};", printer.done());
        }
    }
    format!(" {};", text.trim().trim_end_matches(';'))
}

/// Tables that a view's query names: schema, if it is said, and name. Names of common table expressions are not among
/// them.
pub fn tables_of(text: &str) -> Vec<(Option<String>, String)> {
    match crate::parse::parse_query(text) {
        Ok(parsed) => {
            let mut found = Vec::new();
            query::tables(&parsed, &mut Vec::new(), &mut found);
            found
        }
        Err(_) => Vec::new(),
    }
}

fn column_name(table: &TableDescriptor, id: ColumnId) -> String {
    table
        .columns
        .iter()
        .find(|c| c.id == id)
        .map_or_else(|| format!("\"?{id}?\""), |c| quote_identifier(&c.name))
}

fn column_list(table: &TableDescriptor, ids: impl IntoIterator<Item = ColumnId>) -> String {
    let names: Vec<String> = ids.into_iter().map(|id| column_name(table, id)).collect();
    names.join(", ")
}

/// One key of an index without its direction: an expression that is more than a call is in parentheses.
fn index_key(table: &TableDescriptor, key: &IndexKey, style: Style<'_>) -> String {
    match &key.what {
        IndexKeyKind::Column(id) => column_name(table, *id),
        IndexKeyKind::Expression(text, _) => match crate::parse::parse_expr(text) {
            Ok(parsed) => {
                let printed = print(&parsed, style);
                if tree::looks_like_a_call(&parsed) { printed } else { format!("({printed})") }
            }
            Err(_) => format!("({text})"),
        },
    }
}

/// What `pg_get_indexdef(oid, n, pretty)` says of its n-th column, from 1; `None` beyond the last.
pub fn index_column(
    table: &TableDescriptor,
    index: &IndexDescriptor,
    n: usize,
    style: Style<'_>,
) -> Option<String> {
    let at = n.checked_sub(1)?;
    match index.keys.get(at) {
        Some(key) => Some(index_key(table, key, style)),
        None => index.include.get(at - index.keys.len()).map(|id| column_name(table, *id)),
    }
}

/// `CREATE UNIQUE INDEX t_pkey ON public.t USING btree (a)`. `on` is the table's name as it is to be shown.
pub fn index(table: &TableDescriptor, index: &IndexDescriptor, on: &str, style: Style<'_>) -> String {
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|key| {
            let direction = match (key.desc, key.nulls_first) {
                (false, false) => "",
                (false, true) => " NULLS FIRST",
                (true, true) => " DESC",
                (true, false) => " DESC NULLS LAST",
            };
            index_key(table, key, style) + direction
        })
        .collect();
    let mut out = format!(
        "CREATE {}INDEX {} ON {on} USING btree ({})",
        if index.unique { "UNIQUE " } else { "" },
        quote_identifier(&index.name),
        keys.join(", ")
    );
    if !index.include.is_empty() {
        out.push_str(&format!(" INCLUDE ({})", column_list(table, index.include.iter().copied())));
    }
    if let Some(predicate) = &index.predicate {
        out.push_str(&format!(" WHERE {}", reprint(predicate, style)));
    }
    out
}

/// `PRIMARY KEY (a)` or `UNIQUE (a, b) INCLUDE (c)`.
pub fn key_constraint(table: &TableDescriptor, index: &IndexDescriptor) -> String {
    let keys = index.keys.iter().filter_map(|key| match key.what {
        IndexKeyKind::Column(id) => Some(id),
        IndexKeyKind::Expression(..) => None,
    });
    let word = if index.primary { "PRIMARY KEY" } else { "UNIQUE" };
    let mut out = format!("{word} ({})", column_list(table, keys));
    if !index.include.is_empty() {
        out.push_str(&format!(" INCLUDE ({})", column_list(table, index.include.iter().copied())));
    }
    out
}

/// `CHECK ((price > (0)::numeric))`, pretty: `CHECK (price > 0::numeric)`.
pub fn check_constraint(check: &CheckDescriptor, style: Style<'_>) -> String {
    format!("CHECK ({})", reprint(&check.expr, style))
}

/// `FOREIGN KEY (a) REFERENCES b(c) ON DELETE CASCADE`. `name` is the target's name as it is to be shown.
pub fn foreign_key(
    table: &TableDescriptor,
    key: &ForeignKeyDescriptor,
    target: &TableDescriptor,
    name: &str,
) -> String {
    let mut out = format!(
        "FOREIGN KEY ({}) REFERENCES {name}({})",
        column_list(table, key.columns.iter().copied()),
        column_list(target, key.target_columns.iter().copied())
    );
    if key.match_full {
        out.push_str(" MATCH FULL");
    }
    for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        let action = match action {
            ReferentialAction::NoAction => continue,
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        };
        out.push_str(&format!(" ON {event} {action}"));
    }
    if key.deferrable {
        out.push_str(" DEFERRABLE");
    }
    if key.initially_deferred {
        out.push_str(" INITIALLY DEFERRED");
    }
    out
}

#[cfg(test)]
mod tests;
