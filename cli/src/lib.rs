#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod args;
mod ask;
mod config;
mod context;
mod events;
pub mod exit;
mod hosts;
mod output;
mod restarts;
mod server;

pub use context::Context;

use args::{AnalyzeCommand, Args, Command, HostCommand};
use exit::{Exit, Failure};

/// Carries out one command and says how the process should end.
///
/// # Errors
///
/// [`Failure`], with the exit code that tells what kind it is.
pub async fn run(args: Args) -> Result<Exit, Failure> {
    let context = Context::new(&args.global)?;
    match args.command {
        Command::Host(HostCommand::List(list)) => hosts::list(&context, &list).await,
        Command::Host(HostCommand::Show { host }) => hosts::show(&context, &host).await,
        Command::Host(HostCommand::Add(add)) => hosts::add(&context, &add).await,
        Command::Host(HostCommand::Revoke { host, reason }) => {
            hosts::revoke(&context, &host, &reason).await
        }
        Command::Events(filter) => events::show(&context, &filter).await,
        Command::Analyze(AnalyzeCommand::Restarts(asked)) => {
            restarts::analyze(&context, &asked).await
        }
        Command::Analyze(AnalyzeCommand::Ptree(asked)) => ask::ask(&context, asked.into()).await,
    }
}
