//! Sees to it that a process runs on after a debugger looked at it, whatever becomes of the
//! debugger and of us.
//!
//! A debugger stops its target with SIGSTOP. If it is killed before it took note of that, the
//! signal is delivered after all, and the target stands still for ever. So a shell waits beside us
//! for the end of a pipe, which comes even if we are killed; then it waits until no debugger holds
//! the target, and continues it if it is stopped.

use std::{io, process::Stdio, time::Duration};

use analysis::process::ProcessId;
use tokio::{
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::tool::{self, ToolError};

/// Longer than the shell looks.
const RELEASED_WITHIN: Duration = Duration::from_secs(15);
/// In the environment of a guard. Who kills all that an analysis left behind spares it: it ends by
/// itself within seconds, and until then somebody may need it.
pub const GUARD_MARK: &str = "AIOPS_GUARD";
const SET_FREE: i32 = 3;
const REFUSED: i32 = 4;

/// Arguments: pid, and field 22 of `stat`, its start. The 3rd field is `$1` behind the name.
/// It looks thrice without a debugger, as the signal may still be on its way.
const SCRIPT: &str = r#"
read -r _
pid=$0 start=$1 calm=0 tries=0
while [ "$tries" -lt 100 ] && [ "$calm" -lt 3 ]; do
  tries=$((tries + 1))
  { IFS= read -r line < "/proc/$pid/stat"; } 2>/dev/null || exit 0
  set -- ${line##*) }
  [ "${20}" = "$start" ] || exit 0
  state=$1 tracer=0
  while read -r name value; do
    if [ "$name" = TracerPid: ]; then tracer=$value; fi
  done 2>/dev/null < "/proc/$pid/status"
  if [ "$tracer" != 0 ]; then
    calm=0
  elif [ "$state" = T ]; then
    kill -CONT "$pid" 2>/dev/null && exit 3
    exit 4
  else
    calm=$((calm + 1))
  fi
  sleep 0.05
done
"#;

/// One that waits for us to be done with a process.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    /// Closed with us.
    line: ChildStdin,
}

/// How a process was found after it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freed {
    /// It ran, or had ended.
    Ran,
    /// It was stopped, and was continued.
    SetFree,
    /// It is stopped, and we may not continue it.
    Refused,
}

impl Guard {
    /// Guards a process that is not stopped.
    ///
    /// # Errors
    ///
    /// [`ToolError`] if there is no shell, or no process may be started: then nobody should stop
    /// the process.
    pub(crate) fn over(process: ProcessId) -> Result<Self, ToolError> {
        let shell = tool::find("sh").ok_or_else(|| ToolError::NotInstalled("sh".to_owned()))?;
        let failed = |source| ToolError::Start {
            tool: "sh".to_owned(),
            source,
        };
        let start_ticks = ticks(process.start_ns);
        let mut child = Command::new(shell)
            .args([
                "-c",
                SCRIPT,
                &process.pid.to_string(),
                &start_ticks.to_string(),
            ])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env(GUARD_MARK, "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Whoever kills our group must not kill it.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let line = child.stdin.take();
        let line = line.ok_or_else(|| failed(io::Error::other("no pipe")))?;
        Ok(Self { child, line })
    }

    /// Tells it that the debugger is done, and waits until it has looked.
    pub(crate) async fn release(self) -> Freed {
        let Self { mut child, line } = self;
        drop(line);
        let code = match timeout(RELEASED_WITHIN, child.wait()).await {
            Ok(Ok(status)) => status.code(),
            _ => None,
        };
        match code {
            Some(SET_FREE) => Freed::SetFree,
            Some(REFUSED) => Freed::Refused,
            _ => Freed::Ran,
        }
    }
}

fn ticks(start_ns: u64) -> u64 {
    let per_second = u128::from(rustix::param::clock_ticks_per_second());
    let ticks = u128::from(start_ns) * per_second / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::process::{Procfs, State};

    #[tokio::test]
    async fn a_process_that_was_left_stopped_is_continued() {
        let mut target = Command::new("sleep")
            .arg("1000")
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let procfs = Procfs::at("/proc");
        let pid = target.id().unwrap();
        let stat = procfs.stat(pid).unwrap();
        let guard = Guard::over(stat.id()).unwrap();
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::STOP).unwrap();
        assert_eq!(guard.release().await, Freed::SetFree);
        let started = std::time::Instant::now();
        while procfs.stat(pid).unwrap().state == State::Stopped {
            assert!(started.elapsed() < RELEASED_WITHIN);
            tokio::task::yield_now().await;
        }
        let guard = Guard::over(stat.id()).unwrap();
        assert_eq!(guard.release().await, Freed::Ran);
        target.kill().await.unwrap();
    }

    #[tokio::test]
    async fn another_process_with_the_same_pid_is_left_alone() {
        let mut target = Command::new("sleep")
            .arg("1000")
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let procfs = Procfs::at("/proc");
        let pid = target.id().unwrap();
        let mut id = procfs.stat(pid).unwrap().id();
        id.start_ns -= 1_000_000_000;
        let guard = Guard::over(id).unwrap();
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::STOP).unwrap();
        assert_eq!(guard.release().await, Freed::Ran);
        target.kill().await.unwrap();
    }
}
