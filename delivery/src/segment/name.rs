//! Names of segment files.

use std::fmt;

/// `<epoch>-<first_seq>.seg`: sorts by first number within an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentName {
    pub epoch: u64,
    pub first_seq: u64,
}

impl SegmentName {
    /// The name in `file`, with nothing else in it and spelled as this crate spells it.
    pub fn parse(file: &str, suffix: &str) -> Option<Self> {
        let (epoch, first_seq) = file.strip_suffix(suffix)?.split_once('-')?;
        let name = Self {
            epoch: epoch.parse().ok()?,
            first_seq: first_seq.parse().ok()?,
        };
        (name.to_string() == format!("{epoch}-{first_seq}")).then_some(name)
    }

    /// The file with this suffix, which includes its dot.
    pub fn file(&self, suffix: &str) -> String {
        format!("{self}{suffix}")
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:020}", self.epoch, self.first_seq)
    }
}
