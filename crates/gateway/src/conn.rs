//! One connection: frames in, session calls, messages out.
//!
//! ```text
//!   reader ─► Framer ─► handle ─► Session ─► ClientSink ─► writer
//!      ▲                   │ while a statement runs, the reader is watched: a client that goes away cancels it
//!      └── read only when no whole frame is left: one write per pipeline
//! ```

use std::time::Duration;

use bytes::BytesMut;
use datum::Error;
use datum::error::sqlstate;
use exec::api::{ClientGone, Completion, Format};
use exec::{CancelHandle, Session, TxnStatus};
use pgwire::messages::extendedquery::{Bind, Describe, Parse};
use pgwire::messages::startup::{Authentication, BackendKeyData, NegotiateProtocolVersion, SecretKey};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use crate::Gateway;
use crate::error::ErrorSeverity;
use crate::frame::{Frame, Framer};
use crate::registry::Seat;
use crate::sink::ClientSink;
use crate::startup::{self, Opening};

/// A client that does not finish its startup in this time is disconnected.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(60);
/// While a statement runs, at most so much of what follows is read ahead.
const READ_AHEAD_BYTES: usize = 64 << 10;

/// Serves one connection to its end.
pub async fn serve<R, W>(gateway: &Gateway, mut reader: R, mut writer: W, peer: String)
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let mut buf = BytesMut::with_capacity(8 << 10);
    let opening =
        tokio::time::timeout(STARTUP_TIMEOUT, startup::read(&mut reader, &mut writer, &mut buf)).await;
    let mut sink = ClientSink::new(writer);
    let Ok(opening) = opening else { return };
    let (mut startup, negotiate) = match opening {
        Ok(Opening::Session { startup, negotiate }) => (startup, negotiate),
        Ok(Opening::Cancel { pid, secret }) => return gateway.node.cancel(pid, secret),
        Ok(Opening::Closed) => return,
        Err(error) => return refuse(&mut sink, &error).await,
    };
    startup.peer = peer;
    let Some(seat) = gateway.registry.enter() else {
        let error = Error::new(sqlstate::TOO_MANY_CONNECTIONS, "sorry, too many clients already");
        return refuse(&mut sink, &error).await;
    };
    if gateway.draining() {
        let error = Error::new(sqlstate::CANNOT_CONNECT_NOW, "the database system is shutting down");
        return refuse(&mut sink, &error).await;
    }
    if let Some(unknown) = negotiate {
        let message = NegotiateProtocolVersion::new(0, unknown);
        sink.out.message(PgWireBackendMessage::NegotiateProtocolVersion(message));
    }
    let session = Session::open(gateway.node.clone(), startup, seat.pid, seat.secret).await;
    let session = match session {
        Ok(session) => session,
        Err(error) => return refuse(&mut sink, &error).await,
    };
    welcome(&mut sink, &session, &seat);
    let framer = Framer::new(gateway.config.statement_bytes_max);
    let cancel = session.cancel_handle();
    let mut connection =
        Connection { gateway, reader, buf, framer, sink, session, cancel, skip_to_sync: false };
    if let Err(Closing::Fatal(error)) = connection.run().await {
        connection.sink.out.error(ErrorSeverity::Fatal, &error);
    }
    let Connection { session, mut sink, .. } = connection;
    // Rolled back before the client sees the end of the connection, so that its next one finds no locks of this one.
    session.close().await;
    sink.shutdown().await;
    drop(seat);
}

async fn refuse<W: AsyncWrite + Unpin + Send>(sink: &mut ClientSink<W>, error: &Error) {
    sink.out.error(ErrorSeverity::Fatal, error);
    sink.shutdown().await;
}

fn welcome<W: AsyncWrite + Unpin + Send>(sink: &mut ClientSink<W>, session: &Session, seat: &Seat) {
    use exec::Sink as _;
    sink.out.message(PgWireBackendMessage::Authentication(Authentication::Ok));
    for (name, value) in session.parameters() {
        sink.parameter(name, &value);
    }
    let key = BackendKeyData::new(seat.pid, SecretKey::I32(seat.secret));
    sink.out.message(PgWireBackendMessage::BackendKeyData(key));
    sink.out.ready(session.status());
}

/// Why a connection ends.
enum Closing {
    /// The client said goodbye or is gone.
    Quiet,
    /// The client is told why.
    Fatal(Error),
}

impl From<ClientGone> for Closing {
    fn from(_: ClientGone) -> Closing {
        Closing::Quiet
    }
}

/// Runs a call of the session while watching the client: if it goes away, the call is cancelled.
macro_rules! watched {
    ($self:ident, $call:expr) => {{
        let cancel = $self.cancel.clone();
        let reader = &mut $self.reader;
        let buf = &mut $self.buf;
        let call = $call;
        tokio::pin!(call);
        tokio::select! {
            biased;
            done = &mut call => done,
            () = $self.gateway.terminate.cancelled() => {
                cancel.terminate(exec::cancel::Reason::Shutdown);
                let _ = call.await;
                return Err(Closing::Fatal(shutting_down()));
            }
            () = gone(reader, buf) => {
                cancel.terminate(exec::cancel::Reason::Terminate);
                let _ = call.await;
                return Err(Closing::Quiet);
            }
        }
    }};
}

struct Connection<'a, R, W> {
    gateway: &'a Gateway,
    reader: R,
    buf: BytesMut,
    framer: Framer,
    sink: ClientSink<W>,
    session: Session,
    cancel: CancelHandle,
    /// After an error in the extended protocol everything up to Sync is passed over.
    skip_to_sync: bool,
}

impl<R, W> Connection<'_, R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    async fn run(&mut self) -> Result<(), Closing> {
        loop {
            let frame = self.next_frame().await?;
            self.handle(frame).await?;
        }
    }

    async fn next_frame(&mut self) -> Result<Frame, Closing> {
        loop {
            if let Some(frame) = self.framer.next(&mut self.buf).map_err(Closing::Fatal)? {
                return Ok(frame);
            }
            self.sink.flush().await?;
            tokio::select! {
                biased;
                error = self.cancel.ended() => return Err(Closing::Fatal(error)),
                () = self.gateway.drained(), if self.session.status() == TxnStatus::Idle => {
                    return Err(Closing::Fatal(shutting_down()));
                }
                () = self.gateway.terminate.cancelled() => return Err(Closing::Fatal(shutting_down())),
                read = self.reader.read_buf(&mut self.buf) => {
                    if !matches!(read, Ok(n) if n > 0) {
                        return Err(Closing::Quiet);
                    }
                }
                () = self.session.notified() => self.session.deliver_notifications(&mut self.sink),
                error = idle_too_long(self.session.idle_limit()) => return Err(Closing::Fatal(error)),
            }
        }
    }

    async fn handle(&mut self, frame: Frame) -> Result<(), Closing> {
        let message = match frame {
            Frame::Message(message) => message,
            // After a failed COPY the client may still be sending: it is passed over.
            Frame::CopyData(_) => return Ok(()),
            Frame::Invalid { extended, error } => return self.fail(extended, &error).await,
            Frame::TooLong { extended, bytes } => {
                let max = self.gateway.config.statement_bytes_max;
                let error = Error::new(
                    sqlstate::PROGRAM_LIMIT_EXCEEDED,
                    format!("message of {bytes} bytes is longer than max_statement_bytes ({max})"),
                );
                return self.fail(extended, &error).await;
            }
        };
        if self.skip_to_sync
            && !matches!(*message, PgWireFrontendMessage::Sync(_) | PgWireFrontendMessage::Terminate(_))
        {
            return Ok(());
        }
        match *message {
            PgWireFrontendMessage::Query(query) => self.simple(&query.query).await,
            PgWireFrontendMessage::Parse(parse) => self.parse(parse).await,
            PgWireFrontendMessage::Bind(bind) => self.bind(bind).await,
            PgWireFrontendMessage::Describe(describe) => self.describe(&describe).await,
            PgWireFrontendMessage::Execute(execute) => {
                let portal = execute.name.unwrap_or_default();
                self.execute(&portal, usize::try_from(execute.max_rows).unwrap_or(0)).await
            }
            PgWireFrontendMessage::Close(close) => {
                let name = close.name.unwrap_or_default();
                match close.target_type {
                    b'S' => self.session.close_statement(&name),
                    b'P' => self.session.close_portal(&name),
                    other => return self.fail(true, &bad_target("CLOSE", other)).await,
                }
                self.sink.out.close_complete();
                Ok(())
            }
            PgWireFrontendMessage::Flush(_) => Ok(self.sink.flush().await?),
            PgWireFrontendMessage::Sync(_) => self.sync().await,
            PgWireFrontendMessage::Terminate(_) => Err(Closing::Quiet),
            // Left over from a COPY that failed.
            PgWireFrontendMessage::CopyDone(_) | PgWireFrontendMessage::CopyFail(_) => Ok(()),
            _ => Err(Closing::Fatal(Error::new(sqlstate::PROTOCOL_VIOLATION, "unexpected message"))),
        }
    }

    async fn simple(&mut self, sql: &str) -> Result<(), Closing> {
        self.sink.describe_rows = true;
        let mut done = watched!(self, self.session.simple(sql, &mut self.sink));
        while let Ok(Completion::CopyIn) = done {
            done = self.copy_in().await?;
        }
        self.sink.describe_rows = false;
        if let Err(error) = done {
            let error = self.sink.failed.take().unwrap_or(error);
            self.error(&error)?;
        }
        self.sink.out.ready(self.session.status());
        Ok(self.sink.flush().await?)
    }

    async fn parse(&mut self, parse: Parse) -> Result<(), Closing> {
        let name = parse.name.unwrap_or_default();
        match watched!(self, self.session.parse(&name, &parse.query, &parse.type_oids)) {
            Ok(()) => {
                self.sink.out.parse_complete();
                Ok(())
            }
            Err(error) => self.fail(true, &error).await,
        }
    }

    async fn bind(&mut self, bind: Bind) -> Result<(), Closing> {
        let portal = bind.portal_name.unwrap_or_default();
        let statement = bind.statement_name.unwrap_or_default();
        let formats = formats(&bind.parameter_format_codes)
            .and_then(|params| Ok((params, formats(&bind.result_column_format_codes)?)));
        let bound = match formats {
            Ok((params, results)) => {
                watched!(self, self.session.bind(&portal, &statement, &bind.parameters, &params, &results))
            }
            Err(error) => Err(error),
        };
        match bound {
            Ok(()) => {
                self.sink.out.bind_complete();
                Ok(())
            }
            Err(error) => self.fail(true, &error).await,
        }
    }

    async fn describe(&mut self, describe: &Describe) -> Result<(), Closing> {
        let name = describe.name.as_deref().unwrap_or_default();
        let described = match describe.target_type {
            b'S' => match watched!(self, self.session.describe_statement(name)) {
                Ok((params, fields)) => {
                    self.sink.out.parameters(params.iter().map(|ty| ty.oid()).collect());
                    self.sink.out.fields(fields.as_deref(), &[]);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            b'P' => match watched!(self, self.session.describe_portal(name)) {
                Ok(described) => {
                    let (fields, formats) = described.unzip();
                    self.sink.out.fields(fields.as_deref(), &formats.unwrap_or_default());
                    Ok(())
                }
                Err(error) => Err(error),
            },
            other => Err(bad_target("DESCRIBE", other)),
        };
        match described {
            Ok(()) => Ok(()),
            Err(error) => self.fail(true, &error).await,
        }
    }

    async fn execute(&mut self, portal: &str, rows_max: usize) -> Result<(), Closing> {
        let sync_follows = self.framer.next_is_sync(&self.buf);
        let mut done = watched!(self, self.session.execute(portal, rows_max, sync_follows, &mut self.sink));
        while let Ok(Completion::CopyIn) = done {
            done = self.copy_in().await?;
        }
        match done {
            Ok(completion) => {
                self.sink.out.complete(&completion);
                Ok(())
            }
            Err(error) => {
                let error = self.sink.failed.take().unwrap_or(error);
                self.fail(true, &error).await
            }
        }
    }

    async fn sync(&mut self) -> Result<(), Closing> {
        self.skip_to_sync = false;
        if let Err(error) = watched!(self, self.session.sync(&mut self.sink)) {
            self.error(&error)?;
        }
        self.sink.out.ready(self.session.status());
        Ok(self.sink.flush().await?)
    }

    /// COPY FROM STDIN: the client's data until it says that it is done. The inner result is the statement's.
    async fn copy_in(&mut self) -> Result<Result<Completion, Error>, Closing> {
        self.sink.flush().await?;
        loop {
            let failed = match self.next_frame().await? {
                Frame::CopyData(data) => match watched!(self, self.session.copy_data(data)) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Frame::Message(message) => match *message {
                    PgWireFrontendMessage::CopyDone(_) => {
                        return Ok(watched!(self, self.session.copy_done(&mut self.sink)));
                    }
                    PgWireFrontendMessage::CopyFail(fail) => {
                        return Ok(Err(self.session.copy_fail(&fail.message).await));
                    }
                    // Clients pipeline these behind the Execute.
                    PgWireFrontendMessage::Flush(_) | PgWireFrontendMessage::Sync(_) => continue,
                    PgWireFrontendMessage::Terminate(_) => return Err(Closing::Quiet),
                    _ => Error::new(
                        sqlstate::PROTOCOL_VIOLATION,
                        "unexpected message type during COPY from stdin",
                    ),
                },
                Frame::Invalid { error, .. } => error,
                Frame::TooLong { bytes, .. } => Error::new(
                    sqlstate::PROGRAM_LIMIT_EXCEEDED,
                    format!("COPY message of {bytes} bytes is too long"),
                ),
            };
            self.session.copy_fail(&failed.fields().message).await;
            // What the client still sends of this COPY is passed over: in the simple protocol by `handle`, in the
            // extended one up to Sync.
            return Ok(Err(failed));
        }
    }

    /// An error outside a running statement.
    async fn fail(&mut self, extended: bool, error: &Error) -> Result<(), Closing> {
        self.session.fail();
        self.error(error)?;
        if extended {
            self.skip_to_sync = true;
            return Ok(());
        }
        self.sink.out.ready(self.session.status());
        Ok(self.sink.flush().await?)
    }

    /// Reports an error; those that end a session end the connection.
    fn error(&mut self, error: &Error) -> Result<(), Closing> {
        if error.code() == sqlstate::ADMIN_SHUTDOWN {
            return Err(Closing::Fatal(error.clone()));
        }
        self.sink.out.error(ErrorSeverity::Error, error);
        Ok(())
    }
}

/// Resolves when the client has closed its side. What it sends meanwhile is kept, up to a bound.
async fn gone<R: AsyncRead + Unpin>(reader: &mut R, buf: &mut BytesMut) {
    while buf.len() < READ_AHEAD_BYTES {
        match reader.read_buf(buf).await {
            Ok(n) if n > 0 => {}
            _ => return,
        }
    }
    std::future::pending().await
}

/// Resolves with the error that ends the session once the client has been silent for the limit.
async fn idle_too_long(limit: Option<(Duration, Error)>) -> Error {
    match limit {
        Some((limit, error)) => {
            tokio::time::sleep(limit).await;
            error
        }
        None => std::future::pending().await,
    }
}

fn formats(codes: &[i16]) -> Result<Vec<Format>, Error> {
    let format = |code: &i16| match code {
        0 => Ok(Format::Text),
        1 => Ok(Format::Binary),
        other => {
            Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("unsupported format code: {other}")))
        }
    };
    codes.iter().map(format).collect()
}

fn bad_target(message: &str, kind: u8) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, format!("invalid {message} message subtype {kind}"))
}

fn shutting_down() -> Error {
    Error::new(sqlstate::ADMIN_SHUTDOWN, "terminating connection due to administrator command")
}
