use chrono::FixedOffset;
use uuid::Uuid;

use super::*;
use crate::{
    Timestamp,
    cause::{Actor, Certainty, Stop, StopCause},
    event::{ClockJumped, Event, GapReason, HostBooted, UnitStopped, Verb},
    fleet::EventPage,
    identity::{AgentId, BootId},
    process::Signal,
    text::{Language, Style},
};

fn at(ms: i64) -> Timestamp {
    chrono::DateTime::UNIX_EPOCH + Duration::milliseconds(1_800_000_000_000 + ms)
}

fn stored(fact: Option<Fact>) -> StoredEvent {
    let event = |fact| Event {
        at: at(123),
        since_boot_ns: None,
        boot: BootId(Uuid::from_u128(1)),
        fact,
    };
    StoredEvent {
        cursor: "1".into(),
        agent_id: AgentId(Uuid::from_u128(2)),
        host_name: "db-\u{1b}3".into(),
        epoch: 1,
        seq: 1,
        received_at: at(0),
        event: fact.map(event),
    }
}

fn stopped(cause: StopCause, exit: Option<ExitStatus>, actor: Option<Actor>) -> Fact {
    let stop = Stop {
        cause,
        certainty: Certainty::Measured,
        evidence: vec![],
        actor,
        exit,
    };
    let unit = "mysql.service".parse().unwrap();
    Fact::UnitStopped(UnitStopped {
        unit,
        invocation: None,
        stop,
    })
}

fn lines(language: Language, width: Option<usize>) -> String {
    let catalogue = Catalogue::of(language);
    let zone = FixedOffset::east_opt(0).unwrap();
    let page = Page {
        catalogue: &catalogue,
        style: Style::Plain,
        width,
        zone,
        now: at(0),
    };
    let segv = ExitStatus::Signaled {
        signal: Signal::SEGV,
        core_dumped: true,
    };
    let actor = Actor {
        uid: 0,
        user: Some("root".into()),
        login_uid: Some(1000),
        login_user: Some("ana".into()),
        command: vec!["systemctl".into(), "restart".into(), "mysql".into()],
        ancestors: vec![],
    };
    let facts = [
        Some(stopped(StopCause::Signal, Some(segv), None)),
        Some(stopped(StopCause::Manual, None, Some(actor))),
        Some(Fact::HostBooted(HostBooted {
            previous_boot: None,
            previous_orderly: Some(false),
            previous_ended_at: None,
        })),
        Some(Fact::ClockJumped(ClockJumped { by_ms: -90_000 })),
        Some(Fact::Gap(Gap {
            source: "process".into(),
            reason: GapReason::Overflow,
            lost: Some(1),
            detail: "ring buffer full".into(),
        })),
        Some(Fact::SourceStarted(SourceStarted {
            source: "dbus".into(),
            runs: "none".into(),
            degraded: Some("systemd does not run".into()),
        })),
        None,
    ];
    facts.map(|fact| line(&stored(fact), &page)).join("\n")
}

#[test]
fn events_read_well_in_both_languages() {
    insta::assert_snapshot!(lines(Language::English, None));
    insta::assert_snapshot!(lines(Language::Chinese, None));
}

#[test]
fn an_exit_code_is_said_once_and_a_state_without_more_has_no_brackets() {
    let catalogue = Catalogue::of(Language::English);
    let exit = Some(ExitStatus::Exited { code: 1 });
    let said = fact(&stopped(StopCause::ExitCode, exit, None), &catalogue);
    assert_eq!(said, "mysql.service stopped: exit 1 (measured)");
    let unknown = fact(&stopped(StopCause::ExitCode, None, None), &catalogue);
    assert_eq!(unknown, "mysql.service stopped: exit code (measured)");
    let state = Fact::UnitState(crate::event::UnitState {
        unit: "mysql.service".parse().unwrap(),
        active: "active".into(),
        sub: String::new(),
        result: String::new(),
        main_pid: None,
        restarts: 0,
    });
    assert_eq!(fact(&state, &catalogue), "mysql.service is active");
}

#[test]
fn events_fit_a_terminal() {
    for language in Language::ALL {
        let lines = lines(language, Some(80));
        let fits = lines.lines().all(|line| width(line) <= 80);
        assert!(fits, "{lines}");
        insta::assert_snapshot!(format!("{}-80", language.tag()), lines);
    }
}

#[test]
fn events_are_read_by_the_time_of_the_hosts_and_those_of_one_moment_as_they_came() {
    let happened = |seq, ms: Option<i64>| {
        let fact = ms.map(|_| Fact::ClockJumped(ClockJumped { by_ms: 1 }));
        let mut stored = stored(fact);
        stored.seq = seq;
        if let (Some(event), Some(ms)) = (&mut stored.event, ms) {
            event.at = at(ms);
        }
        stored
    };
    let page = EventPage {
        // The last is of a host that was away. One cannot be read, and counts from when it came.
        events: vec![
            happened(1, Some(20)),
            happened(2, None),
            happened(3, Some(20)),
            happened(4, Some(-10)),
        ],
        next: None,
    };
    let order: Vec<_> = page.by_host_time().iter().map(|event| event.seq).collect();
    assert_eq!(order, [4, 2, 1, 3]);
}

#[test]
fn every_stable_name_has_its_words() {
    let causes = StopCause::ALL.map(|cause| format!("cause-{}", cause.name()));
    let certainties = [Certainty::Measured, Certainty::Inferred, Certainty::Unknown]
        .map(|certainty| format!("certainty-{}", certainty.name()));
    let verbs = [
        Verb::Start,
        Verb::Stop,
        Verb::Restart,
        Verb::Reload,
        Verb::Kill,
    ]
    .map(|verb| format!("verb-{}", verb.name()));
    let gaps = [
        GapReason::Overflow,
        GapReason::SpoolFull,
        GapReason::SpoolDamaged,
        GapReason::Oversize,
        GapReason::JournalVacuumed,
        GapReason::OutOfOrder,
        GapReason::AgentDown,
        GapReason::Malformed,
    ]
    .map(|reason| format!("gap-{}", reason.name()));
    let catalogue = Catalogue::of(Language::English);
    for id in causes.iter().chain(&certainties).chain(&verbs).chain(&gaps) {
        assert!(catalogue.has(id), "{id}");
    }
}
