//! Functions of session or catalog state. Their code is in `exec`: each one here hands name and arguments to
//! [`Session::call`](crate::expr::Session::call).

use crate::error::Result;
use crate::expr::EvalContext;
use crate::value::Datum;

macro_rules! session {
    ($($name:ident;)*) => { $(
        pub(crate) fn $name(args: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
            ctx.session.call(stringify!($name), args)
        }
    )* };
}

session! {
    current_user;
    session_user;
    current_database;
    current_schema;
    current_schemas;
    current_query;
    version;
    pg_backend_pid;
    nextval;
    currval;
    lastval;
    setval;
    getpgusername;
    pg_get_indexdef;
    pg_get_constraintdef;
    pg_get_expr;
    pg_get_viewdef;
    pg_get_ruledef;
    pg_get_triggerdef;
    pg_get_userbyid;
    pg_get_serial_sequence;
    pg_get_functiondef;
    pg_get_function_result;
    pg_get_function_arguments;
    pg_get_function_identity_arguments;
    pg_get_function_arg_default;
    pg_get_function_sqlbody;
    pg_get_partkeydef;
    pg_get_partition_constraintdef;
    pg_get_statisticsobjdef;
    pg_get_statisticsobjdef_columns;
    pg_get_statisticsobjdef_expressions;
    pg_get_replica_identity_index;
    pg_table_is_visible;
    pg_type_is_visible;
    pg_function_is_visible;
    pg_operator_is_visible;
    pg_opclass_is_visible;
    pg_opfamily_is_visible;
    pg_collation_is_visible;
    pg_conversion_is_visible;
    pg_statistics_obj_is_visible;
    pg_ts_config_is_visible;
    pg_ts_dict_is_visible;
    pg_ts_parser_is_visible;
    pg_ts_template_is_visible;
    format_type;
    obj_description;
    col_description;
    shobj_description;
    to_regclass;
    to_regtype;
    to_regproc;
    to_regnamespace;
    oidvectortypes;
    has_table_privilege;
    has_schema_privilege;
    has_database_privilege;
    has_column_privilege;
    has_any_column_privilege;
    has_sequence_privilege;
    has_function_privilege;
    has_type_privilege;
    has_language_privilege;
    has_tablespace_privilege;
    has_foreign_data_wrapper_privilege;
    has_server_privilege;
    has_parameter_privilege;
    pg_has_role;
    pg_relation_size;
    pg_total_relation_size;
    pg_table_size;
    pg_indexes_size;
    pg_database_size;
    pg_tablespace_size;
    pg_tablespace_location;
    pg_relation_filenode;
    pg_relation_filepath;
    pg_relation_is_publishable;
    pg_relation_is_updatable;
    pg_column_is_updatable;
    pg_column_compression;
    pg_is_in_recovery;
    pg_is_other_temp_schema;
    pg_is_wal_replay_paused;
    pg_my_temp_schema;
    pg_postmaster_start_time;
    pg_conf_load_time;
    pg_jit_available;
    pg_describe_object;
    pg_partition_root;
    pg_sequence_last_value;
    pg_sequence_parameters;
    pg_index_column_has_property;
    pg_index_has_property;
    pg_indexam_has_property;
    pg_trigger_depth;
    pg_notify;
    pg_notification_queue_usage;
    pg_blocking_pids;
    pg_safe_snapshot_blocking_pids;
    pg_cancel_backend;
    pg_terminate_backend;
    pg_reload_conf;
    pg_sleep;
    pg_sleep_for;
    pg_sleep_until;
    pg_export_snapshot;
    pg_collation_actual_version;
    pg_database_collation_actual_version;
    pg_stat_get_numscans;
    pg_stat_get_live_tuples;
    pg_stat_get_dead_tuples;
    pg_stat_get_tuples_inserted;
    pg_stat_get_tuples_updated;
    pg_stat_get_tuples_deleted;
    pg_stat_get_tuples_returned;
    pg_stat_get_tuples_fetched;
    pg_stat_get_tuples_hot_updated;
    pg_stat_get_mod_since_analyze;
    pg_stat_get_ins_since_vacuum;
    pg_stat_get_last_analyze_time;
    pg_stat_get_last_autoanalyze_time;
    pg_stat_get_last_vacuum_time;
    pg_stat_get_last_autovacuum_time;
    pg_stat_get_analyze_count;
    pg_stat_get_autoanalyze_count;
    pg_stat_get_vacuum_count;
    pg_stat_get_autovacuum_count;
    pg_stat_get_blocks_fetched;
    pg_stat_get_blocks_hit;
    pg_stat_reset;
    pg_stat_clear_snapshot;
    pg_xact_commit_timestamp;
    txid_current;
    txid_current_if_assigned;
    txid_status;
    pg_advisory_lock;
    pg_advisory_lock_shared;
    pg_advisory_unlock;
    pg_advisory_unlock_all;
    pg_advisory_unlock_shared;
    pg_advisory_xact_lock;
    pg_advisory_xact_lock_shared;
    pg_try_advisory_lock;
    pg_try_advisory_lock_shared;
    pg_try_advisory_xact_lock;
    pg_try_advisory_xact_lock_shared;
    inet_client_port;
    inet_server_port;
    inet_client_addr;
    inet_server_addr;
    row_security_active;
    pg_settings_get_flags;
    age_xid;
    mxid_age;
}

/// current_setting(text [, boolean])
pub(crate) fn current_setting(args: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
    let (name, missing_ok) = match args {
        [name] => (super::get::txt(name)?, false),
        [name, missing_ok] => (super::get::txt(name)?, super::get::boolean(missing_ok)?),
        _ => return Err(super::arity("current_setting")),
    };
    match ctx.session.setting(name) {
        Some(value) => Ok(Datum::text(value)),
        None if missing_ok => Ok(Datum::Null),
        None => Err(crate::Error::new(
            crate::error::sqlstate::UNDEFINED_OBJECT,
            format!("unrecognized configuration parameter \"{name}\""),
        )),
    }
}

/// set_config(text, text, boolean)
pub(crate) fn set_config(args: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
    let [name, value, local] = args else { return Err(super::arity("set_config")) };
    let Some(name) = name.as_str() else {
        return Err(crate::Error::new(
            crate::error::sqlstate::NULL_VALUE_NOT_ALLOWED,
            "SET requires parameter name",
        ));
    };
    let local = local.as_bool().unwrap_or(false);
    ctx.session.set_setting(name, value.as_str().unwrap_or(""), local).map(Datum::text)
}
