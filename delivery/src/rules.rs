//! The rules of the protocol by name, so that a test can switch one off and see the tests fail.

/// One rule that delivery rests on. Each has a mutant in `tests/mutants.rs` that breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A record leaves the host only after fdatasync.
    SyncBeforeSend,
    /// A new segment counts only after its directory entry is durable.
    DirectorySync,
    /// A record whose checksum differs does not exist.
    Checksum,
    /// What fdatasync refused is written again to another file, never synced again in place.
    NewFileAfterSyncError,
    /// A sequence number names one record for ever.
    NeverReuseSeq,
    /// A segment may go only after the server acknowledged it.
    DeleteOnlyAcked,
    /// Everything dropped leaves a gap record.
    DeclareDrops,
    /// A hole in the spool opens a new epoch, so that replayable sources are read again.
    HoleForcesEpoch,
    /// Records that cannot be read again move into the new epoch.
    CarryOver,
    /// After a new epoch a source has to be repositioned before its records are taken.
    HoldStaleSources,
    /// The agent compares the server's chain value with its own before it resumes.
    ChainCheck,
    /// Sending resumes right after what the server acknowledged.
    ResumeAtAcked,
    /// A spool that is behind the server gets a new epoch.
    RaiseWhenBehind,
    /// A spool of another epoch than the server's gets a new epoch.
    RaiseOnOtherEpoch,
    /// A new epoch is above both the server's and the agent's.
    RaiseAboveBoth,
    /// Only the newest session may store.
    Fencing,
    /// A batch of another epoch is refused.
    EpochCheck,
    /// A batch that starts after the next expected number is refused.
    GapCheck,
    /// What is at or below the watermark is skipped.
    Dedup,
    /// Records that were carried over are looked up by their unique id first.
    LookupCarried,
}

/// The rules that are in force: all of them, except in this crate's own mutation tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    #[cfg(feature = "mutants")]
    broken: u32,
}

impl Rules {
    /// Whether `rule` is in force. Always true, and compiled away, without the feature `mutants`.
    #[inline]
    pub(crate) fn hold(self, rule: Rule) -> bool {
        #[cfg(feature = "mutants")]
        return self.broken & (1 << rule as u32) == 0;
        #[cfg(not(feature = "mutants"))]
        {
            let _ = rule;
            true
        }
    }

    /// The same rules without `rule`.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn without(self, rule: Rule) -> Self {
        Self {
            broken: self.broken | (1 << rule as u32),
        }
    }
}
