//! The restarts of several hosts: each host's report as it comes, in the order of the names.

use std::collections::{BTreeMap, BTreeSet};

use analysis::{
    fleet::HostList,
    identity::UnitName,
    period::Period,
    restarts::RestartReport,
    text::{escape::one_line, report::AsText as _},
};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use crate::{
    ask::end,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{Server, label_query},
};

/// So many hosts are asked for at once; the others wait for their turn.
const AT_ONCE: usize = 8;
/// Most hosts with the labels.
const MOST_HOSTS: usize = analysis::inquiry::MOST_HOSTS;

/// One host's part.
#[derive(Serialize)]
struct HostReport {
    host_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<RestartReport>,
    /// Why there is no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Reports {
    hosts: Vec<HostReport>,
}

pub(super) async fn analyze(
    context: &Context,
    hosts: &[String],
    labels: &BTreeMap<String, String>,
    unit: Option<&UnitName>,
    period: Period,
) -> Result<Exit, Failure> {
    let server = context.server()?;
    let mut names: BTreeSet<String> = hosts.iter().cloned().collect();
    if !labels.is_empty() {
        names.extend(labelled(&server, labels).await?);
    }
    if names.is_empty() {
        return Err(Failure::new(Exit::NoSuchTarget, say("cli-nobody-asked")));
    }
    let ask = |name: String| {
        let server = &server;
        async move {
            let outcome = super::remote(server, &name, unit, period).await;
            (name, outcome)
        }
    };
    let mut answers = stream::iter(names.into_iter().map(ask)).buffered(AT_ONCE);
    let mut hosts = Vec::new();
    let (mut answered, mut failed) = (Vec::new(), Vec::new());
    while let Some((name, outcome)) = answers.next().await {
        let outcome = match (outcome, unit) {
            (Ok(report), Some(unit)) if report.is_of_unknown_unit() => {
                answered.push(Exit::NoSuchTarget);
                Err(super::unknown(Some(&name), unit))
            }
            (Ok(report), _) => {
                answered.push(if report.has_problem() {
                    Exit::ProblemFound
                } else {
                    Exit::Fine
                });
                Ok(report)
            }
            (Err(failure), _) => {
                failed.push(failure.exit);
                Err(failure)
            }
        };
        hosts.push(tell(context, name, outcome)?);
    }
    context
        .printer
        .whole(&Reports { hosts }, |_| String::new())?;
    Ok(end::of_several(&answered, &failed))
}

/// Prints one host's part, for those who read line by line.
fn tell(
    context: &Context,
    host_name: String,
    outcome: Result<RestartReport, Failure>,
) -> Result<HostReport, Failure> {
    let page = context.printer.page();
    let heading = page.style.strong(&one_line(&host_name));
    let (text, report, error) = match outcome {
        Ok(report) => (report.render(&page), Some(report), None),
        Err(failure) => {
            let error = failure.message.text(page.catalogue);
            (one_line(&error).into_owned() + "\n", None, Some(error))
        }
    };
    let part = HostReport {
        host_name,
        report,
        error,
    };
    context
        .printer
        .piece(&part, &format!("{heading}\n{text}\n"))?;
    Ok(part)
}

/// The hosts with all of the labels.
async fn labelled(
    server: &Server,
    labels: &BTreeMap<String, String>,
) -> Result<Vec<String>, Failure> {
    let mut query: Vec<_> = label_query(labels).into_iter().collect();
    query.push(("limit", MOST_HOSTS.to_string()));
    let list: HostList = server.get("/hosts", &query).await?;
    Ok(list.hosts.into_iter().map(|host| host.host_name).collect())
}
