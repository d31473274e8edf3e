//! Orders over a stream that behaves, breaks, and is slow.

use std::{fs, path::Path, sync::Arc};

use agent::orders::Program;
use analysis::{
    identity::OrderId,
    order::{Failure, HostOutcome, Order, Refusal},
};
use chrono::TimeDelta;
use proto::v1::{self, from_server::Message};
use tempfile::TempDir;

use crate::support::{
    Running,
    authority::{Authority, Life},
    joined,
    orders::{Signer, beginnings, ends, order, script},
    quiet, soon,
    stream::{StreamServer, server_now},
};

/// Answers at once, and counts how often it ran.
const QUICK: &str = "read -r question; echo x >> RUNS; echo \"report $question\"";
/// Answers when somebody says so.
const PATIENT: &str = "read -r question; echo x >> RUNS
    until [ -e GO ]; do sleep 0.02; done; echo \"report $question\"";

struct Host {
    root: TempDir,
    signer: Signer,
    server: StreamServer,
    worker: Program,
}

impl Host {
    async fn new(text: &str) -> Self {
        let authority = Arc::new(Authority::new());
        let server = StreamServer::start(Arc::clone(&authority)).await;
        let root = tempfile::tempdir().unwrap();
        let addresses = vec![server.address.clone()];
        joined(root.path(), &authority, Life::WEEK, addresses);
        let signer = Signer::new();
        signer.pinned_by(root.path(), server_now() - TimeDelta::days(1));
        let at = |name: &str| root.path().join(name).display().to_string();
        let worker = script(&text.replace("RUNS", &at("runs")).replace("GO", &at("go")));
        Self {
            root,
            signer,
            server,
            worker,
        }
    }

    /// A running agent, whose stream is open.
    async fn start(&self) -> Running {
        let before = self.server.stored.borrow().hellos.len();
        let agent = Running::start_with(quiet(self.root.path()), self.worker.clone());
        self.server
            .until("the stream", |stored| stored.hellos.len() > before)
            .await;
        agent
    }

    async fn send(&self, order: &Order) {
        self.server
            .say(Message::Order(self.signer.sign(order)))
            .await;
    }

    async fn about(&self, id: OrderId, message: impl FnOnce(Vec<u8>) -> Message) {
        self.server.say(message(id.0.as_bytes().to_vec())).await;
    }

    async fn stored(&self, id: OrderId) {
        let stored = |order_id: Vec<u8>| {
            Message::OrderStored(v1::OrderStored {
                order_id: order_id.into(),
            })
        };
        self.about(id, stored).await;
    }

    async fn asked(&self, id: OrderId) {
        let asked = |order_id: Vec<u8>| {
            Message::OrderAsked(v1::OrderAsked {
                order_id: order_id.into(),
            })
        };
        self.about(id, asked).await;
    }

    /// Waits for the `count`th end of an order, and gives that.
    async fn end(&self, id: OrderId, count: usize) -> HostOutcome {
        let what = format!("end {count}");
        let stored = self
            .server
            .until(&what, |stored| ends(&stored.updates, id).len() >= count)
            .await;
        ends(&stored.updates, id)[count - 1].0.clone()
    }

    async fn begun(&self, id: OrderId, count: usize) {
        self.server
            .until("the beginning", |stored| {
                beginnings(&stored.updates, id) >= count
            })
            .await;
    }

    fn order(&self) -> Order {
        order(server_now())
    }

    fn runs(&self) -> usize {
        let runs = fs::read_to_string(self.root.path().join("runs"));
        runs.unwrap_or_default().lines().count()
    }

    fn go(&self) {
        fs::write(self.root.path().join("go"), "").unwrap();
    }

    fn policy(&self, text: &str) {
        write(&self.root.path().join("policy.toml"), text);
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn refusal(outcome: &HostOutcome) -> Option<Refusal> {
    match outcome {
        HostOutcome::Refused { reason, .. } => Some(*reason),
        _ => None,
    }
}

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
    assert_eq!(host.runs(), 1);
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
async fn a_host_whose_disk_went_back_refuses_what_it_may_have_run() {
    let host = Host::new(QUICK).await;
    let agent = host.start().await;
    host.server
        .until("the start is stored", |stored| !stored.events.is_empty())
        .await;
    agent.stop().await;
    fs::remove_dir_all(host.root.path().join("spool")).unwrap();
    fs::remove_dir_all(host.root.path().join("orders")).unwrap();
    let before = host.order();

    let agent = host.start().await;
    host.send(&before).await;
    let outcome = host.end(before.order_id, 1).await;
    assert_eq!(refusal(&outcome), Some(Refusal::Replayed));
    let after = host.order();
    host.send(&after).await;
    assert_eq!(host.end(after.order_id, 1).await, HostOutcome::Answered);
    agent.stop().await;
    assert_eq!(host.runs(), 1);
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
