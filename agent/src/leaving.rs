//! Why the agent is told to stop.

use std::{process::Stdio, time::Duration};

use tokio::process::Command;

use crate::uplink::Goodbye;

/// systemd answers in milliseconds, or is too busy shutting down to answer at all.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);

/// Whether only the agent stops, or the host. Asks `systemctl`, because D-Bus is often gone by the
/// time that services are stopped; process 1 listens on its private socket to the end.
pub async fn reason() -> Goodbye {
    let asked = Command::new("systemctl")
        .arg("is-system-running")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(ANSWER_LIMIT, asked).await {
        Ok(Ok(output)) if output.stdout.trim_ascii() == b"stopping" => Goodbye::HostShutdown,
        _ => Goodbye::AgentStopped,
    }
}
