use chrono::{DateTime, Duration, FixedOffset};
use uuid::Uuid;

use super::*;
use crate::{
    Timestamp,
    cause::Certainty,
    identity::{AgentId, InquiryId, OrderId},
    order::{Progress, Step},
    process_tree::ProcessTreeAsked,
    start_failure::{Culprit, Holder, StartCause, StartFailure, StartFailureAsked, Verdict},
    text::{Language, Style},
};

fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::seconds(1_800_000_000 + seconds)
}

fn page(catalogue: &Catalogue) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width: None,
        zone: FixedOffset::east_opt(0).unwrap(),
        now: at(0),
    }
}

fn start_report(cause: StartCause, comm: Option<&str>) -> Outcome {
    let culprit = comm.map(|comm| {
        Culprit::Process(Holder {
            protocol: "tcp".into(),
            address: "0.0.0.0:80".into(),
            port: 80,
            process: None,
            comm: Some(comm.into()),
            argv: Vec::new(),
            user: None,
            unit: None,
            container: None,
            since: None,
        })
    });
    let report = StartFailure {
        at: at(0),
        unit: "nginx.service".parse().unwrap(),
        asked_as: None,
        state: None,
        attempt: None,
        verdict: Verdict {
            cause,
            certainty: Certainty::Measured,
            culprit,
            evidence: Vec::new(),
            fixes: Vec::new(),
        },
        findings: Vec::new(),
        dependencies: Vec::new(),
        limits: Vec::new(),
        config_tests: vec![],
        log_files: vec![],
        changes: None,
        beneath: None,
    };
    Outcome::answered(report.into())
}

fn ended(outcome: Outcome) -> OrderState {
    OrderState::Ended { at: at(0), outcome }
}

fn asked(states: Vec<(&str, OrderState)>) -> Inquiry {
    let order = |(host_name, state): (&str, OrderState)| HostOrder {
        order_id: OrderId(Uuid::nil()),
        agent_id: AgentId(Uuid::nil()),
        host_name: host_name.into(),
        state,
    };
    Inquiry {
        inquiry_id: InquiryId(Uuid::nil()),
        question: Question::DiagnoseStartFailure(StartFailureAsked {
            unit: "nginx".into(),
        }),
        command: "diagnose start-failure nginx".into(),
        requested_by: "ann".into(),
        requested_at: at(0),
        orders: states.into_iter().map(order).collect(),
    }
}

fn fleet() -> Inquiry {
    let port = |comm| ended(start_report(StartCause::PortInUse, Some(comm)));
    asked(vec![
        ("web-1", port("apache2")),
        ("web-2", port("apache2")),
        ("evil\u{1b}[2J", port("x\u{1b}[31m")),
        ("web-10", ended(start_report(StartCause::Healthy, None))),
        (
            "db-1",
            ended(Outcome::Offline {
                since: Some(at(-7200)),
                why: Some(OfflineReason::Lost),
            }),
        ),
        (
            "db-2",
            ended(Outcome::Offline {
                since: Some(at(-200_000)),
                why: Some(OfflineReason::HostShutDown),
            }),
        ),
        (
            "db-3",
            ended(Outcome::Refused {
                by: Refuser::Host,
                reason: Refusal::Policy,
                detail: "deny = [\"diagnose-start-failure\"]".into(),
            }),
        ),
        (
            "db-4",
            OrderState::Running {
                since: at(0),
                progress: Some(Progress {
                    step: Step::ReadingSockets,
                    done: 3,
                    of: 8,
                }),
            },
        ),
        ("db-5", OrderState::Queued { until: at(3600) }),
        (
            "db-6",
            ended(Outcome::Failed {
                reason: Failure::NoSuchTarget,
                detail: String::new(),
            }),
        ),
    ])
}

#[test]
fn many_hosts_are_a_line_each_and_one_verdict() {
    for (name, language) in [("en", Language::English), ("zh", Language::Chinese)] {
        let catalogue = Catalogue::of(language);
        insta::assert_snapshot!(name, inquiry(&fleet(), &page(&catalogue)));
    }
}

#[test]
fn a_long_list_of_silent_hosts_is_cut_and_counted() {
    let lost = |name| (name, ended(Outcome::Lost));
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let catalogue = Catalogue::of(Language::English);
    let text = verdict(&asked(names.map(lost).into()), &page(&catalogue));
    assert!(text.contains("h may have run"), "{text}");
    assert!(text.ends_with("and 2 more\n"), "{text}");
    assert_eq!(
        verdict(&asked(Vec::new()), &page(&catalogue)),
        "No host was asked.\n"
    );
}

#[test]
fn the_list_of_questions_names_them_as_they_are_typed() {
    let summary = |question: Question, answered, ended| InquirySummary {
        inquiry_id: InquiryId(Uuid::nil()),
        command: question.to_string(),
        question,
        requested_by: "ann".into(),
        requested_at: at(-60),
        hosts: 3,
        answered,
        ended,
    };
    let tree = ProcessTreeAsked {
        pid: Some(7),
        recursive: true,
        ipc: false,
    };
    let unit = "nginx".to_owned();
    let inquiries = [
        summary(Question::AnalyzePtree(tree), 1, 2),
        summary(
            Question::DiagnoseStartFailure(StartFailureAsked { unit }),
            3,
            3,
        ),
    ];
    let catalogue = Catalogue::of(Language::English);
    insta::assert_snapshot!(list(&inquiries, &page(&catalogue)));
}
