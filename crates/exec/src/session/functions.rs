//! Functions that ask the session or the catalog: current_user, nextval, pg_backend_pid, to_regclass …

use std::time::Duration;

use datum::error::sqlstate;
use datum::{Datum, Error, Result, Type};
use sql::catalog::{CatalogView, DescriptorId, FIRST_USER_ID};

use super::statement::StatementSession;
use crate::cancel::Reason;
use crate::catalog::{Relation, split_identifiers, system};

fn oid(datum: &Datum) -> DescriptorId {
    DescriptorId(datum.as_i64().and_then(|i| u32::try_from(i).ok()).unwrap_or(0))
}

fn text(args: &[Datum], i: usize) -> &str {
    args.get(i).and_then(Datum::as_str).unwrap_or_default()
}

/// The function of this name.
pub(super) fn call(session: &StatementSession, name: &str, args: &[Datum]) -> Result<Datum> {
    let shared = &session.shared;
    Ok(match (name, args) {
        ("current_user" | "user" | "current_role", _) => Datum::text(&session.user),
        ("session_user", _) => Datum::text(&shared.session_user),
        ("current_database" | "current_catalog", _) => Datum::text(&shared.database_name),
        ("current_schema", _) => match session.catalog.current_schema() {
            Some(schema) => Datum::text(&schema.name),
            None => Datum::Null,
        },
        ("current_schemas", [implicit]) => {
            let implicit = implicit.as_bool() == Some(true);
            let schemas = session.catalog.path.iter();
            let named =
                split_identifiers(&shared.change_settings(|s| s.get("search_path")).unwrap_or_default());
            let shown = schemas
                .filter(|s| implicit || s.id != system::PG_CATALOG || named.contains(&s.name))
                .map(|s| Datum::text(&s.name));
            Datum::array(Type::Name, shown.collect())
        }
        ("nextval", [id]) => Datum::Int8(session.nextval(oid(id))?),
        ("setval", [id, value]) => {
            Datum::Int8(session.setval(oid(id), value.as_i64().unwrap_or_default(), true)?)
        }
        ("setval", [id, value, called]) => Datum::Int8(session.setval(
            oid(id),
            value.as_i64().unwrap_or_default(),
            called.as_bool() != Some(false),
        )?),
        ("currval", [id]) => {
            let id = oid(id);
            let value = shared.currval.lock().get(&id).copied();
            Datum::Int8(value.ok_or_else(|| {
                let name = session.catalog.snapshot.sequence_by_id(id).map(|s| s.name.clone());
                Error::new(
                    sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                    format!(
                        "currval of sequence \"{}\" is not yet defined in this session",
                        name.unwrap_or_default()
                    ),
                )
            })?)
        }
        ("lastval", _) => {
            let last = *shared.lastval.lock();
            let value = last.and_then(|id| shared.currval.lock().get(&id).copied());
            Datum::Int8(value.ok_or_else(|| {
                Error::new(
                    sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "lastval is not yet defined in this session",
                )
            })?)
        }
        ("pg_get_serial_sequence", [table, column]) => serial_sequence(session, table, column)?,
        ("unique_rowid", _) => Datum::Int8(session.node.next_rowid()),
        ("pg_backend_pid", _) => Datum::Int4(session.pid),
        ("pg_cancel_backend", [pid]) => {
            let found = session.node.session(pid.as_i64().and_then(|p| i32::try_from(p).ok()).unwrap_or(0));
            if let Some(found) = &found {
                found.cancel.cancel();
            }
            Datum::Bool(found.is_some())
        }
        ("pg_terminate_backend", [pid, ..]) => {
            let found = session.node.session(pid.as_i64().and_then(|p| i32::try_from(p).ok()).unwrap_or(0));
            if let Some(found) = &found {
                found.cancel.terminate(Reason::Terminate);
            }
            Datum::Bool(found.is_some())
        }
        ("pg_postmaster_start_time", _) => Datum::TimestampTz(session.node.started),
        ("pg_conf_load_time", _) => Datum::TimestampTz(session.node.started),
        ("pg_is_in_recovery", _) => Datum::Bool(false),
        ("txid_current" | "pg_current_xact_id", _) => Datum::Int8(session.transaction_ts),
        ("pg_sleep", [Datum::Float8(seconds)]) => {
            // As PostgreSQL: what is no time is none, and what is too long is as long as can be.
            let seconds = if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, 1e9) };
            session.sleep(Duration::from_secs_f64(seconds))?
        }
        ("pg_sleep_for", [Datum::Interval(interval)]) => {
            let days = i128::from(interval.months) * 30 + i128::from(interval.days);
            let micros = days * 86_400_000_000 + i128::from(interval.micros);
            session.sleep(Duration::from_micros(micros.clamp(0, 1_000_000_000_000_000) as u64))?
        }
        ("pg_sleep_until", [Datum::TimestampTz(at)]) => {
            // From the statement's beginning, so that a row that is evaluated again asks for the same time.
            let micros = at.saturating_sub(session.statement_ts).clamp(0, 1_000_000_000_000_000);
            session.sleep(Duration::from_micros(micros as u64))?
        }
        ("pg_notify", _) => {
            session.notify(text(args, 0), text(args, 1));
            Datum::Null
        }
        ("to_regclass", [name]) => match regclass(session, name.as_str().unwrap_or_default()) {
            Some(id) => Datum::Oid(id.0),
            None => Datum::Null,
        },
        ("regclassin" | "regclass_in", [name]) => {
            let name = name.as_str().unwrap_or_default();
            match regclass(session, name) {
                Some(id) => Datum::Oid(id.0),
                None => {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_TABLE,
                        format!("relation \"{name}\" does not exist"),
                    ));
                }
            }
        }
        ("regclassout" | "regclass_out", [id]) => Datum::text(regclass_name(session, oid(id))),
        ("regnamespacein" | "regnamespace_in" | "to_regnamespace", [arg]) => {
            let text = arg.as_str().unwrap_or_default();
            let names = split_identifiers(text);
            match names.first().and_then(|name| session.catalog.schema(name)) {
                Some(schema) => Datum::Oid(schema.id.0),
                None if name == "to_regnamespace" => Datum::Null,
                None if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                    Datum::Oid(text.parse().unwrap_or(0))
                }
                None => {
                    return Err(Error::new(
                        sqlstate::INVALID_SCHEMA_NAME,
                        format!("schema \"{text}\" does not exist"),
                    ));
                }
            }
        }
        ("regnamespaceout" | "regnamespace_out", [id]) => {
            Datum::text(match session.catalog.snapshot.schema_by_id(oid(id)) {
                Some(schema) => schema.name.clone(),
                None => oid(id).0.to_string(),
            })
        }
        _ => return crate::virtual_tables::call(session, name, args),
    })
}

/// The parts of a possibly qualified name.
pub(crate) fn name_parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = name.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                while let Some(c) = chars.next() {
                    if c == '"' && chars.next_if_eq(&'"').is_none() {
                        break;
                    }
                    part.push(c);
                }
            }
            '.' => parts.push(std::mem::take(&mut part)),
            c => part.extend(c.to_lowercase()),
        }
    }
    parts.push(part);
    parts
}

/// The relation of a name as the search path finds it: a table, view, sequence, index or virtual table.
pub(crate) fn regclass(session: &StatementSession, name: &str) -> Option<DescriptorId> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
        return name.parse().ok().map(DescriptorId);
    }
    let catalog = &session.catalog;
    let snapshot = &catalog.snapshot;
    let find = |schema: DescriptorId, name: &str| match snapshot.relation(schema, name) {
        Some(Relation::Table(id) | Relation::Sequence(id)) => Some(id),
        Some(Relation::Index(table, index)) => {
            snapshot.table_by_id(table)?.index(index).map(|index| index.oid)
        }
        None => system::table(schema, name).map(|table| table.id),
    };
    let parts = name_parts(name);
    match parts.as_slice() {
        [name] => catalog.path.iter().find_map(|schema| find(schema.id, name)),
        [schema, name] | [_, schema, name] => find(catalog.schema(schema)?.id, name),
        _ => None,
    }
}

/// A relation's name, qualified unless the search path finds it.
pub(crate) fn regclass_name(session: &StatementSession, id: DescriptorId) -> String {
    let snapshot = &session.catalog.snapshot;
    let found = if let Some(table) = snapshot.table_by_id(id) {
        Some((table.schema, table.name.clone()))
    } else if let Some(sequence) = snapshot.sequence_by_id(id) {
        Some((sequence.schema, sequence.name.clone()))
    } else {
        snapshot.index_by_oid(id).map(|(table, index)| (table.schema, index.name.clone()))
    };
    let Some((schema, name)) = found else {
        return if id.0 == 0 { "-".into() } else { id.0.to_string() };
    };
    let quoted = quote(&name);
    if regclass(session, &quoted) == Some(id) {
        return quoted;
    }
    match snapshot.schema_by_id(schema) {
        Some(schema) => format!("{}.{quoted}", quote(&schema.name)),
        None => quoted,
    }
}

/// An identifier, quoted where it must be.
pub(crate) fn quote(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn serial_sequence(session: &StatementSession, table: &Datum, column: &Datum) -> Result<Datum> {
    let (name, column) = (table.as_str().unwrap_or_default(), column.as_str().unwrap_or_default());
    let found = regclass(session, name).and_then(|id| session.catalog.table_by_id(id));
    let table = found.ok_or_else(|| {
        Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"))
    })?;
    let column = table.columns.iter().find(|c| c.name == column).ok_or_else(|| {
        Error::new(
            sqlstate::UNDEFINED_COLUMN,
            format!("column \"{column}\" of relation \"{}\" does not exist", table.name),
        )
    })?;
    let sequence = match column.generated {
        sql::catalog::Generated::Identity { sequence, .. } => Some(sequence),
        _ => column.owned_sequence,
    };
    let sequence = sequence.and_then(|id| session.catalog.snapshot.sequence_by_id(id));
    Ok(match sequence {
        Some(sequence) => {
            let schema = session.catalog.snapshot.schema_by_id(sequence.schema);
            let schema = schema.map(|s| quote(&s.name)).unwrap_or_default();
            Datum::text(format!("{schema}.{}", quote(&sequence.name)))
        }
        None => Datum::Null,
    })
}

const _: () = assert!(FIRST_USER_ID > system::INFORMATION_SCHEMA.0);
