//! How the instances are opened, and why so.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, LogLevel,
    SliceTransform,
};
use storage::Space;
use storage::keys::SUFFIX_LEN;

use crate::engine::Durability;
use crate::room::{FreeBytes, free_bytes};

/// What may be chosen. The defaults are for a node of a few gigabytes of memory.
#[derive(Clone)]
pub struct Options {
    /// Blocks of data files, their indexes and filters, of both instances. Memory is taken as they are read.
    pub cache_bytes: usize,
    /// Unflushed writes of the data instance before they are flushed. More = fewer, larger files, and more log
    /// to replay after a crash.
    pub data_memtable_bytes: usize,
    /// The same of the log instance.
    pub log_memtable_bytes: usize,
    /// Open files of the data instance.
    pub max_open_files: i32,
    /// Threads that flush and compact.
    pub background_jobs: i32,
    /// Compress the last level with zstd: about a third smaller than lz4, and several times dearer to read.
    pub bottommost_zstd: bool,
    /// With less room than this on the device, writes are refused and reads go on. Must cover what flushing both
    /// instances' memory and one compaction take.
    pub free_bytes_min: u64,
    /// How room is measured.
    pub free_bytes: FreeBytes,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cache_bytes: 256 << 20,
            data_memtable_bytes: 32 << 20,
            log_memtable_bytes: 16 << 20,
            max_open_files: 1000,
            background_jobs: 2,
            bottommost_zstd: false,
            free_bytes_min: 256 << 20,
            free_bytes: free_bytes(),
        }
    }
}

impl Options {
    pub(crate) fn cache(&self) -> Cache {
        Cache::new_lru_cache(self.cache_bytes)
    }

    /// Options of an instance as a whole.
    pub(crate) fn instance(
        &self,
        durability: Durability,
        create: bool,
    ) -> Result<rocksdb::Options, rocksdb::Error> {
        // There is no setter for this one. Closing must not flush behind our back: whoever stops cleanly syncs,
        // and whoever does not has crashed.
        let mut base = rocksdb::Options::default();
        let mut options = base.get_options_from_string("avoid_flush_during_shutdown=true")?;
        options.create_if_missing(create);
        options.create_missing_column_families(create);
        options.set_paranoid_checks(true);
        options.set_max_background_jobs(self.background_jobs);
        options.set_max_open_files(match durability {
            Durability::Flush => self.max_open_files,
            Durability::Log => 64,
        });
        // Nothing may tick while the node is idle.
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        options.set_log_level(LogLevel::Warn);
        options.set_keep_log_file_num(4);
        options.set_max_log_file_size(4 << 20);
        // Spread the writing of large files, instead of one burst that a sync of the log would wait behind.
        options.set_bytes_per_sync(1 << 20);
        match durability {
            Durability::Flush => options.set_atomic_flush(true),
            // Only the record at the very end may be torn. Anything else is damage to acknowledged writes.
            Durability::Log => {
                options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
                options.set_track_and_verify_wals_in_manifest(true);
                options.set_wal_bytes_per_sync(0);
            }
        }
        Ok(options)
    }

    /// The column family of a space.
    pub(crate) fn column_family(&self, space: Space, cache: &Cache) -> ColumnFamilyDescriptor {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(cache);
        table.set_format_version(6);
        table.set_block_size(16 << 10);
        table.set_cache_index_and_filter_blocks(true);
        table.set_cache_index_and_filter_blocks_with_high_priority(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_optimize_filters_for_memory(true);

        let mut options = rocksdb::Options::default();
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_max_write_buffer_number(3);
        match space {
            Space::Mvcc => {
                table.set_bloom_filter(10.0, false);
                // Point reads seek for a user key of which they do not know the version.
                table.set_whole_key_filtering(false);
                options.set_prefix_extractor(user_key_prefix());
                options.set_memtable_prefix_bloom_ratio(0.05);
                options.set_write_buffer_size(self.data_memtable_bytes);
                options.set_max_bytes_for_level_base(4 * self.data_memtable_bytes as u64);
                options.set_target_file_size_base(self.data_memtable_bytes as u64);
                if self.bottommost_zstd {
                    options.set_bottommost_compression_type(DBCompressionType::Zstd);
                }
            }
            Space::Local => {
                table.set_bloom_filter(10.0, false);
                options.set_write_buffer_size((self.data_memtable_bytes / 4).max(1 << 20));
                options.set_memtable_whole_key_filtering(true);
                options.set_memtable_prefix_bloom_ratio(0.02);
            }
            // Read at a start, and by replicas that lag; deleted in order. Filters would serve nobody.
            Space::Log => options.set_write_buffer_size(self.log_memtable_bytes),
        }
        options.set_block_based_table_factory(&table);
        ColumnFamilyDescriptor::new(space.name(), options)
    }
}

fn user_key_prefix() -> SliceTransform {
    SliceTransform::create(
        "holdfast.user_key.1",
        |key| &key[..key.len().saturating_sub(SUFFIX_LEN)],
        Some(|key| key.len() >= SUFFIX_LEN),
    )
}
