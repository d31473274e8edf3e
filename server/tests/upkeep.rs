//! Partitions are made ahead and dropped whole; leases have one holder.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Duration;

use analysis::cause::StopCause;
use analysis::event::Fact;
use chrono::{Days, NaiveDate};
use server::Database;
use server::config::Retention;
use server::db::leases;
use server::db::partitions::{self, Partition};
use server::upkeep::presence::Presence;
use server::upkeep::{partitions::ensure, retention};
use sqlx::PgPool;
use support::{Host, app, batch, payload_at, unit_moment, unit_stopped};
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn a_week_is_there_however_many_servers_start_at_once(db: PgPool) {
    let (one, two, three) = tokio::join!(ensure(&db), ensure(&db), ensure(&db));
    one.and(two).and(three).unwrap();
    let today = partitions::today(&db).await.unwrap();
    let week: Vec<_> = (0..=7)
        .map(|days| Partition(today + Days::new(days)))
        .collect();
    assert_eq!(partitions::all(&db).await.unwrap(), week);
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_lost_because_postgres_was_away(db: PgPool) {
    let there = app(&db).await;
    let mut away = there.clone();
    away.ingest_db = PgPool::connect_lazy_with(db.connect_options().as_ref().clone());
    away.ingest_db.close().await;
    let host = Host::join(&db, "db-01").await;
    host.say_hello(&db, &host.hello(0, 0)).await;
    for silent in [
        "update agent set last_heard_at = now() - interval '1 hour'",
        "update agent_stream set updated_at = now() - interval '1 hour'",
    ] {
        sqlx::query(silent).execute(&db).await.unwrap();
    }
    let mut presence = Presence::default();
    presence.pass(&away).await.unwrap_err();
    presence.pass(&there).await.unwrap();
    assert_eq!(lost(&db).await, 0, "it had no chance to be heard");
    presence.pass(&there).await.unwrap();
    assert_eq!(lost(&db).await, 1, "it had");
}

async fn lost(db: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from agent where disconnect_reason = 'lost'")
        .fetch_one(db)
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stop_does_not_wait_for_a_query_that_goes_on(db: PgPool) {
    let pool = PgPool::connect_with(db.connect_options().as_ref().clone())
        .await
        .unwrap();
    let _held = pool.acquire().await.unwrap();
    let closing = Database::given(pool).close();
    let closed = tokio::time::timeout(Duration::from_secs(4), closing).await;
    closed.expect("it ends by itself");
}

#[sqlx::test(migrations = "../migrations")]
async fn old_events_go_by_the_day_and_the_ledger_stays(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let told = vec![
        payload_at(1, Fact::UnitStarted(unit_moment("app.service", 1))),
        payload_at(
            2,
            Fact::UnitStopped(unit_stopped("app.service", 1, StopCause::Signal)),
        ),
    ];
    host.store(&db, &batch(session, 1, 1, told)).await;
    let today = partitions::today(&db).await.unwrap();
    for days in [30, 31, 32] {
        age(&db, today - Days::new(days)).await;
    }
    assert_eq!(count(&db, "event").await, 5);

    // More days than there are.
    let all = Retention {
        events_days: u32::MAX,
        ledger_days: 1_000_000,
        ..Retention::default()
    };
    retention::keep(&db, Uuid::from_u128(1), &all)
        .await
        .unwrap();
    assert_eq!(count(&db, "event").await, 5);
    let month = Retention::default();
    retention::keep(&db, Uuid::from_u128(1), &month)
        .await
        .unwrap();
    let oldest = partitions::all(&db).await.unwrap()[0];
    assert_eq!(
        oldest,
        Partition(today - Days::new(30)),
        "the thirtieth day is still kept"
    );
    assert_eq!(count(&db, "event").await, 3);
    assert_eq!(count(&db, "unit_run").await, 1);
}

/// By the server's clock: the hosts' own say the year 2023 here.
#[sqlx::test(migrations = "../migrations")]
async fn the_ledger_is_kept_long_and_what_runs_stays(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let started = |run| Fact::UnitStarted(unit_moment("app.service", run));
    let stopped = |run| Fact::UnitStopped(unit_stopped("app.service", run, StopCause::Signal));
    let facts = [started(1), stopped(1), started(2), stopped(2), started(3)];
    let told = (1..).zip(facts).map(|(at, fact)| payload_at(at, fact));
    host.store(&db, &batch(session, 1, 1, told.collect())).await;
    // Runs 1 and 3 are old, and more gaps than one statement deletes; run 2 and one gap are not.
    for statement in [
        "update unit_run set changed_at = now() - interval '402 days'
            where run->>'invocation' not like '%2'",
        "insert into gap (agent_id, gap_id, recorded_at, at, source, reason, detail)
            select agent_id, gen_random_uuid(), now() - n * interval '402 days', now(), 'a', 'b', 'c'
            from agent, generate_series(0, 5001) n",
    ] {
        sqlx::query(statement).execute(&db).await.unwrap();
    }
    let retention = Retention::default();
    retention::keep(&db, Uuid::from_u128(1), &retention)
        .await
        .unwrap();
    let kept: Vec<bool> =
        sqlx::query_scalar("select stopped_at is null from unit_run order by started_at")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(kept, [false, true], "the newer stop, and what still runs");
    assert_eq!(count(&db, "gap").await, 1);

    // What is heard of an old run makes it young again.
    let revised = Fact::UnitCauseRevised(unit_stopped("app.service", 3, StopCause::Manual));
    let stop = vec![payload_at(6, stopped(3)), payload_at(7, revised)];
    host.store(&db, &batch(session, 1, 6, stop)).await;
    retention::keep(&db, Uuid::from_u128(1), &retention)
        .await
        .unwrap();
    assert_eq!(count(&db, "unit_run").await, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_drop_that_was_cut_off_is_finished_by_the_next_pass(db: PgPool) {
    let today = partitions::today(&db).await.unwrap();
    let old = today - Days::new(40);
    age(&db, old).await;
    // Cut off between taking it from the table and dropping it.
    let detach = format!(
        "alter table event detach partition {}",
        Partition(old).table()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(detach))
        .execute(&db)
        .await
        .unwrap();
    retention::keep(&db, Uuid::now_v7(), &Retention::default())
        .await
        .unwrap();
    assert_eq!(partitions::all(&db).await.unwrap()[0], Partition(today));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lease_has_one_holder_and_a_new_generation_for_each(db: PgPool) {
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(
        leases::acquire(&db, "work", one, 60).await.unwrap(),
        Some(1)
    );
    assert_eq!(leases::acquire(&db, "work", two, 60).await.unwrap(), None);
    assert_eq!(
        leases::acquire(&db, "work", one, 60).await.unwrap(),
        Some(1),
        "prolonged"
    );
    sqlx::query("update lease set expires_at = now() - interval '1 s'")
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(
        leases::acquire(&db, "work", two, 60).await.unwrap(),
        Some(2)
    );
    assert_eq!(
        leases::acquire(&db, "work", one, 60).await.unwrap(),
        None,
        "it was taken over"
    );
}

/// A partition of that day, with one event.
async fn age(db: &PgPool, day: NaiveDate) {
    let mut connection = db.acquire().await.unwrap();
    partitions::make(&mut connection, Partition(day))
        .await
        .unwrap();
    sqlx::query(
        "insert into event (agent_id, epoch, seq, received_at, at, boot_id, kind, payload)
        values ($1, 1, 1, $2, $2, $1, 'gap', '')",
    )
    .bind(Uuid::nil())
    .bind(day.and_hms_opt(12, 0, 0).unwrap().and_utc())
    .execute(db)
    .await
    .unwrap();
}

async fn count(db: &PgPool, table: &'static str) -> i64 {
    let statement = match table {
        "event" => "select count(*) from event",
        "gap" => "select count(*) from gap",
        _ => "select count(*) from unit_run",
    };
    sqlx::query_scalar(statement).fetch_one(db).await.unwrap()
}
