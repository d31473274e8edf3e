//! Programs of others that look at processes: gdb, strace, perf.
//!
//! Each runs with a deadline, in a process group of its own that is killed with all its children
//! when its time is up or the caller gives up or dies, with nothing on its standard input and a bound on
//! what is kept of its output.

mod account;
mod harmless;

pub use account::Account;

use std::{
    ffi::OsStr,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, kill_process_group, set_parent_process_death_signal, setrlimit,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use harmless::Harmless;
pub use harmless::can_deny_writes;

/// Where programs are looked for: not where the caller's `PATH` says, since we may be root.
const FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];
/// Output that is kept unless it is said; the rest is read and dropped.
const MOST_OUTPUT_BYTES: usize = 8 << 20;

/// A program that is to run.
#[derive(Debug)]
pub struct Tool {
    name: String,
    command: Command,
    deadline: Duration,
    stop_with: Signal,
    grace: Duration,
    most_bytes: usize,
}

/// What it said.
#[derive(Debug)]
pub struct ToolOutput {
    pub status: ExitStatus,
    /// Its time was up, and it was told to end.
    pub is_late: bool,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// More was written to either than is kept.
    pub is_cut: bool,
}

/// Why it said nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("there is no program {0} on this host")]
    NotInstalled(String),
    #[error("cannot start {tool}")]
    Start { tool: String, source: io::Error },
    #[error("cannot read what {tool} says")]
    Read { tool: String, source: io::Error },
}

/// The program's path. `None`: it is not installed.
pub fn find(name: &str) -> Option<PathBuf> {
    let paths = FOLDERS.map(|folder| PathBuf::from(folder).join(name));
    paths.into_iter().find(|path| path.is_file())
}

impl Tool {
    /// # Errors
    ///
    /// [`ToolError::NotInstalled`].
    pub fn named(name: &str, deadline: Duration) -> Result<Self, ToolError> {
        let path = find(name).ok_or_else(|| ToolError::NotInstalled(name.to_owned()))?;
        Ok(Self::at(&path, name, deadline))
    }

    /// A program that is known by its path.
    pub fn at(path: &Path, name: &str, deadline: Duration) -> Self {
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("PATH", FOLDERS.join(":"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: system calls between fork and exec, which neither allocate nor lock.
        #[expect(
            unsafe_code,
            reason = "nothing else tells a child that its parent is gone"
        )]
        unsafe {
            command.pre_exec(|| {
                leave_no_core();
                Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
            });
        }
        Self {
            name: name.to_owned(),
            command,
            deadline,
            stop_with: Signal::TERM,
            grace: Duration::from_secs(2),
            most_bytes: MOST_OUTPUT_BYTES,
        }
    }

    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it as another user, for which we have to be root with the right to become one.
    #[must_use]
    pub fn by(mut self, user: Account) -> Self {
        // SAFETY: system calls between fork and exec, which neither allocate nor lock.
        #[expect(
            unsafe_code,
            reason = "the standard library keeps root's other groups, or none"
        )]
        unsafe {
            self.command.pre_exec(move || user.become_it());
        }
        self
    }

    /// Lets it read, and nothing else: see [`harmless`]. `strictly`: it is not run where the
    /// kernel cannot keep it from writing.
    #[must_use]
    pub fn harmless(mut self, strictly: bool) -> Self {
        let mut harmless = Harmless::new(strictly);
        // SAFETY: system calls between fork and exec, which neither allocate nor lock.
        #[expect(unsafe_code, reason = "a process can give up its own rights only")]
        unsafe {
            self.command.pre_exec(move || harmless.apply());
        }
        self
    }

    #[must_use]
    pub fn ending_within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gives it variables besides `PATH` and its language.
    #[must_use]
    pub fn with_variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.command.envs(variables);
        self
    }

    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    /// Ends it with this when its time is up, and kills it only if it is still there `grace`
    /// later: strace and gdb set their target free on SIGINT, perf writes its file.
    #[must_use]
    pub fn stopped_with(mut self, signal: Signal, grace: Duration) -> Self {
        (self.stop_with, self.grace) = (signal, grace);
        self
    }

    /// Reads from a file that we have opened, which it may not be able to open itself.
    #[must_use]
    pub fn reading(mut self, file: File) -> Self {
        self.command.stdin(file);
        self
    }

    /// Writes its output into a file rather than keeping it, and no file larger than so much: there
    /// it is told that the file is too large.
    #[must_use]
    pub fn writing_to(mut self, file: File, most_bytes: u64) -> Self {
        self.command.stdout(file);
        // SAFETY: system calls between fork and exec, which neither allocate nor lock.
        #[expect(unsafe_code, reason = "a process can limit itself only")]
        unsafe {
            self.command.pre_exec(move || {
                // The signal would end it, as a crash of its own. To ignore it outlasts the exec.
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                let limit = Rlimit {
                    current: Some(most_bytes),
                    maximum: Some(most_bytes),
                };
                Ok(setrlimit(Resource::Fsize, limit)?)
            });
        }
        self
    }

    /// Keeps so much of each of its outputs.
    #[must_use]
    pub fn keeping(mut self, most_bytes: usize) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    /// Runs it to its end, or to its deadline.
    ///
    /// Safe to drop at any await: the group is killed.
    ///
    /// # Errors
    ///
    /// [`ToolError`] if it could not be started or read. That it failed is no error here: see
    /// [`ToolOutput::status`].
    pub async fn run(mut self) -> Result<ToolOutput, ToolError> {
        let failed = |source| ToolError::Start {
            tool: self.name.clone(),
            source,
        };
        let child = self.command.spawn().map_err(failed)?;
        let mut group = Group::of(child);
        let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
        let most_bytes = self.most_bytes;
        let read = async {
            let (stdout, stderr) = tokio::join!(kept(stdout, most_bytes), kept(stderr, most_bytes));
            Ok::<_, io::Error>((stdout?, stderr?))
        };
        let end = async {
            let mut is_late = false;
            let status = match timeout(self.deadline, group.child.wait()).await {
                Ok(status) => status,
                Err(_) => {
                    is_late = true;
                    group.signal(self.stop_with);
                    let ended = timeout(self.grace, group.child.wait()).await;
                    if ended.is_err() {
                        group.signal(Signal::KILL);
                    }
                    match ended {
                        Ok(status) => status,
                        Err(_) => group.child.wait().await,
                    }
                }
            };
            // What it started and left behind holds our pipes, and would be waited for.
            group.signal(Signal::KILL);
            status.map(|status| (status, is_late))
        };
        let ((status, is_late), (stdout, stderr)) =
            tokio::try_join!(end, read).map_err(|source| ToolError::Read {
                tool: self.name.clone(),
                source,
            })?;
        Ok(ToolOutput {
            status,
            is_late,
            is_cut: stdout.is_cut || stderr.is_cut,
            stdout: stdout.bytes,
            stderr: stderr.bytes,
        })
    }
}

/// Whatever it reads may make it crash, and that is no crash of the host. One byte is no core, as
/// zero is; and it is the one limit at which the kernel starts no program for cores either.
///
/// One system call: it runs between fork and exec.
fn leave_no_core() {
    let limit = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    // Denied where the limit is zero already.
    let _ = setrlimit(Resource::Core, limit);
}

struct Kept {
    bytes: Vec<u8>,
    is_cut: bool,
}

async fn kept(source: Option<impl AsyncRead + Unpin>, most_bytes: usize) -> io::Result<Kept> {
    let mut kept = Kept {
        bytes: Vec::new(),
        is_cut: false,
    };
    let Some(mut source) = source else {
        return Ok(kept);
    };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = source.read(&mut buffer).await?;
        if length == 0 {
            return Ok(kept);
        }
        let room = most_bytes.saturating_sub(kept.bytes.len());
        kept.is_cut |= length > room;
        kept.bytes.extend_from_slice(&buffer[..length.min(room)]);
    }
}

/// A child and all that it starts, killed when dropped.
struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Group {
    fn of(child: Child) -> Self {
        let leader = child.id().and_then(|pid| i32::try_from(pid).ok());
        Self {
            child,
            leader: leader.and_then(Pid::from_raw),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // It may be gone, with all that it started.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn shell(script: &str, deadline: Duration) -> Tool {
        Tool::named("sh", deadline).unwrap().args(["-c", script])
    }

    const LONG: Duration = Duration::from_secs(60);

    /// Whether a process is there, and no zombie.
    fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
    }

    #[tokio::test]
    async fn output_and_status_are_told() {
        let output = shell("echo out; echo err >&2; exit 3", LONG).run().await;
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert!(!output.is_late && !output.is_cut);
    }

    #[tokio::test]
    async fn much_output_is_cut_and_read_to_its_end() {
        let script = "head -c 9000000 /dev/zero; exit 4";
        let output = shell(script, LONG).run().await.unwrap();
        assert_eq!(output.stdout.len(), MOST_OUTPUT_BYTES);
        assert_eq!((output.status.code(), output.is_cut), (Some(4), true));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_told_to_end_and_says_so() {
        let script = "trap 'echo set free; exit 0' INT; echo begun; while :; do sleep 0.01; done";
        let tool = shell(script, Duration::from_millis(300));
        let output = tool.stopped_with(Signal::INT, LONG).run().await.unwrap();
        assert_eq!(output.stdout, b"begun\nset free\n");
        assert!(output.is_late && output.status.success());
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_killed_with_its_children() {
        let script = "trap '' INT; sleep 1000 & echo $!; while :; do sleep 1; done";
        let tool = shell(script, Duration::from_millis(300));
        let tool = tool.stopped_with(Signal::INT, Duration::from_millis(100));
        let output = tool.run().await.unwrap();
        assert_eq!(output.status.signal(), Some(9));
        let child = String::from_utf8(output.stdout).unwrap();
        // Killed it is at once; gone as soon as the kernel lets it run once more.
        let deadline = std::time::Instant::now() + LONG;
        while is_alive(child.trim()) {
            assert!(std::time::Instant::now() < deadline, "{child} lives");
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    async fn what_it_leaves_behind_is_not_waited_for() {
        let output = shell("sleep 1000 & exit 0", LONG).run().await.unwrap();
        assert!(output.status.success() && !output.is_late);
    }

    /// To look at a crash must make none: this is no core at all, into a file or to a program.
    #[tokio::test]
    async fn one_that_crashes_leaves_no_core() {
        let script = "cat /proc/self/limits; kill -SEGV $$";
        let output = shell(script, LONG).run().await.unwrap();
        assert_eq!(output.status.signal(), Some(11));
        assert!(!output.status.core_dumped());
        let limits = String::from_utf8(output.stdout).unwrap();
        let core = limits.lines().find(|line| line.contains("core file size"));
        let words: Vec<_> = core.unwrap().split_whitespace().collect();
        // Zero, where that was the limit before.
        let is_none = |word: &&str| ["0", "1"].contains(word);
        assert!(words[4..6].iter().all(is_none), "{limits}");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = Tool::named("no-such-tool", LONG).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no program no-such-tool on this host"
        );
    }
}
