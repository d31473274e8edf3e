use super::*;
use StopCause::{
    Clean, Dependency, ExitCode, Manual, OomCgroup, OomSystem, PackageUpgrade, Reboot, Timeout,
    Unknown, Watchdog,
};

fn exited(code: u8) -> Option<ProcessEnd> {
    Some(ProcessEnd {
        status: ExitStatus::Exited { code },
        command: None,
        at_us: 10_000_000,
    })
}

fn killed(signal: Signal) -> Option<ProcessEnd> {
    Some(ProcessEnd {
        status: ExitStatus::Signaled {
            signal,
            core_dumped: false,
        },
        command: Some("ExecStart".into()),
        at_us: 10_000_000,
    })
}

fn oom(constraint: OomConstraint, at_us: u64) -> Option<KernelOom> {
    let killed = OomKilled {
        pid: Some(1),
        comm: "a".into(),
        constraint,
        cgroup: "/system.slice/a.service".into(),
        unit: None,
        rss_bytes: 1,
        limit_bytes: None,
    };
    Some(KernelOom { killed, at_us })
}

fn result(name: &str) -> StopFacts {
    StopFacts {
        result: Some(name.into()),
        ..StopFacts::default()
    }
}

fn job() -> StopFacts {
    StopFacts {
        job: Some(StopJob {
            id: 1,
            restart: false,
        }),
        succeeded: true,
        ..StopFacts::default()
    }
}

fn asked(witness: Witness, ancestor: &str) -> Option<JoinedRequest> {
    let actor = Actor {
        uid: 0,
        user: None,
        login_uid: None,
        login_user: None,
        command: vec!["systemctl".into()],
        ancestors: vec![ancestor.into()],
    };
    let apart = TimeDelta::zero();
    Some(JoinedRequest {
        actor,
        witness,
        apart,
    })
}

#[test]
fn a_cause_is_no_surer_than_its_facts() {
    use Certainty::{Inferred, Measured, Unknown as NotKnown};
    let memory = OomConstraint::Cgroup;
    let just_before = 9_900_000;
    let long_before = 1_000_000;
    let cases = [
        ("nothing", StopFacts::default(), Unknown, NotKnown),
        (
            "an exit code",
            StopFacts {
                end: exited(3),
                ..result("exit-code")
            },
            ExitCode,
            Measured,
        ),
        (
            "137 alone proves nothing",
            StopFacts {
                end: exited(137),
                ..result("exit-code")
            },
            ExitCode,
            Measured,
        ),
        (
            "137, and the kernel killed a process of the unit",
            StopFacts {
                end: exited(137),
                kernel_oom: oom(memory, just_before),
                ..result("exit-code")
            },
            OomCgroup,
            Inferred,
        ),
        (
            "another code, whatever the kernel killed",
            StopFacts {
                end: exited(1),
                kernel_oom: oom(memory, just_before),
                ..result("exit-code")
            },
            ExitCode,
            Measured,
        ),
        (
            "a kill",
            StopFacts {
                end: killed(Signal::KILL),
                ..result("signal")
            },
            BY_SIGNAL,
            Measured,
        ),
        (
            "old systemd calls an OOM kill a signal",
            StopFacts {
                end: killed(Signal::KILL),
                kernel_oom: oom(memory, just_before),
                ..result("signal")
            },
            OomCgroup,
            Inferred,
        ),
        (
            "a kill long after an OOM kill",
            StopFacts {
                end: killed(Signal::KILL),
                kernel_oom: oom(memory, long_before),
                ..result("signal")
            },
            BY_SIGNAL,
            Measured,
        ),
        (
            "another signal while the OOM killer was about",
            StopFacts {
                end: killed(Signal::SEGV),
                kernel_oom: oom(memory, just_before),
                ..result("signal")
            },
            BY_SIGNAL,
            Measured,
        ),
        (
            "a core",
            StopFacts {
                end: killed(Signal::SEGV),
                ..result("core-dump")
            },
            BY_SIGNAL,
            Measured,
        ),
        (
            "systemd saw it, the kernel's line is missing",
            StopFacts {
                oom_notice: true,
                ..result("oom-kill")
            },
            OomCgroup,
            Inferred,
        ),
        (
            "both",
            StopFacts {
                kernel_oom: oom(memory, long_before),
                ..result("oom-kill")
            },
            OomCgroup,
            Measured,
        ),
        (
            "the machine",
            StopFacts {
                kernel_oom: oom(OomConstraint::System, just_before),
                ..result("oom-kill")
            },
            OomSystem,
            Measured,
        ),
        ("watchdog", result("watchdog"), Watchdog, Measured),
        ("timeout", result("timeout"), Timeout, Measured),
        (
            "a stop that timed out",
            StopFacts {
                result: Some("timeout".into()),
                ..job()
            },
            Timeout,
            Measured,
        ),
        (
            "a result that nobody knows",
            result("resources"),
            Unknown,
            NotKnown,
        ),
        (
            "it ended well",
            StopFacts {
                succeeded: true,
                ..StopFacts::default()
            },
            Clean,
            Inferred,
        ),
        (
            "systemctl kill",
            StopFacts {
                succeeded: true,
                signal_requested: true,
                ..StopFacts::default()
            },
            BY_SIGNAL,
            Inferred,
        ),
        ("a job", job(), Manual, Inferred),
        (
            "a program that dislikes SIGTERM",
            StopFacts {
                end: exited(143),
                result: Some("exit-code".into()),
                ..job()
            },
            Manual,
            Inferred,
        ),
        (
            "a job that sudo explains",
            StopFacts {
                request: asked(Witness::Sudo, "bash"),
                ..job()
            },
            Manual,
            Inferred,
        ),
        (
            "a job that was seen to be asked for",
            StopFacts {
                request: asked(Witness::Agent, "bash"),
                ..job()
            },
            Manual,
            Measured,
        ),
        (
            "by a package manager",
            StopFacts {
                request: asked(Witness::Agent, "dpkg"),
                ..job()
            },
            PackageUpgrade,
            Measured,
        ),
        (
            "along with another",
            StopFacts {
                dependency: Some(("a.service".parse().unwrap(), Timestamp::UNIX_EPOCH)),
                ..job()
            },
            Dependency,
            Inferred,
        ),
        (
            "asked for by name while another stopped",
            StopFacts {
                dependency: Some(("a.service".parse().unwrap(), Timestamp::UNIX_EPOCH)),
                request: asked(Witness::Agent, "bash"),
                ..job()
            },
            Manual,
            Measured,
        ),
        (
            "with others, and nobody knows what it needs",
            StopFacts {
                in_company: true,
                ..job()
            },
            Unknown,
            NotKnown,
        ),
        (
            "while the host shut down",
            StopFacts {
                shutdown: true,
                request: asked(Witness::Agent, "bash"),
                ..job()
            },
            Reboot,
            Measured,
        ),
        (
            "a crash while the host shut down",
            StopFacts {
                shutdown: true,
                end: exited(1),
                ..result("exit-code")
            },
            ExitCode,
            Measured,
        ),
    ];
    for (name, facts, cause, certainty) in cases {
        let stop = facts.conclude();
        assert_eq!((stop.cause, stop.certainty), (cause, certainty), "{name}");
    }
}

const BY_SIGNAL: StopCause = StopCause::Signal;

#[test]
fn only_the_main_process_says_how_it_ended() {
    let mut facts = result("exit-code");
    facts.end = Some(ProcessEnd {
        status: ExitStatus::Exited { code: 7 },
        command: Some("ExecStartPre".into()),
        at_us: 0,
    });
    let stop = facts.conclude();
    assert_eq!(stop.exit, None);
    let evidence = stop.evidence.iter().any(|evidence| {
        matches!(
            evidence,
            Evidence::ProcessEnded {
                status: ExitStatus::Exited { code: 7 },
                ..
            }
        )
    });
    assert!(evidence, "but it is evidence: {:?}", stop.evidence);
}

#[test]
fn nobody_is_blamed_for_what_they_did_not_do() {
    let request = asked(Witness::Agent, "bash");
    let crash = StopFacts {
        request: request.clone(),
        ..result("signal")
    };
    assert_eq!(
        crash.conclude().actor,
        None,
        "no job, no signal that they sent"
    );
    let shutdown = StopFacts {
        shutdown: true,
        request,
        ..job()
    };
    assert_eq!(shutdown.conclude().actor, None);
}
