//! Columns of the virtual tables that are there for their names' sake: nearly all of them are always empty here.
//! Names, order and types as PostgreSQL 15 has them.

use datum::ColumnType;
use datum::Type::{self, *};

use super::VirtualColumns;

const fn c(name: &'static str, ty: Type) -> (&'static str, ColumnType) {
    (name, ColumnType::plain(ty))
}
/// pg_catalog.pg_amop
pub const PG_AMOP: VirtualColumns = VirtualColumns {
    oid: 2602,
    columns: &[
        c("oid", Oid),
        c("amopfamily", Oid),
        c("amoplefttype", Oid),
        c("amoprighttype", Oid),
        c("amopstrategy", Int2),
        c("amoppurpose", Char),
        c("amopopr", Oid),
        c("amopmethod", Oid),
        c("amopsortfamily", Oid),
    ],
};
/// pg_catalog.pg_amproc
pub const PG_AMPROC: VirtualColumns = VirtualColumns {
    oid: 2603,
    columns: &[
        c("oid", Oid),
        c("amprocfamily", Oid),
        c("amproclefttype", Oid),
        c("amprocrighttype", Oid),
        c("amprocnum", Int2),
        c("amproc", RegProc),
    ],
};
/// pg_catalog.pg_available_extension_versions
pub const PG_AVAILABLE_EXTENSION_VERSIONS: VirtualColumns = VirtualColumns {
    oid: 12100,
    columns: &[
        c("name", Name),
        c("version", Text),
        c("installed", Bool),
        c("superuser", Bool),
        c("trusted", Bool),
        c("relocatable", Bool),
        c("schema", Name),
        c("requires", Array(&Name)),
        c("comment", Text),
    ],
};
/// pg_catalog.pg_backend_memory_contexts
pub const PG_BACKEND_MEMORY_CONTEXTS: VirtualColumns = VirtualColumns {
    oid: 12101,
    columns: &[
        c("name", Text),
        c("ident", Text),
        c("parent", Text),
        c("level", Int4),
        c("total_bytes", Int8),
        c("total_nblocks", Int8),
        c("free_bytes", Int8),
        c("free_chunks", Int8),
        c("used_bytes", Int8),
    ],
};
/// pg_catalog.pg_config
pub const PG_CONFIG: VirtualColumns =
    VirtualColumns { oid: 12102, columns: &[c("name", Text), c("setting", Text)] };
/// pg_catalog.pg_file_settings
pub const PG_FILE_SETTINGS: VirtualColumns = VirtualColumns {
    oid: 12103,
    columns: &[
        c("sourcefile", Text),
        c("sourceline", Int4),
        c("seqno", Int4),
        c("name", Text),
        c("setting", Text),
        c("applied", Bool),
        c("error", Text),
    ],
};
/// pg_catalog.pg_hba_file_rules
pub const PG_HBA_FILE_RULES: VirtualColumns = VirtualColumns {
    oid: 12104,
    columns: &[
        c("line_number", Int4),
        c("type", Text),
        c("database", Array(&Text)),
        c("user_name", Array(&Text)),
        c("address", Text),
        c("netmask", Text),
        c("auth_method", Text),
        c("options", Array(&Text)),
        c("error", Text),
    ],
};
/// pg_catalog.pg_ident_file_mappings
pub const PG_IDENT_FILE_MAPPINGS: VirtualColumns = VirtualColumns {
    oid: 12105,
    columns: &[
        c("line_number", Int4),
        c("map_name", Text),
        c("sys_name", Text),
        c("pg_username", Text),
        c("error", Text),
    ],
};
/// pg_catalog.pg_init_privs
pub const PG_INIT_PRIVS: VirtualColumns = VirtualColumns {
    oid: 3394,
    columns: &[
        c("objoid", Oid),
        c("classoid", Oid),
        c("objsubid", Int4),
        c("privtype", Char),
        c("initprivs", Array(&Text)),
    ],
};
/// pg_catalog.pg_largeobject
pub const PG_LARGEOBJECT: VirtualColumns =
    VirtualColumns { oid: 2613, columns: &[c("loid", Oid), c("pageno", Int4), c("data", Bytea)] };
/// pg_catalog.pg_parameter_acl
pub const PG_PARAMETER_ACL: VirtualColumns =
    VirtualColumns { oid: 6243, columns: &[c("oid", Oid), c("parname", Text), c("paracl", Array(&Text))] };
/// pg_catalog.pg_publication_tables
pub const PG_PUBLICATION_TABLES: VirtualColumns = VirtualColumns {
    oid: 12106,
    columns: &[
        c("pubname", Name),
        c("schemaname", Name),
        c("tablename", Name),
        c("attnames", Array(&Name)),
        c("rowfilter", Text),
    ],
};
/// pg_catalog.pg_replication_origin
pub const PG_REPLICATION_ORIGIN: VirtualColumns =
    VirtualColumns { oid: 6000, columns: &[c("roident", Oid), c("roname", Text)] };
/// pg_catalog.pg_replication_origin_status
pub const PG_REPLICATION_ORIGIN_STATUS: VirtualColumns = VirtualColumns {
    oid: 12107,
    columns: &[c("local_id", Oid), c("external_id", Text), c("remote_lsn", Text), c("local_lsn", Text)],
};
/// pg_catalog.pg_replication_slots
pub const PG_REPLICATION_SLOTS: VirtualColumns = VirtualColumns {
    oid: 12108,
    columns: &[
        c("slot_name", Name),
        c("plugin", Name),
        c("slot_type", Text),
        c("datoid", Oid),
        c("database", Name),
        c("temporary", Bool),
        c("active", Bool),
        c("active_pid", Int4),
        c("xmin", Xid),
        c("catalog_xmin", Xid),
        c("restart_lsn", Text),
        c("confirmed_flush_lsn", Text),
        c("wal_status", Text),
        c("safe_wal_size", Int8),
        c("two_phase", Bool),
    ],
};
/// pg_catalog.pg_seclabel
pub const PG_SECLABEL: VirtualColumns = VirtualColumns {
    oid: 3596,
    columns: &[
        c("objoid", Oid),
        c("classoid", Oid),
        c("objsubid", Int4),
        c("provider", Text),
        c("label", Text),
    ],
};
/// pg_catalog.pg_shmem_allocations
pub const PG_SHMEM_ALLOCATIONS: VirtualColumns = VirtualColumns {
    oid: 12109,
    columns: &[c("name", Text), c("off", Int8), c("size", Int8), c("allocated_size", Int8)],
};
/// pg_catalog.pg_shseclabel
pub const PG_SHSECLABEL: VirtualColumns = VirtualColumns {
    oid: 3592,
    columns: &[c("objoid", Oid), c("classoid", Oid), c("provider", Text), c("label", Text)],
};
/// pg_catalog.pg_stat_all_indexes
pub const PG_STAT_ALL_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12110,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_scan", Int8),
        c("idx_tup_read", Int8),
        c("idx_tup_fetch", Int8),
    ],
};
/// pg_catalog.pg_stat_archiver
pub const PG_STAT_ARCHIVER: VirtualColumns = VirtualColumns {
    oid: 12111,
    columns: &[
        c("archived_count", Int8),
        c("last_archived_wal", Text),
        c("last_archived_time", TimestampTz),
        c("failed_count", Int8),
        c("last_failed_wal", Text),
        c("last_failed_time", TimestampTz),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_bgwriter
pub const PG_STAT_BGWRITER: VirtualColumns = VirtualColumns {
    oid: 12112,
    columns: &[
        c("checkpoints_timed", Int8),
        c("checkpoints_req", Int8),
        c("checkpoint_write_time", Float8),
        c("checkpoint_sync_time", Float8),
        c("buffers_checkpoint", Int8),
        c("buffers_clean", Int8),
        c("maxwritten_clean", Int8),
        c("buffers_backend", Int8),
        c("buffers_backend_fsync", Int8),
        c("buffers_alloc", Int8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_database_conflicts
pub const PG_STAT_DATABASE_CONFLICTS: VirtualColumns = VirtualColumns {
    oid: 12113,
    columns: &[
        c("datid", Oid),
        c("datname", Name),
        c("confl_tablespace", Int8),
        c("confl_lock", Int8),
        c("confl_snapshot", Int8),
        c("confl_bufferpin", Int8),
        c("confl_deadlock", Int8),
    ],
};
/// pg_catalog.pg_stat_gssapi
pub const PG_STAT_GSSAPI: VirtualColumns = VirtualColumns {
    oid: 12114,
    columns: &[c("pid", Int4), c("gss_authenticated", Bool), c("principal", Text), c("encrypted", Bool)],
};
/// pg_catalog.pg_stat_progress_analyze
pub const PG_STAT_PROGRESS_ANALYZE: VirtualColumns = VirtualColumns {
    oid: 12115,
    columns: &[
        c("pid", Int4),
        c("datid", Oid),
        c("datname", Name),
        c("relid", Oid),
        c("phase", Text),
        c("sample_blks_total", Int8),
        c("sample_blks_scanned", Int8),
        c("ext_stats_total", Int8),
        c("ext_stats_computed", Int8),
        c("child_tables_total", Int8),
        c("child_tables_done", Int8),
        c("current_child_table_relid", Oid),
    ],
};
/// pg_catalog.pg_stat_progress_basebackup
pub const PG_STAT_PROGRESS_BASEBACKUP: VirtualColumns = VirtualColumns {
    oid: 12116,
    columns: &[
        c("pid", Int4),
        c("phase", Text),
        c("backup_total", Int8),
        c("backup_streamed", Int8),
        c("tablespaces_total", Int8),
        c("tablespaces_streamed", Int8),
    ],
};
/// pg_catalog.pg_stat_progress_cluster
pub const PG_STAT_PROGRESS_CLUSTER: VirtualColumns = VirtualColumns {
    oid: 12117,
    columns: &[
        c("pid", Int4),
        c("datid", Oid),
        c("datname", Name),
        c("relid", Oid),
        c("command", Text),
        c("phase", Text),
        c("cluster_index_relid", Oid),
        c("heap_tuples_scanned", Int8),
        c("heap_tuples_written", Int8),
        c("heap_blks_total", Int8),
        c("heap_blks_scanned", Int8),
        c("index_rebuild_count", Int8),
    ],
};
/// pg_catalog.pg_stat_progress_copy
pub const PG_STAT_PROGRESS_COPY: VirtualColumns = VirtualColumns {
    oid: 12118,
    columns: &[
        c("pid", Int4),
        c("datid", Oid),
        c("datname", Name),
        c("relid", Oid),
        c("command", Text),
        c("type", Text),
        c("bytes_processed", Int8),
        c("bytes_total", Int8),
        c("tuples_processed", Int8),
        c("tuples_excluded", Int8),
    ],
};
/// pg_catalog.pg_stat_progress_create_index
pub const PG_STAT_PROGRESS_CREATE_INDEX: VirtualColumns = VirtualColumns {
    oid: 12119,
    columns: &[
        c("pid", Int4),
        c("datid", Oid),
        c("datname", Name),
        c("relid", Oid),
        c("index_relid", Oid),
        c("command", Text),
        c("phase", Text),
        c("lockers_total", Int8),
        c("lockers_done", Int8),
        c("current_locker_pid", Int8),
        c("blocks_total", Int8),
        c("blocks_done", Int8),
        c("tuples_total", Int8),
        c("tuples_done", Int8),
        c("partitions_total", Int8),
        c("partitions_done", Int8),
    ],
};
/// pg_catalog.pg_stat_progress_vacuum
pub const PG_STAT_PROGRESS_VACUUM: VirtualColumns = VirtualColumns {
    oid: 12120,
    columns: &[
        c("pid", Int4),
        c("datid", Oid),
        c("datname", Name),
        c("relid", Oid),
        c("phase", Text),
        c("heap_blks_total", Int8),
        c("heap_blks_scanned", Int8),
        c("heap_blks_vacuumed", Int8),
        c("index_vacuum_count", Int8),
        c("max_dead_tuples", Int8),
        c("num_dead_tuples", Int8),
    ],
};
/// pg_catalog.pg_stat_recovery_prefetch
pub const PG_STAT_RECOVERY_PREFETCH: VirtualColumns = VirtualColumns {
    oid: 12121,
    columns: &[
        c("stats_reset", TimestampTz),
        c("prefetch", Int8),
        c("hit", Int8),
        c("skip_init", Int8),
        c("skip_new", Int8),
        c("skip_fpw", Int8),
        c("skip_rep", Int8),
        c("wal_distance", Int4),
        c("block_distance", Int4),
        c("io_depth", Int4),
    ],
};
/// pg_catalog.pg_stat_replication
pub const PG_STAT_REPLICATION: VirtualColumns = VirtualColumns {
    oid: 12122,
    columns: &[
        c("pid", Int4),
        c("usesysid", Oid),
        c("usename", Name),
        c("application_name", Text),
        c("client_addr", Text),
        c("client_hostname", Text),
        c("client_port", Int4),
        c("backend_start", TimestampTz),
        c("backend_xmin", Xid),
        c("state", Text),
        c("sent_lsn", Text),
        c("write_lsn", Text),
        c("flush_lsn", Text),
        c("replay_lsn", Text),
        c("write_lag", Interval),
        c("flush_lag", Interval),
        c("replay_lag", Interval),
        c("sync_priority", Int4),
        c("sync_state", Text),
        c("reply_time", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_replication_slots
pub const PG_STAT_REPLICATION_SLOTS: VirtualColumns = VirtualColumns {
    oid: 12123,
    columns: &[
        c("slot_name", Text),
        c("spill_txns", Int8),
        c("spill_count", Int8),
        c("spill_bytes", Int8),
        c("stream_txns", Int8),
        c("stream_count", Int8),
        c("stream_bytes", Int8),
        c("total_txns", Int8),
        c("total_bytes", Int8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_slru
pub const PG_STAT_SLRU: VirtualColumns = VirtualColumns {
    oid: 12124,
    columns: &[
        c("name", Text),
        c("blks_zeroed", Int8),
        c("blks_hit", Int8),
        c("blks_read", Int8),
        c("blks_written", Int8),
        c("blks_exists", Int8),
        c("flushes", Int8),
        c("truncates", Int8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_ssl
pub const PG_STAT_SSL: VirtualColumns = VirtualColumns {
    oid: 12125,
    columns: &[
        c("pid", Int4),
        c("ssl", Bool),
        c("version", Text),
        c("cipher", Text),
        c("bits", Int4),
        c("client_dn", Text),
        c("client_serial", Numeric),
        c("issuer_dn", Text),
    ],
};
/// pg_catalog.pg_stat_subscription
pub const PG_STAT_SUBSCRIPTION: VirtualColumns = VirtualColumns {
    oid: 12126,
    columns: &[
        c("subid", Oid),
        c("subname", Name),
        c("pid", Int4),
        c("relid", Oid),
        c("received_lsn", Text),
        c("last_msg_send_time", TimestampTz),
        c("last_msg_receipt_time", TimestampTz),
        c("latest_end_lsn", Text),
        c("latest_end_time", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_subscription_stats
pub const PG_STAT_SUBSCRIPTION_STATS: VirtualColumns = VirtualColumns {
    oid: 12127,
    columns: &[
        c("subid", Oid),
        c("subname", Name),
        c("apply_error_count", Int8),
        c("sync_error_count", Int8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_sys_indexes
pub const PG_STAT_SYS_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12128,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_scan", Int8),
        c("idx_tup_read", Int8),
        c("idx_tup_fetch", Int8),
    ],
};
/// pg_catalog.pg_stat_sys_tables
pub const PG_STAT_SYS_TABLES: VirtualColumns = VirtualColumns {
    oid: 12129,
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
/// pg_catalog.pg_stat_user_functions
pub const PG_STAT_USER_FUNCTIONS: VirtualColumns = VirtualColumns {
    oid: 12130,
    columns: &[
        c("funcid", Oid),
        c("schemaname", Name),
        c("funcname", Name),
        c("calls", Int8),
        c("total_time", Float8),
        c("self_time", Float8),
    ],
};
/// pg_catalog.pg_stat_user_indexes
pub const PG_STAT_USER_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12131,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_scan", Int8),
        c("idx_tup_read", Int8),
        c("idx_tup_fetch", Int8),
    ],
};
/// pg_catalog.pg_stat_wal
pub const PG_STAT_WAL: VirtualColumns = VirtualColumns {
    oid: 12132,
    columns: &[
        c("wal_records", Int8),
        c("wal_fpi", Int8),
        c("wal_bytes", Numeric),
        c("wal_buffers_full", Int8),
        c("wal_write", Int8),
        c("wal_sync", Int8),
        c("wal_write_time", Float8),
        c("wal_sync_time", Float8),
        c("stats_reset", TimestampTz),
    ],
};
/// pg_catalog.pg_stat_wal_receiver
pub const PG_STAT_WAL_RECEIVER: VirtualColumns = VirtualColumns {
    oid: 12133,
    columns: &[
        c("pid", Int4),
        c("status", Text),
        c("receive_start_lsn", Text),
        c("receive_start_tli", Int4),
        c("written_lsn", Text),
        c("flushed_lsn", Text),
        c("received_tli", Int4),
        c("last_msg_send_time", TimestampTz),
        c("last_msg_receipt_time", TimestampTz),
        c("latest_end_lsn", Text),
        c("latest_end_time", TimestampTz),
        c("slot_name", Text),
        c("sender_host", Text),
        c("sender_port", Int4),
        c("conninfo", Text),
    ],
};
/// pg_catalog.pg_stat_xact_all_tables
pub const PG_STAT_XACT_ALL_TABLES: VirtualColumns = VirtualColumns {
    oid: 12134,
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
    ],
};
/// pg_catalog.pg_stat_xact_sys_tables
pub const PG_STAT_XACT_SYS_TABLES: VirtualColumns = VirtualColumns {
    oid: 12135,
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
    ],
};
/// pg_catalog.pg_stat_xact_user_functions
pub const PG_STAT_XACT_USER_FUNCTIONS: VirtualColumns = VirtualColumns {
    oid: 12136,
    columns: &[
        c("funcid", Oid),
        c("schemaname", Name),
        c("funcname", Name),
        c("calls", Int8),
        c("total_time", Float8),
        c("self_time", Float8),
    ],
};
/// pg_catalog.pg_stat_xact_user_tables
pub const PG_STAT_XACT_USER_TABLES: VirtualColumns = VirtualColumns {
    oid: 12137,
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
    ],
};
/// pg_catalog.pg_statio_all_indexes
pub const PG_STATIO_ALL_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12138,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_all_sequences
pub const PG_STATIO_ALL_SEQUENCES: VirtualColumns = VirtualColumns {
    oid: 12139,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("blks_read", Int8),
        c("blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_all_tables
pub const PG_STATIO_ALL_TABLES: VirtualColumns = VirtualColumns {
    oid: 12140,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("heap_blks_read", Int8),
        c("heap_blks_hit", Int8),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
        c("toast_blks_read", Int8),
        c("toast_blks_hit", Int8),
        c("tidx_blks_read", Int8),
        c("tidx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_sys_indexes
pub const PG_STATIO_SYS_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12141,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_sys_sequences
pub const PG_STATIO_SYS_SEQUENCES: VirtualColumns = VirtualColumns {
    oid: 12142,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("blks_read", Int8),
        c("blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_sys_tables
pub const PG_STATIO_SYS_TABLES: VirtualColumns = VirtualColumns {
    oid: 12143,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("heap_blks_read", Int8),
        c("heap_blks_hit", Int8),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
        c("toast_blks_read", Int8),
        c("toast_blks_hit", Int8),
        c("tidx_blks_read", Int8),
        c("tidx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_user_indexes
pub const PG_STATIO_USER_INDEXES: VirtualColumns = VirtualColumns {
    oid: 12144,
    columns: &[
        c("relid", Oid),
        c("indexrelid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("indexrelname", Name),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_user_sequences
pub const PG_STATIO_USER_SEQUENCES: VirtualColumns = VirtualColumns {
    oid: 12145,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("blks_read", Int8),
        c("blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statio_user_tables
pub const PG_STATIO_USER_TABLES: VirtualColumns = VirtualColumns {
    oid: 12146,
    columns: &[
        c("relid", Oid),
        c("schemaname", Name),
        c("relname", Name),
        c("heap_blks_read", Int8),
        c("heap_blks_hit", Int8),
        c("idx_blks_read", Int8),
        c("idx_blks_hit", Int8),
        c("toast_blks_read", Int8),
        c("toast_blks_hit", Int8),
        c("tidx_blks_read", Int8),
        c("tidx_blks_hit", Int8),
    ],
};
/// pg_catalog.pg_statistic_ext_data
pub const PG_STATISTIC_EXT_DATA: VirtualColumns = VirtualColumns {
    oid: 3429,
    columns: &[
        c("stxoid", Oid),
        c("stxdinherit", Bool),
        c("stxdndistinct", Text),
        c("stxddependencies", Text),
        c("stxdmcv", Text),
        c("stxdexpr", Text),
    ],
};
/// pg_catalog.pg_stats_ext
pub const PG_STATS_EXT: VirtualColumns = VirtualColumns {
    oid: 12147,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("statistics_schemaname", Name),
        c("statistics_name", Name),
        c("statistics_owner", Name),
        c("attnames", Array(&Name)),
        c("exprs", Array(&Text)),
        c("kinds", Array(&Char)),
        c("inherited", Bool),
        c("n_distinct", Text),
        c("dependencies", Text),
        c("most_common_vals", Array(&Text)),
        c("most_common_val_nulls", Array(&Bool)),
        c("most_common_freqs", Array(&Float8)),
        c("most_common_base_freqs", Array(&Float8)),
    ],
};
/// pg_catalog.pg_stats_ext_exprs
pub const PG_STATS_EXT_EXPRS: VirtualColumns = VirtualColumns {
    oid: 12148,
    columns: &[
        c("schemaname", Name),
        c("tablename", Name),
        c("statistics_schemaname", Name),
        c("statistics_name", Name),
        c("statistics_owner", Name),
        c("expr", Text),
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
/// pg_catalog.pg_subscription_rel
pub const PG_SUBSCRIPTION_REL: VirtualColumns = VirtualColumns {
    oid: 6102,
    columns: &[c("srsubid", Oid), c("srrelid", Oid), c("srsubstate", Char), c("srsublsn", Text)],
};
/// pg_catalog.pg_timezone_abbrevs
pub const PG_TIMEZONE_ABBREVS: VirtualColumns = VirtualColumns {
    oid: 12149,
    columns: &[c("abbrev", Text), c("utc_offset", Interval), c("is_dst", Bool)],
};
/// pg_catalog.pg_transform
pub const PG_TRANSFORM: VirtualColumns = VirtualColumns {
    oid: 3576,
    columns: &[
        c("oid", Oid),
        c("trftype", Oid),
        c("trflang", Oid),
        c("trffromsql", RegProc),
        c("trftosql", RegProc),
    ],
};
/// pg_catalog.pg_ts_config
pub const PG_TS_CONFIG: VirtualColumns = VirtualColumns {
    oid: 3602,
    columns: &[
        c("oid", Oid),
        c("cfgname", Name),
        c("cfgnamespace", Oid),
        c("cfgowner", Oid),
        c("cfgparser", Oid),
    ],
};
/// pg_catalog.pg_ts_config_map
pub const PG_TS_CONFIG_MAP: VirtualColumns = VirtualColumns {
    oid: 3603,
    columns: &[c("mapcfg", Oid), c("maptokentype", Int4), c("mapseqno", Int4), c("mapdict", Oid)],
};
/// pg_catalog.pg_ts_dict
pub const PG_TS_DICT: VirtualColumns = VirtualColumns {
    oid: 3600,
    columns: &[
        c("oid", Oid),
        c("dictname", Name),
        c("dictnamespace", Oid),
        c("dictowner", Oid),
        c("dicttemplate", Oid),
        c("dictinitoption", Text),
    ],
};
/// pg_catalog.pg_ts_parser
pub const PG_TS_PARSER: VirtualColumns = VirtualColumns {
    oid: 3601,
    columns: &[
        c("oid", Oid),
        c("prsname", Name),
        c("prsnamespace", Oid),
        c("prsstart", RegProc),
        c("prstoken", RegProc),
        c("prsend", RegProc),
        c("prsheadline", RegProc),
        c("prslextype", RegProc),
    ],
};
/// pg_catalog.pg_ts_template
pub const PG_TS_TEMPLATE: VirtualColumns = VirtualColumns {
    oid: 3764,
    columns: &[
        c("oid", Oid),
        c("tmplname", Name),
        c("tmplnamespace", Oid),
        c("tmplinit", RegProc),
        c("tmpllexize", RegProc),
    ],
};
/// pg_catalog.pg_user_mapping
pub const PG_USER_MAPPING: VirtualColumns = VirtualColumns {
    oid: 1418,
    columns: &[c("oid", Oid), c("umuser", Oid), c("umserver", Oid), c("umoptions", Array(&Text))],
};
/// information_schema.administrable_role_authorizations
pub const IS_ADMINISTRABLE_ROLE_AUTHORIZATIONS: VirtualColumns = VirtualColumns {
    oid: 12150,
    columns: &[c("grantee", Name), c("role_name", Name), c("is_grantable", Varchar)],
};
/// information_schema.attributes
pub const IS_ATTRIBUTES: VirtualColumns = VirtualColumns {
    oid: 12151,
    columns: &[
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("attribute_name", Name),
        c("ordinal_position", Int4),
        c("attribute_default", Varchar),
        c("is_nullable", Varchar),
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
        c("attribute_udt_catalog", Name),
        c("attribute_udt_schema", Name),
        c("attribute_udt_name", Name),
        c("scope_catalog", Name),
        c("scope_schema", Name),
        c("scope_name", Name),
        c("maximum_cardinality", Int4),
        c("dtd_identifier", Name),
        c("is_derived_reference_attribute", Varchar),
    ],
};
/// information_schema.check_constraint_routine_usage
pub const IS_CHECK_CONSTRAINT_ROUTINE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12152,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
    ],
};
/// information_schema.collation_character_set_applicability
pub const IS_COLLATION_CHARACTER_SET_APPLICABILITY: VirtualColumns = VirtualColumns {
    oid: 12153,
    columns: &[
        c("collation_catalog", Name),
        c("collation_schema", Name),
        c("collation_name", Name),
        c("character_set_catalog", Name),
        c("character_set_schema", Name),
        c("character_set_name", Name),
    ],
};
/// information_schema.column_column_usage
pub const IS_COLUMN_COLUMN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12154,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("dependent_column", Name),
    ],
};
/// information_schema.column_domain_usage
pub const IS_COLUMN_DOMAIN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12155,
    columns: &[
        c("domain_catalog", Name),
        c("domain_schema", Name),
        c("domain_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
    ],
};
/// information_schema.column_options
pub const IS_COLUMN_OPTIONS: VirtualColumns = VirtualColumns {
    oid: 12156,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
        c("option_name", Name),
        c("option_value", Varchar),
    ],
};
/// information_schema.data_type_privileges
pub const IS_DATA_TYPE_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12157,
    columns: &[
        c("object_catalog", Name),
        c("object_schema", Name),
        c("object_name", Name),
        c("object_type", Varchar),
        c("dtd_identifier", Name),
    ],
};
/// information_schema.domain_constraints
pub const IS_DOMAIN_CONSTRAINTS: VirtualColumns = VirtualColumns {
    oid: 12158,
    columns: &[
        c("constraint_catalog", Name),
        c("constraint_schema", Name),
        c("constraint_name", Name),
        c("domain_catalog", Name),
        c("domain_schema", Name),
        c("domain_name", Name),
        c("is_deferrable", Varchar),
        c("initially_deferred", Varchar),
    ],
};
/// information_schema.domain_udt_usage
pub const IS_DOMAIN_UDT_USAGE: VirtualColumns = VirtualColumns {
    oid: 12159,
    columns: &[
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("domain_catalog", Name),
        c("domain_schema", Name),
        c("domain_name", Name),
    ],
};
/// information_schema.foreign_data_wrapper_options
pub const IS_FOREIGN_DATA_WRAPPER_OPTIONS: VirtualColumns = VirtualColumns {
    oid: 12160,
    columns: &[
        c("foreign_data_wrapper_catalog", Name),
        c("foreign_data_wrapper_name", Name),
        c("option_name", Name),
        c("option_value", Varchar),
    ],
};
/// information_schema.foreign_data_wrappers
pub const IS_FOREIGN_DATA_WRAPPERS: VirtualColumns = VirtualColumns {
    oid: 12161,
    columns: &[
        c("foreign_data_wrapper_catalog", Name),
        c("foreign_data_wrapper_name", Name),
        c("authorization_identifier", Name),
        c("library_name", Varchar),
        c("foreign_data_wrapper_language", Varchar),
    ],
};
/// information_schema.foreign_server_options
pub const IS_FOREIGN_SERVER_OPTIONS: VirtualColumns = VirtualColumns {
    oid: 12162,
    columns: &[
        c("foreign_server_catalog", Name),
        c("foreign_server_name", Name),
        c("option_name", Name),
        c("option_value", Varchar),
    ],
};
/// information_schema.foreign_servers
pub const IS_FOREIGN_SERVERS: VirtualColumns = VirtualColumns {
    oid: 12163,
    columns: &[
        c("foreign_server_catalog", Name),
        c("foreign_server_name", Name),
        c("foreign_data_wrapper_catalog", Name),
        c("foreign_data_wrapper_name", Name),
        c("foreign_server_type", Varchar),
        c("foreign_server_version", Varchar),
        c("authorization_identifier", Name),
    ],
};
/// information_schema.foreign_table_options
pub const IS_FOREIGN_TABLE_OPTIONS: VirtualColumns = VirtualColumns {
    oid: 12164,
    columns: &[
        c("foreign_table_catalog", Name),
        c("foreign_table_schema", Name),
        c("foreign_table_name", Name),
        c("option_name", Name),
        c("option_value", Varchar),
    ],
};
/// information_schema.foreign_tables
pub const IS_FOREIGN_TABLES: VirtualColumns = VirtualColumns {
    oid: 12165,
    columns: &[
        c("foreign_table_catalog", Name),
        c("foreign_table_schema", Name),
        c("foreign_table_name", Name),
        c("foreign_server_catalog", Name),
        c("foreign_server_name", Name),
    ],
};
/// information_schema.role_column_grants
pub const IS_ROLE_COLUMN_GRANTS: VirtualColumns = VirtualColumns {
    oid: 12166,
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
/// information_schema.role_routine_grants
pub const IS_ROLE_ROUTINE_GRANTS: VirtualColumns = VirtualColumns {
    oid: 12167,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.role_udt_grants
pub const IS_ROLE_UDT_GRANTS: VirtualColumns = VirtualColumns {
    oid: 12168,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.role_usage_grants
pub const IS_ROLE_USAGE_GRANTS: VirtualColumns = VirtualColumns {
    oid: 12169,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("object_catalog", Name),
        c("object_schema", Name),
        c("object_name", Name),
        c("object_type", Varchar),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.routine_column_usage
pub const IS_ROUTINE_COLUMN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12170,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
    ],
};
/// information_schema.routine_privileges
pub const IS_ROUTINE_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12171,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.routine_routine_usage
pub const IS_ROUTINE_ROUTINE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12172,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
    ],
};
/// information_schema.routine_sequence_usage
pub const IS_ROUTINE_SEQUENCE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12173,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("sequence_catalog", Name),
        c("sequence_schema", Name),
        c("sequence_name", Name),
    ],
};
/// information_schema.routine_table_usage
pub const IS_ROUTINE_TABLE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12174,
    columns: &[
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("routine_catalog", Name),
        c("routine_schema", Name),
        c("routine_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
    ],
};
/// information_schema.sql_features
pub const IS_SQL_FEATURES: VirtualColumns = VirtualColumns {
    oid: 12175,
    columns: &[
        c("feature_id", Varchar),
        c("feature_name", Varchar),
        c("sub_feature_id", Varchar),
        c("sub_feature_name", Varchar),
        c("is_supported", Varchar),
        c("is_verified_by", Varchar),
        c("comments", Varchar),
    ],
};
/// information_schema.sql_implementation_info
pub const IS_SQL_IMPLEMENTATION_INFO: VirtualColumns = VirtualColumns {
    oid: 12176,
    columns: &[
        c("implementation_info_id", Varchar),
        c("implementation_info_name", Varchar),
        c("integer_value", Int4),
        c("character_value", Varchar),
        c("comments", Varchar),
    ],
};
/// information_schema.sql_parts
pub const IS_SQL_PARTS: VirtualColumns = VirtualColumns {
    oid: 12177,
    columns: &[
        c("feature_id", Varchar),
        c("feature_name", Varchar),
        c("is_supported", Varchar),
        c("is_verified_by", Varchar),
        c("comments", Varchar),
    ],
};
/// information_schema.sql_sizing
pub const IS_SQL_SIZING: VirtualColumns = VirtualColumns {
    oid: 12178,
    columns: &[
        c("sizing_id", Int4),
        c("sizing_name", Varchar),
        c("supported_value", Int4),
        c("comments", Varchar),
    ],
};
/// information_schema.transforms
pub const IS_TRANSFORMS: VirtualColumns = VirtualColumns {
    oid: 12179,
    columns: &[
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
        c("group_name", Name),
        c("transform_type", Varchar),
    ],
};
/// information_schema.triggered_update_columns
pub const IS_TRIGGERED_UPDATE_COLUMNS: VirtualColumns = VirtualColumns {
    oid: 12180,
    columns: &[
        c("trigger_catalog", Name),
        c("trigger_schema", Name),
        c("trigger_name", Name),
        c("event_object_catalog", Name),
        c("event_object_schema", Name),
        c("event_object_table", Name),
        c("event_object_column", Name),
    ],
};
/// information_schema.udt_privileges
pub const IS_UDT_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12181,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("udt_catalog", Name),
        c("udt_schema", Name),
        c("udt_name", Name),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.usage_privileges
pub const IS_USAGE_PRIVILEGES: VirtualColumns = VirtualColumns {
    oid: 12182,
    columns: &[
        c("grantor", Name),
        c("grantee", Name),
        c("object_catalog", Name),
        c("object_schema", Name),
        c("object_name", Name),
        c("object_type", Varchar),
        c("privilege_type", Varchar),
        c("is_grantable", Varchar),
    ],
};
/// information_schema.user_defined_types
pub const IS_USER_DEFINED_TYPES: VirtualColumns = VirtualColumns {
    oid: 12183,
    columns: &[
        c("user_defined_type_catalog", Name),
        c("user_defined_type_schema", Name),
        c("user_defined_type_name", Name),
        c("user_defined_type_category", Varchar),
        c("is_instantiable", Varchar),
        c("is_final", Varchar),
        c("ordering_form", Varchar),
        c("ordering_category", Varchar),
        c("ordering_routine_catalog", Name),
        c("ordering_routine_schema", Name),
        c("ordering_routine_name", Name),
        c("reference_type", Varchar),
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
        c("source_dtd_identifier", Name),
        c("ref_dtd_identifier", Name),
    ],
};
/// information_schema.user_mapping_options
pub const IS_USER_MAPPING_OPTIONS: VirtualColumns = VirtualColumns {
    oid: 12184,
    columns: &[
        c("authorization_identifier", Name),
        c("foreign_server_catalog", Name),
        c("foreign_server_name", Name),
        c("option_name", Name),
        c("option_value", Varchar),
    ],
};
/// information_schema.user_mappings
pub const IS_USER_MAPPINGS: VirtualColumns = VirtualColumns {
    oid: 12185,
    columns: &[
        c("authorization_identifier", Name),
        c("foreign_server_catalog", Name),
        c("foreign_server_name", Name),
    ],
};
/// information_schema.view_column_usage
pub const IS_VIEW_COLUMN_USAGE: VirtualColumns = VirtualColumns {
    oid: 12186,
    columns: &[
        c("view_catalog", Name),
        c("view_schema", Name),
        c("view_name", Name),
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("column_name", Name),
    ],
};
/// information_schema.view_routine_usage
pub const IS_VIEW_ROUTINE_USAGE: VirtualColumns = VirtualColumns {
    oid: 12187,
    columns: &[
        c("table_catalog", Name),
        c("table_schema", Name),
        c("table_name", Name),
        c("specific_catalog", Name),
        c("specific_schema", Name),
        c("specific_name", Name),
    ],
};
