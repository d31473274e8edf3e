//! `aiops analyze restarts`: from this machine's journal, or from the server's ledger.

mod local;
mod several;

use analysis::{
    identity::UnitName,
    period::Period,
    restarts::{CurrentState, RestartReport},
    text::{self, fleet::Page},
};

use crate::{
    args::RestartsAsked,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{Server, path_segment},
    target::Target,
};

pub async fn analyze(context: &Context, asked: &RestartsAsked) -> Result<Exit, Failure> {
    let unit = unit(asked)?;
    if asked.journal.is_some() && context.target != Target::Here {
        return Err(Failure::new(Exit::Usage, say("cli-journal-here-only")));
    }
    let (host, report) = match &context.target {
        Target::Here => (None, local::report(context, unit.as_ref(), asked).await?),
        Target::One(host) => {
            let server = context.server()?;
            let report = remote(&server, host, unit.as_ref(), asked.period).await?;
            (Some(host.as_str()), report)
        }
        Target::Many { hosts, labels } => {
            return several::analyze(context, hosts, labels, unit.as_ref(), asked.period).await;
        }
    };
    if let Some(unit) = &unit
        && is_unheard_of(&report)
    {
        return Err(unknown(host, unit));
    }
    context
        .printer
        .report(&report, |page| render(&report, unit.as_ref(), page))?;
    Ok(exit(&report))
}

fn render(report: &RestartReport, unit: Option<&UnitName>, page: &Page<'_>) -> String {
    match unit {
        Some(_) => text::restarts::unit(report, page),
        None => text::restarts::ranking(report, page),
    }
}

fn exit(report: &RestartReport) -> Exit {
    if report.units.iter().any(|unit| unit.failures > 0) {
        Exit::ProblemFound
    } else {
        Exit::Fine
    }
}

/// `host`: `None` is this machine.
fn unknown(host: Option<&str>, unit: &UnitName) -> Failure {
    let message = match host {
        Some(host) => say("cli-unknown-unit").with("host", host),
        None => say("cli-unknown-unit-here"),
    };
    let message = message.with("unit", unit.as_str());
    Failure::new(Exit::NoSuchTarget, message).hint(say("cli-unknown-unit-hint"))
}

fn unit(asked: &RestartsAsked) -> Result<Option<UnitName>, Failure> {
    let name = asked.name.as_ref().or(asked.service.as_ref());
    let read = |name: &String| {
        UnitName::from_user(name)
            .map_err(|_| Failure::new(Exit::Usage, say("cli-no-unit").with("name", name.as_str())))
    };
    name.map(read).transpose()
}

/// Whether neither the record nor the host itself has ever seen the unit that was asked for.
fn is_unheard_of(report: &RestartReport) -> bool {
    report
        .units
        .iter()
        .all(|unit| unit.stops.is_empty() && unit.state == CurrentState::Unknown)
}

async fn remote(
    server: &Server,
    host: &str,
    unit: Option<&UnitName>,
    period: Period,
) -> Result<RestartReport, Failure> {
    let what = match unit {
        Some(unit) => ("unit", unit.to_string()),
        None => ("all", "true".to_owned()),
    };
    let query = [what, ("period", period.to_string())];
    let path = format!("/hosts/{}/restarts", path_segment(host));
    server.get(&path, &query).await
}
