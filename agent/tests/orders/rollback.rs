//! A host whose disk goes back to an older state: what it may have run does not run again.

use std::{path::Path, process::Command};

use analysis::order::{HostOutcome, Order, Refusal};
use tempfile::TempDir;

use crate::{
    host::{Host, QUICK, refusal},
    support::Running,
};

/// What goes back.
const STATE: [&str; 2] = ["spool", "orders"];

#[tokio::test]
async fn what_ran_before_the_disk_went_back_does_not_run_again() {
    let Case { host, copy, ran } = Case::new().await;
    put_back(&STATE, copy.path(), host.root.path());
    let agent = start_under_a_new_numbering(&host).await;
    is_refused(&host, &ran).await;
    let after = host.order();
    host.send(&after).await;
    assert_eq!(host.end(after.order_id, 1).await, HostOutcome::Answered);
    agent.stop().await;
    assert_eq!(host.runs(), 2);
}

#[tokio::test]
async fn nor_if_the_agent_died_before_it_wrote_down_that_it_went_back() {
    let Case { host, copy, ran } = Case::new().await;
    put_back(&STATE, copy.path(), host.root.path());
    start_under_a_new_numbering(&host).await.stop().await;
    // The spool has taken the new numbering; of the rest nothing has reached the disk.
    put_back(&["orders"], copy.path(), host.root.path());
    let agent = host.start().await;
    is_refused(&host, &ran).await;
    agent.stop().await;
    assert_eq!(host.runs(), 1);
}

struct Case {
    host: Host,
    /// What was on disk before `ran` came.
    copy: TempDir,
    ran: Order,
}

impl Case {
    async fn new() -> Self {
        let host = Host::new(QUICK).await;
        run_until_stored(&host, 1).await.stop().await;
        let copy = tempfile::tempdir().unwrap();
        put_back(&STATE, host.root.path(), copy.path());

        let agent = run_until_stored(&host, 2).await;
        let ran = host.order();
        host.send(&ran).await;
        assert_eq!(host.end(ran.order_id, 1).await, HostOutcome::Answered);
        agent.stop().await;
        Self { host, copy, ran }
    }
}

async fn run_until_stored(host: &Host, starts: usize) -> Running {
    let agent = host.start().await;
    host.server
        .until("the start is stored", |stored| {
            stored.events.len() >= starts
        })
        .await;
    agent
}

/// The agent finds out itself, and says Hello a second time.
async fn start_under_a_new_numbering(host: &Host) -> Running {
    let before = host.server.stored.borrow().hellos.len();
    let agent = host.start().await;
    host.server
        .until("a second hello", |stored| stored.hellos.len() == before + 2)
        .await;
    host.caught_up().await;
    agent
}

async fn is_refused(host: &Host, order: &Order) {
    let answers = host.ends(order.order_id);
    host.send(order).await;
    let outcome = host.end(order.order_id, answers + 1).await;
    assert_eq!(refusal(&outcome), Some(Refusal::Replayed), "{outcome:?}");
}

fn put_back(folders: &[&str], from: &Path, to: &Path) {
    for folder in folders {
        let _ = std::fs::remove_dir_all(to.join(folder));
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(from.join(folder)).arg(to);
        assert!(copy.status().unwrap().success(), "{folder}");
    }
}
