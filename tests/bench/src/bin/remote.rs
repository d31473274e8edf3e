//! `aiops --host h1 analyze ptree`, asked of another replica than the one that has the host's
//! stream, against `aiops analyze ptree` on the host itself.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench::figures::{beside, figure, load, median, percentile};
use system::{Aiops, Lab};

const ROUNDS: usize = 200;
/// Runs the command in the host and prints how long each run took, in nanoseconds: what it takes to
/// get into the host does not count.
const AT_HOME: &str = "for i in $(seq 20); do s=$(date +%s%N); \
                       aiops analyze ptree -o json >/dev/null || exit; e=$(date +%s%N); \
                       echo $((e - s)); done";
const AT_ONCE: usize = 20;

fn main() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    // The owner of this host does not mind being asked all the time.
    let policy = "per_minute = 10000\n";
    lab.member("h1")
        .host()
        .write("/etc/aiops/policy.toml", policy)?;
    let replica = lab.server.replica()?;
    let afar = Aiops::of(&replica)?;
    load("before");
    // The first of each fills caches and opens connections.
    ask(&afar)?;
    at_home(&lab)?;
    let (mut remote, mut local) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS / AT_ONCE {
        local.extend(at_home(&lab)?);
        for _ in 0..AT_ONCE {
            remote.push(ask(&afar)?.as_secs_f64() * 1e3);
        }
    }
    let millis = |value: f64| format!("{value:.1} ms");
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        beside(
            &format!("aiops --host h1 analyze ptree, {name}"),
            &millis(percentile(&remote, share)),
        );
        beside(
            &format!("aiops analyze ptree on h1, {name}"),
            &millis(percentile(&local, share)),
        );
    }
    beside(
        "more than at home, p50",
        &millis(median(&remote) - median(&local)),
    );
    figure(
        "more than at home, p99",
        &millis(percentile(&remote, 0.99) - percentile(&local, 0.99)),
        "<= 50 ms",
    );
    load("after");
    Ok(())
}

fn ask(afar: &Aiops) -> Result<Duration> {
    let started = Instant::now();
    let answer = afar.ask(&["--host", "h1", "analyze", "ptree", "-o", "json"])?;
    let took = started.elapsed();
    // 1 says that there was a zombie.
    ensure!(matches!(answer.exit, 0 | 1), "{answer:?}");
    Ok(took)
}

fn at_home(lab: &Lab) -> Result<Vec<f64>> {
    let printed = lab.member("h1").run(AT_HOME)?;
    let nanos = printed.lines().map(|line| line.parse::<f64>());
    nanos
        .map(|nanos| Ok(nanos.context("date prints a number")? / 1e6))
        .collect()
}
