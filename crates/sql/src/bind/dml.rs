//! INSERT, UPDATE, DELETE.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{ColumnType, Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::scope::{Clause, Level, Pending, ScopeCol, ScopeItem};
use super::{Binder, attach_all};
use crate::catalog::{Generated, IndexKeyKind, RelationKind, TableDescriptor};
use crate::logical::{ColId, Rel, expr_cols, same_expr};
use crate::parse::ast::{self, ConflictTarget, ExprKind, NO_POS, Name, Pos, SetClause, SetExpr, Target};
use crate::plan::{JoinKind, OnConflict};

impl Binder<'_> {
    /// A table that can be written.
    fn target_table(&mut self, name: &[Name], verb: &str) -> Result<Arc<TableDescriptor>> {
        if let [only] = name
            && self.cte_scope.iter().any(|c| c.name == only.text)
            && self.find_table(name)?.is_none()
        {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                format!("relation \"{}\" cannot be the target of a modifying statement", only.text),
            )
            .at(only.pos as usize));
        }
        let table = self.table(name)?;
        self.writes = true;
        match &table.kind {
            RelationKind::Table => Ok(table),
            RelationKind::View { .. } => Err(Error::new(
                sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("cannot {verb} view \"{}\"", table.name),
            )
            .detail("Views are not automatically updatable.")),
            RelationKind::Virtual => Err(Error::new(
                sqlstate::INSUFFICIENT_PRIVILEGE,
                format!("permission denied: \"{}\" is a system catalog", table.name),
            )),
        }
    }

    fn target_column(&self, table: &TableDescriptor, target: &Target) -> Result<usize> {
        if !target.subscripts.is_empty() {
            return Err(Error::unsupported("assignment to an array element").at(target.name.pos as usize));
        }
        let found = table.columns.iter().position(|c| c.name == target.name.text.as_str() && !c.hidden);
        if found.is_some() && target.field {
            return Err(Error::unsupported("assignment to a field").at(target.name.pos as usize));
        }
        found.ok_or_else(|| {
            Error::new(
                sqlstate::UNDEFINED_COLUMN,
                format!("column \"{}\" of relation \"{}\" does not exist", target.name.text, table.name),
            )
            .at(target.name.pos as usize)
        })
    }

    fn table_item(name: &str, alias: Option<&Name>, table: &TableDescriptor, ids: &[ColId]) -> ScopeItem {
        ScopeItem {
            name: Some(alias.map_or_else(|| SmolStr::new(name), |a| a.text.clone())),
            schema: None,
            table: Some(table.id),
            cols: table
                .columns
                .iter()
                .zip(ids)
                .map(|(c, id)| ScopeCol { name: SmolStr::new(&c.name), id: *id, hidden: c.hidden })
                .collect(),
            rel_visible: true,
            cols_visible: true,
            lateral_only: false,
            lateral_bad: false,
            scalar: false,
        }
    }

    pub(crate) fn insert(&mut self, insert: &ast::Insert) -> Result<Rel> {
        let mark = self.cte_scope.len();
        let out = self.with(insert.with.as_deref()).and_then(|()| {
            self.levels.push(Level::new());
            let out = self.insert_inner(insert);
            self.levels.pop();
            out
        });
        self.cte_scope.truncate(mark);
        out
    }

    fn insert_inner(&mut self, insert: &ast::Insert) -> Result<Rel> {
        let table = self.target_table(&insert.table, "insert into")?;
        // Which columns are given.
        let mut targets: Vec<usize> = Vec::new();
        for target in &insert.columns {
            let ordinal = self.target_column(&table, target)?;
            if targets.contains(&ordinal) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{}\" specified more than once", target.name.text),
                )
                .at(target.name.pos as usize));
            }
            targets.push(ordinal);
        }
        let explicit = !insert.columns.is_empty();
        if !explicit {
            targets = (0..table.columns.len()).filter(|i| !table.columns[*i].hidden).collect();
        }
        // Values that were written as DEFAULT do not count as given.
        let mut defaulted: Vec<bool> = vec![false; targets.len()];
        let (input, given): (Rel, Vec<ColId>) = match &insert.source {
            None => (Rel::unit(), Vec::new()),
            Some(query) => match &query.body {
                SetExpr::Values(rows)
                    if query.with.is_none()
                        && query.order_by.is_empty()
                        && query.limit.is_none()
                        && query.offset.is_none() =>
                {
                    self.insert_values(&table, rows, &targets, explicit, insert, &mut defaulted)?
                }
                _ => {
                    let mut rel = {
                        let items = std::mem::take(&mut self.level().items);
                        let out = self.query(query);
                        self.level().items = items;
                        out?
                    };
                    let cols = rel.cols();
                    self.check_width(cols.len(), &targets, explicit, insert, query.pos)?;
                    let mut given = Vec::with_capacity(cols.len());
                    let mut exprs = Vec::with_capacity(cols.len());
                    for (i, id) in cols.iter().enumerate() {
                        let column = &table.columns[targets[i]];
                        if self.cols[*id as usize].ty.ty == Type::Unknown {
                            self.coerce_output(&mut rel, i, ColumnType::plain(column.ty.ty), NO_POS)?;
                        }
                        let value = self.column(*id);
                        let pos = select_item_pos(query, i);
                        let value = self.coerce_assignment(value, pos, column.ty, &column.name)?;
                        let new = self.new_col(column.name.clone(), column.ty);
                        given.push(new);
                        exprs.push((new, value));
                    }
                    (Rel::Project { input: Box::new(rel), exprs }, given)
                }
            },
        };
        // The complete row.
        let mut row: Vec<Expr> = Vec::with_capacity(table.columns.len());
        for (ordinal, column) in table.columns.iter().enumerate() {
            let place = targets.iter().position(|t| *t == ordinal).filter(|i| *i < given.len());
            let is_given = place.is_some_and(|i| !defaulted[i]);
            let mut use_default = !is_given;
            match &column.generated {
                Generated::Identity { always, .. } if is_given => match insert.overriding {
                    None if *always => {
                        return Err(Error::new(
                            sqlstate::GENERATED_ALWAYS,
                            format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name),
                        )
                        .detail(format!(
                            "Column \"{}\" is an identity column defined as GENERATED ALWAYS.",
                            column.name
                        ))
                        .hint("Use OVERRIDING SYSTEM VALUE to override."));
                    }
                    Some(false) => use_default = true,
                    _ => {}
                },
                Generated::Stored { .. } if is_given => {
                    return Err(Error::new(
                        sqlstate::GENERATED_ALWAYS,
                        format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name),
                    )
                    .detail(format!("Column \"{}\" is a generated column.", column.name)));
                }
                _ => {}
            }
            row.push(match place {
                Some(i) if !use_default => self.column(given[i]),
                _ if column.hidden
                    && column.default.is_none()
                    && !matches!(column.generated, Generated::Identity { .. }) =>
                {
                    // The row id: exec draws it.
                    super::call::null_of(column.ty.ty)
                }
                _ if matches!(column.generated, Generated::Stored { .. }) => {
                    super::call::null_of(column.ty.ty)
                }
                _ => self.default_of(column)?,
            });
        }
        let is_stored = |ordinal: usize| matches!(table.columns[ordinal].generated, Generated::Stored { .. });
        let mut input = input;
        if (0..row.len()).any(is_stored) {
            // What generated columns are made of is computed once, below: nextval() twice were two values.
            let mut exprs: Vec<(ColId, Expr)> = given.iter().map(|id| (*id, self.column(*id))).collect();
            let before = exprs.len();
            for (ordinal, value) in row.iter_mut().enumerate() {
                if !is_stored(ordinal) && !matches!(value, Expr::Column(..) | Expr::Const(..)) {
                    let id = self.new_col(table.columns[ordinal].name.clone(), table.columns[ordinal].ty);
                    exprs.push((id, std::mem::replace(value, self.column(id))));
                }
            }
            if exprs.len() > before {
                input = Rel::Project { input: Box::new(input), exprs };
            }
            for ordinal in (0..table.columns.len()).filter(|o| is_stored(*o)) {
                row[ordinal] = self.generated_value(&table, ordinal, &row)?;
            }
        }
        let cols = self.table_cols(&table);
        let existing = self.table_cols(&table);
        let checks = self.checks(&table, &cols)?;
        let on_conflict = match &insert.on_conflict {
            Some(clause) => Some(self.on_conflict(&table, insert, clause, &existing, &cols)?),
            None => None,
        };
        let item = Self::table_item(&table.name, insert.alias.as_ref(), &table, &cols);
        self.level().items = vec![item];
        let (returning, wrap) = self.returning(&insert.returning, &cols)?;
        let rel = Rel::Insert {
            table,
            input: Box::new(input),
            row,
            on_conflict,
            checks,
            cols,
            existing,
            returning,
        };
        Ok(finish_returning(rel, wrap))
    }

    fn check_width(
        &self,
        width: usize,
        targets: &[usize],
        explicit: bool,
        insert: &ast::Insert,
        pos: Pos,
    ) -> Result<()> {
        if width > targets.len() {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "INSERT has more expressions than target columns",
            )
            .at(pos as usize));
        }
        if explicit && width < targets.len() {
            let at = insert.columns.get(width).map_or(pos, |t| t.name.pos);
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "INSERT has more target columns than expressions",
            )
            .at(at as usize));
        }
        Ok(())
    }

    fn insert_values(
        &mut self,
        table: &Arc<TableDescriptor>,
        rows: &[Vec<ast::Expr>],
        targets: &[usize],
        explicit: bool,
        insert: &ast::Insert,
        defaulted: &mut [bool],
    ) -> Result<(Rel, Vec<ColId>)> {
        let width = rows.first().map_or(0, Vec::len);
        for row in rows {
            if row.len() != width {
                return Err(Error::new(sqlstate::SYNTAX_ERROR, "VALUES lists must all be the same length")
                    .at(row.first().map_or(NO_POS, |e| e.pos) as usize));
            }
        }
        let extra = rows.first().and_then(|r| r.get(targets.len())).map_or(NO_POS, |e| e.pos);
        self.check_width(width, targets, explicit, insert, extra)?;
        let mut given = Vec::with_capacity(width);
        for (i, target) in targets.iter().take(width).enumerate() {
            let column = &table.columns[*target];
            given.push(self.new_col(column.name.clone(), column.ty));
            defaulted[i] = rows.iter().all(|r| matches!(r[i].kind, ExprKind::Default));
            if !defaulted[i]
                && rows.iter().any(|r| matches!(r[i].kind, ExprKind::Default))
                && matches!(column.generated, Generated::Stored { .. })
            {
                return Err(Error::new(
                    sqlstate::GENERATED_ALWAYS,
                    format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name),
                )
                .detail(format!("Column \"{}\" is a generated column.", column.name)));
            }
        }
        let mut out: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        self.level().clause = if rows.len() == 1 { Clause::InsertTarget } else { Clause::Values };
        for row in rows {
            let mut bound = Vec::with_capacity(width);
            for (i, e) in row.iter().enumerate() {
                let column = &table.columns[targets[i]];
                if matches!(e.kind, ExprKind::Default) {
                    bound.push(if matches!(column.generated, Generated::Stored { .. }) {
                        super::call::null_of(column.ty.ty)
                    } else {
                        self.default_of(column)?
                    });
                    continue;
                }
                // ARRAY[…] of literals takes the column's element type.
                let value = self.expr(e)?;
                bound.push(self.coerce_assignment(value, e.pos, column.ty, &column.name)?);
            }
            out.push(bound);
        }
        let pending = std::mem::take(&mut self.level().pending);
        let rel = self.rows_with_pending(&given, out, pending);
        Ok((rel, given))
    }

    /// Rows of expressions whose subqueries are still to be put under them.
    fn rows_with_pending(&mut self, cols: &[ColId], mut rows: Vec<Vec<Expr>>, pending: Vec<Pending>) -> Rel {
        if pending.is_empty() {
            return Rel::Values { cols: cols.to_vec(), rows };
        }
        if rows.len() == 1
            && let Some(row) = rows.pop()
        {
            let input = attach_all(Rel::unit(), pending);
            return Rel::Project { input: Box::new(input), exprs: cols.iter().copied().zip(row).collect() };
        }
        let mut pending = pending;
        let mut inputs = Vec::with_capacity(rows.len());
        for row in rows {
            let mut used: Vec<ColId> = Vec::new();
            for e in &row {
                used.extend(expr_cols(e));
            }
            let (mine, rest): (Vec<Pending>, Vec<Pending>) = pending
                .into_iter()
                .partition(|p| super::apply_out(&p.kind).is_some_and(|id| used.contains(&id)));
            pending = rest;
            let exprs = row
                .into_iter()
                .map(|e| {
                    let ty = self.column_type(&e);
                    (self.new_col("column", ty), e)
                })
                .collect();
            inputs.push(Rel::Project { input: Box::new(attach_all(Rel::unit(), mine)), exprs });
        }
        Rel::Append { inputs, cols: cols.to_vec() }
    }

    /// RETURNING: the node's own output, and a projection on top where it has subqueries.
    #[allow(clippy::type_complexity)]
    fn returning(
        &mut self,
        items: &[ast::SelectItem],
        available: &[ColId],
    ) -> Result<(Vec<(ColId, Expr)>, Option<(Vec<Pending>, Vec<(ColId, Expr)>)>)> {
        if items.is_empty() {
            return Ok((Vec::new(), None));
        }
        self.level().clause = Clause::Returning;
        let out = self.returning_items(items)?;
        let pending = std::mem::take(&mut self.level().pending);
        if pending.is_empty() {
            return Ok((out, None));
        }
        let raw = available.iter().map(|id| (*id, self.column(*id))).collect();
        Ok((raw, Some((pending, out))))
    }

    fn on_conflict(
        &mut self,
        table: &Arc<TableDescriptor>,
        insert: &ast::Insert,
        clause: &ast::OnConflictClause,
        existing: &[ColId],
        proposed: &[ColId],
    ) -> Result<OnConflict> {
        let index = self.arbiter(table, &clause.target, clause.pos)?;
        let Some((set, filter)) = &clause.update else { return Ok(OnConflict::Nothing(index)) };
        let Some(index) = index else { return Err(Error::internal("DO UPDATE has an arbiter")) };
        let mut own = Self::table_item(&table.name, insert.alias.as_ref(), table, existing);
        own.cols_visible = true;
        let mut excluded = Self::table_item("excluded", None, table, proposed);
        excluded.cols_visible = false;
        self.level().items = vec![own, excluded];
        let assignments = self.assignments(table, set, existing, &mut Vec::new())?;
        let filter = match filter {
            Some(e) => {
                let bound = self.in_clause(Clause::ConflictWhere, |b| b.expr(e))?;
                Some(self.coerce_bool(bound, e.pos, "WHERE")?)
            }
            None => None,
        };
        if !self.level().pending.is_empty() {
            return Err(Error::unsupported("a subquery in ON CONFLICT DO UPDATE").at(clause.pos as usize));
        }
        Ok(OnConflict::Update { index, set: assignments, filter })
    }

    fn arbiter(
        &mut self,
        table: &Arc<TableDescriptor>,
        target: &ConflictTarget,
        pos: Pos,
    ) -> Result<Option<crate::catalog::IndexId>> {
        match target {
            ConflictTarget::None => Ok(None),
            ConflictTarget::Constraint(name) => {
                match table.indexes.iter().find(|i| i.constraint && i.unique && i.name == name.text.as_str())
                {
                    Some(index) => Ok(Some(index.id)),
                    None => Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("constraint \"{}\" for table \"{}\" does not exist", name.text, table.name),
                    )
                    .at(name.pos as usize)),
                }
            }
            ConflictTarget::Columns(keys, filter) => {
                let columns: Vec<(SmolStr, ColumnType)> =
                    table.columns.iter().map(|c| (SmolStr::new(&c.name), c.ty)).collect();
                let mut wanted = Vec::with_capacity(keys.len());
                for key in keys {
                    wanted.push(self.over_row(&table.name, &columns, key, Clause::IndexExpr)?);
                }
                let filter = match filter {
                    Some(e) => Some(self.over_row(&table.name, &columns, e, Clause::IndexPredicate)?),
                    None => None,
                };
                for index in table
                    .indexes
                    .iter()
                    .filter(|i| i.unique && (i.primary || i.constraint || !i.keys.is_empty()))
                {
                    if !index.primary && table.indexes.first().is_some_and(|f| f.id == index.id) {
                        // The hidden row id's index.
                        continue;
                    }
                    if let Some(predicate) = &index.predicate {
                        let bound = self.stored(predicate, table)?;
                        let mut have = Vec::new();
                        if let Some(f) = &filter {
                            crate::optimize::split_and(f, &mut have);
                        }
                        let mut need = Vec::new();
                        crate::optimize::split_and(&bound, &mut need);
                        if !need.iter().all(|n| have.iter().any(|h| same_expr(h, n))) {
                            continue;
                        }
                    }
                    let mut index_keys = Vec::with_capacity(index.keys.len());
                    for key in &index.keys {
                        index_keys.push(match &key.what {
                            IndexKeyKind::Column(id) => {
                                let ordinal = table.column_ordinal(*id).unwrap_or(usize::MAX);
                                let ty = table.columns.get(ordinal).map_or(Type::Unknown, |c| c.ty.ty);
                                Expr::Column(ordinal as u32, ty)
                            }
                            IndexKeyKind::Expression(text, _) => self.stored(text, table)?,
                        });
                    }
                    let covers = |a: &[Expr], b: &[Expr]| a.iter().all(|x| b.iter().any(|y| same_expr(x, y)));
                    if covers(&wanted, &index_keys) && covers(&index_keys, &wanted) {
                        return Ok(Some(index.id));
                    }
                }
                let _ = pos;
                Err(Error::new(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    "there is no unique or exclusion constraint matching the ON CONFLICT specification",
                ))
            }
        }
    }

    /// SET's assignments as (ordinal, value), generated columns included. What those are made of must be computed
    /// once, if it comes out different each time: it is put into `once` and read by its column.
    fn assignments(
        &mut self,
        table: &Arc<TableDescriptor>,
        clauses: &[SetClause],
        old: &[ColId],
        once: &mut Vec<(ColId, Expr)>,
    ) -> Result<Vec<(usize, Expr)>> {
        self.level().clause = Clause::Set;
        let mut out: Vec<(usize, Expr)> = Vec::new();
        for clause in clauses {
            match clause {
                SetClause::One(target, e) => {
                    let ordinal = self.target_column(table, target)?;
                    let value = self.assigned(table, ordinal, e)?;
                    self.push_assignment(table, &mut out, ordinal, value)?;
                }
                SetClause::Many(targets, e) => match &e.kind {
                    ExprKind::Row(items) => {
                        if items.len() != targets.len() {
                            return Err(Error::new(
                                sqlstate::SYNTAX_ERROR,
                                "number of columns does not match number of values",
                            )
                            .at(e.pos as usize));
                        }
                        for (target, item) in targets.iter().zip(items) {
                            let ordinal = self.target_column(table, target)?;
                            let value = self.assigned(table, ordinal, item)?;
                            self.push_assignment(table, &mut out, ordinal, value)?;
                        }
                    }
                    ExprKind::Subquery(query) => {
                        let inner = self.subquery_row(query, targets.len(), e.pos).map_err(|err| {
                            if err.fields().message.starts_with("subquery has too") {
                                Error::new(
                                    sqlstate::SYNTAX_ERROR,
                                    "number of columns does not match number of values",
                                )
                                .at(e.pos as usize)
                            } else {
                                err
                            }
                        })?;
                        for (target, value) in targets.iter().zip(inner) {
                            let ordinal = self.target_column(table, target)?;
                            let column = &table.columns[ordinal];
                            let value = self.coerce_assignment(value, e.pos, column.ty, &column.name)?;
                            self.push_assignment(table, &mut out, ordinal, value)?;
                        }
                    }
                    _ if targets.len() == 1 => {
                        let ordinal = self.target_column(table, &targets[0])?;
                        let value = self.assigned(table, ordinal, e)?;
                        self.push_assignment(table, &mut out, ordinal, value)?;
                    }
                    _ => {
                        return Err(Error::new(
                            sqlstate::FEATURE_NOT_SUPPORTED,
                            "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
                        )
                        .at(e.pos as usize));
                    }
                },
            }
        }
        // Generated columns follow what they are made of.
        let stored =
            |column: &crate::catalog::ColumnDescriptor| matches!(column.generated, Generated::Stored { .. });
        if table.columns.iter().any(stored) {
            for (ordinal, value) in &mut out {
                if crate::optimize::volatile(value) {
                    let column = &table.columns[*ordinal];
                    let id = self.new_col(column.name.clone(), column.ty);
                    once.push((id, std::mem::replace(value, self.column(id))));
                }
            }
        }
        let row: Vec<Expr> = (0..table.columns.len())
            .map(|i| match out.iter().find(|(o, _)| *o == i) {
                Some((_, value)) => value.clone(),
                None => self.column(old[i]),
            })
            .collect();
        for (ordinal, column) in table.columns.iter().enumerate() {
            if matches!(column.generated, Generated::Stored { .. }) {
                let value = self.generated_value(table, ordinal, &row)?;
                out.retain(|(o, _)| *o != ordinal);
                out.push((ordinal, value));
            }
        }
        Ok(out)
    }

    fn assigned(&mut self, table: &TableDescriptor, ordinal: usize, e: &ast::Expr) -> Result<Expr> {
        let column = &table.columns[ordinal];
        let is_default = matches!(e.kind, ExprKind::Default);
        let refuse = |detail: String| {
            Err(Error::new(
                sqlstate::GENERATED_ALWAYS,
                format!("column \"{}\" can only be updated to DEFAULT", column.name),
            )
            .detail(detail))
        };
        match &column.generated {
            Generated::Identity { always: true, .. } if !is_default => {
                return refuse(format!(
                    "Column \"{}\" is an identity column defined as GENERATED ALWAYS.",
                    column.name
                ));
            }
            Generated::Stored { .. } if !is_default => {
                return refuse(format!("Column \"{}\" is a generated column.", column.name));
            }
            Generated::Stored { .. } => return Ok(super::call::null_of(column.ty.ty)),
            _ => {}
        }
        if is_default {
            return self.default_of(column);
        }
        let value = self.expr(e)?;
        self.coerce_assignment(value, e.pos, column.ty, &column.name)
    }

    fn push_assignment(
        &self,
        table: &TableDescriptor,
        out: &mut Vec<(usize, Expr)>,
        ordinal: usize,
        value: Expr,
    ) -> Result<()> {
        if out.iter().any(|(o, _)| *o == ordinal) {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                format!("multiple assignments to same column \"{}\"", table.columns[ordinal].name),
            ));
        }
        out.push((ordinal, value));
        Ok(())
    }

    pub(crate) fn update(&mut self, update: &ast::Update) -> Result<Rel> {
        let mark = self.cte_scope.len();
        let out = self.with(update.with.as_deref()).and_then(|()| {
            self.levels.push(Level::new());
            let out = self.update_inner(update);
            self.levels.pop();
            out
        });
        self.cte_scope.truncate(mark);
        out
    }

    /// The target's scan and the items of FROM or USING, joined.
    fn target_and_from(
        &mut self,
        table: &Arc<TableDescriptor>,
        alias: Option<&Name>,
        from: &[ast::TableRef],
    ) -> Result<(Rel, Vec<ColId>, Vec<ScopeItem>)> {
        let (target, old) = self.scan(table);
        let item = Self::table_item(&table.name, alias, table, &old);
        let mut rel = target;
        let mut items = Vec::new();
        if !from.is_empty() {
            let source = self.from_list(from)?;
            items = std::mem::take(&mut self.level().items);
            if let Some(clash) = items.iter().find(|i| i.rel_visible && i.name == item.name) {
                let name = clash.name.clone().unwrap_or_default();
                return Err(Error::new(
                    sqlstate::DUPLICATE_ALIAS,
                    format!("table name \"{name}\" specified more than once"),
                ));
            }
            rel = super::from::join(rel, source, JoinKind::Inner, Vec::new());
        }
        self.level().items.push(item);
        self.level().items.extend(items.iter().cloned());
        Ok((rel, old, items))
    }

    fn filtered(&mut self, mut rel: Rel, filter: Option<&ast::Expr>) -> Result<Rel> {
        if let Some(e) = filter {
            let bound = self.in_clause(Clause::Where, |b| b.expr(e))?;
            let condition = self.coerce_bool(bound, e.pos, "WHERE")?;
            rel = self.attach(rel);
            rel = Rel::Filter { input: Box::new(rel), conds: vec![condition] };
        }
        Ok(rel)
    }

    fn update_inner(&mut self, update: &ast::Update) -> Result<Rel> {
        let table = self.target_table(&update.table, "update")?;
        let (rel, old, from_items) = self.target_and_from(&table, update.alias.as_ref(), &update.from)?;
        let rel = self.filtered(rel, update.filter.as_ref())?;
        let mut once = Vec::new();
        let set = self.assignments(&table, &update.set, &old, &mut once)?;
        let mut input = self.attach(rel);
        let shown = input.cols();
        if !once.is_empty() {
            let mut exprs: Vec<(ColId, Expr)> = shown.iter().map(|id| (*id, self.column(*id))).collect();
            exprs.extend(once);
            input = Rel::Project { input: Box::new(input), exprs };
        }
        let cols = self.table_cols(&table);
        let checks = self.checks(&table, &cols)?;
        let item = Self::table_item(&table.name, update.alias.as_ref(), &table, &cols);
        let mut available = cols.clone();
        available.extend(shown.into_iter().filter(|id| !old.contains(id)));
        self.level().items = std::iter::once(item).chain(from_items).collect();
        let (returning, wrap) = self.returning(&update.returning, &available)?;
        let rel = Rel::Update { table, input: Box::new(input), old, set, checks, cols, returning };
        Ok(finish_returning(rel, wrap))
    }

    pub(crate) fn delete(&mut self, delete: &ast::Delete) -> Result<Rel> {
        let mark = self.cte_scope.len();
        let out = self.with(delete.with.as_deref()).and_then(|()| {
            self.levels.push(Level::new());
            let out = self.delete_inner(delete);
            self.levels.pop();
            out
        });
        self.cte_scope.truncate(mark);
        out
    }

    fn delete_inner(&mut self, delete: &ast::Delete) -> Result<Rel> {
        let table = self.target_table(&delete.table, "delete from")?;
        let (rel, old, _) = self.target_and_from(&table, delete.alias.as_ref(), &delete.using)?;
        let input = self.filtered(rel, delete.filter.as_ref())?;
        let available = input.cols();
        let (returning, wrap) = self.returning(&delete.returning, &available)?;
        let rel = Rel::Delete { table, input: Box::new(input), old, returning };
        Ok(finish_returning(rel, wrap))
    }
}

fn finish_returning(rel: Rel, wrap: Option<(Vec<Pending>, Vec<(ColId, Expr)>)>) -> Rel {
    match wrap {
        None => rel,
        Some((pending, exprs)) => Rel::Project { input: Box::new(attach_all(rel, pending)), exprs },
    }
}

fn select_item_pos(query: &ast::Query, i: usize) -> Pos {
    match &query.body {
        SetExpr::Select(select) => select.items.get(i).map_or(NO_POS, |item| item.expr.pos),
        _ => NO_POS,
    }
}
