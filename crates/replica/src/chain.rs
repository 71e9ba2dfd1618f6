//! The chain of commands of a leader (T6): which of an entry's commands apply.
//!
//! ```text
//!   evaluated by the leader of term 7:      1 ──► 2 ──► 3 ──► 4
//!   in the log:                             1     2     ·     4        3 was refused
//!   applied:                                1     2           no       its predecessor is not the last one applied
//! ```
//!
//! A command was evaluated over the effects of every command before it in its chain. If one of those is missing,
//! or another leader has written in between, what the command does may be wrong; so it does nothing. The judgement
//! depends on the log alone, so that every replica comes to the same one.

use proto::wire::replication::{ChainHead, Proposal};

use crate::planted::{Bug, Bugs};

/// Whether the command of this `number` applies in an entry of `entry_term`; if so, `head` moves to it. To be
/// called for an entry's commands in order.
pub(crate) fn judge(
    head: &mut ChainHead,
    entry_term: u64,
    proposal: &Proposal,
    number: u64,
    predecessor: u64,
    bugs: &Bugs,
) -> bool {
    let last = if head.term == entry_term { head.number } else { 0 };
    let applies = proposal.term == entry_term && predecessor == last && number > last;
    if applies || bugs.has(Bug::ApplyInSpiteOfGap) {
        *head = ChainHead { term: entry_term, number };
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use base::NodeId;
    use bytes::Bytes;
    use proto::wire::replication::Command;

    use super::*;

    fn proposal(term: u64, commands: &[(u64, u64)]) -> Proposal {
        let commands = commands
            .iter()
            .map(|&(number, predecessor)| Command { number, predecessor, writes: Bytes::new() })
            .collect();
        Proposal { term, node: NodeId(1), commands }
    }

    fn judged(head: &mut ChainHead, entry_term: u64, p: &Proposal) -> Vec<bool> {
        let bugs = Bugs::default();
        p.commands.iter().map(|c| judge(head, entry_term, p, c.number, c.predecessor, &bugs)).collect()
    }

    #[test]
    fn a_whole_chain_applies_across_entries() {
        let mut head = ChainHead::default();
        assert_eq!(judged(&mut head, 3, &proposal(3, &[(1, 0), (2, 1)])), [true, true]);
        assert_eq!(judged(&mut head, 3, &proposal(3, &[(3, 2)])), [true]);
        assert_eq!(head, ChainHead { term: 3, number: 3 });
    }

    #[test]
    fn nothing_behind_a_gap_applies_until_the_chain_goes_on_from_what_did() {
        let mut head = ChainHead { term: 3, number: 1 };
        assert_eq!(judged(&mut head, 3, &proposal(3, &[(3, 2), (4, 3)])), [false, false]);
        assert_eq!(judged(&mut head, 3, &proposal(3, &[(5, 1), (6, 5), (8, 7)])), [true, true, false]);
        assert_eq!(head, ChainHead { term: 3, number: 6 });
    }

    #[test]
    fn a_command_applies_under_its_own_leader_only() {
        let mut head = ChainHead { term: 3, number: 9 };
        assert_eq!(judged(&mut head, 4, &proposal(3, &[(10, 9)])), [false], "proposed by 3, appended by 4");
        assert_eq!(judged(&mut head, 4, &proposal(4, &[(1, 9)])), [false], "no chain reaches over a term");
        assert_eq!(judged(&mut head, 4, &proposal(4, &[(1, 0)])), [true]);
        assert_eq!(head, ChainHead { term: 4, number: 1 });
    }

    #[test]
    fn a_command_applies_once() {
        let mut head = ChainHead::default();
        let first = proposal(1, &[(1, 0)]);
        assert_eq!(judged(&mut head, 1, &first), [true]);
        assert_eq!(judged(&mut head, 1, &first), [false]);
    }
}
