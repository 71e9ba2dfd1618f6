//! Where the rows of tables and indexes lie: which [`RowLayout`] each index has, and the top of the keyspace.
//!
//! ```text
//!   01 …                         routing: range descriptors
//!   02 …                         system tables: nodes, users, descriptors, statistics, sequences, jobs
//!   03 storage_id index_id …     user tables: u32 and u32, big endian, then the key columns
//! ```
//! A decoded row has the table's columns in order; the row of an index with expression keys has one more column for
//! each of them, in order of the keys.

use bytes::{BufMut, Bytes, BytesMut};
use datum::row::{KeyColumn, ValueColumn};
use datum::{Datum, RowLayout};

use crate::catalog::{ColumnId, IndexDescriptor, IndexId, IndexKeyKind, TableDescriptor};

/// First byte of routing keys.
pub const ROUTING_PREFIX: u8 = 0x01;
/// First byte of system keys.
pub const SYSTEM_PREFIX: u8 = 0x02;
/// First byte of user tables' keys.
pub const TABLE_PREFIX: u8 = 0x03;

/// What every key of this index begins with.
pub fn index_prefix(storage_id: u32, index: IndexId) -> Bytes {
    let mut out = BytesMut::with_capacity(9);
    out.put_u8(TABLE_PREFIX);
    out.put_u32(storage_id);
    out.put_u32(index);
    out.freeze()
}

/// What every key of this table begins with, all indexes together.
pub fn table_prefix(storage_id: u32) -> Bytes {
    let mut out = BytesMut::with_capacity(5);
    out.put_u8(TABLE_PREFIX);
    out.put_u32(storage_id);
    out.freeze()
}

/// Ids of the columns of the primary index, in key order. A table without a primary key has its hidden rowid here.
pub fn primary_key(table: &TableDescriptor) -> Vec<ColumnId> {
    table.indexes.first().map(key_columns).unwrap_or_default()
}

/// Positions of the columns of the primary index in `table.columns`.
pub fn primary_key_ordinals(table: &TableDescriptor) -> Vec<usize> {
    primary_key(table).into_iter().filter_map(|id| table.column_ordinal(id)).collect()
}

/// Ids of the columns among an index's keys (expressions left out).
pub fn key_columns(index: &IndexDescriptor) -> Vec<ColumnId> {
    index
        .keys
        .iter()
        .filter_map(|k| match &k.what {
            IndexKeyKind::Column(id) => Some(*id),
            IndexKeyKind::Expression(..) => None,
        })
        .collect()
}

/// Positions in `table.columns` of all columns that an entry of the index carries (key, INCLUDE, primary key).
pub fn covered_columns(table: &TableDescriptor, index: &IndexDescriptor) -> Vec<usize> {
    if is_primary_index(table, index.id) {
        return (0..table.columns.len()).collect();
    }
    let mut out: Vec<usize> = key_columns(index)
        .into_iter()
        .chain(index.include.iter().copied())
        .chain(primary_key(table))
        .filter_map(|id| table.column_ordinal(id))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether it is the index that holds the rows themselves.
pub fn is_primary_index(table: &TableDescriptor, index: IndexId) -> bool {
    table.indexes.first().is_some_and(|first| first.id == index)
}

/// How the rows of an index of the table lie in keys and values. `None` if there is no such index.
pub fn row_layout(table: &TableDescriptor, index: IndexId) -> Option<RowLayout> {
    let descriptor = table.index(index)?;
    let primary = is_primary_index(table, index);
    let mut width = table.columns.len() as u32;
    let mut key = Vec::with_capacity(descriptor.keys.len());
    for part in &descriptor.keys {
        let (ordinal, ty) = match &part.what {
            IndexKeyKind::Column(id) => {
                let ordinal = table.column_ordinal(*id)?;
                (ordinal as u32, table.columns[ordinal].ty.ty)
            }
            IndexKeyKind::Expression(_, ty) => {
                width += 1;
                (width - 1, ty.ty)
            }
        };
        key.push(KeyColumn { ordinal, ty, desc: part.desc, nulls_first: part.nulls_first });
    }
    let mut value = Vec::new();
    let mut unique_prefix = None;
    if primary {
        for (ordinal, column) in table.columns.iter().enumerate() {
            if !key.iter().any(|k| k.ordinal == ordinal as u32) {
                value.push(ValueColumn {
                    ordinal: ordinal as u32,
                    id: column.id,
                    ty: column.ty.ty,
                    missing: column.missing.clone(),
                });
            }
        }
    } else {
        if descriptor.unique {
            unique_prefix = Some(key.len() as u32);
        }
        for ordinal in primary_key_ordinals(table) {
            if !key.iter().any(|k| k.ordinal == ordinal as u32) {
                let ty = table.columns[ordinal].ty.ty;
                key.push(KeyColumn { ordinal: ordinal as u32, ty, desc: false, nulls_first: false });
            }
        }
        for id in &descriptor.include {
            let ordinal = table.column_ordinal(*id)? as u32;
            if !key.iter().any(|k| k.ordinal == ordinal)
                && !value.iter().any(|v: &ValueColumn| v.ordinal == ordinal)
            {
                let column = &table.columns[ordinal as usize];
                value.push(ValueColumn { ordinal, id: *id, ty: column.ty.ty, missing: Datum::Null });
            }
        }
    }
    Some(RowLayout { prefix: index_prefix(table.storage_id, index), key, unique_prefix, value, width })
}
