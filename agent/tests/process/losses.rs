//! A reader that cannot keep up loses events, and says so.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, Sender, channel},
};

use agent::process::{ExecSeen, Sink, Way};
use analysis::event::Event;

use crate::support::{
    Collected, best_way, exit_group, exits, fork, forks, gaps, options, started, wait,
};

const BURST: u32 = 2_000;

/// Stands still at its first batch until it is let go.
struct Stuck {
    collected: Collected,
    reached: Sender<()>,
    go_on: Receiver<()>,
}

impl Sink for Stuck {
    fn events(&mut self, batch: Vec<Event>) {
        let _ = self.reached.send(());
        // An error means that the test let go for good.
        let _ = self.go_on.recv();
        self.collected.events(batch);
    }

    fn exec_seen(&mut self, _: ExecSeen) {}
}

#[test]
fn a_loss_in_the_ring_is_counted_and_repaired() {
    let events = burst_past_a_stuck_reader(best_way());
    let lost: u64 = gaps(&events).iter().map(|gap| gap.lost.unwrap()).sum();
    let own = std::process::id();
    let seen = forks(&events).filter(|fork| fork.parent_pid == own).count()
        + exits(&events).filter(|exit| exit.parent_pid == own).count();
    assert!(lost > 0);
    assert!(
        seen as u64 + lost >= u64::from(BURST) * 2,
        "{seen} seen and {lost} lost of {BURST} processes"
    );
    every_start_has_its_end(&events);
}

#[test]
fn a_loss_of_the_connector_is_told_and_repaired() {
    let events = burst_past_a_stuck_reader(Some(Way::ProcConnector));
    assert!(gaps(&events).iter().any(|gap| gap.lost.is_none()));
    every_start_has_its_end(&events);
}

fn burst_past_a_stuck_reader(way: Option<Way>) -> Vec<Event> {
    let collected = Collected::default();
    let (reached, is_reached) = channel();
    let (let_go, go_on) = channel();
    let sink = Stuck {
        collected: collected.clone(),
        reached,
        go_on,
    };
    let mut options = options(way);
    options.buffer_bytes = 64 << 10;
    let (running, _) = started(&options, sink);
    // Its start is seen, its end is not: the source must find out.
    let (alive, until) = std::io::pipe().unwrap();
    let waiting = fork(move || {
        drop(until);
        let _ = std::io::read_to_string(alive);
        exit_group(0);
    });
    is_reached.recv().unwrap();
    for _ in 0..BURST {
        wait(fork(|| exit_group(0)));
    }
    // Ends when the test drops the last writing end, which the closure of `fork` took along.
    wait(waiting);
    drop(let_go);
    running.stop().unwrap();
    let events = collected.events.lock().unwrap();
    events.clone()
}

/// Nobody who was born is left alive in the story: all children were waited for.
fn every_start_has_its_end(events: &[Event]) {
    let own = std::process::id();
    let mut living = BTreeSet::new();
    for event in events {
        let one = std::slice::from_ref(event);
        living.extend(
            forks(one)
                .filter(|fork| fork.parent_pid == own)
                .map(|fork| fork.process.pid),
        );
        for exit in exits(one) {
            living.remove(&exit.process.pid);
        }
    }
    assert_eq!(living, BTreeSet::new());
}
