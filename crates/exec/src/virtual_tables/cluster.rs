//! What a cluster has beyond relations: databases, roles, schemas, settings, sessions.

use datum::{Batch, Datum, Result, Type};
use sql::catalog::DescriptorId;

use super::columns::*;
use super::columns_rest::PG_TIMEZONE_ABBREVS;
use super::rows::{Rows, oid, optional, text};
use super::{VirtualContext, VirtualTable, catalog_table};
use crate::catalog::{Descriptor, RoleDescriptor, system};
use crate::settings::{DEFINITIONS, Kind};

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_database", &PG_DATABASE, database),
    catalog_table("pg_roles", &PG_ROLES, roles),
    catalog_table("pg_authid", &PG_AUTHID, authid),
    catalog_table("pg_auth_members", &PG_AUTH_MEMBERS, auth_members),
    catalog_table("pg_user", &PG_USER, user),
    catalog_table("pg_shadow", &PG_SHADOW, shadow),
    catalog_table("pg_group", &PG_GROUP, group),
    catalog_table("pg_namespace", &PG_NAMESPACE, namespace),
    catalog_table("pg_tablespace", &PG_TABLESPACE, tablespace),
    catalog_table("pg_settings", &PG_SETTINGS, settings),
    catalog_table("pg_db_role_setting", &PG_DB_ROLE_SETTING, db_role_setting),
    catalog_table("pg_shdescription", &PG_SHDESCRIPTION, shdescription),
    catalog_table("pg_stat_activity", &PG_STAT_ACTIVITY, activity),
    catalog_table("pg_timezone_names", &PG_TIMEZONE_NAMES, timezone_names),
    catalog_table("pg_timezone_abbrevs", &PG_TIMEZONE_ABBREVS, timezone_abbrevs),
];

/// pg_encoding's number of UTF8.
const UTF8: i32 = 6;
/// pg_default, the only tablespace with something in it.
pub const DEFAULT_TABLESPACE: u32 = 1663;
const GLOBAL_TABLESPACE: u32 = 1664;
const DATABASE_CLASS: u32 = 1262;
const ROLE_CLASS: u32 = 1260;

fn setting(ctx: &VirtualContext<'_>, name: &str) -> String {
    ctx.session.setting(name).unwrap_or_default()
}

fn database(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_DATABASE);
    for d in ctx.catalog.snapshot.databases() {
        let template = d.id == system::TEMPLATE0 || d.id == system::TEMPLATE1;
        rows.push([
            ("oid", oid(d.id)),
            ("datname", text(&d.name)),
            ("datdba", ctx.role(&d.owner)),
            ("encoding", Datum::Int4(UTF8)),
            ("datlocprovider", text("c")),
            ("datistemplate", Datum::Bool(template)),
            ("datallowconn", Datum::Bool(d.id != system::TEMPLATE0)),
            ("datconnlimit", Datum::Int4(-1)),
            ("datfrozenxid", Datum::Oid(1)),
            ("datminmxid", Datum::Oid(1)),
            ("dattablespace", Datum::Oid(DEFAULT_TABLESPACE)),
            ("datcollate", text(setting(ctx, "lc_collate"))),
            ("datctype", text(setting(ctx, "lc_ctype"))),
        ]);
    }
    Ok(rows.done())
}

/// A role's own defaults of settings, as rolconfig has them.
fn role_config(ctx: &VirtualContext<'_>, role: DescriptorId) -> Datum {
    config(ctx.catalog.snapshot.settings_of(None, Some(role)).map(|s| s.values.as_slice()))
}

fn config(values: Option<&[(String, String)]>) -> Datum {
    match values {
        Some(values) if !values.is_empty() => {
            Datum::array(Type::Text, values.iter().map(|(k, v)| text(format!("{k}={v}"))).collect())
        }
        _ => Datum::Null,
    }
}

/// VALID UNTIL as a moment.
fn valid_until(ctx: &VirtualContext<'_>, role: &RoleDescriptor) -> Datum {
    let parsed = role.valid_until.as_ref().and_then(|until| {
        datum::text::from_text(until, Type::TimestampTz.into(), ctx.session.format_settings()).ok()
    });
    parsed.unwrap_or(Datum::Null)
}

fn role_columns(
    ctx: &VirtualContext<'_>,
    role: &RoleDescriptor,
    password: Datum,
) -> Vec<(&'static str, Datum)> {
    vec![
        ("oid", oid(role.id)),
        ("rolname", text(&role.name)),
        ("rolsuper", Datum::Bool(role.superuser)),
        ("rolinherit", Datum::Bool(role.inherit)),
        ("rolcreaterole", Datum::Bool(role.create_role)),
        ("rolcreatedb", Datum::Bool(role.create_db)),
        ("rolcanlogin", Datum::Bool(role.login)),
        ("rolreplication", Datum::Bool(role.replication)),
        ("rolbypassrls", Datum::Bool(role.bypass_rls)),
        ("rolconnlimit", Datum::Int4(role.connection_limit)),
        ("rolpassword", password),
        ("rolvaliduntil", valid_until(ctx, role)),
    ]
}

/// What everybody sees in place of a password.
const HIDDEN: &str = "********";

fn roles(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_ROLES);
    for role in ctx.catalog.snapshot.roles() {
        let mut row = role_columns(ctx, role, text(HIDDEN));
        row.push(("rolconfig", role_config(ctx, role.id)));
        rows.push(row);
    }
    Ok(rows.done())
}

/// Whether the session's role may see verifiers of passwords.
fn sees_passwords(ctx: &VirtualContext<'_>) -> bool {
    ctx.catalog.snapshot.role(ctx.user).is_some_and(|role| role.superuser)
}

fn authid(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_AUTHID);
    if !sees_passwords(ctx) {
        return Err(denied("pg_authid"));
    }
    for role in ctx.catalog.snapshot.roles() {
        rows.push(role_columns(ctx, role, optional(role.password.as_deref())));
    }
    Ok(rows.done())
}

fn denied(table: &str) -> datum::Error {
    datum::Error::new(
        datum::error::sqlstate::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
    )
}

fn auth_members(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_AUTH_MEMBERS);
    for role in ctx.catalog.snapshot.roles() {
        for group in &role.member_of {
            rows.push([("roleid", oid(*group)), ("member", oid(role.id)), ("grantor", oid(system::ROOT))]);
        }
    }
    Ok(rows.done())
}

fn user_columns(
    ctx: &VirtualContext<'_>,
    role: &RoleDescriptor,
    password: Datum,
) -> [(&'static str, Datum); 9] {
    [
        ("usename", text(&role.name)),
        ("usesysid", oid(role.id)),
        ("usecreatedb", Datum::Bool(role.create_db)),
        ("usesuper", Datum::Bool(role.superuser)),
        ("userepl", Datum::Bool(role.replication)),
        ("usebypassrls", Datum::Bool(role.bypass_rls)),
        ("passwd", password),
        ("valuntil", valid_until(ctx, role)),
        ("useconfig", role_config(ctx, role.id)),
    ]
}

fn user(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_USER);
    for role in ctx.catalog.snapshot.roles().filter(|role| role.login) {
        rows.push(user_columns(ctx, role, text(HIDDEN)));
    }
    Ok(rows.done())
}

fn shadow(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_SHADOW);
    if !sees_passwords(ctx) {
        return Err(denied("pg_shadow"));
    }
    for role in ctx.catalog.snapshot.roles().filter(|role| role.login) {
        rows.push(user_columns(ctx, role, optional(role.password.as_deref())));
    }
    Ok(rows.done())
}

fn group(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_GROUP);
    for role in ctx.catalog.snapshot.roles().filter(|role| !role.login) {
        let members = ctx.catalog.snapshot.roles().filter(|member| member.member_of.contains(&role.id));
        let members = members.map(|member| oid(member.id)).collect();
        rows.push([
            ("groname", text(&role.name)),
            ("grosysid", oid(role.id)),
            ("grolist", Datum::array(Type::Oid, members)),
        ]);
    }
    Ok(rows.done())
}

fn namespace(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_NAMESPACE);
    for schema in ctx.schemas() {
        rows.push([
            ("oid", oid(schema.id)),
            ("nspname", text(&schema.name)),
            ("nspowner", ctx.role(&schema.owner)),
        ]);
    }
    Ok(rows.done())
}

fn tablespace(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_TABLESPACE);
    for (id, name) in [(DEFAULT_TABLESPACE, "pg_default"), (GLOBAL_TABLESPACE, "pg_global")] {
        rows.push([("oid", Datum::Oid(id)), ("spcname", text(name)), ("spcowner", oid(system::ROOT))]);
    }
    Ok(rows.done())
}

fn settings(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_SETTINGS);
    for d in DEFINITIONS {
        let (vartype, unit) = match d.kind {
            Kind::Bool => ("bool", None),
            Kind::Int(..) => ("integer", None),
            Kind::Millis => ("integer", Some("ms")),
            Kind::Kilobytes => ("integer", Some("kB")),
            Kind::Real => ("real", None),
            Kind::Enum(_) => ("enum", None),
            Kind::Text | Kind::Special => ("string", None),
            Kind::Fixed => (
                match d.default {
                    "on" | "off" => "bool",
                    number if number.parse::<i64>().is_ok() => "integer",
                    _ => "string",
                },
                None,
            ),
        };
        // pg_settings gives numbers in base units, where SHOW gives them as they are written.
        let base = |value: &str| match d.kind {
            Kind::Millis => {
                crate::settings::parse_millis(value).map_or_else(|| value.to_owned(), |n| n.to_string())
            }
            Kind::Kilobytes => {
                crate::settings::parse_kilobytes(value).map_or_else(|| value.to_owned(), |n| n.to_string())
            }
            _ => value.to_owned(),
        };
        let value = setting(ctx, d.name);
        // What the session itself knows is nobody's choice.
        let own = d.kind == Kind::Fixed || d.name == "session_authorization";
        let limits = match d.kind {
            Kind::Int(low, high) => Some((low, high)),
            Kind::Millis | Kind::Kilobytes => Some((0, i64::from(i32::MAX))),
            _ => None,
        };
        let words = match d.kind {
            Kind::Enum(words) => Datum::array(Type::Text, words.iter().map(text).collect()),
            _ => Datum::Null,
        };
        rows.push([
            ("name", text(d.name)),
            ("setting", text(base(&value))),
            ("unit", optional(unit)),
            ("category", text(category(d.name))),
            ("short_desc", text(d.description)),
            ("context", text(if d.kind == Kind::Fixed { "internal" } else { "user" })),
            ("vartype", text(vartype)),
            ("source", text(if value == d.default || own { "default" } else { "session" })),
            ("min_val", optional(limits.map(|(low, _)| low.to_string()))),
            ("max_val", optional(limits.map(|(_, high)| high.to_string()))),
            ("enumvals", words),
            ("boot_val", text(base(d.default))),
            ("reset_val", text(base(d.default))),
        ]);
    }
    Ok(rows.done())
}

fn category(name: &str) -> &'static str {
    match name {
        "enable_seqscan" | "geqo" | "from_collapse_limit" | "join_collapse_limit" | "cpu_tuple_cost" => {
            "Query Tuning"
        }
        _ if name.starts_with("enable_") => "Query Tuning / Planner Method Configuration",
        "statement_timeout" | "lock_timeout" | "search_path" | "row_security" => {
            "Client Connection Defaults / Statement Behavior"
        }
        "TimeZone" | "DateStyle" | "IntervalStyle" | "client_encoding" | "extra_float_digits" => {
            "Client Connection Defaults / Locale and Formatting"
        }
        _ if name.starts_with("lc_") => "Client Connection Defaults / Locale and Formatting",
        "application_name" => "Reporting and Logging / What to Log",
        "server_version" | "server_version_num" | "block_size" | "max_index_keys" | "integer_datetimes"
        | "server_encoding" => "Preset Options",
        _ => "Client Connection Defaults / Other Defaults",
    }
}

fn db_role_setting(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_DB_ROLE_SETTING);
    for (_, descriptor) in ctx.catalog.snapshot.descriptors() {
        if let Descriptor::Settings(s) = descriptor
            && !s.values.is_empty()
        {
            rows.push([
                ("setdatabase", s.database.map_or(Datum::Oid(0), oid)),
                ("setrole", s.role.map_or(Datum::Oid(0), oid)),
                ("setconfig", config(Some(&s.values))),
            ]);
        }
    }
    Ok(rows.done())
}

fn shdescription(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_SHDESCRIPTION);
    let snapshot = &ctx.catalog.snapshot;
    let databases = snapshot.databases().map(|d| (d.id, DATABASE_CLASS));
    let roles = snapshot.roles().map(|r| (r.id, ROLE_CLASS));
    for (id, class) in databases.chain(roles) {
        if let Some((_, comment)) = snapshot.comment(id) {
            rows.push([("objoid", oid(id)), ("classoid", Datum::Oid(class)), ("description", text(comment))]);
        }
    }
    Ok(rows.done())
}

fn activity(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_STAT_ACTIVITY);
    let superuser = sees_passwords(ctx);
    for session in ctx.node.sessions() {
        let activity = session.activity();
        let shown = superuser || session.session_user == ctx.user;
        let moment = |micros: i64| if shown { Datum::TimestampTz(micros) } else { Datum::Null };
        let query = if shown { activity.query.as_str() } else { "<insufficient privilege>" };
        let (address, port) = split_peer(&session.peer);
        rows.push([
            ("datid", oid(session.database)),
            ("datname", text(&session.database_name)),
            ("pid", Datum::Int4(session.pid)),
            ("leader_pid", Datum::Null),
            ("usesysid", ctx.role(&session.session_user)),
            ("usename", text(&session.session_user)),
            ("application_name", optional(session.settings().get("application_name"))),
            ("client_addr", optional(address)),
            ("client_hostname", Datum::Null),
            ("client_port", Datum::Int4(port)),
            ("backend_start", moment(session.started)),
            ("xact_start", activity.xact_start.map_or(Datum::Null, moment)),
            (
                "query_start",
                if activity.query.is_empty() { Datum::Null } else { moment(activity.query_start) },
            ),
            ("state_change", moment(activity.state_change)),
            ("wait_event_type", if activity.state == "active" { Datum::Null } else { text("Client") }),
            ("wait_event", if activity.state == "active" { Datum::Null } else { text("ClientRead") }),
            ("state", if shown { text(activity.state) } else { Datum::Null }),
            ("backend_xid", Datum::Null),
            ("backend_xmin", Datum::Null),
            ("query_id", Datum::Null),
            ("query", text(query)),
            ("backend_type", text("client backend")),
        ]);
    }
    Ok(rows.done())
}

/// Address and port of a peer; a local one has none and -1.
fn split_peer(peer: &str) -> (Option<&str>, i32) {
    match peer.rsplit_once(':') {
        Some((address, port)) => {
            (Some(address.trim_start_matches('[').trim_end_matches(']')), port.parse().unwrap_or(-1))
        }
        None => (None, -1),
    }
}

/// Zones as pg_timezone_names has them at a moment: name, abbreviation, distance from UTC, daylight saving time.
pub fn zones(now: i64) -> Vec<[Datum; 4]> {
    let zones = datum::TimeZone::names().into_iter().filter_map(|name| {
        let zone = datum::TimeZone::named(&name)?;
        let offset = seconds(zone.offset_at(now));
        Some([text(name), text(zone.abbreviation_at(now)), offset, Datum::Bool(zone.is_dst_at(now))])
    });
    zones.collect()
}

/// Abbreviations that input knows: name, distance from UTC, whether it is of daylight saving time (not known here).
pub fn zone_abbreviations() -> Vec<[Datum; 3]> {
    let known = datum::TimeZone::abbreviations().iter();
    known.map(|(name, east)| [text(name.to_uppercase()), seconds(*east), Datum::Bool(false)]).collect()
}

fn seconds(east: i32) -> Datum {
    Datum::Interval(datum::Interval { months: 0, days: 0, micros: i64::from(east) * 1_000_000 })
}

fn timezone_names(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_TIMEZONE_NAMES);
    for [name, abbreviation, offset, dst] in zones(ctx.session.transaction_timestamp()) {
        rows.push([("name", name), ("abbrev", abbreviation), ("utc_offset", offset), ("is_dst", dst)]);
    }
    Ok(rows.done())
}

fn timezone_abbrevs(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_TIMEZONE_ABBREVS);
    for [name, offset, dst] in zone_abbreviations() {
        rows.push([("abbrev", name), ("utc_offset", offset), ("is_dst", dst)]);
    }
    Ok(rows.done())
}

#[cfg(test)]
mod tests {
    #[test]
    fn peers_are_split() {
        assert_eq!(super::split_peer("127.0.0.1:5000"), (Some("127.0.0.1"), 5000));
        assert_eq!(super::split_peer("[::1]:5000"), (Some("::1"), 5000));
        assert_eq!(super::split_peer("local"), (None, -1));
    }
}
