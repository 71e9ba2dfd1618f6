//! Where everything lies in the one keyspace (its top is laid down in [`sql::layout`]).
//!
//! ```text
//!   02 a i                         the next free id
//!   02 a q <id>                    a sequence's state
//!   02 c d <id>                    a descriptor (database, schema, table, sequence, role …)
//!   02 c v                         the catalog's version counter
//!   02 c l <version>               which descriptors that version changed
//!   02 c t <id>                    a table's statistics
//!   02 c g <number>                rows that nobody may read any more, to be removed
//!   03 <storage> <index> …         rows of a table (its first index) and entries of its other indexes
//! ```
//! What changes outside of the transactions that use it (ids, sequences) lies below everything that transactions
//! read: a read set that has become so large that neighbouring spans are joined must not come to cover it.
//! Ids are four bytes, big endian; the catalog's version eight.

use base::encoding::{put_u32, put_u64, take_u32, take_u64};
use base::{Key, Span};
use sql::catalog::{DescriptorId, IndexId};
use sql::layout::SYSTEM_PREFIX;

/// Bytes before the id in a system key.
const HEAD: usize = 3;

fn system(kind: u8, room: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(HEAD + room);
    key.extend_from_slice(&[SYSTEM_PREFIX, b'c', kind]);
    key
}

/// A key of what changes outside of the transactions that use it.
fn apart(kind: u8) -> Vec<u8> {
    vec![SYSTEM_PREFIX, b'a', kind]
}

fn with_id(kind: u8, id: u32) -> Key {
    let mut key = system(kind, 4);
    put_u32(&mut key, id);
    Key::from(key)
}

fn take_id(key: &Key) -> Option<u32> {
    let mut rest = key.as_bytes().get(HEAD..)?;
    let id = take_u32(&mut rest).ok()?;
    rest.is_empty().then_some(id)
}

/// A descriptor.
pub fn descriptor(id: DescriptorId) -> Key {
    with_id(b'd', id.0)
}

/// All descriptors.
pub fn descriptors() -> Span {
    Span::prefix(Key::from(system(b'd', 0)))
}

/// The id in a descriptor's key.
pub fn descriptor_id(key: &Key) -> Option<DescriptorId> {
    take_id(key).map(DescriptorId)
}

/// The catalog's version counter.
pub fn catalog_version() -> Key {
    Key::from(system(b'v', 0))
}

/// Which descriptors a catalog version changed.
pub fn change(version: u64) -> Key {
    let mut key = system(b'l', 8);
    put_u64(&mut key, version);
    Key::from(key)
}

/// The next free id.
pub fn next_id() -> Key {
    Key::from(apart(b'i'))
}

/// A sequence's state.
pub fn sequence(id: DescriptorId) -> Key {
    let mut key = apart(b'q');
    put_u32(&mut key, id.0);
    Key::from(key)
}

/// A table's statistics.
pub fn statistics(id: DescriptorId) -> Key {
    with_id(b't', id.0)
}

/// All statistics.
pub fn all_statistics() -> Span {
    Span::prefix(Key::from(system(b't', 0)))
}

/// The table whose statistics a key holds.
pub fn statistics_table(key: &Key) -> Option<DescriptorId> {
    take_id(key).map(DescriptorId)
}

/// A note that rows are to be removed, by its number.
pub fn garbage(number: u64) -> Key {
    let mut key = system(b'g', 8);
    put_u64(&mut key, number);
    Key::from(key)
}

/// All such notes.
pub fn all_garbage() -> Span {
    Span::prefix(Key::from(system(b'g', 0)))
}

/// All keys of an index.
pub fn index_span(storage: u32, index: IndexId) -> Span {
    Span::prefix(Key::from(sql::layout::index_prefix(storage, index)))
}

/// All keys of a table with all of its indexes.
pub fn storage_span(storage: u32) -> Span {
    Span::prefix(Key::from(sql::layout::table_prefix(storage)))
}

/// Where a version counter, an id or a sequence's state is kept: `format version · eight bytes`.
pub fn encode_u64(value: u64) -> Vec<u8> {
    let mut out = vec![1];
    put_u64(&mut out, value);
    out
}

/// The inverse of [`encode_u64`].
pub fn decode_u64(bytes: &[u8]) -> datum::Result<u64> {
    let corrupt = || {
        datum::Error::new(
            datum::error::sqlstate::DATA_CORRUPTED,
            "a counter of the catalog has an unknown format",
        )
    };
    let (version, mut rest) = bytes.split_first().ok_or_else(corrupt)?;
    if *version != 1 {
        return Err(corrupt());
    }
    let value = take_u64(&mut rest).map_err(|_| corrupt())?;
    if rest.is_empty() { Ok(value) } else { Err(corrupt()) }
}
