//! How the value of a version is written.

use base::{Timestamp, TxnId};

use crate::error::{Error, Result};

/// High half: format version 1. Low half: what it is.
const VALUE: u8 = 0x11;
const TOMBSTONE: u8 = 0x12;
const HEADER_LEN: usize = 17;

/// When and by whom a version was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionMeta {
    /// Its commit timestamp.
    pub ts: Timestamp,
    /// The transaction that wrote it.
    pub txn: TxnId,
}

/// What goes before the bytes of a version.
pub(super) fn header(txn: TxnId, tombstone: bool) -> [u8; HEADER_LEN] {
    let mut out = [if tombstone { TOMBSTONE } else { VALUE }; HEADER_LEN];
    out[1..].copy_from_slice(&txn.to_bytes());
    out
}

/// The writer and the bytes of a version; `None` for a tombstone.
#[inline]
pub fn decode_version(stored: &[u8]) -> Result<(TxnId, Option<&[u8]>)> {
    let Some((header, value)) = stored.split_first_chunk::<HEADER_LEN>() else {
        return Err(Error::Corrupt("version is too short".into()));
    };
    let (&kind, id) = header.split_first().expect("a header is not empty");
    let txn = TxnId::from_bytes(id.try_into().expect("sixteen of seventeen bytes"));
    match kind {
        VALUE => Ok((txn, Some(value))),
        TOMBSTONE if value.is_empty() => Ok((txn, None)),
        TOMBSTONE => Err(Error::Corrupt("tombstone with a value".into())),
        _ => Err(Error::Corrupt(format!("version has unknown format {kind:#04x}"))),
    }
}
