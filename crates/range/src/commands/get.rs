//! Get: point reads at one snapshot.

use proto::{GetRequest, KvError, Response};
use storage::Reader;

use crate::range::Core;
use crate::read::{Extent, ReadSpec, read_at};

/// An answer may be this many times as large as that of a scan, which can be resumed and this cannot.
const ANSWER_FACTOR: u64 = 16;

pub(crate) async fn execute(core: &Core, request: GetRequest) -> Result<Response, KvError> {
    let GetRequest { keys, read } = request;
    let at = read_at(&read);
    let spec = ReadSpec {
        extent: Extent::Keys(&keys),
        read_ts: at.read_ts,
        limit: at.uncertainty_limit,
        owner: at.own,
        oldest_ts: at.read_ts,
    };
    let mut reader = Reader::new(core.read_view(&spec).await?);
    let bytes_max = core.settings.answer_bytes_max.saturating_mul(ANSWER_FACTOR);
    let mut bytes = 0;
    let mut values = Vec::with_capacity(keys.len());
    let mut intents = Vec::new();
    for key in &keys {
        match reader.get(key.as_bytes(), &at) {
            Ok(value) => {
                bytes += value.as_ref().map_or(0, |value| value.len() as u64);
                values.push(value);
            }
            // All of them at once, so that the caller pushes all of them at once.
            Err(storage::ReadError::Intents(met)) if intents.len() < core.settings.intents_max => {
                intents.extend(met);
            }
            Err(e) => return Err(e.into_kv(core.id)),
        }
        if bytes > bytes_max {
            return Err(KvError::TooLarge { bytes, bytes_max });
        }
    }
    if !intents.is_empty() {
        return Err(KvError::Intents(intents));
    }
    drop(reader);
    if let Some(lock) = read.lock {
        let present: Vec<_> = keys
            .iter()
            .zip(&values)
            .filter(|(_, value)| value.is_some())
            .map(|(key, _)| key.clone())
            .collect();
        let kept = core.lock_rows(&read, lock, &present).await?;
        let found = values.iter_mut().filter(|value| value.is_some());
        for (value, _) in found.zip(kept).filter(|(_, kept)| !kept) {
            *value = None;
        }
    }
    Ok(Response::Get(values))
}
