//! What is stored of a stream: everything once, whatever happens.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Duration;

use analysis::event::{Fact, Gap, GapReason, ProcessFaulted};
use delivery::{ForceReason, Kind, Refusal};
use server::ingest::{self, HelloAnswer, Outcome};
use sqlx::PgPool;
use support::{Host, batch, exited, exits, payload, record};

#[sqlx::test(migrations = "../migrations")]
async fn a_batch_is_stored_once_however_often_it_comes(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let welcome = host.say_hello(&db, &host.hello(0, 0)).await;
    assert_eq!((welcome.epoch, welcome.acked), (1, 0));
    let first = batch(welcome.session, 1, 1, exits(1..4));
    assert_eq!(host.store(&db, &first).await.acked, 3);
    assert_eq!(host.store(&db, &first).await.acked, 3, "its ack was lost");
    let overlapping = batch(welcome.session, 1, 2, exits(2..6));
    let stored = host.store(&db, &overlapping).await;
    assert_eq!((stored.acked, stored.events), (5, 2));
    assert_eq!(
        host.stored(&db).await,
        [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]
    );

    let again = host.say_hello(&db, &host.hello(1, 5)).await;
    assert_eq!((again.epoch, again.acked, again.chain_at_acked), (1, 5, 5));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_does_not_follow_the_watermark_is_refused(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    host.store(&db, &batch(session, 1, 1, exits(1..3))).await;
    let huge = batch(session, 1, u64::MAX - 1, exits(1..2));
    let cases = [
        (
            batch(session, 1, 4, exits(4..5)),
            Refusal::Gap {
                first_seq: 4,
                acked: 2,
            },
        ),
        (
            batch(session, 2, 3, exits(3..4)),
            Refusal::WrongEpoch {
                batch: 2,
                stream: 1,
            },
        ),
        (
            batch(session - 1, 1, 3, exits(3..4)),
            Refusal::Fenced {
                session: session - 1,
                newest: session,
            },
        ),
        (
            batch(session, 1, 3, vec![]),
            Refusal::Malformed("no records"),
        ),
        (huge, Refusal::Malformed("number out of range")),
    ];
    for (refused, why) in cases {
        let outcome = ingest::store(&db, host.speaker(), &refused).await.unwrap();
        assert_eq!(outcome, Outcome::Refused(why));
    }
    assert_eq!(host.stored(&db).await, [(1, 1), (1, 2)]);
    assert_eq!(
        gaps(&db, &host).await.len(),
        2,
        "the malformed ones are known to be missing"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_streams_of_one_identity_one_survives_and_nothing_is_stored_twice(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let first = host.say_hello(&db, &host.hello(0, 0)).await;
    let second = host.say_hello(&db, &host.hello(1, 0)).await;
    let stream = |session: u64| {
        let db = db.clone();
        async move {
            for seq in 1..40 {
                let batch = batch(session, 1, seq, vec![exited(u32::try_from(seq).unwrap())]);
                match ingest::store(&db, host.speaker(), &batch).await.unwrap() {
                    Outcome::Stored(_) => {}
                    other => return Err(other),
                }
            }
            Ok(())
        }
    };
    let (older, newer) = tokio::join!(stream(first.session), stream(second.session));
    assert!(
        matches!(older, Err(Outcome::Refused(Refusal::Fenced { .. }))),
        "{older:?}"
    );
    assert_eq!(newer, Ok(()));
    assert_eq!(
        host.stored(&db).await,
        (1..40).map(|seq| (1, seq)).collect::<Vec<_>>()
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_transaction_that_was_cut_off_anywhere_is_repeated_without_harm(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let mut cut_off = 0;
    let mut first_seq = 1;
    while cut_off < 30 {
        let pid = u32::try_from(first_seq).unwrap();
        let batch = batch(session, 1, first_seq, exits(pid..pid + 200));
        // Ends the connection wherever the transaction happens to be: also between COMMIT and its
        // answer. The caller cannot know, and asks again.
        let killing = kill_ingest(&db, Duration::from_micros(first_seq % 7 * 500));
        let (stored, ()) = tokio::join!(ingest::store(&db, host.speaker(), &batch), killing);
        cut_off += usize::from(stored.is_err());
        let acked = loop {
            match ingest::store(&db, host.speaker(), &batch).await {
                Ok(Outcome::Stored(stored)) => break stored.acked,
                Ok(other) => panic!("not stored: {other:?}"),
                Err(_) => {}
            }
        };
        first_seq += 200;
        assert_eq!(acked, first_seq - 1);
    }
    let all: Vec<_> = (1..i64::try_from(first_seq).unwrap())
        .map(|seq| (1, seq))
        .collect();
    assert_eq!(host.stored(&db).await, all);
}

async fn kill_ingest(db: &PgPool, after: Duration) {
    tokio::time::sleep(after).await;
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'aiops-ingest'",
    )
    .execute(db)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_spool_that_is_not_the_one_we_know_gets_a_new_epoch(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    host.store(&db, &batch(session, 1, 1, exits(1..4))).await;
    let mut forced = host.hello(1, 9);
    forced.force_new_epoch = Some(ForceReason::ChainDiffers);
    let welcome = host.say_hello(&db, &forced).await;
    assert_eq!(
        (welcome.epoch, welcome.acked, welcome.chain_at_acked),
        (2, 0, 0)
    );
    let behind = host.say_hello(&db, &host.hello(2, 0)).await;
    assert_eq!(behind.epoch, 2, "nothing is stored of this epoch yet");
    host.store(&db, &batch(behind.session, 2, 1, exits(4..6)))
        .await;
    let wiped = host.say_hello(&db, &host.hello(0, 0)).await;
    assert_eq!(wiped.epoch, 3);
    let details: Vec<String> = gaps(&db, &host)
        .await
        .into_iter()
        .map(|gap| gap.1)
        .collect();
    assert_eq!(
        details,
        [
            "epoch 2 began: the agent asked for it: ChainDiffers",
            "epoch 3 began: the agent came with an empty spool",
        ]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn records_that_were_carried_over_are_stored_once(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    host.store(&db, &batch(session, 1, 1, exits(1..4))).await;
    // The agent's disk went back to when only two were acknowledged, and went on with another one.
    let mut forced = host.hello(1, 3);
    forced.force_new_epoch = Some(ForceReason::ChainDiffers);
    let session = host.say_hello(&db, &forced).await.session;
    let mut carried = batch(session, 2, 1, vec![exited(1), exited(2), exited(77)]);
    carried
        .records
        .iter_mut()
        .for_each(|record| record.carried = true);
    let stored = host.store(&db, &carried).await;
    assert_eq!(
        (stored.acked, stored.events, stored.carried_twice),
        (3, 1, 2)
    );
    assert_eq!(host.stored(&db).await, [(1, 1), (1, 2), (1, 3), (2, 3)]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_look_up_that_takes_too_long_holds_up_nobody(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let mut carried = batch(session, 1, 1, exits(1..3));
    carried.records[0].carried = true;
    let mut blocker = db.begin().await.unwrap();
    // Nobody can read the events now, as if there were too many.
    sqlx::query("lock table event in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let unblock = async {
        let marks = wait_for_query(&db, "select place").await;
        assert_ne!(marks, "aiops-ingest", "readers wait for the look-up");
        wait_for_query(&db, "copy event").await;
        blocker.rollback().await.unwrap();
    };
    let (stored, ()) = tokio::join!(host.store(&db, &carried), unblock);
    assert_eq!((stored.events, stored.carried_unchecked), (2, 1));
    assert_eq!(host.stored(&db).await, [(1, 1), (1, 2)]);
}

/// Waits until a query that begins so is blocked, and answers its connection's application name.
async fn wait_for_query(db: &PgPool, beginning: &str) -> String {
    let look = async {
        loop {
            let found: Option<String> = sqlx::query_scalar(
                "select application_name from pg_stat_activity where datname = current_database()
                    and wait_event_type = 'Lock' and query like $1 || '%'",
            )
            .bind(beginning)
            .fetch_optional(db)
            .await
            .unwrap();
            if let Some(found) = found {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(20), look).await;
    found.unwrap_or_else(|_| panic!("no {beginning} is blocked"))
}

#[sqlx::test(migrations = "../migrations")]
async fn what_this_version_cannot_read_is_stored_as_it_came(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let newer_kind = vec![0x08, 0x02, 0x1a, 0x00, 0xca, 0x3e, 0x00];
    let broken = b"\xff\xff no event".to_vec();
    let sent = vec![newer_kind.clone(), broken.clone(), exited(1), vec![]];
    let stored = host.store(&db, &batch(session, 1, 1, sent)).await;
    assert_eq!((stored.events, stored.unreadable), (4, 3));
    let kept: Vec<(String, Vec<u8>)> =
        sqlx::query_as("select kind, payload from event order by seq")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(kept[0], ("unknown".to_owned(), newer_kind));
    assert_eq!(kept[1], ("unknown".to_owned(), broken));
    assert_eq!(kept[2].0, "process-exited");
    assert_eq!(kept[3], ("unknown".to_owned(), vec![]));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_columns_are_those_of_the_event(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let faulted = payload(Fact::ProcessFaulted(ProcessFaulted {
        pid: 12,
        comm: "a\0b".to_owned(),
        line: "segfault \0".to_owned(),
    }));
    host.store(
        &db,
        &batch(session, 1, 1, vec![exited(4_000_000_000), faulted]),
    )
    .await;
    type Columns = (
        String,
        Option<String>,
        Option<i64>,
        chrono::DateTime<chrono::Utc>,
        uuid::Uuid,
    );
    let rows: Vec<Columns> =
        sqlx::query_as("select kind, unit, pid, at, boot_id from event order by seq")
            .fetch_all(&db)
            .await
            .unwrap();
    let unit = Some("app.service".to_owned());
    let exited = ("process-exited".to_owned(), unit, Some(4_000_000_000));
    assert_eq!((rows[0].0.clone(), rows[0].1.clone(), rows[0].2), exited);
    assert_eq!((rows[0].3, rows[0].4), (support::at(0), host.boot));
    assert_eq!(
        (rows[1].0.as_str(), rows[1].1.as_deref(), rows[1].2),
        ("process-faulted", None, Some(12))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn declared_losses_become_gaps_once(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let declared = payload(Fact::Gap(Gap {
        source: "process".to_owned(),
        reason: GapReason::Overflow,
        lost: Some(12),
        // Postgres has no NUL in its texts: this would stop the stream for ever.
        detail: "ring buffer\0full".to_owned(),
    }));
    let hole = delivery::Gap {
        epoch: 1,
        from: 2,
        to: 6,
        count: 5,
        class: delivery::Class::P2,
        reason: delivery::GapReason::SpoolFull,
    };
    let mut batch = batch(session, 1, 1, vec![declared]);
    let mut of_spool = record(6, hole.encode());
    (of_spool.kind, of_spool.covers) = (Kind::Gap, 5);
    batch.records.push(of_spool);
    assert_eq!(host.store(&db, &batch).await.acked, 6);
    assert_eq!(host.store(&db, &batch).await.acked, 6);
    let mut found = gaps(&db, &host).await;
    found.sort();
    assert_eq!(
        found,
        [
            (
                "overflow".to_owned(),
                "ring buffer\u{fffd}full".to_owned(),
                Some(12)
            ),
            (
                "spool-full".to_owned(),
                "SpoolFull of class P2: epoch 1, 2 to 6".to_owned(),
                Some(5)
            ),
        ]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn cursors_move_with_the_events_and_outlive_the_epoch(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let mut first = batch(session, 1, 1, exits(1..3));
    first.records[0].cursor = Some(b"s=1\xff".to_vec());
    host.store(&db, &first).await;
    let wiped = host.say_hello(&db, &host.hello(0, 0)).await;
    assert_eq!(wiped.epoch, 2);
    let cursor = wiped.cursors.get(&delivery::SourceId(1));
    assert_eq!(cursor, Some(&b"s=1\xff".to_vec()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_agent_stores_nothing_more(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let agent = analysis::identity::AgentId(host.agent);
    server::db::agents::revoke(&db, agent, "stolen", chrono::Utc::now())
        .await
        .unwrap();
    let batch = batch(session, 1, 1, exits(1..2));
    let outcome = ingest::store(&db, host.speaker(), &batch).await.unwrap();
    assert_eq!(outcome, Outcome::Revoked);
    let hello = host.try_hello(&db, &host.hello(1, 0)).await;
    assert!(matches!(hello, HelloAnswer::Revoked), "{hello:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn two_machines_with_one_identity_are_both_stopped(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let original = host.hello(0, 0);
    let mut copy = original.clone();
    copy.fingerprint = b"another machine".to_vec();
    let mut session = host.say_hello(&db, &original).await.session;
    for hello in [&copy, &original, &copy] {
        session = host.say_hello(&db, hello).await.session;
    }
    let fifth = host.try_hello(&db, &original).await;
    assert!(matches!(fifth, HelloAnswer::CloneSuspected), "{fifth:?}");
    let batch = batch(session, 1, 1, exits(1..2));
    let outcome = ingest::store(&db, host.speaker(), &batch).await.unwrap();
    assert_eq!(outcome, Outcome::CloneSuspected);
}

/// Reason, detail and count of what is known to be missing, in the order of its recording.
async fn gaps(db: &PgPool, host: &Host) -> Vec<(String, String, Option<i64>)> {
    sqlx::query_as("select reason, detail, lost from gap where agent_id = $1 order by recorded_at")
        .bind(host.agent)
        .fetch_all(db)
        .await
        .unwrap()
}
