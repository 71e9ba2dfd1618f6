//! Garbage collection: versions that no read at or above a threshold can see.
//!
//! ```text
//!            threshold 6
//!                │
//!   @9 "x"  @7 ✕ │ @5 "y"  @4 "z"  @2 ✕       @9, @7: above, stay
//!                │  keep    gone    gone       @5: what a read at 6 sees, stays
//!                │ @5 ✕    @4 "z"              a tombstone that a read at 6 sees goes too, but never
//!                │  gone    gone               before what it hides
//! ```
//!
//! The caller has raised the range's threshold durably before (T8), refuses writes at or below it, and has asked
//! for protected timestamps.

use std::sync::Arc;

use base::{Key, Span, Timestamp};

use super::version::decode_version;
use super::walk::Walk;
use crate::batch::WriteBatch;
use crate::engine::{CursorOptions, Snapshot, Space};
use crate::error::Result;
use crate::keys::{Suffix, mvcc_span};

/// How far a collection came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// How many versions the batch removes.
    pub versions: u64,
    /// Where to go on, if the batch grew large before the span ended.
    pub resume: Option<Key>,
}

/// Puts the removal of garbage in `span` into `batch`, until the batch has about `bytes_max` bytes.
pub fn collect(
    batch: &mut WriteBatch,
    snapshot: &Arc<dyn Snapshot>,
    span: &Span,
    threshold: Timestamp,
    bytes_max: usize,
) -> Result<Collected> {
    let mut collected = Collected { versions: 0, resume: None };
    if span.is_empty() {
        return Ok(collected);
    }
    let (lower, upper) = mvcc_span(span);
    let options = CursorOptions { bypass_cache: true, ..CursorOptions::within(lower, upper) };
    let mut walk = Walk::new(snapshot.cursor(Space::Mvcc, options)?);
    let mut more = walk.cursor().seek_to_first()?;
    while more {
        walk.enter()?;
        if batch.byte_len() >= bytes_max {
            collected.resume = Some(walk.key()?);
            break;
        }
        let (versions, all) = collect_key(batch, &mut walk, threshold, bytes_max)?;
        collected.versions += versions;
        if !all {
            collected.resume = Some(walk.key()?);
            break;
        }
        more = walk.skip_key()?;
    }
    Ok(collected)
}

/// Collects the key whose first entry the walk stands on. How many versions, and whether that was all.
fn collect_key(
    batch: &mut WriteBatch,
    walk: &mut Walk,
    threshold: Timestamp,
    bytes_max: usize,
) -> Result<(u64, bool)> {
    if walk.suffix()? == Suffix::Intent && !walk.next_in_key()? {
        return Ok((0, true));
    }
    if !walk.skip_to(threshold)? {
        return Ok((0, true));
    }
    let visible = walk.cursor().key().to_vec();
    let tombstone = decode_version(walk.value())?.1.is_none();
    let mut versions = 0;
    while walk.next_in_key()? {
        // What is visible stays until everything that it hides is gone, also over several batches.
        if batch.byte_len() >= bytes_max {
            return Ok((versions, false));
        }
        batch.delete(Space::Mvcc, walk.cursor().key());
        versions += 1;
    }
    if tombstone {
        batch.delete(Space::Mvcc, &visible);
        versions += 1;
    }
    Ok((versions, true))
}
