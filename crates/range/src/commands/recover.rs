//! Recover: a read at a STAGING record's timestamp by somebody who wants to know whether a prepare is there, and
//! that makes it impossible if it is not (T5).

use proto::{KvError, RecoverRequest, Response};
use storage::Reader;

use crate::bugs::{self, Bug};
use crate::range::Core;
use crate::read::{Extent, ReadSpec};

pub(crate) async fn execute(core: &Core, request: RecoverRequest) -> Result<Response, KvError> {
    let RecoverRequest { txn, evidence, commit_ts } = request;
    let keys = [evidence.key];
    let spec = ReadSpec {
        extent: if bugs::on(Bug::RecoverWithoutBump) { Extent::Keys(&[]) } else { Extent::Keys(&keys) },
        read_ts: commit_ts,
        limit: commit_ts,
        // Without an owner: the prepare that must not come any more is of this very transaction.
        owner: bugs::on(Bug::RecoverWithOwner).then_some(txn),
        // What is asked for is no version, so that no GC can have taken it.
        oldest_ts: base::Timestamp::MAX,
    };
    let snapshot = core.read_view(&spec).await?;
    core.check_span(&keys, [])?;
    let intent = Reader::new(snapshot).intent(keys[0].as_bytes()).map_err(|e| e.into_kv(core.id))?;
    let own = intent.filter(|intent| intent.txn.id == txn && intent.number == evidence.number);
    Ok(Response::Recovered(own))
}
