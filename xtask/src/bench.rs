//! `cargo xtask bench NAME`: measurements, each of which prints both sides of a ratio.

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// A program that measures something.
struct Bench {
    name: &'static str,
    about: &'static str,
    package: &'static str,
}

/// All there are; the program has the name of the benchmark.
const BENCHES: &[Bench] = &[];

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
    let mut cargo = workspace::cargo();
    cargo.args([
        "run",
        "--release",
        "--package",
        bench.package,
        "--bin",
        bench.name,
        "--",
    ]);
    let status = cargo
        .args(&args.arguments)
        .status()
        .context("cannot run cargo")?;
    ensure!(
        status.success(),
        "the benchmark `{name}` ended with {status}"
    );
    Ok(())
}
