//! What one process does at the moment: what each thread waits for, who holds that up, and, where
//! it was asked for, the stacks.

mod conclude;
mod facts;
mod kernel;
mod report;
mod thread;
mod waits;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::question::BadQuestion;

pub use self::{
    conclude::inspection,
    facts::{
        EndFact, FileFact, InspectionFacts, LockFact, Mount, ProcessAtWork, SocketFact,
        SyscallFact, TaskFact,
    },
    report::{
        Doing, Evidence, FileKind, Frame, HeldLock, Inspection, NamedProcess, OpenFile,
        SocketInUse, Stack, StackInspection, Stacks, Storage, Thread, Verdict, WaitsFor,
    },
};

/// Most threads of one report.
pub const MOST_THREADS: usize = 1000;
/// Most open files of one report.
pub const MOST_FILES: usize = 1000;

/// `aiops inspect process PID`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionAsked {
    pub pid: u32,
}

/// `aiops inspect process PID --stack`: a question of its own, since a debugger stops the process
/// for a moment, and a host's policy may allow one and not the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StackInspectionAsked {
    pub pid: u32,
}

impl InspectionAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        pid(self.pid)
    }
}

impl StackInspectionAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        pid(self.pid)
    }
}

/// Whether a process may have this pid.
pub(crate) fn pid(pid: u32) -> Result<(), BadQuestion> {
    match i32::try_from(pid) {
        Ok(1..) => Ok(()),
        _ => Err(BadQuestion {
            parameter: "pid",
            why: format!("no process has the pid {pid}"),
        }),
    }
}

impl fmt::Display for InspectionAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inspect process {}", self.pid)
    }
}

impl fmt::Display for StackInspectionAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inspect process {} --stack", self.pid)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
