//! What one process did while it was watched: system calls, files, peers, children; and what of
//! that is unusual, against its own life and against rules that are told.

mod conclude;
mod facts;
mod odd;
mod report;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{inspection, period::Period, question::BadQuestion};

pub use self::{
    conclude::behavior,
    facts::{BehaviorFacts, CallUse, Calls, Counters, IoCounters},
    report::{
        Behavior, ErrorUse, ExecUse, FileUse, IoRates, Odd, OddBehavior, Pace, PeerUse, Rates,
        SyscallUse, TracedBehavior,
    },
};

/// How long a process is watched unless it is said.
pub const USUAL_SECONDS: u32 = 10;
/// A whole question may take little more.
pub const MOST_SECONDS: u32 = 600;
/// Most entries of each list of a report; what is left out is counted.
pub const MOST_ENTRIES: usize = 500;

/// `aiops analyze behavior PID --duration 60s`. Nothing stops the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviorAsked {
    pub pid: u32,
    /// How long to watch.
    #[schema(minimum = 1, maximum = 600)]
    #[serde(default = "usual_duration_s", alias = "seconds")]
    pub duration_s: u32,
}

/// `aiops analyze behavior PID --strace`: a question of its own, since strace stops the process at
/// each of its system calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TracedBehaviorAsked {
    pub pid: u32,
    /// How long to watch.
    #[schema(minimum = 1, maximum = 600)]
    #[serde(default = "usual_duration_s", alias = "seconds")]
    pub duration_s: u32,
}

fn usual_duration_s() -> u32 {
    USUAL_SECONDS
}

impl BehaviorAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        check(self.pid, self.duration_s)
    }
}

impl TracedBehaviorAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        check(self.pid, self.duration_s)
    }
}

/// Whether a process may be watched for so long.
pub(crate) fn check(pid: u32, duration_s: u32) -> Result<(), BadQuestion> {
    inspection::pid(pid)?;
    match duration_s {
        1..=MOST_SECONDS => Ok(()),
        _ => Err(BadQuestion {
            parameter: "duration_s",
            why: format!("1 to {MOST_SECONDS}, not {duration_s}"),
        }),
    }
}

impl fmt::Display for BehaviorAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = Period::from_secs(self.duration_s);
        write!(f, "analyze behavior {} --duration {duration}", self.pid)
    }
}

impl fmt::Display for TracedBehaviorAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = Period::from_secs(self.duration_s);
        write!(
            f,
            "analyze behavior {} --duration {duration} --strace",
            self.pid
        )
    }
}

#[cfg(test)]
mod tests;
