//! Errors and notices as the protocol's fields.

use datum::Error;
use exec::api::Severity;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};

/// How bad an error is for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorSeverity {
    /// The statement failed.
    Error,
    /// The connection ends.
    Fatal,
}

/// ErrorResponse.
pub fn error_response(severity: ErrorSeverity, error: &Error) -> ErrorResponse {
    let severity = match severity {
        ErrorSeverity::Error => "ERROR",
        ErrorSeverity::Fatal => "FATAL",
    };
    ErrorResponse::new(fields(severity, error))
}

/// NoticeResponse.
pub fn notice_response(severity: Severity, notice: &Error) -> NoticeResponse {
    let severity = match severity {
        Severity::Notice => "NOTICE",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    };
    NoticeResponse::new(fields(severity, notice))
}

fn fields(severity: &str, error: &Error) -> Vec<(u8, String)> {
    let f = error.fields();
    let mut out = vec![
        (b'S', severity.to_owned()),
        (b'V', severity.to_owned()),
        (b'C', f.code.to_owned()),
        (b'M', without_nul(&f.message)),
    ];
    let optional = [
        (b'D', &f.detail),
        (b'H', &f.hint),
        (b'W', &f.context),
        (b's', &f.schema),
        (b't', &f.table),
        (b'c', &f.column),
        (b'd', &f.data_type),
        (b'n', &f.constraint),
    ];
    out.extend(optional.into_iter().filter_map(|(code, text)| Some((code, without_nul(text.as_deref()?)))));
    if let Some(position) = f.position {
        out.push((b'P', position.to_string()));
    }
    out
}

/// Fields end at a zero byte, so none may be inside.
fn without_nul(text: &str) -> String {
    text.replace('\0', " ")
}
