//! The command `aiops`.

use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap_complete::CompleteEnv;
use cli::{
    args::{self, Args},
    exit::Failure,
};

fn main() -> ExitCode {
    // A shell that asks for words is answered here, and nothing else is done.
    CompleteEnv::with_factory(args::command).complete();
    let read = args::command().get_matches();
    let args = Args::from_arg_matches(&read).unwrap_or_else(|error| error.exit());
    let lang = args.global.lang.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli::run(args)),
        Err(error) => Err(Failure::broken(cli::say("cli-runtime"), error)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(&cli::catalogue(lang.as_deref())),
    }
}
