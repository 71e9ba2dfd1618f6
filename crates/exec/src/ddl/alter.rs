//! ALTER TABLE: columns and constraints. Where rows must take another form they are moved into a new storage.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::function::Volatility;
use datum::{Datum, Error, Expr, Result, Type};
use sql::catalog::*;
use sql::statement::*;

use super::Ddl;
use super::create::ROWID;
use super::names::has_constraint;
use super::rewrite::{TableScan, contains_nulls};
use crate::dml::foreign_keys;
use crate::operators::eval_rows;

impl Ddl<'_> {
    /// ALTER TABLE.
    pub(super) async fn alter_table(&mut self, alter: &AlterTable) -> Result<()> {
        let id = alter.table.id;
        for action in &alter.actions {
            self.alter_action(id, action).await?;
        }
        Ok(())
    }

    async fn alter_action(&mut self, id: DescriptorId, action: &AlterAction) -> Result<()> {
        let old = self.table(id)?;
        match action {
            AlterAction::AddColumn { column, constraints, if_not_exists } => {
                if old.columns.iter().any(|c| c.name == column.name && !c.hidden) {
                    let message =
                        format!("column \"{}\" of relation \"{}\" already exists", column.name, old.name);
                    if *if_not_exists {
                        self.notice(sqlstate::DUPLICATE_COLUMN, format!("{message}, skipping"));
                        return Ok(());
                    }
                    return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
                }
                self.alter_add_column(&old, column).await?;
                for constraint in constraints {
                    self.alter_add_constraint(id, constraint).await?;
                }
                Ok(())
            }
            AlterAction::DropColumn { name, if_exists, cascade } => {
                let Some(column) = old.columns.iter().find(|c| c.name == *name && !c.hidden) else {
                    if *if_exists {
                        self.notice(
                            sqlstate::SUCCESSFUL_COMPLETION,
                            format!(
                                "column \"{name}\" of relation \"{}\" does not exist, skipping",
                                old.name
                            ),
                        );
                        return Ok(());
                    }
                    return Err(undefined_column(&old, name));
                };
                let column = column.id;
                self.alter_drop_column(&old, column, *cascade).await
            }
            AlterAction::RenameColumn { name, new_name } => {
                let column = old.columns[ordinal(&old, name).map_err(|_| {
                    Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist"))
                })?]
                .id;
                self.no_view_reads("a column", self.views_over_column(old.id, column))?;
                if old.columns.iter().any(|c| c.name == *new_name && !c.hidden) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_COLUMN,
                        format!("column \"{new_name}\" of relation \"{}\" already exists", old.name),
                    ));
                }
                self.rename_column(&old, name, new_name)
            }
            AlterAction::SetDefault { name, default } => {
                let text = default.as_ref().map(|default| default.text.clone());
                self.change_column(&old, name, |column| {
                    column.default = text;
                    Ok(())
                })
            }
            AlterAction::SetNotNull { name, not_null } => {
                let at = ordinal(&old, name)?;
                if *not_null {
                    let mut cx = self.cx();
                    let mut scan = TableScan::new(&old, &mut cx)?;
                    while let Some(batch) = scan.next(&mut cx).await? {
                        if batch.rows().any(|row| row[at].is_null()) {
                            return Err(contains_nulls(&old, name, &cx));
                        }
                    }
                } else if sql::layout::primary_key_ordinals(&old).contains(&at) {
                    return Err(Error::new(
                        sqlstate::INVALID_TABLE_DEFINITION,
                        format!("column \"{name}\" is in a primary key"),
                    ));
                }
                self.change_column(&old, name, |column| {
                    column.nullable = !not_null;
                    Ok(())
                })
            }
            AlterAction::SetType { name, ty, using } => {
                let at = ordinal(&old, name)?;
                let column = old.columns[at].id;
                if let Some(view) = self.views_over_column(old.id, column).first() {
                    let view = self.table(*view)?;
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        "cannot alter type of a column used by a view or rule",
                    )
                    .detail(format!("rule _RETURN on view {} depends on column \"{name}\"", view.name)));
                }
                self.keys_still_fit(&old, column, *ty)?;
                let mut new = (*old).clone();
                new.columns[at].ty = *ty;
                // What mentions the column must still make sense under its new type.
                let catalog = self.state.session.catalog.clone();
                let generated = new.columns.iter().filter_map(|column| match &column.generated {
                    Generated::Stored { expr } => Some(expr),
                    _ => None,
                });
                let predicates = new.indexes.iter().filter_map(|index| index.predicate.as_ref());
                let keys =
                    new.indexes.iter().flat_map(|index| &index.keys).filter_map(|key| match &key.what {
                        IndexKeyKind::Expression(text, _) => Some(text),
                        IndexKeyKind::Column(_) => None,
                    });
                let checks = new.checks.iter().map(|check| &check.expr);
                for text in checks.chain(generated).chain(predicates).chain(keys) {
                    crate::expressions::over_table(text, &new, &catalog)?;
                }
                let mut columns = Self::same_columns(&old);
                columns[at] = Some(using.clone());
                self.rewrite(&old, new, columns).await.map(|_| ())
            }
            AlterAction::AddIdentity { name, always, options } => {
                let at = ordinal(&old, name)?;
                let column = old.columns[at].clone();
                if column.nullable {
                    return Err(Error::new(
                        sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                        format!(
                            "column \"{name}\" of relation \"{}\" must be declared NOT NULL before identity can be added",
                            old.name
                        ),
                    ));
                }
                let mut options = options.clone();
                let ty = if column.ty.ty == Type::Numeric { Type::Int8 } else { column.ty.ty };
                options.ty.get_or_insert(ty);
                options.owned_by = Some(Some((old.id, column.id)));
                let sequence = self.free_sequence_name(&old, name);
                let sequence = self.new_sequence(old.schema, &sequence, &options).await?;
                let always = *always;
                self.change_column(&old, name, |column| {
                    column.generated = Generated::Identity { always, sequence };
                    column.owned_sequence = Some(sequence);
                    Ok(())
                })
            }
            AlterAction::SetIdentity { name, always, options } => {
                let at = ordinal(&old, name)?;
                let Generated::Identity { always: before, sequence } = old.columns[at].generated.clone()
                else {
                    return Err(not_identity(&old, name));
                };
                if let Some(found) = self.catalog().sequence_by_id(sequence).cloned() {
                    self.alter_sequence(&found, options).await?;
                }
                let always = always.unwrap_or(before);
                self.change_column(&old, name, |column| {
                    column.generated = Generated::Identity { always, sequence };
                    Ok(())
                })
            }
            AlterAction::DropIdentity { name, if_exists } => {
                let at = ordinal(&old, name)?;
                let Generated::Identity { sequence, .. } = old.columns[at].generated.clone() else {
                    if *if_exists {
                        self.notice(
                            sqlstate::SUCCESSFUL_COMPLETION,
                            format!(
                                "column \"{name}\" of relation \"{}\" is not an identity column, skipping",
                                old.name
                            ),
                        );
                        return Ok(());
                    }
                    return Err(not_identity(&old, name));
                };
                self.change_column(&old, name, |column| {
                    column.generated = Generated::No;
                    column.owned_sequence = None;
                    Ok(())
                })?;
                self.remove_sequence(sequence)
            }
            AlterAction::DropExpression { name, if_exists } => {
                let at = ordinal(&old, name)?;
                if !matches!(old.columns[at].generated, Generated::Stored { .. }) {
                    if *if_exists {
                        return Ok(());
                    }
                    return Err(Error::new(
                        sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                        format!(
                            "column \"{name}\" of relation \"{}\" is not a stored generated column",
                            old.name
                        ),
                    ));
                }
                self.change_column(&old, name, |column| {
                    column.generated = Generated::No;
                    Ok(())
                })
            }
            AlterAction::AddConstraint(spec) => self.alter_add_constraint(id, spec).await,
            AlterAction::DropConstraint { name, if_exists, cascade } => {
                self.alter_drop_constraint(&old, name, *if_exists, *cascade).await
            }
            AlterAction::RenameConstraint { name, new_name } => {
                if has_constraint(&old, new_name) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_OBJECT,
                        format!("constraint \"{new_name}\" for relation \"{}\" already exists", old.name),
                    ));
                }
                let mut new = (*old).clone();
                let checks = new.checks.iter_mut().map(|c| &mut c.name);
                let keys = new.foreign_keys.iter_mut().map(|k| &mut k.name);
                let indexes = new.indexes.iter_mut().filter(|i| i.constraint).map(|i| &mut i.name);
                let Some(found) = checks.chain(keys).chain(indexes).find(|n| **n == *name) else {
                    return Err(undefined_constraint(&old, name));
                };
                *found = new_name.clone();
                self.put_table(new)?;
                Ok(())
            }
            AlterAction::ValidateConstraint(name) => {
                if let Some(check) = old.checks.iter().find(|check| check.name == *name) {
                    let catalog = self.state.session.catalog.clone();
                    let expr = crate::expressions::over_table(&check.expr, &old, &catalog)?;
                    self.check_rows(&old, name, &expr).await
                } else if let Some(key) = old.foreign_keys.iter().find(|key| key.name == *name) {
                    let key = key.clone();
                    self.check_key(&old, key).await
                } else if has_constraint(&old, name) {
                    Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!(
                            "constraint \"{name}\" of relation \"{}\" is not a foreign key or check constraint",
                            old.name
                        ),
                    ))
                } else {
                    Err(undefined_constraint(&old, name))
                }
            }
            AlterAction::Name(change) => {
                let mut new = (*old).clone();
                match change {
                    NameChange::Rename(name) => {
                        self.is_taken(new.schema, name, false)?;
                        self.no_view_reads("a table", self.views_over(id))?;
                        new.name = name.clone();
                    }
                    NameChange::Schema(schema) => {
                        if *schema != new.schema {
                            self.is_taken(*schema, &new.name, false)?;
                            self.no_view_reads("a table", self.views_over(id))?;
                        }
                        new.schema = *schema;
                    }
                    NameChange::Owner(owner) => new.owner = self.owner(owner)?,
                }
                self.put_table(new)?;
                Ok(())
            }
            AlterAction::Nothing => Ok(()),
        }
    }

    fn change_column(
        &mut self,
        table: &TableDescriptor,
        name: &str,
        change: impl FnOnce(&mut ColumnDescriptor) -> Result<()>,
    ) -> Result<()> {
        let at = ordinal(table, name)?;
        let mut new = table.clone();
        change(&mut new.columns[at])?;
        self.put_table(new)?;
        Ok(())
    }

    /// Renames a column; texts that mention it are written anew.
    fn rename_column(&mut self, old: &Arc<TableDescriptor>, name: &str, new_name: &str) -> Result<()> {
        let at = ordinal(old, name)?;
        let mut new = (**old).clone();
        new.columns[at].name = new_name.to_owned();
        let catalog = self.state.session.catalog.clone();
        // The bound form knows columns by position: it is written down again under the new names.
        let rewrite = |text: &str| -> Result<String> {
            let expr = crate::expressions::over_table(text, old, &catalog)?;
            Ok(crate::expressions::deparse(&expr, &new, &catalog))
        };
        let mut checks = new.checks.clone();
        for check in &mut checks {
            check.expr = rewrite(&check.expr)?;
        }
        let mut indexes = new.indexes.clone();
        for index in &mut indexes {
            if let Some(predicate) = &mut index.predicate {
                *predicate = rewrite(predicate)?;
            }
            for key in &mut index.keys {
                if let IndexKeyKind::Expression(text, _) = &mut key.what {
                    *text = rewrite(text)?;
                }
            }
        }
        let mut columns = new.columns.clone();
        for column in &mut columns {
            if let Generated::Stored { expr } = &mut column.generated {
                *expr = rewrite(expr)?;
            }
        }
        new.checks = checks;
        new.indexes = indexes;
        new.columns = columns;
        self.put_table(new)?;
        Ok(())
    }

    async fn alter_add_column(&mut self, old: &Arc<TableDescriptor>, spec: &ColumnSpec) -> Result<()> {
        let mut new = (**old).clone();
        self.add_column(&mut new, spec).await?;
        self.generated_apart(&new)?;
        let at = new
            .columns
            .iter()
            .position(|c| c.name == spec.name && !c.hidden)
            .ok_or_else(|| Error::internal("a column was added and is not there"))?;
        let fill = match (&spec.generated, &spec.default) {
            (GeneratedSpec::Stored(expr), _) => Some(expr.expr.clone()),
            (GeneratedSpec::Serial | GeneratedSpec::Identity { .. }, _) => {
                let sequence = new.columns[at].owned_sequence.unwrap_or(DescriptorId(0));
                let arg = Expr::Const(Datum::Oid(sequence.0), Type::RegClass);
                let nextval = datum::function::function("nextval", &[Type::RegClass])
                    .ok_or_else(|| Error::internal("nextval is not there"))?;
                let value = Expr::call(nextval, vec![arg]);
                Some(Expr::Cast { expr: Box::new(value), to: spec.ty, explicit: false })
            }
            (GeneratedSpec::No, Some(default)) => Some(default.expr.clone()),
            (GeneratedSpec::No, None) => None,
        };
        let constant = fill.as_ref().filter(|expr| {
            matches!(spec.generated, GeneratedSpec::No) && expr.volatility() != Volatility::Volatile
        });
        match (constant, &fill) {
            (Some(expr), _) => {
                // Rows that are there need not be touched: they read as having the value of now.
                let expr = expr.clone();
                let value = eval_rows(&mut self.cx(), |eval| expr.eval(&[], eval)).await?;
                if value.is_null() && spec.not_null {
                    self.refuse_nulls(old, &new, &spec.name).await?;
                }
                new.columns[at].missing = value;
                self.put_table(new)?;
                Ok(())
            }
            (None, Some(expr)) => {
                self.put_table(new.clone())?;
                self.refresh();
                let mut columns = Self::same_columns(old);
                columns.insert(at, Some(expr.clone()));
                self.rewrite(old, new, columns).await.map(|_| ())
            }
            (None, None) => {
                if spec.not_null {
                    self.refuse_nulls(old, &new, &spec.name).await?;
                }
                self.put_table(new)?;
                Ok(())
            }
        }
    }

    /// 23502 if a table has rows, which would have NULL in a new column.
    async fn refuse_nulls(
        &mut self,
        old: &Arc<TableDescriptor>,
        new: &TableDescriptor,
        column: &str,
    ) -> Result<()> {
        let mut cx = self.cx();
        let mut scan = TableScan::new(old, &mut cx)?;
        while let Some(batch) = scan.next(&mut cx).await? {
            if !batch.is_empty() {
                return Err(contains_nulls(new, column, &cx));
            }
        }
        Ok(())
    }

    async fn alter_drop_column(
        &mut self,
        old: &Arc<TableDescriptor>,
        id: ColumnId,
        cascade: bool,
    ) -> Result<()> {
        let catalog = self.state.session.catalog.clone();
        let at = old.column_ordinal(id).ok_or_else(|| Error::internal("a column is not there"))?;
        let name = old.columns[at].name.clone();
        let mentions = |text: &str| -> Result<bool> {
            Ok(crate::expressions::over_table(text, old, &catalog)?.columns().contains(&(at as u32)))
        };
        for column in old.columns.iter().filter(|c| c.id != id) {
            if let Generated::Stored { expr } = &column.generated
                && mentions(expr)?
            {
                return Err(Error::new(
                    sqlstate::DEPENDENT_OBJECTS_STILL_EXIST,
                    format!(
                        "cannot drop column {name} of table {} because other objects depend on it",
                        old.name
                    ),
                )
                .detail(format!(
                    "column {} of table {} depends on column {name} of table {}",
                    column.name, old.name, old.name
                ))
                .hint("Use DROP ... CASCADE to drop the dependent objects too."));
            }
        }
        self.column_leaves_views(old, id, &name, cascade)?;
        // Foreign keys of others that point at the column.
        let mut pointing = Vec::new();
        for child in old.referenced_by.iter().filter(|child| **child != old.id) {
            let child = self.table(*child)?;
            let keys = child.foreign_keys.iter();
            pointing.extend(
                keys.filter(|key| key.target == old.id && key.target_columns.contains(&id))
                    .map(|key| (child.id, key.name.clone())),
            );
        }
        let what = format!("column {name} of table {}", old.name);
        self.keys_go_along(&what, &what, pointing, cascade)?;
        let keys: Vec<String> = old
            .foreign_keys
            .iter()
            .filter(|key| {
                key.columns.contains(&id) || (key.target == old.id && key.target_columns.contains(&id))
            })
            .map(|key| key.name.clone())
            .collect();
        for key in keys {
            self.remove_foreign_key(old.id, &key)?;
        }
        let mut new = (*self.table(old.id)?).clone();
        let mut kept_checks = Vec::new();
        for check in &new.checks {
            if !mentions(&check.expr)? {
                kept_checks.push(check.clone());
            }
        }
        new.checks = kept_checks;
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for index in new.indexes.drain(..) {
            let mut uses = sql::layout::key_columns(&index).contains(&id) || index.include.contains(&id);
            for key in &index.keys {
                if let IndexKeyKind::Expression(text, _) = &key.what {
                    uses |= mentions(text)?;
                }
            }
            if let Some(predicate) = &index.predicate {
                uses |= mentions(predicate)?;
            }
            if uses { gone.push(index) } else { kept.push(index) }
        }
        new.indexes = kept;
        new.comments.retain(|(column, _)| *column != id);
        let sequence = old.columns[at].owned_sequence;
        new.columns.retain(|column| column.id != id);
        if gone.iter().any(|index| index.id == old.indexes[0].id) {
            // The rows lie by the key that goes: they move under a hidden one.
            self.add_rowid(&mut new).await?;
            let mut columns = Self::same_columns(old);
            columns.remove(at);
            columns.push(None);
            self.rewrite(old, new, columns).await?;
        } else {
            for index in &gone {
                self.discard(crate::keys::index_span(old.storage_id, index.id))?;
            }
            self.put_table(new)?;
        }
        match sequence {
            Some(sequence) if self.catalog().sequence_by_id(sequence).is_some() => {
                self.remove_sequence(sequence)
            }
            _ => Ok(()),
        }
    }

    /// ADD CONSTRAINT: the rows that are there are checked.
    async fn alter_add_constraint(&mut self, id: DescriptorId, spec: &ConstraintSpec) -> Result<()> {
        let old = self.table(id)?;
        let mut new = (*old).clone();
        match &spec.kind {
            ConstraintKind::PrimaryKey { columns, .. } => {
                if old.indexes.iter().any(|index| index.primary) {
                    return Err(Error::new(
                        sqlstate::INVALID_TABLE_DEFINITION,
                        format!("multiple primary keys for table \"{}\" are not allowed", old.name),
                    ));
                }
                let index = self.primary_key(&mut new, spec.name.as_deref(), columns).await?;
                let hidden = old.columns.iter().position(|c| c.hidden && c.name == ROWID);
                let mut values = Self::same_columns(&old);
                if let Some(hidden) = hidden {
                    new.columns.remove(hidden);
                    values.remove(hidden);
                }
                new.indexes[0] = index;
                self.rewrite(&old, new, values).await?;
                Ok(())
            }
            ConstraintKind::Unique { .. } => {
                self.add_table_constraint(&mut new, spec).await?;
                let index = new.indexes.last().map(|index| index.id).unwrap_or_default();
                let table = self.put_table(new)?;
                self.refresh();
                super::index::backfill(&table, index, &mut self.cx()).await
            }
            ConstraintKind::Check { expr, .. } => {
                self.add_table_constraint(&mut new, spec).await?;
                let name = new.checks.last().map(|check| check.name.clone()).unwrap_or_default();
                if !spec.not_valid {
                    self.check_rows(&old, &name, &expr.expr).await?;
                }
                self.put_table(new)?;
                Ok(())
            }
            ConstraintKind::ForeignKey { .. } => {
                self.add_table_constraint(&mut new, spec).await?;
                let target = new.foreign_keys.last().map(|key| key.target);
                let table = self.put_table(new)?;
                if let Some(target) = target.filter(|target| *target != id) {
                    self.set_reference(target, id, true)?;
                }
                self.refresh();
                if !spec.not_valid
                    && let Some(key) = table.foreign_keys.last()
                {
                    self.check_key(&table, key.clone()).await?;
                }
                Ok(())
            }
            ConstraintKind::UsingIndex { .. } => {
                self.add_table_constraint(&mut new, spec).await?;
                self.put_table(new)?;
                Ok(())
            }
        }
    }

    /// Looks whether all rows of a table meet a condition: 23514.
    async fn check_rows(
        &mut self,
        table: &Arc<TableDescriptor>,
        name: &str,
        expr: &datum::Expr,
    ) -> Result<()> {
        let schema = self.catalog().schema_by_id(table.schema).map(|schema| schema.name.clone());
        let mut cx = self.cx();
        let mut scan = TableScan::new(table, &mut cx)?;
        while let Some(batch) = scan.next(&mut cx).await? {
            let eval = cx.eval();
            for row in batch.rows() {
                if expr.eval(row, &eval)?.as_bool() == Some(false) {
                    return Err(Error::new(
                        sqlstate::CHECK_VIOLATION,
                        format!(
                            "check constraint \"{name}\" of relation \"{}\" is violated by some row",
                            table.name
                        ),
                    )
                    .table(schema.unwrap_or_default(), table.name.clone())
                    .constraint(name));
                }
            }
        }
        Ok(())
    }

    /// Looks whether all rows of a table find what a foreign key of it points at: 23503.
    async fn check_key(&mut self, table: &Arc<TableDescriptor>, key: ForeignKeyDescriptor) -> Result<()> {
        let mut only = (**table).clone();
        only.foreign_keys = vec![key];
        only.version = self.node.next_version();
        let only = Arc::new(only);
        let mut cx = self.cx();
        let mut scan = TableScan::new(table, &mut cx)?;
        while let Some(batch) = scan.next(&mut cx).await? {
            let rows: Vec<&[Datum]> = batch.rows().collect();
            foreign_keys::inserted(&only, &rows, &mut cx).await?;
        }
        foreign_keys::finish(&mut cx).await
    }

    /// Views are kept as text, which does not follow a change of name.
    fn no_view_reads(&self, what: &str, views: Vec<DescriptorId>) -> Result<()> {
        match views.first() {
            None => Ok(()),
            Some(view) => {
                let view = self.table(*view)?;
                Err(Error::unsupported(format!("renaming {what} that view \"{}\" reads", view.name))
                    .hint("Drop the view, rename, and create it again."))
            }
        }
    }

    /// Whether foreign keys over a column, or pointing at it, can still compare it once it has another type.
    fn keys_still_fit(&self, table: &TableDescriptor, column: ColumnId, ty: datum::ColumnType) -> Result<()> {
        let mut tables = vec![Arc::new(table.clone())];
        for child in table.referenced_by.iter().filter(|child| **child != table.id) {
            tables.push(self.table(*child)?);
        }
        for child in &tables {
            for key in &child.foreign_keys {
                for (from, to) in key.columns.iter().zip(&key.target_columns) {
                    let (own, other, other_column) = if child.id == table.id && *from == column {
                        (true, key.target, *to)
                    } else if key.target == table.id && *to == column {
                        (false, child.id, *from)
                    } else {
                        continue;
                    };
                    let other = self.table(other)?;
                    let Some(at) = other.column_ordinal(other_column) else { continue };
                    let mut other = other.columns[at].clone();
                    if other.id == column && child.id == table.id && key.target == table.id {
                        other.ty = ty;
                    }
                    let name = table.column_ordinal(column).map_or("", |at| table.columns[at].name.as_str());
                    if own {
                        sql::keys_comparable(&key.name, name, ty.ty, &other.name, other.ty.ty)?;
                    } else {
                        sql::keys_comparable(&key.name, &other.name, other.ty.ty, name, ty.ty)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn alter_drop_constraint(
        &mut self,
        old: &Arc<TableDescriptor>,
        name: &str,
        if_exists: bool,
        cascade: bool,
    ) -> Result<()> {
        if old.checks.iter().any(|check| check.name == name) {
            let mut new = (**old).clone();
            new.checks.retain(|check| check.name != name);
            self.put_table(new)?;
            return Ok(());
        }
        if old.foreign_keys.iter().any(|key| key.name == name) {
            return self.remove_foreign_key(old.id, name);
        }
        let Some(index) = old.indexes.iter().find(|index| index.constraint && index.name == name).cloned()
        else {
            if if_exists {
                self.notice(
                    sqlstate::SUCCESSFUL_COMPLETION,
                    format!("constraint \"{name}\" of relation \"{}\" does not exist, skipping", old.name),
                );
                return Ok(());
            }
            return Err(undefined_constraint(old, name));
        };
        let keys = self.keys_over(old, &index);
        self.keys_go_along(
            &format!("constraint {name} on table {}", old.name),
            &format!("index {name}"),
            keys,
            cascade,
        )?;
        if !index.primary {
            return self.remove_index(old.id, index.id);
        }
        let old = self.table(old.id)?;
        let mut new = (*old).clone();
        new.indexes.remove(0);
        self.add_rowid(&mut new).await?;
        let mut columns = Self::same_columns(&old);
        columns.push(None);
        self.rewrite(&old, new, columns).await.map(|_| ())
    }
}

fn ordinal(table: &TableDescriptor, name: &str) -> Result<usize> {
    table
        .columns
        .iter()
        .position(|c| c.name == name && !c.hidden)
        .ok_or_else(|| undefined_column(table, name))
}

fn undefined_column(table: &TableDescriptor, name: &str) -> Error {
    Error::new(
        sqlstate::UNDEFINED_COLUMN,
        format!("column \"{name}\" of relation \"{}\" does not exist", table.name),
    )
}

fn undefined_constraint(table: &TableDescriptor, name: &str) -> Error {
    Error::new(
        sqlstate::UNDEFINED_OBJECT,
        format!("constraint \"{name}\" of relation \"{}\" does not exist", table.name),
    )
}

fn not_identity(table: &TableDescriptor, name: &str) -> Error {
    Error::new(
        sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("column \"{name}\" of relation \"{}\" is not an identity column", table.name),
    )
}
