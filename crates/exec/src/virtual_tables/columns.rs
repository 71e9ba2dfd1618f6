//! Columns of the virtual tables: names, order and types as PostgreSQL 15 has them.
//!
//! Types that Holdfast lacks stand as text: aclitem, pg_lsn, xid8, inet, anyarray.

use datum::ColumnType;
use datum::Type::{self, *};

use super::VirtualColumns;

const fn c(name: &'static str, ty: Type) -> (&'static str, ColumnType) {
    (name, ColumnType::plain(ty))
}
/// pg_catalog.pg_class
pub const PG_CLASS: VirtualColumns = VirtualColumns {
    oid: 1259,
    columns: &[
        c("oid", Oid),
        c("relname", Name),
        c("relnamespace", Oid),
        c("reltype", Oid),
        c("reloftype", Oid),
        c("relowner", Oid),
        c("relam", Oid),
        c("relfilenode", Oid),
        c("reltablespace", Oid),
        c("relpages", Int4),
        c("reltuples", Float4),
        c("relallvisible", Int4),
        c("reltoastrelid", Oid),
        c("relhasindex", Bool),
        c("relisshared", Bool),
        c("relpersistence", Char),
        c("relkind", Char),
        c("relnatts", Int2),
        c("relchecks", Int2),
        c("relhasrules", Bool),
        c("relhastriggers", Bool),
        c("relhassubclass", Bool),
        c("relrowsecurity", Bool),
        c("relforcerowsecurity", Bool),
        c("relispopulated", Bool),
        c("relreplident", Char),
        c("relispartition", Bool),
        c("relrewrite", Oid),
        c("relfrozenxid", Xid),
        c("relminmxid", Xid),
        c("relacl", Array(&Text)),
        c("reloptions", Array(&Text)),
        c("relpartbound", NodeTree),
    ],
};
/// pg_catalog.pg_attribute
pub const PG_ATTRIBUTE: VirtualColumns = VirtualColumns {
    oid: 1249,
    columns: &[
        c("attrelid", Oid),
        c("attname", Name),
        c("atttypid", Oid),
        c("attstattarget", Int4),
        c("attlen", Int2),
        c("attnum", Int2),
        c("attndims", Int4),
        c("attcacheoff", Int4),
        c("atttypmod", Int4),
        c("attbyval", Bool),
        c("attalign", Char),
        c("attstorage", Char),
        c("attcompression", Char),
        c("attnotnull", Bool),
        c("atthasdef", Bool),
        c("atthasmissing", Bool),
        c("attidentity", Char),
        c("attgenerated", Char),
        c("attisdropped", Bool),
        c("attislocal", Bool),
        c("attinhcount", Int4),
        c("attcollation", Oid),
        c("attacl", Array(&Text)),
        c("attoptions", Array(&Text)),
        c("attfdwoptions", Array(&Text)),
        c("attmissingval", Text),
    ],
};
/// pg_catalog.pg_attrdef
pub const PG_ATTRDEF: VirtualColumns = VirtualColumns {
    oid: 2604,
    columns: &[c("oid", Oid), c("adrelid", Oid), c("adnum", Int2), c("adbin", NodeTree)],
};
/// pg_catalog.pg_index
pub const PG_INDEX: VirtualColumns = VirtualColumns {
    oid: 2610,
    columns: &[
        c("indexrelid", Oid),
        c("indrelid", Oid),
        c("indnatts", Int2),
        c("indnkeyatts", Int2),
        c("indisunique", Bool),
        c("indnullsnotdistinct", Bool),
        c("indisprimary", Bool),
        c("indisexclusion", Bool),
        c("indimmediate", Bool),
        c("indisclustered", Bool),
        c("indisvalid", Bool),
        c("indcheckxmin", Bool),
        c("indisready", Bool),
        c("indislive", Bool),
        c("indisreplident", Bool),
        c("indkey", Int2Vector),
        c("indcollation", OidVector),
        c("indclass", OidVector),
        c("indoption", Int2Vector),
        c("indexprs", NodeTree),
        c("indpred", NodeTree),
    ],
};
/// pg_catalog.pg_constraint
pub const PG_CONSTRAINT: VirtualColumns = VirtualColumns {
    oid: 2606,
    columns: &[
        c("oid", Oid),
        c("conname", Name),
        c("connamespace", Oid),
        c("contype", Char),
        c("condeferrable", Bool),
        c("condeferred", Bool),
        c("convalidated", Bool),
        c("conrelid", Oid),
        c("contypid", Oid),
        c("conindid", Oid),
        c("conparentid", Oid),
        c("confrelid", Oid),
        c("confupdtype", Char),
        c("confdeltype", Char),
        c("confmatchtype", Char),
        c("conislocal", Bool),
        c("coninhcount", Int4),
        c("connoinherit", Bool),
        c("conkey", Array(&Int2)),
        c("confkey", Array(&Int2)),
        c("conpfeqop", Array(&Oid)),
        c("conppeqop", Array(&Oid)),
        c("conffeqop", Array(&Oid)),
        c("confdelsetcols", Array(&Int2)),
        c("conexclop", Array(&Oid)),
        c("conbin", NodeTree),
    ],
};
/// pg_catalog.pg_namespace
pub const PG_NAMESPACE: VirtualColumns = VirtualColumns {
    oid: 2615,
    columns: &[c("oid", Oid), c("nspname", Name), c("nspowner", Oid), c("nspacl", Array(&Text))],
};
/// pg_catalog.pg_type
pub const PG_TYPE: VirtualColumns = VirtualColumns {
    oid: 1247,
    columns: &[
        c("oid", Oid),
        c("typname", Name),
        c("typnamespace", Oid),
        c("typowner", Oid),
        c("typlen", Int2),
        c("typbyval", Bool),
        c("typtype", Char),
        c("typcategory", Char),
        c("typispreferred", Bool),
        c("typisdefined", Bool),
        c("typdelim", Char),
        c("typrelid", Oid),
        c("typsubscript", RegProc),
        c("typelem", Oid),
        c("typarray", Oid),
        c("typinput", RegProc),
        c("typoutput", RegProc),
        c("typreceive", RegProc),
        c("typsend", RegProc),
        c("typmodin", RegProc),
        c("typmodout", RegProc),
        c("typanalyze", RegProc),
        c("typalign", Char),
        c("typstorage", Char),
        c("typnotnull", Bool),
        c("typbasetype", Oid),
        c("typtypmod", Int4),
        c("typndims", Int4),
        c("typcollation", Oid),
        c("typdefaultbin", NodeTree),
        c("typdefault", Text),
        c("typacl", Array(&Text)),
    ],
};
/// pg_catalog.pg_proc
pub const PG_PROC: VirtualColumns = VirtualColumns {
    oid: 1255,
    columns: &[
        c("oid", Oid),
        c("proname", Name),
        c("pronamespace", Oid),
        c("proowner", Oid),
        c("prolang", Oid),
        c("procost", Float4),
        c("prorows", Float4),
        c("provariadic", Oid),
        c("prosupport", RegProc),
        c("prokind", Char),
        c("prosecdef", Bool),
        c("proleakproof", Bool),
        c("proisstrict", Bool),
        c("proretset", Bool),
        c("provolatile", Char),
        c("proparallel", Char),
        c("pronargs", Int2),
        c("pronargdefaults", Int2),
        c("prorettype", Oid),
        c("proargtypes", OidVector),
        c("proallargtypes", Array(&Oid)),
        c("proargmodes", Array(&Char)),
        c("proargnames", Array(&Text)),
        c("proargdefaults", NodeTree),
        c("protrftypes", Array(&Oid)),
        c("prosrc", Text),
        c("probin", Text),
        c("prosqlbody", NodeTree),
        c("proconfig", Array(&Text)),
        c("proacl", Array(&Text)),
    ],
};
/// pg_catalog.pg_database
pub const PG_DATABASE: VirtualColumns = VirtualColumns {
    oid: 1262,
    columns: &[
        c("oid", Oid),
        c("datname", Name),
        c("datdba", Oid),
        c("encoding", Int4),
        c("datlocprovider", Char),
        c("datistemplate", Bool),
        c("datallowconn", Bool),
        c("datconnlimit", Int4),
        c("datfrozenxid", Xid),
        c("datminmxid", Xid),
        c("dattablespace", Oid),
        c("datcollate", Text),
        c("datctype", Text),
        c("daticulocale", Text),
        c("datcollversion", Text),
        c("datacl", Array(&Text)),
    ],
};
/// pg_catalog.pg_roles
pub const PG_ROLES: VirtualColumns = VirtualColumns {
    oid: 12000,
    columns: &[
        c("rolname", Name),
        c("rolsuper", Bool),
        c("rolinherit", Bool),
        c("rolcreaterole", Bool),
        c("rolcreatedb", Bool),
        c("rolcanlogin", Bool),
        c("rolreplication", Bool),
        c("rolconnlimit", Int4),
        c("rolpassword", Text),
        c("rolvaliduntil", TimestampTz),
        c("rolbypassrls", Bool),
        c("rolconfig", Array(&Text)),
        c("oid", Oid),
    ],
};
/// pg_catalog.pg_authid
pub const PG_AUTHID: VirtualColumns = VirtualColumns {
    oid: 1260,
    columns: &[
        c("oid", Oid),
        c("rolname", Name),
        c("rolsuper", Bool),
        c("rolinherit", Bool),
        c("rolcreaterole", Bool),
        c("rolcreatedb", Bool),
        c("rolcanlogin", Bool),
        c("rolreplication", Bool),
        c("rolbypassrls", Bool),
        c("rolconnlimit", Int4),
        c("rolpassword", Text),
        c("rolvaliduntil", TimestampTz),
    ],
};
/// pg_catalog.pg_auth_members
pub const PG_AUTH_MEMBERS: VirtualColumns = VirtualColumns {
    oid: 1261,
    columns: &[c("roleid", Oid), c("member", Oid), c("grantor", Oid), c("admin_option", Bool)],
};
/// pg_catalog.pg_am
pub const PG_AM: VirtualColumns = VirtualColumns {
    oid: 2601,
    columns: &[c("oid", Oid), c("amname", Name), c("amhandler", RegProc), c("amtype", Char)],
};
/// pg_catalog.pg_opclass
pub const PG_OPCLASS: VirtualColumns = VirtualColumns {
    oid: 2616,
    columns: &[
        c("oid", Oid),
        c("opcmethod", Oid),
        c("opcname", Name),
        c("opcnamespace", Oid),
        c("opcowner", Oid),
        c("opcfamily", Oid),
        c("opcintype", Oid),
        c("opcdefault", Bool),
        c("opckeytype", Oid),
    ],
};
/// pg_catalog.pg_operator
pub const PG_OPERATOR: VirtualColumns = VirtualColumns {
    oid: 2617,
    columns: &[
        c("oid", Oid),
        c("oprname", Name),
        c("oprnamespace", Oid),
        c("oprowner", Oid),
        c("oprkind", Char),
        c("oprcanmerge", Bool),
        c("oprcanhash", Bool),
        c("oprleft", Oid),
        c("oprright", Oid),
        c("oprresult", Oid),
        c("oprcom", Oid),
        c("oprnegate", Oid),
        c("oprcode", RegProc),
        c("oprrest", RegProc),
        c("oprjoin", RegProc),
    ],
};
/// pg_catalog.pg_collation
pub const PG_COLLATION: VirtualColumns = VirtualColumns {
    oid: 3456,
    columns: &[
        c("oid", Oid),
        c("collname", Name),
        c("collnamespace", Oid),
        c("collowner", Oid),
        c("collprovider", Char),
        c("collisdeterministic", Bool),
        c("collencoding", Int4),
        c("collcollate", Text),
        c("collctype", Text),
        c("colliculocale", Text),
        c("collversion", Text),
    ],
};
/// pg_catalog.pg_description
pub const PG_DESCRIPTION: VirtualColumns = VirtualColumns {
    oid: 2609,
    columns: &[c("objoid", Oid), c("classoid", Oid), c("objsubid", Int4), c("description", Text)],
};
/// pg_catalog.pg_shdescription
pub const PG_SHDESCRIPTION: VirtualColumns =
    VirtualColumns { oid: 2396, columns: &[c("objoid", Oid), c("classoid", Oid), c("description", Text)] };
/// pg_catalog.pg_depend
pub const PG_DEPEND: VirtualColumns = VirtualColumns {
    oid: 2608,
    columns: &[
        c("classid", Oid),
        c("objid", Oid),
        c("objsubid", Int4),
        c("refclassid", Oid),
        c("refobjid", Oid),
        c("refobjsubid", Int4),
        c("deptype", Char),
    ],
};
/// pg_catalog.pg_inherits
pub const PG_INHERITS: VirtualColumns = VirtualColumns {
    oid: 2611,
    columns: &[c("inhrelid", Oid), c("inhparent", Oid), c("inhseqno", Int4), c("inhdetachpending", Bool)],
};
/// pg_catalog.pg_partitioned_table
pub const PG_PARTITIONED_TABLE: VirtualColumns = VirtualColumns {
    oid: 3350,
    columns: &[
        c("partrelid", Oid),
        c("partstrat", Char),
        c("partnatts", Int2),
        c("partdefid", Oid),
        c("partattrs", Int2Vector),
        c("partclass", OidVector),
        c("partcollation", OidVector),
        c("partexprs", NodeTree),
    ],
};
/// pg_catalog.pg_tablespace
pub const PG_TABLESPACE: VirtualColumns = VirtualColumns {
    oid: 1213,
    columns: &[
        c("oid", Oid),
        c("spcname", Name),
        c("spcowner", Oid),
        c("spcacl", Array(&Text)),
        c("spcoptions", Array(&Text)),
    ],
};
/// pg_catalog.pg_settings
pub const PG_SETTINGS: VirtualColumns = VirtualColumns {
    oid: 12001,
    columns: &[
        c("name", Text),
        c("setting", Text),
        c("unit", Text),
        c("category", Text),
        c("short_desc", Text),
        c("extra_desc", Text),
        c("context", Text),
        c("vartype", Text),
        c("source", Text),
        c("min_val", Text),
        c("max_val", Text),
        c("enumvals", Array(&Text)),
        c("boot_val", Text),
        c("reset_val", Text),
        c("sourcefile", Text),
        c("sourceline", Int4),
        c("pending_restart", Bool),
    ],
};
/// pg_catalog.pg_tables
pub const PG_TABLES: VirtualColumns = VirtualColumns {
    oid: 12002,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("tableowner", Name),
        c("tablespace", Name),
        c("hasindexes", Bool),
        c("hasrules", Bool),
        c("hastriggers", Bool),
        c("rowsecurity", Bool),
    ],
};
/// pg_catalog.pg_views
pub const PG_VIEWS: VirtualColumns = VirtualColumns {
    oid: 12003,
    columns: &[c("schemaname", Name), c("viewname", Name), c("viewowner", Name), c("definition", Text)],
};
/// pg_catalog.pg_indexes
pub const PG_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12004,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("indexname", Name),
        c("tablespace", Name),
        c("indexdef", Text),
    ],
};
/// pg_catalog.pg_sequences
pub const PG_SEQUENCES: VirtualColumns = VirtualColumns {
    oid: 12005,
    columns: &[
        c("schemaname", Name),
        c("sequencename", Name),
        c("sequenceowner", Name),
        c("data_type", RegType),
        c("start_value", Int8),
        c("min_value", Int8),
        c("max_value", Int8),
        c("increment_by", Int8),
        c("cycle", Bool),
        c("cache_size", Int8),
        c("last_value", Int8),
    ],
};
/// pg_catalog.pg_sequence
pub const PG_SEQUENCE: VirtualColumns = VirtualColumns {
    oid: 2224,
    columns: &[
        c("seqrelid", Oid),
        c("seqtypid", Oid),
        c("seqstart", Int8),
        c("seqincrement", Int8),
        c("seqmax", Int8),
        c("seqmin", Int8),
        c("seqcache", Int8),
        c("seqcycle", Bool),
    ],
};
/// pg_catalog.pg_stat_activity
pub const PG_STAT_ACTIVITY: VirtualColumns = VirtualColumns {
    oid: 12006,
    columns: &[
        c("datid", Oid),
        c("datname", Name),
        c("pid", Int4),
        c("leader_pid", Int4),
        c("usesysid", Oid),
        c("usename", Name),
        c("application_name", Text),
        c("client_addr", Text),
        c("client_hostname", Text),
        c("client_port", Int4),
        c("backend_start", TimestampTz),
        c("xact_start", TimestampTz),
        c("query_start", TimestampTz),
        c("state_change", TimestampTz),
        c("wait_event_type", Text),
        c("wait_event", Text),
        c("state", Text),
        c("backend_xid", Xid),
        c("backend_xmin", Xid),
        c("query_id", Int8),
        c("query", Text),
        c("backend_type", Text),
    ],
};
/// pg_catalog.pg_stat_user_tables
pub const PG_STAT_USER_TABLES: VirtualColumns = VirtualColumns {
    oid: 12007,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("seq_scan", Int8),
        c("seq_tup_read", Int8),
        c("idx_scan", Int8),
        c("idx_tup_fetch", Int8),
        c("n_tup_ins", Int8),
        c("n_tup_upd", Int8),
        c("n_tup_del", Int8),
        c("n_tup_hot_upd", Int8),
        c("n_live_tup", Int8),
        c("n_dead_tup", Int8),
        c("n_mod_since_analyze", Int8),
        c("n_ins_since_vacuum", Int8),
        c("last_vacuum", TimestampTz),
        c("last_autovacuum", TimestampTz),
        c("last_analyze", TimestampTz),
        c("last_autoanalyze", TimestampTz),
        c("vacuum_count", Int8),
        c("autovacuum_count", Int8),
        c("analyze_count", Int8),
        c("autoanalyze_count", Int8),
    ],
};
/// pg_catalog.pg_stat_all_tables
pub const PG_STAT_ALL_TABLES: VirtualColumns = VirtualColumns {
    oid: 12008,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("seq_scan", Int8),
        c("seq_tup_read", Int8),
        c("idx_scan", Int8),
        c("idx_tup_fetch", Int8),
        c("n_tup_ins", Int8),
        c("n_tup_upd", Int8),
        c("n_tup_del", Int8),
        c("n_tup_hot_upd", Int8),
        c("n_live_tup", Int8),
        c("n_dead_tup", Int8),
        c("n_mod_since_analyze", Int8),
        c("n_ins_since_vacuum", Int8),
        c("last_vacuum", TimestampTz),
        c("last_autovacuum", TimestampTz),
        c("last_analyze", TimestampTz),
        c("last_autoanalyze", TimestampTz),
        c("vacuum_count", Int8),
        c("autovacuum_count", Int8),
        c("analyze_count", Int8),
        c("autoanalyze_count", Int8),
    ],
};
/// pg_catalog.pg_stat_database
pub const PG_STAT_DATABASE: VirtualColumns = VirtualColumns {
    oid: 12009,
    columns: &[
        c("datid", Oid),
        c("datname", Name),
        c("numbackends", Int4),
        c("xact_commit", Int8),
        c("xact_rollback", Int8),
        c("blks_read", Int8),
        c("blks_hit", Int8),
        c("tup_returned", Int8),
        c("tup_fetched", Int8),
        c("tup_inserted", Int8),
        c("tup_updated", Int8),
        c("tup_deleted", Int8),
        c("conflicts", Int8),
        c("temp_files", Int8),
        c("temp_bytes", Int8),
        c("deadlocks", Int8),
        c("checksum_failures", Int8),
        c("checksum_last_failure", TimestampTz),
        c("blk_read_time", Float8),
        c("blk_write_time", Float8),
        c("session_time", Float8),
        c("active_time", Float8),
        c("idle_in_transaction_time", Float8),
        c("sessions", Int8),
        c("sessions_abandoned", Int8),
        c("sessions_fatal", Int8),
        c("sessions_killed", Int8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_enum
pub const PG_ENUM: VirtualColumns = VirtualColumns {
    oid: 3501,
    columns: &[c("oid", Oid), c("enumtypid", Oid), c("enumsortorder", Float4), c("enumlabel", Name)],
};
/// pg_catalog.pg_range
pub const PG_RANGE: VirtualColumns = VirtualColumns {
    oid: 3541,
    columns: &[
        c("rngtypid", Oid),
        c("rngsubtype", Oid),
        c("rngmultitypid", Oid),
        c("rngcollation", Oid),
        c("rngsubopc", Oid),
        c("rngcanonical", RegProc),
        c("rngsubdiff", RegProc),
    ],
};
/// pg_catalog.pg_cast
pub const PG_CAST: VirtualColumns = VirtualColumns {
    oid: 2605,
    columns: &[
        c("oid", Oid),
        c("castsource", Oid),
        c("casttarget", Oid),
        c("castfunc", Oid),
        c("castcontext", Char),
        c("castmethod", Char),
    ],
};
/// pg_catalog.pg_trigger
pub const PG_TRIGGER: VirtualColumns = VirtualColumns {
    oid: 2620,
    columns: &[
        c("oid", Oid),
        c("tgrelid", Oid),
        c("tgparentid", Oid),
        c("tgname", Name),
        c("tgfoid", Oid),
        c("tgtype", Int2),
        c("tgenabled", Char),
        c("tgisinternal", Bool),
        c("tgconstrrelid", Oid),
        c("tgconstrindid", Oid),
        c("tgconstraint", Oid),
        c("tgdeferrable", Bool),
        c("tginitdeferred", Bool),
        c("tgnargs", Int2),
        c("tgattr", Int2Vector),
        c("tgargs", Bytea),
        c("tgqual", NodeTree),
        c("tgoldtable", Name),
        c("tgnewtable", Name),
    ],
};
/// pg_catalog.pg_rewrite
pub const PG_REWRITE: VirtualColumns = VirtualColumns {
    oid: 2618,
    columns: &[
        c("oid", Oid),
        c("rulename", Name),
        c("ev_class", Oid),
        c("ev_type", Char),
        c("ev_enabled", Char),
        c("is_instead", Bool),
        c("ev_qual", NodeTree),
        c("ev_action", NodeTree),
    ],
};
/// pg_catalog.pg_policy
pub const PG_POLICY: VirtualColumns = VirtualColumns {
    oid: 3256,
    columns: &[
        c("oid", Oid),
        c("polname", Name),
        c("polrelid", Oid),
        c("polcmd", Char),
        c("polpermissive", Bool),
        c("polroles", Array(&Oid)),
        c("polqual", NodeTree),
        c("polwithcheck", NodeTree),
    ],
};
/// pg_catalog.pg_extension
pub const PG_EXTENSION: VirtualColumns = VirtualColumns {
    oid: 3079,
    columns: &[
        c("oid", Oid),
        c("extname", Name),
        c("extowner", Oid),
        c("extnamespace", Oid),
        c("extrelocatable", Bool),
        c("extversion", Text),
        c("extconfig", Array(&Oid)),
        c("extcondition", Array(&Text)),
    ],
};
/// pg_catalog.pg_foreign_server
pub const PG_FOREIGN_SERVER: VirtualColumns = VirtualColumns {
    oid: 1417,
    columns: &[
        c("oid", Oid),
        c("srvname", Name),
        c("srvowner", Oid),
        c("srvfdw", Oid),
        c("srvtype", Text),
        c("srvversion", Text),
        c("srvacl", Array(&Text)),
        c("srvoptions", Array(&Text)),
    ],
};
/// pg_catalog.pg_foreign_table
pub const PG_FOREIGN_TABLE: VirtualColumns = VirtualColumns {
    oid: 3118,
    columns: &[c("ftrelid", Oid), c("ftserver", Oid), c("ftoptions", Array(&Text))],
};
/// pg_catalog.pg_foreign_data_wrapper
pub const PG_FOREIGN_DATA_WRAPPER: VirtualColumns = VirtualColumns {
    oid: 2328,
    columns: &[
        c("oid", Oid),
        c("fdwname", Name),
        c("fdwowner", Oid),
        c("fdwhandler", Oid),
        c("fdwvalidator", Oid),
        c("fdwacl", Array(&Text)),
        c("fdwoptions", Array(&Text)),
    ],
};
/// pg_catalog.pg_language
pub const PG_LANGUAGE: VirtualColumns = VirtualColumns {
    oid: 2612,
    columns: &[
        c("oid", Oid),
        c("lanname", Name),
        c("lanowner", Oid),
        c("lanispl", Bool),
        c("lanpltrusted", Bool),
        c("lanplcallfoid", Oid),
        c("laninline", Oid),
        c("lanvalidator", Oid),
        c("lanacl", Array(&Text)),
    ],
};
/// pg_catalog.pg_aggregate
pub const PG_AGGREGATE: VirtualColumns = VirtualColumns {
    oid: 2600,
    columns: &[
        c("aggfnoid", RegProc),
        c("aggkind", Char),
        c("aggnumdirectargs", Int2),
        c("aggtransfn", RegProc),
        c("aggfinalfn", RegProc),
        c("aggcombinefn", RegProc),
        c("aggserialfn", RegProc),
        c("aggdeserialfn", RegProc),
        c("aggmtransfn", RegProc),
        c("aggminvtransfn", RegProc),
        c("aggmfinalfn", RegProc),
        c("aggfinalextra", Bool),
        c("aggmfinalextra", Bool),
        c("aggfinalmodify", Char),
        c("aggmfinalmodify", Char),
        c("aggsortop", Oid),
        c("aggtranstype", Oid),
        c("aggtransspace", Int4),
        c("aggmtranstype", Oid),
        c("aggmtransspace", Int4),
        c("agginitval", Text),
        c("aggminitval", Text),
    ],
};
/// pg_catalog.pg_matviews
pub const PG_MATVIEWS: VirtualColumns = VirtualColumns {
    oid: 12010,
    columns: &[
        c("schemaname", Name),
        c("matviewname", Name),
        c("matviewowner", Name),
        c("tablespace", Name),
        c("hasindexes", Bool),
        c("ispopulated", Bool),
        c("definition", Text),
    ],
};
/// pg_catalog.pg_publication
pub const PG_PUBLICATION: VirtualColumns = VirtualColumns {
    oid: 6104,
    columns: &[
        c("oid", Oid),
        c("pubname", Name),
        c("pubowner", Oid),
        c("puballtables", Bool),
        c("pubinsert", Bool),
        c("pubupdate", Bool),
        c("pubdelete", Bool),
        c("pubtruncate", Bool),
        c("pubviaroot", Bool),
    ],
};
/// pg_catalog.pg_publication_rel
pub const PG_PUBLICATION_REL: VirtualColumns = VirtualColumns {
    oid: 6106,
    columns: &[
        c("oid", Oid),
        c("prpubid", Oid),
        c("prrelid", Oid),
        c("prqual", NodeTree),
        c("prattrs", Int2Vector),
    ],
};
/// pg_catalog.pg_publication_namespace
pub const PG_PUBLICATION_NAMESPACE: VirtualColumns =
    VirtualColumns { oid: 6237, columns: &[c("oid", Oid), c("pnpubid", Oid), c("pnnspid", Oid)] };
/// pg_catalog.pg_subscription
pub const PG_SUBSCRIPTION: VirtualColumns = VirtualColumns {
    oid: 6100,
    columns: &[
        c("oid", Oid),
        c("subdbid", Oid),
        c("subskiplsn", Text),
        c("subname", Name),
        c("subowner", Oid),
        c("subenabled", Bool),
        c("subbinary", Bool),
        c("substream", Bool),
        c("subtwophasestate", Char),
        c("subdisableonerr", Bool),
        c("subconninfo", Text),
        c("subslotname", Name),
        c("subsynccommit", Text),
        c("subpublications", Array(&Text)),
    ],
};
/// pg_catalog.pg_statistic_ext
pub const PG_STATISTIC_EXT: VirtualColumns = VirtualColumns {
    oid: 3381,
    columns: &[
        c("oid", Oid),
        c("stxrelid", Oid),
        c("stxname", Name),
        c("stxnamespace", Oid),
        c("stxowner", Oid),
        c("stxstattarget", Int4),
        c("stxkeys", Int2Vector),
        c("stxkind", Array(&Char)),
        c("stxexprs", NodeTree),
    ],
};
/// pg_catalog.pg_event_trigger
pub const PG_EVENT_TRIGGER: VirtualColumns = VirtualColumns {
    oid: 3466,
    columns: &[
        c("oid", Oid),
        c("evtname", Name),
        c("evtevent", Name),
        c("evtowner", Oid),
        c("evtfoid", Oid),
        c("evtenabled", Char),
        c("evttags", Array(&Text)),
    ],
};
/// pg_catalog.pg_default_acl
pub const PG_DEFAULT_ACL: VirtualColumns = VirtualColumns {
    oid: 826,
    columns: &[
        c("oid", Oid),
        c("defaclrole", Oid),
        c("defaclnamespace", Oid),
        c("defaclobjtype", Char),
        c("defaclacl", Array(&Text)),
    ],
};
/// pg_catalog.pg_db_role_setting
pub const PG_DB_ROLE_SETTING: VirtualColumns = VirtualColumns {
    oid: 2964,
    columns: &[c("setdatabase", Oid), c("setrole", Oid), c("setconfig", Array(&Text))],
};
/// pg_catalog.pg_locks
pub const PG_LOCKS: VirtualColumns = VirtualColumns {
    oid: 12011,
    columns: &[
        c("locktype", Text),
        c("database", Oid),
        c("relation", Oid),
        c("page", Int4),
        c("tuple", Int2),
        c("virtualxid", Text),
        c("transactionid", Xid),
        c("classid", Oid),
        c("objid", Oid),
        c("objsubid", Int2),
        c("virtualtransaction", Text),
        c("pid", Int4),
        c("mode", Text),
        c("granted", Bool),
        c("fastpath", Bool),
        c("waitstart", TimestampTz),
    ],
};
/// pg_catalog.pg_prepared_statements
pub const PG_PREPARED_STATEMENTS: VirtualColumns = VirtualColumns {
    oid: 12012,
    columns: &[
        c("name", Text),
        c("statement", Text),
        c("prepare_time", TimestampTz),
        c("parameter_types", Array(&RegType)),
        c("from_sql", Bool),
        c("generic_plans", Int8),
        c("custom_plans", Int8),
    ],
};
/// pg_catalog.pg_cursors
pub const PG_CURSORS: VirtualColumns = VirtualColumns {
    oid: 12013,
    columns: &[
        c("name", Text),
        c("statement", Text),
        c("is_holdable", Bool),
        c("is_binary", Bool),
        c("is_scrollable", Bool),
        c("creation_time", TimestampTz),
    ],
};
/// pg_catalog.pg_timezone_names
pub const PG_TIMEZONE_NAMES: VirtualColumns = VirtualColumns {
    oid: 12014,
    columns: &[c("name", Text), c("abbrev", Text), c("utc_offset", Interval), c("is_dst", Bool)],
};
/// pg_catalog.pg_user
pub const PG_USER: VirtualColumns = VirtualColumns {
    oid: 12015,
    columns: &[
        c("usename", Name),
        c("usesysid", Oid),
        c("usecreatedb", Bool),
        c("usesuper", Bool),
        c("userepl", Bool),
        c("usebypassrls", Bool),
        c("passwd", Text),
        c("valuntil", TimestampTz),
        c("useconfig", Array(&Text)),
    ],
};
/// pg_catalog.pg_group
pub const PG_GROUP: VirtualColumns = VirtualColumns {
    oid: 12016,
    columns: &[c("groname", Name), c("grosysid", Oid), c("grolist", Array(&Oid))],
};
/// pg_catalog.pg_shadow
pub const PG_SHADOW: VirtualColumns = VirtualColumns {
    oid: 12017,
    columns: &[
        c("usename", Name),
        c("usesysid", Oid),
        c("usecreatedb", Bool),
        c("usesuper", Bool),
        c("userepl", Bool),
        c("usebypassrls", Bool),
        c("passwd", Text),
        c("valuntil", TimestampTz),
        c("useconfig", Array(&Text)),
    ],
};
/// pg_catalog.pg_available_extensions
pub const PG_AVAILABLE_EXTENSIONS: VirtualColumns = VirtualColumns {
    oid: 12018,
    columns: &[c("name", Name), c("default_version", Text), c("installed_version", Text), c("comment", Text)],
};
/// pg_catalog.pg_conversion
pub const PG_CONVERSION: VirtualColumns = VirtualColumns {
    oid: 2607,
    columns: &[
        c("oid", Oid),
        c("conname", Name),
        c("connamespace", Oid),
        c("conowner", Oid),
        c("conforencoding", Int4),
        c("contoencoding", Int4),
        c("conproc", RegProc),
        c("condefault", Bool),
    ],
};
/// pg_catalog.pg_largeobject_metadata
pub const PG_LARGEOBJECT_METADATA: VirtualColumns =
    VirtualColumns { oid: 2995, columns: &[c("oid", Oid), c("lomowner", Oid), c("lomacl", Array(&Text))] };
/// pg_catalog.pg_seclabels
pub const PG_SECLABELS: VirtualColumns = VirtualColumns {
    oid: 12019,
    columns: &[
        c("objoid", Oid),
        c("classoid", Oid),
        c("objsubid", Int4),
        c("objtype", Text),
        c("objnamespace", Oid),
        c("objname", Text),
        c("provider", Text),
        c("label", Text),
    ],
};
/// pg_catalog.pg_stats
pub const PG_STATS: VirtualColumns = VirtualColumns {
    oid: 12020,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("attname", Name),
        c("inherited", Bool),
        c("null_frac", Float4),
        c("avg_width", Int4),
        c("n_distinct", Float4),
        c("most_common_vals", Text),
        c("most_common_freqs", Array(&Float4)),
        c("histogram_bounds", Text),
        c("correlation", Float4),
        c("most_common_elems", Text),
        c("most_common_elem_freqs", Array(&Float4)),
        c("elem_count_histogram", Array(&Float4)),
    ],
};
/// pg_catalog.pg_opfamily
pub const PG_OPFAMILY: VirtualColumns = VirtualColumns {
    oid: 2753,
    columns: &[
        c("oid", Oid),
        c("opfmethod", Oid),
        c("opfname", Name),
        c("opfnamespace", Oid),
        c("opfowner", Oid),
    ],
};
/// pg_catalog.pg_user_mappings
pub const PG_USER_MAPPINGS: VirtualColumns = VirtualColumns {
    oid: 12021,
    columns: &[
        c("umid", Oid),
        c("srvid", Oid),
        c("srvname", Name),
        c("umuser", Oid),
        c("usename", Name),
        c("umoptions", Array(&Text)),
    ],
};
/// pg_catalog.pg_shdepend
pub const PG_SHDEPEND: VirtualColumns = VirtualColumns {
    oid: 1214,
    columns: &[
        c("dbid", Oid),
        c("classid", Oid),
        c("objid", Oid),
        c("objsubid", Int4),
        c("refclassid", Oid),
        c("refobjid", Oid),
        c("deptype", Char),
    ],
};
/// pg_catalog.pg_policies
pub const PG_POLICIES: VirtualColumns = VirtualColumns {
    oid: 12022,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("policyname", Name),
        c("permissive", Text),
        c("roles", Array(&Name)),
        c("cmd", Text),
        c("qual", Text),
        c("with_check", Text),
    ],
};
/// pg_catalog.pg_rules
pub const PG_RULES: VirtualColumns = VirtualColumns {
    oid: 12023,
    columns: &[c("schemaname", Name), c("tablename", Name), c("rulename", Name), c("definition", Text)],
};
/// pg_catalog.pg_prepared_xacts
pub const PG_PREPARED_XACTS: VirtualColumns = VirtualColumns {
    oid: 12024,
    columns: &[
        c("transaction", Xid),
        c("gid", Text),
        c("prepared", TimestampTz),
        c("owner", Name),
        c("database", Name),
    ],
};
/// information_schema.schemata
pub const IS_SCHEMATA: VirtualColumns = VirtualColumns {
    oid: 12025,
    columns: &[
        c("catalog_name", Name),
        c("schema_name", Name),
        c("schema_owner", Name),
        c("default_character_set_catalog", Name),
        c("default_character_set_schema", Name),
        c("default_character_set_name", Name),
        c("sql_path", Varchar),
    ],
};
/// information_schema.tables
pub const IS_TABLES: VirtualColumns = VirtualColumns {
    oid: 12026,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("table_type", Varchar),
        c("self_referencing_column_name", Name),
        c("reference_generation", Varchar),
        c("user_defined_type_catalog", Name),
        c("user_defined_type_schema", Name),
        c("user_defined_type_name", Name),
        c("is_insertable_into", Varchar),
        c("is_typed", Varchar),
        c("commit_action", Varchar),
    ],
};
/// information_schema.columns
pub const IS_COLUMNS: VirtualColumns = VirtualColumns {
    oid: 12027,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("ordinal_position", Int4),
        c("column_default", Varchar),
        c("is_nullable", Varchar),
        c("data_type", Varchar),
        c("character_maximum_length", Int4),
        c("character_octet_length", Int4),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("datetime_precision", Int4),
        c("interval_type", Varchar),
        c("interval_precision", Int4),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("domain_catalog", Name),
        c("domain_schema", Name),
        c("domain_name", Name),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
        c("is_self_referencing", Varchar),
        c("is_identity", Varchar),
        c("identity_generation", Varchar),
        c("identity_start", Varchar),
        c("identity_increment", Varchar),
        c("identity_maximum", Varchar),
        c("identity_minimum", Varchar),
        c("identity_cycle", Varchar),
        c("is_generated", Varchar),
        c("generation_expression", Varchar),
        c("is_updatable", Varchar),
    ],
};
/// information_schema.views
pub const IS_VIEWS: VirtualColumns = VirtualColumns {
    oid: 12028,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("view_definition", Varchar),
        c("check_option", Varchar),
        c("is_updatable", Varchar),
        c("is_insertable_into", Varchar),
        c("is_trigger_updatable", Varchar),
        c("is_trigger_deletable", Varchar),
        c("is_trigger_insertable_into", Varchar),
    ],
};
/// information_schema.table_constraints
pub const IS_TABLE_CONSTRAINTS: VirtualColumns = VirtualColumns {
    oid: 12029,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("constraint_type", Varchar),
        c("is_deferrable", Varchar),
        c("initially_deferred", Varchar),
        c("enforced", Varchar),
        c("nulls_distinct", Varchar),
    ],
};
/// information_schema.key_column_usage
pub const IS_KEY_COLUMN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12030,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("ordinal_position", Int4),
        c("position_in_unique_constraint", Int4),
    ],
};
/// information_schema.constraint_column_usage
pub const IS_CONSTRAINT_COLUMN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12031,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
    ],
};
/// information_schema.constraint_table_usage
pub const IS_CONSTRAINT_TABLE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12032,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
    ],
};
/// information_schema.referential_constraints
pub const IS_REFERENTIAL_CONSTRAINTS: VirtualColumns = VirtualColumns {
    oid: 12033,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("unique_constraint_catalog", Name),
        c("unique_constraint_schema", Name),
        c("unique_constraint_name", Name),
        c("match_option", Varchar),
        c("update_rule", Varchar),
        c("delete_rule", Varchar),
    ],
};
/// information_schema.check_constraints
pub const IS_CHECK_CONSTRAINTS: VirtualColumns = VirtualColumns {
    oid: 12034,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("check_clause", Varchar),
    ],
};
/// information_schema.sequences
pub const IS_SEQUENCES: VirtualColumns = VirtualColumns {
    oid: 12035,
    columns: &[
        c("sequence_catalog", Name),
        c("sequence_schema", Name),
        c("sequence_name", Name),
        c("data_type", Varchar),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("start_value", Varchar),
        c("minimum_value", Varchar),
        c("maximum_value", Varchar),
        c("increment", Varchar),
        c("cycle_option", Varchar),
    ],
};
/// information_schema.routines
pub const IS_ROUTINES: VirtualColumns = VirtualColumns {
    oid: 12036,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("routine_type", Varchar),
        c("module_catalog", Name),
        c("module_schema", Name),
        c("module_name", Name),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("data_type", Varchar),
        c("character_maximum_length", Int4),
        c("character_octet_length", Int4),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("datetime_precision", Int4),
        c("interval_type", Varchar),
        c("interval_precision", Int4),
        c("type_udt_catalog", Name),
        c("type_udt_schema", Name),
        c("type_udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
        c("routine_body", Varchar),
        c("routine_definition", Varchar),
        c("external_name", Varchar),
        c("external_language", Varchar),
        c("parameter_style", Varchar),
        c("is_deterministic", Varchar),
        c("sql_data_access", Varchar),
        c("is_null_call", Varchar),
        c("sql_path", Varchar),
        c("schema_level_routine", Varchar),
        c("max_dynamic_result_sets", Int4),
        c("is_user_defined_cast", Varchar),
        c("is_implicitly_invocable", Varchar),
        c("security_type", Varchar),
        c("to_sql_specific_catalog", Name),
        c("to_sql_specific_schema", Name),
        c("to_sql_specific_name", Name),
        c("as_locator", Varchar),
        c("created", TimestampTz),
        c("last_altered", TimestampTz),
        c("new_savepoint_level", Varchar),
        c("is_udt_dependent", Varchar),
        c("result_cast_from_data_type", Varchar),
        c("result_cast_as_locator", Varchar),
        c("result_cast_char_max_length", Int4),
        c("result_cast_char_octet_length", Int4),
        c("result_cast_char_set_catalog", Name),
        c("result_cast_char_set_schema", Name),
        c("result_cast_char_set_name", Name),
        c("result_cast_collation_catalog", Name),
        c("result_cast_collation_schema", Name),
        c("result_cast_collation_name", Name),
        c("result_cast_numeric_precision", Int4),
        c("result_cast_numeric_precision_radix", Int4),
        c("result_cast_numeric_scale", Int4),
        c("result_cast_datetime_precision", Int4),
        c("result_cast_interval_type", Varchar),
        c("result_cast_interval_precision", Int4),
        c("result_cast_type_udt_catalog", Name),
        c("result_cast_type_udt_schema", Name),
        c("result_cast_type_udt_name", Name),
        c("result_cast_scope_catalog", Name),
        c("result_cast_scope_schema", Name),
        c("result_cast_scope_name", Name),
        c("result_cast_maximum_cardinality", Int4),
        c("result_cast_dtd_identifier", Name),
    ],
};
/// information_schema.parameters
pub const IS_PARAMETERS: VirtualColumns = VirtualColumns {
    oid: 12037,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("ordinal_position", Int4),
        c("parameter_mode", Varchar),
        c("is_result", Varchar),
        c("as_locator", Varchar),
        c("parameter_name", Name),
        c("data_type", Varchar),
        c("character_maximum_length", Int4),
        c("character_octet_length", Int4),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("datetime_precision", Int4),
        c("interval_type", Varchar),
        c("interval_precision", Int4),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
        c("parameter_default", Varchar),
    ],
};
/// information_schema.triggers
pub const IS_TRIGGERS: VirtualColumns = VirtualColumns {
    oid: 12038,
    columns: &[
        c("trigger_catalog", Name),
        c("trigger_schema", Name),
        c("trigger_name", Name),
        c("event_manipulation", Varchar),
        c("event_object_catalog", Name),
        c("event_object_schema", Name),
        c("event_object_table", Name),
        c("action_order", Int4),
        c("action_condition", Varchar),
        c("action_statement", Varchar),
        c("action_orientation", Varchar),
        c("action_timing", Varchar),
        c("action_reference_old_table", Name),
        c("action_reference_new_table", Name),
        c("action_reference_old_row", Name),
        c("action_reference_new_row", Name),
        c("created", TimestampTz),
    ],
};
/// information_schema.character_sets
pub const IS_CHARACTER_SETS: VirtualColumns = VirtualColumns {
    oid: 12039,
    columns: &[
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("character_repertoire", Name),
        c("form_of_use", Name),
        c("default_collate_catalog", Name),
        c("default_collate_schema", Name),
        c("default_collate_name", Name),
    ],
};
/// information_schema.enabled_roles
pub const IS_ENABLED_ROLES: VirtualColumns = VirtualColumns { oid: 12040, columns: &[c("role_name", Name)] };
/// information_schema.applicable_roles
pub const IS_APPLICABLE_ROLES: VirtualColumns = VirtualColumns {
    oid: 12041,
    columns: &[c("grantee", Name), c("role_name", Name), c("is_grantable", Varchar)],
};
/// information_schema.table_privileges
pub const IS_TABLE_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12042,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
        c("with_hierarchy", Varchar),
    ],
};
/// information_schema.column_privileges
pub const IS_COLUMN_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12043,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.role_table_grants
pub const IS_ROLE_TABLE_GRANTS: VirtualColumns = VirtualColumns {
    oid: 12044,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
        c("with_hierarchy", Varchar),
    ],
};
/// information_schema.domains
pub const IS_DOMAINS: VirtualColumns = VirtualColumns {
    oid: 12045,
    columns: &[
        c("domain_catalog", Name),
        c("domain_schema", Name),
        c("domain_name", Name),
        c("data_type", Varchar),
        c("character_maximum_length", Int4),
        c("character_octet_length", Int4),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("datetime_precision", Int4),
        c("interval_type", Varchar),
        c("interval_precision", Int4),
        c("domain_default", Varchar),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
    ],
};
/// information_schema.element_types
pub const IS_ELEMENT_TYPES: VirtualColumns = VirtualColumns {
    oid: 12046,
    columns: &[
        c("object_catalog", Name),
        c("object_schema", Name),
        c("object_name", Name),
        c("object_type", Varchar),
        c("collection_type_identifier", Name),
        c("data_type", Varchar),
        c("character_maximum_length", Int4),
        c("character_octet_length", Int4),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("numeric_precision", Int4),
        c("numeric_precision_radix", Int4),
        c("numeric_scale", Int4),
        c("datetime_precision", Int4),
        c("interval_type", Varchar),
        c("interval_precision", Int4),
        c("domain_default", Varchar),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
    ],
};
/// information_schema.information_schema_catalog_name
pub const IS_INFORMATION_SCHEMA_CATALOG_NAME: VirtualColumns =
    VirtualColumns { oid: 12047, columns: &[c("catalog_name", Name)] };
/// information_schema.collations
pub const IS_COLLATIONS: VirtualColumns = VirtualColumns {
    oid: 12048,
    columns: &[
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("pad_attribute", Varchar),
    ],
};
/// information_schema.column_udt_usage
pub const IS_COLUMN_UDT_USAGE: VirtualColumns = VirtualColumns {
    oid: 12049,
    columns: &[
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
    ],
};
/// information_schema.view_table_usage
pub const IS_VIEW_TABLE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12050,
    columns: &[
        c("view_catalog", Name),
        c("view_schema", Name),
        c("view_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
    ],
};
