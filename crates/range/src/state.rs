//! What a range keeps about itself under range-local keys, as far as evaluation is concerned: its thresholds.

use base::{RangeId, Timestamp};
use storage::keys::{RangeState, range_state_key};
use storage::{Engine, Error, Space, WriteBatch};

const VERSION: u8 = 1;

/// The stored form of a threshold.
pub fn encode_threshold(at: Timestamp) -> [u8; 1 + Timestamp::ENCODED_LEN] {
    let mut out = [VERSION; 1 + Timestamp::ENCODED_LEN];
    out[1..].copy_from_slice(&at.to_bytes());
    out
}

/// The inverse of [`encode_threshold`].
pub fn decode_threshold(stored: &[u8]) -> Result<Timestamp, Error> {
    match stored.split_first() {
        Some((&VERSION, rest)) => match rest.try_into() {
            Ok(bytes) => Ok(Timestamp::from_bytes(bytes)),
            Err(_) => Err(Error::Corrupt("threshold has a wrong length".into())),
        },
        Some((version, _)) => Err(Error::Corrupt(format!("threshold has unknown format version {version}"))),
        None => Err(Error::Corrupt("threshold is empty".into())),
    }
}

/// Thresholds of a range, as evaluation sees them: never below what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Oldest timestamp that may be read (T8).
    pub gc: Timestamp,
    /// No record may be created with a birth at or below (T5a).
    pub record: Timestamp,
    /// No write at or below (T1).
    pub closed: Timestamp,
}

impl Thresholds {
    pub(crate) fn load(engine: &dyn Engine, range: RangeId) -> Result<Thresholds, Error> {
        let read = |state| match engine.get(Space::Local, &range_state_key(range, state))? {
            Some(stored) => decode_threshold(&stored),
            None => Ok(Timestamp::ZERO),
        };
        Ok(Thresholds {
            gc: read(RangeState::GcThreshold)?,
            record: read(RangeState::RecordThreshold)?,
            closed: read(RangeState::Closed)?,
        })
    }
}

pub(crate) fn put_threshold(batch: &mut WriteBatch, range: RangeId, state: RangeState, at: Timestamp) {
    batch.put(Space::Local, &range_state_key(range, state), &encode_threshold(at));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_come_back_and_unknown_formats_do_not() {
        let at = Timestamp::new(7, 9);
        assert_eq!(decode_threshold(&encode_threshold(at)), Ok(at));
        let mut newer = encode_threshold(at);
        newer[0] = 2;
        for bad in [&newer[..], &[], &[VERSION, 0]] {
            assert!(decode_threshold(bad).is_err());
        }
    }
}
