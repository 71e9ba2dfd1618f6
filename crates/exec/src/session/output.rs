//! [`Output`]: results on their way to the client, held back while the statement may still be run again.

use std::sync::Arc;

use datum::{Batch, ColumnType, FormatSettings, Result};

use crate::api::{Field, Format, Sink};
use crate::error::client_gone;
use crate::operators::batch_bytes;

/// Results of at most so many bytes are held back until their transaction has ended.
const HELD_BYTES_MAX: u64 = 64 << 10;

/// Results on their way to the client.
pub(crate) struct Output<'s, S> {
    pub sink: &'s mut S,
    /// Whether columns are to be described.
    describe: bool,
    described: bool,
    fields: Arc<Vec<Field>>,
    types: Vec<ColumnType>,
    formats: Vec<Format>,
    settings: Arc<FormatSettings>,
    held: Vec<Batch>,
    held_bytes: u64,
    /// Something has left: it can never be taken back.
    pub sent: bool,
}

impl<'s, S: Sink> Output<'s, S> {
    pub fn new(sink: &'s mut S, describe: bool) -> Output<'s, S> {
        Output {
            sink,
            describe,
            described: false,
            fields: Arc::default(),
            types: Vec::new(),
            formats: Vec::new(),
            settings: Arc::new(FormatSettings::default()),
            held: Vec::new(),
            held_bytes: 0,
            sent: false,
        }
    }

    /// The statement returns rows of these columns.
    pub fn columns(
        &mut self,
        fields: &Arc<Vec<Field>>,
        formats: Vec<Format>,
        settings: &Arc<FormatSettings>,
    ) {
        self.fields = fields.clone();
        self.types = fields.iter().map(|field| field.ty).collect();
        self.formats = formats;
        self.settings = settings.clone();
        self.described = !self.describe;
    }

    /// The statement returns no rows.
    pub fn no_columns(&mut self) {
        self.described = true;
    }

    /// Forgets what has been held back.
    pub fn clear(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Adds rows. Sends what is held back when it becomes much and `may_send`.
    pub async fn push(&mut self, batch: Batch, may_send: bool) -> Result<()> {
        self.held_bytes += batch_bytes(&batch);
        self.held.push(batch);
        if may_send && self.held_bytes > HELD_BYTES_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sends what is held back.
    pub async fn flush(&mut self) -> Result<()> {
        if !self.described {
            self.described = true;
            self.sent = true;
            self.sink.fields(&self.fields).await.map_err(client_gone)?;
        }
        self.held_bytes = 0;
        for batch in std::mem::take(&mut self.held) {
            self.sent = true;
            self.sink.rows(&batch, &self.types, &self.formats, &self.settings).await.map_err(client_gone)?;
        }
        Ok(())
    }
}
