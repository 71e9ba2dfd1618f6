//! [`Output`]: results on their way to the client, held back while the statement may still be run again.

use std::sync::Arc;

use datum::{Batch, ColumnType, FormatSettings, Result, Type};

use crate::api::{Field, Format, Sink};
use crate::catalog::SessionCatalog;
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
    /// The catalog that names of objects (regclass …) come from, if there are such columns.
    objects: Option<SessionCatalog>,
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
            objects: None,
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

    /// Whether there are columns of regclass or its kin that are sent as text: these are names.
    pub fn has_objects(&self) -> bool {
        (0..self.types.len()).any(|column| self.is_object(column))
    }

    fn is_object(&self, column: usize) -> bool {
        let ty = self.types[column].ty;
        let ty = if let Type::Array(element) = ty { *element } else { ty };
        ty.is_object() && self.formats.get(column) != Some(&Format::Binary)
    }

    /// Names of objects are those of this catalog from now on.
    pub fn name_objects(&mut self, catalog: SessionCatalog) {
        self.objects = Some(catalog);
    }

    /// The batch with names in place of OIDs.
    fn named(&self, catalog: &SessionCatalog, batch: &Batch) -> Batch {
        let mut out = Batch::with_capacity(batch.width(), batch.len());
        for row in batch.rows() {
            out.push(row.iter().enumerate().map(|(column, value)| {
                if self.is_object(column) {
                    crate::virtual_tables::named_object(catalog, self.types[column].ty, value)
                } else {
                    value.clone()
                }
            }));
        }
        out
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
        let batch = match &self.objects {
            Some(catalog) => self.named(catalog, &batch),
            None => batch,
        };
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
