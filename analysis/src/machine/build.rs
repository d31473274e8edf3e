//! From facts to findings.

use std::cmp::Reverse;

use super::{
    InterfaceCounters, Machine, MachineCounters, MachineFacts, MountUse, Resource, ResourceFinding,
    ResourceLevel, Threshold, culprits::culprits,
};
use crate::cause::Certainty;

/// Fewer packets or segments than this say nothing about how many are lost.
const FEW: u64 = 100;

/// What is short on the machine, and who uses it.
pub fn machine(facts: MachineFacts) -> Machine {
    let MachineFacts {
        before,
        after,
        state,
        processes,
    } = facts;
    let interval_ns = after.since_boot_ns.saturating_sub(before.since_boot_ns);
    let mut measured = Measured(Vec::new());
    measured.cpu(&before, &after);
    measured.add(
        Resource::Load,
        state.load.map(|load| load / f64::from(state.cores.max(1))),
    );
    measured.memory(&state);
    if let Some(pressure) = state.pressure {
        measured.add(Resource::CpuPressure, Some(pressure.cpu));
        measured.add(Resource::MemoryPressure, Some(pressure.memory));
        measured.add(Resource::IoPressure, Some(pressure.io));
    }
    let swapped = difference(before.swapped_in_pages, after.swapped_in_pages);
    let per_s = |amount: u64| share(amount, interval_ns) / 100.0 * 1e9;
    measured.add(Resource::SwapIn, swapped.map(per_s));
    measured.mounts(&state);
    measured.disks(&before, &after, interval_ns);
    measured.network(&before, &after, interval_ns);
    let tasks = state.tasks.as_ref();
    measured.add(
        Resource::Tasks,
        tasks.map(|all| share(all.tasks, all.limit)),
    );
    let totals = &processes.totals;
    let programs = totals.processes.saturating_sub(totals.kernel_threads);
    measured.add(Resource::Processes, Some(f64::from(programs)));
    measured.add(Resource::Zombies, Some(f64::from(totals.zombies)));
    let waits = processes
        .processes
        .iter()
        .filter(|one| one.uninterruptible_readings >= processes.readings.max(2));
    measured.add(Resource::Uninterruptible, Some(waits.count() as f64));

    let mut findings = measured.0;
    for finding in findings
        .iter_mut()
        .filter(|one| one.level > ResourceLevel::Fine)
    {
        (finding.certainty, finding.processes, finding.units) =
            culprits(finding.resource, &processes);
    }
    findings.sort_by(|a, b| {
        let key = |one: &ResourceFinding| (Reverse(one.level), one.resource);
        (key(a).cmp(&key(b))).then(b.value.total_cmp(&a.value))
    });
    let mut limits = state.limits;
    limits.extend(processes.limits);
    Machine {
        at: processes.at,
        interval_ms: interval_ns / 1_000_000,
        up_ms: after.since_boot_ns / 1_000_000,
        cores: state.cores,
        findings,
        limits,
    }
}

struct Measured(Vec<ResourceFinding>);

impl Measured {
    fn add(&mut self, resource: Resource, value: Option<f64>) {
        self.add_named(resource, None, value);
    }

    fn add_named(&mut self, resource: Resource, name: Option<&str>, value: Option<f64>) {
        let Some(value) = value else { return };
        let threshold = Threshold::of(resource);
        // What is printed is what is judged.
        let value = (value * 100.0).round() / 100.0;
        self.0.push(ResourceFinding {
            resource,
            name: name.map(str::to_owned),
            value,
            threshold,
            level: threshold.level(value),
            used_bytes: None,
            total_bytes: None,
            certainty: Certainty::Unknown,
            processes: Vec::new(),
            units: Vec::new(),
        });
    }

    fn add_sized(&mut self, resource: Resource, name: Option<&str>, (used, total): (u64, u64)) {
        if total == 0 {
            return;
        }
        self.add_named(resource, name, Some(share(used, total)));
        if let Some(finding) = self.0.last_mut() {
            finding.used_bytes = Some(used);
            finding.total_bytes = Some(total);
        }
    }

    fn cpu(&mut self, before: &MachineCounters, after: &MachineCounters) {
        let (Some(before), Some(after)) = (before.cpu, after.cpu) else {
            return;
        };
        let all = after.all.saturating_sub(before.all);
        if all == 0 {
            return;
        }
        let of = |before: u64, after: u64| Some(share(after.saturating_sub(before), all));
        self.add(Resource::Cpu, of(before.busy, after.busy));
        self.add(Resource::CpuSteal, of(before.steal, after.steal));
    }

    fn memory(&mut self, state: &super::MachineState) {
        for (resource, sizes) in [
            (Resource::Memory, state.memory),
            (Resource::Swap, state.swap),
        ] {
            if let Some((total, free)) = sizes {
                self.add_sized(resource, None, (total.saturating_sub(free), total));
            }
        }
        if let Some((limit, used)) = state.cgroup_memory {
            self.add_sized(Resource::CgroupMemory, None, (used, limit));
        }
    }

    fn mounts(&mut self, state: &super::MachineState) {
        for mount in &state.mounts {
            let known = self.0.len();
            let name = Some(mount.mount_point.as_str());
            let used = mount.total_bytes.saturating_sub(mount.free_bytes);
            // As df has it: what is kept for root is no room.
            let room = used.saturating_add(mount.available_bytes);
            self.add_sized(Resource::DiskSpace, name, (used, room));
            if mount.inodes > 0 {
                let used = mount.inodes.saturating_sub(mount.free_inodes);
                self.add_named(Resource::Inodes, name, Some(share(used, mount.inodes)));
            }
            let is_fine = |one: &ResourceFinding| one.level == ResourceLevel::Fine;
            if another_stands_for(mount, &state.mounts) && self.0[known..].iter().all(is_fine) {
                self.0.truncate(known);
            }
        }
    }

    fn disks(&mut self, before: &MachineCounters, after: &MachineCounters, interval_ns: u64) {
        for disk in &after.disks {
            let then = before.disks.iter().find(|then| then.name == disk.name);
            let busy = then.and_then(|then| disk.busy_ms.checked_sub(then.busy_ms));
            let busy = busy.map(|ms| share(ms * 1_000_000, interval_ns).min(100.0));
            self.add_named(Resource::DiskBusy, Some(&disk.name), busy);
        }
    }

    fn network(&mut self, before: &MachineCounters, after: &MachineCounters, interval_ns: u64) {
        for now in &after.interfaces {
            let then = before.interfaces.iter().find(|then| then.name == now.name);
            let Some(then) = then else { continue };
            let name = Some(now.name.as_str());
            self.add_named(Resource::NetworkUse, name, use_of(then, now, interval_ns));
            let lost = now.lost.saturating_sub(then.lost);
            let packets = now.packets.saturating_sub(then.packets) + lost;
            let loss = (packets >= FEW).then(|| share(lost, packets));
            self.add_named(Resource::NetworkLoss, name, loss);
        }
        let (Some(then), Some(now)) = (before.tcp, after.tcp) else {
            return;
        };
        self.add(Resource::TcpConnections, Some(now.established as f64));
        let sent = now.sent_segments.saturating_sub(then.sent_segments);
        let again = now.sent_again.saturating_sub(then.sent_again);
        let retransmits = (sent >= FEW).then(|| share(again, sent));
        self.add(Resource::TcpRetransmits, retransmits);
    }
}

/// Whether a fuller tmpfs of the same size says all that this one would.
fn another_stands_for(mount: &MountUse, all: &[MountUse]) -> bool {
    let key = |one: &MountUse| (Reverse(one.free_bytes), Reverse(one.mount_point.clone()));
    let is_fuller = |other: &MountUse| {
        other.is_memory && other.total_bytes == mount.total_bytes && key(other) > key(mount)
    };
    mount.is_memory && all.iter().any(is_fuller)
}

/// The fuller direction of an interface.
fn use_of(then: &InterfaceCounters, now: &InterfaceCounters, interval_ns: u64) -> Option<f64> {
    let can_bytes = now.bits_per_s? / 8;
    let received = now.received_bytes.saturating_sub(then.received_bytes);
    let sent = now.sent_bytes.saturating_sub(then.sent_bytes);
    let per_s = share(received.max(sent), interval_ns) / 100.0 * 1e9;
    Some(per_s / can_bytes.max(1) as f64 * 100.0)
}

fn difference(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    Some(after?.saturating_sub(before?))
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}
