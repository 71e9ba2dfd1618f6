//! How records lie on disk: `[format version (1 byte)][protobuf message]`.
//!
//! The messages are generated from the top-level `proto` folder ([`pb`]); [`Durable`] converts between them and
//! the types that the rest of the code uses. Every conversion is total: whatever the bytes are, the answer is a
//! value or a [`WireError`], and a value once encoded comes back equal. There is no checksum here, since the
//! engines and the transport below have their own.

mod convert;
pub mod replication;
pub mod rpc;

use prost::Message;

/// The generated messages. Only conversions use them.
pub mod pb {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/holdfast.records.rs"));
}

/// The bytes are not what an encoder of this version or an earlier one writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Written by a newer version of the software, or not by ours.
    #[error("{what} has unknown format version {version} (this version knows up to {known})")]
    UnknownVersion {
        /// What was decoded.
        what: &'static str,
        /// What the bytes say.
        version: u8,
        /// The newest known.
        known: u8,
    },
    /// Not a message.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// What was decoded.
        what: &'static str,
        /// What was wrong.
        why: String,
    },
}

/// A record that can lie on disk.
pub trait Durable: Sized {
    /// Its name in errors.
    const NAME: &'static str;
    /// The format version that is written, and the newest that is read. A version is never zero.
    const VERSION: u8 = 1;
    /// Its protobuf message.
    type Message: Message + Default;

    /// As a message.
    fn to_message(&self) -> Self::Message;

    /// From a message. The error says which field is wrong.
    fn from_message(message: Self::Message) -> Result<Self, &'static str>;

    /// The bytes on disk.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    /// Appends the bytes on disk.
    fn encode_into(&self, out: &mut Vec<u8>) {
        let message = self.to_message();
        out.reserve(1 + message.encoded_len());
        out.push(Self::VERSION);
        message.encode(out).expect("a Vec has room");
    }

    /// From the bytes on disk.
    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let malformed = |why: String| WireError::Malformed { what: Self::NAME, why };
        let (&version, rest) = bytes.split_first().ok_or_else(|| malformed("it is empty".into()))?;
        if version == 0 || version > Self::VERSION {
            return Err(WireError::UnknownVersion { what: Self::NAME, version, known: Self::VERSION });
        }
        let message = Self::Message::decode(rest).map_err(|e| malformed(e.to_string()))?;
        Self::from_message(message).map_err(|why| malformed(why.into()))
    }
}

#[cfg(test)]
mod tests;
