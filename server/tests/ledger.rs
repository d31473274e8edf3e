//! The restart ledger follows the events, and does not depend on how often they come.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use analysis::cause::StopCause;
use analysis::event::{Fact, HostBooted};
use analysis::identity::BootId;
use analysis::run::Run;
use delivery::ForceReason;
use sqlx::PgPool;
use sqlx::types::Json;
use support::{Host, at, batch, payload_at, unit_moment, unit_stopped};
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn a_run_is_one_row_however_often_it_is_told(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let told = vec![
        payload_at(1, Fact::UnitStarting(unit_moment("app.service", 1))),
        payload_at(2, Fact::UnitStarted(unit_moment("app.service", 1))),
        payload_at(
            9,
            Fact::UnitStopped(unit_stopped("app.service", 1, StopCause::Signal)),
        ),
        payload_at(10, Fact::UnitStarted(unit_moment("app.service", 2))),
    ];
    host.store(&db, &batch(session, 1, 1, told.clone())).await;
    let once = runs(&db, &host).await;
    assert_eq!(once.len(), 2);
    assert_eq!(
        (once[0].started_at, once[0].ready_at),
        (Some(at(1)), Some(at(2)))
    );
    assert_eq!(once[0].stopped_at, Some(at(9)));
    assert_eq!(once[1].stop, None);

    // The journal is read again from an older cursor: the same facts under new numbers.
    let mut forced = host.hello(1, 4);
    forced.force_new_epoch = Some(ForceReason::SpoolDamaged);
    let session = host.say_hello(&db, &forced).await.session;
    host.store(&db, &batch(session, 2, 1, told)).await;
    assert_eq!(runs(&db, &host).await, once);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_end_of_a_boot_ends_its_runs_and_those_of_older_boots(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let booted = Fact::HostBooted(HostBooted {
        previous_boot: Some(BootId(host.boot)),
        previous_orderly: Some(false),
        previous_ended_at: Some(at(50)),
    });
    let mut later = support::event(booted);
    later.at = at(60);
    later.boot = BootId(Uuid::from_u128(0xb007 + 1));
    let told = vec![
        payload_at(1, Fact::UnitStarted(unit_moment("app.service", 1))),
        proto::event::to_bytes(&later),
    ];
    let stored = host.store(&db, &batch(session, 1, 1, told)).await;
    assert_eq!(stored.unreadable, 0);
    let runs = runs(&db, &host).await;
    assert_eq!(
        runs[0].stop.as_ref().map(|stop| stop.cause),
        Some(StopCause::Reboot)
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_boot_does_not_end_its_own_runs_whatever_the_clock_said_before_it(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    // The clock of the boot before was an hour ahead, as was its last sign of life.
    let booted = Fact::HostBooted(HostBooted {
        previous_boot: Some(BootId(Uuid::from_u128(0xb007 - 1))),
        previous_orderly: Some(false),
        previous_ended_at: Some(at(3600)),
    });
    let told = vec![
        payload_at(1, Fact::UnitStarted(unit_moment("app.service", 1))),
        payload_at(2, booted),
    ];
    host.store(&db, &batch(session, 1, 1, told)).await;
    assert_eq!(runs(&db, &host).await[0].stop, None, "it runs");
}

#[sqlx::test(migrations = "../migrations")]
async fn nul_in_the_words_of_a_host_does_not_stop_its_stream(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let mut stopped = unit_stopped("app.service", 1, StopCause::Timeout);
    let message = "timed out\0".to_owned();
    stopped
        .stop
        .evidence
        .push(analysis::cause::Evidence::ManagerLine { message });
    let told = vec![payload_at(5, Fact::UnitStopped(stopped))];
    assert_eq!(host.store(&db, &batch(session, 1, 1, told)).await.acked, 1);
    assert_eq!(runs(&db, &host).await.len(), 1);
}

async fn runs(db: &PgPool, host: &Host) -> Vec<Run> {
    let runs: Vec<Json<Run>> =
        sqlx::query_scalar("select run from unit_run where agent_id = $1 order by started_at")
            .bind(host.agent)
            .fetch_all(db)
            .await
            .unwrap();
    runs.into_iter().map(|run| run.0).collect()
}
