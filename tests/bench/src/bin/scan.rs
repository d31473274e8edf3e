//! What it costs to read all processes: the whole command `aiops collect processes`, which reads
//! them twice, a moment apart, against `ps aux` and a loop over psutil, which read them once. On a
//! machine with 300, 2,000 and 10,000 processes more than its own, or with as many as the arguments
//! say. CPU time, as the first waits between its two readings.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use bench::{
    cost::cpu_of_caller_and_children,
    crowd::{Crowd, asked, processes},
    figures::{beside, figure, load, median},
};
use system::program;

const PROCESSES: [usize; 3] = [300, 2000, 10_000];
const ROUNDS: usize = 9;
/// What `ps aux` shows of each process.
const PSUTIL: &str = "import psutil
names = ['pid', 'ppid', 'username', 'name', 'cmdline', 'status', 'create_time', 'cpu_times', \
         'memory_info', 'num_threads', 'terminal']
print(sum(1 for _ in psutil.process_iter(names)))";

fn main() -> Result<()> {
    let aiops = program::path("aiops")?;
    load("before");
    for number in asked(&PROCESSES)? {
        let _crowd = Crowd::start(number)?;
        let there = processes()?;
        println!("{there} processes, {number} of them for this");
        let mut ours = Command::new(&aiops);
        ours.args(["collect", "processes", "--duration", "1s", "-o", "json"]);
        let mut ps = Command::new("ps");
        ps.arg("aux");
        let mut psutil = Command::new("python3");
        psutil.args(["-c", PSUTIL]);
        compare(there, [&mut ours, &mut ps, &mut psutil])?;
    }
    load("after");
    Ok(())
}

/// Runs them in turns. What cannot be had on this machine is left out, and said.
fn compare(there: usize, commands: [&mut Command; 3]) -> Result<()> {
    const NAMES: [&str; 3] = ["aiops collect processes", "ps aux", "psutil"];
    let mut seconds: [Vec<f64>; 3] = Default::default();
    let [ours, ps, psutil] = commands;
    let has_psutil = cpu(psutil).is_ok();
    if !has_psutil {
        println!("  psutil: not installed");
    }
    // The first of each fills caches.
    cpu(ours)?;
    cpu(ps)?;
    for _ in 0..ROUNDS {
        seconds[0].push(cpu(ours)?);
        seconds[1].push(cpu(ps)?);
        if has_psutil {
            seconds[2].push(cpu(psutil)?);
        }
    }
    for (name, seconds) in NAMES
        .iter()
        .zip(&seconds)
        .filter(|(_, all)| !all.is_empty())
    {
        let middle = median(seconds);
        #[expect(clippy::cast_precision_loss, reason = "a mean that is rounded anyway")]
        let each = middle * 1e6 / there as f64;
        let text = format!("{:.1} ms, {each:.0} us each", middle * 1e3);
        beside(&format!("  {name}"), &text);
    }
    for (name, others) in NAMES
        .iter()
        .zip(&seconds)
        .skip(1)
        .filter(|(_, all)| !all.is_empty())
    {
        let pairs = seconds[0].iter().zip(others);
        let ratios: Vec<f64> = pairs.map(|(ours, other)| ours / other).collect();
        let what = format!("  ratio to {name} (median of pairs)");
        figure(&what, &format!("{:.2}", median(&ratios)), "<= 2.0");
    }
    Ok(())
}

/// CPU time of a command to its end, in seconds.
fn cpu(command: &mut Command) -> Result<f64> {
    let before = cpu_of_caller_and_children();
    let output = command
        .env("LANG", "C")
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let took = cpu_of_caller_and_children() - before;
    // 1 says that there is something to look at.
    let well = matches!(output.status.code(), Some(0 | 1));
    ensure!(
        well && !output.stdout.is_empty(),
        "{command:?}: {}",
        output.status
    );
    Ok(took.as_secs_f64())
}
