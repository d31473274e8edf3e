//! Those who follow an inquiry.

use analysis::order::{HostOutcome, OrderState};
use analysis::people::Role;
use serde_json::json;
use sqlx::PgPool;

use crate::agent::{Host, REPORT};
use crate::fleet::Fleet;
use crate::person::Person;

#[sqlx::test(migrations = "../migrations")]
async fn who_comes_back_sees_what_was_missed(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let (one, two) = (Host::join(&fleet).await, Host::join(&fleet).await);
    let person = Person::at(&fleet).await;
    let (mut first, mut second) = (one.connect(&fleet).await, two.connect(&fleet).await);
    let inquiry = person.ask_with(&[one.id, two.id], json!({})).await;
    let (first_id, second_id) = (first.order().await, second.order().await);
    let mut following = person.follow(&inquiry, None).await;
    following.next().await.unwrap();
    following.next().await.unwrap();

    // Begun by a transaction that is older than what the follower sees next, and not over.
    let mut slow = db.begin().await.unwrap();
    sqlx::query(
        "update host_order set state = 'running', begun_at = now(),
            changed_in = pg_current_xact_id()::text::bigint where order_id = $1",
    )
    .bind(first_id)
    .execute(&mut *slow)
    .await
    .unwrap();
    second.begun(second_id).await;
    let running =
        |order: &analysis::inquiry::HostOrder| matches!(order.state, OrderState::Running { .. });
    let seen = following.until(running).await;
    assert_eq!(seen.agent_id.0, two.id);
    let last_id = following.last_id.clone();
    drop(following);
    slow.commit().await.unwrap();

    let mut again = person.follow(&inquiry, Some(&last_id)).await;
    let missed = again
        .until(|order| order.agent_id.0 == one.id && running(order))
        .await;
    assert_eq!(missed.order_id.0, first_id);
    for (stream, id) in [(&mut first, first_id), (&mut second, second_id)] {
        stream.ended(id, &HostOutcome::Cancelled).await;
        stream.stored().await;
    }
    while again.next().await.is_some() {}
    let mut late = person.follow(&inquiry, None).await;
    let mut states = Vec::new();
    while let Some(order) = late.next().await {
        states.push(order.state.is_ended());
    }
    assert_eq!(states, [true, true], "the whole state, and the end");
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_who_follows_much_leaves_places_for_others(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let inquiry = person.ask_with(&[host.id], json!({ "wait_s": 60 })).await;
    let viewer = Person::with_role(&fleet, Role::Viewer).await;
    let mut following = Vec::new();
    for _ in 0..20 {
        following.push(viewer.follow(&inquiry, None).await);
    }
    let path = format!("/inquiries/{}/stream", inquiry.inquiry_id);
    let (status, problem) = viewer.refused_at(reqwest::Method::GET, &path).await;
    assert_eq!(status, 503, "{problem:?}");
    let mut other = person.follow(&inquiry, None).await;
    other.next().await.unwrap();
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_may_no_longer_look_is_cut(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    let viewer = Person::with_role(&fleet, Role::Viewer).await;
    let mut following = viewer.follow(&inquiry, None).await;
    following.next().await.unwrap();
    viewer.is_revoked(&fleet).await;
    let (event, _) = following.message().await;
    assert_eq!(event, "cut");
    stream.answered(id, REPORT.as_bytes()).await;
    assert_eq!(stream.stored().await, id);
    fleet.stop().await;
}
