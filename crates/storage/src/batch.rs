//! [`WriteBatch`]: writes that happen together.
//!
//! A batch *is* its encoding, so that putting one into a Raft entry and applying it from there costs a copy:
//!
//! ```text
//! version  op…          op = kind and space (1 byte), key length (varint), key,
//! (1 byte)                   then for puts value length, value; for range deletes end length, end
//! ```

use crate::engine::Space;
use crate::error::{Error, Result};

const VERSION: u8 = 1;
const PUT: u8 = 0;
const DELETE: u8 = 1;
const DELETE_RANGE: u8 = 2;

/// Writes that happen together, in order: a later one wins over an earlier one on the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteBatch {
    repr: Vec<u8>,
    ops: usize,
}

/// One write of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Sets a key.
    Put {
        /// Where.
        space: Space,
        /// Which key.
        key: &'a [u8],
        /// To what.
        value: &'a [u8],
    },
    /// Removes a key, if it is there.
    Delete {
        /// Where.
        space: Space,
        /// Which key.
        key: &'a [u8],
    },
    /// Removes every key in `[start, end)`.
    DeleteRange {
        /// Where.
        space: Space,
        /// First key.
        start: &'a [u8],
        /// First key beyond.
        end: &'a [u8],
    },
}

impl Default for WriteBatch {
    fn default() -> Self {
        WriteBatch::new()
    }
}

impl WriteBatch {
    /// Nothing yet.
    pub fn new() -> WriteBatch {
        WriteBatch::with_capacity(256)
    }

    /// Nothing yet, with room for an encoding of this many bytes.
    pub fn with_capacity(bytes: usize) -> WriteBatch {
        let mut repr = Vec::with_capacity(bytes.max(1));
        repr.push(VERSION);
        WriteBatch { repr, ops: 0 }
    }

    /// The batch of this encoding. Every operation is checked here, so that [`WriteBatch::iter`] cannot fail.
    pub fn from_bytes(bytes: &[u8]) -> Result<WriteBatch> {
        let mut input = match bytes.split_first() {
            Some((&VERSION, rest)) => rest,
            Some((version, _)) => {
                return Err(Error::Corrupt(format!("write batch has unknown format version {version}")));
            }
            None => return Err(Error::Corrupt("write batch is empty".into())),
        };
        let mut ops = 0;
        while !input.is_empty() {
            take_op(&mut input).ok_or_else(|| Error::Corrupt("write batch is malformed".into()))?;
            ops += 1;
        }
        Ok(WriteBatch { repr: bytes.to_vec(), ops })
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.repr
    }

    /// The encoding.
    pub fn into_bytes(self) -> Vec<u8> {
        self.repr
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ops == 0
    }

    /// Bytes of the encoding.
    pub fn byte_len(&self) -> usize {
        self.repr.len()
    }

    /// Forgets all operations; keeps the memory.
    pub fn clear(&mut self) {
        self.repr.truncate(1);
        self.ops = 0;
    }

    /// Sets a key.
    pub fn put(&mut self, space: Space, key: &[u8], value: &[u8]) {
        self.put_parts(space, key, &[value]);
    }

    /// Sets a key to the concatenation of these parts.
    pub fn put_parts(&mut self, space: Space, key: &[u8], value: &[&[u8]]) {
        self.op(PUT, space, key);
        put_varint(&mut self.repr, value.iter().map(|part| part.len()).sum());
        for part in value {
            self.repr.extend_from_slice(part);
        }
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, space: Space, key: &[u8]) {
        self.op(DELETE, space, key);
    }

    /// Removes every key in `[start, end)`.
    pub fn delete_range(&mut self, space: Space, start: &[u8], end: &[u8]) {
        if start < end {
            self.op(DELETE_RANGE, space, start);
            put_varint(&mut self.repr, end.len());
            self.repr.extend_from_slice(end);
        }
    }

    /// Adds all operations of another batch behind these.
    pub fn append(&mut self, other: &WriteBatch) {
        self.repr.extend_from_slice(&other.repr[1..]);
        self.ops += other.ops;
    }

    /// The operations in order.
    pub fn iter(&self) -> impl Iterator<Item = Op<'_>> {
        let mut input = &self.repr[1..];
        std::iter::from_fn(move || {
            (!input.is_empty()).then(|| take_op(&mut input).expect("checked when it was built"))
        })
    }

    fn op(&mut self, kind: u8, space: Space, key: &[u8]) {
        self.repr.push(kind << 4 | space as u8);
        put_varint(&mut self.repr, key.len());
        self.repr.extend_from_slice(key);
        self.ops += 1;
    }
}

fn put_varint(out: &mut Vec<u8>, value: usize) {
    let mut value = value as u64;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(input: &mut &[u8]) -> Option<usize> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

fn take_slice<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_varint(input)?;
    let (head, tail) = input.split_at_checked(len)?;
    *input = tail;
    Some(head)
}

fn take_op<'a>(input: &mut &'a [u8]) -> Option<Op<'a>> {
    let (&tag, rest) = input.split_first()?;
    *input = rest;
    let space = Space::from_u8(tag & 0x0f)?;
    let key = take_slice(input)?;
    match tag >> 4 {
        PUT => Some(Op::Put { space, key, value: take_slice(input)? }),
        DELETE => Some(Op::Delete { space, key }),
        DELETE_RANGE => Some(Op::DeleteRange { space, start: key, end: take_slice(input)? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_encodes() {
        let mut batch = WriteBatch::new();
        batch.put(Space::Mvcc, b"k", &vec![7; 300]);
        batch.delete(Space::Local, b"");
        batch.delete_range(Space::Log, b"a", b"b");
        batch.delete_range(Space::Log, b"b", b"b");
        let back = WriteBatch::from_bytes(batch.as_bytes()).unwrap();
        assert_eq!(back, batch);
        assert_eq!(back.len(), 3);
        let ops: Vec<_> = back.iter().collect();
        assert_eq!(ops[0], Op::Put { space: Space::Mvcc, key: b"k", value: &vec![7; 300] });
        assert_eq!(ops[2], Op::DeleteRange { space: Space::Log, start: b"a", end: b"b" });
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let mut batch = WriteBatch::new();
        batch.put(Space::Mvcc, b"key", b"value");
        let bytes = batch.as_bytes();
        for cut in 2..bytes.len() {
            assert!(WriteBatch::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut newer = bytes.to_vec();
        newer[0] = 9;
        let error = WriteBatch::from_bytes(&newer).unwrap_err().to_string();
        assert!(error.contains("unknown format version 9"), "{error}");
        assert!(WriteBatch::from_bytes(&[VERSION, 0x0f, 0]).is_err());
        assert!(WriteBatch::from_bytes(&[VERSION, 0x30, 0]).is_err());
        assert!(
            WriteBatch::from_bytes(&[VERSION, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2])
                .is_err()
        );
    }
}
