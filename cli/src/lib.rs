#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
pub mod args;
mod ask;
mod audit;
mod complete;
mod config;
mod context;
mod contexts;
mod events;
pub mod exit;
mod explain;
mod follow;
mod help;
mod hosts;
mod inquiries;
mod login;
mod message;
mod monitor;
mod output;
mod people;
mod restarts;
mod schema;
mod server;
mod target;

pub use context::Context;
pub use message::say;
pub use output::catalogue;

use analysis::{machine::MachineAsked, question::Question, zombies::ZombiesAsked};
use args::{
    AnalyzeCommand, Args, CollectCommand, Command, DiagnoseCommand, HostCommand, InspectCommand,
};
use exit::{Exit, Failure};

/// Carries out one command and says how the process should end.
///
/// # Errors
///
/// [`Failure`], with the exit code that tells what kind it is.
pub async fn run(args: Args) -> Result<Exit, Failure> {
    let mut context = Context::new(&args.global)?;
    if let Command::Profile(wanted) = &args.command {
        context.picture.clone_from(&wanted.svg);
    }
    let context = &context;
    target::check(context, &args.command)?;
    match args.command {
        Command::Host(HostCommand::List(list)) => hosts::list(context, &list).await,
        Command::Host(HostCommand::Show { host }) => hosts::show(context, &host).await,
        Command::Host(HostCommand::Add(add)) => hosts::add(context, &add).await,
        Command::Host(HostCommand::Revoke { host, reason }) => {
            hosts::revoke(context, &host, &reason).await
        }
        Command::Events(filter) => events::show(context, &filter).await,
        Command::Analyze(AnalyzeCommand::Restarts(asked)) => {
            restarts::analyze(context, &asked).await
        }
        Command::Analyze(AnalyzeCommand::Service(asked)) => ask::ask(context, asked.into()).await,
        Command::Analyze(AnalyzeCommand::Crash(wanted)) => ask::ask(context, wanted.into()).await,
        Command::Analyze(AnalyzeCommand::Behavior(wanted)) => {
            ask::ask(context, wanted.into()).await
        }
        Command::Analyze(AnalyzeCommand::Process(wanted)) => ask::ask(context, wanted.into()).await,
        Command::Analyze(AnalyzeCommand::Ptree(asked)) => ask::ask(context, asked.into()).await,
        Command::Analyze(AnalyzeCommand::System) => {
            ask::ask(context, Question::AnalyzeSystem(MachineAsked {})).await
        }
        Command::Monitor(command) => monitor::run(context, &command).await,
        Command::Analyze(AnalyzeCommand::Zombies) => {
            ask::ask(context, Question::AnalyzeZombies(ZombiesAsked {})).await
        }
        Command::Collect(CollectCommand::Processes(wanted)) => {
            ask::ask(context, wanted.into()).await
        }
        Command::Diagnose(DiagnoseCommand::StartFailure(wanted)) => {
            ask::ask(context, wanted.into()).await
        }
        Command::Profile(wanted) => ask::ask(context, wanted.into()).await,
        Command::Inspect(InspectCommand::Process(wanted)) => ask::ask(context, wanted.into()).await,
        Command::Inquiry(command) => inquiries::run(context, &command).await,
        Command::Login(login) => login::log_in(context, &login).await,
        Command::Logout { name } => login::log_out(context, name.as_deref()).await,
        Command::Context(command) => contexts::run(context, &command),
        Command::Account(command) => people::accounts(context, &command).await,
        Command::Token(command) => people::tokens(context, &command).await,
        Command::Audit(command) => audit::run(context, &command).await,
        Command::Api(call) => api::call(context, &call).await,
        Command::Schema { report } => schema::show(context, report.as_deref()),
        Command::Completions { shell } => help::completions(context, shell),
        Command::Man { folder } => help::man(context, &folder),
        Command::Explain { code } => explain::explain(context, &code),
        Command::Help { words } => help::help(context, &words),
    }
}
