//! QueryRecord: the transaction record as it is, and up to which birth records may be gone (T5a).

use proto::{KvError, QueryRecordRequest, Response};
use storage::Reader;

use crate::bugs::{self, Bug};
use crate::range::Core;

pub(crate) async fn execute(core: &Core, request: QueryRecordRequest) -> Result<Response, KvError> {
    let QueryRecordRequest { txn, anchor } = request;
    core.chain.check()?;
    if !bugs::on(Bug::AnswerFromUnapplied) {
        core.wait_settled(core.in_flight.on_record(&anchor)).await?;
    }
    // The threshold after the record: it is raised before a record goes, so that an absent record is covered.
    let snapshot = core.engine.snapshot().map_err(|e| e.into_kv(core.id))?;
    let threshold = core.thresholds.lock().record;
    core.check_lease(core.now()?).await?;
    core.check_span([&anchor], [])?;
    let record = Reader::new(snapshot).record(anchor.as_bytes(), txn).map_err(|e| e.into_kv(core.id))?;
    Ok(Response::Record { record, threshold })
}
