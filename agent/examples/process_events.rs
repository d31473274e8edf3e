//! Prints the process events of this host as JSON lines, until its standard input ends.
//!
//! `cargo run -p agent --example process_events [bpf|proc-connector|proc-scan]`, as root.

use std::io::{self, Read, Write};

use agent::process::{ExecSeen, Options, Sink, Way, start};
use analysis::event::Event;
use anyhow::Context;

struct Print;

impl Sink for Print {
    fn events(&mut self, batch: Vec<Event>) {
        let mut out = io::stdout().lock();
        for event in batch {
            let line = serde_json::to_string(&event).unwrap_or_else(|error| error.to_string());
            // A reader that hung up ends the program through its standard input too.
            let _ = writeln!(out, "{line}");
        }
    }

    fn exec_seen(&mut self, seen: ExecSeen) {
        eprintln!("asked: {:?} below {:?}", seen.event.argv, seen.ancestors);
    }
}

fn main() -> anyhow::Result<()> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let mut options = Options::new(boot.trim().parse().context("the boot id")?);
    if let Some(way) = std::env::args().nth(1) {
        options.only = Some(way.parse::<Way>()?);
    }
    let (running, started) = start(&options, Print)?;
    eprintln!("{}", serde_json::to_string(&started)?);
    io::stdin().read_to_end(&mut Vec::new())?;
    running.stop()?;
    Ok(())
}
