//! [`Walk`]: a cursor that moves by user keys.

use base::{Key, Timestamp};
use proto::Intent;
use proto::wire::Durable as _;

use crate::engine::Cursor;
use crate::error::Result;
use crate::keys::{INTENT_SUFFIX, SUFFIX_LEN, Suffix, decode_mvcc_prefix, split_mvcc, version_suffix};

/// A seek costs about as much as this many steps.
const STEPS_BEFORE_SEEK: usize = 6;

/// A cursor of the Mvcc space and the user key that it stands on.
pub(super) struct Walk {
    cursor: Box<dyn Cursor>,
    /// Encoded user key.
    prefix: Vec<u8>,
    /// Scratch for seeks.
    target: Vec<u8>,
}

impl Walk {
    pub fn new(cursor: Box<dyn Cursor>) -> Walk {
        Walk { cursor, prefix: Vec::with_capacity(64), target: Vec::with_capacity(80) }
    }

    pub fn cursor(&mut self) -> &mut dyn Cursor {
        &mut *self.cursor
    }

    /// The stored value that the cursor stands on.
    pub fn value(&self) -> &[u8] {
        self.cursor.value()
    }

    /// To the first entry of this user key, if it has any.
    pub fn seek_key(&mut self, key: &[u8]) -> Result<bool> {
        self.prefix.clear();
        crate::keys::put_user_key(&mut self.prefix, key);
        self.seek_in_key(INTENT_SUFFIX)
    }

    /// To the first entry of the present user key at or after this suffix.
    pub fn seek_in_key(&mut self, suffix: [u8; SUFFIX_LEN]) -> Result<bool> {
        self.target.clear();
        self.target.extend_from_slice(&self.prefix);
        self.target.extend_from_slice(&suffix);
        Ok(self.cursor.seek(&self.target)? && self.in_key())
    }

    /// To the last entry before all of the present user key.
    pub fn seek_before_key(&mut self) -> Result<bool> {
        self.target.clear();
        self.target.extend_from_slice(&self.prefix);
        self.cursor.seek_before(&self.target)
    }

    /// Takes the user key of the entry that the cursor stands on as the present one.
    pub fn enter(&mut self) -> Result<()> {
        let (prefix, _) = split_mvcc(self.cursor.key())?;
        self.prefix.clear();
        self.prefix.extend_from_slice(prefix);
        Ok(())
    }

    /// Whether the cursor stands on an entry of the present user key.
    #[inline]
    pub fn in_key(&self) -> bool {
        self.cursor.valid() && {
            let key = self.cursor.key();
            key.len() == self.prefix.len() + SUFFIX_LEN && key.starts_with(&self.prefix)
        }
    }

    /// What the entry is that the cursor stands on.
    pub fn suffix(&self) -> Result<Suffix> {
        Ok(split_mvcc(self.cursor.key())?.1)
    }

    /// One entry on; whether that is still in the present user key.
    #[inline]
    pub fn next_in_key(&mut self) -> Result<bool> {
        Ok(self.cursor.next()? && self.in_key())
    }

    /// Forward to the first version at or below `ts`; whether there is one.
    pub fn skip_to(&mut self, ts: Timestamp) -> Result<bool> {
        for _ in 0..STEPS_BEFORE_SEEK {
            match self.suffix()? {
                Suffix::Version(at) if at <= ts => return Ok(true),
                _ => {}
            }
            if !self.next_in_key()? {
                return Ok(false);
            }
        }
        self.seek_in_key(version_suffix(ts))
    }

    /// Forward to the first entry of the next user key; whether there is one.
    pub fn skip_key(&mut self) -> Result<bool> {
        for _ in 0..STEPS_BEFORE_SEEK {
            if !self.in_key() {
                return Ok(self.cursor.valid());
            }
            if !self.cursor.next()? {
                return Ok(false);
            }
        }
        if !self.in_key() {
            return Ok(self.cursor.valid());
        }
        // No entry of this key is longer than the last one can be, and no other key begins with the prefix.
        self.target.clear();
        self.target.extend_from_slice(&self.prefix);
        self.target.extend_from_slice(&[0xff; SUFFIX_LEN + 1]);
        self.cursor.seek(&self.target)
    }

    /// Appends the present user key to `out`.
    pub fn decode_key(&self, out: &mut Vec<u8>) -> Result<()> {
        Ok(decode_mvcc_prefix(&self.prefix, out)?)
    }

    /// The present user key.
    pub fn key(&self) -> Result<Key> {
        let mut out = Vec::new();
        self.decode_key(&mut out)?;
        Ok(Key::from(out))
    }

    /// The intent that the cursor stands on.
    pub fn intent(&self) -> Result<Intent> {
        Ok(Intent::decode(self.cursor.value())?)
    }
}
