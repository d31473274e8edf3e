//! `aiops analyze process`.

use analysis::{
    period::{NotAPeriod, Period},
    question::Question,
    resources::{LONGEST_S, ResourcesAsked},
};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub struct ResourcesWanted {
    /// The process
    #[arg(value_name = "PID", required_unless_present = "pid")]
    pub process: Option<u32>,
    /// The process, as an option
    #[arg(long, conflicts_with = "process", value_name = "PID")]
    pub pid: Option<u32>,
    /// CPU, memory, I/O, descriptors, limits, its like and its past (what is shown anyway)
    #[arg(long)]
    pub resources: bool,
    /// What rates are measured over (at most 1m)
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = duration)]
    pub duration: Period,
    /// Also the proportional share of memory: a process with much memory stands still for a while
    #[arg(long)]
    pub pss: bool,
}

fn duration(text: &str) -> Result<Period, String> {
    let period: Period = text
        .parse()
        .map_err(|error: NotAPeriod| error.to_string())?;
    let seconds = period.as_duration().as_secs();
    if (1..=u64::from(LONGEST_S)).contains(&seconds) {
        return Ok(period);
    }
    Err(format!("has to be between 1s and {LONGEST_S}s"))
}

impl From<ResourcesWanted> for Question {
    fn from(wanted: ResourcesWanted) -> Self {
        let seconds = wanted.duration.as_duration().as_secs();
        Self::AnalyzeProcess(ResourcesAsked {
            // clap has seen to it that there is one.
            pid: wanted.process.or(wanted.pid).unwrap_or_default(),
            duration_s: u32::try_from(seconds).unwrap_or(LONGEST_S),
            pss: wanted.pss,
        })
    }
}
