//! Settings: what SET, SHOW and RESET know, with PostgreSQL's names and defaults.
//!
//! A session's settings are the defaults, overlaid by what was given at start-up, by SET, and by SET LOCAL. A
//! transaction that rolls back restores what they were; so does ROLLBACK TO SAVEPOINT.

use std::sync::Arc;

use base::map::HashMap;
use datum::error::sqlstate;
use datum::settings::{ByteaOutput, DateOrder, DateStyle, IntervalStyle};
use datum::{Error, FormatSettings, Result};

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// on or off.
    Bool,
    /// A whole number in these bounds, without unit.
    Int(i64, i64),
    /// A whole number of milliseconds, with an optional time unit.
    Millis,
    /// A number of kilobytes, with an optional memory unit.
    Kilobytes,
    /// A number.
    Real,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Any text.
    Text,
    /// Known by itself: TimeZone, DateStyle, client_encoding, search_path …
    Special,
    /// Cannot be changed.
    Fixed,
}

/// A setting's definition.
#[derive(Debug)]
pub struct Definition {
    /// Its name as SHOW ALL writes it.
    pub name: &'static str,
    /// Default.
    pub default: &'static str,
    /// Values.
    pub kind: Kind,
    /// Reported to the client when it changes (ParameterStatus).
    pub reported: bool,
    /// For SHOW ALL and pg_settings.
    pub description: &'static str,
}

const fn s(name: &'static str, default: &'static str, kind: Kind, description: &'static str) -> Definition {
    Definition { name, default, kind, reported: false, description }
}

const fn r(name: &'static str, default: &'static str, kind: Kind, description: &'static str) -> Definition {
    Definition { name, default, kind, reported: true, description }
}

/// The version that clients are told.
pub const SERVER_VERSION: &str = "15.8";
const LEVELS: &[&str] = &["serializable", "repeatable read", "read committed", "read uncommitted"];
const MESSAGE_LEVELS: &[&str] = &[
    "debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error", "fatal", "panic",
];

/// Every setting there is, by name.
#[rustfmt::skip]
pub static DEFINITIONS: &[Definition] = &[
    s("allow_in_place_tablespaces", "off", Kind::Bool, "Accepted and ignored."),
    r("application_name", "", Kind::Text, "Sets the application name to be reported in statistics and logs."),
    s("autovacuum", "on", Kind::Fixed, "Old versions are collected in the background."),
    s("backslash_quote", "safe_encoding", Kind::Enum(&["safe_encoding", "on", "off"]), "Sets whether \"\\'\" is allowed in string literals."),
    s("block_size", "8192", Kind::Fixed, "Shows the size of a disk block."),
    s("bytea_output", "hex", Kind::Enum(&["hex", "escape"]), "Sets the output format for bytea."),
    s("check_function_bodies", "on", Kind::Bool, "Accepted and ignored."),
    r("client_encoding", "UTF8", Kind::Special, "Sets the client's character set encoding."),
    s("client_min_messages", "notice", Kind::Enum(MESSAGE_LEVELS), "Sets the message levels that are sent to the client."),
    s("commit_delay", "0", Kind::Int(0, 100_000), "Accepted and ignored."),
    s("constraint_exclusion", "partition", Kind::Enum(&["partition", "on", "off"]), "Accepted and ignored."),
    s("cpu_tuple_cost", "0.01", Kind::Real, "Accepted and ignored."),
    r("DateStyle", "ISO, MDY", Kind::Special, "Sets the display format for date and time values."),
    s("deadlock_timeout", "1s", Kind::Millis, "Sets the time to wait on a lock before checking for deadlock."),
    s("default_table_access_method", "heap", Kind::Text, "Accepted and ignored."),
    s("default_tablespace", "", Kind::Text, "Accepted and ignored."),
    s("default_text_search_config", "pg_catalog.simple", Kind::Text, "Accepted and ignored."),
    s("default_toast_compression", "pglz", Kind::Text, "Accepted and ignored."),
    s("default_transaction_deferrable", "off", Kind::Bool, "Sets the default deferrable status of new transactions."),
    s("default_transaction_isolation", "serializable", Kind::Enum(LEVELS), "Sets the transaction isolation level of each new transaction."),
    r("default_transaction_read_only", "off", Kind::Bool, "Sets the default read-only status of new transactions."),
    s("effective_cache_size", "4GB", Kind::Text, "Accepted and ignored."),
    s("effective_io_concurrency", "1", Kind::Int(0, 1000), "Accepted and ignored."),
    s("enable_bitmapscan", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_hashagg", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_hashjoin", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_indexonlyscan", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_indexscan", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_material", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_mergejoin", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_nestloop", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_seqscan", "on", Kind::Bool, "Accepted and ignored."),
    s("enable_sort", "on", Kind::Bool, "Accepted and ignored."),
    s("escape_string_warning", "on", Kind::Bool, "Warn about backslash escapes in ordinary string literals."),
    s("extra_float_digits", "1", Kind::Int(-15, 3), "Sets the number of digits displayed for floating-point values."),
    s("force_parallel_mode", "off", Kind::Enum(&["off", "on", "regress"]), "Accepted and ignored."),
    s("from_collapse_limit", "8", Kind::Int(1, i32::MAX as i64), "Accepted and ignored."),
    s("fsync", "on", Kind::Fixed, "Commits are durable."),
    s("full_page_writes", "on", Kind::Fixed, "Commits are durable."),
    s("geqo", "on", Kind::Bool, "Accepted and ignored."),
    s("idle_in_transaction_session_timeout", "0", Kind::Millis, "Sets the maximum allowed idle time between queries, when in a transaction."),
    s("idle_session_timeout", "0", Kind::Millis, "Sets the maximum allowed idle time between queries, when not in a transaction."),
    r("in_hot_standby", "off", Kind::Fixed, "Shows whether hot standby is currently active."),
    r("integer_datetimes", "on", Kind::Fixed, "Shows whether datetimes are integer based."),
    r("IntervalStyle", "postgres", Kind::Enum(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]), "Sets the display format for interval values."),
    r("is_superuser", "on", Kind::Fixed, "Shows whether the current user is a superuser."),
    s("jit", "off", Kind::Bool, "Accepted and ignored."),
    s("join_collapse_limit", "8", Kind::Int(1, i32::MAX as i64), "Accepted and ignored."),
    s("lc_collate", "C", Kind::Fixed, "Shows the collation order locale."),
    s("lc_ctype", "C.UTF-8", Kind::Fixed, "Shows the character classification and case conversion locale."),
    s("lc_messages", "C", Kind::Text, "Accepted and ignored."),
    s("lc_monetary", "C", Kind::Text, "Accepted and ignored."),
    s("lc_numeric", "C", Kind::Text, "Accepted and ignored."),
    s("lc_time", "C", Kind::Text, "Accepted and ignored."),
    s("listen_addresses", "localhost", Kind::Fixed, "Sets the host name or IP address(es) to listen to."),
    s("lo_compat_privileges", "off", Kind::Bool, "Accepted and ignored."),
    s("lock_timeout", "0", Kind::Millis, "Sets the maximum allowed duration of any wait for a lock."),
    s("log_min_messages", "warning", Kind::Enum(MESSAGE_LEVELS), "Accepted and ignored."),
    s("log_statement", "none", Kind::Enum(&["none", "ddl", "mod", "all"]), "Accepted and ignored."),
    s("maintenance_work_mem", "64MB", Kind::Kilobytes, "Accepted and ignored."),
    s("max_connections", "10000", Kind::Fixed, "Sets the maximum number of concurrent connections."),
    s("max_identifier_length", "63", Kind::Fixed, "Shows the maximum identifier length."),
    s("max_index_keys", "32", Kind::Fixed, "Shows the maximum number of index keys."),
    s("max_parallel_workers_per_gather", "2", Kind::Int(0, 1024), "Accepted and ignored."),
    s("max_prepared_transactions", "0", Kind::Fixed, "Two-phase commit by clients is not supported."),
    s("password_encryption", "scram-sha-256", Kind::Enum(&["scram-sha-256"]), "Chooses the algorithm for encrypting passwords."),
    s("plan_cache_mode", "auto", Kind::Enum(&["auto", "force_generic_plan", "force_custom_plan"]), "Accepted and ignored."),
    s("port", "5433", Kind::Fixed, "Sets the TCP port the server listens on."),
    s("quote_all_identifiers", "off", Kind::Bool, "When generating SQL fragments, quote all identifiers."),
    s("random_page_cost", "4", Kind::Real, "Accepted and ignored."),
    s("role", "none", Kind::Special, "Sets the current role."),
    s("row_security", "on", Kind::Bool, "Accepted and ignored."),
    s("search_path", "\"$user\", public", Kind::Special, "Sets the schema search order for names that are not schema-qualified."),
    s("seq_page_cost", "1", Kind::Real, "Accepted and ignored."),
    r("server_encoding", "UTF8", Kind::Fixed, "Shows the server (database) character set encoding."),
    r("server_version", SERVER_VERSION, Kind::Fixed, "Shows the server version."),
    s("server_version_num", "150008", Kind::Fixed, "Shows the server version as an integer."),
    r("session_authorization", "", Kind::Special, "Sets the session user name."),
    s("session_replication_role", "origin", Kind::Enum(&["origin", "replica", "local"]), "Accepted and ignored."),
    s("shared_buffers", "128MB", Kind::Fixed, "Shown for compatibility."),
    s("ssl", "off", Kind::Fixed, "Shows whether connections may be encrypted."),
    r("standard_conforming_strings", "on", Kind::Enum(&["on"]), "Causes '...' strings to treat backslashes literally."),
    s("statement_timeout", "0", Kind::Millis, "Sets the maximum allowed duration of any statement."),
    s("synchronize_seqscans", "on", Kind::Bool, "Accepted and ignored."),
    s("synchronous_commit", "on", Kind::Enum(&["on", "off", "local", "remote_write", "remote_apply"]), "Accepted; commits are always durable."),
    s("tcp_keepalives_count", "0", Kind::Int(0, i32::MAX as i64), "Accepted and ignored."),
    s("tcp_keepalives_idle", "0", Kind::Int(0, i32::MAX as i64), "Accepted and ignored."),
    s("tcp_keepalives_interval", "0", Kind::Int(0, i32::MAX as i64), "Accepted and ignored."),
    s("temp_buffers", "8MB", Kind::Kilobytes, "Accepted and ignored."),
    s("temp_tablespaces", "", Kind::Text, "Accepted and ignored."),
    r("TimeZone", "UTC", Kind::Special, "Sets the time zone for displaying and interpreting time stamps."),
    s("timezone_abbreviations", "Default", Kind::Text, "Accepted and ignored."),
    s("track_activities", "on", Kind::Bool, "Accepted and ignored."),
    s("transaction_deferrable", "off", Kind::Special, "Whether to defer a read-only serializable transaction."),
    s("transaction_isolation", "serializable", Kind::Special, "Sets the current transaction's isolation level."),
    s("transaction_read_only", "off", Kind::Special, "Sets the current transaction's read-only status."),
    s("transform_null_equals", "off", Kind::Bool, "Accepted and ignored."),
    s("vacuum_cost_delay", "0", Kind::Millis, "Accepted and ignored."),
    s("wal_level", "replica", Kind::Fixed, "Shown for compatibility."),
    s("work_mem", "4MB", Kind::Kilobytes, "Sets the memory a sort or hash keeps before it writes to disk."),
    s("xmlbinary", "base64", Kind::Enum(&["base64", "hex"]), "Accepted and ignored."),
    s("xmloption", "content", Kind::Enum(&["content", "document"]), "Accepted and ignored."),
    s("zero_damaged_pages", "off", Kind::Bool, "Accepted and ignored."),
];

/// The definition of a setting, whatever the case of its name.
pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|d| d.name.eq_ignore_ascii_case(name))
}

/// 42704 for a name that is no setting.
pub fn unknown(name: &str) -> Error {
    Error::new(sqlstate::UNDEFINED_OBJECT, format!("unrecognized configuration parameter \"{name}\""))
}

fn invalid(definition: &Definition, value: &str) -> Error {
    Error::new(
        sqlstate::INVALID_PARAMETER_VALUE,
        format!("invalid value for parameter \"{}\": \"{value}\"", definition.name),
    )
}

/// Settings that every statement asks for, ready to be used.
#[derive(Clone, Debug, Default)]
pub struct Fast {
    /// statement_timeout
    pub statement_timeout: Option<std::time::Duration>,
    /// lock_timeout
    pub lock_timeout: Option<std::time::Duration>,
    /// work_mem in bytes.
    pub work_mem: u64,
    /// default_transaction_read_only
    pub read_only: bool,
    /// role, unless it is none.
    pub role: Option<String>,
    /// search_path
    pub search_path: String,
}

/// One session's settings. Cheap to clone: a transaction keeps the state at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    values: Arc<HashMap<String, String>>,
    defaults: Arc<HashMap<String, String>>,
    format: Arc<FormatSettings>,
    fast: Arc<Fast>,
    /// Grows with every change: what was planned under other settings is stale.
    pub generation: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        let mut settings = Settings {
            values: Arc::default(),
            defaults: Arc::default(),
            format: Arc::new(FormatSettings::default()),
            fast: Arc::default(),
            generation: 0,
        };
        settings.refresh_fast();
        settings
    }
}

/// A setting's canonical name: that of its definition, or lower case for a custom one (with a dot).
fn canonical(name: &str) -> Result<String> {
    match definition(name) {
        Some(d) => Ok(d.name.to_owned()),
        None if name.contains('.') => Ok(name.to_ascii_lowercase()),
        None => Err(unknown(name)),
    }
}

impl Settings {
    /// The value, if there is such a setting.
    pub fn get(&self, name: &str) -> Option<String> {
        let key = canonical(name).ok()?;
        if let Some(value) = self.values.get(&key) {
            return Some(value.clone());
        }
        if let Some(value) = self.defaults.get(&key) {
            return Some(value.clone());
        }
        definition(&key).map(|d| d.default.to_owned())
    }

    /// What every statement asks for.
    pub fn fast(&self) -> &Arc<Fast> {
        &self.fast
    }

    fn refresh_fast(&mut self) {
        self.fast = Arc::new(Fast {
            statement_timeout: self.timeout("statement_timeout"),
            lock_timeout: self.timeout("lock_timeout"),
            work_mem: self.bytes("work_mem").unwrap_or(4 << 20),
            read_only: self.is_on("default_transaction_read_only"),
            role: self.get("role").filter(|role| role != "none"),
            search_path: self.get("search_path").unwrap_or_default(),
        });
    }

    /// What text formats depend on.
    pub fn format(&self) -> &Arc<FormatSettings> {
        &self.format
    }

    /// Sets a value after checking it; `None` resets it. Returns the canonical name.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<String> {
        let key = canonical(name)?;
        let Some(value) = value else {
            Arc::make_mut(&mut self.values).remove(&key);
            self.changed(&key)?;
            return Ok(key);
        };
        let value = match definition(&key) {
            Some(d) => check(d, value)?,
            None => value.to_owned(),
        };
        let before = Arc::make_mut(&mut self.values).insert(key.clone(), value);
        if let Err(error) = self.changed(&key) {
            let values = Arc::make_mut(&mut self.values);
            match before {
                Some(before) => values.insert(key, before),
                None => values.remove(&key),
            };
            return Err(error);
        }
        Ok(key)
    }

    /// What RESET goes back to from now on: the start-up packet's wishes.
    pub fn set_default(&mut self, name: &str, value: &str) -> Result<()> {
        let key = canonical(name)?;
        let value = match definition(&key) {
            Some(d) if d.kind == Kind::Fixed => return Err(fixed(d)),
            Some(d) => check(d, value)?,
            None => value.to_owned(),
        };
        Arc::make_mut(&mut self.defaults).insert(key.clone(), value);
        self.changed(&key)
    }

    /// A value that the session itself knows (is_superuser, session_authorization).
    pub fn force(&mut self, name: &str, value: &str) {
        Arc::make_mut(&mut self.defaults).insert(name.to_owned(), value.to_owned());
    }

    /// RESET ALL.
    pub fn reset_all(&mut self) {
        self.values = Arc::default();
        // Defaults were checked when they were set.
        let _ = self.refresh_format();
        self.refresh_fast();
        self.generation += 1;
    }

    /// Name and value of everything that SHOW ALL lists.
    pub fn all(&self) -> Vec<(String, String, &'static str)> {
        DEFINITIONS
            .iter()
            .map(|d| (d.name.to_owned(), self.get(d.name).unwrap_or_default(), d.description))
            .collect()
    }

    /// What a client is told at start-up and, when one changes, afterwards.
    pub fn reported(&self) -> Vec<(&'static str, String)> {
        DEFINITIONS
            .iter()
            .filter(|d| d.reported)
            .map(|d| (d.name, self.get(d.name).unwrap_or_default()))
            .collect()
    }

    /// A duration setting; `None` when it is 0 (off).
    pub fn timeout(&self, name: &str) -> Option<std::time::Duration> {
        let value = self.get(name)?;
        let millis = parse_millis(&value)?;
        (millis > 0).then(|| std::time::Duration::from_millis(millis as u64))
    }

    /// A boolean setting.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v == "on")
    }

    /// A memory setting in bytes.
    pub fn bytes(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|v| parse_kilobytes(&v)).map(|kb| kb as u64 * 1024)
    }

    fn changed(&mut self, key: &str) -> Result<()> {
        self.generation += 1;
        self.refresh_fast();
        match key {
            "TimeZone" | "DateStyle" | "IntervalStyle" | "extra_float_digits" | "bytea_output" => {
                self.refresh_format()
            }
            _ => Ok(()),
        }
    }

    fn refresh_format(&mut self) -> Result<()> {
        let get = |name: &str| self.get(name).unwrap_or_default();
        let zone = get("TimeZone");
        let timezone = datum::datetime::TimeZone::parse_setting(&zone).ok_or_else(|| {
            Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("invalid value for parameter \"TimeZone\": \"{zone}\""),
            )
        })?;
        let date = get("DateStyle");
        let mut words = date.split(',').map(str::trim);
        let date_style = match words.next().unwrap_or_default() {
            "SQL" => DateStyle::Sql,
            "Postgres" => DateStyle::Postgres,
            "German" => DateStyle::German,
            _ => DateStyle::Iso,
        };
        let date_order = match words.next().unwrap_or_default() {
            "DMY" => DateOrder::Dmy,
            "YMD" => DateOrder::Ymd,
            _ => DateOrder::Mdy,
        };
        let interval_style = match get("IntervalStyle").as_str() {
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            "iso_8601" => IntervalStyle::Iso8601,
            _ => IntervalStyle::Postgres,
        };
        let bytea_output =
            if get("bytea_output") == "escape" { ByteaOutput::Escape } else { ByteaOutput::Hex };
        let extra_float_digits = get("extra_float_digits").parse().unwrap_or(1);
        let now = self.format.now;
        self.format = Arc::new(FormatSettings {
            timezone,
            date_style,
            date_order,
            interval_style,
            extra_float_digits,
            bytea_output,
            now,
        });
        Ok(())
    }

    /// The format settings of a transaction that began at this time (microseconds since 2000-01-01).
    pub fn format_at(&mut self, now: i64) -> Arc<FormatSettings> {
        if self.format.now != now {
            Arc::make_mut(&mut self.format).now = now;
        }
        self.format.clone()
    }
}

fn fixed(d: &Definition) -> Error {
    Error::new(sqlstate::CANT_CHANGE_RUNTIME_PARAM, format!("parameter \"{}\" cannot be changed", d.name))
}

/// Checks a value and writes it as SHOW will.
fn check(d: &'static Definition, value: &str) -> Result<String> {
    match d.kind {
        Kind::Fixed => Err(fixed(d)),
        Kind::Text => Ok(value.to_owned()),
        Kind::Bool => parse_bool(value).map(|b| if b { "on" } else { "off" }.to_owned()).ok_or_else(|| {
            Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("parameter \"{}\" requires a Boolean value", d.name),
            )
        }),
        Kind::Int(min, max) => {
            let number: i64 = value.trim().parse().map_err(|_| invalid(d, value))?;
            if number < min || number > max {
                return Err(Error::new(
                    sqlstate::INVALID_PARAMETER_VALUE,
                    format!(
                        "{number} is outside the valid range for parameter \"{}\" ({min} .. {max})",
                        d.name
                    ),
                ));
            }
            Ok(number.to_string())
        }
        Kind::Millis => {
            let millis = parse_millis(value).ok_or_else(|| {
                invalid(d, value).hint(
                    "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".",
                )
            })?;
            if !(0..=i64::from(i32::MAX)).contains(&millis) {
                return Err(Error::new(
                    sqlstate::INVALID_PARAMETER_VALUE,
                    format!(
                        "{millis} ms is outside the valid range for parameter \"{}\" (0 .. 2147483647)",
                        d.name
                    ),
                ));
            }
            Ok(show_millis(millis))
        }
        Kind::Kilobytes => {
            let kb = parse_kilobytes(value).ok_or_else(|| {
                invalid(d, value)
                    .hint("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".")
            })?;
            if !(64..=i64::from(i32::MAX)).contains(&kb) {
                return Err(Error::new(
                    sqlstate::INVALID_PARAMETER_VALUE,
                    format!(
                        "{kb} kB is outside the valid range for parameter \"{}\" (64 .. 2147483647)",
                        d.name
                    ),
                ));
            }
            Ok(show_kilobytes(kb))
        }
        Kind::Real => {
            let number: f64 = value.trim().parse().map_err(|_| invalid(d, value))?;
            Ok(number.to_string())
        }
        Kind::Enum(words) => {
            let lower = value.trim().to_ascii_lowercase();
            let lower = match lower.as_str() {
                "true" | "yes" | "1" if words.contains(&"on") => "on",
                "false" | "no" | "0" if words.contains(&"off") => "off",
                other => other,
            };
            words
                .iter()
                .find(|w| **w == lower)
                .map(|w| (*w).to_owned())
                .ok_or_else(|| invalid(d, value).hint(format!("Available values: {}.", words.join(", "))))
        }
        Kind::Special => special(d, value),
    }
}

fn special(d: &'static Definition, value: &str) -> Result<String> {
    match d.name {
        "client_encoding" => {
            let plain: String =
                value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            match plain.as_str() {
                "utf8" | "unicode" => Ok("UTF8".into()),
                "sqlascii" => Ok("SQL_ASCII".into()),
                _ => Err(invalid(d, value)),
            }
        }
        "DateStyle" => date_style(d, value),
        "TimeZone" => {
            let trimmed = value.trim();
            match trimmed.to_ascii_lowercase().as_str() {
                "default" | "local" => Ok("UTC".into()),
                "utc" | "gmt" => Ok(trimmed.to_ascii_uppercase()),
                // Hours east of UTC: shown as the zone that they make.
                _ if trimmed.parse::<f64>().is_ok() => datum::datetime::TimeZone::parse_setting(trimmed)
                    .map(|zone| zone.name().to_owned())
                    .ok_or_else(|| invalid(d, value)),
                _ => Ok(trimmed.to_owned()),
            }
        }
        "transaction_isolation" => {
            let lower = value.trim().to_ascii_lowercase();
            // Every level runs as the strictest, and says so.
            if LEVELS.contains(&lower.as_str()) { Ok("serializable".into()) } else { Err(invalid(d, value)) }
        }
        "transaction_read_only" | "transaction_deferrable" => parse_bool(value)
            .map(|b| if b { "on" } else { "off" }.to_owned())
            .ok_or_else(|| invalid(d, value)),
        _ => Ok(value.to_owned()),
    }
}

fn date_style(d: &Definition, value: &str) -> Result<String> {
    let (mut style, mut order) = ("ISO", "MDY");
    for word in value.split(',').map(str::trim) {
        match word.to_ascii_lowercase().as_str() {
            "iso" => style = "ISO",
            "sql" => style = "SQL",
            "postgres" | "postgresql" => style = "Postgres",
            "german" => {
                style = "German";
                order = "DMY";
            }
            "mdy" | "us" | "noneuro" | "noneuropean" => order = "MDY",
            "dmy" | "euro" | "european" => order = "DMY",
            "ymd" => order = "YMD",
            "default" => (style, order) = ("ISO", "MDY"),
            unknown => {
                return Err(invalid(d, value).detail(format!("Unrecognized key word: \"{unknown}\".")));
            }
        }
    }
    Ok(format!("{style}, {order}"))
}

/// PostgreSQL's words for booleans in settings.
pub fn parse_bool(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "on" | "true" | "tru" | "tr" | "t" | "yes" | "ye" | "y" | "1" => Some(true),
        "off" | "of" | "false" | "fals" | "fal" | "fa" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn number_and_unit(value: &str) -> Option<(f64, &str)> {
    let value = value.trim();
    let at = value.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(value.len());
    let number: f64 = value[..at].trim().parse().ok()?;
    Some((number, value[at..].trim()))
}

pub(crate) fn parse_millis(value: &str) -> Option<i64> {
    let (number, unit) = number_and_unit(value)?;
    let factor = match unit {
        "" | "ms" => 1.0,
        "us" => 0.001,
        "s" => 1000.0,
        "min" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    Some((number * factor).round() as i64)
}

fn show_millis(millis: i64) -> String {
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)] {
        if millis != 0 && millis % size == 0 {
            return format!("{}{unit}", millis / size);
        }
    }
    if millis == 0 { "0".into() } else { format!("{millis}ms") }
}

pub(crate) fn parse_kilobytes(value: &str) -> Option<i64> {
    let (number, unit) = number_and_unit(value)?;
    let factor = match unit {
        "" | "kB" => 1.0,
        "B" => 1.0 / 1024.0,
        "MB" => 1024.0,
        "GB" => 1024.0 * 1024.0,
        "TB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some((number * factor).round() as i64)
}

fn show_kilobytes(kb: i64) -> String {
    for (unit, size) in [("GB", 1024 * 1024), ("MB", 1024)] {
        if kb % size == 0 {
            return format!("{}{unit}", kb / size);
        }
    }
    format!("{kb}kB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_shown_as_postgres_shows_them() {
        let mut settings = Settings::default();
        for (name, value, shown) in [
            ("statement_timeout", "1500", "1500ms"),
            ("statement_timeout", "2min", "2min"),
            ("work_mem", "8192", "8MB"),
            ("DATESTYLE", "german", "German, DMY"),
            ("datestyle", "dmy", "ISO, DMY"),
            ("my.own", "x", "x"),
            ("enable_seqscan", "no", "off"),
            ("default_transaction_isolation", "READ COMMITTED", "read committed"),
            ("transaction_isolation", "read committed", "serializable"),
        ] {
            settings.set(name, Some(value)).expect(name);
            assert_eq!(settings.get(name).as_deref(), Some(shown), "{name}");
        }
        for (name, value, code) in [
            ("nonsense", "1", "42704"),
            ("server_version", "16", "55P02"),
            ("statement_timeout", "soon", "22023"),
            ("extra_float_digits", "99", "22023"),
            ("client_encoding", "LATIN1", "22023"),
        ] {
            assert_eq!(settings.set(name, Some(value)).map_err(|e| e.code()), Err(code), "{name}");
        }
        settings.set("work_mem", None).expect("reset");
        assert_eq!(settings.get("work_mem").as_deref(), Some("4MB"));
    }

    #[test]
    fn a_start_up_wish_is_what_reset_goes_back_to() {
        let mut settings = Settings::default();
        settings.set_default("application_name", "psql").expect("known");
        settings.set("application_name", Some("x")).expect("known");
        settings.reset_all();
        assert_eq!(settings.get("application_name").as_deref(), Some("psql"));
    }
}
