//! What one process uses, as text: what was found, then the figures.

use chrono::Duration;

use super::{
    Catalogue,
    catalogue::Value,
    escape::one_line,
    fleet::Page,
    growth,
    process_limits::limits,
    report::AsText,
    size::bytes,
    table::{Cell, Table, cut, wrapped},
    throttling,
    time::{length, moment},
};
use crate::resources::{
    Ceiling, CeilingKind, Pressure, Resources, UseCause, UseEvidence, UseFinding,
};

/// Columns of a command on a terminal of unknown width.
const COMMAND: usize = 160;

impl AsText for Resources {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = heading(self, page);
        text.push_str(&findings(self, page));
        text.push('\n');
        let mut table = Table::default();
        for (id, value) in rows(self, page) {
            table.row([Cell::from(say(page, &id, &[])), Cell::from(value)]);
        }
        text.push_str(&table.render(page.width, page.style));
        text.push_str(&ceilings(self, page));
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let first = self.findings.first();
        let id = first.map_or("resources-nothing", |finding| cause_id(finding.cause));
        catalogue.say(id)
    }
}

fn say(page: &Page<'_>, id: &str, parameters: &[(&'static str, Value)]) -> String {
    page.catalogue.say_with(id, parameters)
}

fn heading(report: &Resources, page: &Page<'_>) -> String {
    let name = format!("{} (pid {})", report.comm, report.process.pid);
    let mut text = page.style.strong(&one_line(&name));
    let since = [
        ("since", moment(report.started_at, page.zone).into()),
        (
            "length",
            length(report.at - report.started_at, page.catalogue).into(),
        ),
    ];
    text.push_str(&format!("  {}\n", say(page, "resources-since", &since)));
    if !report.argv.is_empty() {
        let command = report.argv.join(" ");
        let room = page.width.unwrap_or(COMMAND);
        text.push_str(&page.style.faint(&cut(&one_line(&command), room)));
        text.push('\n');
    }
    let place = [
        report.user.clone(),
        report.unit.as_ref().map(ToString::to_string),
        report.container.clone(),
    ];
    let place: Vec<String> = place.into_iter().flatten().collect();
    if !place.is_empty() {
        text.push_str(&one_line(&place.join(&page.catalogue.say("mark-comma"))));
        text.push('\n');
    }
    text
}

fn findings(report: &Resources, page: &Page<'_>) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let certainty = format!("certainty-{}", finding.certainty.name());
        let certainty = page.catalogue.say(&certainty);
        let parameters = [
            ("cause", sentence(finding, page).into()),
            ("certainty", certainty.into()),
        ];
        let line = say(page, "crash-caused", &parameters);
        let is_problem = finding.cause <= UseCause::ConnectionsNotClosed;
        let (mark, paint): (_, fn(super::Style, &str) -> String) = match is_problem {
            true => ("✗", super::Style::bad),
            false => ("!", super::Style::doubtful),
        };
        for (number, line) in wrapped(&line, page.width.map(|width| width.saturating_sub(2)))
            .iter()
            .enumerate()
        {
            let mark = if number == 0 { mark } else { " " };
            text.push_str(&paint(page.style, &format!("{mark} {line}")));
            text.push('\n');
        }
    }
    match text.is_empty() {
        true => format!(
            "\n{}\n",
            page.style.good(&page.catalogue.say("resources-nothing"))
        ),
        false => format!("\n{text}"),
    }
}

fn cause_id(cause: UseCause) -> &'static str {
    match cause {
        UseCause::LimitReached => "resources-limit-reached",
        UseCause::LimitNear => "resources-limit-near",
        UseCause::MemoryGrows => "resources-memory-grows",
        UseCause::ConnectionsNotClosed => "resources-not-closed",
        UseCause::CpuThrottled => "resources-throttled",
        UseCause::LargerThanPeers => "resources-larger",
        UseCause::BusierThanPeers => "resources-busier",
    }
}

fn sentence(finding: &UseFinding, page: &Page<'_>) -> String {
    let cause = page.catalogue.say(cause_id(finding.cause));
    let Some(evidence) = finding.evidence.first() else {
        return cause;
    };
    let evidence = match evidence {
        UseEvidence::Ceiling(ceiling) => {
            let kind = page.catalogue.say(kind_id(ceiling.kind));
            kind + &page.catalogue.say("mark-comma") + &use_of(ceiling)
        }
        UseEvidence::Trend(trend) => growth::text(trend, page),
        UseEvidence::Throttling(told) => throttling::sentence(told, page.catalogue),
        UseEvidence::CloseWait { connections } => connections.to_string(),
        UseEvidence::Peers { own, median, count } => {
            let (own, median) = match finding.cause {
                UseCause::LargerThanPeers => (growth::size(*own), growth::size(*median)),
                _ => (percent(*own), percent(*median)),
            };
            let parameters = [
                ("own", own.into()),
                ("median", median.into()),
                ("count", (*count).into()),
            ];
            say(page, "resources-against", &parameters)
        }
    };
    cause + &page.catalogue.say("mark-colon") + &evidence
}

fn percent(value: f64) -> String {
    format!("{value:.1} %")
}

/// The figures: id of the name, and value.
fn rows(report: &Resources, page: &Page<'_>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |id: &str, value: String| rows.push((format!("resources-row-{id}"), value));
    let cpu = &report.cpu;
    let total = Duration::milliseconds(i64::try_from(cpu.total_ms).unwrap_or(i64::MAX / 2));
    let parameters = [
        ("life", percent(cpu.life_percent).into()),
        ("total", length(total, page.catalogue).into()),
    ];
    let over = say(page, "resources-cpu-life", &parameters);
    row(
        "cpu",
        match cpu.now_percent {
            Some(now) => percent(now) + &page.catalogue.say("mark-comma") + &over,
            None => over,
        },
    );
    row("memory", memory(report, page));
    if let Some(io) = &report.io {
        let parameters = [
            ("read", growth::size(io.read_bytes_per_s).into()),
            ("written", growth::size(io.written_bytes_per_s).into()),
            ("all_read", bytes(io.read_bytes).into()),
            ("all_written", bytes(io.written_bytes).into()),
        ];
        row("io", say(page, "resources-io", &parameters));
    }
    if let Some(files) = &report.files {
        let parameters = [
            ("open", files.open.into()),
            ("files", files.files.into()),
            ("sockets", files.sockets.into()),
            ("pipes", files.pipes.into()),
        ];
        row("files", say(page, "resources-files", &parameters));
    }
    if let Some(sockets) = report
        .sockets
        .filter(|_| report.files.is_some_and(|files| files.sockets > 0))
    {
        let parameters = [
            ("established", sockets.tcp_established.into()),
            ("listening", sockets.tcp_listening.into()),
            ("waiting", sockets.tcp_close_wait.into()),
            ("udp", sockets.udp.into()),
            ("unix", sockets.unix.into()),
        ];
        row("sockets", say(page, "resources-sockets", &parameters));
    }
    row("threads", report.threads.to_string());
    if let Some(pressure) = &report.pressure {
        row("pressure", waits(pressure, page));
    }
    if let (Some(rss), Some(cpu)) = (
        report.peers.median_rss_bytes,
        report.peers.median_cpu_percent,
    ) {
        let parameters = [
            ("count", report.peers.count.into()),
            ("rss", bytes(rss).into()),
            ("cpu", percent(cpu).into()),
        ];
        row("peers", say(page, "resources-peers", &parameters));
    }
    row("trend", trend(report, page));
    rows
}

fn memory(report: &Resources, page: &Page<'_>) -> String {
    let memory = &report.memory;
    let mut parts = vec![bytes(memory.rss_bytes)];
    let share = memory.host_percent.map(percent);
    if let Some(share) = share {
        let parameters = [("share", share.into())];
        parts.push(say(page, "resources-memory-share", &parameters));
    }
    for (id, value) in [
        ("resources-memory-peak", memory.peak_rss_bytes),
        (
            "resources-memory-swap",
            memory.swap_bytes.filter(|swap| *swap > 0),
        ),
        ("resources-memory-pss", memory.pss_bytes),
    ] {
        if let Some(value) = value {
            parts.push(say(page, id, &[("size", bytes(value).into())]));
        }
    }
    parts.join(&page.catalogue.say("mark-comma"))
}

/// How long was waited in the last minute.
pub(super) fn waits(pressure: &Pressure, page: &Page<'_>) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), percent);
    let parameters = [
        ("cpu", share(pressure.cpu_percent).into()),
        ("memory", share(pressure.memory_percent).into()),
        ("io", share(pressure.io_percent).into()),
    ];
    let id = match pressure.of_cgroup {
        true => "resources-pressure-own",
        false => "resources-pressure-machine",
    };
    say(page, id, &parameters)
}

fn trend(report: &Resources, page: &Page<'_>) -> String {
    let Some(trend) = &report.memory_trend else {
        return page.catalogue.say("resources-trend-unknown");
    };
    growth::course(trend, page)
}

fn ceilings(report: &Resources, page: &Page<'_>) -> String {
    if report.ceilings.is_empty() {
        return String::new();
    }
    let heading = |column: &str| Cell::from(say(page, &format!("resources-heading-{column}"), &[]));
    let mut table = Table::default();
    let headings = [
        heading("limit"),
        heading("used").right(),
        heading("ceiling").right(),
        heading("percent").right(),
    ];
    table.headings(headings.into_iter());
    for ceiling in &report.ceilings {
        let used = ceiling.used.map(|used| amount(ceiling.kind, used));
        let share = ceiling.percent.map(percent);
        let share = Cell::from(share.unwrap_or_else(|| "-".to_owned())).right();
        table.row([
            Cell::from(page.catalogue.say(kind_id(ceiling.kind))),
            Cell::from(used.unwrap_or_else(|| "-".to_owned())).right(),
            Cell::from(amount(ceiling.kind, ceiling.limit)).right(),
            share,
        ]);
    }
    format!("\n{}", table.render(page.width, page.style))
}

fn use_of(ceiling: &Ceiling) -> String {
    let used = ceiling.used.map(|used| amount(ceiling.kind, used));
    let limit = amount(ceiling.kind, ceiling.limit);
    match (used, ceiling.percent) {
        (Some(used), Some(share)) => format!("{used} / {limit} ({})", percent(share)),
        _ => limit,
    }
}

fn amount(kind: CeilingKind, value: u64) -> String {
    match kind {
        CeilingKind::AddressSpace
        | CeilingKind::LockedMemory
        | CeilingKind::CoreSize
        | CeilingKind::CgroupMemory => bytes(value),
        CeilingKind::CpuTime => format!("{value} s"),
        CeilingKind::CgroupCpu => format!("{value} %"),
        CeilingKind::OpenFiles | CeilingKind::Processes | CeilingKind::CgroupTasks => {
            value.to_string()
        }
    }
}

fn kind_id(kind: CeilingKind) -> &'static str {
    match kind {
        CeilingKind::OpenFiles => "resources-kind-open-files",
        CeilingKind::Processes => "resources-kind-processes",
        CeilingKind::AddressSpace => "resources-kind-address-space",
        CeilingKind::LockedMemory => "resources-kind-locked-memory",
        CeilingKind::CpuTime => "resources-kind-cpu-time",
        CeilingKind::CoreSize => "resources-kind-core-size",
        CeilingKind::CgroupMemory => "resources-kind-cgroup-memory",
        CeilingKind::CgroupTasks => "resources-kind-cgroup-tasks",
        CeilingKind::CgroupCpu => "resources-kind-cgroup-cpu",
    }
}

#[cfg(test)]
mod tests;
