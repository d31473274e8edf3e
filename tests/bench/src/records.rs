//! Records as an agent of a busy host sends them.

use analysis::event::{Event, Fact, Placement, ProcessExecuted, ProcessExited, ProcessForked};
use analysis::identity::BootId;
use analysis::process::{ExitStatus, ProcessId};
use chrono::{DateTime, Utc};
use proto::v1;
use uuid::Uuid;

/// Events of one short process: its fork, its exec, its exit.
const EVENTS_OF_A_PROCESS: u64 = 3;

/// The records `first_seq..` of a stream, `count` of them, as they were at `at`.
pub fn records(boot: Uuid, at: DateTime<Utc>, first_seq: u64, count: u64) -> Vec<v1::Record> {
    let record = |seq: u64| {
        record(
            boot,
            at + chrono::Duration::microseconds(seq.cast_signed()),
            seq,
        )
    };
    (first_seq..first_seq + count).map(record).collect()
}

fn record(boot: Uuid, at: DateTime<Utc>, seq: u64) -> v1::Record {
    let event = Event {
        at,
        since_boot_ns: Some(seq * 1000),
        boot: BootId(boot),
        fact: fact(seq),
    };
    v1::Record {
        // The server keeps it and does not know how it is made.
        chain: seq,
        class: 2,
        source: 1,
        mono_ns: seq * 1000,
        wall_ns: at.timestamp_nanos_opt().unwrap_or(0),
        payload: proto::event::to_bytes(&event).into(),
        unique_id: Uuid::from_u64_pair(boot.as_u64_pair().0, seq)
            .as_bytes()
            .to_vec()
            .into(),
        covers: 1,
        ..Default::default()
    }
}

fn fact(seq: u64) -> Fact {
    let number = seq / EVENTS_OF_A_PROCESS;
    let process = ProcessId {
        pid: u32::try_from(number % 4_000_000 + 2).unwrap_or(u32::MAX),
        start_ns: number * 1_000_000,
    };
    let (parent_pid, uid, comm) = (812, 33, "php-fpm8.2".to_owned());
    let placement = Placement {
        cgroup: "/system.slice/php8.2-fpm.service".to_owned(),
        unit: "php8.2-fpm.service".parse().ok(),
        container: None,
    };
    match seq % EVENTS_OF_A_PROCESS {
        0 => Fact::ProcessForked(ProcessForked {
            process,
            parent_pid,
            uid: Some(uid),
            comm,
            placement,
        }),
        1 => Fact::ProcessExecuted(ProcessExecuted {
            process,
            parent_pid,
            uid: Some(uid),
            login_uid: None,
            session: None,
            comm,
            argv: ["convert", "-resize", "640x480", "in.png", "out.webp"]
                .map(str::to_owned)
                .to_vec(),
            argv_truncated: false,
            placement,
        }),
        _ => Fact::ProcessExited(ProcessExited {
            process,
            parent_pid,
            uid: Some(uid),
            comm,
            placement,
            status: Some(ExitStatus::Exited { code: 0 }),
            cpu_ns: Some(3_200_000),
            max_rss_bytes: Some(12 << 20),
            oom_killed: false,
            killer: None,
        }),
    }
}
