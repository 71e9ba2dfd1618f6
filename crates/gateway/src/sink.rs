//! [`ClientSink`]: a session's answers on their way to the client.

use bytes::{Bytes, BytesMut};
use datum::{Batch, ColumnType, Error, FormatSettings};
use exec::api::{ClientGone, Completion, Field, Format, Severity, Sink};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::copy::CopyDone;
use pgwire::messages::response::NotificationResponse;
use pgwire::messages::startup::ParameterStatus;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::error::notice_response;
use crate::out::Out;

/// Written out when this many bytes have gathered, so that a large result never lies in memory as a whole.
const WRITE_BYTES: usize = 64 << 10;
/// A buffer that grew beyond this by one large row is given back.
const KEEP_BYTES: usize = 256 << 10;

/// Buffers messages and writes them to the client.
#[derive(Debug)]
pub struct ClientSink<W> {
    /// What has not been written yet.
    pub out: Out,
    writer: W,
    /// RowDescription belongs to results of the simple protocol only.
    pub describe_rows: bool,
    /// A row could not be written: the statement's error, in place of what its stop looks like.
    pub failed: Option<Error>,
}

impl<W: AsyncWrite + Unpin + Send> ClientSink<W> {
    /// A sink into this writer.
    pub fn new(writer: W) -> ClientSink<W> {
        ClientSink { out: Out::default(), writer, describe_rows: false, failed: None }
    }

    /// Writes everything out.
    ///
    /// # Errors
    /// If the client is gone.
    pub async fn flush(&mut self) -> Result<(), ClientGone> {
        if !self.out.buf.is_empty() {
            self.writer.write_all(&self.out.buf).await.map_err(|_| ClientGone)?;
            self.writer.flush().await.map_err(|_| ClientGone)?;
            if self.out.buf.capacity() > KEEP_BYTES {
                self.out.buf = BytesMut::new();
            } else {
                self.out.buf.clear();
            }
        }
        Ok(())
    }

    /// Closes the connection.
    pub async fn shutdown(&mut self) {
        let _ = self.flush().await;
        let _ = self.writer.shutdown().await;
    }

    async fn flush_if_large(&mut self) -> Result<(), ClientGone> {
        if self.out.buf.len() >= WRITE_BYTES { self.flush().await } else { Ok(()) }
    }
}

impl<W: AsyncWrite + Unpin + Send> Sink for ClientSink<W> {
    async fn fields(&mut self, fields: &[Field]) -> Result<(), ClientGone> {
        if self.describe_rows {
            self.out.fields(Some(fields), &[]);
        }
        Ok(())
    }

    async fn rows(
        &mut self,
        batch: &Batch,
        types: &[ColumnType],
        formats: &[Format],
        settings: &FormatSettings,
    ) -> Result<(), ClientGone> {
        if let Err(error) = self.out.rows(batch, types, formats, settings) {
            // The statement has to stop; `ClientGone` is how a sink says so.
            self.failed = Some(error);
            return Err(ClientGone);
        }
        self.flush_if_large().await
    }

    async fn complete(&mut self, completion: &Completion) -> Result<(), ClientGone> {
        self.out.complete(completion);
        self.flush_if_large().await
    }

    fn notice(&mut self, severity: Severity, notice: &Error) {
        self.out.message(PgWireBackendMessage::NoticeResponse(notice_response(severity, notice)));
    }

    fn parameter(&mut self, name: &str, value: &str) {
        let status = ParameterStatus::new(name.to_owned(), value.to_owned());
        self.out.message(PgWireBackendMessage::ParameterStatus(status));
    }

    fn notification(&mut self, pid: i32, channel: &str, payload: &str) {
        let message = NotificationResponse::new(pid, channel.to_owned(), payload.to_owned());
        self.out.message(PgWireBackendMessage::NotificationResponse(message));
    }

    async fn copy_in(&mut self, binary: bool, columns: usize) -> Result<(), ClientGone> {
        self.out.copy_response(true, binary, columns);
        self.flush().await
    }

    async fn copy_out(&mut self, binary: bool, columns: usize) -> Result<(), ClientGone> {
        self.out.copy_response(false, binary, columns);
        Ok(())
    }

    async fn copy_data(&mut self, data: Bytes) -> Result<(), ClientGone> {
        self.out.copy_data(&data);
        self.flush_if_large().await
    }

    async fn copy_rows(&mut self, data: &[u8], ends: &[usize]) -> Result<(), ClientGone> {
        let mut start = 0;
        for end in ends {
            self.out.copy_data(&data[start..*end]);
            start = *end;
        }
        self.flush_if_large().await
    }

    async fn copy_done(&mut self) -> Result<(), ClientGone> {
        self.out.message(PgWireBackendMessage::CopyDone(CopyDone::new()));
        Ok(())
    }
}
