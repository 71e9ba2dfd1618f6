//! CREATE, ALTER and DROP: what they ask for, with types, expressions and referenced objects resolved.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{ColumnType, Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::coerce::Coercion;
use super::scope::Clause;
use super::{Binder, missing_relation};
use crate::catalog::{Generated, IndexId, IndexKeyKind, RelationKind, SequenceDescriptor, TableDescriptor};
use crate::parse::ast::{
    self, AlterAction as Alter, ColumnConstraintKind, ExprKind, Name, ObjectKind, SeqOption,
    TableConstraintKind, TableElement,
};
use crate::statement::{
    AlterAction, AlterTable, BoundText, ColumnSpec, CommentObject, ConstraintKind, ConstraintSpec,
    CreateIndex, CreateTable, CreateTableAs, CreateView, Drop, DropObject, GeneratedSpec, IndexKeySpec,
    IndexKeySpecKind, IndexSpec, NameChange, NewName, OnCommit, SequenceOptions, Statement,
};

/// Most columns of a table, as in PostgreSQL.
const COLUMNS_MAX: usize = 1600;
/// Most keys of an index, as in PostgreSQL.
const INDEX_KEYS_MAX: usize = 32;

/// A table as ALTER TABLE's actions leave it, one after the other: what later ones refer to.
type Columns = Vec<(SmolStr, ColumnType)>;

fn full(name: &[Name]) -> String {
    name.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join(".")
}

fn at(name: &[Name]) -> usize {
    name.first().map_or(ast::NO_POS, |n| n.pos) as usize
}

fn strings(names: &[Name]) -> Vec<String> {
    names.iter().map(|n| n.text.to_string()).collect()
}

fn no_column(name: &Name, table: Option<&str>) -> Error {
    // PostgreSQL has a position for keys only.
    match table {
        Some(table) => Error::new(
            sqlstate::UNDEFINED_COLUMN,
            format!("column \"{}\" of relation \"{table}\" does not exist", name.text),
        ),
        None => Error::new(
            sqlstate::UNDEFINED_COLUMN,
            format!("column \"{}\" named in key does not exist", name.text),
        )
        .at(name.pos as usize),
    }
}

impl Binder<'_> {
    /// Where an object is to be made: the schema named, or the first of the search path.
    pub(crate) fn new_name(&self, name: &[Name]) -> Result<NewName> {
        let (schema, name) = self.split_name(name)?;
        let found = match schema {
            Some(schema) => self.catalog.schema(schema).ok_or_else(|| {
                Error::new(
                    sqlstate::INVALID_SCHEMA_NAME,
                    format!("schema \"{}\" does not exist", schema.text),
                )
                .at(schema.pos as usize)
            })?,
            None => self.search_path().into_iter().find(|s| s.name != "pg_catalog").ok_or_else(|| {
                Error::new(sqlstate::INVALID_SCHEMA_NAME, "no schema has been selected to create in")
                    .at(name.pos as usize)
            })?,
        };
        if matches!(found.name.as_str(), "pg_catalog" | "information_schema") {
            return Err(Error::new(
                sqlstate::INSUFFICIENT_PRIVILEGE,
                format!("permission denied for schema {}", found.name),
            ));
        }
        Ok(NewName { schema: found.id, schema_name: found.name.clone(), name: name.text.to_string() })
    }

    fn find_sequence(&self, name: &[Name]) -> Result<Option<Arc<SequenceDescriptor>>> {
        match self.look_up(name, |schema, name| self.catalog.sequence(schema, name)) {
            Err(e) if e.code() == sqlstate::INVALID_SCHEMA_NAME => Ok(None),
            other => other,
        }
    }

    pub(crate) fn sequence(&self, name: &[Name]) -> Result<Arc<SequenceDescriptor>> {
        match self.find_sequence(name)? {
            Some(found) => Ok(found),
            None if self.find_table(name)?.is_some() => {
                Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a sequence", full(name))))
            }
            None => Err(super::from::without_position(missing_relation(name))),
        }
    }

    fn find_index(&self, name: &[Name]) -> Result<Option<(Arc<TableDescriptor>, IndexId)>> {
        match self.look_up(name, |schema, name| self.catalog.index(schema, name)) {
            Err(e) if e.code() == sqlstate::INVALID_SCHEMA_NAME => Ok(None),
            other => other,
        }
    }

    /// A stored table, for what views and catalogs cannot have.
    fn stored_table(&mut self, name: &[Name]) -> Result<Arc<TableDescriptor>> {
        if self.find_table(name)?.is_none() && self.find_sequence(name)?.is_some() {
            return Err(Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not a table", full(name)),
            ));
        }
        let table = self.table(name).map_err(super::from::without_position)?;
        match table.kind {
            RelationKind::Table => Ok(table),
            RelationKind::View { .. } => {
                Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a table", table.name)))
            }
            RelationKind::Virtual => Err(Error::new(
                sqlstate::INSUFFICIENT_PRIVILEGE,
                format!("permission denied: \"{}\" is a system catalog", table.name),
            )),
        }
    }

    pub(crate) fn sequence_options(&mut self, options: &[SeqOption]) -> Result<SequenceOptions> {
        let mut out = SequenceOptions::default();
        let twice = || Err(Error::new(sqlstate::SYNTAX_ERROR, "conflicting or redundant options"));
        fn put<T>(slot: &mut Option<T>, value: T) -> bool {
            slot.replace(value).is_some()
        }
        for option in options {
            let again = match option {
                SeqOption::As(ty) => {
                    let found = self.type_of(ty)?.ty;
                    if !matches!(found, Type::Int2 | Type::Int4 | Type::Int8) {
                        return Err(Error::new(
                            sqlstate::INVALID_PARAMETER_VALUE,
                            "sequence type must be smallint, integer, or bigint",
                        ));
                    }
                    put(&mut out.ty, found)
                }
                SeqOption::Start(n) => put(&mut out.start, *n),
                SeqOption::Increment(0) => {
                    return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "INCREMENT must not be zero"));
                }
                SeqOption::Increment(n) => put(&mut out.increment, *n),
                SeqOption::Min(n) => put(&mut out.min, *n),
                SeqOption::Max(n) => put(&mut out.max, *n),
                SeqOption::Cycle(c) => put(&mut out.cycle, *c),
                SeqOption::Cache(n) if *n < 1 => {
                    return Err(Error::new(
                        sqlstate::INVALID_PARAMETER_VALUE,
                        format!("CACHE ({n}) must be greater than zero"),
                    ));
                }
                SeqOption::Cache(n) => put(&mut out.cache, *n),
                SeqOption::Restart(n) => put(&mut out.restart, *n),
                SeqOption::OwnedBy(name) => {
                    let owner = match name.as_slice() {
                        [] => None,
                        [_] => {
                            return Err(Error::new(sqlstate::SYNTAX_ERROR, "invalid OWNED BY option")
                                .hint("Specify OWNED BY table.column or OWNED BY NONE."));
                        }
                        [table @ .., column] => {
                            let found = self.stored_table(table)?;
                            let id = found
                                .columns
                                .iter()
                                .find(|c| c.name == column.text.as_str())
                                .map(|c| c.id)
                                .ok_or_else(|| no_column(column, Some(&found.name)))?;
                            Some((found.id, id))
                        }
                    };
                    put(&mut out.owned_by, owner)
                }
                SeqOption::Name(name) => put(&mut out.name, full(name)),
                SeqOption::Other => false,
            };
            if again {
                return twice();
            }
        }
        Ok(out)
    }

    /// A column with its constraints. `known`: the columns that expressions may read.
    fn column_spec(
        &mut self,
        table: &str,
        def: &ast::ColumnDef,
        known: &Columns,
        this: Option<&Arc<TableDescriptor>>,
        primary: bool,
    ) -> Result<(ColumnSpec, Vec<ConstraintSpec>)> {
        let name = def.name.text.to_string();
        let (ty, serial) = self.column_type_of(&def.ty)?;
        let mut spec = ColumnSpec {
            name: name.clone(),
            ty,
            not_null: serial,
            default: None,
            generated: if serial { GeneratedSpec::Serial } else { GeneratedSpec::No },
            comment: None,
        };
        let mut constraints = Vec::new();
        let mut null_at = None;
        for constraint in &def.constraints {
            let pos = constraint.pos as usize;
            let conflict = |what: String| Err(Error::new(sqlstate::SYNTAX_ERROR, what).at(pos));
            let mut push = |kind| {
                constraints.push(ConstraintSpec {
                    name: constraint.name.as_ref().map(|n| n.text.to_string()),
                    kind,
                    deferrable: constraint.attributes.deferrable,
                    initially_deferred: constraint.attributes.initially_deferred,
                    not_valid: constraint.attributes.not_valid,
                });
            };
            match &constraint.kind {
                ColumnConstraintKind::NotNull => {
                    if null_at.is_some() {
                        return conflict(format!(
                            "conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    spec.not_null = true;
                }
                ColumnConstraintKind::Null => {
                    if spec.not_null {
                        return conflict(format!(
                            "conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    null_at = Some(pos);
                }
                ColumnConstraintKind::Default(e) => {
                    if spec.default.is_some() || serial {
                        return conflict(format!(
                            "multiple default values specified for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    // DEFAULT NULL is no default.
                    let text = self.default_text(e, ty, &name)?;
                    if !matches!(e.kind, ExprKind::Null) {
                        spec.default = Some(text);
                    }
                }
                ColumnConstraintKind::Identity(always, options) => {
                    if !matches!(spec.generated, GeneratedSpec::No) {
                        return conflict(format!(
                            "multiple identity specifications for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    if !matches!(ty.ty, Type::Int2 | Type::Int4 | Type::Int8) {
                        return Err(Error::new(
                            sqlstate::INVALID_PARAMETER_VALUE,
                            "identity column type must be smallint, integer, or bigint",
                        ));
                    }
                    if null_at.is_some() {
                        return conflict(format!(
                            "conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    spec.generated =
                        GeneratedSpec::Identity { always: *always, options: self.sequence_options(options)? };
                    spec.not_null = true;
                }
                ColumnConstraintKind::Stored(e) => {
                    let value = self.generated_text(table, known, &name, ty, e)?;
                    spec.generated = GeneratedSpec::Stored(value);
                }
                ColumnConstraintKind::PrimaryKey => {
                    if null_at.is_some() {
                        return conflict(format!(
                            "conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{table}\""
                        ));
                    }
                    if primary || this.is_some_and(|t| t.indexes.iter().any(|i| i.primary)) {
                        return Err(multiple_primary_keys(table).at(pos));
                    }
                    spec.not_null = true;
                    push(ConstraintKind::PrimaryKey { columns: vec![name.clone()], include: Vec::new() });
                }
                ColumnConstraintKind::Unique => {
                    push(ConstraintKind::Unique { columns: vec![name.clone()], include: Vec::new() });
                }
                ColumnConstraintKind::Check(e) => {
                    let expr = self.check_text(table, known, e, Clause::Check, "CHECK")?;
                    let columns = read_columns(&expr, known);
                    push(ConstraintKind::Check { expr, columns });
                }
                ColumnConstraintKind::References(references) => {
                    let given = constraint.name.as_ref();
                    let kind = self.foreign_key(
                        table,
                        given,
                        std::slice::from_ref(&def.name),
                        references,
                        known,
                        this,
                    )?;
                    push(kind);
                }
                ColumnConstraintKind::Collate(collation) => self.check_collation(collation, ty)?,
            }
        }
        if spec.default.is_some() {
            match &spec.generated {
                GeneratedSpec::Identity { .. } => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!(
                            "both default and identity specified for column \"{name}\" of table \"{table}\""
                        ),
                    ));
                }
                GeneratedSpec::Stored(_) => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!(
                            "both default and generation expression specified for column \"{name}\" of table \"{table}\""
                        ),
                    ));
                }
                _ => {}
            }
        }
        Ok((spec, constraints))
    }

    fn check_collation(&mut self, collation: &[Name], ty: ColumnType) -> Result<()> {
        if ty.ty.facts().collation == 0 {
            return Err(Error::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("collations are not supported by type {}", ty.ty),
            )
            .at(at(collation)));
        }
        // Known ones all sort by bytes here.
        let text = ast::Expr { kind: ExprKind::String("".into()), pos: ast::NO_POS };
        let probe = ast::Expr {
            kind: ExprKind::Collate(Box::new(text), collation.to_vec()),
            pos: collation.first().map_or(ast::NO_POS, |n| n.pos),
        };
        self.expr(&probe).map(|_| ())
    }

    fn generated_text(
        &mut self,
        table: &str,
        known: &Columns,
        name: &str,
        ty: ColumnType,
        e: &ast::Expr,
    ) -> Result<BoundText> {
        let bound = self.over_row(table, known, e, Clause::Generated)?;
        self.require_immutable(&bound, "generation expression is not immutable", ast::NO_POS)?;
        if let Some(own) = known.iter().position(|c| c.0 == name)
            && crate::logical::expr_cols(&bound).contains(&(own as u32))
        {
            return Err(Error::new(
                sqlstate::INVALID_OBJECT_DEFINITION,
                format!("cannot use generated column \"{name}\" in column generation expression"),
            )
            .at(e.pos as usize));
        }
        let shown = self.bound_text(bound.clone(), known);
        let from = bound.ty();
        let expr = self.try_coerce(bound, e.pos, ty, Coercion::Assignment)?.ok_or_else(|| {
            Error::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("column \"{name}\" is of type {} but default expression is of type {from}", ty.ty),
            )
            .hint("You will need to rewrite or cast the expression.")
        })?;
        Ok(BoundText { text: shown.text, expr })
    }

    /// A column's type; serial types are the integer ones with a sequence.
    fn column_type_of(&mut self, ty: &ast::TypeName) -> Result<(ColumnType, bool)> {
        if let [name] = ty.name.as_slice()
            && let Some(integer) = match &*name.text {
                "smallserial" | "serial2" => Some(Type::Int2),
                "serial" | "serial4" => Some(Type::Int4),
                "bigserial" | "serial8" => Some(Type::Int8),
                _ => None,
            }
        {
            if ty.array {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "array of serial is not implemented",
                )
                .at(ty.pos as usize));
            }
            return Ok((ColumnType::plain(integer), true));
        }
        if ty.setof {
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, "column cannot be declared SETOF")
                .at(ty.pos as usize));
        }
        let found = self.type_of(ty)?;
        if found.ty == Type::Record {
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, "column has pseudo-type record")
                .at(ty.pos as usize));
        }
        Ok((found, false))
    }

    fn foreign_key(
        &mut self,
        table: &str,
        given: Option<&Name>,
        columns: &[Name],
        references: &ast::References,
        known: &Columns,
        this: Option<&Arc<TableDescriptor>>,
    ) -> Result<ConstraintKind> {
        if references.match_partial {
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "MATCH PARTIAL not yet implemented"));
        }
        let shown = match given {
            Some(name) => name.text.to_string(),
            None => format!("{table}_{}_fkey", strings(columns).join("_")),
        };
        let mut types = Vec::with_capacity(columns.len());
        for column in columns {
            match known.iter().find(|c| c.0 == column.text) {
                Some((_, ty)) => types.push(*ty),
                None => {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_COLUMN,
                        format!(
                            "column \"{}\" referenced in foreign key constraint does not exist",
                            column.text
                        ),
                    ));
                }
            }
        }
        // Its own name, not yet in the catalog, is the table itself.
        let itself = match self.find_table(&references.table)? {
            Some(found) => this.is_some_and(|t| t.id == found.id),
            None => this.is_none() && references.table.last().is_some_and(|n| n.text == table),
        };
        let mut target_columns = strings(&references.columns);
        let target = if itself {
            this.cloned()
        } else {
            Some(self.stored_table(&references.table).map_err(super::from::without_position)?)
        };
        if let Some(found) = &target {
            let by_id = |id| found.columns.iter().find(|c| c.id == id).map(|c| c.name.clone());
            if target_columns.is_empty() {
                let primary = found.indexes.iter().find(|i| i.primary).ok_or_else(|| {
                    Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("there is no primary key for referenced table \"{}\"", found.name),
                    )
                })?;
                target_columns = crate::layout::key_columns(primary).into_iter().filter_map(by_id).collect();
            }
            self.check_reference(&shown, columns, &types, &target_columns, found)?;
        } else if !target_columns.is_empty() {
            if target_columns.len() != columns.len() {
                return Err(wrong_count());
            }
            for name in &references.columns {
                let Some((_, ty)) = known.iter().find(|c| c.0 == name.text) else {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_COLUMN,
                        format!(
                            "column \"{}\" referenced in foreign key constraint does not exist",
                            name.text
                        ),
                    ));
                };
                let i = target_columns.iter().position(|t| *t == name.text.as_str()).unwrap_or(0);
                comparable(&shown, &columns[i].text, types[i].ty, &name.text, ty.ty)?;
            }
        }
        Ok(ConstraintKind::ForeignKey {
            columns: strings(columns),
            target: if itself { None } else { target },
            target_columns,
            on_delete: references.on_delete,
            on_update: references.on_update,
            match_full: references.match_full,
        })
    }

    fn check_reference(
        &self,
        constraint: &str,
        columns: &[Name],
        types: &[ColumnType],
        targets: &[String],
        target: &TableDescriptor,
    ) -> Result<()> {
        if targets.len() != columns.len() {
            return Err(wrong_count());
        }
        let mut ids = Vec::with_capacity(targets.len());
        let mut found = Vec::with_capacity(targets.len());
        for (i, name) in targets.iter().enumerate() {
            let Some(column) = target.columns.iter().find(|c| c.name == *name && !c.hidden) else {
                return Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{name}\" referenced in foreign key constraint does not exist"),
                ));
            };
            if ids.contains(&column.id) {
                return Err(Error::new(
                    sqlstate::INVALID_FOREIGN_KEY,
                    "foreign key referenced-columns list must not contain duplicates",
                ));
            }
            found.push((i, name, column.ty.ty));
            ids.push(column.id);
        }
        let unique = target.indexes.iter().any(|index| {
            let keys = crate::layout::key_columns(index);
            index.unique
                && index.predicate.is_none()
                && keys.len() == index.keys.len()
                && keys.len() == ids.len()
                && ids.iter().all(|id| keys.contains(id))
        });
        if unique {
            for (i, name, ty) in found {
                comparable(constraint, &columns[i].text, types[i].ty, name, ty)?;
            }
            return Ok(());
        }
        Err(Error::new(
            sqlstate::INVALID_FOREIGN_KEY,
            format!(
                "there is no unique constraint matching given keys for referenced table \"{}\"",
                target.name
            ),
        ))
    }

    fn table_constraint(
        &mut self,
        table: &str,
        constraint: &ast::TableConstraint,
        known: &Columns,
        this: Option<&Arc<TableDescriptor>>,
    ) -> Result<ConstraintSpec> {
        let keys = |columns: &[Name], include: &[Name], what: &str| -> Result<()> {
            for (i, column) in columns.iter().enumerate() {
                if !known.iter().any(|c| c.0 == column.text) {
                    return Err(no_column(column, None));
                }
                if columns[..i].iter().any(|c| c.text == column.text) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_COLUMN,
                        format!("column \"{}\" appears twice in {what} constraint", column.text),
                    )
                    .at(column.pos as usize));
                }
            }
            for column in include {
                if !known.iter().any(|c| c.0 == column.text) {
                    return Err(no_column(column, None));
                }
            }
            if columns.len() > INDEX_KEYS_MAX {
                return Err(too_many_keys());
            }
            Ok(())
        };
        let kind = match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns, include) => {
                keys(columns, include, "primary key")?;
                ConstraintKind::PrimaryKey { columns: strings(columns), include: strings(include) }
            }
            TableConstraintKind::Unique(columns, include) => {
                keys(columns, include, "unique")?;
                ConstraintKind::Unique { columns: strings(columns), include: strings(include) }
            }
            TableConstraintKind::UsingIndex(primary, name) => {
                let index = this.and_then(|t| t.indexes.iter().find(|i| i.name == name.text.as_str()));
                let Some(index) = index else {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("index \"{}\" does not exist", name.text),
                    )
                    .at(name.pos as usize));
                };
                if !index.unique {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("\"{}\" is not a unique index", name.text),
                    )
                    .detail("Cannot create a primary key or unique constraint using such an index."));
                }
                if index.predicate.is_some()
                    || index.keys.iter().any(|k| matches!(k.what, IndexKeyKind::Expression(..)))
                {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("index \"{}\" is partial or contains expressions", name.text),
                    )
                    .detail("Cannot create a primary key or unique constraint using such an index."));
                }
                ConstraintKind::UsingIndex { primary: *primary, index: index.id }
            }
            TableConstraintKind::Check(e) => {
                let expr = self.check_text(table, known, e, Clause::Check, "CHECK")?;
                let columns = read_columns(&expr, known);
                ConstraintKind::Check { expr, columns }
            }
            TableConstraintKind::ForeignKey(columns, references) => {
                self.foreign_key(table, constraint.name.as_ref(), columns, references, known, this)?
            }
            TableConstraintKind::Exclude => {
                return Err(Error::unsupported("EXCLUDE").at(constraint.pos as usize));
            }
        };
        Ok(ConstraintSpec {
            name: constraint.name.as_ref().map(|n| n.text.to_string()),
            kind,
            deferrable: constraint.attributes.deferrable,
            initially_deferred: constraint.attributes.initially_deferred,
            not_valid: constraint.attributes.not_valid,
        })
    }

    pub(crate) fn create_table(&mut self, create: &ast::CreateTable) -> Result<Statement> {
        if let Some((what, pos)) = create.unsupported {
            return Err(Error::unsupported(what).at(pos as usize));
        }
        let name = self.new_name(&create.name)?;
        // All columns first: constraints may name any of them.
        let mut known: Columns = Vec::new();
        let mut likes = Vec::new();
        let mut add = |name: &str, ty: ColumnType| -> Result<()> {
            if known.iter().any(|c| c.0 == name) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{name}\" specified more than once"),
                ));
            }
            if system_column(name) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column name \"{name}\" conflicts with a system column name"),
                ));
            }
            if known.len() >= COLUMNS_MAX {
                return Err(Error::new(
                    sqlstate::TOO_MANY_COLUMNS,
                    format!("tables can have at most {COLUMNS_MAX} columns"),
                ));
            }
            known.push((name.into(), ty));
            Ok(())
        };
        for element in &create.elements {
            match element {
                TableElement::Column(def) => {
                    let (ty, _) = self.column_type_of(&def.ty)?;
                    add(&def.name.text, ty)?;
                }
                TableElement::Like(like) => {
                    let source = self.table(&like.table)?;
                    for column in source.columns.iter().filter(|c| !c.hidden) {
                        add(&column.name, column.ty)?;
                    }
                    likes.push(source);
                }
                TableElement::Constraint(_) => {}
            }
        }
        let mut out = CreateTable {
            name: name.clone(),
            if_not_exists: create.if_not_exists,
            temporary: create.temporary,
            on_commit: create.on_commit,
            columns: Vec::with_capacity(known.len()),
            constraints: Vec::new(),
            indexes: Vec::new(),
            options: create.options.clone(),
        };
        if create.on_commit != OnCommit::PreserveRows && !create.temporary {
            return Err(Error::new(
                sqlstate::INVALID_TABLE_DEFINITION,
                "ON COMMIT can only be used on temporary tables",
            ));
        }
        let mut likes = likes.into_iter();
        let mut primary = false;
        for element in &create.elements {
            match element {
                TableElement::Column(def) => {
                    let (column, constraints) = self.column_spec(&name.name, def, &known, None, primary)?;
                    primary |=
                        constraints.iter().any(|c| matches!(c.kind, ConstraintKind::PrimaryKey { .. }));
                    out.columns.push(column);
                    out.constraints.extend(constraints);
                }
                TableElement::Constraint(constraint) => {
                    let found = self.table_constraint(&name.name, constraint, &known, None)?;
                    if matches!(found.kind, ConstraintKind::UsingIndex { .. }) {
                        return Err(
                            Error::unsupported("USING INDEX in CREATE TABLE").at(constraint.pos as usize)
                        );
                    }
                    if matches!(found.kind, ConstraintKind::PrimaryKey { .. }) {
                        if primary {
                            return Err(multiple_primary_keys(&name.name).at(constraint.pos as usize));
                        }
                        primary = true;
                    }
                    out.constraints.push(found);
                }
                TableElement::Like(like) => {
                    if let Some(source) = likes.next() {
                        self.like(&source, like, &known, &mut out, &mut primary)?;
                    }
                }
            }
        }
        // A primary key's columns are NOT NULL.
        let keys: Vec<String> = out
            .constraints
            .iter()
            .filter_map(|c| match &c.kind {
                ConstraintKind::PrimaryKey { columns, .. } => Some(columns.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        for column in &mut out.columns {
            column.not_null |= keys.contains(&column.name);
        }
        self.check_own_references(&out)?;
        Ok(Statement::CreateTable(Box::new(out)))
    }

    /// Foreign keys to the table that is being made: to a key that it has.
    fn check_own_references(&self, table: &CreateTable) -> Result<()> {
        for constraint in &table.constraints {
            let ConstraintKind::ForeignKey { columns, target: None, target_columns, .. } = &constraint.kind
            else {
                continue;
            };
            let keys: Vec<&Vec<String>> = table
                .constraints
                .iter()
                .filter_map(|c| match &c.kind {
                    ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                        Some(columns)
                    }
                    _ => None,
                })
                .collect();
            if target_columns.is_empty() {
                let primary = table.constraints.iter().find_map(|c| match &c.kind {
                    ConstraintKind::PrimaryKey { columns, .. } => Some(columns),
                    _ => None,
                });
                match primary {
                    None => {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_OBJECT,
                            format!("there is no primary key for referenced table \"{}\"", table.name.name),
                        ));
                    }
                    Some(key) if key.len() != columns.len() => return Err(wrong_count()),
                    Some(_) => continue,
                }
            }
            let found = keys
                .iter()
                .any(|k| k.len() == target_columns.len() && target_columns.iter().all(|c| k.contains(c)));
            if !found {
                return Err(Error::new(
                    sqlstate::INVALID_FOREIGN_KEY,
                    format!(
                        "there is no unique constraint matching given keys for referenced table \"{}\"",
                        table.name.name
                    ),
                ));
            }
        }
        Ok(())
    }

    /// LIKE: the columns of another table, and what INCLUDING asks for.
    fn like(
        &mut self,
        source: &Arc<TableDescriptor>,
        like: &ast::LikeClause,
        known: &Columns,
        out: &mut CreateTable,
        primary: &mut bool,
    ) -> Result<()> {
        let wanted = |what: &str| {
            let mut on = false;
            for (including, option) in &like.options {
                if option == what || option == "all" {
                    on = *including;
                }
            }
            on
        };
        for column in source.columns.iter().filter(|c| !c.hidden) {
            let mut spec = ColumnSpec {
                name: column.name.clone(),
                ty: column.ty,
                not_null: !column.nullable,
                default: None,
                generated: GeneratedSpec::No,
                comment: None,
            };
            if wanted("defaults")
                && let Some(text) = &column.default
            {
                let expr = self.default_of(column)?;
                spec.default = Some(BoundText { text: text.clone(), expr });
            }
            match &column.generated {
                Generated::Identity { always, .. } if wanted("identity") => {
                    spec.generated =
                        GeneratedSpec::Identity { always: *always, options: SequenceOptions::default() };
                }
                Generated::Stored { expr } if wanted("generated") => {
                    let parsed = crate::parse::parse_expr(expr).map_err(super::from::without_position)?;
                    spec.generated = GeneratedSpec::Stored(
                        self.generated_text(&out.name.name.clone(), known, &column.name, column.ty, &parsed)
                            .map_err(super::from::without_position)?,
                    );
                }
                _ => {}
            }
            if wanted("comments") {
                spec.comment = source.comments.iter().find(|c| c.0 == column.id).map(|c| c.1.clone());
            }
            out.columns.push(spec);
        }
        let table = out.name.name.clone();
        if wanted("constraints") {
            for check in &source.checks {
                let parsed = crate::parse::parse_expr(&check.expr).map_err(super::from::without_position)?;
                let expr = self
                    .check_text(&table, known, &parsed, Clause::Check, "CHECK")
                    .map_err(super::from::without_position)?;
                let columns = read_columns(&expr, known);
                out.constraints.push(ConstraintSpec {
                    name: Some(check.name.clone()),
                    kind: ConstraintKind::Check { expr, columns },
                    deferrable: false,
                    initially_deferred: false,
                    not_valid: false,
                });
            }
        }
        if !wanted("indexes") {
            return Ok(());
        }
        let name_of = |id| source.columns.iter().find(|c| c.id == id && !c.hidden).map(|c| c.name.clone());
        for (i, index) in source.indexes.iter().enumerate() {
            if i == 0 && !index.primary {
                // The hidden row id's.
                continue;
            }
            let include: Vec<String> = index.include.iter().copied().filter_map(name_of).collect();
            if index.constraint || index.primary {
                let columns: Vec<String> =
                    crate::layout::key_columns(index).into_iter().filter_map(name_of).collect();
                if index.primary && *primary {
                    return Err(multiple_primary_keys(&table));
                }
                *primary |= index.primary;
                let kind = if index.primary {
                    ConstraintKind::PrimaryKey { columns, include }
                } else {
                    ConstraintKind::Unique { columns, include }
                };
                out.constraints.push(ConstraintSpec {
                    name: None,
                    kind,
                    deferrable: false,
                    initially_deferred: false,
                    not_valid: false,
                });
                continue;
            }
            let mut keys = Vec::with_capacity(index.keys.len());
            for key in &index.keys {
                let what = match &key.what {
                    IndexKeyKind::Column(id) => IndexKeySpecKind::Column(name_of(*id).unwrap_or_default()),
                    IndexKeyKind::Expression(text, ty) => {
                        let parsed = crate::parse::parse_expr(text).map_err(super::from::without_position)?;
                        let bound = self
                            .over_row(&table, known, &parsed, Clause::IndexExpr)
                            .map_err(super::from::without_position)?;
                        let text = self.bound_text(bound, known);
                        IndexKeySpecKind::Expression(text, *ty, expression_name(&parsed))
                    }
                };
                keys.push(IndexKeySpec { what, desc: key.desc, nulls_first: key.nulls_first });
            }
            let predicate = match &index.predicate {
                Some(text) => {
                    let parsed = crate::parse::parse_expr(text).map_err(super::from::without_position)?;
                    Some(
                        self.check_text(&table, known, &parsed, Clause::IndexPredicate, "WHERE")
                            .map_err(super::from::without_position)?,
                    )
                }
                None => None,
            };
            out.indexes.push(IndexSpec { name: None, unique: index.unique, keys, include, predicate });
        }
        Ok(())
    }

    pub(crate) fn create_table_as(&mut self, create: &ast::CreateTableAs) -> Result<Statement> {
        let name = self.new_name(&create.name)?;
        let mut rel = self.query(&create.query)?;
        self.settle_unknown(&mut rel)?;
        let cols = rel.cols();
        if create.columns.len() > cols.len() {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "too many column names were specified"));
        }
        let mut columns: Vec<ColumnSpec> = Vec::with_capacity(cols.len());
        for (i, id) in cols.iter().enumerate() {
            let meta = &self.cols[*id as usize];
            let column = create.columns.get(i).map_or_else(|| meta.name.clone(), |n| n.text.to_string());
            if columns.iter().any(|c| c.name == column) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{column}\" specified more than once"),
                ));
            }
            if meta.ty.ty == Type::Record {
                return Err(Error::new(
                    sqlstate::INVALID_TABLE_DEFINITION,
                    format!("column \"{column}\" has pseudo-type record"),
                ));
            }
            columns.push(ColumnSpec {
                name: column,
                ty: meta.ty,
                not_null: false,
                default: None,
                generated: GeneratedSpec::No,
                comment: None,
            });
        }
        if columns.len() > COLUMNS_MAX {
            return Err(Error::new(
                sqlstate::TOO_MANY_COLUMNS,
                format!("tables can have at most {COLUMNS_MAX} columns"),
            ));
        }
        let query = self.finish(rel)?;
        Ok(Statement::CreateTableAs(Box::new(CreateTableAs {
            name,
            if_not_exists: create.if_not_exists,
            temporary: create.temporary,
            on_commit: create.on_commit,
            columns,
            query,
            with_data: create.with_data,
        })))
    }

    pub(crate) fn create_index(&mut self, create: &ast::CreateIndex) -> Result<Statement> {
        let table = self.stored_table(&create.table)?;
        if let Some(method) = &create.method
            && !matches!(&*method.text, "btree")
        {
            let error = if matches!(&*method.text, "hash" | "gin" | "gist" | "brin" | "spgist") {
                Error::unsupported(format!("access method \"{}\"", method.text))
            } else {
                Error::new(
                    sqlstate::UNDEFINED_OBJECT,
                    format!("access method \"{}\" does not exist", method.text),
                )
            };
            return Err(error.at(method.pos as usize));
        }
        if create.keys.len() > INDEX_KEYS_MAX {
            return Err(too_many_keys());
        }
        let known: Columns = table.columns.iter().map(|c| (SmolStr::new(&c.name), c.ty)).collect();
        let mut keys = Vec::with_capacity(create.keys.len());
        for element in &create.keys {
            if let Some(opclass) = &element.opclass {
                let name = opclass.last().map_or("", |n| n.text.as_str());
                if !name.ends_with("_ops") {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("operator class \"{name}\" does not exist for access method \"btree\""),
                    ));
                }
            }
            let what = match &element.expr.kind {
                ExprKind::Column(name) if name.len() == 1 => {
                    let Some(column) =
                        table.columns.iter().find(|c| c.name == name[0].text.as_str() && !c.hidden)
                    else {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_COLUMN,
                            format!("column \"{}\" does not exist", name[0].text),
                        ));
                    };
                    indexable(column.ty.ty)?;
                    IndexKeySpecKind::Column(column.name.clone())
                }
                _ => {
                    let bound = self.over_row(&table.name, &known, &element.expr, Clause::IndexExpr)?;
                    self.require_immutable(
                        &bound,
                        "functions in index expression must be marked IMMUTABLE",
                        ast::NO_POS,
                    )?;
                    indexable(bound.ty())?;
                    let ty = self.column_type(&bound);
                    let text = self.bound_text(bound, &known);
                    IndexKeySpecKind::Expression(
                        text,
                        ColumnType::plain(ty.ty),
                        expression_name(&element.expr),
                    )
                }
            };
            keys.push(IndexKeySpec {
                what,
                desc: element.desc,
                nulls_first: element.nulls_first.unwrap_or(element.desc),
            });
        }
        for name in &create.include {
            if !table.columns.iter().any(|c| c.name == name.text.as_str() && !c.hidden) {
                return Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{}\" does not exist", name.text),
                ));
            }
        }
        let predicate = match &create.predicate {
            Some(e) => {
                let bound = self.check_text(&table.name, &known, e, Clause::IndexPredicate, "WHERE")?;
                self.require_immutable(
                    &bound.expr,
                    "functions in index predicate must be marked IMMUTABLE",
                    ast::NO_POS,
                )?;
                Some(bound)
            }
            None => None,
        };
        Ok(Statement::CreateIndex(Box::new(CreateIndex {
            table,
            index: IndexSpec {
                name: create.name.as_ref().map(|n| n.text.to_string()),
                unique: create.unique,
                keys,
                include: strings(&create.include),
                predicate,
            },
            if_not_exists: create.if_not_exists,
            concurrently: create.concurrently,
        })))
    }

    pub(crate) fn create_view(&mut self, create: &ast::CreateView) -> Result<Statement> {
        let name = self.new_name(&create.name)?;
        let mut rel = self.query(&create.query)?;
        self.settle_unknown(&mut rel)?;
        if self.writes {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "views must not contain data-modifying statements in WITH",
            ));
        }
        let cols = rel.cols();
        if create.columns.len() > cols.len() {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "CREATE VIEW specifies more column names than columns",
            ));
        }
        let mut columns: Vec<(String, ColumnType)> = Vec::with_capacity(cols.len());
        for (i, id) in cols.iter().enumerate() {
            let meta = &self.cols[*id as usize];
            let column = create.columns.get(i).map_or_else(|| meta.name.clone(), |n| n.text.to_string());
            if columns.iter().any(|c| c.0 == column) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{column}\" specified more than once"),
                ));
            }
            columns.push((column, meta.ty));
        }
        // Its text from WITH or SELECT on.
        let start = create.query.with.as_ref().map_or(create.query.pos as usize, |_| {
            let before = self.source.get(..create.query.pos as usize).unwrap_or("");
            with_start(before)
        });
        let text = self.source.get(start..create.query.end as usize).unwrap_or("").trim().to_owned();
        let search_path = self.search_path().iter().map(|s| s.name.clone()).collect();
        let depends_on = self.depends.iter().map(|d| d.0).collect();
        Ok(Statement::CreateView(Box::new(CreateView {
            name,
            or_replace: create.or_replace,
            temporary: create.temporary,
            columns,
            query: text,
            search_path,
            depends_on,
        })))
    }

    pub(crate) fn drop_objects(
        &mut self,
        kind: ObjectKind,
        names: &[ast::QName],
        if_exists: bool,
        cascade: bool,
    ) -> Result<Statement> {
        let mut out = Drop { objects: Vec::new(), if_exists, skipped: Vec::new(), cascade };
        for name in names {
            match self.drop_object(kind, name)? {
                Some(object) => out.objects.push(object),
                None if if_exists => {
                    let what = object_word(kind);
                    let shown = match (name.as_slice(), self.missing_schema(name)) {
                        (_, Some(schema)) => format!("schema \"{schema}\" does not exist, skipping"),
                        _ => format!("{what} \"{}\" does not exist, skipping", full(name)),
                    };
                    out.skipped.push(shown);
                }
                None => {
                    let what = object_word(kind);
                    let (code, word) = match kind {
                        ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence => {
                            (sqlstate::UNDEFINED_TABLE, what)
                        }
                        _ => (sqlstate::UNDEFINED_OBJECT, what),
                    };
                    if let Some(schema) = self.missing_schema(name) {
                        return Err(Error::new(
                            sqlstate::INVALID_SCHEMA_NAME,
                            format!("schema \"{schema}\" does not exist"),
                        ));
                    }
                    return Err(Error::new(code, format!("{word} \"{}\" does not exist", full(name))));
                }
            }
        }
        Ok(Statement::Drop(Box::new(out)))
    }

    fn missing_schema(&self, name: &[Name]) -> Option<String> {
        match name {
            [schema, _] if self.catalog.schema(schema).is_none() => Some(schema.text.to_string()),
            _ => None,
        }
    }

    fn drop_object(&mut self, kind: ObjectKind, name: &[Name]) -> Result<Option<DropObject>> {
        let wrong = |is: &str, use_instead: &str| {
            Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not {is}", full(name)))
                .hint(format!("Use DROP {use_instead}.")))
        };
        Ok(match kind {
            ObjectKind::Schema => Some(DropObject::Schema(full(name))),
            ObjectKind::Database => Some(DropObject::Database(full(name))),
            ObjectKind::Role => Some(DropObject::Role(full(name))),
            ObjectKind::Table | ObjectKind::View => {
                let is_table = kind == ObjectKind::Table;
                let (is, other) = if is_table { ("a table", "VIEW") } else { ("a view", "TABLE") };
                match self.find_table(name)? {
                    Some(table) => match (&table.kind, is_table) {
                        (RelationKind::Table, true) => Some(DropObject::Table(table)),
                        (RelationKind::View { .. }, false) => Some(DropObject::View(table)),
                        (RelationKind::Virtual, _) => {
                            return Err(Error::new(
                                sqlstate::INSUFFICIENT_PRIVILEGE,
                                format!("permission denied: \"{}\" is a system catalog", table.name),
                            ));
                        }
                        _ => return wrong(is, &format!("{other} to remove a {}", other.to_lowercase())),
                    },
                    None if self.find_sequence(name)?.is_some() => {
                        return wrong(is, "SEQUENCE to remove a sequence");
                    }
                    None if self.find_index(name)?.is_some() => return wrong(is, "INDEX to remove an index"),
                    None => None,
                }
            }
            ObjectKind::Index => match self.find_index(name)? {
                Some((table, index)) => Some(DropObject::Index(table, index)),
                None if self.find_table(name)?.is_some() => {
                    return wrong("an index", "TABLE to remove a table");
                }
                None => None,
            },
            ObjectKind::Sequence => match self.find_sequence(name)? {
                Some(sequence) => Some(DropObject::Sequence(sequence)),
                None if self.find_table(name)?.is_some() => {
                    return wrong("a sequence", "TABLE to remove a table");
                }
                None => None,
            },
        })
    }

    pub(crate) fn alter_relation(
        &mut self,
        kind: ObjectKind,
        name: &[Name],
        if_exists: bool,
        actions: &[Alter],
    ) -> Result<Statement> {
        if kind == ObjectKind::Sequence {
            let sequence = match self.sequence(name) {
                Err(e) if if_exists && e.code() == sqlstate::UNDEFINED_TABLE => return Ok(skipped(name)),
                other => other?,
            };
            return match actions {
                [action] => match self.name_change(action)? {
                    Some(change) => Ok(Statement::AlterSequenceName { sequence, change }),
                    None => Ok(Statement::Nothing("ALTER SEQUENCE")),
                },
                _ => Err(Error::unsupported("this form of ALTER SEQUENCE")),
            };
        }
        // RENAME of an index is accepted in the form of a table's, and the other way around.
        let table = self.find_table(name)?;
        if table.is_none()
            && let Some((table, index)) = self.find_index(name)?
        {
            return match actions {
                [Alter::RenameTo(new)] => {
                    Ok(Statement::RenameIndex { table, index, new_name: new.text.to_string() })
                }
                [Alter::Nothing] => Ok(Statement::Nothing("ALTER INDEX")),
                _ => Err(Error::unsupported("this form of ALTER INDEX")),
            };
        }
        if table.is_none()
            && let Some(sequence) = self.find_sequence(name)?
            && let [action] = actions
            && let Some(change) = self.name_change(action)?
        {
            return Ok(Statement::AlterSequenceName { sequence, change });
        }
        let Some(table) = table else {
            if if_exists {
                return Ok(skipped(name));
            }
            return Err(super::from::without_position(missing_relation(name)));
        };
        self.depend(&table);
        if kind == ObjectKind::Index {
            return Err(Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not an index", full(name)),
            ));
        }
        match table.kind {
            RelationKind::Virtual => {
                return Err(Error::new(
                    sqlstate::INSUFFICIENT_PRIVILEGE,
                    format!("permission denied: \"{}\" is a system catalog", table.name),
                ));
            }
            RelationKind::View { .. } => {
                let fine = actions.iter().all(|a| {
                    matches!(
                        a,
                        Alter::RenameTo(_)
                            | Alter::RenameColumn(..)
                            | Alter::SetSchema(_)
                            | Alter::OwnerTo(_)
                            | Alter::Nothing
                    )
                });
                if !fine {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("ALTER action cannot be performed on relation \"{}\"", table.name),
                    )
                    .detail("This operation is not supported for views."));
                }
            }
            RelationKind::Table => {
                if kind == ObjectKind::View {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("\"{}\" is not a view", full(name)),
                    ));
                }
            }
        }
        let mut known: Columns = table.columns.iter().map(|c| (SmolStr::new(&c.name), c.ty)).collect();
        let mut primary = false;
        let mut out = Vec::with_capacity(actions.len());
        for action in actions {
            let bound = self.alter_action(&table, action, &mut known, &mut primary)?;
            out.push(bound);
        }
        Ok(Statement::AlterTable(Box::new(AlterTable { table, actions: out })))
    }

    fn name_change(&self, action: &Alter) -> Result<Option<NameChange>> {
        Ok(Some(match action {
            Alter::RenameTo(name) => NameChange::Rename(name.text.to_string()),
            Alter::OwnerTo(name) => NameChange::Owner(self.role_name(name)),
            Alter::SetSchema(name) => match self.catalog.schema(name) {
                Some(schema) => NameChange::Schema(schema.id),
                None => {
                    return Err(Error::new(
                        sqlstate::INVALID_SCHEMA_NAME,
                        format!("schema \"{}\" does not exist", name.text),
                    ));
                }
            },
            _ => return Ok(None),
        }))
    }

    /// A role as written: CURRENT_USER is the session's.
    pub(crate) fn role_name(&self, name: &Name) -> String {
        match &*name.text {
            "current_user" | "session_user" | "current_role" => self.ctx.user.to_owned(),
            other => other.to_owned(),
        }
    }

    fn alter_action(
        &mut self,
        table: &Arc<TableDescriptor>,
        action: &Alter,
        known: &mut Columns,
        primary: &mut bool,
    ) -> Result<AlterAction> {
        let find = |known: &Columns, name: &Name| -> Result<usize> {
            let hidden = table.columns.iter().any(|c| c.hidden && c.name == name.text.as_str());
            known
                .iter()
                .position(|c| c.0 == name.text && !hidden)
                .ok_or_else(|| no_column(name, Some(&table.name)))
        };
        Ok(match action {
            Alter::AddColumn(def, if_not_exists) => {
                let exists = known.iter().any(|c| c.0 == def.name.text);
                if exists && !if_not_exists {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_COLUMN,
                        format!("column \"{}\" of relation \"{}\" already exists", def.name.text, table.name),
                    ));
                }
                if system_column(&def.name.text) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_COLUMN,
                        format!("column name \"{}\" conflicts with a system column name", def.name.text),
                    ));
                }
                if known.len() >= COLUMNS_MAX {
                    return Err(Error::new(
                        sqlstate::TOO_MANY_COLUMNS,
                        format!("tables can have at most {COLUMNS_MAX} columns"),
                    ));
                }
                let (ty, _) = self.column_type_of(&def.ty)?;
                if !exists {
                    known.push((def.name.text.clone(), ty));
                }
                let (column, constraints) =
                    self.column_spec(&table.name, def, known, Some(table), *primary)?;
                *primary |= constraints.iter().any(|c| matches!(c.kind, ConstraintKind::PrimaryKey { .. }));
                AlterAction::AddColumn { column, constraints, if_not_exists: *if_not_exists }
            }
            Alter::DropColumn(name, if_exists, cascade) => {
                match find(known, name) {
                    Ok(i) => {
                        // Its place stays, so that positions of bound expressions do not shift.
                        known[i].0 = SmolStr::default();
                    }
                    Err(_) if *if_exists => {}
                    Err(e) => return Err(e),
                }
                AlterAction::DropColumn {
                    name: name.text.to_string(),
                    if_exists: *if_exists,
                    cascade: *cascade,
                }
            }
            Alter::RenameColumn(name, new) => {
                let i = find(known, name)?;
                if known.iter().any(|c| c.0 == new.text) {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_COLUMN,
                        format!("column \"{}\" of relation \"{}\" already exists", new.text, table.name),
                    ));
                }
                known[i].0 = new.text.clone();
                AlterAction::RenameColumn { name: name.text.to_string(), new_name: new.text.to_string() }
            }
            Alter::SetDefault(name, default) => {
                let i = find(known, name)?;
                if let Some(column) = table.columns.iter().find(|c| c.name == name.text.as_str()) {
                    let what = match column.generated {
                        Generated::Identity { .. } => Some("an identity column"),
                        Generated::Stored { .. } => Some("a generated column"),
                        Generated::No => None,
                    };
                    if let Some(what) = what {
                        return Err(Error::new(
                            sqlstate::SYNTAX_ERROR,
                            format!("column \"{}\" of relation \"{}\" is {what}", name.text, table.name),
                        ));
                    }
                }
                let default = match default {
                    Some(e) if matches!(e.kind, ExprKind::Null) => None,
                    Some(e) => Some(self.default_text(e, known[i].1, &name.text)?),
                    None => None,
                };
                AlterAction::SetDefault { name: name.text.to_string(), default }
            }
            Alter::SetNotNull(name, not_null) => {
                find(known, name)?;
                if !not_null {
                    let identity = table.columns.iter().any(|c| {
                        c.name == name.text.as_str() && matches!(c.generated, Generated::Identity { .. })
                    });
                    if identity {
                        return Err(Error::new(
                            sqlstate::SYNTAX_ERROR,
                            format!(
                                "column \"{}\" of relation \"{}\" is an identity column",
                                name.text, table.name
                            ),
                        ));
                    }
                    let in_key = table.indexes.iter().filter(|i| i.primary).any(|i| {
                        crate::layout::key_columns(i).iter().any(|id| {
                            table.columns.iter().any(|c| c.id == *id && c.name == name.text.as_str())
                        })
                    });
                    if in_key {
                        return Err(Error::new(
                            sqlstate::INVALID_TABLE_DEFINITION,
                            format!("column \"{}\" is in a primary key", name.text),
                        ));
                    }
                }
                AlterAction::SetNotNull { name: name.text.to_string(), not_null: *not_null }
            }
            Alter::SetType(name, ty, using) => {
                let i = find(known, name)?;
                let to = self.column_type_of(ty)?.0;
                let using = match using {
                    Some(e) => {
                        let bound = self.over_row(&table.name, known, e, Clause::Using)?;
                        let from = bound.ty();
                        self.try_coerce(bound, e.pos, to, Coercion::Assignment)?.ok_or_else(|| {
                            Error::new(
                                sqlstate::DATATYPE_MISMATCH,
                                format!(
                                    "result of USING clause for column \"{}\" cannot be cast automatically to type {}",
                                    name.text, to.ty
                                ),
                            )
                            .hint("You might need to add an explicit cast.")
                            .detail(format!("The expression is of type {from}."))
                        })?
                    }
                    None => {
                        let old = Expr::Column(i as u32, known[i].1.ty);
                        self.assignment_cast(old, known[i].1, to).ok_or_else(|| {
                            Error::new(
                                sqlstate::DATATYPE_MISMATCH,
                                format!(
                                    "column \"{}\" cannot be cast automatically to type {}",
                                    name.text, to.ty
                                ),
                            )
                            .hint(format!(
                                "You might need to specify \"USING {}::{to}\".",
                                crate::deparse::quote_identifier(&name.text)
                            ))
                        })?
                    }
                };
                known[i].1 = to;
                AlterAction::SetType { name: name.text.to_string(), ty: to, using }
            }
            Alter::AddIdentity(name, always, options) => {
                let i = find(known, name)?;
                if !matches!(known[i].1.ty, Type::Int2 | Type::Int4 | Type::Int8) {
                    return Err(Error::new(
                        sqlstate::INVALID_PARAMETER_VALUE,
                        "identity column type must be smallint, integer, or bigint",
                    ));
                }
                let options = self.sequence_options(options)?;
                AlterAction::AddIdentity { name: name.text.to_string(), always: *always, options }
            }
            Alter::SetIdentity(name, always, options) => {
                find(known, name)?;
                let options = self.sequence_options(options)?;
                AlterAction::SetIdentity { name: name.text.to_string(), always: *always, options }
            }
            Alter::DropIdentity(name, if_exists) => {
                find(known, name)?;
                AlterAction::DropIdentity { name: name.text.to_string(), if_exists: *if_exists }
            }
            Alter::DropExpression(name, if_exists) => {
                find(known, name)?;
                AlterAction::DropExpression { name: name.text.to_string(), if_exists: *if_exists }
            }
            Alter::AddConstraint(constraint) => {
                let visible: Columns = known.clone();
                let found = self.table_constraint(&table.name, constraint, &visible, Some(table))?;
                let is_primary = matches!(
                    found.kind,
                    ConstraintKind::PrimaryKey { .. } | ConstraintKind::UsingIndex { primary: true, .. }
                );
                if is_primary {
                    if *primary || table.indexes.iter().any(|i| i.primary) {
                        return Err(multiple_primary_keys(&table.name));
                    }
                    *primary = true;
                }
                AlterAction::AddConstraint(found)
            }
            Alter::DropConstraint(name, if_exists, cascade) => AlterAction::DropConstraint {
                name: name.text.to_string(),
                if_exists: *if_exists,
                cascade: *cascade,
            },
            Alter::RenameConstraint(name, new) => {
                AlterAction::RenameConstraint { name: name.text.to_string(), new_name: new.text.to_string() }
            }
            Alter::ValidateConstraint(name) => AlterAction::ValidateConstraint(name.text.to_string()),
            Alter::AlterConstraint(name) => {
                return Err(Error::unsupported("ALTER CONSTRAINT").at(name.pos as usize));
            }
            Alter::RenameTo(_) | Alter::SetSchema(_) | Alter::OwnerTo(_) => match self.name_change(action)? {
                Some(change) => AlterAction::Name(change),
                None => AlterAction::Nothing,
            },
            Alter::Nothing => AlterAction::Nothing,
            Alter::Unsupported(what) => return Err(Error::unsupported(*what)),
        })
    }

    /// A column's value under its new type.
    fn assignment_cast(&self, old: Expr, from: ColumnType, to: ColumnType) -> Option<Expr> {
        if from.ty == to.ty {
            if from.typmod == to.typmod || to.typmod < 0 {
                return Some(old);
            }
            return Some(Expr::Cast { expr: Box::new(old), to, explicit: false });
        }
        super::coerce::can_coerce(from.ty, to.ty, Coercion::Assignment).then(|| Expr::Cast {
            expr: Box::new(old),
            to,
            explicit: false,
        })
    }

    pub(crate) fn comment_object(&mut self, on: &ast::CommentOn) -> Result<CommentObject> {
        use ast::CommentOn;
        Ok(match on {
            CommentOn::Object(ObjectKind::Table | ObjectKind::View, name) => {
                CommentObject::Table(self.table(name)?, None)
            }
            CommentOn::Object(ObjectKind::Index, name) => match self.find_index(name)? {
                Some((table, index)) => CommentObject::Index(table, index),
                None => return Err(super::from::without_position(missing_relation(name))),
            },
            CommentOn::Object(ObjectKind::Sequence, name) => CommentObject::Sequence(self.sequence(name)?),
            CommentOn::Object(ObjectKind::Schema, name) => CommentObject::Schema(full(name)),
            CommentOn::Object(ObjectKind::Database, name) => CommentObject::Database(full(name)),
            CommentOn::Object(ObjectKind::Role, name) => CommentObject::Role(full(name)),
            CommentOn::Column(name) => {
                let [table @ .., column] = name.as_slice() else {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "column name must be qualified"));
                };
                if table.is_empty() {
                    return Err(
                        Error::new(sqlstate::SYNTAX_ERROR, "column name must be qualified").at(at(name))
                    );
                }
                let table = self.table(table)?;
                let id = table
                    .columns
                    .iter()
                    .find(|c| c.name == column.text.as_str() && !c.hidden)
                    .map(|c| c.id)
                    .ok_or_else(|| no_column(column, Some(&table.name)))?;
                CommentObject::Table(table, Some(id))
            }
            CommentOn::Constraint(name, table) => {
                let table = self.stored_table(table)?;
                let text = name.text.as_str();
                let found = table.checks.iter().any(|c| c.name == text)
                    || table.foreign_keys.iter().any(|k| k.name == text)
                    || table.indexes.iter().any(|i| (i.constraint || i.primary) && i.name == text);
                if !found {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("constraint \"{text}\" for table \"{}\" does not exist", table.name),
                    ));
                }
                CommentObject::Constraint(table, name.text.to_string())
            }
            CommentOn::Unsupported(what) => return Err(Error::unsupported(*what)),
        })
    }

    /// Tables of TRUNCATE, LOCK and the like.
    pub(crate) fn stored_tables(&mut self, names: &[ast::QName]) -> Result<Vec<Arc<TableDescriptor>>> {
        let mut out: Vec<Arc<TableDescriptor>> = Vec::with_capacity(names.len());
        for name in names {
            let table = self.stored_table(name)?;
            if !out.iter().any(|t| t.id == table.id) {
                out.push(table);
            }
        }
        Ok(out)
    }
}

/// ALTER … IF EXISTS of what is not there: a notice.
fn skipped(name: &[Name]) -> Statement {
    Statement::Drop(Box::new(Drop {
        objects: Vec::new(),
        if_exists: true,
        skipped: vec![format!("relation \"{}\" does not exist, skipping", full(name))],
        cascade: false,
    }))
}

fn multiple_primary_keys(table: &str) -> Error {
    Error::new(
        sqlstate::INVALID_TABLE_DEFINITION,
        format!("multiple primary keys for table \"{table}\" are not allowed"),
    )
}

fn too_many_keys() -> Error {
    Error::new(
        sqlstate::TOO_MANY_COLUMNS,
        format!("cannot use more than {INDEX_KEYS_MAX} columns in an index"),
    )
}

fn wrong_count() -> Error {
    Error::new(
        sqlstate::INVALID_FOREIGN_KEY,
        "number of referencing and referenced columns for foreign key disagree",
    )
}

/// Whether a foreign key may compare columns of these types: 42804 if not.
pub fn comparable(constraint: &str, column: &str, ty: Type, target: &str, target_ty: Type) -> Result<()> {
    let fine = ty == target_ty
        || super::coerce::common(&[ty, target_ty])
            .is_some_and(|both| both == target_ty || ty.is_numeric() && target_ty.is_numeric());
    if fine {
        return Ok(());
    }
    Err(Error::new(
        sqlstate::DATATYPE_MISMATCH,
        format!("foreign key constraint \"{constraint}\" cannot be implemented"),
    )
    .detail(format!(
        "Key columns \"{column}\" and \"{target}\" are of incompatible types: {ty} and {target_ty}."
    )))
}

fn indexable(ty: Type) -> Result<()> {
    if datum::key::is_indexable(ty) {
        return Ok(());
    }
    Err(Error::new(
        sqlstate::UNDEFINED_OBJECT,
        format!("data type {ty} has no default operator class for access method \"btree\""),
    )
    .hint("You must specify an operator class for the index or define a default operator class for the data type."))
}

fn system_column(name: &str) -> bool {
    matches!(name, "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid")
}

/// Names of the columns that a condition reads, in order of the table.
fn read_columns(text: &BoundText, known: &Columns) -> Vec<String> {
    crate::logical::expr_cols(&text.expr)
        .into_iter()
        .filter_map(|i| known.get(i as usize).map(|c| c.0.to_string()))
        .collect()
}

/// PostgreSQL's name for an expression in a generated index name.
fn expression_name(e: &ast::Expr) -> String {
    match super::query::column_name(e) {
        name if name == "?column?" => "expr".to_owned(),
        name => name,
    }
}

fn object_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "table",
        ObjectKind::View => "view",
        ObjectKind::Index => "index",
        ObjectKind::Sequence => "sequence",
        ObjectKind::Schema => "schema",
        ObjectKind::Database => "database",
        ObjectKind::Role => "role",
    }
}

/// Where the WITH of a view's query begins, in the text before its body: after `AS`.
fn with_start(before: &str) -> usize {
    use crate::parse::keywords::K;
    let Ok(tokens) = crate::parse::lexer::tokens(before) else { return before.len() };
    let mut depth = 0usize;
    let mut after_as = false;
    for token in &tokens {
        match token.tok {
            crate::parse::lexer::Tok::Punct(b'(') => depth += 1,
            crate::parse::lexer::Tok::Punct(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && after_as && token.kw == K::WITH {
            return token.pos as usize;
        }
        after_as = token.kw == K::AS;
    }
    before.len()
}
