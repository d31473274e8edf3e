//! `aiops analyze restarts`: from this machine's journal, or from the server's ledger.

mod local;

use analysis::{
    identity::UnitName,
    restarts::{CurrentState, RestartReport},
    text,
};

use crate::{
    args::RestartsAsked,
    context::Context,
    exit::{Exit, Failure},
    server::path_segment,
};

pub async fn analyze(context: &Context, asked: &RestartsAsked) -> Result<Exit, Failure> {
    let unit = unit(asked)?;
    let report = match &context.host {
        Some(host) => remote(context, host, unit.as_ref(), asked).await?,
        None => local::report(context, unit.as_ref(), asked).await?,
    };
    if let Some(unit) = &unit
        && is_unheard_of(&report)
    {
        let place = context.host.as_deref().unwrap_or("this machine");
        let message = format!("{place} knows no unit `{unit}`");
        return Err(Failure::new(Exit::NoSuchTarget, message)
            .hint("`aiops analyze restarts --all` lists the units that stopped"));
    }
    context.printer.report(&report, |page| match unit {
        Some(_) => text::restarts::unit(&report, page),
        None => text::restarts::ranking(&report, page),
    })?;
    let failed = report.units.iter().any(|unit| unit.failures > 0);
    Ok(if failed {
        Exit::ProblemFound
    } else {
        Exit::Fine
    })
}

fn unit(asked: &RestartsAsked) -> Result<Option<UnitName>, Failure> {
    let name = asked.name.as_ref().or(asked.service.as_ref());
    let read = |name: &String| {
        UnitName::from_user(name).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
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
    context: &Context,
    host: &str,
    unit: Option<&UnitName>,
    asked: &RestartsAsked,
) -> Result<RestartReport, Failure> {
    let what = match unit {
        Some(unit) => ("unit", unit.to_string()),
        None => ("all", "true".to_owned()),
    };
    let query = [what, ("period", asked.period.to_string())];
    let path = format!("/hosts/{}/restarts", path_segment(host));
    context.server()?.get(&path, &query).await
}
