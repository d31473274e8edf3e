//! OOM kills: whose they are, and in which order the lines may come.

use super::*;

#[test]
fn old_systemd_says_signal_and_the_kernel_says_oom() {
    let mut before = host();
    before
        .starts("db.service", 1)
        .oom_kill("/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        before.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );

    // journald reads the kernel's log by itself, and may be later with it than systemd.
    let mut late = host();
    late.starts("db.service", 1)
        .is_killed("db.service", 1, "signal")
        .oom_kill("/system.slice/db.service");
    let causes: Vec<_> = late
        .stops()
        .iter()
        .map(|(kind, _, cause, _)| (*kind, *cause))
        .collect();
    assert_eq!(
        causes,
        [
            ("unit-stopped", StopCause::Signal),
            ("unit-cause-revised", StopCause::OomCgroup)
        ]
    );
    assert_eq!(
        late.said.first().unwrap().boot,
        late.said.last().unwrap().boot
    );
}

#[test]
fn an_oom_kill_elsewhere_or_long_ago_is_no_reason() {
    let mut elsewhere = host();
    elsewhere
        .starts("db.service", 1)
        .oom_kill("/system.slice/other.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        elsewhere.last_cause(),
        (StopCause::Signal, Certainty::Measured)
    );

    let mut long_ago = host();
    long_ago
        .starts("db.service", 1)
        .oom_kill("/system.slice/db.service")
        .after_ms(60_000)
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        long_ago.last_cause(),
        (StopCause::Signal, Certainty::Measured)
    );
}

#[test]
fn oom_kills_of_other_hosts_on_the_same_kernel_are_theirs() {
    let mut host = Host::new(UnitHistory::default().with_cgroup_root("/pool/web1"));
    host.starts("db.service", 1)
        .oom_kill("/pool/web2/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(host.last_cause(), (StopCause::Signal, Certainty::Measured));
    assert!(
        host.said
            .iter()
            .all(|event| event.fact.kind() != "oom-killed")
    );
    host.starts("db.service", 3)
        .oom_kill("/pool/web10/system.slice/db.service")
        .is_killed("db.service", 3, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::Signal, Certainty::Measured),
        "web10 is another host"
    );
    host.starts("db.service", 2)
        .oom_kill("/pool/web1/system.slice/db.service")
        .is_killed("db.service", 2, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );
}

#[test]
fn a_unit_in_a_container_is_not_the_hosts_unit_of_that_name() {
    let mut host = host();
    host.starts("db.service", 1)
        .oom_kill("/machine.slice/machine-web.scope/payload/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(host.last_cause(), (StopCause::Signal, Certainty::Measured));
    let killed = host.said.iter().find_map(|event| match &event.fact {
        Fact::OomKilled(killed) => killed.unit.as_ref(),
        _ => None,
    });
    assert_eq!(killed.unwrap().as_str(), "machine-web.scope");
}

#[test]
fn a_set_clock_moves_no_fact_of_the_journal() {
    let mut host = host();
    host.starts("db.service", 1)
        .oom_kill("/system.slice/db.service");
    host.clock_set_by_ms = -86_400_000;
    host.is_killed("db.service", 1, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );
}
