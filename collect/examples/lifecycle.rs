//! Shows what this crate sees of a host, for checks by hand on a real systemd: facts, a unit's
//! limits and followers, then journal entries and unit changes as they come.
//!
//! `lifecycle UNIT SECONDS`
#![expect(clippy::unwrap_used, reason = "a tool for checks by hand")]

use std::{
    thread,
    time::{Duration, Instant},
};

use analysis::identity::UnitName;
use collect::{
    host::{ClockReading, Host},
    journal::{Follower, JournalOptions, Position, lifecycle_matches, send},
    process::Procfs,
    systemd::Manager,
};

fn follow_journal(until: Instant) {
    let options = JournalOptions {
        matches: lifecycle_matches(&[]),
        ..JournalOptions::default()
    };
    let (mut follower, seek) = Follower::start(&options, &Position::Tail).unwrap();
    println!("journal: {:?} {seek:?}", follower.runs());
    while Instant::now() < until {
        let batch = follower
            .next_batch(100, Duration::from_millis(500))
            .unwrap();
        for entry in batch.entries {
            let late = ClockReading::now().wall - entry.at;
            let (unit, id) = (entry.field("UNIT"), entry.field("MESSAGE_ID"));
            let late_ms = late.num_milliseconds();
            println!(
                "journal +{late_ms} ms {unit:?} {id:?} {:?}",
                entry.message()
            );
        }
    }
}

async fn follow_units(unit: UnitName, until: Instant) -> Result<(), collect::CollectError> {
    let manager = Manager::connect().await?;
    println!("state: {:?}", manager.unit_state(&unit).await?);
    println!("limits: {:?}", manager.unit_limits(&unit).await?);
    let asked = Instant::now();
    let dependencies = manager.stop_dependencies().await?;
    println!("dependencies in {:?}: {dependencies:#?}", asked.elapsed());
    let mut changes = manager.subscribe().await?;
    println!("subscribed");
    let left = |until: Instant| until.saturating_duration_since(Instant::now());
    while let Ok(change) = tokio::time::timeout(left(until), changes.next()).await {
        println!("dbus {change:?}");
        if change.is_none() {
            break;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let unit: UnitName = arguments.next().unwrap().parse().unwrap();
    let seconds = arguments.next().unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs(seconds);
    println!("{:#?}", Host::at("/").facts());
    println!("{:?}", Procfs::at("/proc").details(std::process::id()));
    println!(
        "sent: {:?}",
        send(&[("MESSAGE", "a note\nof ours"), ("AIOPS_REQUEST", "{}")])
    );
    let journal = thread::spawn(move || follow_journal(until));
    println!("units: {:?}", follow_units(unit, until).await);
    journal.join().unwrap();
}
