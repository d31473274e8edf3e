//! Reads the few facts about a process that the sources need from /proc.
//!
//! A process may vanish before or during a read: that is `None`, and normal.

use std::fs;

use analysis::process::ProcessId;
use collect::process::{CommandLine, Procfs, most_telling_cgroup};

use super::observed::Comm;

/// `/proc/PID/stat`, in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) process: ProcessId,
    pub(super) parent_pid: u32,
    pub(super) comm: Comm,
    pub(super) state: u8,
    pub(super) threads: u32,
    /// Flags of the kernel's task.
    flags: u64,
    /// Status as `wait` gives it. Zero while the process lives, and for readers without rights.
    pub(super) exit_code: u32,
}

impl Stat {
    /// Whether nothing of the process runs any more: its leader is a zombie, and alone.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X') && self.threads <= 1
    }

    pub(super) fn is_kernel_thread(&self) -> bool {
        const PF_KTHREAD: u64 = 0x0020_0000;
        self.flags & PF_KTHREAD != 0
    }

    /// Whether it runs a program of its own, and not its parent's.
    pub(super) fn has_executed(&self) -> bool {
        const PF_FORKNOEXEC: u64 = 0x40;
        self.flags & PF_FORKNOEXEC == 0
    }

    fn parse(pid: u32, text: &[u8]) -> Option<Self> {
        // The name may hold spaces and brackets: fields count from the last bracket.
        let open = text.iter().position(|byte| *byte == b'(')?;
        let close = text.iter().rposition(|byte| *byte == b')')?;
        let comm = Comm::new(text.get(open + 1..close)?);
        let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
        // Numbered as in proc(5) less 3: the state is 0.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let ticks = rustix::param::clock_ticks_per_second();
        Some(Self {
            process: ProcessId {
                pid,
                start_ns: number(19)? * (1_000_000_000 / ticks),
            },
            parent_pid: number(1)? as u32,
            comm,
            state: *fields.first()?.as_bytes().first()?,
            threads: number(17)? as u32,
            flags: number(6)?,
            exit_code: number(49).unwrap_or(0) as u32,
        })
    }
}

/// Reads the stat of one process.
pub(super) fn stat(pid: u32) -> Option<Stat> {
    Stat::parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// The numbers of all processes, in no order.
pub(super) fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The effective user of a process.
pub(super) fn uid(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The arguments of a process, and whether there were more: also if none could be read in time.
pub(super) fn arguments(proc: &Procfs, pid: u32) -> (Vec<String>, bool) {
    match proc.arguments(pid) {
        Ok(CommandLine::Arguments { argv, truncated }) => (argv, truncated),
        // Who hangs, or is gone, has arguments all the same.
        Ok(CommandLine::Withheld(_)) | Err(_) => (Vec::new(), true),
    }
}

/// A number in a file of the process: `loginuid`, `sessionid`.
pub(super) fn number(pid: u32, file: &str) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    text.trim().parse().ok()
}

/// The path of the cgroup that says most about a process, from the reader's root.
pub(super) fn cgroup(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    Some(most_telling_cgroup(&text).to_owned())
}

/// Whether the host has v1 hierarchies, alone or beside v2: then the v2 path may say nothing.
pub(super) fn has_cgroup_v1() -> bool {
    fs::read_to_string("/proc/self/cgroup")
        .is_ok_and(|text| text.lines().any(|line| !line.starts_with("0::")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_fields() {
        let text = b"7 (a) b) S 1 7 7 0 -1 4194304 0 0 0 0 250 50 0 0 20 0 3 0 1234 0 0";
        let stat = Stat::parse(7, text).unwrap();
        assert_eq!(stat.comm.text(), "a) b");
        assert_eq!((stat.parent_pid, stat.threads), (1, 3));
        assert!(!stat.is_dead() && !stat.is_kernel_thread());
    }

    #[test]
    fn a_zombie_leader_with_threads_is_alive() {
        let text = |threads| format!("7 (a) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 12");
        assert!(!Stat::parse(7, text(2).as_bytes()).unwrap().is_dead());
        assert!(Stat::parse(7, text(1).as_bytes()).unwrap().is_dead());
    }

    #[test]
    fn a_command_line_that_hangs_is_given_up() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("7");
        fs::create_dir(&folder).unwrap();
        let stat = "7 (a) S 1 7 7 0 -1 4194304 0 0 0 0 250 50 0 0 20 0 3 0 1234 0 0 \
                    0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
        fs::write(folder.join("stat"), stat).unwrap();
        // Whoever opens a pipe that nobody writes waits, as the readers of a hung process do.
        let hung = std::process::Command::new("mkfifo")
            .arg(folder.join("cmdline"))
            .status();
        assert!(hung.unwrap().success());
        let proc = Procfs::at(root.path()).with_deadline(std::time::Duration::from_millis(20));
        assert_eq!(arguments(&proc, 7), (Vec::new(), true));
    }
}
