//! Where one boot ends and the next begins.

use super::*;
use crate::{event::GapReason, restarts::RecordGap};

#[test]
fn late_lines_of_an_older_boot_are_a_gap_and_no_reboot() {
    let mut host = host();
    host.starts("db.service", 1);
    for boot in [2, 1, 2, 1] {
        host.boot = boot;
        host.starts("other.service", boot);
    }
    let boots = host
        .said
        .iter()
        .filter(|event| event.fact.kind() == "host-booted");
    assert_eq!(boots.count(), 1);
    let gaps: Vec<_> = host
        .said
        .iter()
        .filter_map(|event| Some((event.boot, RecordGap::told_by(event)?.reason)))
        .collect();
    let older = BootId(Uuid::from_u128(1));
    assert_eq!(gaps, [(older, GapReason::OutOfOrder)], "once is enough");
}

#[test]
fn a_restarted_journald_is_no_shutdown() {
    let mut host = host();
    let journald = |host: &mut Host, id: Uuid| {
        let id = id.simple().to_string();
        host.writes(&[("MESSAGE_ID", &id), ("_UID", "0"), ("_TRANSPORT", "driver")]);
    };
    journald(&mut host, message_id::JOURNAL_STOPPED);
    journald(&mut host, message_id::JOURNAL_STARTED);
    host.starts("db.service", 1);
    host.boot = 2;
    host.starts("db.service", 2);
    let booted = host.said.iter().find_map(|event| match &event.fact {
        Fact::HostBooted(fact) => Some(fact.clone()),
        _ => None,
    });
    let booted = booted.unwrap();
    assert_eq!(booted.previous_orderly, Some(false));
    assert_eq!(
        booted.previous_ended_at,
        Some(host.said[0].at),
        "the last line of that boot"
    );
}

/// `systemctl soft-reboot` starts all of user space anew, in the same boot.
#[test]
fn after_a_soft_reboot_the_host_shuts_down_no_more() {
    let mut host = host();
    let shutdown = message_id::SHUTDOWN.simple().to_string();
    host.starts("db.service", 1)
        .writes(&[("MESSAGE_ID", &shutdown), ("_UID", "0")])
        .is_stopped("db.service", 1, "8");
    assert_eq!(host.last_cause(), (StopCause::Reboot, Certainty::Measured));
    let finished = message_id::STARTUP_FINISHED.simple().to_string();
    host.starts("db.service", 2)
        .writes(&[("MESSAGE_ID", &finished), ("_PID", "1")])
        .after_ms(60_000)
        .is_stopped("db.service", 2, "9");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Inferred));
}
