//! Resolve: turns the intents of a decided transaction into versions, or removes them. The caller has seen the
//! record decided durably (T3). Doing it twice does no harm.

use std::sync::Arc;

use base::{Key, Span, Timestamp, TxnId};
use proto::{Decision, Intent, KvError, ResolveRequest, Response};
use storage::Reader;
use storage::mvcc::write;

use super::{Evaluation, Write};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};
use crate::range::Core;

/// Intents of one command.
const INTENTS_PER_COMMAND: usize = 4_096;

/// Some intents of one transaction, by key.
struct ResolveKeys {
    txn: TxnId,
    keys: Vec<Key>,
    number: Option<u32>,
    decision: Decision,
    /// The least of their prepare timestamps.
    bound: Timestamp,
}

pub(crate) async fn execute(core: &Arc<Core>, request: ResolveRequest) -> Result<Response, KvError> {
    let ResolveRequest { txn, spans, decision, number } = request;
    core.chain.check()?;
    core.check_span([], &spans)?;
    let mut resolved = 0;
    for span in &spans {
        // What a prepare of this transaction is still laying counts too.
        core.wait_settled(core.in_flight.on_span(span, Timestamp::MAX)).await?;
        let mut rest = span.clone();
        while !rest.is_empty() {
            let found = find(core, &rest, txn)?;
            rest.start = match found.last() {
                Some((last, _)) if found.len() == INTENTS_PER_COMMAND => last.next(),
                _ => rest.end.clone(),
            };
            let wanted = found.into_iter().filter(|(_, intent)| number.is_none_or(|n| n == intent.number));
            let (keys, times): (Vec<Key>, Vec<Timestamp>) =
                wanted.map(|(key, intent)| (key, intent.prepare_ts)).unzip();
            let Some(bound) = times.into_iter().min() else { continue };
            let command = ResolveKeys { txn, keys, number, decision, bound };
            match core.write(&command).await? {
                Response::Resolved(count) => resolved += count,
                _ => return Err(KvError::Corrupt("a resolution gave a strange answer".into())),
            }
        }
    }
    core.locks.release_txn(txn);
    core.check_lease(core.now()?).await?;
    Ok(Response::Resolved(resolved))
}

fn find(core: &Core, span: &Span, txn: TxnId) -> Result<Vec<(Key, Intent)>, KvError> {
    let read = || {
        let reader = Reader::new(core.engine.snapshot()?);
        if span.is_point() {
            let intent = reader.intent(span.start.as_bytes())?.filter(|intent| intent.txn.id == txn);
            return Ok(intent.map(|intent| (span.start.clone(), intent)).into_iter().collect());
        }
        reader.intents_in(span, Some(txn), INTENTS_PER_COMMAND)
    };
    read().map_err(|e: storage::Error| e.into_kv(core.id))
}

impl Write for ResolveKeys {
    fn latches(&self, set: &mut LatchSet) {
        self.keys.iter().for_each(|key| set.key(key, Mode::Exclusive));
    }

    fn footprint(&self) -> Footprint {
        Footprint { keys: self.keys.iter().cloned().collect(), bound: self.bound, ..Footprint::default() }
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let mut count = 0;
        for key in &self.keys {
            let intent = eval.reader.intent(key.as_bytes()).map_err(|e| eval.error(e))?;
            let own = |intent: &Intent| {
                intent.txn.id == self.txn && self.number.is_none_or(|number| number == intent.number)
            };
            if let Some(intent) = intent.filter(own) {
                write::resolve_intent(&mut eval.batch, key.as_bytes(), &intent, self.decision);
                count += 1;
            }
        }
        Ok(Response::Resolved(count))
    }
}
