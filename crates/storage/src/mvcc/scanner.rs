//! [`Scanner`]: the rows of a span as they were at one timestamp, forward or backward.
//!
//! Nothing is allocated per row: a forward scan lends the engine's own bytes, a backward scan (which meets the
//! oldest version of a key first) copies the value that is visible so far into a buffer that it keeps.

use base::{Key, Span, Timestamp, TxnId};
use proto::Intent;

use super::version::{VersionMeta, decode_version};
use super::walk::Walk;
use super::{ReadAt, ReadError};
use crate::engine::{CursorOptions, Snapshot, Space};
use crate::error::Result;
use crate::keys::{INTENT_SUFFIX, Suffix, mvcc_span};

/// Once an intent was met the scan has failed; it goes on only to gather more of them.
const KEYS_AFTER_INTENT: usize = 256;
const INTENTS_MAX: usize = 128;
/// A backward scan steps over at most so many versions of a key before it seeks.
const STEPS_BEFORE_SEEK: usize = 6;

/// A row, lent until the scan goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The user key.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
    /// When and by whom it was written.
    pub meta: VersionMeta,
}

/// A scan of one span of one snapshot.
pub struct Scanner {
    walk: Walk,
    at: ReadAt,
    reverse: bool,
    place: Place,
    key: Vec<u8>,
    /// The visible value, in a backward scan.
    held: Vec<u8>,
    meta: VersionMeta,
    intents: Vec<(Key, Intent)>,
    intents_max: usize,
    keys_after_intent: usize,
}

/// Where the cursor stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nowhere yet.
    Start,
    /// Inside the entries of the row that was returned last.
    InKey,
    /// On the first entry (in the direction of the scan) of a key, or beyond the last.
    NextKey,
    /// The scan is over.
    End,
}

/// What a key shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Value,
}

impl Scanner {
    pub(super) fn new(snapshot: &dyn Snapshot, span: &Span, reverse: bool, at: ReadAt) -> Result<Scanner> {
        let (lower, upper) = mvcc_span(span);
        let cursor = snapshot.cursor(Space::Mvcc, CursorOptions::within(lower, upper))?;
        Ok(Scanner {
            walk: Walk::new(cursor),
            at,
            reverse,
            place: if span.is_empty() { Place::End } else { Place::Start },
            key: Vec::with_capacity(64),
            held: Vec::new(),
            meta: VersionMeta { ts: Timestamp::ZERO, txn: TxnId(0) },
            intents: Vec::new(),
            intents_max: INTENTS_MAX,
            keys_after_intent: 0,
        })
    }

    /// Gathers at most this many intents before it gives up (at least one).
    pub fn with_intents_max(mut self, intents_max: usize) -> Scanner {
        self.intents_max = intents_max.max(1);
        self
    }

    /// The next row. After a foreign intent was met there are no more rows: the error then holds that intent and
    /// others beyond it. After an error or the end there is nothing more.
    #[allow(clippy::should_implement_trait)] // It lends, so it is no Iterator.
    pub fn next(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        match self.advance() {
            Ok(true) => {
                let value = if self.reverse {
                    &self.held[..]
                } else {
                    decode_version(self.walk.value())?.1.unwrap_or_default()
                };
                Ok(Some(Row { key: &self.key, value, meta: self.meta }))
            }
            Ok(false) => {
                self.place = Place::End;
                match std::mem::take(&mut self.intents) {
                    none if none.is_empty() => Ok(None),
                    intents => Err(ReadError::Intents(intents)),
                }
            }
            Err(e) => {
                self.place = Place::End;
                Err(e)
            }
        }
    }

    /// Moves to the next row; whether there is one.
    fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            let more = match self.place {
                Place::End => return Ok(false),
                Place::Start if self.reverse => self.walk.cursor().seek_to_last()?,
                Place::Start => self.walk.cursor().seek_to_first()?,
                Place::NextKey => self.walk.cursor().valid(),
                Place::InKey => self.walk.skip_key()?,
            };
            if !more {
                return Ok(false);
            }
            self.walk.enter()?;
            let seen = if self.reverse { self.see_backward()? } else { self.see_forward()? };
            self.place = if self.reverse { Place::NextKey } else { Place::InKey };
            if !self.intents.is_empty() {
                self.keys_after_intent += 1;
                if self.intents.len() >= self.intents_max || self.keys_after_intent > KEYS_AFTER_INTENT {
                    return Ok(false);
                }
            } else if seen == Seen::Value {
                self.key.clear();
                self.walk.decode_key(&mut self.key)?;
                return Ok(true);
            }
        }
    }

    fn meet_intent(&mut self) -> Result<()> {
        let intent = self.walk.intent()?;
        if self.at.own != Some(intent.txn.id) && intent.prepare_ts <= self.at.uncertainty_limit {
            self.intents.push((self.walk.key()?, intent));
        }
        Ok(())
    }

    fn uncertain(&mut self, at: Timestamp) -> Result<Seen, ReadError> {
        if self.intents.is_empty() {
            return Err(ReadError::Uncertain { key: self.walk.key()?, at });
        }
        // The scan has failed already, and goes on only to gather intents.
        Ok(Seen::Nothing)
    }

    /// From the first entry of a key to its visible version.
    fn see_forward(&mut self) -> Result<Seen, ReadError> {
        if self.walk.suffix()? == Suffix::Intent {
            self.meet_intent()?;
            if !self.walk.next_in_key()? {
                return Ok(Seen::Nothing);
            }
        }
        if !self.walk.skip_to(self.at.uncertainty_limit)? {
            return Ok(Seen::Nothing);
        }
        let Suffix::Version(ts) = self.walk.suffix()? else { return Ok(Seen::Nothing) };
        if ts > self.at.read_ts {
            return self.uncertain(ts);
        }
        let (txn, value) = decode_version(self.walk.value())?;
        self.meta = VersionMeta { ts, txn };
        Ok(if value.is_some() { Seen::Value } else { Seen::Nothing })
    }

    /// From the last entry of a key to the one before its first, remembering the visible version on the way.
    fn see_backward(&mut self) -> Result<Seen, ReadError> {
        let mut seen = Seen::Nothing;
        let mut uncertain = None;
        let mut steps = 0;
        while self.walk.in_key() {
            steps += 1;
            if steps > STEPS_BEFORE_SEEK {
                return self.see_backward_by_seek();
            }
            match self.walk.suffix()? {
                Suffix::Intent => self.meet_intent()?,
                Suffix::Version(ts) if ts <= self.at.read_ts => seen = self.hold(ts)?,
                Suffix::Version(ts) if ts <= self.at.uncertainty_limit => uncertain = Some(ts),
                Suffix::Version(_) => {}
            }
            self.walk.cursor().prev()?;
        }
        match uncertain {
            Some(ts) => self.uncertain(ts),
            None => Ok(seen),
        }
    }

    fn see_backward_by_seek(&mut self) -> Result<Seen, ReadError> {
        let mut seen = Seen::Nothing;
        if self.walk.seek_in_key(INTENT_SUFFIX)? && self.see_forward()? == Seen::Value {
            let ts = self.meta.ts;
            seen = self.hold(ts)?;
        }
        self.walk.seek_before_key()?;
        Ok(seen)
    }

    /// Remembers the version that the cursor stands on.
    fn hold(&mut self, ts: Timestamp) -> Result<Seen> {
        let (txn, value) = decode_version(self.walk.value())?;
        self.meta = VersionMeta { ts, txn };
        self.held.clear();
        Ok(match value {
            Some(value) => {
                self.held.extend_from_slice(value);
                Seen::Value
            }
            None => Seen::Nothing,
        })
    }
}
