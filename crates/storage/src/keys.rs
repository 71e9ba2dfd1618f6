//! Which bytes stand for what, in each space.
//!
//! ```text
//! Mvcc    user-key  inverted-timestamp(12)          version; the newest comes first
//!         user-key  00 × 12                         intent: before every version of its key
//! Local   01 range-id(8) kind(1)                    what belongs to a range as such
//!         02 user-key kind(1) …                     what lies beside a key:
//!            02 user-key 01 txn-id(16)                 transaction record under its anchor
//!            02 user-key 02                            mark: this key bears an intent
//! Log     00 kind(1) …                              what the node must not forget
//!         01 range-id(8) kind(1)                    vote and the like
//!         01 range-id(8) ff index(8)                log entry
//! ```
//!
//! So a span of user keys is one span of `Mvcc` ([`mvcc_span`]) and one of `Local` ([`local_span`]), and a range
//! adds one span by its id in `Local` ([`range_span`]) and one in `Log` ([`log_span`]). A split, a merge and a
//! snapshot carry exactly these.
//!
//! A *user key* is written so that the order of keys is kept and none is a prefix of another, whatever follows.
//! Keys of tables are full of zero bytes (integers are eight bytes, big endian), so the usual escape
//! (`00` → `00 ff`) would blow them up; here a run of zeros is two bytes, and such keys shrink:
//!
//! ```text
//! n zeros, then the end of the key       00 n          n in 0..=126
//! 127 zeros, then more zeros or the end  00 7f         and the rest goes on
//! n zeros, then a byte above zero        00 (ff - n)   n in 1..=127
//! ```
//!
//! Order holds because, where two keys first differ, the one whose run of zeros ends with the key is less than any
//! that goes on (codes up to 7e), and among those that go on the longer run is less (codes ff - n).

use base::encoding::{DecodeError, put_u64, take, take_u8, take_u64};
use base::{Key, RangeId, Span, Timestamp, TxnId};

/// Bytes of the timestamp at the end of every key of [`Space::Mvcc`](crate::Space::Mvcc).
pub const SUFFIX_LEN: usize = Timestamp::ENCODED_LEN;
/// The suffix of intents.
pub const INTENT_SUFFIX: [u8; SUFFIX_LEN] = [0; SUFFIX_LEN];

type Result<T> = std::result::Result<T, DecodeError>;

const RUN_MAX: usize = 127;
const MORE_ZEROS: u8 = 0x7f;

// -- user keys ---------------------------------------------------------------------------------------------

/// Appends a user key in its ordered, prefix-free form.
pub fn put_user_key(out: &mut Vec<u8>, key: &[u8]) {
    let mut rest = key;
    while let Some(at) = rest.iter().position(|b| *b == 0) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match rest.iter().position(|b| *b != 0) {
            Some(n) if n <= RUN_MAX => {
                out.extend_from_slice(&[0, 0xff - n as u8]);
                rest = &rest[n..];
            }
            None if rest.len() < RUN_MAX => {
                out.extend_from_slice(&[0, rest.len() as u8]);
                return;
            }
            _ => {
                out.extend_from_slice(&[0, MORE_ZEROS]);
                rest = &rest[RUN_MAX..];
            }
        }
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

/// Takes a user key off `input` and appends it to `out`.
pub fn take_user_key(input: &mut &[u8], out: &mut Vec<u8>) -> Result<()> {
    loop {
        let at = input.iter().position(|b| *b == 0).ok_or(DecodeError("user key without an end"))?;
        out.extend_from_slice(&input[..at]);
        let code = *input.get(at + 1).ok_or(DecodeError("user key without an end"))?;
        *input = &input[at + 2..];
        let (zeros, ends) = match code {
            0..MORE_ZEROS => (usize::from(code), true),
            MORE_ZEROS => (RUN_MAX, false),
            0x80..0xff => (usize::from(0xff - code), false),
            0xff => return Err(DecodeError("unknown escape in user key")),
        };
        out.resize(out.len() + zeros, 0);
        if ends {
            return Ok(());
        }
    }
}

fn user_key(prefix: &[u8], key: &[u8], room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(prefix.len() + key.len() + 8 + room);
    out.extend_from_slice(prefix);
    put_user_key(&mut out, key);
    out
}

// -- Mvcc --------------------------------------------------------------------------------------------------

/// What all versions and the intent of a user key begin with.
pub fn mvcc_prefix(key: &[u8]) -> Vec<u8> {
    user_key(&[], key, SUFFIX_LEN)
}

/// The suffix of a version: later timestamps come first.
pub fn version_suffix(ts: Timestamp) -> [u8; SUFFIX_LEN] {
    ts.to_bytes().map(|b| !b)
}

/// The key of a version.
pub fn version_key(key: &[u8], ts: Timestamp) -> Vec<u8> {
    let mut out = mvcc_prefix(key);
    out.extend_from_slice(&version_suffix(ts));
    out
}

/// The key of the intent on a user key: where a search for its newest version arrives first.
pub fn intent_key(key: &[u8]) -> Vec<u8> {
    let mut out = mvcc_prefix(key);
    out.extend_from_slice(&INTENT_SUFFIX);
    out
}

/// What a key of [`Space::Mvcc`](crate::Space::Mvcc) stands for, apart from its user key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// An intent.
    Intent,
    /// A version of this timestamp.
    Version(Timestamp),
}

/// Cuts a key of [`Space::Mvcc`](crate::Space::Mvcc) into the prefix of its user key and the rest.
#[inline]
pub fn split_mvcc(encoded: &[u8]) -> Result<(&[u8], Suffix)> {
    let (prefix, suffix) = encoded.split_last_chunk().ok_or(DecodeError("versioned key is too short"))?;
    Ok((prefix, read_suffix(suffix)))
}

/// What these last bytes of a key stand for.
#[inline]
pub fn read_suffix(suffix: &[u8; SUFFIX_LEN]) -> Suffix {
    if *suffix == INTENT_SUFFIX {
        return Suffix::Intent;
    }
    Suffix::Version(Timestamp::from_bytes(suffix.map(|b| !b)))
}

/// Appends the user key of an encoded prefix to `out`.
pub fn decode_mvcc_prefix(mut prefix: &[u8], out: &mut Vec<u8>) -> Result<()> {
    take_user_key(&mut prefix, out)?;
    if prefix.is_empty() { Ok(()) } else { Err(DecodeError("bytes behind a user key")) }
}

/// Where everything under the keys of `span` lies in [`Space::Mvcc`](crate::Space::Mvcc).
pub fn mvcc_span(span: &Span) -> (Vec<u8>, Vec<u8>) {
    (mvcc_prefix(span.start.as_bytes()), mvcc_prefix(span.end.as_bytes()))
}

// -- Local -------------------------------------------------------------------------------------------------

const BY_RANGE: u8 = 0x01;
const BY_KEY: u8 = 0x02;
const RECORD: u8 = 0x01;
const INTENT_MARK: u8 = 0x02;

/// State of a range as such, one value each, in [`Space::Local`](crate::Space::Local). The numbers are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RangeState {
    /// Its descriptor.
    Descriptor = 1,
    /// What has been applied: log index, leader id and number of the last command (T6), membership.
    Applied = 2,
    /// Oldest timestamp that may be read (T8).
    GcThreshold = 3,
    /// No record may be created with a birth at or below (T5a).
    RecordThreshold = 4,
    /// No write at or below will ever be accepted again.
    Closed = 5,
    /// Counts of keys and bytes.
    Stats = 6,
    /// Free for what replication must keep beside the data.
    Replication = 7,
}

/// The key of a range's state.
pub fn range_state_key(range: RangeId, state: RangeState) -> Vec<u8> {
    let mut out = range_prefix(range);
    out.push(state as u8);
    out
}

/// Where all state of a range as such lies in [`Space::Local`](crate::Space::Local).
pub fn range_span(range: RangeId) -> (Vec<u8>, Vec<u8>) {
    by_id_span(BY_RANGE, range)
}

/// Where the state of all ranges lies in [`Space::Local`](crate::Space::Local).
pub fn all_ranges_span() -> (Vec<u8>, Vec<u8>) {
    (vec![BY_RANGE], vec![BY_RANGE + 1])
}

/// The range and state of a key within [`all_ranges_span`]; the state is a number of [`RangeState`].
pub fn decode_range_state_key(mut encoded: &[u8]) -> Result<(RangeId, u8)> {
    if take_u8(&mut encoded)? != BY_RANGE {
        return Err(DecodeError("not a key of range state"));
    }
    let range = RangeId(take_u64(&mut encoded)?);
    let state = take_u8(&mut encoded)?;
    if encoded.is_empty() { Ok((range, state)) } else { Err(DecodeError("bytes behind a key")) }
}

fn range_prefix(range: RangeId) -> Vec<u8> {
    let mut out = vec![BY_RANGE];
    put_u64(&mut out, range.0);
    out
}

fn by_id_span(kind: u8, range: RangeId) -> (Vec<u8>, Vec<u8>) {
    let mut start = vec![kind];
    put_u64(&mut start, range.0);
    let mut end = vec![kind];
    match range.0.checked_add(1) {
        Some(next) => put_u64(&mut end, next),
        None => end[0] += 1,
    }
    (start, end)
}

/// Where a transaction record lies: under its anchor key.
pub fn record_key(anchor: &[u8], txn: TxnId) -> Vec<u8> {
    let mut out = user_key(&[BY_KEY], anchor, 17);
    out.push(RECORD);
    out.extend_from_slice(&txn.to_bytes());
    out
}

/// Where it is marked that a key bears an intent.
pub fn intent_mark_key(key: &[u8]) -> Vec<u8> {
    let mut out = user_key(&[BY_KEY], key, 1);
    out.push(INTENT_MARK);
    out
}

/// Where everything that lies beside the keys of `span` is in [`Space::Local`](crate::Space::Local).
pub fn local_span(span: &Span) -> (Vec<u8>, Vec<u8>) {
    (user_key(&[BY_KEY], span.start.as_bytes(), 0), user_key(&[BY_KEY], span.end.as_bytes(), 0))
}

/// What lies beside a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The record of a transaction anchored at this key.
    Record(Key, TxnId),
    /// The mark that this key bears an intent.
    IntentMark(Key),
}

/// The meaning of a key within [`local_span`].
pub fn decode_beside(mut encoded: &[u8]) -> Result<Beside> {
    if take_u8(&mut encoded)? != BY_KEY {
        return Err(DecodeError("not a key beside a user key"));
    }
    let mut key = Vec::new();
    take_user_key(&mut encoded, &mut key)?;
    let key = Key::from(key);
    let beside = match take_u8(&mut encoded)? {
        RECORD => {
            let id = take(&mut encoded, 16)?;
            Beside::Record(key, TxnId::from_bytes(id.try_into().map_err(|_| DecodeError("too short"))?))
        }
        INTENT_MARK => Beside::IntentMark(key),
        _ => return Err(DecodeError("unknown kind of key beside a user key")),
    };
    if encoded.is_empty() { Ok(beside) } else { Err(DecodeError("bytes behind a key")) }
}

// -- Log ---------------------------------------------------------------------------------------------------

const NODE: u8 = 0x00;
const ENTRY: u8 = 0xff;

/// What the node must not forget, in [`Space::Log`](crate::Space::Log). The numbers are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum NodeState {
    /// Cluster id and node id.
    Identity = 1,
    /// Upper bound of the clock (T12).
    ClockBound = 2,
    /// How often the process has been started.
    Starts = 3,
}

/// What Raft keeps for a range beside its entries, in [`Space::Log`](crate::Space::Log). The numbers are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RaftState {
    /// Term and vote.
    Vote = 1,
    /// Last index known to be committed.
    Committed = 2,
    /// Last id that was purged from the log.
    Purged = 3,
}

/// The key of a node's state.
pub fn node_state_key(state: NodeState) -> Vec<u8> {
    vec![NODE, state as u8]
}

/// The key of Raft's state of a range.
pub fn raft_state_key(range: RangeId, state: RaftState) -> Vec<u8> {
    let mut out = range_prefix(range);
    out.push(state as u8);
    out
}

/// The key of a log entry.
pub fn entry_key(range: RangeId, index: u64) -> Vec<u8> {
    let mut out = range_prefix(range);
    out.push(ENTRY);
    put_u64(&mut out, index);
    out
}

/// Where the log entries of a range with index in `[from, to)` lie.
pub fn entry_span(range: RangeId, from: u64, to: u64) -> (Vec<u8>, Vec<u8>) {
    (entry_key(range, from), entry_key(range, to))
}

/// Range and index of the key of a log entry.
pub fn decode_entry_key(mut encoded: &[u8]) -> Result<(RangeId, u64)> {
    if take_u8(&mut encoded)? != BY_RANGE {
        return Err(DecodeError("not a key of a log entry"));
    }
    let range = RangeId(take_u64(&mut encoded)?);
    if take_u8(&mut encoded)? != ENTRY {
        return Err(DecodeError("not a key of a log entry"));
    }
    let index = take_u64(&mut encoded)?;
    if encoded.is_empty() { Ok((range, index)) } else { Err(DecodeError("bytes behind a key")) }
}

/// Where everything that Raft keeps for a range lies in [`Space::Log`](crate::Space::Log).
pub fn log_span(range: RangeId) -> (Vec<u8>, Vec<u8>) {
    by_id_span(BY_RANGE, range)
}

/// Where everything that Raft keeps for any range lies in [`Space::Log`](crate::Space::Log).
pub fn all_logs_span() -> (Vec<u8>, Vec<u8>) {
    (vec![BY_RANGE], vec![BY_RANGE + 1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(key: &[u8]) -> Vec<u8> {
        mvcc_prefix(key)
    }

    /// Keys with many zeros, with runs around the longest that one code can say.
    fn keys() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            3 => proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0x7f), Just(0xff), any::<u8>()], 0..6),
            1 => (124usize..132).prop_map(|n| vec![0; n]),
            1 => (250usize..260).prop_map(|n| vec![0; n]),
        ];
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn order_of_encodings_is_order_of_keys(a in keys(), b in keys(), cut in 0usize..600) {
            let tail = &a[..cut.min(a.len())];
            for (a, b) in [(&a[..], &b[..]), (&a[..], tail)] {
                prop_assert_eq!(a.cmp(b), encoded(a).cmp(&encoded(b)));
                if a != b {
                    prop_assert!(!encoded(a).starts_with(&encoded(b)));
                    prop_assert!(!encoded(b).starts_with(&encoded(a)));
                }
            }
        }

        #[test]
        fn user_keys_come_back(key in keys(), tail in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut bytes = encoded(&key);
            bytes.extend_from_slice(&tail);
            let mut input = &bytes[..];
            let mut out = Vec::new();
            take_user_key(&mut input, &mut out).unwrap();
            prop_assert_eq!(out, key);
            prop_assert_eq!(input, &tail[..]);
        }

        #[test]
        fn decoders_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode_beside(&bytes);
            let _ = decode_entry_key(&bytes);
            let _ = decode_range_state_key(&bytes);
            let _ = decode_mvcc_prefix(&bytes, &mut Vec::new());
            let _ = split_mvcc(&bytes);
        }

        #[test]
        fn versions_lie_newest_first_inside_their_span(
            a in keys(), b in keys(), t in any::<(u64, u32)>(), u in any::<(u64, u32)>(),
        ) {
            let (t, u) = (Timestamp::new(t.0, t.1), Timestamp::new(u.0, u.1));
            prop_assume!(t < Timestamp::MAX && u < Timestamp::MAX);
            prop_assert_eq!(version_key(&a, t).cmp(&version_key(&a, u)), u.cmp(&t));
            prop_assert!(intent_key(&a) < version_key(&a, t));
            let span = Span::new(Key::from(a.clone()), Key::from(b.clone()));
            let (start, end) = mvcc_span(&span);
            for key in [&a, &b] {
                let at = version_key(key, t);
                prop_assert_eq!(span.contains(key), start <= at && at < end);
                let mark = intent_mark_key(key);
                let (start, end) = local_span(&span);
                prop_assert_eq!(span.contains(key), start <= mark && mark < end);
            }
            let whole = version_key(&a, t);
            let (prefix, suffix) = split_mvcc(&whole).unwrap();
            prop_assert_eq!(prefix, &encoded(&a)[..]);
            prop_assert_eq!(suffix, Suffix::Version(t));
        }
    }

    #[test]
    fn integers_shrink() {
        let key = [b"t".as_slice(), &7u64.to_be_bytes(), &1234u64.to_be_bytes()].concat();
        assert_eq!(encoded(&key), [b't', 0, 0xff - 7, 7, 0, 0xff - 6, 4, 210, 0, 0]);
        assert!(encoded(&key).len() < key.len());
    }

    #[test]
    fn keys_beside_come_back() {
        let record = record_key(b"a\0b", TxnId(77));
        assert_eq!(decode_beside(&record), Ok(Beside::Record(Key::from(&b"a\0b"[..]), TxnId(77))));
        assert_eq!(decode_beside(&intent_mark_key(b"")), Ok(Beside::IntentMark(Key::MIN)));
        assert_eq!(decode_entry_key(&entry_key(RangeId(3), 9)), Ok((RangeId(3), 9)));
        let key = range_state_key(RangeId(u64::MAX), RangeState::Applied);
        assert_eq!(decode_range_state_key(&key), Ok((RangeId(u64::MAX), 2)));
        let (start, end) = range_span(RangeId(u64::MAX));
        assert!(start <= key && key < end);
        let (start, end) = log_span(RangeId(3));
        assert!(start < entry_key(RangeId(3), u64::MAX) && entry_key(RangeId(3), u64::MAX) < end);
        assert!(raft_state_key(RangeId(3), RaftState::Purged) < entry_key(RangeId(3), 0));
    }
}
