//! The status for people.

use std::fmt::Write as _;

use super::{Connection, Status};

/// Several lines; `answered`: the agent itself said so just now.
pub fn render(status: &Status, answered: bool) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    line(
        "agent",
        format!("{} (aiops-agent {})", status.agent_id, status.version),
    );
    line(
        "running",
        if answered {
            format!("pid {}, since {}", status.pid, moment(status.started_at))
        } else {
            format!("no; this is what it said at {}", moment(status.at))
        },
    );
    line(
        "server",
        format!("{}: {}", status.server, connection(&status.connection)),
    );
    for source in &status.sources {
        let runs = source.runs.as_deref().unwrap_or("does not run");
        let why = source
            .degraded
            .as_ref()
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        line(&source.source, format!("{runs}{why}"));
    }
    let spool = status.spool;
    line(
        "spool",
        format!(
            "{} of {} events stored by the server, {} waiting, {} KiB, {} dropped{}",
            spool.acked,
            spool.durable,
            spool.lag,
            spool.bytes / 1024,
            spool.dropped,
            if spool.stuck {
                "; THE DISK TAKES NOTHING"
            } else {
                ""
            },
        ),
    );
    let renew = status
        .certificate
        .renew_at
        .map(|at| format!(", renewal {}", moment(at)));
    line(
        "certificate",
        format!(
            "expires {}{}",
            moment(status.certificate.expires_at),
            renew.unwrap_or_default()
        ),
    );
    line(
        "cost",
        format!(
            "{:.2} % of a core, {} MiB, {} threads",
            status.cost.cpu_percent,
            status.cost.rss_bytes / (1 << 20),
            status.cost.threads
        ),
    );
    text
}

fn connection(connection: &Connection) -> String {
    match connection {
        Connection::Connecting => "connecting".into(),
        Connection::Online { since, address } => {
            format!("online at {address} since {}", moment(*since))
        }
        Connection::Offline { since, reason } => {
            format!("offline since {}: {reason}", moment(*since))
        }
    }
}

fn moment(at: analysis::Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
