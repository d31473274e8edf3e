//! What watches a process for a while.

use std::path::PathBuf;

use analysis::{
    behavior::{BehaviorAsked, MOST_SECONDS, TracedBehaviorAsked},
    period::Period,
    profile::ProfileAsked,
    question::Question,
};
use clap::Args as ClapArgs;

use super::inspect::ProcessWanted;

#[derive(Debug, ClapArgs)]
pub struct BehaviorWanted {
    #[command(flatten)]
    pub target: ProcessWanted,
    /// How long to watch, 10m at most
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = watch)]
    pub duration: Period,
    /// Ask strace, which tells files, peers and errors, and slows the process down
    #[arg(long)]
    pub strace: bool,
}

impl From<BehaviorWanted> for Question {
    fn from(wanted: BehaviorWanted) -> Self {
        let pid = wanted.target.pid();
        let duration_s = seconds(wanted.duration);
        match wanted.strace {
            true => Self::AnalyzeBehaviorTraced(TracedBehaviorAsked { pid, duration_s }),
            false => Self::AnalyzeBehavior(BehaviorAsked { pid, duration_s }),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ProfileWanted {
    #[command(flatten)]
    pub target: ProcessWanted,
    /// How long to sample, 10m at most
    #[arg(long, default_value = "30s", value_name = "DURATION", value_parser = watch)]
    pub duration: Period,
    /// Unwind by debug information: for programs that keep no frame pointers
    #[arg(long)]
    pub dwarf: bool,
    /// Write a flame graph into this file, for a browser
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

impl From<ProfileWanted> for Question {
    fn from(wanted: ProfileWanted) -> Self {
        Self::ProfileProcess(ProfileAsked {
            pid: wanted.target.pid(),
            duration_s: seconds(wanted.duration),
            dwarf: wanted.dwarf,
        })
    }
}

fn seconds(duration: Period) -> u32 {
    u32::try_from(duration.as_duration().as_secs()).unwrap_or(MOST_SECONDS)
}

/// A time that a process may be watched.
fn watch(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    match period.as_duration().as_secs() {
        1..=600 => Ok(period),
        _ => Err("1s to 10m".to_owned()),
    }
}
