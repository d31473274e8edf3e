//! What the kernel counts since the boot.

use std::{fs, path::Path};

use analysis::machine::{
    CpuCounters, DiskCounters, InterfaceCounters, MachineCounters, TcpCounters,
};

use crate::host::ClockReading;

/// Names of disks that are none: files, memory, optical and floppy drives.
const NO_DISKS: [&str; 6] = ["loop", "ram", "zram", "sr", "fd", "nbd"];
/// Names of interfaces that lead to containers and machines on this one.
const INNER: [&str; 12] = [
    "lo", "veth", "docker", "br-", "virbr", "vnet", "cni", "flannel", "cali", "tun", "tap", "dummy",
];

/// Reads them all. What this kernel does not count is left out.
pub(super) fn counters() -> MachineCounters {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    MachineCounters {
        since_boot_ns: ClockReading::now().since_boot_ns,
        cpu: cpu(&text("/proc/stat")),
        disks: disks(&text("/proc/diskstats"), Path::new("/sys/block")),
        interfaces: interfaces(&text("/proc/net/dev"), Path::new("/sys/class/net")),
        tcp: tcp(&text("/proc/net/snmp")),
        swapped_in_pages: text("/proc/vmstat")
            .lines()
            .find_map(|line| line.strip_prefix("pswpin ")?.parse().ok()),
    }
}

/// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`: guests are in user.
fn cpu(stat: &str) -> Option<CpuCounters> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let numbers = line.split_ascii_whitespace().take(8);
    let ticks: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let of = |at: usize| ticks.get(at).copied().unwrap_or(0);
    let all: u64 = ticks.iter().sum();
    Some(CpuCounters {
        busy: all.saturating_sub(of(3)).saturating_sub(of(4)),
        steal: of(7),
        all,
    })
}

/// Whole disks, not their partitions.
fn disks(diskstats: &str, sys_block: &Path) -> Vec<DiskCounters> {
    let read = diskstats.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let name = fields.nth(2)?;
        // Ten fields on: milliseconds in which something was to do.
        let busy_ms = fields.nth(9)?.parse().ok()?;
        let is_disk = !NO_DISKS.iter().any(|start| is_numbered(name, start));
        (is_disk && sys_block.join(name).exists()).then(|| DiskCounters {
            name: name.to_owned(),
            busy_ms,
        })
    });
    read.collect()
}

/// `loop7` for `loop`.
fn is_numbered(name: &str, start: &str) -> bool {
    let rest = name.strip_prefix(start);
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn interfaces(dev: &str, sys_net: &Path) -> Vec<InterfaceCounters> {
    let read = dev.lines().filter_map(|line| {
        let (name, numbers) = line.split_once(':')?;
        let name = name.trim();
        let is_bridge = sys_net.join(name).join("bridge").exists();
        if is_bridge || INNER.iter().any(|start| name.starts_with(start)) {
            return None;
        }
        let numbers = numbers.split_ascii_whitespace();
        let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
        // Received: bytes packets errs drop fifo frame compressed multicast; then the same sent.
        let of = |at: usize| numbers.get(at).copied();
        let megabits = fs::read_to_string(sys_net.join(name).join("speed")).ok();
        let megabits = megabits.and_then(|text| text.trim().parse::<u64>().ok());
        Some(InterfaceCounters {
            name: name.to_owned(),
            received_bytes: of(0)?,
            sent_bytes: of(8)?,
            packets: of(1)? + of(9)?,
            lost: of(2)? + of(3)? + of(10)? + of(11)?,
            bits_per_s: megabits
                .filter(|speed| *speed > 0)
                .map(|speed| speed * 1_000_000),
        })
    });
    read.collect()
}

/// Two lines that begin with `Tcp:`, the first with names.
fn tcp(snmp: &str) -> Option<TcpCounters> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let of = |wanted: &str| -> Option<u64> {
        let at = names
            .split_ascii_whitespace()
            .position(|name| name == wanted)?;
        values.split_ascii_whitespace().nth(at)?.parse().ok()
    };
    Some(TcpCounters {
        established: of("CurrEstab")?,
        sent_segments: of("OutSegs")?,
        sent_again: of("RetransSegs")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_waits_for_disks_is_idle() {
        let stat = "cpu  10 1 20 500 60 2 3 4 9 9\ncpu0 1 1 1 1\n";
        let expected = CpuCounters {
            busy: 40,
            steal: 4,
            all: 600,
        };
        assert_eq!(cpu(stat), Some(expected));
        assert_eq!(cpu("intr 7\n"), None);
    }

    #[test]
    fn only_whole_disks_count() {
        let sys = tempfile::tempdir().unwrap();
        for name in ["sda", "loop0", "sr0"] {
            fs::create_dir(sys.path().join(name)).unwrap();
        }
        let text = "   8  0 sda 1 2 3 4 5 6 7 8 0 990 11\n   8  1 sda1 1 2 3 4 5 6 7 8 0 9 9\n\
                    7 0 loop0 1 2 3 4 5 6 7 8 0 9 9\n11 0 sr0 1 2 3 4 5 6 7 8 0 9 9\nnonsense\n";
        let sda = DiskCounters {
            name: "sda".to_owned(),
            busy_ms: 990,
        };
        assert_eq!(disks(text, sys.path()), [sda]);
    }

    #[test]
    fn interfaces_of_containers_are_left_out() {
        let sys = tempfile::tempdir().unwrap();
        fs::create_dir(sys.path().join("eth0")).unwrap();
        fs::write(sys.path().join("eth0/speed"), "1000\n").unwrap();
        let text = "Inter-| Receive | Transmit\n face |bytes\n\
                    \x20 eth0: 100 7 1 2 0 0 0 0 200 8 3 4 0 0 0 0\n\
                    veth7: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n lo: 1\n";
        let expected = InterfaceCounters {
            name: "eth0".to_owned(),
            received_bytes: 100,
            sent_bytes: 200,
            packets: 15,
            lost: 10,
            bits_per_s: Some(1_000_000_000),
        };
        assert_eq!(interfaces(text, sys.path()), [expected]);
    }

    #[test]
    fn counters_of_tcp_stand_below_their_names() {
        let text = "Ip: a\nIp: 1\nTcp: CurrEstab InSegs OutSegs RetransSegs\nTcp: 3 9 100 2\n";
        let expected = TcpCounters {
            established: 3,
            sent_segments: 100,
            sent_again: 2,
        };
        assert_eq!(tcp(text), Some(expected));
        assert_eq!(tcp("Tcp: CurrEstab\n"), None);
    }
}
