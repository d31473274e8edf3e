//! The threads of a process, at one moment.

use std::{fs, io, path::Path};

use analysis::inspection::{MOST_THREADS, SyscallFact, TaskFact};

use super::{
    Reader,
    asleep::{Isolated, asleep_ns},
    syscalls,
};
use crate::{CollectError, process::Procfs};

/// How much is read of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Counters,
    All,
}

/// What only those who may trace a process can read.
struct Waits {
    wchan: io::Result<String>,
    syscall: io::Result<String>,
    stack: io::Result<String>,
}

impl Reader {
    /// The threads, and how many there are beside them.
    ///
    /// # Errors
    ///
    /// [`CollectError::Gone`] if there is no such process.
    pub(super) fn tasks(&mut self, depth: Depth) -> Result<(Vec<TaskFact>, u32), CollectError> {
        let folder = self.path("task");
        let listed = fs::read_dir(&folder).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => CollectError::Gone(self.pid),
            _ => CollectError::Read {
                path: folder.clone(),
                source,
            },
        })?;
        let names = listed.flatten().map(|entry| entry.file_name());
        let mut tids: Vec<u32> = names
            .filter_map(|name| name.to_str()?.parse().ok())
            .collect();
        tids.sort_unstable();
        let omitted = tids.len().saturating_sub(MOST_THREADS);
        tids.truncate(MOST_THREADS);
        let threads = Procfs::at(&folder);
        let is_32_bit = depth == Depth::All && self.is_32_bit();
        let isolated = Isolated::of_this_host();
        let mut tasks = Vec::with_capacity(tids.len());
        for tid in tids {
            // One that ended meanwhile is not missed.
            if let Ok(mut task) = counters(&threads, &folder, tid) {
                if depth == Depth::All {
                    self.waits(&mut task, is_32_bit, &isolated);
                }
                tasks.push(task);
            }
        }
        if tasks.is_empty() {
            return Err(CollectError::Gone(self.pid));
        }
        Ok((tasks, u32::try_from(omitted).unwrap_or(u32::MAX)))
    }

    fn waits(&mut self, task: &mut TaskFact, is_32_bit: bool, isolated: &Isolated) {
        let folder = self.path(format!("task/{}", task.tid));
        // The first two wait while the process begins another program, which may come from a
        // server that does not answer.
        let Some(waits) = self.in_time("syscall", move || Waits {
            wchan: text(&folder.join("wchan")),
            syscall: text(&folder.join("syscall")),
            stack: text(&folder.join("stack")),
        }) else {
            return;
        };
        let sleeps = matches!(task.state, 'S' | 'D');
        match waits.wchan {
            // "0" also where we may not know.
            Ok(function) if function != "0" => {
                // What the compiler made of the function: `do_sys_poll.constprop.0`.
                let name = function.split('.').next().unwrap_or_default();
                task.wchan = Some(name.to_owned());
            }
            Ok(_) if sleeps && waits.stack.is_err() => {
                self.lacks("wchan", "Permission denied (os error 13)");
            }
            Ok(_) => {}
            Err(error) => self.lacks("wchan", error.to_string()),
        }
        match waits.syscall {
            Ok(line) if is_32_bit => {
                if syscall(&line).is_some() {
                    self.lacks("syscall", "32-bit");
                }
            }
            Ok(line) => task.syscall = syscall(&line),
            Err(error) => self.lacks("syscall", error.to_string()),
        }
        match waits.stack {
            Ok(lines) => task.kernel_stack = lines.lines().filter_map(kernel_function).collect(),
            Err(error) => self.lacks("kernel-stack", error.to_string()),
        }
        if task.state != 'R' {
            match asleep_ns(&self.path(format!("task/{}", task.tid)), isolated) {
                Ok(asleep_ns) => task.asleep_ns = Some(asleep_ns),
                Err(why) => self.lacks("asleep", why),
            }
        }
    }

    fn is_32_bit(&mut self) -> bool {
        let path = self.path("exe");
        let header = self.in_time("syscall", move || {
            let mut header = [0; 5];
            let read = fs::File::open(path)
                .and_then(|mut file| io::Read::read_exact(&mut file, &mut header));
            read.map(|()| header)
        });
        /// `ELFCLASS32`, behind the magic number.
        const CLASS_32: u8 = 1;
        matches!(header, Some(Ok([0x7f, b'E', b'L', b'F', CLASS_32])))
    }
}

fn counters(threads: &Procfs, folder: &Path, tid: u32) -> Result<TaskFact, CollectError> {
    let stat = threads.stat(tid)?;
    let folder = folder.join(tid.to_string());
    let status = text(&folder.join("status")).unwrap_or_default();
    let number = |field: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.trim().parse().ok()
    };
    let scheduled = text(&folder.join("schedstat")).unwrap_or_default();
    let mut scheduled = scheduled.split(' ').map(|number| number.parse().ok());
    let run_ns = scheduled.next().flatten();
    let queued_ns = scheduled.next().flatten();
    Ok(TaskFact {
        tid,
        comm: stat.comm,
        state: stat.state.letter(),
        run_ns: run_ns.or(Some(stat.user_ns.saturating_add(stat.system_ns))),
        queued_ns,
        system_ns: Some(stat.system_ns),
        waits: number("voluntary_ctxt_switches:"),
        preemptions: number("nonvoluntary_ctxt_switches:"),
        ..TaskFact::default()
    })
}

pub(super) fn text(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned())
}

/// `73 0x3 0x2 0x0 0x0 0x0 0x0 SP PC`; `running`; `-1 SP PC` where it sleeps in no system call.
fn syscall(line: &str) -> Option<SyscallFact> {
    let mut words = line.split(' ');
    let number: i64 = words.next()?.parse().ok().filter(|number| *number >= 0)?;
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    }
    Some(SyscallFact {
        name: syscalls::name(number),
        number,
        arguments,
        ..SyscallFact::default()
    })
}

/// `[<0>] do_wait+0x5c/0xc0 [module]`.
fn kernel_function(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("] ")?;
    let name = rest.split(['+', '.', ' ']).next()?;
    (!name.is_empty() && !name.starts_with("0x")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_system_call_is_read_with_its_arguments() {
        let line = "73 0x3 0x2 0x0 0x7f5fc787dfd8 0x0 0x0 0x7ffc136c5e38 0x7f5fc7b16897";
        let call = syscall(line).unwrap();
        assert_eq!((call.name, call.arguments[0]), (Some("flock"), 3));
        for line in [
            "running",
            "",
            "-1 0x7ffc 0x7f5f",
            "73 0x3",
            "73 3 4 5 6 7 8",
        ] {
            assert_eq!(syscall(line), None, "{line:?}");
        }
    }

    #[test]
    fn kernel_functions_lose_their_offsets() {
        let name = |line| kernel_function(line);
        assert_eq!(name("[<0>] do_wait+0x5c/0xc0").as_deref(), Some("do_wait"));
        assert_eq!(
            name("[<0>] nfs_wait_bit+0x10/0x20 [nfs]").as_deref(),
            Some("nfs_wait_bit")
        );
        assert_eq!(name("[<0>] 0xffffffffffffffff"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn our_own_threads_are_read() {
        let mut reader = Reader::of(std::process::id());
        let (tasks, omitted) = reader.tasks(Depth::All).unwrap();
        assert_eq!(omitted, 0);
        let main = &tasks[0];
        assert_eq!(main.tid, std::process::id());
        assert!(main.waits.is_some() && main.run_ns.is_some());
    }
}
