//! Cuts reads by range and joins the answers, as `router` does.

use base::Span;
use datum::Batch;
use proto::{GetRequest, KvError, Request, Response, ScanRequest, ScanResponse, ScanRows, ValidateRequest};

use super::LocalKv;

/// How often a read is cut anew when ranges change under it.
const CUTS_MAX: u32 = 16;

pub(super) async fn send_read(kv: &LocalKv, request: Request) -> Result<Response, KvError> {
    let mut answer = Err(KvError::RangeChanged { newer: Vec::new() });
    for _ in 0..CUTS_MAX {
        answer = match &request {
            Request::Get(get) => send_get(kv, get).await,
            Request::Scan(scan) => send_scan(kv, scan).await,
            Request::Validate(validate) => send_validate(kv, validate).await,
            _ => return Err(KvError::Corrupt("not a read".into())),
        };
        if !matches!(answer, Err(KvError::RangeChanged { .. })) {
            return answer;
        }
    }
    answer
}

fn strange() -> KvError {
    KvError::Corrupt("a range gave an answer to another question".into())
}

async fn send_get(kv: &LocalKv, request: &GetRequest) -> Result<Response, KvError> {
    let mut values = vec![None; request.keys.len()];
    for (key, positions) in kv.group(&request.keys) {
        let keys = positions.iter().map(|at| request.keys[*at].clone()).collect();
        let part = GetRequest { keys, read: request.read.clone() };
        let Response::Get(found) = kv.send_one(&key, Request::Get(part)).await? else {
            return Err(strange());
        };
        for (at, value) in positions.into_iter().zip(found) {
            values[at] = value;
        }
    }
    Ok(Response::Get(values))
}

async fn send_validate(kv: &LocalKv, request: &ValidateRequest) -> Result<Response, KvError> {
    for span in &request.spans {
        for piece in kv.pieces_of(span) {
            let key = piece.start.clone();
            let part = ValidateRequest { spans: vec![piece], ..request.clone() };
            kv.send_one(&key, Request::Validate(part)).await?;
        }
    }
    Ok(Response::Done)
}

async fn send_scan(kv: &LocalKv, request: &ScanRequest) -> Result<Response, KvError> {
    let mut pieces = kv.pieces_of(&request.span);
    if request.reverse {
        pieces.reverse();
    }
    let mut joined: Option<ScanRows> = None;
    let (mut rows, mut bytes) = (0, 0);
    let count = pieces.len();
    for (i, piece) in pieces.into_iter().enumerate() {
        let part = ScanRequest {
            span: piece.clone(),
            row_limit: if request.row_limit == 0 { 0 } else { request.row_limit - rows },
            byte_limit: if request.byte_limit == 0 { 0 } else { request.byte_limit - bytes },
            ..request.clone()
        };
        let key = piece.start.clone();
        let Response::Scan(found) = kv.send_one(&key, Request::Scan(part)).await? else {
            return Err(strange());
        };
        let (new_rows, new_bytes) = size(&found.rows);
        rows += new_rows;
        bytes += new_bytes;
        joined = Some(match joined {
            None => found.rows,
            Some(before) => join(before, found.rows)?,
        });
        let full = (request.row_limit != 0 && rows >= request.row_limit)
            || (request.byte_limit != 0 && bytes >= request.byte_limit);
        let behind = |rest: &Span| {
            if request.reverse {
                Span::new(request.span.start.clone(), rest.end.clone())
            } else {
                Span::new(rest.start.clone(), request.span.end.clone())
            }
        };
        let resume = match found.resume {
            Some(rest) => Some(behind(&rest)),
            None if full && i + 1 < count => Some(behind(&if request.reverse {
                Span::new(request.span.start.clone(), piece.start)
            } else {
                Span::new(piece.end, request.span.end.clone())
            })),
            None => None,
        };
        if resume.is_some() {
            return Ok(Response::Scan(ScanResponse {
                rows: joined.unwrap_or(ScanRows::Raw(Vec::new())),
                resume,
            }));
        }
    }
    let rows = joined.unwrap_or_else(|| match &request.program {
        Some(_) => ScanRows::Program(Batch::default()),
        None => ScanRows::Raw(Vec::new()),
    });
    Ok(Response::Scan(ScanResponse { rows, resume: None }))
}

fn size(rows: &ScanRows) -> (u64, u64) {
    match rows {
        ScanRows::Raw(rows) => (
            rows.len() as u64,
            rows.iter().map(|(key, value)| (key.as_bytes().len() + value.len()) as u64).sum(),
        ),
        ScanRows::Program(batch) => (batch.len() as u64, 0),
    }
}

fn join(mut before: ScanRows, more: ScanRows) -> Result<ScanRows, KvError> {
    match (&mut before, more) {
        (ScanRows::Raw(rows), ScanRows::Raw(more)) => rows.extend(more),
        (ScanRows::Program(batch), ScanRows::Program(more)) => batch.append(more),
        _ => return Err(strange()),
    }
    Ok(before)
}
