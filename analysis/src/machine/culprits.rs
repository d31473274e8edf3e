//! Who uses what is short.

use std::collections::BTreeMap;

use super::{CulpritProcess, CulpritUnit, Resource};
use crate::{
    cause::Certainty,
    identity::UnitName,
    processes::{ProcessUsage, Processes},
};

/// Most of each; the list of all is `aiops collect processes`.
const MOST: usize = 5;
const MOST_UNITS: usize = 3;

/// Those that use most of `resource`, by process and by unit, and how sure that is.
pub(super) fn culprits(
    resource: Resource,
    all: &Processes,
) -> (Certainty, Vec<CulpritProcess>, Vec<CulpritUnit>) {
    let Some((measure, certainty)) = measure(resource) else {
        return (Certainty::Unknown, Vec::new(), Vec::new());
    };
    let mut processes: Vec<_> = all
        .processes
        .iter()
        .map(|one| (measure(one), one))
        .filter(|(amount, _)| *amount > 0.0)
        .collect();
    processes.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.process.cmp(&other.process)));
    let mut by_unit: BTreeMap<Place<'_>, (f64, CulpritUnit)> = BTreeMap::new();
    for (amount, one) in &processes {
        let place = (one.unit.as_ref(), one.container.as_deref());
        if place == (None, None) {
            continue;
        }
        let (sum, unit) = by_unit
            .entry(place)
            .or_insert_with(|| (0.0, unit_of(place)));
        *sum += amount;
        add(unit, one);
    }
    let mut units: Vec<_> = by_unit.into_values().collect();
    units.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    // Nobody, as far as can be seen.
    let certainty = match processes.is_empty() {
        true => Certainty::Unknown,
        false => certainty,
    };
    let processes = processes.into_iter().take(MOST);
    let units = units.into_iter().take(MOST_UNITS);
    (
        certainty,
        processes.map(|(_, one)| culprit(one)).collect(),
        units.map(|(_, unit)| unit).collect(),
    )
}

type Place<'a> = (Option<&'a UnitName>, Option<&'a str>);
type Measure = fn(&ProcessUsage) -> f64;

/// What tells who uses a resource. `None`: nothing that is read tells.
fn measure(resource: Resource) -> Option<(Measure, Certainty)> {
    let cpu: Measure = |one| one.cpu_percent;
    let memory: Measure = |one| one.rss_bytes as f64;
    let io: Measure = |one| io_of(one).unwrap_or(0) as f64;
    let threads: Measure = |one| f64::from(one.threads);
    // The load counts those that run and those that wait for devices.
    let loads: Measure = |one| match one.state {
        'D' => 100.0 + one.cpu_percent,
        _ => one.cpu_percent,
    };
    let waits: Measure = |one| f64::from(one.uninterruptible_readings);
    let zombies: Measure = |one| f64::from(u8::from(one.state == 'Z' && one.threads <= 1));
    Some(match resource {
        Resource::Cpu => (cpu, Certainty::Measured),
        Resource::CpuPressure => (cpu, Certainty::Inferred),
        Resource::Load => (loads, Certainty::Inferred),
        Resource::Memory | Resource::CgroupMemory => (memory, Certainty::Measured),
        Resource::MemoryPressure | Resource::Swap | Resource::SwapIn => {
            (memory, Certainty::Inferred)
        }
        // Who filled it is not known; who writes now may go on to.
        Resource::DiskSpace => (
            |one| one.io.map_or(0.0, |io| io.write_bytes_per_s as f64),
            Certainty::Inferred,
        ),
        Resource::DiskBusy | Resource::IoPressure => (io, Certainty::Inferred),
        Resource::Tasks => (threads, Certainty::Measured),
        Resource::Uninterruptible => (waits, Certainty::Measured),
        Resource::Zombies => (zombies, Certainty::Measured),
        Resource::Inodes
        | Resource::CpuSteal
        | Resource::NetworkUse
        | Resource::NetworkLoss
        | Resource::TcpConnections
        | Resource::TcpRetransmits
        | Resource::Processes => return None,
    })
}

fn io_of(one: &ProcessUsage) -> Option<u64> {
    one.io
        .map(|io| io.read_bytes_per_s.saturating_add(io.write_bytes_per_s))
}

fn culprit(one: &ProcessUsage) -> CulpritProcess {
    CulpritProcess {
        process: one.process,
        comm: one.comm.clone(),
        argv: one.argv.clone(),
        user: one.user.clone(),
        unit: one.unit.clone(),
        container: one.container.clone(),
        state: one.state,
        cpu_percent: one.cpu_percent,
        rss_bytes: one.rss_bytes,
        io_bytes_per_s: io_of(one),
        write_bytes_per_s: one.io.map(|io| io.write_bytes_per_s),
        threads: one.threads,
    }
}

fn unit_of((unit, container): Place<'_>) -> CulpritUnit {
    CulpritUnit {
        unit: unit.cloned(),
        container: container.map(str::to_owned),
        processes: 0,
        cpu_percent: 0.0,
        rss_bytes: 0,
        io_bytes_per_s: 0,
        write_bytes_per_s: 0,
        threads: 0,
    }
}

fn add(unit: &mut CulpritUnit, one: &ProcessUsage) {
    unit.processes += 1;
    unit.cpu_percent = ((unit.cpu_percent + one.cpu_percent) * 100.0).round() / 100.0;
    unit.rss_bytes = unit.rss_bytes.saturating_add(one.rss_bytes);
    unit.io_bytes_per_s = unit.io_bytes_per_s.saturating_add(io_of(one).unwrap_or(0));
    let written = one.io.map_or(0, |io| io.write_bytes_per_s);
    unit.write_bytes_per_s = unit.write_bytes_per_s.saturating_add(written);
    unit.threads = unit.threads.saturating_add(one.threads);
}
