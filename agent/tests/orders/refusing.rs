//! What a host refuses, and that nothing of it runs.

use std::fs;

use analysis::order::{HostOutcome, Refusal};
use chrono::TimeDelta;
use proto::v1::from_server::Message;

use crate::{
    host::{Host, PATIENT, QUICK, refusal, write},
    support::orders::Signer,
};

#[tokio::test]
async fn the_local_policy_has_the_last_word_and_works_at_once() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    let disabled = host.root.path().join("remote-disabled");
    let changes: [(&dyn Fn(), Option<Refusal>); 6] = [
        (&|| (), None),
        (
            &|| host.policy("deny = ['analyze-ptree']"),
            Some(Refusal::Policy),
        ),
        (&|| host.policy("denny = []"), Some(Refusal::PolicyUnusable)),
        (&|| host.policy("max_running = 0"), Some(Refusal::TooMany)),
        (&|| write(&disabled, ""), Some(Refusal::Disabled)),
        (
            &|| {
                fs::remove_file(&disabled).unwrap();
                host.policy("requesters = ['ann']");
            },
            None,
        ),
    ];
    for (change, expected) in changes {
        change();
        let order = host.order();
        host.send(&order).await;
        assert_eq!(refusal(&host.end(order.order_id, 1).await), expected);
    }
    agent.stop().await;
    assert_eq!(host.runs(), 2);
}

#[tokio::test]
async fn forged_foreign_and_late_orders_do_not_run_and_are_answered() {
    let host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let mut late = host.order();
    // In time by the host's clock, which is ten years behind.
    late.not_after -= TimeDelta::days(365);
    let mut foreign = host.order();
    foreign.agent_id.0 = uuid::Uuid::from_u128(8);
    for (order, expected) in [(late, Refusal::Expired), (foreign, Refusal::WrongHost)] {
        host.send(&order).await;
        let outcome = host.end(order.order_id, 1).await;
        assert_eq!(refusal(&outcome), Some(expected));
    }
    let forged = host.order();
    host.server
        .say(Message::Order(Signer::new().sign(&forged)))
        .await;
    let outcome = host.end(forged.order_id, 1).await;
    assert_eq!(refusal(&outcome), Some(Refusal::BadSignature));

    // A forged order with the id of one that runs does not end that.
    let order = host.order();
    host.send(&order).await;
    host.begun(order.order_id, 1).await;
    host.server
        .say(Message::Order(Signer::new().sign(&order)))
        .await;
    host.go();
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
    agent.stop().await;
    assert_eq!(host.runs(), 1);
}

#[tokio::test]
async fn more_at_once_than_the_policy_allows_are_refused() {
    let host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let orders = [host.order(), host.order(), host.order()];
    for order in &orders {
        host.send(order).await;
    }
    let outcome = host.end(orders[2].order_id, 1).await;
    assert_eq!(refusal(&outcome), Some(Refusal::TooMany));
    host.go();
    for order in &orders[..2] {
        assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
    }
    agent.stop().await;
}

#[tokio::test]
async fn what_may_be_asked_is_told_at_the_beginning_of_a_stream() {
    let host = Host::new(QUICK).await;
    host.policy("tiers = ['D0']");
    let agent = host.start().await;
    let stored = host.server.stored.borrow().clone();
    let host_facts = stored.hellos[0].host.clone().unwrap();
    let orders = host_facts
        .capabilities
        .iter()
        .find(|c| c.source == "orders");
    assert_eq!(orders.unwrap().runs, "D0");
    let status = agent.board.status();
    assert!(
        status
            .sources
            .iter()
            .any(|source| source.source == "orders")
    );
    agent.stop().await;
}

#[tokio::test]
async fn more_in_a_minute_than_the_policy_allows_are_refused() {
    let host = Host::new(QUICK).await;
    host.policy("per_minute = 2");
    let agent = host.start().await;
    for expected in [None, None, Some(Refusal::TooMany)] {
        let order = host.order();
        host.send(&order).await;
        assert_eq!(refusal(&host.end(order.order_id, 1).await), expected);
    }
    agent.stop().await;
    assert_eq!(host.runs(), 2);
}

#[tokio::test]
async fn orders_one_after_another_are_never_too_many() {
    // Each leaves a process behind that says nothing of whose it is.
    let host = Host::new(&format!("env -i setsid sleep 1000 & {QUICK}")).await;
    host.policy("max_running = 1");
    let agent = host.start().await;
    for _ in 0..5 {
        let order = host.order();
        host.send(&order).await;
        assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
    }
    agent.stop().await;
    assert_eq!(host.runs(), 5);
}

#[tokio::test]
async fn what_the_disk_does_not_remember_does_not_run() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    host.caught_up().await;
    // Also root can write nothing below a file.
    let orders = host.root.path().join("orders");
    fs::rename(&orders, host.root.path().join("away")).unwrap();
    write(&orders, "");
    let order = host.order();
    host.send(&order).await;
    let outcome = host.end(order.order_id, 1).await;
    assert_eq!(refusal(&outcome), Some(Refusal::CannotRemember));
    agent.stop().await;
    assert_eq!(host.runs(), 0);
}
