//! How orders end that are not answered.

use analysis::inquiry::{HostOrder, Inquiry};
use analysis::order::{Failure, HostOutcome, OrderState, Outcome, Refusal, Refuser};
use proto::v1::from_server::Message as Heard;
use serde_json::json;
use server::upkeep::orders::pass;
use sqlx::PgPool;
use uuid::Uuid;

use crate::agent::{Host, REPORT};
use crate::fleet::Fleet;
use crate::person::Person;

#[sqlx::test(migrations = "../migrations")]
async fn a_report_that_hurts_is_a_failed_order(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let bomb = vec![b'['; 64 * 1024 * 1024];
    let other = br#"{"analysis":"diagnose-start-failure"}"#;
    for (report, expected) in [
        (bomb.as_slice(), Failure::TooLarge),
        (b"{}", Failure::Crashed),
        (other, Failure::Crashed),
    ] {
        let inquiry = person.ask(&[host.id]).await;
        let id = stream.order().await;
        stream.answered(id, report).await;
        assert_eq!(stream.stored().await, id);
        let ended = person.inquiry(&inquiry).await;
        match outcome(&ended.orders[0]) {
            Outcome::Failed { reason, .. } => assert_eq!(*reason, expected),
            other => panic!("not failed: {other:?}"),
        }
    }
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_whose_question_nobody_can_read_ends_all_the_same(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let unreadable = r#"{"analysis": "analyze-ptree", "of_another_version": 1}"#;
    let unknown = r#"{"analysis": "analyze-of-another-version"}"#;
    for question in [unreadable, unknown] {
        // What the host says without a report needs no question.
        let inquiry = person.ask(&[host.id]).await;
        let id = stream.order().await;
        stored_as(&db, &inquiry, question).await;
        stream.ended(id, &HostOutcome::Lost).await;
        assert_eq!(stream.stored().await, id);
        let ended = state_of(&db, id).await;
        assert_eq!(ended, ("ended".to_owned(), Some("lost".to_owned())));
    }

    // A report of the analysis that was asked for is one whatever its parameters were.
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    stored_as(&db, &inquiry, unreadable).await;
    stream.answered(id, REPORT.as_bytes()).await;
    assert_eq!(stream.stored().await, id);
    let ended = state_of(&db, id).await;
    assert_eq!(ended, ("ended".to_owned(), Some("answered".to_owned())));

    // Otherwise a newer server has a minute to come and read it.
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    stored_as(&db, &inquiry, unknown).await;
    stream.begun(id).await;
    stream.answered(id, REPORT.as_bytes()).await;
    // An answer to something else tells that this one was read.
    let other = person.ask(&[host.id]).await;
    let other_id = stream.order().await;
    stream.ended(other_id, &HostOutcome::Cancelled).await;
    assert_eq!(stream.stored().await, other_id, "and nothing for the first");
    assert_eq!(other.orders.len(), 1);
    assert_eq!(state_of(&db, id).await, ("running".to_owned(), None));
    later(&db, "begun_at", "61 seconds").await;
    stream.answered(id, REPORT.as_bytes()).await;
    loop {
        match stream.heard().await {
            Heard::OrderStored(stored) if stored.order_id[..] == id.as_bytes()[..] => break,
            // It has run for long.
            Heard::OrderAsked(_) => {}
            other => panic!("not stored: {other:?}"),
        }
    }
    let ended = state_of(&db, id).await;
    assert_eq!(ended, ("ended".to_owned(), Some("failed".to_owned())));
    let reason: String =
        sqlx::query_scalar("select outcome->>'reason' from host_order where order_id = $1")
            .bind(id)
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!(reason, "question-unknown");
    fleet.stop().await;
}

/// As if a server of another version had asked.
async fn stored_as(db: &PgPool, inquiry: &Inquiry, question: &str) {
    sqlx::query("update inquiry set question = $2::jsonb where inquiry_id = $1")
        .bind(inquiry.inquiry_id.0)
        .bind(question)
        .execute(db)
        .await
        .unwrap();
}

/// Its state and outcome, read past the API, which cannot read the question either.
async fn state_of(db: &PgPool, order: Uuid) -> (String, Option<String>) {
    sqlx::query_as("select state, outcome->>'outcome' from host_order where order_id = $1")
        .bind(order)
        .fetch_one(db)
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_end_is_the_end_whoever_speaks_and_however_often(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let (host, liar) = (Host::join(&fleet).await, Host::join(&fleet).await);
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let mut wrong = liar.connect(&fleet).await;
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;

    wrong.begun(id).await;
    wrong.answered(id, REPORT.as_bytes()).await;
    // An answer to something of its own tells that the others were read.
    let own = person.ask(&[liar.id]).await;
    let own_id = wrong.order().await;
    wrong.ended(own_id, &HostOutcome::Cancelled).await;
    assert_eq!(wrong.stored().await, own_id, "and nothing for the other's");
    assert_eq!(
        person.inquiry(&inquiry).await.orders[0].state,
        OrderState::Sent
    );
    let audit = person.audit().await;
    let refused: Vec<_> = audit
        .iter()
        .filter(|entry| entry.action == "order-update-refused")
        .collect();
    assert_eq!(refused.len(), 1, "once on a stream");
    assert_eq!(refused[0].actor, format!("host:{}", liar.id));
    assert_eq!(refused[0].target, id.to_string());
    assert_eq!(own.orders.len(), 1);

    let refusal = HostOutcome::Refused {
        reason: Refusal::Policy,
        detail: "D0 is off\u{1b}[31m\0".to_owned(),
    };
    stream.ended(id, &refusal).await;
    assert_eq!(stream.stored().await, id);
    let first = person.inquiry(&inquiry).await;
    assert_eq!(
        *outcome(&first.orders[0]),
        Outcome::Refused {
            by: Refuser::Host,
            reason: Refusal::Policy,
            detail: "D0 is off[31m".to_owned(),
        }
    );
    stream.begun(id).await;
    stream.answered(id, REPORT.as_bytes()).await;
    assert_eq!(stream.stored().await, id, "so that it forgets it");
    assert_eq!(person.inquiry(&inquiry).await, first);
    let audit = person.audit().await;
    let refused = audit.iter().find(|entry| entry.action == "order-refused");
    assert_eq!(refused.unwrap().detail["reason"], "policy");
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cancelled_inquiry_ends_where_it_is(db: PgPool) {
    let (fleet, other) = (Fleet::start(db.clone()).await, Fleet::start(db).await);
    let (host, off) = (Host::join(&fleet).await, Host::join(&fleet).await);
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&other).await;
    let inquiry = person
        .ask_with(&[host.id, off.id], json!({ "wait_s": 60 }))
        .await;
    let id = stream.order().await;
    stream.begun(id).await;
    let mut following = person.follow(&inquiry, None).await;
    following
        .until(|order| matches!(order.state, OrderState::Running { .. }))
        .await;
    person.cancel(&inquiry).await;
    let ended = following.until(|order| order.state.is_ended()).await;
    assert_eq!(ended.agent_id.0, off.id, "it never began");
    match stream.heard().await {
        Heard::CancelOrder(cancel) => assert_eq!(&cancel.order_id[..], id.as_bytes()),
        other => panic!("not cancelled: {other:?}"),
    }
    person.cancel(&inquiry).await;
    stream.ended(id, &HostOutcome::Cancelled).await;
    assert_eq!(stream.stored().await, id);
    let ended = following
        .until(|order| order.agent_id.0 == host.id && order.state.is_ended())
        .await;
    assert_eq!(*outcome(&ended), Outcome::Cancelled);
    assert!(following.next().await.is_none());
    let audit = person.audit().await;
    let cancelled = audit
        .iter()
        .filter(|entry| entry.action == "inquiry-cancelled");
    assert_eq!(cancelled.count(), 1);
    fleet.stop().await;
    other.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_reached_nobody_expires_and_what_may_have_run_is_lost(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let (host, off) = (Host::join(&fleet).await, Host::join(&fleet).await);
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let waits = person.ask_with(&[off.id], json!({ "wait_s": 90 })).await;
    let sent = person.ask(&[host.id]).await;
    stream.order().await;
    // Has a week to begin, and begins at once.
    let running = person
        .ask_with(&[host.id], json!({ "wait_s": 604_800 }))
        .await;
    let id = stream.order().await;
    stream.begun(id).await;
    let mut following = person.follow(&running, None).await;
    following
        .until(|order| matches!(order.state, OrderState::Running { .. }))
        .await;
    let mut following_waiting = person.follow(&waits, None).await;
    let mut following_sent = person.follow(&sent, None).await;

    later(&db, "not_after", "2 minutes").await;
    later(&db, "begun_at", "2 minutes").await;
    match stream.heard().await {
        Heard::OrderAsked(asked) => assert_eq!(&asked.order_id[..], id.as_bytes()),
        other => panic!("not asked: {other:?}"),
    }
    let expired = following_waiting
        .until(|order| order.state.is_ended())
        .await;
    assert_eq!(*outcome(&expired), Outcome::Expired);
    assert_eq!(
        person.inquiry(&sent).await.orders[0].state,
        OrderState::Sent,
        "the host has it, and may tell"
    );

    later(&db, "begun_at", "9 minutes").await;
    later(&db, "not_after", "9 minutes").await;
    let silent = following_sent.until(|order| order.state.is_ended()).await;
    assert_eq!(*outcome(&silent), Outcome::Lost);
    let lost = following.until(|order| order.state.is_ended()).await;
    assert_eq!(*outcome(&lost), Outcome::Lost);
    // It comes back after all.
    stream.answered(id, REPORT.as_bytes()).await;
    assert_eq!(stream.stored().await, id);
    assert_eq!(person.inquiry(&running).await.orders[0], lost);
    person.audit().await;
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn old_inquiries_are_deleted_and_the_audit_stays(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    person.ask(&[host.id]).await;
    let waits = person.ask_with(&[host.id], json!({ "wait_s": 3600 })).await;
    let entries = person.audit().await.len();
    sqlx::query("update inquiry set requested_at = requested_at - interval '31 days'")
        .execute(&db)
        .await
        .unwrap();
    // Another replica may be in the middle of a pass: none here.
    pass(&fleet.app).await.unwrap();
    let left: Vec<Uuid> = sqlx::query_scalar("select inquiry_id from inquiry")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(left, [waits.inquiry_id.0], "it is open");
    assert_eq!(person.audit().await.len(), entries);
    fleet.stop().await;
}

/// As if so much more time had passed.
async fn later(db: &PgPool, column: &'static str, time: &'static str) {
    let statement = format!("update host_order set {column} = {column} - interval '{time}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(db)
        .await
        .unwrap();
}

fn outcome(order: &HostOrder) -> &Outcome {
    match &order.state {
        OrderState::Ended { outcome, .. } => outcome,
        other => panic!("not ended: {other:?}"),
    }
}
