//! Functions of catalog state: `pg_get_indexdef`, `format_type`, `pg_table_is_visible`, privileges, sizes …
//!
//! [`call`] is what a session asks for functions that it does not know itself. OIDs that mean nothing give NULL, as in
//! PostgreSQL: clients read catalogs while others change them.

use datum::error::sqlstate;
use datum::{ColumnType, Datum, Error, Result, Type};
use sql::catalog::*;
use sql::deparse::{self, Style, quote_identifier};

use super::procs::{PROCS, Proc, proc_by_oid};
use super::rows::{shown_columns, shown_indexes};
use super::types::PSEUDO_TYPES;
use crate::catalog::{SessionCatalog, Snapshot, system};
use crate::session::StatementSession;

const CLASS_CLASS: u32 = 1259;
const NAMESPACE_CLASS: u32 = 2615;
const DATABASE_CLASS: u32 = 1262;
const ROLE_CLASS: u32 = 1260;

fn oid(datum: &Datum) -> DescriptorId {
    DescriptorId(datum.as_i64().and_then(|i| u32::try_from(i).ok()).unwrap_or(0))
}

fn optional(text: Option<impl AsRef<str>>) -> Datum {
    text.map_or(Datum::Null, Datum::text)
}

/// The function of this name.
pub(crate) fn call(session: &StatementSession, name: &str, args: &[Datum]) -> Result<Datum> {
    let catalog = &session.catalog;
    let snapshot = &catalog.snapshot;
    if let Some(object) = name.strip_suffix("_is_visible") {
        return Ok(is_visible(catalog, object, args));
    }
    if name.starts_with("has_") && name.ends_with("_privilege") || name == "pg_has_role" {
        return privilege(session, name, args);
    }
    if name.starts_with("pg_stat_get_") {
        return Ok(counter(snapshot, name, args));
    }
    let first = args.first().unwrap_or(&Datum::Null);
    let pretty = |i: usize| args.get(i).and_then(Datum::as_bool) == Some(true);
    Ok(match (name, args) {
        ("version", _) => Datum::text(version()),
        ("getpgusername", _) => Datum::text(&session.user),
        ("current_query", _) => Datum::text(session.shared.activity().query),
        ("pg_get_indexdef", [id]) => {
            optional(snapshot.index_by_oid(oid(id)).map(|(t, i)| index_definition(catalog, t, i, false)))
        }
        ("pg_get_indexdef", [id, column, _]) => {
            optional(snapshot.index_by_oid(oid(id)).and_then(|(t, i)| {
                match column.as_i64().and_then(|n| usize::try_from(n).ok())? {
                    0 => Some(index_definition(catalog, t, i, pretty(2))),
                    n => Some(deparse::index_column(t, i, n, Style::of(pretty(2))).unwrap_or_default()),
                }
            }))
        }
        ("pg_get_constraintdef", [id, ..]) => optional(constraint_definition(catalog, oid(id), pretty(1))),
        ("pg_get_expr", [text, _, ..]) => {
            let relation = |name: &str| shown_relation(session, name);
            let style = Style { relation: Some(&relation), ..Style::of(pretty(2)) };
            optional(text.as_str().map(|text| deparse::reprint(text, style)))
        }
        ("pg_get_viewdef", [view, ..]) => {
            let table = match view {
                Datum::Text(name) => match crate::session::regclass(session, name) {
                    Some(id) => snapshot.table_by_id(id),
                    None => return Err(missing_relation(name)),
                },
                id => snapshot.table_by_id(oid(id)),
            };
            // A width to wrap at (the int4 of one variant) means pretty too.
            let pretty = pretty(1) || matches!(args.get(1), Some(Datum::Int4(_)));
            match table {
                Some(table) => {
                    Datum::text(view_definition(table, pretty).unwrap_or_else(|| "Not a view".to_owned()))
                }
                None => Datum::Null,
            }
        }
        ("pg_get_ruledef", [id, ..]) => optional(snapshot.tables(catalog.database).find_map(|table| {
            (rule_oid(table) == oid(id).0).then(|| {
                let definition = view_definition(table, pretty(1))?;
                let name = relation_name(catalog, table.schema, &table.name);
                Some(format!("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO {name} DO INSTEAD {definition}"))
            })?
        })),
        ("pg_get_userbyid", [id]) => Datum::text(match snapshot.role_by_id(oid(id)) {
            Some(role) => role.name.clone(),
            None => format!("unknown (OID={})", oid(id).0),
        }),
        ("format_type", [ty, typmod]) => optional(format_type(ty, typmod)),
        ("oidvectortypes", [types]) => {
            let types = types.as_array().map_or(&[][..], |array| &array.items);
            let names: Vec<String> = types.iter().filter_map(|ty| format_type(ty, &Datum::Null)).collect();
            Datum::text(names.join(", "))
        }
        ("obj_description", [id, class]) => optional(description(snapshot, oid(id), class.as_str())),
        ("obj_description", [id]) => optional(description(snapshot, oid(id), None)),
        ("col_description", [id, column]) => optional(snapshot.table_by_id(oid(id)).and_then(|table| {
            let column = column.as_i64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)?;
            table.comments.iter().find(|(on, _)| *on == column).map(|(_, text)| text)
        })),
        ("shobj_description", [id, class]) => match class.as_str() {
            Some("pg_database") if snapshot.database_by_id(oid(id)).is_some() => {
                optional(snapshot.comment(oid(id)).map(|(_, text)| text))
            }
            Some("pg_authid") if snapshot.role_by_id(oid(id)).is_some() => {
                optional(snapshot.comment(oid(id)).map(|(_, text)| text))
            }
            _ => Datum::Null,
        },
        ("to_regtype", [name]) => type_oid(name).map_or(Datum::Null, Datum::Oid),
        ("regtypein", [name]) => match type_oid(name) {
            Some(found) => Datum::Oid(found),
            None => return Err(missing(sqlstate::UNDEFINED_OBJECT, "type", name)),
        },
        (
            "regroleout" | "regtypeout" | "regprocout" | "regprocedureout" | "regoperout" | "regoperatorout"
            | "regcollationout" | "regconfigout" | "regdictionaryout",
            [id],
        ) => {
            let kind = Type::from_name(name.trim_end_matches("out")).unwrap_or(Type::Oid);
            Datum::text(object_name(catalog, kind, oid(id)))
        }
        ("to_regrole" | "regrolein", [text]) => match snapshot.role(plain_name(text)) {
            Some(role) => Datum::Oid(role.id.0),
            None if name == "to_regrole" => Datum::Null,
            None => return Err(missing(sqlstate::UNDEFINED_OBJECT, "role", text)),
        },
        ("regcollationin", [text]) => match plain_name(text) {
            "default" => Datum::Oid(100),
            "C" => Datum::Oid(950),
            "POSIX" => Datum::Oid(951),
            _ => return Err(missing(sqlstate::UNDEFINED_OBJECT, "collation", text)),
        },
        ("regconfigin", [text]) => {
            return Err(missing(sqlstate::UNDEFINED_OBJECT, "text search configuration", text));
        }
        ("regdictionaryin", [text]) => {
            return Err(missing(sqlstate::UNDEFINED_OBJECT, "text search dictionary", text));
        }
        ("to_regprocedure" | "regprocedurein", [text]) => {
            match procedure(text.as_str().unwrap_or_default()) {
                Some(found) => Datum::Oid(found),
                None if name == "to_regprocedure" => Datum::Null,
                None => return Err(missing(sqlstate::UNDEFINED_FUNCTION, "function", text)),
            }
        }
        ("regoperin" | "regoperatorin" | "to_regoper" | "to_regoperator", [text]) => {
            match operator(text.as_str().unwrap_or_default()) {
                Some(found) => Datum::Oid(found),
                None if name.starts_with("to_") => Datum::Null,
                None => return Err(missing(sqlstate::UNDEFINED_FUNCTION, "operator", text)),
            }
        }
        ("to_regproc" | "regprocin", [text]) => {
            let wanted = text.as_str().unwrap_or_default();
            let wanted =
                wanted.strip_prefix("pg_catalog.").unwrap_or(wanted).trim_matches('"').to_lowercase();
            let found: Vec<&Proc> = PROCS.iter().filter(|p| p.name == wanted).collect();
            match (found.as_slice(), name) {
                ([one], _) => Datum::Oid(one.oid),
                (_, "regprocin") if wanted == "-" => Datum::Oid(0),
                (_, "to_regproc") => Datum::Null,
                ([], _) => return Err(missing(sqlstate::UNDEFINED_FUNCTION, "function", text)),
                _ => {
                    return Err(Error::new(
                        sqlstate::AMBIGUOUS_FUNCTION,
                        format!("more than one function named \"{wanted}\""),
                    ));
                }
            }
        }
        ("pg_get_function_arguments" | "pg_get_function_identity_arguments", [id]) => {
            optional(proc_by_oid(oid(id).0).map(function_arguments))
        }
        ("pg_get_function_result", [id]) => optional(proc_by_oid(oid(id).0).map(function_result)),
        ("pg_get_functiondef", [id]) => optional(proc_by_oid(oid(id).0).map(function_definition)),
        ("pg_describe_object", [class, id, column]) => {
            optional(describe_object(catalog, oid(class).0, oid(id), column.as_i64().unwrap_or(0)))
        }
        ("pg_relation_size" | "pg_table_size" | "pg_total_relation_size" | "pg_indexes_size", [id, ..]) => {
            relation_size(snapshot, name, oid(id))
        }
        ("pg_database_size", [database]) => {
            let found = match database {
                Datum::Text(name) => match snapshot.database(name) {
                    Some(found) => Some(found),
                    None => return Err(missing(sqlstate::INVALID_CATALOG_NAME, "database", database)),
                },
                id => snapshot.database_by_id(oid(id)),
            };
            match found {
                Some(database) => {
                    let tables = snapshot.tables(database.id);
                    Datum::Int8(tables.map(|t| table_bytes(snapshot, t)).sum())
                }
                None => Datum::Null,
            }
        }
        ("pg_tablespace_size", _) => Datum::Int8(0),
        ("pg_tablespace_location", _) => Datum::text(""),
        ("pg_relation_filenode", [id]) => match snapshot.table_by_id(oid(id)) {
            Some(table) if is_stored(table) => Datum::Oid(table.storage_id),
            _ => Datum::Null,
        },
        ("pg_relation_is_publishable", [id]) => match snapshot.table_by_id(oid(id)) {
            Some(table) => Datum::Bool(is_stored(table)),
            None => Datum::Bool(false),
        },
        // Bits of insert, update and delete.
        ("pg_relation_is_updatable", [id, ..]) => {
            Datum::Int4(if snapshot.table_by_id(oid(id)).is_some_and(|t| is_stored(t)) { 28 } else { 0 })
        }
        ("pg_column_is_updatable", [id, ..]) => {
            Datum::Bool(snapshot.table_by_id(oid(id)).is_some_and(|t| is_stored(t)))
        }
        ("pg_sequence_parameters", [id]) => match snapshot.sequence_by_id(oid(id)) {
            Some(s) => Datum::record(
                vec![
                    Datum::Int8(s.start),
                    Datum::Int8(s.min),
                    Datum::Int8(s.max),
                    Datum::Int8(s.increment),
                    Datum::Bool(s.cycle),
                    Datum::Int8(s.cache),
                    Datum::Oid(s.ty.oid()),
                ],
                vec![Type::Int8, Type::Int8, Type::Int8, Type::Int8, Type::Bool, Type::Int8, Type::Oid],
            ),
            None => Datum::Null,
        },
        ("pg_index_column_has_property", [id, column, property]) => index_column_property(
            snapshot,
            oid(id),
            column.as_i64().unwrap_or(0),
            property.as_str().unwrap_or(""),
        ),
        ("pg_index_has_property", [id, property]) => {
            match (snapshot.index_by_oid(oid(id)), property.as_str()) {
                (Some(_), Some("index_scan" | "backward_scan")) => Datum::Bool(true),
                (Some(_), Some("clusterable" | "bitmap_scan")) => Datum::Bool(false),
                _ => Datum::Null,
            }
        }
        ("pg_indexam_has_property", [_, property]) => match property.as_str() {
            Some("can_order" | "can_unique" | "can_multi_col" | "can_include") => Datum::Bool(true),
            Some("can_exclude") => Datum::Bool(false),
            _ => Datum::Null,
        },
        (
            "pg_is_other_temp_schema"
            | "pg_is_wal_replay_paused"
            | "pg_jit_available"
            | "row_security_active",
            _,
        ) => Datum::Bool(false),
        ("pg_reload_conf", _) => Datum::Bool(true),
        ("pg_my_temp_schema", _) => Datum::Oid(0),
        ("pg_trigger_depth" | "age_xid" | "mxid_age", _) => Datum::Int4(0),
        ("pg_notification_queue_usage", _) => Datum::Float8(0.0),
        ("pg_blocking_pids" | "pg_safe_snapshot_blocking_pids", _) => Datum::array(Type::Int4, Vec::new()),
        ("pg_settings_get_flags", _) => match first.as_str().and_then(crate::settings::definition) {
            Some(_) => Datum::array(Type::Text, Vec::new()),
            None => Datum::Null,
        },
        ("inet_client_addr", _) => optional(session.shared.peer.rsplit_once(':').map(|(address, _)| address)),
        ("inet_client_port", _) => {
            let port = session.shared.peer.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            port.map_or(Datum::Null, Datum::Int4)
        }
        ("pg_stat_reset" | "pg_stat_clear_snapshot", _) => Datum::Null,
        ("pg_partition_ancestors" | "pg_partition_tree" | "ts_token_type" | "aclexplode", _) => {
            Datum::array(Type::Record, Vec::new())
        }
        ("pg_options_to_table", [options]) => {
            let options = options.as_array().map_or(&[][..], |array| &array.items);
            rows_of(
                &[Type::Text, Type::Text],
                options.iter().filter_map(Datum::as_str).map(|option| match option.split_once('=') {
                    Some((name, value)) => vec![Datum::text(name), Datum::text(value)],
                    None => vec![Datum::text(option), Datum::Null],
                }),
            )
        }
        ("pg_get_keywords", _) => keywords(),
        ("pg_timezone_names", _) => rows_of(
            &[Type::Text, Type::Text, Type::Interval, Type::Bool],
            super::cluster::zones(session.transaction_ts).into_iter().map(Vec::from),
        ),
        ("pg_timezone_abbrevs", _) => rows_of(
            &[Type::Text, Type::Interval, Type::Bool],
            super::cluster::zone_abbreviations().into_iter().map(Vec::from),
        ),
        // Of what there is none: partitions, triggers, extended statistics, collation versions, replicas …
        (
            "pg_get_partkeydef"
            | "pg_get_partition_constraintdef"
            | "pg_partition_root"
            | "pg_get_triggerdef"
            | "pg_get_statisticsobjdef"
            | "pg_get_statisticsobjdef_columns"
            | "pg_get_statisticsobjdef_expressions"
            | "pg_get_replica_identity_index"
            | "pg_get_function_arg_default"
            | "pg_get_function_sqlbody"
            | "pg_column_compression"
            | "pg_collation_actual_version"
            | "pg_database_collation_actual_version"
            | "pg_relation_filepath"
            | "pg_sequence_last_value"
            | "pg_xact_commit_timestamp"
            | "txid_current_if_assigned"
            | "txid_status"
            | "inet_server_addr"
            | "inet_server_port",
            _,
        ) => Datum::Null,
        _ => return Err(Error::unsupported(format!("function {name}()"))),
    })
}

/// Rows of a set-returning function, as an array of row values.
fn rows_of(types: &[Type], rows: impl Iterator<Item = Vec<Datum>>) -> Datum {
    Datum::array(Type::Record, rows.map(|fields| Datum::record(fields, types.to_vec())).collect())
}

fn keywords() -> Datum {
    use sql::parse::keywords::{Class, WORDS};
    let types = [Type::Text, Type::Char, Type::Bool, Type::Text, Type::Text];
    rows_of(
        &types,
        WORDS.iter().map(|(word, class, bare)| {
            let (code, description) = match class {
                Class::Unreserved => ("U", "unreserved"),
                Class::ColName => ("C", "unreserved (cannot be function or type name)"),
                Class::TypeFunc => ("T", "reserved (can be function or type name)"),
                Class::Reserved => ("R", "reserved"),
            };
            let bare_text = if *bare { "can be bare label" } else { "requires AS" };
            vec![
                Datum::text(word),
                Datum::text(code),
                Datum::Bool(*bare),
                Datum::text(description),
                Datum::text(bare_text),
            ]
        }),
    )
}

/// What version() says.
fn version() -> String {
    format!(
        "PostgreSQL {} (Holdfast {}) on {}-{}, 64-bit",
        crate::settings::SERVER_VERSION,
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS
    )
}

fn missing(code: &'static str, what: &str, name: &Datum) -> Error {
    Error::new(code, format!("{what} \"{}\" does not exist", name.as_str().unwrap_or_default()))
}

fn missing_relation(name: &str) -> Error {
    Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"))
}

fn is_stored(table: &TableDescriptor) -> bool {
    table.kind == RelationKind::Table
}

/// The OID of a view's rule.
pub fn rule_oid(table: &TableDescriptor) -> u32 {
    0x4000_0000 | table.id.0
}

/// The name of a relation as the search path has it: qualified unless it is found without.
pub fn relation_name(catalog: &SessionCatalog, schema: DescriptorId, name: &str) -> String {
    let snapshot = &catalog.snapshot;
    let holds = |schema: DescriptorId| {
        snapshot.relation(schema, name).is_some() || system::table(schema, name).is_some()
    };
    let first = catalog.path.iter().find(|s| holds(s.id));
    if first.is_some_and(|s| s.id == schema) {
        return quote_identifier(name);
    }
    match snapshot.schema_by_id(schema) {
        Some(schema) => deparse::qualified(&schema.name, name),
        None => quote_identifier(name),
    }
}

fn qualified_name(catalog: &SessionCatalog, schema: DescriptorId, name: &str) -> String {
    match catalog.snapshot.schema_by_id(schema) {
        Some(schema) => deparse::qualified(&schema.name, name),
        None => quote_identifier(name),
    }
}

/// A name in a stored `'name'::regclass` as this session would write it.
fn shown_relation(session: &StatementSession, name: &str) -> Option<String> {
    let id = crate::session::regclass(session, name)?;
    Some(crate::session::regclass_name(session, id))
}

/// CREATE INDEX. Pretty leaves out the schema where the search path finds the table.
pub fn index_definition(
    catalog: &SessionCatalog,
    table: &TableDescriptor,
    index: &IndexDescriptor,
    pretty: bool,
) -> String {
    let on = if pretty {
        relation_name(catalog, table.schema, &table.name)
    } else {
        qualified_name(catalog, table.schema, &table.name)
    };
    deparse::index(table, index, &on, Style::of(pretty))
}

/// A view's query; `None` of what is no view.
pub fn view_definition(table: &TableDescriptor, pretty: bool) -> Option<String> {
    let RelationKind::View { query, .. } = &table.kind else { return None };
    let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    Some(deparse::view(query, &columns, Style::of(pretty)))
}

/// A constraint's definition by its OID.
fn constraint_definition(catalog: &SessionCatalog, id: DescriptorId, pretty: bool) -> Option<String> {
    let snapshot = &catalog.snapshot;
    if let Some((table, index)) = snapshot.index_by_oid(id) {
        return (index.constraint || index.primary).then(|| deparse::key_constraint(table, index));
    }
    for table in snapshot.tables(catalog.database) {
        if let Some(check) = table.checks.iter().find(|check| check.oid == id) {
            return Some(deparse::check_constraint(check, Style::of(pretty)));
        }
        if let Some(key) = table.foreign_keys.iter().find(|key| key.oid == id) {
            let target = snapshot.table_by_id(key.target)?;
            let name = relation_name(catalog, target.schema, &target.name);
            return Some(deparse::foreign_key(table, key, target, &name));
        }
    }
    None
}

/// Whether an object is found without its schema; NULL if there is none of this OID.
fn is_visible(catalog: &SessionCatalog, object: &str, args: &[Datum]) -> Datum {
    let id = args.first().map_or(DescriptorId(0), oid);
    let snapshot = &catalog.snapshot;
    match object {
        "pg_table" => {
            let found = if let Some(table) = snapshot.table_by_id(id) {
                Some((table.schema, table.name.as_str()))
            } else if let Some((table, index)) = snapshot.index_by_oid(id) {
                Some((table.schema, index.name.as_str()))
            } else {
                snapshot.sequence_by_id(id).map(|s| (s.schema, s.name.as_str()))
            };
            let Some((schema, name)) = found else { return Datum::Null };
            let holds = |schema: DescriptorId| {
                snapshot.relation(schema, name).is_some() || system::table(schema, name).is_some()
            };
            Datum::Bool(catalog.path.iter().find(|s| holds(s.id)).is_some_and(|s| s.id == schema))
        }
        "pg_type" => {
            if type_name(id.0).is_some() {
                Datum::Bool(true)
            } else {
                Datum::Null
            }
        }
        "pg_function" => {
            if proc_by_oid(id.0).is_some() {
                Datum::Bool(true)
            } else {
                Datum::Null
            }
        }
        // All of these are in pg_catalog, which is always searched.
        _ => Datum::Bool(true),
    }
}

fn type_name(id: u32) -> Option<String> {
    match Type::from_oid(id) {
        Some(ty) => Some(ColumnType::plain(ty).to_string()).map(|name| match ty {
            Type::Bpchar => "character".to_owned(),
            _ => name,
        }),
        None => PSEUDO_TYPES.iter().find(|(oid, ..)| *oid == id).map(|(_, name, ..)| quote_identifier(name)),
    }
}

/// format_type(oid, typmod)
fn format_type(ty: &Datum, typmod: &Datum) -> Option<String> {
    if ty.is_null() {
        return None;
    }
    let id = oid(ty).0;
    if id == 0 {
        return Some("-".to_owned());
    }
    let modifier = typmod.as_i64().and_then(|n| i32::try_from(n).ok());
    Some(match (Type::from_oid(id), modifier) {
        (Some(known), Some(typmod)) => ColumnType::with_typmod(known, typmod).to_string(),
        _ => type_name(id).unwrap_or_else(|| "???".to_owned()),
    })
}

/// A type by the name that `::regtype` takes: any of SQL's, with or without pg_catalog and a modifier.
fn named_type(name: &Datum) -> Option<Type> {
    let text = name.as_str()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Type::from_oid(text.parse().ok()?);
    }
    let lower = text.to_lowercase();
    let mut plain = lower.strip_prefix("pg_catalog.").unwrap_or(&lower).to_owned();
    if let (Some(open), Some(close)) = (plain.find('('), plain.find(')'))
        && open < close
    {
        plain.replace_range(open..=close, "");
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    Type::from_name(&plain).or_else(|| Type::from_name(plain.trim_matches('"')))
}

/// The OID of a type by name, pseudo-types included.
fn type_oid(name: &Datum) -> Option<u32> {
    if let Some(ty) = named_type(name) {
        return Some(ty.oid());
    }
    let wanted = plain_name(name).to_lowercase();
    PSEUDO_TYPES.iter().find(|(_, name, ..)| *name == wanted).map(|(oid, ..)| *oid)
}

/// A name of one part: without pg_catalog and quotes.
fn plain_name(name: &Datum) -> &str {
    let text = name.as_str().unwrap_or_default().trim();
    text.strip_prefix("pg_catalog.").unwrap_or(text).trim_matches('"')
}

/// `name(type, …)`
fn procedure(text: &str) -> Option<u32> {
    let (name, args) = text.trim().strip_suffix(')')?.split_once('(')?;
    let name = plain_name(&Datum::text(name)).to_lowercase();
    let args = types_of(args)?;
    PROCS.iter().find(|p| p.name == name && p.args == args).map(|p| p.oid)
}

fn types_of(list: &str) -> Option<Vec<u32>> {
    if list.trim().is_empty() {
        return Some(Vec::new());
    }
    list.split(',').map(|ty| if ty.trim() == "NONE" { Some(0) } else { type_oid(&Datum::text(ty)) }).collect()
}

/// `+(integer,integer)`, or `+` if there is just one of it.
fn operator(text: &str) -> Option<u32> {
    let text = text.trim();
    let text = text.strip_prefix("pg_catalog.").unwrap_or(text);
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((symbol, args)) => {
            let [left, right] = *types_of(args)?.as_slice() else { return None };
            let (left, right) = (Type::from_oid(left), Type::from_oid(right)?);
            datum::function::operator(symbol, left, right).map(|o| o.oid)
        }
        None => match datum::function::operators(text) {
            [only] => Some(only.oid),
            _ => None,
        },
    }
}

/// A value of regclass or its kin as text, also within arrays.
pub(crate) fn named_object(catalog: &SessionCatalog, ty: Type, value: &Datum) -> Datum {
    match (ty, value) {
        (Type::Array(element), Datum::Array(array)) => {
            let items = array.items.iter().map(|item| named_object(catalog, *element, item)).collect();
            let mut named = datum::value::Array::new(Type::Text, items);
            named.lower = array.lower;
            Datum::Array(std::sync::Arc::new(named))
        }
        (ty, Datum::Oid(id)) if ty.is_object() => Datum::text(object_name(catalog, ty, DescriptorId(*id))),
        (_, other) => other.clone(),
    }
}

/// What the output function of regclass and its kin gives.
fn object_name(catalog: &SessionCatalog, ty: Type, id: DescriptorId) -> String {
    let snapshot = &catalog.snapshot;
    if id.0 == 0 {
        return if matches!(ty, Type::RegOper | Type::RegOperator) { "0" } else { "-" }.to_owned();
    }
    let found = match ty {
        Type::RegClass => {
            let relation = if let Some(table) = snapshot.table_by_id(id) {
                Some((table.schema, table.name.as_str()))
            } else if let Some(sequence) = snapshot.sequence_by_id(id) {
                Some((sequence.schema, sequence.name.as_str()))
            } else {
                snapshot.index_by_oid(id).map(|(table, index)| (table.schema, index.name.as_str()))
            };
            relation.map(|(schema, name)| relation_name(catalog, schema, name))
        }
        Type::RegType => type_name(id.0),
        Type::RegNamespace => snapshot.schema_by_id(id).map(|schema| quote_identifier(&schema.name)),
        Type::RegRole => snapshot.role_by_id(id).map(|role| quote_identifier(&role.name)),
        Type::RegProc => proc_by_oid(id.0).map(|p| quote_identifier(p.name)),
        Type::RegProcedure => proc_by_oid(id.0)
            .map(|p| format!("{}({})", quote_identifier(p.name), argument_list(p).replace(", ", ","))),
        Type::RegOper | Type::RegOperator => {
            let found = datum::function::all_operators().iter().find(|o| o.oid == id.0);
            found.map(|o| {
                if ty == Type::RegOper {
                    return format!("pg_catalog.{}", o.symbol);
                }
                let args = proc_by_oid(o.function.oid)
                    .map(|p| argument_list(p).replace(", ", ","))
                    .unwrap_or_default();
                if o.left.is_some() {
                    format!("{}({args})", o.symbol)
                } else {
                    format!("{}(NONE,{args})", o.symbol)
                }
            })
        }
        Type::RegCollation => match id.0 {
            100 => Some("\"default\"".to_owned()),
            950 => Some("\"C\"".to_owned()),
            951 => Some("\"POSIX\"".to_owned()),
            _ => None,
        },
        _ => None,
    };
    found.unwrap_or_else(|| id.0.to_string())
}

/// A comment on an object of pg_class, pg_namespace …
fn description<'a>(snapshot: &'a Snapshot, id: DescriptorId, class: Option<&str>) -> Option<&'a str> {
    let of_table = || {
        let table = snapshot.table_by_id(id)?;
        table.comments.iter().find(|(column, _)| *column == 0).map(|(_, text)| text.as_str())
    };
    let other = || snapshot.comment(id).map(|(_, text)| text);
    match class {
        Some("pg_class") => of_table().or_else(other),
        Some("pg_namespace") => snapshot.schema_by_id(id).and_then(|_| other()),
        Some("pg_constraint") => other(),
        None => of_table().or_else(other),
        Some(_) => None,
    }
}

fn argument_list(proc: &Proc) -> String {
    let last = proc.args.len().saturating_sub(1);
    let names = proc.args.iter().enumerate().map(|(i, ty)| {
        let name = type_name(*ty).unwrap_or_else(|| ty.to_string());
        if proc.variadic && i == last { format!("VARIADIC {name}") } else { name }
    });
    names.collect::<Vec<_>>().join(", ")
}

fn function_arguments(proc: &Proc) -> String {
    let mut out = argument_list(proc);
    for (name, ret) in proc.columns {
        let ty = match ret {
            datum::function::ReturnType::Exact(ty) => ty.to_string(),
            datum::function::ReturnType::AnyElement => "anyelement".to_owned(),
            datum::function::ReturnType::AnyArray => "anyarray".to_owned(),
        };
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&format!("OUT {} {ty}", quote_identifier(name)));
    }
    out
}

fn function_result(proc: &Proc) -> String {
    let name = type_name(proc.result).unwrap_or_else(|| proc.result.to_string());
    if proc.set { format!("SETOF {name}") } else { name }
}

fn function_definition(proc: &Proc) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.{}({})\n RETURNS {}\n LANGUAGE internal\nAS $function${}$function$\n",
        quote_identifier(proc.name),
        function_arguments(proc),
        function_result(proc),
        proc.name
    )
}

fn describe_object(catalog: &SessionCatalog, class: u32, id: DescriptorId, column: i64) -> Option<String> {
    let snapshot = &catalog.snapshot;
    match class {
        CLASS_CLASS => {
            if let Some(table) = snapshot.table_by_id(id) {
                let word = if matches!(table.kind, RelationKind::View { .. }) { "view" } else { "table" };
                let name = relation_name(catalog, table.schema, &table.name);
                let column = table.columns.iter().find(|c| i64::from(c.id) == column);
                return Some(match column {
                    Some(column) => format!("column {} of {word} {name}", quote_identifier(&column.name)),
                    None => format!("{word} {name}"),
                });
            }
            if let Some((table, index)) = snapshot.index_by_oid(id) {
                return Some(format!("index {}", relation_name(catalog, table.schema, &index.name)));
            }
            let sequence = snapshot.sequence_by_id(id)?;
            Some(format!("sequence {}", relation_name(catalog, sequence.schema, &sequence.name)))
        }
        NAMESPACE_CLASS => snapshot.schema_by_id(id).map(|s| format!("schema {}", quote_identifier(&s.name))),
        DATABASE_CLASS => {
            snapshot.database_by_id(id).map(|d| format!("database {}", quote_identifier(&d.name)))
        }
        ROLE_CLASS => snapshot.role_by_id(id).map(|r| format!("role {}", quote_identifier(&r.name))),
        1255 => {
            proc_by_oid(id.0).map(|p| format!("function {}({})", quote_identifier(p.name), argument_list(p)))
        }
        1247 => type_name(id.0).map(|name| format!("type {name}")),
        _ => None,
    }
}

/// Bytes of a table's rows, estimated from what ANALYZE has found.
fn table_bytes(snapshot: &Snapshot, table: &TableDescriptor) -> i64 {
    const OVERHEAD: f64 = 24.0;
    let rows = snapshot.statistics(table.id).map_or(0.0, |found| found.rows);
    let width: f64 = shown_columns(table).map(|c| f64::from(c.ty.ty.len().max(16))).sum();
    (rows * (width + OVERHEAD)) as i64
}

fn index_bytes(snapshot: &Snapshot, table: &TableDescriptor, index: &IndexDescriptor) -> i64 {
    let rows = snapshot.statistics(table.id).map_or(0.0, |found| found.rows);
    (rows * (index.keys.len() + index.include.len() + 1) as f64 * 16.0) as i64
}

fn relation_size(snapshot: &Snapshot, what: &str, id: DescriptorId) -> Datum {
    if let Some((table, index)) = snapshot.index_by_oid(id) {
        return Datum::Int8(if what == "pg_indexes_size" { 0 } else { index_bytes(snapshot, table, index) });
    }
    if let Some(table) = snapshot.table_by_id(id) {
        let rows = table_bytes(snapshot, table);
        let indexes: i64 =
            shown_indexes(table).filter(|i| !i.primary).map(|i| index_bytes(snapshot, table, i)).sum();
        return Datum::Int8(match what {
            "pg_indexes_size" => indexes,
            "pg_total_relation_size" => rows + indexes,
            _ => rows,
        });
    }
    if snapshot.sequence_by_id(id).is_some() { Datum::Int8(0) } else { Datum::Null }
}

fn index_column_property(snapshot: &Snapshot, id: DescriptorId, column: i64, property: &str) -> Datum {
    let Some((_, index)) = snapshot.index_by_oid(id) else { return Datum::Null };
    let Some(at) = usize::try_from(column - 1).ok() else { return Datum::Null };
    let key = index.keys.get(at);
    if key.is_none() && at >= index.keys.len() + index.include.len() {
        return Datum::Null;
    }
    match (property, key) {
        ("asc", Some(key)) => Datum::Bool(!key.desc),
        ("desc", Some(key)) => Datum::Bool(key.desc),
        ("nulls_first", Some(key)) => Datum::Bool(key.nulls_first),
        ("nulls_last", Some(key)) => Datum::Bool(!key.nulls_first),
        ("orderable", key) => Datum::Bool(key.is_some()),
        ("distance_orderable", _) => Datum::Bool(false),
        ("returnable" | "search_array" | "search_nulls", key) => {
            Datum::Bool(key.is_some() || property == "returnable")
        }
        ("asc" | "desc" | "nulls_first" | "nulls_last", None) => Datum::Bool(false),
        _ => Datum::Null,
    }
}

fn counter(snapshot: &Snapshot, name: &str, args: &[Datum]) -> Datum {
    if name.ends_with("_time") {
        return Datum::Null;
    }
    if name == "pg_stat_get_live_tuples"
        && let Some(found) = args.first().and_then(|id| snapshot.statistics(oid(id)))
    {
        return Datum::Int8(found.rows as i64);
    }
    Datum::Int8(0)
}

/// Privileges: there is no GRANT on objects yet, every role may use what there is. What is checked is that role,
/// object and privilege exist: NULL for OIDs of nothing, errors for names of nothing.
fn privilege(session: &StatementSession, name: &str, args: &[Datum]) -> Result<Datum> {
    let snapshot = &session.catalog.snapshot;
    // (role, object, [column,] privilege) or without the role.
    let parts = if name == "has_column_privilege" { 3 } else { 2 };
    let (role, rest) = match args {
        [role, rest @ ..] if args.len() > parts => (Some(role), rest),
        all => (None, all),
    };
    let role_of = |role: &Datum| match role {
        Datum::Text(name) if name == "public" => Ok(None),
        Datum::Text(name) => match snapshot.role(name) {
            Some(found) => Ok(Some(found.clone())),
            None => Err(missing(sqlstate::UNDEFINED_OBJECT, "role", role)),
        },
        id => Ok(snapshot.role_by_id(oid(id)).cloned()),
    };
    let who = match role {
        Some(role) => role_of(role)?,
        None => snapshot.role(&session.user).cloned(),
    };
    let [object, others @ ..] = rest else { return Ok(Datum::Null) };
    if name == "pg_has_role" {
        let wanted = role_of(object)?;
        return Ok(match (who, wanted) {
            (Some(who), Some(wanted)) => Datum::Bool(
                who.superuser || who.id == wanted.id || is_member(snapshot, &who.member_of, wanted.id),
            ),
            _ => Datum::Bool(false),
        });
    }
    let asked = others.last().and_then(Datum::as_str).unwrap_or_default();
    check_privilege(name, asked)?;
    let named = |found: bool, what: &str| {
        if found { Ok(true) } else { Err(missing(sqlstate::UNDEFINED_OBJECT, what, object)) }
    };
    let exists = match (name, object) {
        (
            "has_table_privilege"
            | "has_any_column_privilege"
            | "has_column_privilege"
            | "has_sequence_privilege",
            o,
        ) => {
            let id = match o {
                Datum::Text(name) => match crate::session::regclass(session, name) {
                    Some(id) => id,
                    None => return Err(missing_relation(name)),
                },
                id => oid(id),
            };
            let table = snapshot.table_by_id(id);
            if let (Some(table), "has_column_privilege", [Datum::Text(column), ..]) = (table, name, others)
                && !shown_columns(table).any(|c| c.name == **column)
            {
                return Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{column}\" of relation \"{}\" does not exist", table.name),
                ));
            }
            table.is_some() || snapshot.sequence_by_id(id).is_some() || snapshot.index_by_oid(id).is_some()
        }
        ("has_schema_privilege", Datum::Text(name)) => {
            if snapshot.schema(session.catalog.database, name).is_none() {
                return Err(missing(sqlstate::INVALID_SCHEMA_NAME, "schema", object));
            }
            true
        }
        ("has_schema_privilege", id) => snapshot.schema_by_id(oid(id)).is_some(),
        ("has_database_privilege", Datum::Text(name)) => {
            if snapshot.database(name).is_none() {
                return Err(missing(sqlstate::INVALID_CATALOG_NAME, "database", object));
            }
            true
        }
        ("has_database_privilege", id) => snapshot.database_by_id(oid(id)).is_some(),
        ("has_type_privilege", Datum::Text(_)) => named(named_type(object).is_some(), "type")?,
        ("has_type_privilege", id) => type_name(oid(id).0).is_some(),
        ("has_language_privilege", Datum::Text(name)) => {
            named(matches!(&**name, "internal" | "c" | "sql"), "language")?
        }
        ("has_tablespace_privilege", Datum::Text(name)) => {
            named(matches!(&**name, "pg_default" | "pg_global"), "tablespace")?
        }
        ("has_foreign_data_wrapper_privilege", Datum::Text(_)) => named(false, "foreign-data wrapper")?,
        ("has_server_privilege", Datum::Text(_)) => named(false, "server")?,
        ("has_function_privilege", Datum::Text(name)) => {
            let plain = name.split('(').next().unwrap_or_default().trim();
            let plain = plain.strip_prefix("pg_catalog.").unwrap_or(plain);
            if !PROCS.iter().any(|p| p.name == plain) {
                return Err(missing(sqlstate::UNDEFINED_FUNCTION, "function", object));
            }
            true
        }
        ("has_function_privilege", id) => proc_by_oid(oid(id).0).is_some(),
        _ => true,
    };
    Ok(if exists { Datum::Bool(true) } else { Datum::Null })
}

fn is_member(snapshot: &Snapshot, groups: &[DescriptorId], wanted: DescriptorId) -> bool {
    let mut pending = groups.to_vec();
    let mut seen = Vec::new();
    while let Some(group) = pending.pop() {
        if group == wanted {
            return true;
        }
        if !seen.contains(&group) {
            seen.push(group);
            if let Some(role) = snapshot.role_by_id(group) {
                pending.extend(&role.member_of);
            }
        }
    }
    false
}

/// 22023 for a privilege that objects of this kind do not have.
fn check_privilege(function: &str, asked: &str) -> Result<()> {
    let known: &[&str] = match function {
        "has_table_privilege" => {
            &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"]
        }
        "has_column_privilege" | "has_any_column_privilege" => &["SELECT", "INSERT", "UPDATE", "REFERENCES"],
        "has_sequence_privilege" => &["USAGE", "SELECT", "UPDATE"],
        "has_schema_privilege" => &["CREATE", "USAGE"],
        "has_database_privilege" => &["CREATE", "CONNECT", "TEMPORARY", "TEMP"],
        "has_function_privilege" => &["EXECUTE"],
        "has_type_privilege"
        | "has_language_privilege"
        | "has_foreign_data_wrapper_privilege"
        | "has_server_privilege" => &["USAGE"],
        "has_tablespace_privilege" => &["CREATE"],
        _ => return Ok(()),
    };
    for one in asked.split(',') {
        let upper = one.trim().to_uppercase();
        let plain = upper.strip_suffix("WITH GRANT OPTION").unwrap_or(&upper).trim_end();
        if !known.contains(&plain) {
            return Err(Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("unrecognized privilege type: \"{}\"", one.trim()),
            ));
        }
    }
    Ok(())
}
