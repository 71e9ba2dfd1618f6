//! Known mistakes, switched on by tests to prove that they are seen (feature `planted-bugs`). Without the feature
//! every switch is a constant `false`.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Bug {
    /// Against T2: a refresh moves read_ts without looking.
    RefreshBlindly = 1,
    /// Against T2: a commit forgets what was read.
    ForgetReads = 2,
    /// Against T9: an unknown outcome counts as failed.
    UnknownIsFailed = 4,
    /// Against T11: says "aborted" before ABORTED is durable.
    AbortUnrecorded = 8,
    /// Against T4: takes prepares above c for prepares at c.
    IgnorePrepareTs = 16,
    /// Against T5: decides a STAGING record without making the missing prepares impossible.
    RecoverCarelessly = 32,
}

#[cfg(feature = "planted-bugs")]
mod switches {
    use std::cell::Cell;
    thread_local! {
        static PLANTED: Cell<u32> = const { Cell::new(0) };
    }
    /// Switches exactly this mistake on, in this thread, or all off.
    pub fn plant(bug: Option<super::Bug>) {
        PLANTED.set(bug.map_or(0, |b| b as u32));
    }
    pub(crate) fn planted(bug: super::Bug) -> bool {
        PLANTED.get() & bug as u32 != 0
    }
}
#[cfg(feature = "planted-bugs")]
pub use switches::plant;
#[cfg(feature = "planted-bugs")]
pub(crate) use switches::planted;

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn planted(_bug: Bug) -> bool {
    false
}
