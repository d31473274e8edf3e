//! What is read of the machine.

use crate::{limitation::Limitation, processes::Processes, zombies::TaskCount};

#[derive(Clone, Debug)]
pub struct MachineFacts {
    pub before: MachineCounters,
    pub after: MachineCounters,
    /// At the end.
    pub state: MachineState,
    /// Over the same interval.
    pub processes: Processes,
}

/// What the kernel counts since the boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineCounters {
    pub since_boot_ns: u64,
    pub cpu: Option<CpuCounters>,
    pub disks: Vec<DiskCounters>,
    pub interfaces: Vec<InterfaceCounters>,
    pub tcp: Option<TcpCounters>,
    pub swapped_in_pages: Option<u64>,
}

/// In ticks, of all cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuCounters {
    pub busy: u64,
    pub steal: u64,
    /// Idle and waiting for disks, too.
    pub all: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskCounters {
    pub name: String,
    pub busy_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterfaceCounters {
    pub name: String,
    pub received_bytes: u64,
    pub sent_bytes: u64,
    pub packets: u64,
    /// Errors and drops, in both directions.
    pub lost: u64,
    /// What it can carry in each direction. `None`: virtual, or down.
    pub bits_per_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpCounters {
    pub established: u64,
    pub sent_segments: u64,
    pub sent_again: u64,
}

/// What there is, and what of it is in use.
#[derive(Clone, Debug, Default)]
pub struct MachineState {
    pub cores: u32,
    /// Of the last minute.
    pub load: Option<f64>,
    /// Total, and what programs can still get.
    pub memory: Option<(u64, u64)>,
    /// Limit and use of the control group that this runs in, if there is a limit.
    pub cgroup_memory: Option<(u64, u64)>,
    /// Total and free.
    pub swap: Option<(u64, u64)>,
    pub pressure: Option<Pressure>,
    pub mounts: Vec<MountUse>,
    pub tasks: Option<TaskCount>,
    pub limits: Vec<Limitation>,
}

/// Share of the last minute in which somebody waited, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    pub cpu: f64,
    pub memory: f64,
    pub io: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountUse {
    pub mount_point: String,
    /// A tmpfs: it has no room of its own, and mostly a size that others have too.
    pub is_memory: bool,
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// What others than root can get of it.
    pub available_bytes: u64,
    /// 0: the file system has no fixed number.
    pub inodes: u64,
    pub free_inodes: u64,
}
