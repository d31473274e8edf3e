use super::{super::testing::*, *};

#[test]
fn only_what_did_not_go_well_is_to_be_explained() {
    use Standing::{Fails, NotLoaded, Rests, Runs, Starts};
    // (load state, active state, sub-state, result, restarts, seconds in that state, standing)
    let cases = [
        ("loaded", "active", "running", "success", 0, 5, Runs),
        ("loaded", "active", "running", "success", 1, 5, Runs),
        ("loaded", "active", "running", "success", 7, 5, Fails),
        ("loaded", "active", "running", "success", 7, 500, Runs),
        ("masked", "active", "running", "success", 0, 5, Runs),
        ("loaded", "inactive", "dead", "success", 0, 5, Rests),
        ("loaded", "inactive", "dead", "timeout", 0, 5, Fails),
        ("loaded", "failed", "failed", "exit-code", 0, 5, Fails),
        ("loaded", "activating", "start", "success", 0, 5, Starts),
        ("loaded", "activating", "start", "exit-code", 3, 5, Fails),
        (
            "loaded",
            "activating",
            "auto-restart",
            "exit-code",
            0,
            5,
            Fails,
        ),
        (
            "loaded",
            "deactivating",
            "stop-sigterm",
            "success",
            0,
            5,
            Rests,
        ),
        (
            "loaded",
            "deactivating",
            "final-sigterm",
            "timeout",
            0,
            5,
            Fails,
        ),
        ("not-found", "inactive", "dead", "success", 0, 5, NotLoaded),
        ("masked", "inactive", "dead", "success", 0, 5, NotLoaded),
    ];
    for (load, active, sub, result, restarts, seconds, standing) in cases {
        let mut facts = failed("exit-code", exited(1), vec![]);
        facts.went_well_since = true;
        let status = &mut facts.unit.as_mut().unwrap().status;
        (status.load_state, status.active_state) = (load.into(), active.into());
        (status.sub_state, status.result) = (sub.into(), result.into());
        status.restarts = restarts;
        status.since = Some(facts.at - chrono::Duration::seconds(seconds));
        assert_eq!(
            facts.standing(),
            standing,
            "{load} {active} {sub} {restarts} {seconds}"
        );
    }
}

#[test]
fn one_crash_makes_no_loop() {
    // (seconds for which it ran before it failed, seconds since it failed, standing)
    let cases = [
        (1, 10, Standing::Fails),
        (86_400, 10, Standing::Runs),
        (1, 4 * 86_400, Standing::Runs),
    ];
    for (ran, ago, standing) in cases {
        let mut facts = failed("signal", killed(crate::process::Signal::SEGV), vec![]);
        facts.went_well_since = true;
        let seconds = TimeDelta::seconds;
        let failed_at = facts.at - seconds(ago);
        let attempt = facts.attempt.as_mut().unwrap();
        attempt.failed_at = Some(failed_at);
        attempt.started_at = Some(failed_at - seconds(ran));
        let status = &mut facts.unit.as_mut().unwrap().status;
        (status.active_state, status.restarts) = ("active".into(), 2);
        status.since = Some(facts.at - seconds(9));
        assert_eq!(facts.standing(), standing, "{ran} {ago}");
    }
}

#[test]
fn a_failure_that_was_reset_is_still_one() {
    let mut facts = resting();
    facts.attempt = failed("exit-code", exited(1), vec![]).attempt;
    assert_eq!(facts.standing(), Standing::Fails);
    facts.went_well_since = true;
    assert_eq!(facts.standing(), Standing::Rests);
}

#[test]
fn the_start_limit_does_not_hide_what_went_wrong() {
    let mut facts = failed(START_LIMIT_HIT, exited(3), vec![]);
    assert_eq!(facts.result(), "exit-code");
    assert!(facts.start_limit_was_hit());
    facts.attempt.as_mut().unwrap().result = "timeout".into();
    assert_eq!(facts.result(), "timeout");
}
