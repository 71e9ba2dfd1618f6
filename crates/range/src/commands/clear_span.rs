//! ClearSpan: removes everything in a span of which nobody can read any more, whatever its age.

use base::Timestamp;
use proto::{ClearSpanRequest, KvError, Response};
use storage::mvcc::write;

use super::{Evaluation, Write};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};

impl Write for ClearSpanRequest {
    fn latches(&self, set: &mut LatchSet) {
        set.span(&self.span, Mode::Exclusive);
    }

    fn footprint(&self) -> Footprint {
        Footprint { spans: vec![self.span.clone()], bound: Timestamp::ZERO, ..Footprint::default() }
    }

    fn exclusive_until_applied(&self) -> bool {
        true
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let found = eval.reader.intents_in(&self.span, None, eval.core.settings.intents_max);
        let intents = found.map_err(|e| eval.error(e))?;
        if !intents.is_empty() {
            // Somebody may still ask whether they are there.
            return Err(KvError::Intents(intents));
        }
        let snapshot = eval.reader.snapshot().clone();
        let cleared = write::clear_span(&mut eval.batch, &snapshot, &self.span);
        cleared.map_err(|e| eval.error(e))?;
        Ok(Response::Done)
    }
}
