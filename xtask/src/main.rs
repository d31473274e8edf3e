#![doc = include_str!("../README.md")]

mod account;
mod bench;
mod child;
mod lock;
mod packages;
mod page;
mod pg;
mod postgres;
mod refuge;
mod run;
mod sqlx;
mod stop;
mod tell;
mod test;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Build, start, test and measure aiops.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build and start everything on this machine, until Ctrl-C
    Up(up::Args),
    /// Run every check and every test there is
    Test(test::Args),
    /// Run a benchmark
    Bench(bench::Args),
    /// Start a Postgres for development (default), or stop it
    Pg {
        #[command(subcommand)]
        command: Option<pg::Command>,
    },
    /// Write what sqlx knows about our queries to .sqlx, so that builds need no database
    Sqlx(sqlx::Args),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Up(args) => up::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Pg { command } => pg::run(&command.unwrap_or(pg::Command::Start)),
        Task::Sqlx(args) => sqlx::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell::tell(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
