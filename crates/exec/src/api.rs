//! What a front end asks of a session, and how it hears the answers.
//!
//! A [`crate::Session`] is one client connection's state apart from bytes: settings, transaction, prepared
//! statements, portals. The gateway turns messages into these calls and [`Sink`] calls into messages.

use bytes::Bytes;
use datum::{Batch, ColumnType, Error};

/// What is known when a client asks to come in.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// Role name.
    pub user: String,
    /// Database name; the user's name if empty.
    pub database: String,
    /// Settings given at start-up (`application_name`, `client_encoding`, and those of `options=-c …`).
    pub settings: Vec<(String, String)>,
    /// Peer address, for pg_stat_activity.
    pub peer: String,
}

/// Transaction status as ReadyForQuery shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxnStatus {
    /// `I`
    Idle,
    /// `T`
    InTransaction,
    /// `E`
    Failed,
}

/// A column of a result.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Base table OID or 0.
    pub table_oid: u32,
    /// Attnum or 0.
    pub column_id: u16,
    /// Type and modifier.
    pub ty: ColumnType,
}

/// Text or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 0
    Text,
    /// 1
    Binary,
}

/// Severity of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// NOTICE
    Notice,
    /// WARNING
    Warning,
    /// INFO
    Info,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Completion {
    /// CommandComplete with this tag, e.g. `SELECT 3`.
    Done(String),
    /// PortalSuspended: the row limit was reached.
    Suspended,
    /// EmptyQueryResponse.
    Empty,
    /// The statement is COPY … FROM STDIN: [`Sink::copy_in`] has been called; the caller now feeds
    /// `Session::copy_data`, then `copy_done` (whose completion is the statement's) or `copy_fail`.
    CopyIn,
}

/// Where answers go. Implementations buffer and flush as they like; `send` futures give back-pressure.
/// An `Err` means that the client is gone: the statement stops.
#[allow(async_fn_in_trait)]
pub trait Sink: Send {
    /// RowDescription (simple protocol; in the extended protocol only Describe gives it).
    fn fields(&mut self, fields: &[Field]) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// DataRows. `types` are the columns' types, `formats` one per column.
    fn rows(
        &mut self,
        batch: &Batch,
        types: &[ColumnType],
        formats: &[Format],
        settings: &datum::FormatSettings,
    ) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// CommandComplete, EmptyQueryResponse (simple protocol only, between statements of one string).
    fn complete(&mut self, completion: &Completion) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// NoticeResponse.
    fn notice(&mut self, severity: Severity, notice: &Error);
    /// ParameterStatus: a reported setting changed.
    fn parameter(&mut self, name: &str, value: &str);
    /// NotificationResponse.
    fn notification(&mut self, pid: i32, channel: &str, payload: &str);
    /// CopyInResponse.
    fn copy_in(
        &mut self,
        binary: bool,
        columns: usize,
    ) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// CopyOutResponse.
    fn copy_out(
        &mut self,
        binary: bool,
        columns: usize,
    ) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// CopyData. CopyDone follows from the statement's completion.
    fn copy_data(&mut self, data: Bytes) -> impl Future<Output = Result<(), ClientGone>> + Send;
    /// CopyData of several rows, one message each: drivers take a message for a row. `ends` are where each ends.
    fn copy_rows(
        &mut self,
        data: &[u8],
        ends: &[usize],
    ) -> impl Future<Output = Result<(), ClientGone>> + Send {
        async move {
            let mut start = 0;
            for end in ends {
                self.copy_data(Bytes::copy_from_slice(&data[start..*end])).await?;
                start = *end;
            }
            Ok(())
        }
    }
    /// CopyDone.
    fn copy_done(&mut self) -> impl Future<Output = Result<(), ClientGone>> + Send;
}

/// The client's connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientGone;

// The gateway also calls `Session::fail(&mut self)` (async): an error found by the gateway itself (a message that is
// too long or not UTF-8, a wrong Describe target) fails an open transaction as a statement's error would.
