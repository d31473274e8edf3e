//! Who asked for a stop.

use super::*;

/// Anybody may run `systemctl`, and systemd may refuse.
#[test]
fn a_user_who_may_have_been_refused_does_not_hide_root() {
    let mut host = host();
    let actor = |host: &Host| match &host.said.last().unwrap().fact {
        Fact::UnitStopped(stopped) => stopped.stop.actor.as_ref().map(|actor| actor.uid),
        other => panic!("{other:?}"),
    };
    host.starts("db.service", 1);
    host.is_asked_to_stop("db.service", 1000);
    host.is_stopped("db.service", 1, "8");
    assert_eq!(
        host.last_cause(),
        (StopCause::Manual, Certainty::Inferred),
        "polkit may have said no"
    );
    host.after_ms(60_000).starts("db.service", 2);
    host.is_asked_to_stop("db.service", 0);
    host.is_asked_to_stop("db.service", 1000);
    host.is_stopped("db.service", 2, "9");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Measured));
    assert_eq!(actor(&host), Some(0));
}

#[test]
fn a_request_by_another_name_of_the_unit_is_one_for_it() {
    let needs = Needs {
        aliases: ["mysql.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let known = [("mariadb.service".parse().unwrap(), needs)];
    let mut host = Host::new(UnitHistory::new(known.into_iter().collect()));
    host.starts("mariadb.service", 1);
    host.is_asked_to_stop("mysql.service", 0);
    host.is_stopped("mariadb.service", 1, "8");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Measured));
}
