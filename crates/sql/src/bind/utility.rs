//! The way in: each kind of statement to its description; queries are handed to the optimiser.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Expr, Result, Type};

use super::Binder;
use super::scope::Clause;
use crate::ExecuteArgs;
use crate::catalog::RelationKind;
use crate::logical::Rel;
use crate::parse::ast::{self, CopyValue, Name, SeqOption, Statement as Ast};
use crate::parse::{Parsed, leftmost};
use crate::plan::{LockWaitPolicy, Query};
use crate::statement::{
    Copy, CopyFormat, CopyOptions, CopyWhat, Explain, ExplainFormat, Grant, GrantObjects, NameChange,
    OnCommit, SequenceOptions, Statement,
};

impl Binder<'_> {
    pub(crate) fn bind_statement(&mut self, statement: &Ast, parsed: &Parsed) -> Result<Statement> {
        // What is kept in the catalog, or is no query, cannot depend on parameters.
        let takes_params = matches!(
            statement,
            Ast::Query(_)
                | Ast::Insert(_)
                | Ast::Update(_)
                | Ast::Delete(_)
                | Ast::Explain(_)
                | Ast::CreateTableAs(_)
                | Ast::Declare { .. }
                | Ast::Copy(_)
                | Ast::Prepare { .. }
                | Ast::Execute { .. }
        );
        if !takes_params && let Some(error) = parsed.first_param() {
            return Err(error);
        }
        match statement {
            Ast::Query(query) => {
                if let Some(into) = leftmost(&query.body).and_then(|s| s.into.as_deref()) {
                    self.allow_into = true;
                    let create = ast::CreateTableAs {
                        name: into.name.clone(),
                        columns: Vec::new(),
                        if_not_exists: false,
                        temporary: into.temporary,
                        on_commit: OnCommit::PreserveRows,
                        query: query.clone(),
                        with_data: true,
                    };
                    return self.create_table_as(&create);
                }
                let rel = self.query(query)?;
                self.finished(rel)
            }
            Ast::Insert(insert) => {
                let rel = self.insert(insert)?;
                self.finished(rel)
            }
            Ast::Update(update) => {
                let rel = self.update(update)?;
                self.finished(rel)
            }
            Ast::Delete(delete) => {
                let rel = self.delete(delete)?;
                self.finished(rel)
            }
            Ast::Explain(explain) => self.explain(explain, parsed),
            Ast::CreateTable(create) => self.create_table(create),
            Ast::CreateTableAs(create) => self.create_table_as(create),
            Ast::AlterTable { kind, name, if_exists, actions } => {
                self.alter_relation(*kind, name, *if_exists, actions)
            }
            Ast::Drop { kind, names, if_exists, cascade } => {
                self.drop_objects(*kind, names, *if_exists, *cascade)
            }
            Ast::CreateIndex(create) => self.create_index(create),
            Ast::CreateSequence { name, if_not_exists, temporary: _, options } => {
                let name = self.new_name(name)?;
                let options = self.new_sequence_options(options)?;
                Ok(Statement::CreateSequence { name, if_not_exists: *if_not_exists, options })
            }
            Ast::AlterSequence { name, if_exists, options } => {
                let sequence = match self.sequence(name) {
                    Err(e) if *if_exists && e.code() == sqlstate::UNDEFINED_TABLE => {
                        return Ok(Statement::Nothing("ALTER SEQUENCE"));
                    }
                    other => other?,
                };
                let options = self.sequence_options(options)?;
                Ok(Statement::AlterSequence { sequence, options })
            }
            Ast::CreateView(create) => self.create_view(create),
            Ast::CreateSchema { name, if_not_exists, owner, elements } => {
                if !elements.is_empty() {
                    return Err(Error::unsupported("CREATE SCHEMA with elements"));
                }
                let owner = owner.as_ref().map(|n| self.role_name(n));
                let name = match name {
                    Some(name) => name.text.to_string(),
                    None => owner.clone().unwrap_or_default(),
                };
                if name.starts_with("pg_") {
                    return Err(Error::new(
                        sqlstate::RESERVED_NAME,
                        format!("unacceptable schema name \"{name}\""),
                    )
                    .detail("The prefix \"pg_\" is reserved for system schemas."));
                }
                Ok(Statement::CreateSchema { name, if_not_exists: *if_not_exists, owner })
            }
            Ast::AlterSchema { name, change } => Ok(Statement::AlterSchema {
                name: name.text.to_string(),
                change: match change {
                    ast::AlterAction::RenameTo(new) => NameChange::Rename(new.text.to_string()),
                    ast::AlterAction::OwnerTo(role) => NameChange::Owner(self.role_name(role)),
                    _ => return Err(Error::unsupported("this form of ALTER SCHEMA")),
                },
            }),
            Ast::CreateDatabase { name, options } => {
                Ok(Statement::CreateDatabase { name: name.text.to_string(), options: options.clone() })
            }
            Ast::AlterDatabase { name, change } => {
                Ok(Statement::AlterDatabase { name: name.text.to_string(), change: change.clone() })
            }
            Ast::Truncate { tables, restart_identity, cascade } => Ok(Statement::Truncate {
                tables: self.stored_tables(tables)?,
                restart_identity: *restart_identity,
                cascade: *cascade,
            }),
            Ast::Copy(copy) => self.copy(copy),
            Ast::Begin(modes, _) => Ok(Statement::Begin(modes.clone())),
            Ast::Commit { chain } => Ok(Statement::Commit { chain: *chain }),
            Ast::Rollback { chain } => Ok(Statement::Rollback { chain: *chain }),
            Ast::Savepoint(name) => Ok(Statement::Savepoint(name.text.to_string())),
            Ast::Release(name) => Ok(Statement::ReleaseSavepoint(name.text.to_string())),
            Ast::RollbackTo(name) => Ok(Statement::RollbackToSavepoint(name.text.to_string())),
            Ast::SetTransaction { session, modes } => {
                Ok(Statement::SetTransaction { session: *session, modes: modes.clone() })
            }
            Ast::SetConstraints { names, deferred } => Ok(Statement::SetConstraints {
                names: names
                    .as_ref()
                    .map(|all| all.iter().map(|n| n.iter().map(|p| p.text.to_string()).collect()).collect()),
                deferred: *deferred,
            }),
            Ast::Set { name, value, local } => {
                Ok(Statement::Set { name: name.clone(), value: value.clone(), local: *local })
            }
            Ast::Show(name) => Ok(Statement::Show(name.clone())),
            Ast::Reset(name) => Ok(Statement::Reset(name.clone())),
            Ast::Prepare { name, types, statement } => {
                let mut given = Vec::with_capacity(types.len());
                for ty in types {
                    let unknown = ty.name.last().is_some_and(|n| n.text == "unknown");
                    given.push(if unknown { None } else { Some(self.type_of(ty)?.ty) });
                }
                let inner = Parsed::new(
                    (**statement).clone(),
                    self.source.clone(),
                    statement_start(parsed),
                    parsed.end,
                    parsed.params() as u32,
                );
                Ok(Statement::Prepare {
                    name: name.text.to_string(),
                    types: given,
                    statement: Box::new(inner),
                })
            }
            Ast::Execute { name, args } => Ok(Statement::Execute {
                name: name.text.to_string(),
                args: ExecuteArgs { args: Arc::new(args.clone()), source: self.source.clone() },
            }),
            Ast::Deallocate(name) => Ok(Statement::Deallocate(text(name))),
            Ast::Declare { name, binary, scroll, hold, query } => {
                let rel = self.query(query)?;
                let query = Box::new(self.finish(rel)?);
                Ok(Statement::DeclareCursor {
                    name: name.text.to_string(),
                    binary: *binary,
                    scroll: *scroll,
                    hold: *hold,
                    query,
                })
            }
            Ast::Fetch { name, direction, only_move } => Ok(Statement::Fetch {
                name: name.text.to_string(),
                direction: *direction,
                only_move: *only_move,
            }),
            Ast::Close(name) => Ok(Statement::CloseCursor(text(name))),
            Ast::Comment { on, text } => {
                Ok(Statement::Comment { object: self.comment_object(on)?, text: text.clone() })
            }
            Ast::CreateRole { name, options, .. } => {
                if name.text.starts_with("pg_") || matches!(&*name.text, "public" | "none") {
                    return Err(Error::new(
                        sqlstate::RESERVED_NAME,
                        format!("role name \"{}\" is reserved", name.text),
                    ));
                }
                Ok(Statement::CreateRole { name: name.text.to_string(), options: options.clone() })
            }
            Ast::AlterRole { name, options } => {
                Ok(Statement::AlterRole { name: self.role_name(name), options: options.clone() })
            }
            Ast::RenameRole { name, new_name } => {
                Ok(Statement::RenameRole { name: self.role_name(name), new_name: new_name.text.to_string() })
            }
            Ast::AlterRoleSet { name, setting, value } => Ok(Statement::AlterRoleSet {
                name: name.as_ref().map(|n| self.role_name(n)),
                setting: setting.clone(),
                value: value.clone(),
            }),
            Ast::Grant(grant) => self.grant(grant),
            Ast::Analyze(names) => Ok(Statement::Analyze(self.maintained(names)?)),
            Ast::Vacuum { tables, analyze } => {
                Ok(Statement::Vacuum { tables: self.maintained(tables)?, analyze: *analyze })
            }
            Ast::Nothing(tag) => Ok(Statement::Nothing(tag)),
            Ast::Discard(what) => Ok(Statement::Discard(*what)),
            Ast::Lock { tables, mode, nowait } => Ok(Statement::LockTable {
                tables: self.stored_tables(tables)?,
                mode: *mode,
                wait: if *nowait { LockWaitPolicy::NoWait } else { LockWaitPolicy::Block },
            }),
            Ast::Listen(name) => Ok(Statement::Listen(name.text.to_string())),
            Ast::Notify(name, payload) => Ok(Statement::Notify {
                channel: name.text.to_string(),
                payload: payload.clone().unwrap_or_default(),
            }),
            Ast::Unlisten(name) => Ok(Statement::Unlisten(text(name))),
            Ast::Unsupported(what) => Err(Error::unsupported(*what)),
        }
    }

    fn finished(&mut self, rel: Rel) -> Result<Statement> {
        Ok(Statement::Query(Box::new(self.finish(rel)?)))
    }

    /// A bound tree as a plan.
    pub(crate) fn finish(&mut self, mut rel: Rel) -> Result<Query> {
        self.settle_unknown(&mut rel)?;
        let mut params = Vec::with_capacity(self.params.len());
        for (i, ty) in self.params.iter().enumerate() {
            match ty {
                Some(ty) if *ty != Type::Unknown => params.push(*ty),
                _ => {
                    return Err(Error::new(
                        sqlstate::INDETERMINATE_DATATYPE,
                        format!("could not determine data type of parameter ${}", i + 1),
                    ));
                }
            }
        }
        // Uses that came before the type was known.
        let late = |e: &Expr| {
            if !e.any(&|x| matches!(x, Expr::Param(_, Type::Unknown))) {
                return e.clone();
            }
            e.transform(&mut |x| match x {
                Expr::Param(i, Type::Unknown) => {
                    Expr::Param(i, params.get(i as usize).copied().unwrap_or(Type::Text))
                }
                other => other,
            })
        };
        if !params.is_empty() {
            rel.map_exprs(&mut |e| late(e));
            for cte in &mut self.ctes {
                cte.rel.map_exprs(&mut |e| late(e));
            }
        }
        let reads = self.columns_read();
        crate::optimize::plan(crate::optimize::Input {
            catalog: self.catalog,
            ctx: self.ctx,
            cols: std::mem::take(&mut self.cols),
            ctes: std::mem::take(&mut self.ctes),
            rel,
            params,
            depends: std::mem::take(&mut self.depends),
            reads,
            writes: self.writes,
        })
    }

    fn new_sequence_options(&mut self, options: &[SeqOption]) -> Result<SequenceOptions> {
        let out = self.sequence_options(options)?;
        let ty = out.ty.unwrap_or(Type::Int8);
        let (low, high) = match ty {
            Type::Int2 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Type::Int4 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let up = out.increment.unwrap_or(1) > 0;
        let min = out.min.flatten().unwrap_or(if up { 1 } else { low });
        let max = out.max.flatten().unwrap_or(if up { high } else { -1 });
        let start = out.start.unwrap_or(if up { min } else { max });
        let bad = |message: String| Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
        if !(low..=high).contains(&max) {
            return bad(format!("MAXVALUE ({max}) is out of range for sequence data type {ty}"));
        }
        if !(low..=high).contains(&min) {
            return bad(format!("MINVALUE ({min}) is out of range for sequence data type {ty}"));
        }
        if min >= max {
            return bad(format!("MINVALUE ({min}) must be less than MAXVALUE ({max})"));
        }
        if start < min {
            return bad(format!("START value ({start}) cannot be less than MINVALUE ({min})"));
        }
        if start > max {
            return bad(format!("START value ({start}) cannot be greater than MAXVALUE ({max})"));
        }
        Ok(out)
    }

    /// Tables of ANALYZE and VACUUM: views are passed over.
    fn maintained(&mut self, names: &[ast::QName]) -> Result<Vec<Arc<crate::catalog::TableDescriptor>>> {
        let mut out = Vec::with_capacity(names.len());
        for name in names {
            let table = self.table(name)?;
            if matches!(table.kind, RelationKind::Table) {
                out.push(table);
            }
        }
        Ok(out)
    }

    fn explain(&mut self, explain: &ast::Explain, parsed: &Parsed) -> Result<Statement> {
        let mut out = Explain {
            analyze: false,
            verbose: false,
            costs: true,
            timing: true,
            summary: false,
            buffers: false,
            format: ExplainFormat::Text,
            statement: Statement::Nothing("EXPLAIN"),
            kind: crate::StatementKind::Select,
        };
        let (mut timing, mut summary) = (None, None);
        for (name, value, pos) in &explain.options {
            let flag = || -> Result<bool> {
                match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
                    None | Some("true" | "on" | "1") => Ok(true),
                    Some("false" | "off" | "0") => Ok(false),
                    Some(_) => {
                        Err(Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a Boolean value")))
                    }
                }
            };
            match name.as_str() {
                "analyze" => out.analyze = flag()?,
                "verbose" => out.verbose = flag()?,
                "costs" => out.costs = flag()?,
                "buffers" => out.buffers = flag()?,
                "timing" => timing = Some(flag()?),
                "summary" => summary = Some(flag()?),
                "settings" | "wal" => {
                    flag()?;
                }
                "format" => {
                    out.format = match value.as_deref() {
                        Some("text") => ExplainFormat::Text,
                        Some("json") => ExplainFormat::Json,
                        other => {
                            let other = other.unwrap_or("");
                            if matches!(other, "xml" | "yaml") {
                                return Err(
                                    Error::unsupported(format!("EXPLAIN format {other}")).at(*pos as usize)
                                );
                            }
                            return Err(Error::new(
                                sqlstate::INVALID_PARAMETER_VALUE,
                                format!("unrecognized value for EXPLAIN option \"format\": \"{other}\""),
                            )
                            .at(*pos as usize));
                        }
                    };
                }
                other => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!("unrecognized EXPLAIN option \"{other}\""),
                    )
                    .at(*pos as usize));
                }
            }
        }
        if timing == Some(true) && !out.analyze {
            return Err(Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                "EXPLAIN option TIMING requires ANALYZE",
            ));
        }
        out.timing = timing.unwrap_or(out.analyze);
        out.summary = summary.unwrap_or(out.analyze);
        let inner = Parsed::new(
            (*explain.statement).clone(),
            self.source.clone(),
            parsed.start,
            parsed.end,
            parsed.params() as u32,
        );
        out.kind = inner.kind();
        out.statement = self.bind_statement(&explain.statement, &inner)?;
        Ok(Statement::Explain(Box::new(out)))
    }

    fn copy(&mut self, copy: &ast::Copy) -> Result<Statement> {
        if let Some(file) = &copy.file {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("COPY to or from \"{file}\" on the server is not supported"),
            )
            .hint("Use STDIN or STDOUT; psql's \\copy command works for anyone."));
        }
        let Some(name) = &copy.table else {
            let (options, _) = copy_options(copy, &[])?;
            let rel = match copy.query.as_deref() {
                Some(Ast::Query(query)) => self.query(query)?,
                Some(Ast::Insert(insert)) => self.insert(insert)?,
                Some(Ast::Update(update)) => self.update(update)?,
                Some(Ast::Delete(delete)) => self.delete(delete)?,
                _ => return Err(Error::internal("COPY has a table or a query")),
            };
            if rel.cols().is_empty() && !matches!(copy.query.as_deref(), Some(Ast::Query(_))) {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "COPY query must have a RETURNING clause",
                ));
            }
            let names: Vec<String> =
                rel.cols().iter().map(|id| self.cols[*id as usize].name.clone()).collect();
            let (_, forced) = copy_options(copy, &names)?;
            let options = CopyOptions { force_quote: forced.force_quote, ..options };
            let query = self.finish(rel)?;
            return Ok(Statement::Copy(Box::new(Copy { what: CopyWhat::To(query), options })));
        };
        let table = self.table(name)?;
        let is_view = matches!(table.kind, RelationKind::View { .. });
        if is_view || (copy.from && !matches!(table.kind, RelationKind::Table)) {
            let direction = if copy.from { "to" } else { "from" };
            let what = if is_view { "view" } else { "system catalog" };
            let mut error = Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("cannot copy {direction} {what} \"{}\"", table.name),
            );
            if !copy.from {
                error = error.hint("Try the COPY (SELECT ...) TO variant.");
            }
            return Err(error);
        }
        let generated =
            |i: usize| matches!(table.columns[i].generated, crate::catalog::Generated::Stored { .. });
        let mut columns = Vec::new();
        for column in &copy.columns {
            let found = table.columns.iter().position(|c| c.name == column.text.as_str() && !c.hidden);
            let Some(i) = found else {
                return Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{}\" of relation \"{}\" does not exist", column.text, table.name),
                ));
            };
            if columns.contains(&i) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{}\" specified more than once", column.text),
                ));
            }
            if generated(i) {
                return Err(Error::new(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    format!("column \"{}\" is a generated column", column.text),
                )
                .detail("Generated columns cannot be used in COPY."));
            }
            columns.push(i);
        }
        if copy.columns.is_empty() {
            columns =
                (0..table.columns.len()).filter(|i| !table.columns[*i].hidden && !generated(*i)).collect();
        }
        let names: Vec<String> = columns.iter().map(|i| table.columns[*i].name.clone()).collect();
        let (options, _) = copy_options(copy, &names)?;
        if !copy.from {
            let (scan, ids) = self.scan(&table);
            let exprs = columns.iter().map(|i| (ids[*i], self.column(ids[*i]))).collect();
            let query = self.finish(Rel::Project { input: Box::new(scan), exprs })?;
            return Ok(Statement::Copy(Box::new(Copy { what: CopyWhat::To(query), options })));
        }
        self.writes = true;
        // A complete row over the values of a line.
        let mut row: Vec<Expr> = Vec::with_capacity(table.columns.len());
        for (i, column) in table.columns.iter().enumerate() {
            row.push(match columns.iter().position(|c| *c == i) {
                Some(at) => Expr::Column(at as u32, column.ty.ty),
                None if generated(i) || (column.hidden && column.default.is_none()) => {
                    super::call::null_of(column.ty.ty)
                }
                None => self.default_of(column)?,
            });
        }
        for i in 0..table.columns.len() {
            if generated(i) {
                row[i] = self.generated_value(&table, i, &row)?;
            }
        }
        let ids: Vec<u32> = (0..table.columns.len() as u32).collect();
        let checks = self.checks(&table, &ids)?;
        let filter = match &copy.filter {
            Some(e) => {
                let known: Vec<_> = table.columns.iter().map(|c| ((&*c.name).into(), c.ty)).collect();
                let bound = self.over_row(&table.name, &known, e, Clause::CopyWhere)?;
                Some(self.coerce_bool(bound, e.pos, "WHERE")?)
            }
            None => None,
        };
        let what = CopyWhat::From { table, columns, row, checks, filter };
        Ok(Statement::Copy(Box::new(Copy { what, options })))
    }

    fn grant(&mut self, grant: &ast::Grant) -> Result<Statement> {
        let names = |list: &[Name]| list.iter().map(|n| n.text.to_string()).collect::<Vec<String>>();
        let schemas = |b: &Self, list: &[Name]| -> Result<Vec<String>> {
            for name in list {
                if b.catalog.schema(name).is_none() {
                    return Err(Error::new(
                        sqlstate::INVALID_SCHEMA_NAME,
                        format!("schema \"{}\" does not exist", name.text),
                    ));
                }
            }
            Ok(names(list))
        };
        let objects = match &grant.on {
            ast::GrantOn::Roles => GrantObjects::Roles,
            ast::GrantOn::Tables(list) => {
                let mut out = Vec::with_capacity(list.len());
                let mut sequences = Vec::new();
                for name in list {
                    // A sequence may be granted on in the form of a table.
                    match self.find_table(name)? {
                        Some(table) => {
                            self.depend(&table);
                            out.push(table);
                        }
                        None => sequences.push(self.sequence(name)?),
                    }
                }
                if out.is_empty() && !sequences.is_empty() {
                    GrantObjects::Sequences(sequences)
                } else {
                    GrantObjects::Tables(out)
                }
            }
            ast::GrantOn::Sequences(list) => {
                let mut out = Vec::with_capacity(list.len());
                for name in list {
                    out.push(self.sequence(name)?);
                }
                GrantObjects::Sequences(out)
            }
            ast::GrantOn::AllTables(list) => GrantObjects::AllTables(schemas(self, list)?),
            ast::GrantOn::AllSequences(list) => GrantObjects::AllSequences(schemas(self, list)?),
            ast::GrantOn::Schemas(list) => GrantObjects::Schemas(schemas(self, list)?),
            ast::GrantOn::Databases(list) => {
                for name in list {
                    if self.catalog.database(name).is_none() {
                        return Err(Error::new(
                            sqlstate::INVALID_CATALOG_NAME,
                            format!("database \"{}\" does not exist", name.text),
                        ));
                    }
                }
                GrantObjects::Databases(names(list))
            }
            ast::GrantOn::Others(kind, list) => GrantObjects::Others(
                kind.clone(),
                list.iter()
                    .map(|n| n.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("."))
                    .collect(),
            ),
        };
        Ok(Statement::Grant(Box::new(Grant {
            revoke: grant.revoke,
            privileges: grant.privileges.clone(),
            objects,
            grantees: grant.grantees.clone(),
            grant_option: grant.grant_option,
            cascade: grant.cascade,
        })))
    }
}

fn text(name: &Option<Name>) -> Option<String> {
    name.as_ref().map(|n| n.text.to_string())
}

/// Where the statement of a PREPARE begins: after AS.
fn statement_start(parsed: &Parsed) -> usize {
    use crate::parse::keywords::K;
    use crate::parse::lexer::Tok;
    let mut depth = 0usize;
    if let Ok(tokens) = crate::parse::lexer::tokens(parsed.text()) {
        for pair in tokens.windows(2) {
            match pair[0].tok {
                Tok::Punct(b'(') => depth += 1,
                Tok::Punct(b')') => depth = depth.saturating_sub(1),
                _ if depth == 0 && pair[0].kw == K::AS => return parsed.start + pair[1].pos as usize,
                _ => {}
            }
        }
    }
    parsed.start
}

/// COPY's options, with FORCE_… as positions in the copied columns.
fn copy_options(copy: &ast::Copy, columns: &[String]) -> Result<(CopyOptions, CopyOptions)> {
    let bad = |message: String| Error::new(sqlstate::INVALID_PARAMETER_VALUE, message);
    let unsupported = |message: &str| Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message.to_owned());
    let mut format = None;
    let (mut delimiter, mut null, mut quote, mut escape) = (None, None, None, None);
    let (mut header, mut header_match) = (false, false);
    let mut seen: Vec<&str> = Vec::new();
    let (mut force_quote, mut force_not_null, mut force_null) = (None, None, None);
    for (name, value, pos) in &copy.options {
        if seen.contains(&name.as_str()) {
            return Err(
                Error::new(sqlstate::SYNTAX_ERROR, "conflicting or redundant options").at(*pos as usize)
            );
        }
        seen.push(name);
        let text = || match value {
            CopyValue::Text(text) => Ok(text.clone()),
            _ => Err(Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a parameter"))),
        };
        let flag = || match value {
            CopyValue::None => Ok(true),
            CopyValue::Text(t) => match t.to_ascii_lowercase().as_str() {
                "true" | "on" | "1" => Ok(true),
                "false" | "off" | "0" => Ok(false),
                _ => Err(Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a Boolean value"))),
            },
            _ => Err(Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a Boolean value"))),
        };
        match name.as_str() {
            "format" => {
                format = Some(match text()?.as_str() {
                    "text" => CopyFormat::Text,
                    "csv" => CopyFormat::Csv,
                    "binary" => CopyFormat::Binary,
                    other => {
                        return Err(bad(format!("COPY format \"{other}\" not recognized")).at(*pos as usize));
                    }
                });
            }
            "delimiter" => delimiter = Some(text()?),
            "null" => null = Some(text()?),
            "quote" => quote = Some(text()?),
            "escape" => escape = Some(text()?),
            "header" => match value {
                CopyValue::Text(t) if t.eq_ignore_ascii_case("match") => {
                    if !copy.from {
                        return Err(Error::new(
                            sqlstate::FEATURE_NOT_SUPPORTED,
                            "cannot use \"match\" with HEADER in COPY TO",
                        ));
                    }
                    header = true;
                    header_match = true;
                }
                _ => header = flag()?,
            },
            "freeze" => {
                flag()?;
            }
            "encoding" => {
                let encoding = text()?.to_ascii_lowercase().replace(['-', '_'], "");
                if !matches!(encoding.as_str(), "utf8" | "unicode" | "sqlascii") {
                    return Err(bad("argument to option \"encoding\" must be a valid encoding name".into())
                        .at(*pos as usize));
                }
            }
            "force_quote" => force_quote = Some(value),
            "force_not_null" => force_not_null = Some(value),
            "force_null" => force_null = Some(value),
            other => {
                return Err(Error::new(sqlstate::SYNTAX_ERROR, format!("option \"{other}\" not recognized"))
                    .at(*pos as usize));
            }
        }
    }
    let format = format.unwrap_or(CopyFormat::Text);
    let csv = format == CopyFormat::Csv;
    if format == CopyFormat::Binary {
        for (given, name) in [(delimiter.is_some(), "DELIMITER"), (null.is_some(), "NULL")] {
            if given {
                return Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    format!("cannot specify {name} in BINARY mode"),
                ));
            }
        }
        if header {
            return Err(unsupported("cannot specify HEADER in BINARY mode"));
        }
    }
    let one_byte = |value: Option<String>, default: u8, what: &str| -> Result<u8> {
        match value {
            None => Ok(default),
            Some(text) => match text.as_bytes() {
                [only] => Ok(*only),
                _ => Err(unsupported(&format!("COPY {what} must be a single one-byte character"))),
            },
        }
    };
    if !csv {
        for (given, what) in [
            (quote.is_some(), "quote"),
            (escape.is_some(), "escape"),
            (force_quote.is_some(), "force quote"),
            (force_not_null.is_some(), "force not null"),
            (force_null.is_some(), "force null"),
        ] {
            if given {
                return Err(unsupported(&format!("COPY {what} available only in CSV mode")));
            }
        }
    }
    if force_quote.is_some() && copy.from {
        return Err(unsupported("COPY force quote only available using COPY TO"));
    }
    if (force_not_null.is_some() || force_null.is_some()) && !copy.from {
        let what = if force_not_null.is_some() { "force not null" } else { "force null" };
        return Err(unsupported(&format!("COPY {what} only available using COPY FROM")));
    }
    let delimiter = one_byte(delimiter, if csv { b',' } else { b'\t' }, "delimiter")?;
    let quote = one_byte(quote, b'"', "quote")?;
    let escape = one_byte(escape, quote, "escape")?;
    let null = null.unwrap_or_else(|| if csv { String::new() } else { "\\N".to_owned() });
    if matches!(delimiter, b'\n' | b'\r') {
        return Err(bad("COPY delimiter cannot be newline or carriage return".into()));
    }
    if null.contains(['\n', '\r']) {
        return Err(bad("COPY null representation cannot use newline or carriage return".into()));
    }
    if !csv
        && (delimiter == b'\\'
            || delimiter == b'.'
            || delimiter.is_ascii_lowercase()
            || delimiter.is_ascii_digit())
    {
        return Err(bad(format!("COPY delimiter cannot be \"{}\"", delimiter as char)));
    }
    if csv && delimiter == quote {
        return Err(bad("COPY delimiter and quote must be different".into()));
    }
    if format != CopyFormat::Binary && null.as_bytes().contains(&delimiter) {
        return Err(bad("COPY delimiter must not appear in the NULL specification".into()));
    }
    if csv && null.as_bytes().contains(&quote) {
        return Err(bad("CSV quote character must not appear in the NULL specification".into()));
    }
    let positions = |value: Option<&CopyValue>, what: &str| -> Result<Vec<usize>> {
        match value {
            None => Ok(Vec::new()),
            Some(CopyValue::Star) => Ok((0..columns.len()).collect()),
            Some(CopyValue::Columns(names)) => names
                .iter()
                .map(|name| {
                    columns.iter().position(|c| *c == name.text.as_str()).ok_or_else(|| {
                        Error::new(
                            sqlstate::INVALID_COLUMN_REFERENCE,
                            format!("{what} column \"{}\" not referenced by COPY", name.text),
                        )
                    })
                })
                .collect(),
            Some(_) => Err(Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!(
                    "argument to option \"{}\" must be a list of column names",
                    what.to_lowercase().replace(' ', "_")
                ),
            )),
        }
    };
    let plain = CopyOptions {
        format,
        delimiter,
        null,
        header,
        header_match,
        quote,
        escape,
        force_quote: Vec::new(),
        force_not_null: Vec::new(),
        force_null: Vec::new(),
    };
    // Without known columns (a query not yet bound) the names are looked up later.
    if columns.is_empty() {
        return Ok((plain.clone(), plain));
    }
    let full = CopyOptions {
        force_quote: positions(force_quote, "FORCE_QUOTE")?,
        force_not_null: positions(force_not_null, "FORCE_NOT_NULL")?,
        force_null: positions(force_null, "FORCE_NULL")?,
        ..plain
    };
    Ok((full.clone(), full))
}
