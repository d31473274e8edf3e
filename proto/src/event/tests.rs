//! Every fact survives the wire, and no bytes can hurt the reader.

use analysis::{
    cause::{Actor, Certainty, Evidence, OomConstraint, Stop, StopCause},
    event::*,
    identity::{BootId, InvocationId},
    process::{ExitStatus, ProcessId, Signal},
    run::StartReason,
};
use proptest::prelude::*;
use prost::Message as _;
use uuid::Uuid;

use super::{from_bytes, to_bytes};
use crate::{Malformed, v1};

#[test]
fn every_fact_survives_the_wire() {
    for fact in facts() {
        let event = event(fact);
        assert_eq!(from_bytes(&to_bytes(&event)).as_ref(), Ok(&event));
    }
}

#[test]
fn the_facts_of_these_tests_are_all_there_are() {
    let kinds: std::collections::BTreeSet<_> = facts().iter().map(Fact::kind).collect();
    assert_eq!(kinds, Fact::KINDS.into());
}

#[test]
fn every_fact_survives_json() {
    for fact in facts() {
        let event = event(fact);
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], event.fact.kind());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}

#[test]
fn a_fact_of_a_newer_agent_is_told_from_garbage() {
    let newer = v1::Event {
        boot_id: vec![7; 16].into(),
        fact: None,
        ..Default::default()
    };
    assert_eq!(
        from_bytes(&newer.encode_to_vec()),
        Err(Malformed::UnknownFact)
    );
    assert!(matches!(
        from_bytes(b"\xff\xff"),
        Err(Malformed::Undecodable(_))
    ));
}

#[test]
fn a_wrong_value_is_named_with_its_field() {
    let mut wire = v1::Event::from(&event(facts().remove(3)));
    let Some(v1::event::Fact::UnitStarted(started)) = &mut wire.fact else {
        panic!("{wire:?}")
    };
    started.unit = "../../etc".into();
    let error = from_bytes(&wire.encode_to_vec()).unwrap_err();
    assert_eq!(error.to_string(), r#"`unit` cannot be "../../etc""#);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_bytes(&bytes);
    }

    #[test]
    fn any_damage_to_an_event_is_read_or_refused(
        which in 0..19_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = to_bytes(&event(facts().swap_remove(which % facts().len())));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = from_bytes(&bytes);
    }
}

fn event(fact: Fact) -> Event {
    Event {
        at: chrono::DateTime::from_timestamp_nanos(1_763_712_000_123_456_789),
        since_boot_ns: Some(42_000_000_000),
        boot: BootId(Uuid::from_u128(0xb007)),
        fact,
    }
}

/// One fact of each kind, every optional part present in one and absent in another.
fn facts() -> Vec<Fact> {
    let process = ProcessId {
        pid: 4711,
        start_ns: 41_999_000_000,
    };
    let unit = || "nginx.service".parse().unwrap();
    let invocation = Some(InvocationId(Uuid::from_u128(0x1c)));
    let placement = || Placement {
        cgroup: "/system.slice/nginx.service".into(),
        unit: Some(unit()),
        container: None,
    };
    let actor = || Actor {
        uid: 0,
        user: Some("root".into()),
        login_uid: Some(1000),
        login_user: None,
        command: vec!["systemctl".into(), "restart".into(), "nginx".into()],
        ancestors: vec!["bash".into()],
    };
    let segv = ExitStatus::Signaled {
        signal: Signal::SEGV,
        core_dumped: true,
    };
    let moment = |start| UnitMoment {
        unit: unit(),
        invocation,
        start,
    };
    let stopped = |cause| UnitStopped {
        unit: unit(),
        invocation,
        stop: Stop {
            cause,
            certainty: Certainty::Inferred,
            evidence: vec![
                Evidence::UnitResult {
                    result: "core-dump".into(),
                },
                Evidence::ProcessEnded {
                    process,
                    status: segv,
                    command: Some("ExecStart".into()),
                },
                Evidence::StopJob {
                    job: 77,
                    restart: true,
                },
                Evidence::Request {
                    actor: actor(),
                    stop_after_ms: -7,
                },
                Evidence::KernelOom {
                    constraint: OomConstraint::Cgroup,
                    cgroup: "/system.slice/nginx.service".into(),
                    comm: "nginx".into(),
                    rss_bytes: 1 << 30,
                    limit_bytes: Some(1 << 30),
                },
                Evidence::OomNotice,
                Evidence::ManagerLine {
                    message: "Watchdog timeout (limit 3s)!".into(),
                },
                Evidence::DependencyStopped {
                    unit: unit(),
                    at: event_time(),
                },
                Evidence::BootEnded { orderly: true },
                Evidence::CoreDump {
                    pid: 4711,
                    path: None,
                },
            ],
            actor: Some(actor()),
            exit: Some(ExitStatus::Exited { code: 203 }),
        },
    };
    vec![
        Fact::ProcessForked(ProcessForked {
            process,
            parent_pid: 1,
            uid: Some(33),
            comm: "nginx".into(),
            placement: Placement::default(),
        }),
        Fact::ProcessExecuted(ProcessExecuted {
            process,
            parent_pid: 1,
            uid: Some(33),
            login_uid: None,
            session: Some(7),
            comm: "nginx".into(),
            argv: vec!["nginx".into(), "-g".into(), String::new()],
            argv_truncated: true,
            placement: placement(),
        }),
        Fact::ProcessExited(ProcessExited {
            process,
            parent_pid: 1,
            uid: None,
            comm: "nginx".into(),
            placement: placement(),
            status: Some(segv),
            cpu_ns: Some(0),
            max_rss_bytes: None,
            oom_killed: true,
            killer: Some(Killer {
                signal: Signal::SEGV,
                pid: 4711,
                uid: 33,
                comm: "nginx".into(),
                by_kernel: true,
            }),
        }),
        Fact::UnitStarted(moment(Some(StartReason::Automatic { restarts: 2 }))),
        Fact::UnitStarted(moment(Some(StartReason::Boot))),
        Fact::UnitStarted(moment(Some(StartReason::Requested {
            actor: Some(actor()),
        }))),
        Fact::UnitStarting(UnitMoment {
            unit: unit(),
            invocation: None,
            start: None,
        }),
        Fact::UnitStartFailed(stopped(StopCause::ExitCode)),
        Fact::UnitStopping(moment(None)),
        Fact::UnitStopped(stopped(StopCause::OomCgroup)),
        Fact::UnitCauseRevised(stopped(StopCause::Manual)),
        Fact::UnitRestartScheduled(RestartScheduled {
            unit: unit(),
            invocation,
            restarts: 3,
        }),
        Fact::UnitRequested(UnitRequested {
            unit: unit(),
            verb: Verb::Restart,
            actor: actor(),
        }),
        Fact::UnitState(UnitState {
            unit: unit(),
            active: "activating".into(),
            sub: "auto-restart".into(),
            result: "core-dump".into(),
            main_pid: None,
            restarts: 3,
        }),
        Fact::OomKilled(OomKilled {
            pid: None,
            comm: "hog".into(),
            constraint: OomConstraint::System,
            cgroup: "/".into(),
            unit: None,
            rss_bytes: 7,
            limit_bytes: None,
        }),
        Fact::ProcessFaulted(ProcessFaulted {
            pid: 9,
            comm: "crasher".into(),
            line: "segfault at 0 ip 0 sp 0 error 6".into(),
        }),
        Fact::HostBooted(HostBooted {
            previous_boot: Some(BootId(Uuid::from_u128(1))),
            previous_orderly: Some(false),
            previous_ended_at: Some(event_time()),
        }),
        Fact::ClockJumped(ClockJumped { by_ms: -3_600_000 }),
        Fact::SourceStarted(SourceStarted {
            source: "process".into(),
            runs: "bpf".into(),
            degraded: None,
        }),
        Fact::AgentStarted(AgentStarted {
            version: "0.1.0".into(),
            host_name: "db-03".into(),
        }),
        Fact::Gap(Gap {
            source: "process".into(),
            reason: GapReason::Overflow,
            lost: None,
            detail: "ring buffer full".into(),
        }),
    ]
}

fn event_time() -> analysis::Timestamp {
    chrono::DateTime::from_timestamp_nanos(1_763_712_000_000_000_001)
}
