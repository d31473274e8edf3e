//! The way of a question, and back.

use analysis::inquiry::{CatalogueList, InquiryPage};
use analysis::order::{HostOutcome, OrderState, Outcome, Step};
use analysis::question::Analysis;
use analysis::report::Report;
use proto::v1::from_server::Message as Heard;
use serde_json::json;
use sqlx::PgPool;

use crate::agent::{Host, REPORT};
use crate::fleet::Fleet;
use crate::person::Person;

#[sqlx::test(migrations = "../migrations")]
async fn hosts_are_told_of_no_key_that_only_the_table_has(db: PgPool) {
    let first = Fleet::start(db.clone()).await;
    sqlx::query("insert into order_key (public_key, created_at) values ($1, 'epoch')")
        .bind([7_u8; 32].as_slice())
        .execute(&db)
        .await
        .unwrap();
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    person.ask(&[host.id]).await;
    // By the only key that it has.
    host.verified(&stream.wire_order().await);
    first.stop().await;
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_comes_through_whichever_replica_has_the_host(db: PgPool) {
    let (asked, other) = (Fleet::start(db.clone()).await, Fleet::start(db).await);
    let host = Host::join(&asked).await;
    let mut stream = host.connect(&other).await;
    let person = Person::at(&asked).await;
    let inquiry = person.ask(&[host.id]).await;
    assert_eq!(inquiry.orders[0].state, OrderState::Sent);
    let mut following = person.follow(&inquiry, None).await;
    assert_eq!(following.next().await.unwrap().state, OrderState::Sent);

    let wire = stream.wire_order().await;
    let order = host.verified(&wire);
    assert_eq!(order.question, inquiry.question);
    assert_eq!(order.requested_by, inquiry.requested_by);
    let who = &order.requested_by;
    assert!(who.starts_with("token:"), "no account's name: {who}");
    assert_eq!(order.time_limit_ms, 15_000);
    let id = order.order_id.0;
    stream.begun(id).await;
    following
        .until(|order| matches!(order.state, OrderState::Running { .. }))
        .await;
    stream
        .progress(id, r#"{"step":"reading-processes","done":3,"of":7}"#)
        .await;
    following
        .until(|order| match order.state {
            OrderState::Running { progress, .. } => {
                progress.is_some_and(|progress| progress.step == Step::ReadingProcesses)
            }
            _ => false,
        })
        .await;
    // Written in a way that would end a message of a stream of events.
    let report = REPORT.replace('\n', "\r\n\r\n");
    stream.answered(id, report.as_bytes()).await;
    assert_eq!(stream.stored().await, id);
    let answered = following.until(|order| order.state.is_ended()).await;
    assert!(following.next().await.is_none(), "done");

    let expected: Report = serde_json::from_str(REPORT).unwrap();
    let OrderState::Ended {
        outcome: Outcome::Answered { report, .. },
        ..
    } = &answered.state
    else {
        panic!("not answered: {answered:?}");
    };
    assert_eq!(**report, expected);
    let whole = person.inquiry(&inquiry).await;
    assert_eq!(whole.orders, [answered]);
    let path = format!("/inquiries/{}/orders/{id}/text", inquiry.inquiry_id);
    let english = person.text(&path).await;
    assert!(english.contains("0 processes"), "{english}");
    let chinese = person.text(&(path + "?language=zh-CN&width=80")).await;
    assert!(chinese.contains("个进程"), "{chinese}");
    let page: InquiryPage = person.get("/inquiries").await;
    let first = &page.inquiries[0];
    assert_eq!(first.command, "analyze ptree");
    assert_eq!((first.hosts, first.answered, first.ended), (1, 1, 1));
    let actions: Vec<_> = person.audit().await;
    let actions: Vec<_> = actions.iter().map(|entry| entry.action.as_str()).collect();
    assert!(actions.ends_with(&["inquiry-created", "order-ended"]));
    asked.stop().await;
    other.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_waits_for_a_host_that_is_off(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let now = person.ask(&[host.id]).await;
    let OrderState::Ended { outcome, .. } = &now.orders[0].state else {
        panic!("it is off: {now:?}");
    };
    assert!(matches!(outcome, Outcome::Offline { since: None, .. }));
    let inquiry = person.ask_with(&[host.id], json!({ "wait_s": 3600 })).await;
    assert!(matches!(inquiry.orders[0].state, OrderState::Queued { .. }));
    let mut following = person.follow(&inquiry, None).await;
    let mut stream = host.connect(&fleet).await;
    let order = host.verified(&stream.wire_order().await);
    assert!(order.not_after - order.issued_at >= chrono::TimeDelta::hours(1));
    following
        .until(|order| order.state == OrderState::Sent)
        .await;
    stream.leave().await;
    let off = person.ask(&[host.id]).await;
    let OrderState::Ended { outcome, .. } = &off.orders[0].state else {
        panic!("it is off: {off:?}");
    };
    assert!(matches!(outcome, Outcome::Offline { since: Some(_), .. }));
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_broken_stream_carried_comes_on_the_next(db: PgPool) {
    let (first, second) = (Fleet::start(db.clone()).await, Fleet::start(db).await);
    let host = Host::join(&first).await;
    let person = Person::at(&first).await;
    let stream = host.connect(&first).await;
    let inquiry = person.ask(&[host.id]).await;
    let mut stream = stream;
    let before = stream.wire_order().await;
    drop(stream);

    let mut stream = host.connect(&second).await;
    let again = stream.wire_order().await;
    assert_eq!(again, before, "the same bytes, so that it knows them");
    let id = host.verified(&again).order_id.0;
    stream.begun(id).await;
    let mut following = person.follow(&inquiry, None).await;
    following
        .until(|order| matches!(order.state, OrderState::Running { .. }))
        .await;
    drop(stream);

    let mut stream = host.connect(&first).await;
    match stream.heard().await {
        Heard::OrderAsked(asked) => assert_eq!(&asked.order_id[..], id.as_bytes()),
        other => panic!("not asked: {other:?}"),
    }
    // The host was wiped meanwhile.
    stream.ended(id, &HostOutcome::Lost).await;
    assert_eq!(stream.stored().await, id);
    let ended = following.until(|order| order.state.is_ended()).await;
    assert!(matches!(
        ended.state,
        OrderState::Ended {
            outcome: Outcome::Lost,
            ..
        }
    ));
    first.stop().await;
    second.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_hint_an_order_is_found_by_looking(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    // As if it had never been sent, and nobody told.
    sqlx::query("update host_order set session = null where order_id = $1")
        .bind(id)
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(stream.order().await, id);
    assert_eq!(inquiry.orders.len(), 1);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_catalogue_says_what_can_be_asked(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let person = Person::at(&fleet).await;
    let list: CatalogueList = person.get("/analyses").await;
    let names: Vec<_> = list
        .analyses
        .iter()
        .map(|entry| entry.analysis.name())
        .collect();
    let known: Vec<_> = Analysis::ALL.iter().map(|known| known.name()).collect();
    assert_eq!(names, known);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_newer_replica_asks_and_stores_harms_nothing_here(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    stream.begun(id).await;
    let newer = r#"update host_order set progress = '{"step": "reading-cores", "done": 1, "of": 2}';
        update inquiry set question = '{"analysis": "analyze-weather"}'"#;
    sqlx::raw_sql(newer).execute(&db).await.unwrap();
    let page: serde_json::Value = person.get("/inquiries").await;
    let shown = &page["inquiries"][0]["question"];
    assert_eq!(shown["analysis"], "analyze-weather");
    let path = format!("/inquiries/{}", inquiry.inquiry_id);
    let one: serde_json::Value = person.get(&path).await;
    assert_eq!(one["question"], *shown);

    // Not stored, so that the host keeps it; and its stream goes on.
    stream.answered(id, REPORT.as_bytes()).await;
    let next = person.ask(&[host.id]).await;
    let next_id = stream.order().await;
    stream.ended(next_id, &HostOutcome::Cancelled).await;
    assert_eq!(stream.stored().await, next_id);
    assert!(person.inquiry(&next).await.orders[0].state.is_ended());
    let one: serde_json::Value = person.get(&path).await;
    assert_eq!(one["orders"][0]["state"], "running");
    fleet.stop().await;
}
