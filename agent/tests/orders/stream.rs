//! Orders over a stream that behaves, breaks, and is slow.

use std::{fs, sync::Arc};

use analysis::order::{Failure, HostOutcome, Refusal};
use proto::v1::{self, from_server::Message};

use crate::{
    host::{Host, PATIENT, QUICK, refusal},
    support::{
        authority::Authority,
        orders::{beginnings, ends},
        soon,
        stream::{StreamServer, server_now},
    },
};

#[tokio::test]
async fn an_order_is_begun_answered_and_kept_until_the_server_has_it() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
    let stored = host.server.stored.borrow().clone();
    assert_eq!(beginnings(&stored.updates, order.order_id), 1);
    let (_, report) = ends(&stored.updates, order.order_id).remove(0);
    assert!(!report.is_empty());
    let file = host
        .root
        .path()
        .join(format!("orders/{}.report", order.order_id));
    assert_eq!(fs::read(&file).unwrap(), report);

    // Nobody has said that it is stored: it comes again with each stream.
    host.server.cut_streams();
    assert_eq!(host.end(order.order_id, 2).await, HostOutcome::Answered);
    host.stored(order.order_id).await;
    soon("the report is forgotten", async {
        while file.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    agent.stop().await;
    assert_eq!(host.runs(), 1);
}

#[tokio::test]
async fn an_order_that_comes_again_runs_once() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    host.send(&order).await;
    host.end(order.order_id, 1).await;
    host.send(&order).await;
    assert_eq!(host.end(order.order_id, 2).await, HostOutcome::Answered);
    host.stored(order.order_id).await;
    // The server has the end, and sends the order all the same.
    host.send(&order).await;
    let refused = soon("it is refused", async {
        let mut count = 3;
        loop {
            let outcome = host.end(order.order_id, count).await;
            if outcome != HostOutcome::Answered {
                break outcome;
            }
            count += 1;
        }
    })
    .await;
    assert_eq!(refusal(&refused), Some(Refusal::Replayed));
    agent.stop().await;

    let agent = host.start().await;
    let fresh = host.order();
    host.send(&order).await;
    host.send(&fresh).await;
    host.end(fresh.order_id, 1).await;
    agent.stop().await;
    assert_eq!(host.runs(), 2);
}

#[tokio::test]
async fn an_order_goes_on_while_the_stream_is_broken() {
    let host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    host.begun(order.order_id, 1).await;
    host.server.cut_streams();
    host.begun(order.order_id, 2).await;
    host.go();
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
    agent.stop().await;
    assert_eq!(host.runs(), 1);
}

#[tokio::test]
async fn an_end_is_durable_though_nobody_hears_it() {
    let mut host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    host.begun(order.order_id, 1).await;
    // No server any more.
    let authority = Arc::new(Authority::new());
    host.server = StreamServer::start(authority).await;
    host.go();
    let file = host
        .root
        .path()
        .join(format!("orders/{}.json", order.order_id));
    soon("the end is on disk", async {
        while !fs::read_to_string(&file).unwrap().contains("answered") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    agent.stop().await;
}

#[tokio::test]
async fn an_agent_that_stops_ends_its_orders_and_says_so_at_the_next_start() {
    let host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    host.begun(order.order_id, 1).await;
    agent.stop().await;
    let heard = ends(&host.server.stored.borrow().updates, order.order_id).len();

    let agent = host.start().await;
    let outcome = host.end(order.order_id, heard + 1).await;
    let stopped = HostOutcome::Failed {
        reason: Failure::AgentStopped,
        detail: String::new(),
    };
    assert_eq!(outcome, stopped);
    agent.stop().await;
    // It may be stopped before it has done anything; it does not run twice.
    assert!(host.runs() <= 1);
}

#[tokio::test]
async fn an_order_that_ran_when_the_agent_died_is_lost_and_does_not_run_again() {
    let host = Host::new(QUICK).await;
    let order = host.order();
    // What an agent leaves that dies between the beginning and the end.
    let state = agent::state_dir::StateDir::open(host.root.path()).unwrap();
    let (mut store, _) = agent::orders::store::Store::open(&state, server_now());
    store.begin(&order, server_now()).unwrap();
    drop(store);

    let agent = host.start().await;
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Lost);
    host.send(&order).await;
    assert_eq!(host.end(order.order_id, 2).await, HostOutcome::Lost);
    agent.stop().await;
    assert_eq!(host.runs(), 0);
}

#[tokio::test]
async fn a_cancelled_order_ends_at_once() {
    let host = Host::new(PATIENT).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    host.begun(order.order_id, 1).await;
    let cancel = |order_id: Vec<u8>| {
        Message::CancelOrder(v1::CancelOrder {
            order_id: order_id.into(),
        })
    };
    host.about(order.order_id, cancel).await;
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Cancelled);
    agent.stop().await;
}

#[tokio::test]
async fn what_the_host_does_not_know_is_lost_and_stays_so() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    let order = host.order();
    host.asked(order.order_id).await;
    assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Lost);
    host.send(&order).await;
    assert_eq!(host.end(order.order_id, 2).await, HostOutcome::Lost);
    agent.stop().await;
    assert_eq!(host.runs(), 0);
}

#[tokio::test]
async fn a_worker_that_gives_megabytes_of_reasons_does_not_break_the_stream() {
    let text = "read -r question; printf 'failed {\"reason\":\"crashed\",\"detail\":\"'
        head -c 8000000 /dev/zero | tr '\\0' x; printf '\"}\\n'; sleep 9";
    let host = Host::new(text).await;
    let agent = host.start().await;
    let order = host.order();
    host.send(&order).await;
    match host.end(order.order_id, 1).await {
        HostOutcome::Failed { reason, detail } => {
            assert_eq!((reason, detail.len()), (Failure::Crashed, 2_000));
        }
        outcome => panic!("{outcome:?}"),
    }
    agent.stop().await;
    assert_eq!(host.server.stored.borrow().hellos.len(), 1);
}
