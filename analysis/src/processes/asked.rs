//! What one asks for.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::question::BadQuestion;

/// CPU time counts in ticks of 10 ms: shares of less time than this say nothing.
pub const SHORTEST_MS: u64 = 200;
pub const LONGEST_MS: u64 = 600_000;

/// `aiops collect processes [--duration 60s] [--top N] [--sort cpu]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessesAsked {
    /// How long to watch.
    #[schema(minimum = 200, maximum = 600_000)]
    pub duration_ms: u64,
    /// Only so many, the first in the order. `None`: all.
    pub top: Option<u32>,
    pub sort: ProcessOrder,
}

impl Default for ProcessesAsked {
    fn default() -> Self {
        Self {
            duration_ms: 1000,
            top: None,
            sort: ProcessOrder::Cpu,
        }
    }
}

/// The order of the list; what is alike stands by pid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessOrder {
    /// The busiest first.
    #[default]
    Cpu,
    /// The largest first.
    Memory,
    /// Those that read and wrote most first.
    Io,
    /// Those with the most threads first.
    Threads,
    /// The youngest first.
    Age,
    Pid,
}

impl ProcessOrder {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Io => "io",
            Self::Threads => "threads",
            Self::Age => "age",
            Self::Pid => "pid",
        }
    }
}

impl ProcessesAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        if (SHORTEST_MS..=LONGEST_MS).contains(&self.duration_ms) {
            return Ok(());
        }
        Err(BadQuestion {
            parameter: "duration_ms",
            why: format!("from {SHORTEST_MS} to {LONGEST_MS}"),
        })
    }
}

impl fmt::Display for ProcessesAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("collect processes")?;
        match (self.duration_ms / 1000, self.duration_ms % 1000) {
            (seconds, 0) => write!(f, " --duration {seconds}s")?,
            // Only a program can ask for parts of a second.
            _ => write!(f, " --duration {}ms", self.duration_ms)?,
        }
        if let Some(top) = self.top {
            write!(f, " --top {top}")?;
        }
        if self.sort != ProcessOrder::default() {
            write!(f, " --sort {}", self.sort.name())?;
        }
        Ok(())
    }
}
