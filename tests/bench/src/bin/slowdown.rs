//! How much slower short processes are while the agent's process source watches.
//!
//! Rounds with and without the source take turns, so that a machine that gets busier slows both.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use agent::process::{ExecSeen, Options, Sink, Way, start};
use analysis::{
    event::{Event, Fact},
    process::ExitStatus,
};
use anyhow::{Result, ensure};
use bench::{
    cost::cpu_of_caller_and_children,
    figures::{beside, figure, load, median},
    tiny,
};

const PROCESSES: usize = 20_000;
const IN_A_ROUND: usize = 250;

/// Exit codes by pid, in order: pids are used again.
type Ends = BTreeMap<u32, Vec<i32>>;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tiny = folder.path().join("tiny");
    tiny::write(&tiny)?;
    load("before");
    let mut right = compare("/bin/true", Path::new("/bin/true"), 1)?;
    // The shortest life there is, so the worst case for whoever watches.
    if cfg!(target_arch = "x86_64") {
        right &= compare("a program of three instructions", &tiny, 200)?;
    }
    load("after");
    ensure!(right, "events were lost or wrong");
    Ok(())
}

/// Runs all rounds of one program with 0 to `arguments - 1` arguments, and prints its figures.
fn compare(name: &str, program: &Path, arguments: usize) -> Result<bool> {
    println!("{PROCESSES} processes of {name}, watched and not");
    let mut pairs = Vec::new();
    let mut tally = Tally::default();
    let mut source = String::new();
    for number in 0..PROCESSES / IN_A_ROUND {
        let watched = || watched_round(program, arguments);
        let (with, without) = if number % 2 == 0 {
            let with = watched()?;
            (with, round(program, arguments)?)
        } else {
            let without = round(program, arguments)?;
            (watched()?, without)
        };
        tally.add(&with);
        source = with.source;
        pairs.push((with.round, without));
    }
    let ratio = |cost: fn(&Round) -> Duration| {
        let ratios: Vec<f64> = pairs
            .iter()
            .map(|(with, without)| cost(with).as_secs_f64() / cost(without).as_secs_f64())
            .collect();
        format!("{:.3}", median(&ratios))
    };
    let each = |cost: fn(&Round) -> Duration, side: fn(&(Round, Round)) -> &Round| {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let each = |pair| cost(side(pair)).as_secs_f64() * 1e6 / IN_A_ROUND as f64;
        format!(
            "{:.1} us",
            median(&pairs.iter().map(each).collect::<Vec<_>>())
        )
    };
    beside("  source", &source);
    for (what, cost) in [
        ("CPU", Round::cpu as fn(&Round) -> Duration),
        ("wall", Round::wall),
    ] {
        beside(
            &format!("  {what} of one process, watched"),
            &each(cost, |pair| &pair.0),
        );
        beside(
            &format!("  {what} of one process, not watched"),
            &each(cost, |pair| &pair.1),
        );
        figure(
            &format!("  {what}, ratio (median of pairs)"),
            &ratio(cost),
            "<= 1.02",
        );
    }
    figure("  exits lost", &tally.lost.to_string(), "0");
    figure("  exits wrong", &tally.wrong.to_string(), "0");
    Ok(tally.lost + tally.wrong == 0)
}

/// What it cost to run the processes of a round, and how they ended.
struct Round {
    cpu: Duration,
    wall: Duration,
    ends: Ends,
}

impl Round {
    fn cpu(&self) -> Duration {
        self.cpu
    }

    fn wall(&self) -> Duration {
        self.wall
    }
}

fn round(program: &Path, arguments: usize) -> Result<Round> {
    let (cpu, wall) = (cpu_of_caller_and_children(), Instant::now());
    let mut ends = Ends::new();
    for number in 0..IN_A_ROUND {
        let arguments = std::iter::repeat_n("x", number % arguments);
        let mut child = Command::new(program).args(arguments).spawn()?;
        let code = child.wait()?.code().unwrap_or(-1);
        ends.entry(child.id()).or_default().push(code);
    }
    Ok(Round {
        cpu: cpu_of_caller_and_children() - cpu,
        wall: wall.elapsed(),
        ends,
    })
}

struct Watched {
    round: Round,
    seen: Ends,
    source: String,
}

fn watched_round(program: &Path, arguments: usize) -> Result<Watched> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let mut options = Options::new(boot.trim().parse()?);
    options.only = Some(Way::Bpf);
    let seen = Seen::default();
    let (running, started) = start(&options, seen.clone())?;
    let round = round(program, arguments)?;
    // Hands over what it has before it returns.
    running.stop()?;
    let seen = std::mem::take(&mut *seen.ends());
    Ok(Watched {
        round,
        seen,
        source: started.runs,
    })
}

/// The exits of our own children.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Ends>>);

impl Seen {
    fn ends(&self) -> std::sync::MutexGuard<'_, Ends> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Sink for Seen {
    fn events(&mut self, batch: Vec<Event>) {
        let mut ends = self.ends();
        for event in batch {
            let Fact::ProcessExited(exit) = event.fact else {
                continue;
            };
            if exit.parent_pid == std::process::id() {
                let code = match exit.status {
                    Some(ExitStatus::Exited { code }) => i32::from(code),
                    _ => -1,
                };
                ends.entry(exit.process.pid).or_default().push(code);
            }
        }
    }

    fn exec_seen(&mut self, _: ExecSeen) {}
}

/// How what was seen differs from what `wait` said.
#[derive(Default)]
struct Tally {
    lost: usize,
    wrong: usize,
}

impl Tally {
    fn add(&mut self, watched: &Watched) {
        for (pid, waited) in &watched.round.ends {
            let seen = watched.seen.get(pid).map_or(&[][..], Vec::as_slice);
            self.lost += waited.len().saturating_sub(seen.len());
            let differ = waited
                .iter()
                .zip(seen)
                .filter(|(waited, seen)| waited != seen);
            self.wrong += differ.count();
        }
    }
}
