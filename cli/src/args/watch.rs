//! What watches a process for a while.

use analysis::{
    behavior::{BehaviorAsked, MOST_SECONDS, TracedBehaviorAsked},
    period::Period,
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
        let seconds = seconds(wanted.duration);
        match wanted.strace {
            true => Self::AnalyzeBehaviorTraced(TracedBehaviorAsked { pid, seconds }),
            false => Self::AnalyzeBehavior(BehaviorAsked { pid, seconds }),
        }
    }
}

pub(super) fn seconds(duration: Period) -> u32 {
    u32::try_from(duration.as_duration().as_secs()).unwrap_or(MOST_SECONDS)
}

/// A time that a process may be watched.
pub(super) fn watch(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    match period.as_duration().as_secs() {
        1..=600 => Ok(period),
        _ => Err("1s to 10m".to_owned()),
    }
}
