//! Streams and connections that break in the middle of an order.

use analysis::order::{OrderState, Outcome};
use serde_json::json;
use server::upkeep::orders::pass;
use sqlx::PgPool;

use crate::agent::{Host, REPORT};
use crate::fleet::Fleet;
use crate::person::Person;

#[sqlx::test(migrations = "../migrations")]
async fn a_host_that_was_gone_past_the_end_of_an_order_still_answers_it(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let mut stream = host.connect(&fleet).await;
    let inquiry = person.ask(&[host.id]).await;
    let id = stream.order().await;
    // It begins, and before it can say so the network is gone for seventy seconds.
    drop(stream);
    run(
        &db,
        "update host_order set not_after = not_after - interval '70 s'",
    )
    .await;
    pass(&fleet.app).await.unwrap();
    let state = person.inquiry(&inquiry).await.orders.remove(0).state;
    assert_eq!(state, OrderState::Sent, "nobody knows yet");

    let mut stream = host.connect(&fleet).await;
    assert_eq!(stream.order().await, id, "it is asked for its word");
    stream.begun(id).await;
    stream.answered(id, REPORT.as_bytes()).await;
    assert_eq!(stream.stored().await, id);
    let answered = person.inquiry(&inquiry).await.orders.remove(0).state;
    let OrderState::Ended { outcome, .. } = answered else {
        panic!("not ended: {answered:?}");
    };
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_claim_whose_answer_is_lost_is_made_again(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    // The claim is committed, and its answer cannot be read.
    run(
        &db,
        "create function unreadable() returns trigger language plpgsql as
            $$begin new.state := null; return new; end$$;
        alter table host_order alter state drop not null;
        create trigger unreadable before update on host_order
            for each row execute function unreadable();",
    )
    .await;
    let waits = json!({ "wait_s": 60 });
    let inquiry = person.ask_with(&[host.id], waits).await;
    let mut stream = host.connect(&fleet).await;
    assert!(stream.is_over().await, "the order may be nobody's else");
    run(
        &db,
        "drop trigger unreadable on host_order;
        update host_order set state = 'sent' where state is null;",
    )
    .await;
    let mut stream = host.connect(&fleet).await;
    let id = stream.order().await;
    assert_eq!(id, inquiry.orders[0].order_id.0);
    fleet.stop().await;
}

async fn run(db: &PgPool, statements: &'static str) {
    sqlx::raw_sql(statements).execute(db).await.unwrap();
}
