//! What one asks for.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::question::BadQuestion;

pub const LONGEST_S: u32 = 600;

/// `aiops collect processes [--duration 60s] [--top N] [--sort cpu]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessesAsked {
    /// How long to watch.
    #[schema(minimum = 1, maximum = 600)]
    pub duration_s: u32,
    /// Only so many, the first in the order. `None`: all.
    pub top: Option<u32>,
    pub sort: ProcessOrder,
}

impl Default for ProcessesAsked {
    fn default() -> Self {
        Self {
            duration_s: 1,
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
        if (1..=LONGEST_S).contains(&self.duration_s) {
            return Ok(());
        }
        Err(BadQuestion {
            parameter: "duration_s",
            why: format!("1 to {LONGEST_S}, not {}", self.duration_s),
        })
    }
}

impl fmt::Display for ProcessesAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "collect processes --duration {}s", self.duration_s)?;
        if let Some(top) = self.top {
            write!(f, " --top {top}")?;
        }
        if self.sort != ProcessOrder::default() {
            write!(f, " --sort {}", self.sort.name())?;
        }
        Ok(())
    }
}
