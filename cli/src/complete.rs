//! Words that a shell completes: names of hosts, units and contexts as they are now.
//!
//! A shell waits for these at each press of the tab key: what does not come at once is left out,
//! and nothing is ever said about errors.

use std::{collections::BTreeSet, env, ffi::OsString, future::Future, time::Duration};

use analysis::fleet::HostList;
use clap_complete::CompletionCandidate;
use collect::systemd::Manager;
use serde::Deserialize;

use crate::{
    config::Place,
    server::{Server, path_segment},
};

/// Longer than this nobody waits for a tab.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// More candidates than these help nobody.
const MOST: usize = 1000;

/// The contexts of the configuration.
pub fn contexts() -> Vec<CompletionCandidate> {
    let typed = Typed::now();
    let Ok(contexts) = typed.place().contexts() else {
        return Vec::new();
    };
    let candidate = |(name, connection): (&str, &crate::config::Connection)| {
        CompletionCandidate::new(name).help(Some(connection.server.clone().into()))
    };
    contexts.iter().map(candidate).collect()
}

/// The hosts that the server knows.
pub fn hosts() -> Vec<CompletionCandidate> {
    let typed = Typed::now();
    in_time(async move {
        let server = Server::new(typed.place().connection().ok()?).ok()?;
        let query = [("limit", MOST.to_string())];
        let list: HostList = server.get("/hosts", &query).await.ok()?;
        Some(list.hosts.into_iter().map(|host| host.host_name).collect())
    })
}

/// The units of the host that stands on the line, or of this machine.
pub fn units() -> Vec<CompletionCandidate> {
    let typed = Typed::now();
    in_time(async move {
        match typed.after("--host") {
            // Of several hosts the first one stands for all.
            Some(hosts) => units_of(&typed.place(), hosts.split(',').next()?).await,
            None => units_here().await,
        }
    })
}

/// `GET /hosts/{host}/runs`, as far as it matters here.
#[derive(Deserialize)]
struct RunList {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    unit: String,
}

/// The units that ran of late, as the ledger has them: a host that is off has them too.
async fn units_of(place: &Place, host: &str) -> Option<Vec<String>> {
    let server = Server::new(place.connection().ok()?).ok()?;
    let path = format!("/hosts/{}/runs", path_segment(host));
    let query = [("limit", MOST.to_string())];
    let list: RunList = server.get(&path, &query).await.ok()?;
    let units: BTreeSet<String> = list.runs.into_iter().map(|run| run.unit).collect();
    Some(units.into_iter().collect())
}

async fn units_here() -> Option<Vec<String>> {
    let units = Manager::connect().await.ok()?.list_units().await.ok()?;
    let services = units.into_iter().map(|loaded| loaded.unit.to_string());
    Some(services.filter(|unit| unit.ends_with(".service")).collect())
}

fn in_time(names: impl Future<Output = Option<Vec<String>>>) -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return Vec::new();
    };
    let names = runtime.block_on(async { tokio::time::timeout(ANSWER_WITHIN, names).await });
    let names = names.ok().flatten().unwrap_or_default();
    // Bash takes candidates as they are: what a shell would read otherwise is not offered.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@:._+-".contains(c);
    let is_safe = |name: &String| !name.is_empty() && name.chars().all(is_plain);
    let safe = names.into_iter().filter(is_safe).take(MOST);
    safe.map(CompletionCandidate::new).collect()
}

/// The words of the line that is being completed, as far as they say whom to ask.
struct Typed(Vec<OsString>);

impl Typed {
    fn now() -> Self {
        Self(env::args_os().collect())
    }

    /// The value of an option: `--host h1` or `--host=h1`.
    fn after(&self, option: &str) -> Option<String> {
        let mut words = self.0.iter().map(|word| word.to_string_lossy());
        while let Some(word) = words.next() {
            if word == option {
                return words.next().map(|value| value.into_owned());
            }
            let value = word
                .strip_prefix(option)
                .and_then(|rest| rest.strip_prefix('='));
            if let Some(value) = value {
                return Some(value.to_owned());
            }
        }
        None
    }

    fn place(&self) -> Place {
        let given = |option: &str, variable: &str| {
            let value = self.after(option).or_else(|| env::var(variable).ok());
            value.filter(|value| !value.is_empty())
        };
        Place {
            file: given("--config", "AIOPS_CONFIG").map(Into::into),
            context: given("--context", "AIOPS_CONTEXT"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_a_line_that_is_not_finished() {
        let typed = |words: &[&str]| Typed(words.iter().map(Into::into).collect());
        let line = typed(&[
            "aiops", "--", "aiops", "--host", "h1", "analyze", "restarts", "",
        ]);
        assert_eq!(line.after("--host").as_deref(), Some("h1"));
        let line = typed(&["aiops", "--host=h2", "--hosts", "x"]);
        assert_eq!(line.after("--host").as_deref(), Some("h2"));
        assert_eq!(typed(&["aiops", "--host"]).after("--host"), None);
    }
}
