//! Gc: raises the GC threshold of the range, and removes what no read at or above it can see (T8).
//!
//! The caller has asked for protected timestamps. Here the threshold is kept below everything that a commit's
//! first look may have to find (T9).

use std::sync::Arc;

use base::{Span, Timestamp};
use parking_lot::Mutex;
use proto::{GcRequest, KvError, Response};
use storage::keys::RangeState;
use storage::mvcc::collect;

use super::{Evaluation, Write};
use crate::bugs::{self, Bug};
use crate::in_flight::Footprint;
use crate::latch::LatchSet;
use crate::range::Core;
use crate::state::put_threshold;

/// Bytes of deletions in one command: small, so that the log is not held up.
const BATCH_BYTES: usize = 256 << 10;

/// One piece of a collection.
struct GcPiece {
    span: Span,
    threshold: Timestamp,
    /// Where the next piece begins; `None` = this was the last.
    resume: Mutex<Option<base::Key>>,
}

pub(crate) async fn execute(core: &Arc<Core>, request: GcRequest) -> Result<Response, KvError> {
    let GcRequest { span, threshold } = request;
    core.chain.check()?;
    core.check_span([], [&span])?;
    let youngest = core.now()?.sub(core.settings.retention());
    let threshold = if bugs::on(Bug::GcIgnoresRetention) { threshold } else { threshold.min(youngest) };
    // In memory at once: whoever takes a snapshot from now on is measured by it, and whoever took one before
    // reads from that.
    {
        let mut thresholds = core.thresholds.lock();
        thresholds.gc = thresholds.gc.max(threshold);
    }
    // Writes that looked at the old threshold are above the new one only by chance; let them be applied first.
    core.wait_settled(core.in_flight.on_span(&span, threshold)).await?;
    let mut collected = 0;
    let mut rest = span;
    while !rest.is_empty() {
        let piece = GcPiece { span: rest.clone(), threshold, resume: Mutex::new(None) };
        match core.write(&piece).await? {
            Response::Collected(count) => collected += count,
            _ => return Err(KvError::Corrupt("a collection gave a strange answer".into())),
        }
        rest.start = piece.resume.into_inner().unwrap_or_else(|| rest.end.clone());
    }
    Ok(Response::Collected(collected))
}

impl Write for GcPiece {
    fn latches(&self, _set: &mut LatchSet) {
        // Nobody who may still read looks at what goes.
    }

    fn footprint(&self) -> Footprint {
        // Above every read: nobody waits for it.
        Footprint { bound: Timestamp::MAX, ..Footprint::default() }
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let range = eval.range();
        put_threshold(&mut eval.batch, range, RangeState::GcThreshold, eval.core.thresholds.lock().gc);
        let snapshot = eval.core.engine.snapshot().map_err(|e| eval.error(e))?;
        let collected = collect(&mut eval.batch, &snapshot, &self.span, self.threshold, BATCH_BYTES);
        let collected = collected.map_err(|e| eval.error(e))?;
        *self.resume.lock() = collected.resume;
        Ok(Response::Collected(collected.versions))
    }
}
