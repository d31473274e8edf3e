//! Zombies: processes that have ended and whose parent did not ask how. Who the parents are, why
//! they do not ask, and what to do.

mod build;
mod facts;
mod why;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    cause::Certainty,
    identity::UnitName,
    limitation::Limitation,
    process::{ExitStatus, ProcessId},
    question::BadQuestion,
    report::Health,
};

pub use self::{
    build::zombies,
    facts::{ChildSignal, Earlier, Handling, ParentDetails, TaskCount, ZombieDetails, ZombieFacts},
};

/// `aiops analyze zombies`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ZombiesAsked {}

impl ZombiesAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        Ok(())
    }
}

impl fmt::Display for ZombiesAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("analyze zombies")
    }
}

/// Tasks in use, in percent of a limit, from which on zombies are in the way.
pub const SCARCE_PERCENT: f64 = 80.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Zombies {
    /// When the processes were read for the last time, by the host's clock.
    pub at: Timestamp,
    /// Between the two readings.
    pub watched_ms: u64,
    /// Those that were zombies in both readings.
    pub zombies: u32,
    /// Those that ended between the readings and may be reaped any moment: nothing is wrong yet.
    pub fresh: u32,
    /// Those that were zombies in the first reading and gone in the second, as it should be.
    pub reaped: u32,
    /// Processes whose first thread has ended while others run: they look like zombies to many
    /// tools, and are none.
    pub headless: u32,
    /// The parent with the most zombies first.
    pub parents: Vec<ZombieParent>,
    pub parents_omitted: u32,
    /// Processes and threads of the whole machine, and how many there may be.
    pub tasks: Option<TaskUse>,
    pub limits: Vec<Limitation>,
}

/// A process with zombies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ZombieParent {
    pub process: ProcessId,
    /// Empty: it cannot be seen.
    pub comm: String,
    /// Scrubbed.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    /// As the kernel writes it. `None`: it cannot be seen.
    pub state: Option<char>,
    pub zombies: Vec<Zombie>,
    pub omitted: u32,
    pub cause: ZombieCause,
    pub certainty: Certainty,
    pub evidence: Vec<ZombieEvidence>,
    /// The mildest first.
    pub advice: Vec<ZombieAdvice>,
    /// Of the control group with the least room among those that the parent is in.
    pub tasks: Option<TaskUse>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Zombie {
    pub process: ProcessId,
    pub comm: String,
    /// How it ended. `None`: only root and its own user may know.
    pub exit: Option<ExitStatus>,
    pub started_at: Timestamp,
    /// Since it started: when it ended, the kernel does not tell.
    pub age_ms: u64,
    /// 0: it was alive in the first reading.
    pub dead_at_least_ms: u64,
}

/// Processes and threads in use, of those that there may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskUse {
    /// Path of the control group. `None`: the whole machine.
    pub cgroup: Option<String>,
    pub tasks: u64,
    pub limit: u64,
    pub percent: f64,
}

/// Why zombies are not reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZombieCause {
    /// The parent is stopped (T): it does nothing at all.
    ParentStopped,
    /// A debugger holds the parent (t).
    ParentTraced,
    /// The parent waits for a device or a lock (D).
    ParentUninterruptible,
    /// A debugger or tracer of the zombie has to take note first.
    ZombieTraced,
    /// The parent computes all the time and does not come to it.
    ParentBusy,
    /// The parent does other things, and does not ask.
    ParentDoesNotWait,
    /// The parent is process 1 of a container, and no init: it has orphans that it knows nothing
    /// of.
    ContainerWithoutInit,
    /// Process 1 of the host does not reap.
    InitDoesNotReap,
    /// They ended just now.
    JustEnded,
    Unknown,
}

/// What a verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "evidence", rename_all = "kebab-case")]
pub enum ZombieEvidence {
    /// The parent's state, and whether it was the same in both readings.
    State { state: char, in_both: bool },
    /// Who holds the parent, or the zombie.
    Tracer { pid: u32, comm: Option<String> },
    /// The function of the kernel that the parent sleeps in.
    SleepsIn { function: String },
    /// What the parent does when a child ends.
    ChildSignal { handling: Handling },
    /// The parent blocks SIGCHLD.
    ChildSignalBlocked,
    /// A SIGCHLD waits for the parent to take it.
    ChildSignalPending,
    /// CPU time of the parent between the readings: 100 is one core.
    Cpu { percent: f64 },
    /// They stayed zombies for so long.
    NotReapedWithin { ms: u64 },
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum ZombieAdvice {
    /// Let the parent go on.
    Continue { pid: u32 },
    /// Let the debugger let go.
    Detach { tracer_pid: Option<u32> },
    /// See what the parent waits for.
    SeeStack { pid: u32 },
    /// Remind the parent: does nothing to a parent that does not listen.
    Remind { pid: u32 },
    /// Restart the parent's unit; the zombies go with the parent.
    RestartUnit { unit: UnitName },
    /// End the parent; process 1 takes its zombies and reaps them.
    EndParent { pid: u32 },
    /// Start the container with an init.
    UseInit { container: Option<String> },
    /// Wait: they ended just now.
    Wait,
}

impl Zombies {
    /// A zombie of this second is none yet.
    pub fn health(&self) -> Health {
        match self.zombies {
            0 => Health::Fine,
            _ => Health::Problem,
        }
    }
}

#[cfg(test)]
mod tests;
