//! Sequences: their state is a key that is changed outside of any transaction, in blocks of values that a node hands
//! out to its sessions.
//!
//! Expressions are evaluated without waiting. A `nextval` that finds no value left notes what it wants and fails;
//! whoever evaluates fetches the next block ([`refill`]) and evaluates the row again, to which the values that it
//! has drawn already are given once more.

use std::sync::Arc;
use std::time::Duration;

use base::map::HashMap;
use bytes::Bytes;
use datum::error::sqlstate;
use datum::{Error, Result, Type};
use parking_lot::Mutex;
use sql::catalog::{DescriptorId, SequenceDescriptor};
use txn::TxnOptions;

use crate::keys;
use crate::node::Node;
use crate::session::StatementSession;

/// Values that a node takes at once of a sequence that says nothing of a cache. What is left when the node stops is
/// never given out, as after a crash of PostgreSQL.
const BLOCK: i64 = 32;

/// What an expression waits for before it can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// More values.
    Next(DescriptorId),
    /// Its state changed: setval.
    Set(DescriptorId, i64, bool),
    /// Time to pass: pg_sleep.
    Sleep(Duration),
}

/// What a sequence has given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceState {
    /// last_value
    pub last: i64,
    /// is_called: the next value is the one after `last`, not `last` itself.
    pub called: bool,
}

/// A sequence whose values go so fast that the next block is wanted within this time gets a larger one.
const BLOCK_LASTS: Duration = Duration::from_secs(1);
/// Values in the largest block.
const BLOCK_MAX: i64 = 8192;

#[derive(Clone, Copy)]
struct Block {
    next: i64,
    left: u64,
    increment: i64,
}

type Turn = Arc<tokio::sync::Mutex<Option<(i64, Duration)>>>;

/// Values that the node may give out.
#[derive(Default)]
pub(crate) struct SequenceCache {
    blocks: Mutex<HashMap<DescriptorId, Block>>,
    /// Whoever fetches a block holds the sequence's turn; and how large the last block was, and when it came.
    turns: Mutex<HashMap<DescriptorId, Turn>>,
}

impl SequenceCache {
    /// The next value, if one is at hand.
    pub fn draw(&self, sequence: DescriptorId) -> Option<i64> {
        let mut blocks = self.blocks.lock();
        let block = blocks.get_mut(&sequence)?;
        let value = block.next;
        block.left -= 1;
        if block.left == 0 {
            blocks.remove(&sequence);
        } else {
            block.next = value.wrapping_add(block.increment);
        }
        Some(value)
    }

    /// Forgets what is at hand: the sequence was changed or dropped.
    pub fn forget(&self, sequence: DescriptorId) {
        self.blocks.lock().remove(&sequence);
    }
}

pub(crate) fn encode(state: SequenceState) -> Bytes {
    let mut out = vec![1];
    base::encoding::put_i64(&mut out, state.last);
    out.push(u8::from(state.called));
    out.into()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<SequenceState> {
    let corrupt = || crate::error::corrupt("a sequence's state has an unknown format");
    let [1, rest @ .., called] = bytes else { return Err(corrupt()) };
    let mut rest = rest;
    let last = base::encoding::take_i64(&mut rest).map_err(|_| corrupt())?;
    if !rest.is_empty() || *called > 1 {
        return Err(corrupt());
    }
    Ok(SequenceState { last, called: *called == 1 })
}

/// The state that a new sequence begins with.
fn initial(sequence: &SequenceDescriptor) -> SequenceState {
    SequenceState { last: sequence.start, called: false }
}

/// The first value and how many follow without leaving the bounds, at most `want`.
fn take(sequence: &SequenceDescriptor, state: SequenceState, want: i64) -> Result<(i64, i64)> {
    let first = if !state.called {
        state.last
    } else {
        let next = i128::from(state.last) + i128::from(sequence.increment);
        if next > i128::from(sequence.max) {
            if !sequence.cycle {
                return Err(exhausted("maximum", sequence, sequence.max));
            }
            sequence.min
        } else if next < i128::from(sequence.min) {
            if !sequence.cycle {
                return Err(exhausted("minimum", sequence, sequence.min));
            }
            sequence.max
        } else {
            next as i64
        }
    };
    let end = if sequence.increment > 0 { sequence.max } else { sequence.min };
    let room = (i128::from(end) - i128::from(first)) / i128::from(sequence.increment);
    let count = i128::from(want).min(room + 1).max(1) as i64;
    Ok((first, count))
}

fn exhausted(which: &str, sequence: &SequenceDescriptor, bound: i64) -> Error {
    Error::new(
        sqlstate::SEQUENCE_GENERATOR_LIMIT_EXCEEDED,
        format!("nextval: reached {which} value of sequence \"{}\" ({bound})", sequence.name),
    )
}

/// Does what an expression wants.
pub(crate) async fn refill(node: &Node, session: &StatementSession, wanted: Wanted) -> Result<()> {
    match wanted {
        Wanted::Next(id) => {
            let sequence =
                session.catalog.snapshot.sequence_by_id(id).cloned().ok_or_else(|| undefined(id))?;
            let turn = node.sequences.turns.lock().entry(id).or_default().clone();
            let mut last = turn.lock().await;
            // Somebody else may have fetched a block meanwhile.
            if node.sequences.blocks.lock().contains_key(&id) {
                return Ok(());
            }
            let now = node.env.clock().monotonic();
            let size = match *last {
                Some((size, at)) if now.saturating_sub(at) < BLOCK_LASTS => (size * 2).min(BLOCK_MAX),
                _ => BLOCK,
            };
            *last = Some((size, now));
            let want = sequence.cache.max(size);
            let taken = node
                .coordinator
                .run(TxnOptions::default(), |txn| {
                    let sequence = sequence.clone();
                    Box::pin(async move {
                        let key = keys::sequence(sequence.id);
                        let stored = txn.get(std::slice::from_ref(&key), None).await?;
                        let state = match stored.first().and_then(Option::as_ref) {
                            Some(bytes) => decode(bytes).map_err(txn::Error::User)?,
                            None => initial(&sequence),
                        };
                        let (first, count) = take(&sequence, state, want).map_err(txn::Error::User)?;
                        let last = first + (count - 1) * sequence.increment;
                        txn.put(key, encode(SequenceState { last, called: true }))?;
                        Ok((first, count))
                    })
                })
                .await;
            let (first, count) = taken.map_err(|error| crate::error::from_txn(&error))?;
            let block = Block { next: first, left: count as u64, increment: sequence.increment };
            node.sequences.blocks.lock().insert(id, block);
            Ok(())
        }
        Wanted::Set(id, last, called) => {
            set(node, id, SequenceState { last, called }).await?;
            session.note_set(id, last, called);
            Ok(())
        }
        Wanted::Sleep(time) => {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                error = session.cancel.stopped() => return Err(error),
            }
            session.note_slept(time);
            Ok(())
        }
    }
}

/// Changes a sequence's state at once, outside of any transaction.
pub(crate) async fn set(node: &Node, id: DescriptorId, state: SequenceState) -> Result<()> {
    let done = node
        .coordinator
        .run(TxnOptions::default(), |txn| {
            Box::pin(async move {
                // Read, so that it is ordered against others who take a block.
                txn.get(&[keys::sequence(id)], None).await?;
                txn.put(keys::sequence(id), encode(state))
            })
        })
        .await;
    node.sequences.forget(id);
    done.map_err(|error| crate::error::from_txn(&error))
}

/// The state of a sequence as far as sessions have seen it: values that the node still holds are not given out yet.
pub(crate) async fn state(node: &Node, sequence: &SequenceDescriptor) -> Result<SequenceState> {
    if let Some(block) = node.sequences.blocks.lock().get(&sequence.id) {
        return Ok(SequenceState { last: block.next.wrapping_sub(block.increment), called: true });
    }
    let id = sequence.id;
    let stored = node
        .coordinator
        .run(TxnOptions { read_only: true, ..TxnOptions::default() }, |txn| {
            Box::pin(async move { txn.get(&[keys::sequence(id)], None).await })
        })
        .await
        .map_err(|error| crate::error::from_txn(&error))?;
    match stored.first().and_then(Option::as_ref) {
        Some(bytes) => decode(bytes),
        None => Ok(initial(sequence)),
    }
}

pub(crate) fn undefined(id: DescriptorId) -> Error {
    Error::new(sqlstate::UNDEFINED_TABLE, format!("could not open relation with OID {}", id.0))
}

/// Bounds of a sequence's type.
pub(crate) fn type_bounds(ty: Type) -> (i64, i64) {
    match ty {
        Type::Int2 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::Int4 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(increment: i64, min: i64, max: i64, cycle: bool) -> SequenceDescriptor {
        SequenceDescriptor {
            id: DescriptorId(1),
            database: DescriptorId(1),
            schema: DescriptorId(1),
            name: "s".into(),
            owner: "root".into(),
            ty: Type::Int8,
            start: if increment > 0 { min } else { max },
            increment,
            min,
            max,
            cycle,
            cache: 1,
            owned_by: None,
        }
    }

    #[test]
    fn blocks_stay_within_the_bounds() {
        let up = sequence(2, 1, 10, false);
        assert_eq!(take(&up, initial(&up), 32).expect("some"), (1, 5));
        let last = SequenceState { last: 9, called: true };
        assert_eq!(take(&up, last, 32).map_err(|e| e.code()), Err("2200H"));
        assert_eq!(take(&sequence(2, 1, 10, true), last, 2).expect("cycles"), (1, 2));
        let down = sequence(-3, -7, -1, false);
        assert_eq!(take(&down, initial(&down), 32).expect("some"), (-1, 3));
        let whole = sequence(1, i64::MIN, i64::MAX, false);
        let end = SequenceState { last: i64::MAX - 1, called: true };
        assert_eq!(take(&whole, end, 32).expect("one"), (i64::MAX, 1));
    }

    #[test]
    fn a_state_comes_back_as_it_was() {
        let state = SequenceState { last: -5, called: true };
        assert_eq!(decode(&encode(state)).expect("reads"), state);
        assert_eq!(decode(&[2, 0]).map_err(|e| e.code()), Err("XX001"));
    }
}
