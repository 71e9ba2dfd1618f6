//! Scopes: which names mean which columns.

use datum::error::sqlstate;
use datum::{Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::Binder;
use crate::catalog::DescriptorId;
use crate::logical::{ApplyUse, ColId, Rel};
use crate::parse::ast::{Name, Pos};
use crate::plan::WindowCall;

/// A column as a name can reach it.
#[derive(Clone, Debug)]
pub(crate) struct ScopeCol {
    pub(crate) name: SmolStr,
    pub(crate) id: ColId,
    /// Not part of `*`: the row id.
    pub(crate) hidden: bool,
}

/// A table, subquery, function or join in FROM.
#[derive(Clone, Debug)]
pub(crate) struct ScopeItem {
    /// Alias or name; `None` for joins without one.
    pub(crate) name: Option<SmolStr>,
    /// Schema, where it is a table without alias.
    pub(crate) schema: Option<SmolStr>,
    pub(crate) table: Option<DescriptorId>,
    pub(crate) cols: Vec<ScopeCol>,
    /// `name.column` reaches it.
    pub(crate) rel_visible: bool,
    /// `column` and `*` reach it.
    pub(crate) cols_visible: bool,
    /// Only LATERAL may see it yet.
    pub(crate) lateral_only: bool,
    /// LATERAL sees it, but may not use it (the wrong side of an outer join).
    pub(crate) lateral_bad: bool,
    /// A function of scalars: the name alone is its column.
    pub(crate) scalar: bool,
}

/// A clause, for what may be in it and for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    Select,
    Where,
    GroupBy,
    Having,
    OrderBy,
    On,
    FromFunction,
    Values,
    Limit,
    Offset,
    Returning,
    Set,
    InsertTarget,
    Check,
    Default,
    IndexExpr,
    IndexPredicate,
    Generated,
    Using,
    Filter,
    WindowPartition,
    WindowOrder,
    WindowFrame,
    Execute,
    CopyWhere,
    ConflictWhere,
}

impl Clause {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Clause::Select => "SELECT",
            Clause::Where => "WHERE",
            Clause::GroupBy => "GROUP BY",
            Clause::Having => "HAVING",
            Clause::OrderBy => "ORDER BY",
            Clause::On => "JOIN/ON",
            Clause::FromFunction => "functions in FROM",
            Clause::Values => "VALUES",
            Clause::Limit => "LIMIT",
            Clause::Offset => "OFFSET",
            Clause::Returning => "RETURNING",
            Clause::Set => "UPDATE",
            Clause::InsertTarget => "INSERT",
            Clause::Check => "check constraints",
            Clause::Default => "DEFAULT expressions",
            Clause::IndexExpr => "index expressions",
            Clause::IndexPredicate => "index predicates",
            Clause::Generated => "column generation expressions",
            Clause::Using => "transform expressions",
            Clause::Filter => "FILTER",
            Clause::WindowPartition => "window definitions",
            Clause::WindowOrder => "window definitions",
            Clause::WindowFrame => "window frames",
            Clause::Execute => "EXECUTE parameters",
            Clause::CopyWhere => "COPY FROM WHERE conditions",
            Clause::ConflictWhere => "ON CONFLICT",
        }
    }

    pub(crate) fn aggregates(self) -> bool {
        matches!(
            self,
            Clause::Select
                | Clause::Having
                | Clause::OrderBy
                | Clause::WindowPartition
                | Clause::WindowOrder
                | Clause::WindowFrame
        )
    }

    pub(crate) fn windows(self) -> bool {
        matches!(self, Clause::Select | Clause::OrderBy)
    }

    pub(crate) fn sets(self) -> bool {
        matches!(self, Clause::Select | Clause::OrderBy | Clause::GroupBy)
    }

    /// `cannot use subquery in …` where not.
    pub(crate) fn no_subquery(self) -> Option<&'static str> {
        match self {
            Clause::Check => Some("check constraint"),
            Clause::Default => Some("DEFAULT expression"),
            Clause::IndexExpr => Some("index expression"),
            Clause::IndexPredicate => Some("index predicate"),
            Clause::Generated => Some("column generation expression"),
            Clause::Using => Some("transform expression"),
            Clause::Execute => Some("EXECUTE parameter"),
            Clause::CopyWhere => Some("COPY FROM WHERE condition"),
            _ => None,
        }
    }
}

/// A subquery that waits to be put onto the relation at hand.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) inner: Rel,
    pub(crate) kind: ApplyUse,
}

/// What a query level collects while its expressions are bound.
#[derive(Debug, Default)]
pub(crate) struct Aggregates {
    pub(crate) calls: Vec<(ColId, datum::aggregate::AggregateCall, Pos)>,
    pub(crate) grouping: Vec<(ColId, Vec<Expr>, Pos)>,
    /// Subqueries in arguments and GROUP BY.
    pub(crate) pending: Vec<Pending>,
}

/// Calls over one window.
#[derive(Debug)]
pub(crate) struct WindowGroup {
    pub(crate) partition: Vec<Expr>,
    pub(crate) order: Vec<crate::plan::SortKey>,
    pub(crate) calls: Vec<(ColId, WindowCall)>,
}

/// A named window of the WINDOW clause.
#[derive(Clone, Debug)]
pub(crate) struct NamedWindow {
    pub(crate) name: SmolStr,
    pub(crate) partition: Vec<Expr>,
    pub(crate) order: Vec<crate::plan::SortKey>,
    pub(crate) frame: Option<crate::parse::ast::FrameSpec>,
}

/// A query level.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) items: Vec<ScopeItem>,
    pub(crate) clause: Clause,
    pub(crate) pending: Vec<Pending>,
    pub(crate) aggs: Aggregates,
    pub(crate) in_aggregate: bool,
    pub(crate) in_window: bool,
    pub(crate) windows: Vec<WindowGroup>,
    pub(crate) named: Vec<NamedWindow>,
    pub(crate) sets: Vec<(ColId, &'static str, Vec<Expr>, Type)>,
    /// Outer levels cannot be seen from here (views, stored expressions).
    pub(crate) opaque: bool,
}

impl Level {
    pub(crate) fn new() -> Level {
        Level {
            items: Vec::new(),
            clause: Clause::Select,
            pending: Vec::new(),
            aggs: Aggregates::default(),
            in_aggregate: false,
            in_window: false,
            windows: Vec::new(),
            named: Vec::new(),
            sets: Vec::new(),
            opaque: false,
        }
    }
}

/// Where a name leads.
pub(crate) enum Found {
    Column(ColId),
    /// A whole row.
    Row(Vec<ScopeCol>),
    /// The system column tableoid.
    TableOid(u32),
}

impl Binder<'_> {
    /// Looks a column up: `a`, `t.a`, `s.t.a`, `d.s.t.a`.
    pub(crate) fn resolve(&mut self, name: &[Name], pos: Pos) -> Result<Found> {
        match name {
            [column] => self.resolve_bare(column, pos),
            [table, column] => self.resolve_qualified(None, table, column, pos),
            [schema, table, column] => self.resolve_qualified(Some(schema), table, column, pos),
            [_, schema, table, column] => self.resolve_qualified(Some(schema), table, column, pos),
            _ => {
                let text: Vec<&str> = name.iter().map(|n| n.text.as_str()).collect();
                Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    format!("improper qualified name (too many dotted names): {}", text.join(".")),
                )
                .at(pos as usize))
            }
        }
    }

    fn resolve_bare(&mut self, column: &Name, pos: Pos) -> Result<Found> {
        let mut whole: Option<Vec<ScopeCol>> = None;
        for level in self.levels.iter().rev() {
            let mut found: Option<ColId> = None;
            for item in level.items.iter().filter(|i| i.cols_visible) {
                let hits = item.cols.iter().filter(|c| c.name == column.text);
                for hit in hits {
                    if item.lateral_only && !self.lateral {
                        continue;
                    }
                    if item.lateral_bad {
                        return Err(bad_lateral(&column.text, true, pos));
                    }
                    if found.is_some() {
                        return Err(Error::new(
                            sqlstate::AMBIGUOUS_COLUMN,
                            format!("column reference \"{}\" is ambiguous", column.text),
                        )
                        .at(pos as usize));
                    }
                    found = Some(hit.id);
                }
            }
            if let Some(id) = found {
                self.seen.push((id, pos));
                return Ok(Found::Column(id));
            }
            if whole.is_none()
                && let Some(item) =
                    level.items.iter().find(|i| i.rel_visible && i.name.as_ref() == Some(&column.text))
            {
                if item.scalar
                    && let Some(only) = item.cols.first()
                {
                    self.seen.push((only.id, pos));
                    return Ok(Found::Column(only.id));
                }
                whole = Some(item.cols.iter().filter(|c| !c.hidden).cloned().collect());
            }
            if level.opaque {
                break;
            }
        }
        if let Some(cols) = whole {
            for col in &cols {
                self.seen.push((col.id, pos));
            }
            return Ok(Found::Row(cols));
        }
        if let Some(kind) = system_column(&column.text) {
            return Err(kind.at(pos as usize));
        }
        let mut error =
            Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{}\" does not exist", column.text))
                .at(pos as usize);
        if let Some(hint) = self.column_hint(None, &column.text) {
            error = error.hint(hint);
        }
        Err(error)
    }

    fn resolve_qualified(
        &mut self,
        schema: Option<&Name>,
        table: &Name,
        column: &Name,
        pos: Pos,
    ) -> Result<Found> {
        let mut invisible = false;
        for level in self.levels.iter().rev() {
            let mut matching = level.items.iter().filter(|i| {
                i.name.as_ref() == Some(&table.text)
                    && schema.is_none_or(|s| i.schema.as_ref() == Some(&s.text))
                    && (!i.lateral_only || self.lateral)
            });
            let found = matching.find(|i| i.rel_visible);
            if let Some(item) = found {
                if item.lateral_bad {
                    return Err(bad_lateral(&table.text, false, pos));
                }
                let mut hits = item.cols.iter().filter(|c| c.name == column.text);
                let Some(hit) = hits.next() else {
                    if column.text == "tableoid"
                        && let Some((table, _)) =
                            item.cols.first().and_then(|c| self.cols[c.id as usize].origin)
                    {
                        return Ok(Found::TableOid(table.0));
                    }
                    if let Some(kind) = system_column(&column.text) {
                        return Err(kind.at(pos as usize));
                    }
                    let mut error = Error::new(
                        sqlstate::UNDEFINED_COLUMN,
                        format!("column {}.{} does not exist", table.text, column.text),
                    )
                    .at(pos as usize);
                    if let Some(hint) = self.column_hint(Some(&table.text), &column.text) {
                        error = error.hint(hint);
                    }
                    return Err(error);
                };
                if hits.next().is_some() {
                    return Err(Error::new(
                        sqlstate::AMBIGUOUS_COLUMN,
                        format!("column reference \"{}\" is ambiguous", column.text),
                    )
                    .at(pos as usize));
                }
                let id = hit.id;
                self.seen.push((id, pos));
                return Ok(Found::Column(id));
            }
            invisible |= level.items.iter().any(|i| i.name.as_ref() == Some(&table.text));
            if level.opaque {
                break;
            }
        }
        // A whole row's field: column `table` of record type is not had; so the table is missing.
        Err(self.missing_from(&table.text, invisible, pos))
    }

    pub(crate) fn missing_from(&self, table: &str, invisible: bool, pos: Pos) -> Error {
        let invisible = invisible || self.masked.iter().any(|i| i.name.as_deref() == Some(table));
        let error = if invisible {
            Error::new(
                sqlstate::UNDEFINED_TABLE,
                format!("invalid reference to FROM-clause entry for table \"{table}\""),
            )
            .hint(format!(
                "There is an entry for table \"{table}\", but it cannot be referenced from this part of the query."
            ))
        } else {
            let mut error = Error::new(
                sqlstate::UNDEFINED_TABLE,
                format!("missing FROM-clause entry for table \"{table}\""),
            );
            // The table is there under an alias.
            let aliased = self.levels.iter().rev().flat_map(|l| &l.items).find_map(|i| {
                let id = i.table?;
                let found = self.catalog.table_by_id(id)?;
                (found.name == table && i.name.as_deref() != Some(table)).then(|| i.name.clone())?
            });
            if let Some(alias) = aliased {
                error = Error::new(
                    sqlstate::UNDEFINED_TABLE,
                    format!("invalid reference to FROM-clause entry for table \"{table}\""),
                )
                .hint(format!("Perhaps you meant to reference the table alias \"{alias}\"."));
            }
            error
        };
        error.at(pos as usize)
    }

    /// `Perhaps you meant to reference the column "t.a".` for a near miss.
    fn column_hint(&self, table: Option<&str>, wanted: &str) -> Option<String> {
        let mut best: Option<(usize, String)> = None;
        let mut equal = 0;
        for item in self.levels.iter().rev().flat_map(|l| &l.items) {
            let Some(name) = &item.name else { continue };
            if table.is_some_and(|t| t != name.as_str()) {
                continue;
            }
            for col in item.cols.iter().filter(|c| !c.hidden) {
                let distance = edit_distance(wanted, &col.name);
                if distance > 3 || distance * 2 > wanted.chars().count() {
                    continue;
                }
                match &best {
                    Some((d, _)) if *d < distance => {}
                    Some((d, _)) if *d == distance => equal += 1,
                    _ => {
                        best = Some((distance, format!("{name}.{}", col.name)));
                        equal = 0;
                    }
                }
            }
        }
        let (_, found) = best?;
        (equal == 0).then(|| format!("Perhaps you meant to reference the column \"{found}\"."))
    }

    /// The columns of `t.*`.
    pub(crate) fn resolve_star(&mut self, name: &[Name], pos: Pos) -> Result<Vec<ScopeCol>> {
        let (schema, table) = match name {
            [table] => (None, table),
            [schema, table] => (Some(schema), table),
            [_, schema, table] => (Some(schema), table),
            _ => return Err(Error::new(sqlstate::SYNTAX_ERROR, "improper qualified name").at(pos as usize)),
        };
        let mut invisible = false;
        for level in self.levels.iter().rev() {
            let found = level.items.iter().find(|i| {
                i.rel_visible
                    && i.name.as_ref() == Some(&table.text)
                    && schema.is_none_or(|s| i.schema.as_ref() == Some(&s.text))
                    && (!i.lateral_only || self.lateral)
            });
            if let Some(item) = found {
                let cols: Vec<ScopeCol> = item.cols.iter().filter(|c| !c.hidden).cloned().collect();
                for col in &cols {
                    self.seen.push((col.id, pos));
                }
                return Ok(cols);
            }
            invisible |= level.items.iter().any(|i| i.name.as_ref() == Some(&table.text));
            if level.opaque {
                break;
            }
        }
        Err(self.missing_from(&table.text, invisible, pos))
    }

    /// Reads a column.
    pub(crate) fn column(&self, id: ColId) -> Expr {
        Expr::Column(id, self.cols.get(id as usize).map_or(Type::Unknown, |c| c.ty.ty))
    }
}

fn bad_lateral(name: &str, column: bool, pos: Pos) -> Error {
    let what = if column { "column" } else { "table" };
    Error::new(
        sqlstate::INVALID_COLUMN_REFERENCE,
        format!("invalid reference to FROM-clause entry for {what} \"{name}\""),
    )
    .detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
    .at(pos as usize)
}

fn system_column(name: &str) -> Option<Error> {
    matches!(name, "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid")
        .then(|| Error::unsupported(format!("system column \"{name}\"")))
}

/// Levenshtein distance, over characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    *row.last().unwrap_or(&0)
}
