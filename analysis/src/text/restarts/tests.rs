use chrono::FixedOffset;
use uuid::Uuid;

use super::*;
use crate::{
    Timestamp,
    cause::{Actor, Certainty, OomConstraint, Stop},
    event::GapReason,
    identity::{BootId, InvocationId},
    process::{ExitStatus, Signal},
    restarts::{RecordFacts, RecordGap, RestartQuestion, restart_report},
    run::{Run, StartReason},
    text::Language,
};

fn at(minutes: i64) -> Timestamp {
    chrono::DateTime::UNIX_EPOCH + Duration::minutes(30_000_000 + minutes)
}

fn stop(cause: StopCause, evidence: Vec<Evidence>) -> Stop {
    Stop {
        cause,
        certainty: Certainty::Measured,
        evidence,
        actor: None,
        exit: None,
    }
}

fn runs() -> Vec<Run> {
    let root = Actor {
        uid: 0,
        user: Some("root".into()),
        login_uid: None,
        login_user: None,
        command: ["systemctl", "restart", "mysql\u{1b}[0m"]
            .map(Into::into)
            .into(),
        ancestors: vec![],
    };
    let oom = Evidence::KernelOom {
        constraint: OomConstraint::Cgroup,
        cgroup: "/system.slice/mysql.service".into(),
        comm: "mysqld".into(),
        rss_bytes: 4 << 30,
        limit_bytes: Some(4 << 30),
    };
    let job = vec![Evidence::StopJob {
        job: 9,
        restart: true,
    }];
    let manual = Stop {
        actor: Some(root),
        ..stop(StopCause::Manual, job)
    };
    let segv = ExitStatus::Signaled {
        signal: Signal::SEGV,
        core_dumped: true,
    };
    let crash = Stop {
        exit: Some(segv),
        ..stop(StopCause::Signal, vec![])
    };
    let lost = vec![Evidence::BootEnded { orderly: false }];
    let stops = [
        (9000, 7000, crash),
        (6998, 4000, stop(StopCause::OomCgroup, vec![oom])),
        (3999, 2500, manual),
        (2499, 900, stop(StopCause::Reboot, lost)),
    ];
    let run = |(number, (started, stopped, stop)): (usize, (i64, i64, Stop))| Run {
        unit: "mysql.service".parse().unwrap(),
        invocation: InvocationId(Uuid::from_u128(number as u128)),
        boot: BootId(Uuid::from_u128(1)),
        started_at: Some(at(-started)),
        ready_at: Some(at(-started)),
        stopped_at: Some(at(-stopped)),
        stop: Some(stop),
        start: StartReason::Unknown,
    };
    stops.into_iter().enumerate().map(run).collect()
}

fn report(unit: bool) -> RestartReport {
    let unit = unit.then(|| "mysql.service".parse().unwrap());
    let gaps = vec![RecordGap {
        at: at(-100),
        source: "journal".into(),
        reason: GapReason::JournalVacuumed,
        lost: None,
        detail: "vacuumed".into(),
    }];
    let record = RecordFacts {
        record_begins_at: Some(at(-9500)),
        gaps,
        states: vec![],
    };
    let question = RestartQuestion {
        unit,
        since: at(-7 * 1440),
        now: at(0),
    };
    restart_report(&runs(), &question, &record)
}

fn page(catalogue: &Catalogue) -> Page<'_> {
    let zone = FixedOffset::east_opt(8 * 3600).unwrap();
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(110),
        zone,
        now: at(0),
    }
}

#[test]
fn a_unit_is_reported_in_both_languages() {
    let english = Catalogue::of(Language::English);
    insta::assert_snapshot!(unit(&report(true), &page(&english)));
    let chinese = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(unit(&report(true), &page(&chinese)));
}

#[test]
fn all_units_are_ranked_in_both_languages() {
    let english = Catalogue::of(Language::English);
    insta::assert_snapshot!(ranking(&report(false), &page(&english)));
    let chinese = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(ranking(&report(false), &page(&chinese)));
}
