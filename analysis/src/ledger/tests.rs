use proptest::{collection::vec, prelude::*, sample::Index};
use uuid::Uuid;

use super::*;
use crate::cause::Actor;

fn at(second: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(second, 0).unwrap()
}

fn event(second: i64, boot: u128, fact: Fact) -> Event {
    Event {
        at: at(second),
        since_boot_ns: None,
        boot: BootId(Uuid::from_u128(boot)),
        fact,
    }
}

fn moment(run: u128, start: Option<StartReason>) -> UnitMoment {
    UnitMoment {
        unit: "db.service".parse().unwrap(),
        invocation: Some(InvocationId(Uuid::from_u128(run))),
        start,
    }
}

fn stopped(run: u128, stop: Stop) -> UnitStopped {
    UnitStopped {
        unit: "db.service".parse().unwrap(),
        invocation: Some(InvocationId(Uuid::from_u128(run))),
        stop,
    }
}

fn stop(cause: StopCause, certainty: Certainty, evidence: &[Evidence]) -> Stop {
    Stop {
        cause,
        certainty,
        evidence: evidence.to_vec(),
        actor: None,
        exit: None,
    }
}

fn job() -> Evidence {
    Evidence::StopJob {
        job: 7,
        restart: true,
    }
}

fn base_stopped() -> Evidence {
    Evidence::DependencyStopped {
        unit: "base.service".parse().unwrap(),
        at: at(0),
    }
}

fn booted(second: i64, previous: u128, ended: Option<i64>) -> Event {
    let fact = HostBooted {
        previous_boot: Some(BootId(Uuid::from_u128(previous))),
        previous_orderly: Some(false),
        previous_ended_at: ended.map(at),
    };
    event(second, previous + 1, Fact::HostBooted(fact))
}

#[test]
fn a_run_is_put_together_from_its_events() {
    let events = [
        event(10, 1, Fact::UnitStarting(moment(1, None))),
        event(12, 1, Fact::UnitStarted(moment(1, Some(StartReason::Boot)))),
        event(20, 1, Fact::UnitStopping(moment(1, None))),
        event(
            21,
            1,
            Fact::UnitStopped(stopped(
                1,
                stop(StopCause::Manual, Certainty::Inferred, &[job()]),
            )),
        ),
        event(22, 1, Fact::UnitStarted(moment(2, None))),
    ];
    let runs = runs_of(&events);
    let [first, second] = runs.as_slice() else {
        panic!("{runs:?}");
    };
    assert_eq!(first.started_at, Some(at(10)));
    assert_eq!(first.ready_at, Some(at(12)));
    assert_eq!(first.stopped_at, Some(at(21)));
    assert_eq!(first.stop.as_ref().unwrap().cause, StopCause::Manual);
    assert_eq!(first.start, StartReason::Boot);
    assert_eq!(second.started_at, Some(at(22)));
    assert_eq!((second.stopped_at, &second.stop), (None, &None));
}

#[test]
fn what_the_fold_revises_is_revised() {
    let actor = Actor {
        uid: 0,
        user: None,
        login_uid: None,
        login_user: None,
        command: vec![],
        ancestors: vec![],
    };
    let asked_before = |stop_after_ms| Evidence::Request {
        actor: actor.clone(),
        stop_after_ms,
    };
    let asked = || asked_before(900);
    use Certainty::{Inferred, Measured, Unknown};
    // (what was said first, what later)
    let cases = [
        (
            stop(StopCause::Manual, Inferred, &[job()]),
            stop(StopCause::Dependency, Inferred, &[job(), base_stopped()]),
        ),
        (
            stop(StopCause::Manual, Inferred, &[job()]),
            stop(StopCause::Manual, Measured, &[job(), asked()]),
        ),
        (
            stop(StopCause::Manual, Inferred, &[job()]),
            stop(StopCause::Unknown, Unknown, &[job()]),
        ),
        (
            // Somebody restarts it, and a second later somebody else stops it.
            stop(StopCause::Manual, Measured, &[job(), asked()]),
            stop(StopCause::Manual, Measured, &[job(), asked_before(100)]),
        ),
        (
            // What was asked after the stop began did not ask for it.
            stop(StopCause::Manual, Measured, &[job(), asked_before(-3)]),
            stop(StopCause::Manual, Measured, &[job(), asked_before(900)]),
        ),
        (
            stop(StopCause::Manual, Inferred, &[job(), asked()]),
            stop(StopCause::Manual, Measured, &[job(), asked()]),
        ),
        (
            stop(
                StopCause::Reboot,
                Measured,
                &[Evidence::BootEnded { orderly: true }],
            ),
            stop(StopCause::Signal, Measured, &[]),
        ),
    ];
    for (first, later) in cases {
        let first = event(5, 1, Fact::UnitStopped(stopped(1, first)));
        let revised = event(5, 1, Fact::UnitCauseRevised(stopped(1, later.clone())));
        for events in [[&first, &revised], [&revised, &first]] {
            let runs = runs_of(events);
            assert_eq!(runs[0].stop.as_ref(), Some(&later), "{events:?}");
        }
    }
}

#[test]
fn a_boot_ends_what_still_ran_in_it_and_nothing_else() {
    let crash = stop(StopCause::Signal, Certainty::Measured, &[]);
    let events = [
        event(10, 1, Fact::UnitStarted(moment(1, None))),
        event(11, 1, Fact::UnitStopped(stopped(1, crash))),
        event(12, 1, Fact::UnitStarted(moment(2, None))),
        booted(100, 1, Some(50)),
        event(101, 2, Fact::UnitStarted(moment(3, None))),
    ];
    let runs = runs_of(&events);
    let ends: Vec<_> = runs
        .iter()
        .map(|run| (run.stopped_at, run.stop.as_ref().map(|stop| stop.cause)))
        .collect();
    assert_eq!(
        ends,
        [
            (Some(at(11)), Some(StopCause::Signal)),
            (Some(at(50)), Some(StopCause::Reboot)),
            (None, None),
        ]
    );
}

#[test]
fn a_boot_whose_end_is_not_known_ended_before_the_next() {
    let Some(LedgerChange::CloseBoot(end)) = change(&booted(100, 1, None)) else {
        panic!("no end of a boot");
    };
    assert_eq!(end.at, at(100));
    // The host's clock was set back: still no run ends before it began.
    let mut run = runs_of(&[event(900, 1, Fact::UnitStarted(moment(1, None)))]).remove(0);
    end.close(&mut run);
    assert_eq!(run.stopped_at, Some(at(900)));
}

#[test]
fn events_about_no_run_change_nothing() {
    let mut nameless = moment(1, None);
    nameless.invocation = None;
    let facts = [
        Fact::UnitStarted(nameless),
        Fact::UnitStopping(moment(1, None)),
        Fact::HostBooted(HostBooted {
            previous_boot: None,
            previous_orderly: None,
            previous_ended_at: None,
        }),
    ];
    for fact in facts {
        assert_eq!(change(&event(1, 1, fact)), None);
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let reason = prop_oneof![
        Just(None),
        Just(Some(StartReason::Boot)),
        Just(Some(StartReason::Requested { actor: None })),
        (0..3_u32).prop_map(|restarts| Some(StartReason::Automatic { restarts })),
    ];
    let evidence = prop_oneof![
        Just(job()),
        Just(base_stopped()),
        any::<bool>().prop_map(|orderly| Evidence::BootEnded { orderly }),
    ];
    let certainty = prop::sample::select(vec![
        Certainty::Measured,
        Certainty::Inferred,
        Certainty::Unknown,
    ]);
    let cause = prop::sample::select(StopCause::ALL.to_vec());
    let stop = (cause, certainty, vec(evidence, 0..3))
        .prop_map(|(cause, certainty, evidence)| stop(cause, certainty, &evidence));
    let run = 1..4_u128;
    prop_oneof![
        (run.clone(), reason.clone()).prop_map(|(run, why)| Fact::UnitStarting(moment(run, why))),
        (run.clone(), reason).prop_map(|(run, why)| Fact::UnitStarted(moment(run, why))),
        (run.clone(), stop.clone()).prop_map(|(run, stop)| Fact::UnitStopped(stopped(run, stop))),
        (run.clone(), stop.clone())
            .prop_map(|(run, stop)| Fact::UnitStartFailed(stopped(run, stop))),
        (run, stop).prop_map(|(run, stop)| Fact::UnitCauseRevised(stopped(run, stop))),
    ]
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_matters(
        facts in vec((0..50_i64, any_fact()), 0..20),
        swaps in vec((any::<Index>(), any::<Index>()), 0..40),
        again in vec(any::<Index>(), 0..20),
    ) {
        let mut events: Vec<_> =
            facts.into_iter().map(|(second, fact)| event(second, 1, fact)).collect();
        events.push(booted(60, 1, Some(55)));
        let expected = runs_of(&events);
        for place in again {
            events.push(events[place.index(events.len())].clone());
        }
        for (a, b) in swaps {
            let (a, b) = (a.index(events.len()), b.index(events.len()));
            events.swap(a, b);
        }
        prop_assert_eq!(runs_of(&events), expected);
    }

    /// The server stores each row between two events; the local command does not.
    #[test]
    fn row_by_row_gives_the_same(facts in vec((0..50_i64, any_fact()), 0..20)) {
        let events: Vec<_> =
            facts.into_iter().map(|(second, fact)| event(second, 1, fact)).collect();
        let mut rows: BTreeMap<RunKey, String> = BTreeMap::new();
        for event in &events {
            if let Some(LedgerChange::Upsert { key, patch }) = change(event) {
                let before = rows.get(&key).map(|row| serde_json::from_str(row).unwrap());
                let after = patch.merge(key.clone(), before);
                rows.insert(key, serde_json::to_string(&after).unwrap());
            }
        }
        let mut stored: Vec<Run> =
            rows.values().map(|row| serde_json::from_str(row).unwrap()).collect();
        sort_by_time(&mut stored);
        prop_assert_eq!(stored, runs_of(&events));
    }
}
