//! The command `aiops`.

use std::process::ExitCode;

use clap::Parser;
use cli::{args::Args, exit::Failure};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli::run(args)),
        Err(error) => Err(Failure::broken("cannot start the runtime", error)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}
