//! Planted bugs: each switches one rule off, so that a test can be seen to need the rule.
//!
//! Without the cargo feature `planted-bugs`, which no release has, all of this is the constant `false`.

/// A rule that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Bug {
    /// T1: a write does not look at the timestamp cache.
    IgnoreTsCache,
    /// T1: a write does not look at the newest version of its key.
    IgnoreNewestVersion,
    /// T1: a write is laid over a foreign intent.
    OverwriteForeignIntent,
    /// T1: a write does not look at the closed timestamp.
    IgnoreClosedTs,
    /// T2: a commit does not validate its reads.
    SkipValidation,
    /// T2: validation does not bump the timestamp cache.
    ValidateWithoutBump,
    /// T2: validation meets only intents above its read timestamp.
    IntentsOnlyAboveReadTs,
    /// Reads: the uncertainty interval is ignored.
    IgnoreUncertainty,
    /// Reads: in-flight commands are not waited for.
    ReadDoesNotWait,
    /// T5: the record is changed without comparing.
    RecordWithoutCompare,
    /// T5: recovery's bump has an owner.
    RecoverWithOwner,
    /// T5: recovery does not bump.
    RecoverWithoutBump,
    /// T5a: a record is removed without raising the threshold.
    RemoveRecordWithoutThreshold,
    /// T6: applied in spite of a gap in the chain.
    ApplyOverGap,
    /// T6: evaluation does not see what is in flight.
    IgnoreOverlay,
    /// T7: a new incarnation starts without a low-water mark.
    ForgetLowWaterMark,
    /// T8: the GC threshold is not checked.
    IgnoreGcThreshold,
    /// T8, T9: GC removes young versions.
    GcIgnoresRetention,
    /// T9: a commit does not look for an earlier send of itself.
    SkipFirstLook,
    /// T9: deadlines are not checked.
    IgnoreDeadline,
    /// T10: answers do not wait for what they rest on.
    AnswerFromUnapplied,
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static ON: Cell<u32> = const { Cell::new(0) };
    }

    /// Whether the bug is switched on in this thread.
    #[inline]
    pub(crate) fn on(bug: Bug) -> bool {
        ON.with(|on| on.get() & (1 << bug as u32) != 0)
    }

    /// A bug that is on in this thread until this is dropped. For tests on a current-thread runtime.
    pub struct Planted(Bug);

    /// Switches a bug on in this thread.
    #[must_use]
    pub fn plant(bug: Bug) -> Planted {
        ON.with(|on| on.set(on.get() | 1 << bug as u32));
        Planted(bug)
    }

    impl Drop for Planted {
        fn drop(&mut self) {
            ON.with(|on| on.set(on.get() & !(1 << self.0 as u32)));
        }
    }
}

#[cfg(not(feature = "planted-bugs"))]
mod switch {
    use super::Bug;

    #[inline(always)]
    pub(crate) fn on(_bug: Bug) -> bool {
        false
    }
}

pub(crate) use switch::on;
#[cfg(feature = "planted-bugs")]
pub use switch::{Planted, plant};
