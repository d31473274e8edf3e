//! `aiops analyze restarts`: from this machine's journal, or from the server's ledger.

mod local;
mod several;

use analysis::{
    identity::UnitName,
    period::Period,
    question::Question,
    report::Report,
    restarts::{RestartReport, RestartsAsked},
    text,
};

use crate::{
    args::{RecordWanted, RestartsWanted},
    ask,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{Server, path_segment},
    target::Target,
};

pub async fn analyze(context: &Context, wanted: &RestartsWanted) -> Result<Exit, Failure> {
    let unit = unit(wanted)?;
    check(context, wanted)?;
    ask::again(context, async || once(context, unit.as_ref(), wanted).await).await
}

async fn once(
    context: &Context,
    unit: Option<&UnitName>,
    wanted: &RestartsWanted,
) -> Result<Exit, Failure> {
    match (&context.target, wanted.record) {
        (Target::Here, _) => {
            let report = local::report(unit, wanted).await?;
            show(context, None, report)
        }
        (_, Some(RecordWanted::Journal)) => ask_hosts(context, wanted).await,
        (Target::One(host), record) => {
            let server = context.server()?;
            let report = remote(&server, host, unit, wanted.period).await?;
            // The ledger has the real names of units, and only what it was told.
            if report.is_of_unknown_unit() && record.is_none() {
                return ask_hosts(context, wanted).await;
            }
            hint_at_journal(context, &report, wanted);
            show(context, Some(host), report)
        }
        (Target::Many { hosts, labels }, _) => {
            several::analyze(context, hosts, labels, unit, wanted.period).await
        }
    }
}

/// Refuses what would be passed over.
fn check(context: &Context, wanted: &RestartsWanted) -> Result<(), Failure> {
    let is_here = context.target == Target::Here;
    if wanted.journal.is_some() && !is_here {
        return Err(Failure::new(Exit::Usage, say("cli-journal-here-only")));
    }
    if wanted.record == Some(RecordWanted::Ledger) && is_here {
        let failure = Failure::new(Exit::Usage, say("cli-ledger-of-hosts-only"));
        return Err(failure.hint(say("cli-journal-elsewhere")));
    }
    Ok(())
}

/// The hosts answer from their own journals.
async fn ask_hosts(context: &Context, wanted: &RestartsWanted) -> Result<Exit, Failure> {
    let asked = RestartsAsked {
        unit: wanted.unit().map(str::to_owned),
        period_s: u32::try_from(wanted.period.as_duration().as_secs()).unwrap_or(u32::MAX),
    };
    ask::once(context, Question::AnalyzeRestarts(asked)).await
}

/// A server that is younger than the journals of its hosts does not know what they know.
fn hint_at_journal(context: &Context, report: &RestartReport, wanted: &RestartsWanted) {
    if report.record_begins_at.is_some() && wanted.record.is_none() {
        context.printer.hint(&say("cli-journal-may-go-back"));
    }
}

fn show(context: &Context, host: Option<&str>, report: RestartReport) -> Result<Exit, Failure> {
    if let Some(unit) = report.unit.as_ref().filter(|_| report.is_of_unknown_unit()) {
        let failure = unknown(host, unit);
        return Err(match report.similar.as_slice() {
            [] => failure,
            units => failure.hint(text::similar::similar(units, context.printer.catalogue())),
        });
    }
    let report = Report::from(report);
    ask::print(context, &report)?;
    Ok(ask::exit(report.health()))
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

fn unit(wanted: &RestartsWanted) -> Result<Option<UnitName>, Failure> {
    let read = |name: &str| {
        UnitName::from_user(name)
            .map_err(|_| Failure::new(Exit::Usage, say("cli-no-unit").with("name", name)))
    };
    wanted.unit().map(read).transpose()
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
    let mut report: RestartReport = server.get(&path, &query).await?;
    // A server of an older version does not repeat what was asked.
    report.unit = unit.cloned();
    Ok(report)
}
