//! The seam to evaluation: what one incarnation of a range does with requests. Production puts `range::Range`
//! here; tests of replication put something that they can see through.

use std::sync::Arc;

use base::Timestamp;
use hybrid_clock::Clock;
use proto::{BoxFuture, KvError, RangeDescriptor, Request, Response};
use range::{Parts, Proposer, Range, Settings, WaitGraph};
use storage::Engine;

/// Evaluates requests in one incarnation of one range.
pub trait Evaluator: Send + Sync + 'static {
    /// Evaluates a request, has its effect replicated, and answers.
    fn execute(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>>;

    /// The incarnation is over: whoever waits is answered.
    fn close(&self);
}

/// What an incarnation begins with.
pub struct Begin {
    /// The range.
    pub descriptor: RangeDescriptor,
    /// Where applied effects can be read.
    pub data: Arc<dyn Engine>,
    /// Where effects go.
    pub proposer: Arc<dyn Proposer>,
    /// No write may happen at or below this (T7).
    pub low_water_mark: Timestamp,
}

/// Makes the evaluator of each incarnation.
pub trait Evaluators: Send + Sync + 'static {
    /// An evaluator with nothing in its memory.
    fn begin(&self, begin: Begin) -> Result<Arc<dyn Evaluator>, KvError>;
}

/// Production's evaluators: `range::Range`.
pub struct Ranges {
    clock: Clock,
    settings: Settings,
    waits: Arc<WaitGraph>,
}

impl Ranges {
    /// Evaluators that share the node's clock and these limits.
    pub fn new(clock: Clock, settings: Settings) -> Ranges {
        Ranges { clock, settings, waits: Arc::default() }
    }
}

impl Evaluators for Ranges {
    fn begin(&self, begin: Begin) -> Result<Arc<dyn Evaluator>, KvError> {
        let id = begin.descriptor.id;
        let range = Range::new(Parts {
            descriptor: begin.descriptor,
            engine: begin.data,
            clock: self.clock.clone(),
            proposer: begin.proposer,
            waits: self.waits.clone(),
            settings: self.settings.clone(),
            low_water_mark: begin.low_water_mark,
        });
        Ok(Arc::new(range.map_err(|e| e.into_kv(id))?))
    }
}

impl Evaluator for Range {
    fn execute(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(Range::execute(self, request))
    }

    fn close(&self) {
        Range::close(self);
    }
}
