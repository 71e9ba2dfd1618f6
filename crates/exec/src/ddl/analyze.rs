//! ANALYZE: counts rows, distinct values and NULLs, for the planner. And LOCK TABLE.

use std::sync::Arc;

use base::map::HashSet;
use datum::{Datum, Result};
use proto::{LockOptions, LockStrength, LockWait};
use sql::catalog::*;
use sql::plan::LockWaitPolicy;
use sql::statement::TableLockMode;

use super::Ddl;

/// Distinct values are counted up to here, and taken to grow with the rows beyond.
const DISTINCT_MAX: usize = 20_000;

impl Ddl<'_> {
    /// ANALYZE; no tables means all of the database.
    pub(super) async fn analyze(&mut self, tables: &[Arc<TableDescriptor>]) -> Result<()> {
        let tables: Vec<Arc<TableDescriptor>> = if tables.is_empty() {
            let database = self.database();
            self.catalog().tables(database).filter(|t| t.kind == RelationKind::Table).cloned().collect()
        } else {
            tables.iter().filter(|t| t.kind == RelationKind::Table).cloned().collect()
        };
        for table in tables {
            let mut rows = 0u64;
            let width = table.columns.len();
            let mut seen: Vec<HashSet<Datum>> = vec![HashSet::default(); width];
            let mut nulls = vec![0u64; width];
            // Rows looked at until the set of a column was full.
            let mut full: Vec<Option<u64>> = vec![None; width];
            let mut cx = self.cx();
            let mut scan = super::rewrite::TableScan::new(&table, &mut cx)?;
            while let Some(batch) = scan.next(&mut cx).await? {
                for row in batch.rows() {
                    rows += 1;
                    for (i, value) in row.iter().enumerate() {
                        if value.is_null() {
                            nulls[i] += 1;
                        } else if full[i].is_none() {
                            seen[i].insert(value.clone());
                            if seen[i].len() >= DISTINCT_MAX {
                                full[i] = Some(rows);
                                seen[i] = HashSet::default();
                            }
                        }
                    }
                }
            }
            let columns = table.columns.iter().enumerate().map(|(i, column)| {
                let distinct = match full[i] {
                    Some(at) => DISTINCT_MAX as f64 * rows as f64 / at as f64,
                    None => seen[i].len() as f64,
                };
                (column.id, distinct, if rows == 0 { 0.0 } else { nulls[i] as f64 / rows as f64 })
            });
            let statistics = TableStatistics { rows: rows as f64, columns: columns.collect() };
            self.tx.put_statistics(table.id, statistics)?;
        }
        Ok(())
    }

    /// LOCK TABLE: the table's descriptor is locked; the strong modes keep each other out.
    pub(super) async fn lock_tables(
        &mut self,
        tables: &[Arc<TableDescriptor>],
        mode: TableLockMode,
        wait: LockWaitPolicy,
    ) -> Result<()> {
        let strength = match mode {
            TableLockMode::AccessShare => return Ok(()),
            TableLockMode::RowShare | TableLockMode::RowExclusive => LockStrength::KeyShare,
            TableLockMode::Share => LockStrength::Share,
            TableLockMode::ShareUpdateExclusive | TableLockMode::ShareRowExclusive => {
                LockStrength::NoKeyUpdate
            }
            TableLockMode::Exclusive | TableLockMode::AccessExclusive => LockStrength::Update,
        };
        let wait = match wait {
            LockWaitPolicy::NoWait => LockWait::NoWait,
            _ => LockWait::Wait(
                self.state.session.lock_timeout().unwrap_or(std::time::Duration::from_secs(3600)),
            ),
        };
        let keys: Vec<_> = tables.iter().map(|table| crate::keys::descriptor(table.id)).collect();
        self.tx.txn.lock(&keys, LockOptions { strength, wait }).await
    }
}
