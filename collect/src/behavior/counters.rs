//! What `/proc` counts of a process since it began.

use std::{fs, io};

use analysis::{
    behavior::{Counters, IoCounters},
    limitation::Limitation,
};
use rustix::param::clock_ticks_per_second;

/// The totals at this moment. `None`: it is gone.
pub(super) fn of(pid: u32, limits: &mut Vec<Limitation>) -> Option<Counters> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<u64> = fields
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    // Numbers as in proc(5), whose third is the first behind the name.
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
    let ticks = field(14).saturating_add(field(15));
    let io = match io(pid) {
        Ok(io) => Some(io),
        Err(error) => {
            limits.push(super::limit("io", error.to_string()));
            None
        }
    };
    let (waits, preemptions) = switches(pid);
    let files = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    Some(Counters {
        cpu_ns: ticks.saturating_mul(1_000_000_000 / clock_ticks_per_second().max(1)),
        minor_faults: field(10),
        major_faults: field(12),
        waits,
        preemptions,
        io,
        open_files: u32::try_from(files).unwrap_or(u32::MAX),
        threads: u32::try_from(field(20)).unwrap_or(u32::MAX),
    })
}

pub(super) fn io(pid: u32) -> io::Result<IoCounters> {
    let text = fs::read_to_string(format!("/proc/{pid}/io"))?;
    let number = |name: &str| -> u64 {
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(0)
    };
    Ok(IoCounters {
        read_calls: number("syscr"),
        write_calls: number("syscw"),
        read_chars: number("rchar"),
        written_chars: number("wchar"),
        read_bytes: number("read_bytes"),
        written_bytes: number("write_bytes"),
    })
}

/// Of all its threads: how often they went to wait, and how often they were preempted.
fn switches(pid: u32) -> (u64, u64) {
    let mut sums = (0_u64, 0_u64);
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    for thread in threads.flatten() {
        let status = fs::read(thread.path().join("status")).unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let number = |name: &str| -> u64 {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        sums.0 = sums.0.saturating_add(number("voluntary_ctxt_switches:"));
        sums.1 = sums.1.saturating_add(number("nonvoluntary_ctxt_switches:"));
    }
    sums
}
