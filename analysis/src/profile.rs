//! Where one process spends its CPU time: samples of its stacks.

mod conclude;
pub mod flame;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, behavior, limitation::Limitation, period::Period, process::ProcessId,
    question::BadQuestion, report::Health,
};

pub use self::conclude::{ProfileFacts, profile};

/// How long a process is sampled unless it is said.
pub const USUAL_SECONDS: u32 = 30;
/// Most different stacks of one report; what is left out is counted.
pub const MOST_STACKS: usize = 5000;
/// Most text of them.
pub const MOST_STACK_BYTES: usize = 4 << 20;
/// Most functions of one report.
pub const MOST_FUNCTIONS: usize = 500;

/// `aiops profile PID --duration 30s`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileAsked {
    pub pid: u32,
    /// How long to sample.
    #[schema(minimum = 1, maximum = 600)]
    #[serde(default = "usual_duration_s", alias = "seconds")]
    pub duration_s: u32,
    /// Unwind by debug information rather than by frame pointers: dearer, and right where programs
    /// keep no frame pointers.
    #[serde(default)]
    pub dwarf: bool,
}

fn usual_duration_s() -> u32 {
    USUAL_SECONDS
}

impl ProfileAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        behavior::check(self.pid, self.duration_s)
    }
}

impl fmt::Display for ProfileAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = Period::from_secs(self.duration_s);
        write!(f, "profile {} --duration {duration}", self.pid)?;
        match self.dwarf {
            true => f.write_str(" --dwarf"),
            false => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// When sampling ended, by the host's clock.
    pub at: Timestamp,
    pub process: ProcessId,
    pub comm: String,
    pub sampled_ms: u64,
    /// `perf`, `py-spy`. `None`: nothing could.
    pub tool: Option<String>,
    /// For each second that a thread runs.
    pub samples_per_s: u32,
    pub samples: u64,
    /// CPU time of the process meanwhile, by procfs; 100 is one core.
    pub cpu_percent: Option<f64>,
    /// Those that the CPU was found in most often first.
    pub functions: Vec<FunctionShare>,
    /// Those that were found most often first.
    pub stacks: Vec<CollapsedStack>,
    /// Different stacks that were left out, and their samples.
    pub omitted_stacks: u32,
    pub omitted_samples: u64,
    pub limits: Vec<Limitation>,
}

/// A function's share of the samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionShare {
    pub function: String,
    /// It ran itself.
    pub self_percent: f64,
    /// It or what it called ran.
    pub total_percent: f64,
}

/// A stack as flame graphs take it: `main;parse;read`, the outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollapsedStack {
    pub stack: String,
    pub samples: u64,
}

impl Profile {
    /// A profile judges nothing.
    pub fn health(&self) -> Health {
        Health::Fine
    }
}

#[cfg(test)]
pub(crate) mod tests;
