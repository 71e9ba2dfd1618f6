//! Known mistakes, to be switched on by tests that must then fail. They exist in tests and under the feature
//! `planted-bugs` only; elsewhere [`Bugs::has`] is `false` and costs nothing.

/// A rule that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(any(test, feature = "planted-bugs")), allow(dead_code))]
pub enum Bug {
    /// Apply a command in spite of a gap in its chain, or under another leader id (T6).
    ApplyInSpiteOfGap,
    /// Serve writes at once in a new incarnation, with no low-water mark (T7).
    ForgetLowWaterMark,
    /// Grant votes, and stand for election, right after opening (T7a).
    VoteWithinLease,
    /// Purge the log beyond what is durable (T13).
    PurgeBeyondDurable,
    /// Say that an entry is durable when it is only written.
    AcknowledgeBeforeSync,
    /// Answer before the effect can be read (T10).
    AnswerBeforeApply,
}

/// The rules that are switched off.
#[derive(Clone, Debug, Default)]
pub struct Bugs {
    #[cfg(any(test, feature = "planted-bugs"))]
    planted: Vec<Bug>,
}

impl Bugs {
    /// With this one switched off.
    #[cfg(any(test, feature = "planted-bugs"))]
    pub fn planted(bug: Bug) -> Bugs {
        Bugs { planted: vec![bug] }
    }

    /// Whether this rule is switched off.
    #[cfg(any(test, feature = "planted-bugs"))]
    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.planted.contains(&bug)
    }

    /// Whether this rule is switched off: never.
    #[cfg(not(any(test, feature = "planted-bugs")))]
    #[inline]
    pub(crate) fn has(&self, _bug: Bug) -> bool {
        false
    }
}
