//! A question of the catalogue, answered by this machine itself or by hosts through the server.

pub mod end;
mod local;
mod remote;
mod watch;

use analysis::{
    question::Question,
    report::{Health, Report},
};

use crate::{
    context::Context,
    exit::{Exit, Failure},
    target::Target,
};

/// Has `question` answered, prints the report, and says what it means.
pub async fn ask(context: &Context, question: Question) -> Result<Exit, Failure> {
    if context.target != Target::Here {
        return remote::ask(context, question).await;
    }
    let report = local::answer(context, &question).await?;
    print(context, &report)?;
    Ok(exit(report.health()))
}

/// Prints a report; whether it came from afar makes no difference.
pub fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    context.printer.report(report, |page| report.render(page))
}

pub fn exit(health: Health) -> Exit {
    match health {
        Health::Fine => Exit::Fine,
        Health::Problem => Exit::ProblemFound,
        Health::NoSuchTarget => Exit::NoSuchTarget,
    }
}
