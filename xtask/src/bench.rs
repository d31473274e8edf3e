//! `cargo xtask bench NAME`: measurements, each of which prints both sides of a ratio.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// A program of `tests/bench` that measures something.
struct Bench {
    name: &'static str,
    about: &'static str,
}

/// All there are; the program has the name of the benchmark.
const BENCHES: &[Bench] = &[
    Bench {
        name: "slowdown",
        about: "short processes, watched and not",
    },
    Bench {
        name: "agent-cost",
        about: "CPU and memory of the agent on a host with 300 processes",
    },
    Bench {
        name: "death-to-row",
        about: "from the death of a process to its row in Postgres",
    },
    Bench {
        name: "ingest",
        about: "events stored over mTLS, against a bare COPY",
    },
    Bench {
        name: "swarm",
        about: "10,000 agents on one server, and how they come back",
    },
    Bench {
        name: "restarts",
        about: "aiops analyze restarts, against journalctl",
    },
    Bench {
        name: "start-failure",
        about: "how often the cause of a failed start is found, and how fast",
    },
    Bench {
        name: "ptree",
        about: "aiops analyze ptree, against ps -ef --forest",
    },
    Bench {
        name: "scan",
        about: "aiops collect processes, against ps aux and psutil",
    },
    Bench {
        name: "service",
        about: "aiops analyze service, against systemctl status",
    },
    Bench {
        name: "remote",
        about: "a host asked through another replica, against the same command on the host",
    },
];

#[derive(clap::Args)]
pub struct Args {
    /// Which one; without a name they are listed
    name: Option<String>,
    /// What the benchmark itself is given
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let Some(name) = &args.name else {
        for bench in BENCHES {
            println!("{:20} {}", bench.name, bench.about);
        }
        return Ok(());
    };
    let bench = BENCHES.iter().find(|bench| bench.name == name);
    let bench = bench
        .with_context(|| format!("there is no benchmark `{name}`, see `cargo xtask bench`"))?;
    build()?;
    let programs = workspace::target().join("release");
    let status = Command::new(programs.join(bench.name))
        .args(&args.arguments)
        .env("AIOPS_BIN_DIR", &programs)
        .status()
        .with_context(|| format!("cannot run {}", bench.name))?;
    ensure!(
        status.success(),
        "the benchmark `{name}` ended with {status}"
    );
    Ok(())
}

/// Builds the benchmarks and the product that they measure, as it is shipped.
fn build() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--bins"]);
    for package in ["agent", "server", "cli", "bench"] {
        cargo.args(["--package", package]);
    }
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo build ended with {status}");
    Ok(())
}
