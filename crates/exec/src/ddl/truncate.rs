//! TRUNCATE: a new storage for the table; the rows of the old one are removed later.

use std::collections::BTreeSet;
use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Result};
use sql::catalog::*;

use super::Ddl;
use crate::sequence::SequenceState;

impl Ddl<'_> {
    /// TRUNCATE.
    pub(super) async fn truncate(
        &mut self,
        tables: &[Arc<TableDescriptor>],
        restart_identity: bool,
        cascade: bool,
    ) -> Result<()> {
        let mut wanted: Vec<DescriptorId> = Vec::new();
        for table in tables {
            if !matches!(table.kind, RelationKind::Table) {
                return Err(Error::new(
                    sqlstate::WRONG_OBJECT_TYPE,
                    format!("\"{}\" is not a table", table.name),
                ));
            }
            if !wanted.contains(&table.id) {
                wanted.push(table.id);
            }
        }
        let mut seen: BTreeSet<DescriptorId> = wanted.iter().copied().collect();
        let mut at = 0;
        while at < wanted.len() {
            let table = self.table(wanted[at])?;
            at += 1;
            for child in &table.referenced_by {
                if seen.contains(child) {
                    continue;
                }
                let child = self.table(*child)?;
                if !cascade {
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        "cannot truncate a table referenced in a foreign key constraint",
                    )
                    .detail(format!("Table \"{}\" references \"{}\".", child.name, table.name))
                    .hint(format!(
                        "Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.",
                        child.name
                    )));
                }
                self.notice(
                    sqlstate::SUCCESSFUL_COMPLETION,
                    format!("truncate cascades to table \"{}\"", child.name),
                );
                seen.insert(child.id);
                wanted.push(child.id);
            }
        }
        for id in wanted {
            let old = self.table(id)?;
            let mut new = (*old).clone();
            new.storage_id = self.next_id().await?.0;
            self.put_table(new)?;
            self.discard(crate::keys::storage_span(old.storage_id))?;
            if restart_identity {
                for sequence in old.columns.iter().filter_map(|column| column.owned_sequence) {
                    let sequence = self.catalog().sequence_by_id(sequence).cloned();
                    if let Some(sequence) = sequence {
                        let state = SequenceState { last: sequence.start, called: false };
                        crate::sequence::set(self.node, sequence.id, state).await?;
                    }
                }
            }
        }
        Ok(())
    }
}
