//! Where programs of `datum` meet the bytes of a range.

use std::sync::Arc;

use bytes::Bytes;
use datum::program::{ProgramRunner, RowOutcome};
use datum::{Batch, Program, RowUpdate};
use proto::KvError;

/// A program at work on the rows of one scan.
pub(crate) struct Runner(ProgramRunner);

impl Runner {
    pub(crate) fn new(program: Arc<Program>) -> Result<Runner, KvError> {
        Ok(Runner(ProgramRunner::new(program)?))
    }

    /// Takes in a row. Whether it is a row of the output (for aggregates: of a group).
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) -> Result<bool, KvError> {
        Ok(self.0.push(key, value)?)
    }

    /// About how many bytes of output there are.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes() as u64
    }

    pub(crate) fn finish(self) -> Result<Batch, KvError> {
        Ok(self.0.finish()?)
    }
}

/// What an update makes of a row.
pub(crate) struct Changed {
    /// The row's new value; `Some(None)` = it goes; `None` = nothing is written.
    pub write: Option<Option<Bytes>>,
    /// The returning columns, if a row qualified.
    pub returning: Option<Batch>,
}

/// Applies the update to the newest version of the row.
pub(crate) fn apply(update: &RowUpdate, key: &[u8], old: Option<&[u8]>) -> Result<Changed, KvError> {
    let RowOutcome { write, returned } = update.apply(key, old)?;
    let returning = returned.map(|row| {
        let mut batch = Batch::with_capacity(row.len(), 1);
        batch.push(row);
        batch
    });
    Ok(Changed { write: write.map(|value| value.map(Bytes::from)), returning })
}
