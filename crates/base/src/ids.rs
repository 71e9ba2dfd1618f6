//! Identifiers. None of them ever travels as a bare integer.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// A node of the cluster; assigned by the cluster, kept in the data directory.
    NodeId, "n"
);
id!(
    /// A range of the keyspace, kept by one Raft group.
    RangeId, "r"
);
id!(
    /// One run of a node's process: a new one at every start. What was held in the memory of an earlier
    /// run (locks, write buffers) is gone.
    ProcessId, "p"
);

/// A transaction. Every attempt and every replay has a fresh one (T5a).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TxnId(pub u128);

impl TxnId {
    /// Big-endian bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The inverse of [`TxnId::to_bytes`].
    pub fn from_bytes(bytes: [u8; 16]) -> TxnId {
        TxnId(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{:032x}", self.0)
    }
}

impl fmt::Debug for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The low half is enough to tell two apart in a log line.
        write!(f, "t{:08x}", self.0 as u32)
    }
}
