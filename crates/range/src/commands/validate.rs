//! Validate: reads that were done at `read_ts` hold at `commit_ts` too, and will go on to (T2).

use proto::{KvError, Response, ValidateRequest, Validation};
use storage::Reader;

use super::evaluation::conflicts;
use crate::bugs::{self, Bug};
use crate::range::Core;
use crate::read::{Extent, ReadSpec};

pub(crate) async fn execute(core: &Core, request: ValidateRequest) -> Result<Response, KvError> {
    let ValidateRequest { txn, spans, read_ts, commit_ts } = request;
    if bugs::on(Bug::SkipValidation) {
        return Ok(Response::Done);
    }
    let no_bump = bugs::on(Bug::ValidateWithoutBump);
    let spec = ReadSpec {
        extent: Extent::Spans(&spans),
        read_ts: if no_bump { read_ts } else { commit_ts },
        limit: commit_ts,
        owner: Some(txn.id),
        oldest_ts: read_ts,
    };
    let mut reader = Reader::new(core.read_view(&spec).await?);
    let reads = Validation { spans, read_ts };
    conflicts(core, &mut reader, txn.id, &reads, commit_ts)?;
    Ok(Response::Done)
}
