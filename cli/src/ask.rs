//! A question of the catalogue, answered by this machine itself.

mod local;

use analysis::{
    question::Question,
    report::{Health, Report},
    text,
};

use crate::{
    context::Context,
    exit::{Exit, Failure},
};

/// Has `question` answered, prints the report, and says what it means.
pub async fn ask(context: &Context, question: Question) -> Result<Exit, Failure> {
    if let Some(host) = &context.host {
        let message = format!("`{host}` cannot be asked to {}", question.analysis().name());
        return Err(Failure::new(Exit::Usage, message).hint("without --host this machine answers"));
    }
    let report = local::answer(context, &question).await?;
    print(context, &report)?;
    Ok(exit(report.health()))
}

fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    context
        .printer
        .report(report, |page| text::report::render(report, page))
}

fn exit(health: Health) -> Exit {
    match health {
        Health::Fine => Exit::Fine,
        Health::Problem => Exit::ProblemFound,
        Health::NoSuchTarget => Exit::NoSuchTarget,
    }
}
