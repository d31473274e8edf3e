//! The poorest way: what it sees it tells right, and it says what it does not see.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use agent::process::{Running, Way};
use analysis::process::{ExitStatus, Signal};

use crate::support::{Collected, execs, exits, options, started};

#[test]
fn a_long_lived_process_is_seen_and_the_rest_is_declared() {
    let collected = Collected::default();
    let (running, says) = started(&options(Some(Way::ProcScan)), collected.clone());
    assert!(says.degraded.unwrap().contains("less than a second"));
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    let is_seen =
        || execs(&collected.events.lock().unwrap()).any(|exec| exec.process.pid == child.id());
    until(&running, is_seen);
    child.kill().unwrap();
    let is_gone =
        || exits(&collected.events.lock().unwrap()).any(|exit| exit.process.pid == child.id());
    until(&running, is_gone);
    child.wait().unwrap();
    let events = collected.events.lock().unwrap();
    let exit = exits(&events)
        .find(|exit| exit.process.pid == child.id())
        .unwrap();
    let killed = ExitStatus::Signaled {
        signal: Signal::KILL,
        core_dumped: false,
    };
    assert_eq!(exit.status, Some(killed), "a zombie shows its status");
}

/// Waits for a condition: some looks of the source, on a machine that others use as well.
fn until(running: &Running, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "{} did not see it",
            running.way()
        );
        std::thread::yield_now();
    }
}
