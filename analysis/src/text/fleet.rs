//! Hosts, as text.

use chrono::{Duration, FixedOffset};

use super::{
    Catalogue, Style,
    catalogue::Value,
    escape::one_line,
    table::{Cell, Table},
    time::{ago, length, moment},
};
use crate::{
    Timestamp,
    fleet::{Capability, Host, HostState, OfflineReason},
};

/// How and for whom to render.
#[derive(Debug)]
pub struct Page<'a> {
    pub catalogue: &'a Catalogue,
    pub style: Style,
    /// Columns of the terminal. `None`: a pipe, which takes lines of any length.
    pub width: Option<usize>,
    pub zone: FixedOffset,
    pub now: Timestamp,
}

/// A clock further off than this is worth a word.
const CLOCK_TOLERANCE: Duration = Duration::seconds(2);

/// The list of hosts.
pub fn host_list(hosts: &[Host], page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(id);
    if hosts.is_empty() {
        return say("host-no-hosts") + "\n";
    }
    let mut table = Table::with_headings(
        [
            "name",
            "state",
            "since",
            "lag",
            "version",
            "processes",
            "note",
        ]
        .map(|column| say(&format!("host-heading-{column}"))),
    );
    for host in hosts {
        table.row([
            Cell::from(host.host_name.as_str()),
            state(&host.state, page.catalogue),
            Cell::from(ago(since(host), page.now, page.catalogue)),
            Cell::from(
                host.event_lag
                    .map_or_else(|| "-".into(), |lag| lag.to_string()),
            )
            .right(),
            Cell::from(
                host.facts
                    .as_ref()
                    .map_or("-", |facts| facts.agent_version.as_str()),
            ),
            Cell::from(runs(host, "process", page.catalogue)),
            Cell::from(notes(host, page).join(&say("mark-semicolon"))),
        ]);
    }
    let online = hosts
        .iter()
        .filter(|host| matches!(host.state, HostState::Online { .. }));
    let count = [
        ("online", online.count().into()),
        ("total", hosts.len().into()),
    ];
    table.render(page.width, page.style) + &page.catalogue.say_with("host-count", &count) + "\n"
}

/// One host, a line for each thing known.
pub fn host(host: &Host, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let at = |at: Timestamp| {
        format!(
            "{} ({})",
            moment(at, page.zone),
            ago(at, page.now, catalogue)
        )
    };
    let facts = host.facts.clone().unwrap_or_default();
    let systemd = match facts.systemd_version.as_str() {
        "" => catalogue.say("host-no-systemd"),
        version => version.to_owned(),
    };
    let lag = match host.event_lag {
        Some(events) => catalogue.say_with("host-lag-events", &[("events", events.into())]),
        None => "-".to_owned(),
    };
    let labels: Vec<_> = host
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let expires = at(host.certificate_expires_at);
    let rows: [(&str, String); 11] = [
        ("host-field-id", host.agent_id.to_string()),
        (
            "host-field-os",
            format!("{} ({})", facts.os, facts.architecture),
        ),
        ("host-field-kernel", facts.kernel),
        ("host-field-systemd", systemd),
        ("host-field-addresses", facts.addresses.join(", ")),
        ("host-field-labels", labels.join(", ")),
        ("host-field-enrolled", at(host.enrolled_at)),
        (
            "host-field-heard",
            host.last_heard_at
                .map_or_else(|| catalogue.say("host-never"), at),
        ),
        (
            "host-field-certificate",
            catalogue.say_with("host-certificate-expires", &[("when", expires.into())]),
        ),
        ("host-field-lag", lag),
        (
            "host-field-sources",
            facts
                .capabilities
                .iter()
                .map(|one| capability(one, catalogue))
                .collect::<Vec<_>>()
                .join("; "),
        ),
    ];
    let mut table = Table::with_headings([
        one_line(&host.host_name).into_owned(),
        catalogue.say(state_id(&host.state)),
    ]);
    for (id, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.row([Cell::from(catalogue.say(id)), Cell::from(value)]);
    }
    for note in notes(host, page) {
        table.row([
            Cell::from(catalogue.say("host-heading-note")),
            Cell::from(note),
        ]);
    }
    table.render(page.width, page.style)
}

fn since(host: &Host) -> Timestamp {
    match &host.state {
        HostState::Joined => host.enrolled_at,
        HostState::Online { since }
        | HostState::Offline { since, .. }
        | HostState::Revoked { since, .. }
        | HostState::CloneSuspected { since } => *since,
    }
}

fn state_id(state: &HostState) -> &'static str {
    match state {
        HostState::Joined => "host-state-joined",
        HostState::Online { .. } => "host-state-online",
        HostState::Offline { .. } => "host-state-offline",
        HostState::Revoked { .. } => "host-state-revoked",
        HostState::CloneSuspected { .. } => "host-state-clone-suspected",
    }
}

fn state(state: &HostState, catalogue: &Catalogue) -> Cell {
    let paint = match state {
        HostState::Online { .. } => Style::good,
        HostState::Joined | HostState::Revoked { .. } => Style::faint,
        HostState::Offline { .. } | HostState::CloneSuspected { .. } => Style::bad,
    };
    Cell::from(catalogue.say(state_id(state))).painted(paint)
}

/// Why it is not online, and what does not work as it should.
fn notes(host: &Host, page: &Page<'_>) -> Vec<String> {
    let catalogue = page.catalogue;
    let mut notes: Vec<String> = Vec::new();
    match &host.state {
        HostState::Online { .. } => {}
        HostState::Joined => notes.push(catalogue.say("host-reason-joined")),
        HostState::Offline { reason, .. } => notes.push(catalogue.say(match reason {
            OfflineReason::AgentStopped => "host-reason-agent-stopped",
            OfflineReason::HostShutDown => "host-reason-host-shut-down",
            OfflineReason::Lost => "host-reason-lost",
            OfflineReason::ServerStopped => "host-reason-server-stopped",
        })),
        HostState::Revoked { reason, .. } => notes
            .push(catalogue.say_with("host-reason-revoked", &[("reason", reason.as_str().into())])),
        HostState::CloneSuspected { .. } => notes.push(catalogue.say("host-reason-clone")),
    }
    let capabilities = host.facts.iter().flat_map(|facts| &facts.capabilities);
    notes.extend(capabilities.filter_map(|one| degraded(one, catalogue)));
    let off = Duration::milliseconds(host.clock_offset_ms.unwrap_or(0).saturating_abs());
    if off > CLOCK_TOLERANCE {
        let off: Value = length(off, catalogue).into();
        notes.push(catalogue.say_with("host-clock-off", &[("length", off)]));
    }
    notes
}

fn degraded(capability: &Capability, catalogue: &Catalogue) -> Option<String> {
    let reason = capability.degraded.as_deref()?;
    let parameters = [
        ("source", capability.source.as_str().into()),
        ("reason", reason.into()),
    ];
    Some(catalogue.say_with("host-degraded", &parameters))
}

fn runs(host: &Host, source: &str, catalogue: &Catalogue) -> String {
    let capabilities = host.facts.iter().flat_map(|facts| &facts.capabilities);
    match capabilities
        .into_iter()
        .find(|capability| capability.source == source)
    {
        None => "-".to_owned(),
        Some(capability) => capability
            .runs
            .clone()
            .unwrap_or_else(|| catalogue.say("host-not-running")),
    }
}

fn capability(capability: &Capability, catalogue: &Catalogue) -> String {
    let off = || catalogue.say("host-not-running");
    format!(
        "{}: {}",
        capability.source,
        capability.runs.clone().unwrap_or_else(off)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fleet::HostFacts, identity::AgentId, text::Language};

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::UNIX_EPOCH + Duration::seconds(1_800_000_000 + seconds)
    }

    fn example(name: &str, state: HostState) -> Host {
        Host {
            agent_id: AgentId(uuid::Uuid::from_u128(7)),
            host_name: name.into(),
            labels: [("role".into(), "db".into())].into(),
            state,
            enrolled_at: at(-86_400),
            last_heard_at: Some(at(-1)),
            certificate_expires_at: at(6 * 86_400),
            facts: Some(HostFacts {
                agent_version: "0.1.0".into(),
                os: "Debian GNU/Linux 12".into(),
                kernel: "6.1.0".into(),
                architecture: "x86_64".into(),
                systemd_version: "252".into(),
                addresses: vec!["10.77.0.2".into()],
                capabilities: vec![Capability {
                    source: "process".into(),
                    runs: Some("proc-scan".into()),
                    degraded: Some("no BTF: exits under 1 s are not seen".into()),
                }],
            }),
            event_lag: Some(3),
            clock_offset_ms: Some(-3_600_000),
        }
    }

    fn page(catalogue: &Catalogue, width: Option<usize>) -> Page<'_> {
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        Page {
            catalogue,
            style: Style::Plain,
            width,
            zone,
            now: at(0),
        }
    }

    fn fleet() -> [Host; 2] {
        let lost = HostState::Offline {
            since: at(-600),
            reason: OfflineReason::Lost,
        };
        let mut healthy = example("web-1", HostState::Online { since: at(-7200) });
        healthy.clock_offset_ms = Some(12);
        healthy.facts.as_mut().unwrap().capabilities[0] = Capability {
            source: "process".into(),
            runs: Some("bpf".into()),
            degraded: None,
        };
        [healthy, example("db-\u{1b}[3m", lost)]
    }

    #[test]
    fn the_list_says_who_is_off_and_why() {
        let english = Catalogue::of(Language::English);
        insta::assert_snapshot!(host_list(&fleet(), &page(&english, Some(100))));
        let chinese = Catalogue::of(Language::Chinese);
        insta::assert_snapshot!(host_list(&fleet(), &page(&chinese, None)));
    }

    #[test]
    fn one_host_is_told_in_full() {
        let english = Catalogue::of(Language::English);
        insta::assert_snapshot!(host(&fleet()[1], &page(&english, Some(100))));
    }
}
