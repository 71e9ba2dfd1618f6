//! Rows that nobody may read any more: of dropped and truncated tables, of dropped indexes.
//!
//! The transaction that parts with them leaves a note (a key with the span and the time). Once the note is older than
//! any statement that could still read there, the span is cleared and the note removed.

use std::sync::Arc;

use base::encoding::{put_bytes, put_u64, take_bytes, take_u64};
use base::{Key, Span};
use bytes::Bytes;
use proto::{ClearSpanRequest, Request};
use txn::{ScanOptions, TxnOptions};

use crate::error::{corrupt, from_txn};
use crate::keys;
use crate::node::Node;

/// A note that a span is to be cleared, as a key and its value.
pub(crate) fn note(node: &Node, span: &Span) -> (Key, Bytes) {
    let mut value = vec![1];
    put_u64(&mut value, node.env.clock().wall());
    put_bytes(&mut value, span.start.as_bytes());
    put_bytes(&mut value, span.end.as_bytes());
    (keys::garbage(node.next_version()), value.into())
}

fn read(bytes: &[u8]) -> datum::Result<(u64, Span)> {
    let unknown = || corrupt("a note of the garbage collector has an unknown format");
    let [1, rest @ ..] = bytes else { return Err(unknown()) };
    let mut rest = rest;
    let at = take_u64(&mut rest).map_err(|_| unknown())?;
    let start = take_bytes(&mut rest).map_err(|_| unknown())?;
    let end = take_bytes(&mut rest).map_err(|_| unknown())?;
    Ok((at, Span::new(Key::from(start), Key::from(end))))
}

/// Clears what is due, now and whenever there may be more, for ever.
pub(crate) async fn run(node: &Arc<Node>) {
    loop {
        let wait = match collect(node).await {
            Ok(next) => next,
            Err(error) => {
                tracing::debug!(%error, "garbage could not be collected; it is tried again");
                Some(node.config.garbage_ttl)
            }
        };
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = node.garbage.notified() => {}
        }
    }
}

/// Clears what is due; how long until the next is, if there is one.
pub(crate) async fn collect(node: &Arc<Node>) -> datum::Result<Option<std::time::Duration>> {
    let notes = node
        .coordinator
        .run(TxnOptions { read_only: true, ..TxnOptions::default() }, |txn| {
            Box::pin(async move { txn.scan_all(keys::all_garbage(), ScanOptions::default()).await })
        })
        .await
        .map_err(|error| from_txn(&error))?;
    let now = node.env.clock().wall();
    let ttl = u64::try_from(node.config.garbage_ttl.as_nanos()).unwrap_or(u64::MAX);
    let mut next: Option<std::time::Duration> = None;
    for (key, value) in notes {
        let (at, span) = read(&value)?;
        let due = at.saturating_add(ttl);
        if due > now {
            let wait = std::time::Duration::from_nanos(due - now);
            next = Some(next.map_or(wait, |next| next.min(wait)));
            continue;
        }
        let cleared = node.coordinator.sender().send(Request::ClearSpan(ClearSpanRequest { span })).await;
        cleared.map_err(|error| datum::Error::internal(error.to_string()))?;
        node.coordinator
            .run(TxnOptions::default(), |txn| {
                let key = key.clone();
                Box::pin(async move { txn.delete(key) })
            })
            .await
            .map_err(|error| from_txn(&error))?;
    }
    Ok(next)
}
