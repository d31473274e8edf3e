//! A question of the catalogue, answered by this machine itself or by hosts through the server.

pub mod end;
mod local;
mod remote;
mod watch;

use std::{fs, path::Path};

use analysis::{
    profile::{Profile, flame},
    question::Question,
    report::{Health, Report},
};

use tokio::{signal::ctrl_c, time::sleep};

use crate::{
    context::Context,
    exit::{Exit, Failure},
    message::say,
    target::Target,
};

/// Has `question` answered, prints the report, and says what it means.
pub async fn ask(context: &Context, question: Question) -> Result<Exit, Failure> {
    again(context, async || once(context, question.clone()).await).await
}

/// Does it once, or with `--watch` again and again, till somebody presses Ctrl-C; the last answer
/// counts.
pub async fn again(
    context: &Context,
    once: impl AsyncFn() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(pause) = context.watch else {
        return once().await;
    };
    let mut exit = Exit::Fine;
    loop {
        let answer = tokio::select! {
            answer = once() => answer,
            Ok(()) = ctrl_c() => return Ok(exit),
        };
        exit = match answer {
            Ok(exit) => exit,
            // A server that restarts, a host that is off for a while: that is what is watched.
            Err(failure) if failure.exit == Exit::Unreachable => {
                failure.report(context.printer.catalogue());
                failure.exit
            }
            Err(failure) => return Err(failure),
        };
        tokio::select! {
            () = sleep(pause) => {}
            Ok(()) = ctrl_c() => return Ok(exit),
        }
        context.printer.begin_again()?;
    }
}

/// The same, one time.
pub async fn once(context: &Context, question: Question) -> Result<Exit, Failure> {
    if context.target != Target::Here {
        return remote::ask(context, question).await;
    }
    let report = local::answer(context, &question).await?;
    print(context, &report)?;
    Ok(exit(report.health()))
}

/// Prints a report; whether it came from afar makes no difference.
pub fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    context.printer.report(report, |page| report.render(page))?;
    match (&context.picture, report) {
        (Some(file), Report::ProfileProcess(profile)) if !profile.stacks.is_empty() => {
            draw(file, profile)
        }
        _ => Ok(()),
    }
}

fn draw(file: &Path, profile: &Profile) -> Result<(), Failure> {
    fs::write(file, flame::svg(profile)).map_err(|error| {
        let message = say("cli-cannot-write-file").with("file", file.display().to_string());
        Failure::new(Exit::Usage, message).because(error)
    })
}

pub fn exit(health: Health) -> Exit {
    match health {
        Health::Fine => Exit::Fine,
        Health::Problem => Exit::ProblemFound,
        Health::NoSuchTarget => Exit::NoSuchTarget,
    }
}
