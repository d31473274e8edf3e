//! What the machine as a whole counted since it booted.

use analysis::processes::MachineReading;
use procfs::{Current as _, CurrentSI as _, KernelStats, Meminfo, ProcError};

use super::ClockReading;
use crate::CollectError;

/// Reads the counters of the machine: in a container mostly those of its host.
///
/// # Errors
///
/// [`CollectError::Read`] if procfs has none.
pub fn machine() -> Result<MachineReading, CollectError> {
    let stat = KernelStats::current().map_err(|error| failed("/proc/stat", error))?;
    let memory = Meminfo::current().map_err(|error| failed("/proc/meminfo", error))?;
    let total = &stat.total;
    // What serves interrupts, or is stolen by the hypervisor, is no process's.
    let ticks = total.user + total.nice + total.system;
    let per_second = procfs::ticks_per_second().max(1);
    let ns = u128::from(ticks) * 1_000_000_000 / u128::from(per_second);
    Ok(MachineReading {
        since_boot_ns: ClockReading::now().since_boot_ns,
        process_cpu_ns: u64::try_from(ns).unwrap_or(u64::MAX),
        made: stat.processes,
        cores: u32::try_from(stat.cpu_time.len()).unwrap_or(u32::MAX),
        memory_bytes: memory.mem_total,
    })
}

pub(crate) fn failed(path: &str, error: ProcError) -> CollectError {
    CollectError::Read {
        path: path.into(),
        source: std::io::Error::other(error),
    }
}
