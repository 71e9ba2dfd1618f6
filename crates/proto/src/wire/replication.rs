//! What replication leaves on disk: log entries, votes, applied state. Messages: `proto/replication.proto`.

use std::collections::BTreeSet;
use std::fmt;

use base::NodeId;
use bytes::Bytes;
use prost::Message;

use super::{Durable, WireError};

/// The generated messages. Only conversions use them.
pub mod pb {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/holdfast.replication.rs"));
}

/// Names an entry of a range's log. A term has one leader at most, so the term names the leader too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The leader's term.
    pub term: u64,
    /// Position in the log, from 0.
    pub index: u64,
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.term, self.index)
    }
}

/// Whom this node has voted for, or follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// In which term.
    pub term: u64,
    /// For whom.
    pub node: NodeId,
    /// Whether a quorum has granted it.
    pub committed: bool,
}

/// Who belongs to a range's group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// One set of voters, or two while one replaces the other.
    pub configs: Vec<BTreeSet<NodeId>>,
    /// Every member, learners included.
    pub nodes: BTreeSet<NodeId>,
}

/// One command in the chain of its leader (T6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Never used twice under one leader id. From 1.
    pub number: u64,
    /// The number of the command that must be the last one applied under this leader id; 0 = none.
    pub predecessor: u64,
    /// A write batch in its own versioned encoding.
    pub writes: Bytes,
}

/// The commands of one leader that travel in one entry, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The leader's term.
    pub term: u64,
    /// The leader.
    pub node: NodeId,
    /// Its commands.
    pub commands: Vec<Command>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPayload {
    /// Nothing: a new leader's first entry.
    Blank,
    /// Commands.
    Proposal(Proposal),
    /// Another membership.
    Membership(Membership),
}

/// An entry of a range's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: LogId,
    /// What.
    pub payload: EntryPayload,
}

/// The last command that was applied, and under whom (T6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainHead {
    /// The leader id, as its term.
    pub term: u64,
    /// The command's number.
    pub number: u64,
}

/// How far a range's log has been applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The last entry applied.
    pub last: Option<LogId>,
    /// The entry that set the membership.
    pub membership_id: Option<LogId>,
    /// The membership as of that entry.
    pub membership: Membership,
    /// The last command applied.
    pub chain: ChainHead,
}

impl From<LogId> for pb::LogId {
    fn from(id: LogId) -> pb::LogId {
        pb::LogId { term: id.term, index: id.index }
    }
}

impl From<pb::LogId> for LogId {
    fn from(id: pb::LogId) -> LogId {
        LogId { term: id.term, index: id.index }
    }
}

impl From<&Membership> for pb::Membership {
    fn from(m: &Membership) -> pb::Membership {
        let ids = |set: &BTreeSet<NodeId>| set.iter().map(|n| n.0).collect();
        let configs = m.configs.iter().map(|config| pb::Voters { nodes: ids(config) }).collect();
        pb::Membership { configs, nodes: ids(&m.nodes) }
    }
}

impl From<pb::Membership> for Membership {
    fn from(m: pb::Membership) -> Membership {
        let ids = |nodes: Vec<u64>| nodes.into_iter().map(NodeId).collect();
        Membership { configs: m.configs.into_iter().map(|c| ids(c.nodes)).collect(), nodes: ids(m.nodes) }
    }
}

impl Durable for Vote {
    const NAME: &'static str = "vote";
    type Message = pb::Vote;

    fn to_message(&self) -> pb::Vote {
        pb::Vote { term: self.term, node: self.node.0, committed: self.committed }
    }

    fn from_message(m: pb::Vote) -> Result<Vote, &'static str> {
        Ok(Vote { term: m.term, node: NodeId(m.node), committed: m.committed })
    }
}

impl Durable for LogId {
    const NAME: &'static str = "log id";
    type Message = pb::LogId;

    fn to_message(&self) -> pb::LogId {
        (*self).into()
    }

    fn from_message(m: pb::LogId) -> Result<LogId, &'static str> {
        Ok(m.into())
    }
}

impl Durable for Applied {
    const NAME: &'static str = "applied state";
    type Message = pb::Applied;

    fn to_message(&self) -> pb::Applied {
        pb::Applied {
            last: self.last.map(Into::into),
            membership_id: self.membership_id.map(Into::into),
            membership: Some((&self.membership).into()),
            chain_term: self.chain.term,
            chain_number: self.chain.number,
        }
    }

    fn from_message(m: pb::Applied) -> Result<Applied, &'static str> {
        Ok(Applied {
            last: m.last.map(Into::into),
            membership_id: m.membership_id.map(Into::into),
            membership: m.membership.ok_or("membership is missing")?.into(),
            chain: ChainHead { term: m.chain_term, number: m.chain_number },
        })
    }
}

impl Durable for Entry {
    const NAME: &'static str = "log entry";
    type Message = pb::Entry;

    fn to_message(&self) -> pb::Entry {
        let payload = match &self.payload {
            EntryPayload::Blank => pb::entry::Payload::Blank(pb::Blank {}),
            EntryPayload::Membership(m) => pb::entry::Payload::Membership(m.into()),
            EntryPayload::Proposal(p) => pb::entry::Payload::Proposal(p.to_message()),
        };
        pb::Entry { id: Some(self.id.into()), payload: Some(payload) }
    }

    fn from_message(m: pb::Entry) -> Result<Entry, &'static str> {
        let payload = match m.payload.ok_or("payload is missing or of an unknown kind")? {
            pb::entry::Payload::Blank(pb::Blank {}) => EntryPayload::Blank,
            pb::entry::Payload::Membership(m) => EntryPayload::Membership(m.into()),
            pb::entry::Payload::Proposal(p) => EntryPayload::Proposal(Proposal::from_message(p)?),
        };
        Ok(Entry { id: m.id.ok_or("id is missing")?.into(), payload })
    }
}

impl Proposal {
    fn to_message(&self) -> pb::Proposal {
        let commands = self
            .commands
            .iter()
            .map(|c| pb::Command { number: c.number, predecessor: c.predecessor, writes: c.writes.clone() })
            .collect();
        pb::Proposal { term: self.term, node: self.node.0, commands }
    }

    fn from_message(m: pb::Proposal) -> Result<Proposal, &'static str> {
        let mut commands = Vec::with_capacity(m.commands.len());
        for c in m.commands {
            if c.number == 0 {
                return Err("a command has no number");
            }
            commands.push(Command { number: c.number, predecessor: c.predecessor, writes: c.writes });
        }
        Ok(Proposal { term: m.term, node: NodeId(m.node), commands })
    }
}

impl Entry {
    /// [`Durable::decode`] without copying what the commands write.
    pub fn decode_shared(bytes: Bytes) -> Result<Entry, WireError> {
        let known = Entry::VERSION;
        match bytes.first() {
            Some(&version) if version == 0 || version > known => {
                Err(WireError::UnknownVersion { what: Entry::NAME, version, known })
            }
            None => Err(WireError::Malformed { what: Entry::NAME, why: "it is empty".into() }),
            Some(_) => {
                let malformed = |why: String| WireError::Malformed { what: Entry::NAME, why };
                let message = pb::Entry::decode(bytes.slice(1..)).map_err(|e| malformed(e.to_string()))?;
                Entry::from_message(message).map_err(|why| malformed(why.into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(ids: &[u64]) -> BTreeSet<NodeId> {
        ids.iter().copied().map(NodeId).collect()
    }

    fn entries() -> Vec<Entry> {
        let id = LogId { term: 3, index: 7 };
        let membership =
            Membership { configs: vec![nodes(&[1]), nodes(&[1, 2, 3])], nodes: nodes(&[1, 2, 3, 4]) };
        let commands = vec![
            Command { number: 1, predecessor: 0, writes: Bytes::from_static(b"\x01") },
            Command { number: 4, predecessor: 1, writes: Bytes::from_static(b"abc") },
        ];
        vec![
            Entry { id, payload: EntryPayload::Blank },
            Entry { id: LogId::default(), payload: EntryPayload::Membership(membership) },
            Entry { id, payload: EntryPayload::Proposal(Proposal { term: 3, node: NodeId(9), commands }) },
        ]
    }

    #[test]
    fn entries_come_back() {
        for entry in entries() {
            let bytes = entry.encode();
            assert_eq!(Entry::decode(&bytes), Ok(entry.clone()));
            assert_eq!(Entry::decode_shared(bytes.into()), Ok(entry));
        }
    }

    #[test]
    fn unknown_versions_and_kinds_are_refused() {
        let mut bytes = entries()[0].encode();
        bytes[0] = 2;
        let refused = WireError::UnknownVersion { what: "log entry", version: 2, known: 1 };
        assert_eq!(Entry::decode(&bytes), Err(refused.clone()));
        assert_eq!(Entry::decode_shared(bytes.into()), Err(refused));
        // An id and a payload of a kind that nobody knows yet (field 15).
        let newer = [1, 0x0a, 2, 8, 3, 0x7a, 0];
        let error = Entry::decode(&newer).expect_err("no known payload").to_string();
        assert!(error.contains("unknown kind"), "{error}");
        let error = Entry::decode_shared(Bytes::from_static(&[1, 0xff])).expect_err("garbage").to_string();
        assert!(error.contains("malformed"), "{error}");
    }

    #[test]
    fn no_damage_to_an_entry_panics_or_goes_unseen_as_another_kind() {
        for entry in entries() {
            let bytes = entry.encode();
            for cut in 0..bytes.len() {
                // A shorter message may still be one (a list that ends early); it is never taken for the whole.
                assert_ne!(Entry::decode(&bytes[..cut]), Ok(entry.clone()), "cut at {cut}");
            }
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= 1 << bit;
                    assert_ne!(Entry::decode(&damaged), Ok(entry.clone()), "bit {bit} of byte {at}");
                }
            }
        }
    }

    #[test]
    fn votes_and_applied_states_come_back() {
        let vote = Vote { term: 5, node: NodeId(2), committed: true };
        assert_eq!(Vote::decode(&vote.encode()), Ok(vote));
        let applied = Applied {
            last: Some(LogId { term: 5, index: 0 }),
            membership_id: None,
            membership: Membership { configs: vec![nodes(&[2])], nodes: nodes(&[2]) },
            chain: ChainHead { term: 5, number: 12 },
        };
        assert_eq!(Applied::decode(&applied.encode()), Ok(applied));
        assert_eq!(Applied::decode(&Applied::default().encode()), Ok(Applied::default()));
        assert!(Vote::decode(&[9]).is_err());
    }
}
