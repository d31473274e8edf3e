//! An agent that lies, or was taken over, hurts nobody but itself.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Duration;

use analysis::event::{Fact, HostBooted};
use analysis::identity::BootId;
use axum::body::Body;
use axum::http::{Request, header};
use delivery::{Refusal, SourceId};
use server::identity::tokens::create_api_token;
use server::ingest::{self, Outcome};
use sqlx::PgPool;
use support::{Host, app, at, batch, exits, payload_at, unit_moment};
use tower::ServiceExt as _;
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn nobody_hides_behind_the_id_of_another_host(db: PgPool) {
    let app = app(&db).await;
    let wanted = Host::join(&db, "db-01").await;
    Host::join(&db, &wanted.agent.to_string()).await;
    let token = create_api_token(&db, "test", app.now()).await.unwrap();
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/v1/hosts/{}/revoke", wanted.agent))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"reason":"stolen"}"#))
        .unwrap();
    let router = server::api::router(app);
    let response = router.oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    let revoked = server::db::hosts::revoked(&db).await.unwrap();
    assert_eq!(revoked, [wanted.agent]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_cursors_of_an_agent_are_few(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let mut many = batch(session, 1, 1, exits(1..200));
    for (source, record) in (0..).zip(&mut many.records) {
        record.source = SourceId(source);
        record.cursor = Some(vec![7; 4096]);
    }
    let outcome = ingest::store(&db, host.speaker(), &many).await.unwrap();
    assert_eq!(
        outcome,
        Outcome::Refused(Refusal::Malformed("more sources than an agent has"))
    );
    assert_eq!(host.stored(&db).await, []);
    many.records.truncate(16);
    assert_eq!(host.store(&db, &many).await.acked, 16);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thousand_boots_in_a_batch_do_not_read_the_ledger_a_thousand_times(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let told = vec![payload_at(
        5,
        Fact::UnitStarted(unit_moment("a.service", 1)),
    )];
    host.store(&db, &batch(session, 1, 1, told)).await;
    sqlx::query(
        "insert into unit_run (agent_id, unit, invocation_id, boot_id, started_at, run)
        select agent_id, unit, gen_random_uuid(), boot_id, started_at, run
        from unit_run, generate_series(1, 20000)",
    )
    .execute(&db)
    .await
    .unwrap();
    let booted = Fact::HostBooted(HostBooted {
        previous_boot: Some(BootId(Uuid::from_u128(0xdead))),
        previous_orderly: None,
        previous_ended_at: Some(at(1)),
    });
    let boots = vec![payload_at(9, booted); 1000];
    let boots = batch(session, 1, 2, boots);
    let storing = host.store(&db, &boots);
    // A transaction that stores events holds up all who follow the fleet.
    let stored = tokio::time::timeout(Duration::from_secs(10), storing).await;
    assert_eq!(stored.unwrap().acked, 1001);
}
