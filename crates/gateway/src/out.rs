//! Messages to the client, gathered in one buffer and written in one piece per pipeline.

use bytes::{BufMut, BytesMut};
use datum::{Batch, ColumnType, Error, FormatSettings};
use exec::api::{Completion, Field, Format, TxnStatus};
use pgwire::messages::copy::{CopyInResponse, CopyOutResponse};
use pgwire::messages::data::{FieldDescription, NoData, ParameterDescription, RowDescription};
use pgwire::messages::extendedquery::{BindComplete, CloseComplete, ParseComplete, PortalSuspended};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, ReadyForQuery, TransactionStatus};
use pgwire::messages::{Message, PgWireBackendMessage};

use crate::error::{ErrorSeverity, error_response};

/// The answer so far.
#[derive(Debug, Default)]
pub struct Out {
    /// Encoded messages.
    pub buf: BytesMut,
}

impl Out {
    /// Appends a message of the protocol library.
    pub fn message(&mut self, message: PgWireBackendMessage) {
        let before = self.buf.len();
        if message.encode(&mut self.buf).is_err() {
            // Only lengths beyond the protocol's limits fail; half a message must not go out.
            self.buf.truncate(before);
            let error = Error::new(datum::error::sqlstate::PROGRAM_LIMIT_EXCEEDED, "message is too long");
            let _ = error_response(ErrorSeverity::Error, &error).encode(&mut self.buf);
        }
    }

    /// ErrorResponse.
    pub fn error(&mut self, severity: ErrorSeverity, error: &Error) {
        self.message(PgWireBackendMessage::ErrorResponse(error_response(severity, error)));
    }

    /// ReadyForQuery.
    pub fn ready(&mut self, status: TxnStatus) {
        let status = match status {
            TxnStatus::Idle => TransactionStatus::Idle,
            TxnStatus::InTransaction => TransactionStatus::Transaction,
            TxnStatus::Failed => TransactionStatus::Error,
        };
        self.message(PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(status)));
    }

    /// ParseComplete.
    pub fn parse_complete(&mut self) {
        self.message(PgWireBackendMessage::ParseComplete(ParseComplete::new()));
    }

    /// BindComplete.
    pub fn bind_complete(&mut self) {
        self.message(PgWireBackendMessage::BindComplete(BindComplete::new()));
    }

    /// CloseComplete.
    pub fn close_complete(&mut self) {
        self.message(PgWireBackendMessage::CloseComplete(CloseComplete::new()));
    }

    /// ParameterDescription.
    pub fn parameters(&mut self, oids: Vec<u32>) {
        self.message(PgWireBackendMessage::ParameterDescription(ParameterDescription::new(oids)));
    }

    /// RowDescription, or NoData. `formats` may be empty: text.
    pub fn fields(&mut self, fields: Option<&[Field]>, formats: &[Format]) {
        let Some(fields) = fields else {
            return self.message(PgWireBackendMessage::NoData(NoData::new()));
        };
        let describe = |(i, field): (usize, &Field)| {
            FieldDescription::new(
                field.name.clone(),
                field.table_oid as i32,
                field.column_id as i16,
                field.ty.ty.oid(),
                field.ty.ty.len(),
                field.ty.typmod,
                match format_of(formats, i) {
                    Format::Text => 0,
                    Format::Binary => 1,
                },
            )
        };
        let fields = fields.iter().enumerate().map(describe).collect();
        self.message(PgWireBackendMessage::RowDescription(RowDescription::new(fields)));
    }

    /// DataRows.
    ///
    /// # Errors
    /// If a value has no text or binary form.
    pub fn rows(
        &mut self,
        batch: &Batch,
        types: &[ColumnType],
        formats: &[Format],
        settings: &FormatSettings,
    ) -> Result<(), Error> {
        let mut value = Vec::new();
        for row in batch.rows() {
            let start = self.buf.len();
            self.buf.put_u8(b'D');
            self.buf.put_u32(0);
            self.buf.put_u16(row.len() as u16);
            for (i, (datum, ty)) in row.iter().zip(types).enumerate() {
                if datum.is_null() {
                    self.buf.put_i32(-1);
                    continue;
                }
                value.clear();
                match format_of(formats, i) {
                    Format::Text => datum::text::to_text(datum, ty.ty, settings, &mut value),
                    Format::Binary => {
                        if let Err(error) = datum::binary::to_binary(datum, ty.ty, &mut value) {
                            self.buf.truncate(start);
                            return Err(error);
                        }
                    }
                }
                self.buf.put_u32(value.len() as u32);
                self.buf.put_slice(&value);
            }
            let length = self.buf.len() - start - 1;
            let Some(length) = u32::try_from(length).ok().filter(|n| *n < 1 << 30) else {
                self.buf.truncate(start);
                return Err(Error::new(datum::error::sqlstate::PROGRAM_LIMIT_EXCEEDED, "row is too long"));
            };
            self.buf[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    /// CommandComplete, PortalSuspended or EmptyQueryResponse.
    pub fn complete(&mut self, completion: &Completion) {
        match completion {
            Completion::Done(tag) => {
                self.message(PgWireBackendMessage::CommandComplete(CommandComplete::new(tag.clone())));
            }
            Completion::Suspended => {
                self.message(PgWireBackendMessage::PortalSuspended(PortalSuspended::new()))
            }
            Completion::Empty => {
                self.message(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new()))
            }
            Completion::CopyIn => {}
        }
    }

    /// CopyInResponse or CopyOutResponse.
    pub fn copy_response(&mut self, into: bool, binary: bool, columns: usize) {
        let (format, column) = if binary { (1, 1) } else { (0, 0) };
        let (count, formats) = (columns as i16, vec![column; columns]);
        self.message(if into {
            PgWireBackendMessage::CopyInResponse(CopyInResponse::new(format, count, formats))
        } else {
            PgWireBackendMessage::CopyOutResponse(CopyOutResponse::new(format, count, formats))
        });
    }

    /// CopyData.
    pub fn copy_data(&mut self, data: &[u8]) {
        self.buf.put_u8(b'd');
        self.buf.put_u32(data.len() as u32 + 4);
        self.buf.put_slice(data);
    }
}

/// The format of a column: none given is text, one stands for all.
pub fn format_of(formats: &[Format], column: usize) -> Format {
    match formats {
        [] => Format::Text,
        [all] => *all,
        each => each.get(column).copied().unwrap_or(Format::Text),
    }
}
