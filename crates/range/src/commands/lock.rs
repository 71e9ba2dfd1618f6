//! Lock and Unlock: row locks without a read.

use proto::{KvError, LockRequest, Response, UnlockRequest};

use crate::range::Core;

pub(crate) async fn lock(core: &Core, request: LockRequest) -> Result<Response, KvError> {
    core.chain.check()?;
    core.check_span(&request.keys, [])?;
    for key in &request.keys {
        core.locks.acquire(key, &request.txn, request.lock.strength, request.lock.wait).await?;
    }
    Ok(Response::Done)
}

pub(crate) fn unlock(core: &Core, request: UnlockRequest) -> Result<Response, KvError> {
    // The keys say which ranges; in each of them the transaction gives up everything.
    core.locks.release_txn(request.txn);
    Ok(Response::Done)
}
