//! The memory of orders: over crashes, damage, and a disk that is full.

use std::{fs, path::Path};

use agent::{
    orders::store::{BeginError, MOST_WAITING, Store},
    state_dir::StateDir,
};
use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, Order},
};
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::support::orders::order;

fn now() -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn open(root: &Path) -> (Store, Vec<OrderId>) {
    Store::open(&StateDir::open(root).unwrap(), now())
}

fn outcome(store: &Store, order: &Order) -> Option<HostOutcome> {
    let end = store.get(order.order_id)?.end.as_ref()?;
    Some(end.outcome.clone())
}

#[test]
fn an_order_that_was_begun_when_the_agent_died_is_lost_and_never_begins_again() {
    let root = tempfile::tempdir().unwrap();
    let order = order(now());
    let (mut store, _) = open(root.path());
    store.begin(&order, now()).unwrap();
    // The agent dies: nothing is said or done.
    drop(store);

    for _ in 0..2 {
        let (mut store, _) = open(root.path());
        assert_eq!(outcome(&store, &order), Some(HostOutcome::Lost));
        assert_eq!(store.waiting().collect::<Vec<_>>(), [order.order_id]);
        assert!(matches!(store.begin(&order, now()), Err(BeginError::Known)));
    }
    let (mut store, lost) = open(root.path());
    assert!(lost.is_empty(), "it is told once: {lost:?}");
    store.stored(order.order_id);
    let (mut store, _) = open(root.path());
    assert_eq!(store.waiting().count(), 0);
    assert!(matches!(store.begin(&order, now()), Err(BeginError::Known)));
}

#[test]
fn an_end_survives_with_its_report_until_the_server_has_it() {
    let root = tempfile::tempdir().unwrap();
    let order = order(now());
    let (mut store, _) = open(root.path());
    store.begin(&order, now()).unwrap();
    let report = vec![7; 100_000];
    store.end(
        order.order_id,
        HostOutcome::Answered,
        Some(report.clone()),
        now(),
    );
    drop(store);

    let (mut store, lost) = open(root.path());
    assert!(lost.is_empty());
    assert_eq!(outcome(&store, &order), Some(HostOutcome::Answered));
    assert_eq!(store.report(order.order_id).unwrap(), report);
    store.stored(order.order_id);
    assert_eq!(files(root.path(), "report"), 0);
    assert_eq!(store.waiting().count(), 0);
}

#[test]
fn a_damaged_report_is_not_taken_for_a_report() {
    let root = tempfile::tempdir().unwrap();
    let order = order(now());
    let (mut store, _) = open(root.path());
    store.begin(&order, now()).unwrap();
    store.end(
        order.order_id,
        HostOutcome::Answered,
        Some(vec![7; 100]),
        now(),
    );
    let path = root
        .path()
        .join(format!("orders/{}.report", order.order_id));
    for damaged in [vec![7; 99], vec![8; 100]] {
        fs::write(&path, damaged).unwrap();
        assert!(store.report(order.order_id).is_err());
    }
}

#[test]
fn a_damaged_memory_of_an_order_is_set_aside_and_counts_as_begun() {
    let root = tempfile::tempdir().unwrap();
    for content in ["", "{", "\u{0}\u{0}\u{0}", "[]", r#"{"order_id":7}"#] {
        let order = order(now());
        let (mut store, _) = open(root.path());
        store.begin(&order, now()).unwrap();
        store.end(order.order_id, HostOutcome::Cancelled, None, now());
        store.stored(order.order_id);
        let path = root.path().join(format!("orders/{}.json", order.order_id));
        fs::write(&path, content).unwrap();

        let (mut store, lost) = open(root.path());
        assert_eq!(lost, [order.order_id], "{content:?}");
        assert!(matches!(store.begin(&order, now()), Err(BeginError::Known)));
        store.stored(order.order_id);
        // However late it is: when it could no longer begin is not known.
        store.upkeep(Some(now() + TimeDelta::days(1000)));
        assert!(matches!(store.begin(&order, now()), Err(BeginError::Known)));
    }
    assert!(files(root.path(), "damaged") >= 5);
}

#[test]
fn what_is_no_memory_of_an_order_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let orders = root.path().join("orders");
    fs::create_dir(&orders).unwrap();
    for name in ["x.json", "note", "y.draft", "z.report"] {
        fs::write(orders.join(name), "?").unwrap();
    }
    fs::write(orders.join("born_at"), "yesterday").unwrap();
    let (store, lost) = open(root.path());
    assert_eq!((store.born_at(), lost.len()), (None, 0));
}

#[test]
fn a_forgotten_order_is_refused_by_the_moment_that_it_was_issued() {
    let root = tempfile::tempdir().unwrap();
    let state = StateDir::open(root.path()).unwrap();
    Store::bear(&state, now() - TimeDelta::days(1)).unwrap();
    let (mut store, _) = open(root.path());
    let (old, waiting) = (order(now()), order(now()));
    for order in [&old, &waiting] {
        store.begin(order, now()).unwrap();
        store.end(order.order_id, HostOutcome::Cancelled, None, now());
    }
    store.stored(old.order_id);
    store.upkeep(Some(old.not_after + TimeDelta::hours(24)));
    assert!(store.get(old.order_id).is_some());
    store.upkeep(Some(old.not_after + TimeDelta::hours(25)));
    assert!(store.get(old.order_id).is_none());
    assert!(store.get(waiting.order_id).is_some(), "the server lacks it");
    assert_eq!(store.born_at(), Some(old.issued_at));
    let (store, _) = open(root.path());
    assert_eq!(store.born_at(), Some(old.issued_at));
}

#[test]
fn the_memory_never_begins_earlier_than_it_did() {
    let root = tempfile::tempdir().unwrap();
    let state = StateDir::open(root.path()).unwrap();
    Store::bear(&state, now()).unwrap();
    Store::bear(&state, now() + TimeDelta::days(1)).unwrap();
    let (mut store, _) = open(root.path());
    assert_eq!(store.born_at(), Some(now()));
    store.numbered(2, now() + TimeDelta::hours(1));
    store.numbered(3, now());
    let (store, _) = open(root.path());
    assert_eq!(store.born_at(), Some(now() + TimeDelta::hours(1)));
}

#[test]
fn a_memory_that_belongs_to_another_numbering_begins_anew() {
    let hours = |count| now() + TimeDelta::hours(count);
    // (what is written of the memory's beginning, the server's numbering, when it begins then)
    let cases = [
        ("", 1, hours(9)),
        ("", 4, hours(9)),
        ("yesterday", 1, hours(9)),
        (r#"{"born_at":"2027-01-15T08:00:00Z"}"#, 1, now()),
        (r#"{"born_at":"2027-01-15T08:00:00Z"}"#, 2, hours(9)),
        (r#"{"born_at":"2027-01-15T08:00:00Z","epoch":3}"#, 3, now()),
        (
            r#"{"born_at":"2027-01-15T08:00:00Z","epoch":3}"#,
            4,
            hours(9),
        ),
        // The disk went back twice as far as the server's.
        (
            r#"{"born_at":"2027-01-15T08:00:00Z","epoch":3}"#,
            2,
            hours(9),
        ),
    ];
    for (written, epoch, begins) in cases {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("orders")).unwrap();
        fs::write(root.path().join("orders/born_at"), written).unwrap();
        let (mut store, _) = open(root.path());
        store.numbered(epoch, hours(9));
        assert_eq!(store.born_at(), Some(begins), "{written} {epoch}");
        // The next stream of the same numbering changes nothing, also after a restart.
        let (mut store, _) = open(root.path());
        store.numbered(epoch, hours(10));
        assert_eq!(store.born_at(), Some(begins), "{written} {epoch}");
    }
}

#[test]
fn a_new_beginning_that_the_disk_did_not_take_comes_again() {
    let root = tempfile::tempdir().unwrap();
    let (mut store, _) = open(root.path());
    store.numbered(1, now());
    let (orders, away) = (root.path().join("orders"), root.path().join("away"));
    fs::rename(&orders, &away).unwrap();
    fs::write(&orders, "").unwrap();
    store.numbered(2, now() + TimeDelta::hours(1));
    assert_eq!(store.born_at(), Some(now() + TimeDelta::hours(1)));
    // The agent dies, and the disk works again.
    drop(store);
    fs::remove_file(&orders).unwrap();
    fs::rename(&away, &orders).unwrap();
    let (mut store, _) = open(root.path());
    store.numbered(2, now() + TimeDelta::hours(2));
    assert_eq!(store.born_at(), Some(now() + TimeDelta::hours(2)));
}

#[test]
fn ends_that_nobody_stores_do_not_fill_the_disk() {
    let root = tempfile::tempdir().unwrap();
    let (mut store, _) = open(root.path());
    let report = vec![0; 2 << 20];
    let mut begun = 0;
    let full = loop {
        let mut order = order(now());
        order.order_id = OrderId(Uuid::from_u128(begun as u128 + 1));
        match store.begin(&order, now()) {
            Ok(()) => begun += 1,
            Err(error) => break error,
        }
        assert!(begun <= MOST_WAITING);
        store.end(
            order.order_id,
            HostOutcome::Answered,
            Some(report.clone()),
            now(),
        );
    };
    assert!(matches!(full, BeginError::Full(_)), "{full}");
    assert_eq!(begun, 32);
    // As soon as the server stores one, there is room.
    store.stored(OrderId(Uuid::from_u128(1)));
    store.begin(&order(now()), now()).unwrap();
}

#[test]
fn what_the_disk_does_not_take_does_not_begin() {
    let root = tempfile::tempdir().unwrap();
    let (mut store, _) = open(root.path());
    let begun = order(now());
    store.begin(&begun, now()).unwrap();
    // Also root can write nothing below a file.
    fs::rename(root.path().join("orders"), root.path().join("away")).unwrap();
    fs::write(root.path().join("orders"), "").unwrap();
    let order = order(now());
    assert!(matches!(
        store.begin(&order, now()),
        Err(BeginError::Disk(_))
    ));
    assert!(store.get(order.order_id).is_none());

    // An end is kept in memory until the disk takes it.
    store.end(
        begun.order_id,
        HostOutcome::Answered,
        Some(vec![1, 2]),
        now(),
    );
    assert_eq!(store.report(begun.order_id).unwrap(), [1, 2]);
    fs::remove_file(root.path().join("orders")).unwrap();
    fs::rename(root.path().join("away"), root.path().join("orders")).unwrap();
    store.upkeep(None);
    let (store, lost) = open(root.path());
    assert!(lost.is_empty());
    assert_eq!(store.report(begun.order_id).unwrap(), [1, 2]);
}

fn files(root: &Path, extension: &str) -> usize {
    let listed = fs::read_dir(root.join("orders")).unwrap();
    let paths = listed.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension() == Some(extension.as_ref()))
        .count()
}
