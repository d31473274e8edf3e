//! What an earlier server left behind: a Postgres that is still shutting down, or the file of one
//! that is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

/// How long a leftover may take to shut down.
const LIMIT: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Ends a Postgres that runs on `data`, and waits until it is gone. The caller holds the lock of
/// the data folder, so no living server owns it.
///
/// The pid in the file of a Postgres that was killed may belong to another process by now, and
/// Postgres would then refuse to start: the file is removed.
pub async fn end(data: &Path) {
    let Some(pid) = pid(data) else { return };
    if !is_postgres_on(pid, data) {
        info!("removing the pid file of a Postgres that is gone");
        let _ = fs::remove_file(data.join("postmaster.pid"));
        return;
    }
    info!(pid, "a Postgres of an earlier server still runs; ending it");
    let told = Pid::from_raw(pid)
        .ok_or(rustix::io::Errno::SRCH)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()))
        .and_then(|pidfd| pidfd_send_signal(&pidfd, Signal::INT));
    if let Err(error) = told {
        warn!(pid, %error, "cannot end it");
    }
    let deadline = Instant::now() + LIMIT;
    while is_postgres_on(pid, data) && Instant::now() < deadline {
        sleep(LOOK_EVERY).await;
    }
}

/// The folder of the socket of the Postgres that runs on `data`.
pub fn socket_of_running(data: &Path) -> Option<PathBuf> {
    let data = fs::canonicalize(data).ok()?;
    let pid = pid(&data)?;
    if !is_postgres_on(pid, &data) {
        return None;
    }
    // Line 5 of the file, see the documentation of Postgres, "Database File Layout".
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let socket = file.lines().nth(4).filter(|line| !line.is_empty());
    socket.map(PathBuf::from)
}

fn pid(data: &Path) -> Option<i32> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}

/// Postgres works in its data folder.
fn is_postgres_on(pid: i32, data: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    name.trim_end() == "postgres"
        && fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == data)
}
