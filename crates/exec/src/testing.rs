//! What tests need to make happen that otherwise happens by itself, and doors to what is stored and received.

use std::sync::Arc;

use datum::Result;
use sql::statement::CopyOptions;

use crate::Node;
use crate::catalog::{SessionCatalog, encoding};
use crate::copy::reader::Reader;
use crate::{keys, sequence};

/// Clears what is due, once.
pub async fn collect_garbage(node: &Arc<Node>) -> Result<()> {
    crate::garbage::collect(node).await.map(|_| ())
}

/// The catalog of the database `holdfast` as the node knows it at present.
pub fn catalog(node: &Node, user: &str) -> SessionCatalog {
    SessionCatalog::new(node.catalog.latest(), crate::catalog::system::HOLDFAST, user, "\"$user\", public")
}

/// Kinds of values in system keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A descriptor.
    Descriptor,
    /// Statistics of a table.
    Statistics,
    /// Which descriptors a version of the catalog changed.
    Change,
    /// A counter.
    Counter,
    /// The state of a sequence.
    Sequence,
}

/// Decodes such a value and encodes it again.
///
/// # Errors
/// XX001 if the bytes are not one.
pub fn recode(kind: Stored, bytes: &[u8]) -> Result<Vec<u8>> {
    match kind {
        Stored::Descriptor => encoding::encode(&encoding::decode(bytes)?),
        Stored::Statistics => Ok(encoding::encode_statistics(&encoding::decode_statistics(bytes)?)),
        Stored::Change => Ok(encoding::encode_change(&encoding::decode_change(bytes)?)),
        Stored::Counter => Ok(keys::encode_u64(keys::decode_u64(bytes)?)),
        Stored::Sequence => Ok(sequence::encode(sequence::decode(bytes)?).to_vec()),
    }
}

/// The rows that COPY FROM cuts out of data that comes in these pieces; with the error that ended it, if any.
pub fn copy_rows<'a>(
    options: CopyOptions,
    names: &[String],
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Vec<Option<Vec<u8>>>>, Result<()>) {
    let mut reader = Reader::new(options, names.len());
    let mut rows = Vec::new();
    let row = |reader: &Reader| reader.fields().map(|field| field.map(<[u8]>::to_vec)).collect();
    let cut = || {
        for piece in pieces {
            reader.push(piece)?;
            while reader.next(false, names)? {
                rows.push(row(&reader));
            }
        }
        while reader.next(true, names)? {
            rows.push(row(&reader));
        }
        Ok(())
    };
    let ended = cut();
    (rows, ended)
}

/// The stored form of a descriptor.
///
/// # Errors
/// If it holds what cannot be stored.
pub fn encode_descriptor(descriptor: &crate::catalog::Descriptor) -> Result<Vec<u8>> {
    encoding::encode(descriptor)
}
