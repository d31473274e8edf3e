//! What the unit is now: its process, what it uses, its policy, and what only its kind has.

use super::{in_room, moment_and_age, of_ms};
use crate::{
    resources::Pressure,
    service::{
        MainProcess, ServiceCause, ServiceReport,
        kind::UnitKind,
        policy::{Outlook, ServicePolicy},
        resources::UnitResources,
    },
    text::{
        fleet::Page,
        growth,
        resources::waits,
        size::bytes,
        table::{Cell, Table},
        throttling::sentence,
        unit_state::unit_state,
    },
    trend::{Course, Trend},
};

/// Waiting of a larger share of the last minute is told unasked, in percent.
const FELT: f64 = 1.0;

pub(super) fn render(report: &ServiceReport, page: &Page<'_>) -> String {
    let mut table = Table::default();
    let mut row = |id: &str, value: String| {
        table.row([Cell::from(page.catalogue.say(id)), Cell::from(value)]);
    };
    kind(report, &mut row, page);
    if let Some(process) = &report.main_process {
        row("service-main-process", main_process(process, page));
    }
    if let Some(text) = &report.status_text {
        row("service-status-text", text.clone());
    }
    if let Some(used) = &report.resources {
        resources(used, report, &mut row, page);
    }
    if let Some(trend) = &report.memory_trend
        && (report.detail || says_more(trend, report))
    {
        row("service-memory-trend", growth::course(trend, page));
    }
    if let Some(pressure) = report.resources.as_ref().and_then(|used| used.pressure)
        && (report.detail || is_felt(&pressure))
    {
        row("service-pressure", waits(&pressure, page));
    }
    let throttling = report.resources.as_ref();
    let throttling = throttling.and_then(|used| used.throttling.as_ref());
    if let Some(told) = throttling.filter(|told| report.detail || told.throttled_periods > 0) {
        row("service-throttling", sentence(told, page.catalogue));
    }
    if let Some(policy) = &report.policy {
        row("service-policy", restart(policy, report, page));
        if report.detail {
            row("service-type", settings(policy, page));
        }
    }
    for (relation, id) in [
        ("TriggeredBy", "service-triggered-by"),
        ("Triggers", "service-triggers"),
    ] {
        let units = report.triggers.iter();
        let units = units.filter(|one| one.relation == relation);
        let units: Vec<String> = units
            .map(|one| {
                format!(
                    "{} {}",
                    one.unit,
                    unit_state(&one.active_state, &one.sub_state)
                )
            })
            .collect();
        if !units.is_empty() {
            row(id, units.join(&page.catalogue.say("mark-list")));
        }
    }
    in_room(&table, page)
}

/// That memory stays as it is is told to those who ask for everything; the verdict is not repeated.
fn says_more(trend: &Trend, report: &ServiceReport) -> bool {
    let is_told = report.verdict.cause == ServiceCause::MemoryGrows;
    !is_told && !matches!(trend.course, Course::Stable | Course::TooShort)
}

fn is_felt(pressure: &Pressure) -> bool {
    let parts = [
        pressure.cpu_percent,
        pressure.memory_percent,
        pressure.io_percent,
    ];
    parts.into_iter().flatten().any(|percent| percent >= FELT)
}

fn kind(report: &ServiceReport, row: &mut impl FnMut(&str, String), page: &Page<'_>) {
    match &report.kind {
        UnitKind::Service | UnitKind::Other => {}
        UnitKind::Script { path } => row("service-script", path.clone()),
        UnitKind::Timer {
            next_at,
            last_at,
            when,
            ..
        } => {
            for (id, at) in [
                ("service-timer-next", next_at),
                ("service-timer-last", last_at),
            ] {
                let never = || page.catalogue.say("service-never");
                row(
                    id,
                    at.map_or_else(never, |at| moment_and_age(at, report.at, page)),
                );
            }
            row("service-timer-when", when.join(", "));
        }
        UnitKind::Socket {
            addresses,
            accepted,
            connections,
            refused,
            ..
        } => {
            row("service-socket-listens", addresses.join(", "));
            let parameters = [
                ("connections", connections.to_string().into()),
                ("accepted", accepted.to_string().into()),
                ("refused", (*refused).into()),
            ];
            let counts = page
                .catalogue
                .say_with("service-socket-counts", &parameters);
            row("service-socket-connections", counts);
        }
        UnitKind::Mount {
            what,
            at,
            file_system,
            options,
        } => {
            row("service-mount-at", at.clone());
            row(
                "service-mount-what",
                format!("{what} ({file_system}, {options})"),
            );
        }
        UnitKind::Path { watches } => row("service-path-watches", watches.join(", ")),
    }
}

fn main_process(process: &MainProcess, page: &Page<'_>) -> String {
    let command = match process.argv.is_empty() {
        true => process.comm.clone(),
        false => process.argv.join(" "),
    };
    let mut parameters = vec![
        ("pid", process.process.pid.to_string().into()),
        ("command", command.into()),
    ];
    let id = match &process.user {
        None => "service-process",
        Some(user) => {
            parameters.push(("user", user.clone().into()));
            "service-process-of"
        }
    };
    page.catalogue.say_with(id, &parameters)
}

fn resources(
    used: &UnitResources,
    report: &ServiceReport,
    row: &mut impl FnMut(&str, String),
    page: &Page<'_>,
) {
    let missing = |setting: &str| {
        let parameters = [
            (
                "unit",
                crate::start_failure::commands::name(&report.unit)
                    .into_owned()
                    .into(),
            ),
            ("setting", setting.into()),
        ];
        page.catalogue
            .say_with("service-not-accounted", &parameters)
    };
    row(
        "service-memory",
        memory(used, page).unwrap_or_else(|| missing("MemoryAccounting")),
    );
    row(
        "service-cpu",
        cpu(used, page).unwrap_or_else(|| missing("CPUAccounting")),
    );
    let tasks = used.tasks.map(|tasks| {
        of_limit(
            tasks.to_string(),
            used.tasks_max.map(|max| max.to_string()),
            used.tasks_used_percent,
            page,
        )
    });
    row(
        "service-tasks",
        tasks.unwrap_or_else(|| missing("TasksAccounting")),
    );
    let files = report.main_process.as_ref();
    if let Some((open, max)) = files.and_then(|one| Some((one.open_files?, one.open_files_max))) {
        let percent = max.filter(|max| *max > 0);
        let percent = percent.map(|max| open as f64 * 100.0 / max as f64);
        let max = max.map(|max| max.to_string());
        row(
            "service-open-files",
            of_limit(open.to_string(), max, percent, page),
        );
    }
    match (used.io_read_bytes, used.io_written_bytes) {
        (Some(read), Some(written)) => {
            let parameters = [
                ("read", bytes(read).into()),
                ("written", bytes(written).into()),
            ];
            row(
                "service-io",
                page.catalogue.say_with("service-io-used", &parameters),
            );
        }
        _ if report.detail => row("service-io", missing("IOAccounting")),
        _ => {}
    }
}

fn of_limit(used: String, limit: Option<String>, percent: Option<f64>, page: &Page<'_>) -> String {
    match (limit, percent) {
        (Some(limit), Some(percent)) => {
            let parameters = [
                ("used", used.into()),
                ("limit", limit.into()),
                ("percent", short_percent(percent).into()),
            ];
            page.catalogue.say_with("service-of-limit", &parameters)
        }
        _ => page
            .catalogue
            .say_with("service-no-limit", &[("used", used.into())]),
    }
}

/// `0.3`, `41`.
fn short_percent(percent: f64) -> String {
    let digits = if percent < 9.95 && percent > 0.0 {
        1
    } else {
        0
    };
    format!("{percent:.digits$}")
}

fn memory(used: &UnitResources, page: &Page<'_>) -> Option<String> {
    let catalogue = page.catalogue;
    let limit = used
        .memory_max_bytes
        .into_iter()
        .chain(used.memory_high_bytes)
        .min();
    let mut text = of_limit(
        bytes(used.memory_bytes?),
        limit.map(bytes),
        used.memory_used_percent,
        page,
    );
    let mut add = |id: &str, name: &'static str, value: String| {
        let parameters = [("text", text.clone().into()), (name, value.into())];
        text = catalogue.say_with(id, &parameters);
    };
    if let Some(anonymous) = used.memory_anonymous_bytes {
        add("service-memory-anonymous", "anonymous", bytes(anonymous));
    }
    if let Some(peak) = used.memory_peak_bytes {
        add("service-peak", "peak", bytes(peak));
    }
    if let Some(swap) = used.swap_bytes.filter(|swap| *swap > 0) {
        add("service-swap", "swap", bytes(swap));
    }
    // The lower of two limits was told already.
    if let (Some(high), Some(max)) = (used.memory_high_bytes, used.memory_max_bytes)
        && high > max
    {
        add("service-memory-high", "limit", bytes(high));
    }
    if let Some(count) = used.oom_kills.filter(|count| *count > 0) {
        let parameters = [("text", text.into()), ("count", count.into())];
        text = catalogue.say_with("service-oom-killed", &parameters);
    }
    Some(text)
}

fn cpu(used: &UnitResources, page: &Page<'_>) -> Option<String> {
    let time = ("used", of_ms(used.cpu_ns? / 1_000_000, page).into());
    let text = match (used.cpu_over_ms, used.cpu_mean_percent) {
        (Some(over), Some(percent)) => {
            let parameters = [
                time,
                ("over", of_ms(over, page).into()),
                ("percent", short_percent(percent).into()),
            ];
            page.catalogue.say_with("service-cpu-used", &parameters)
        }
        _ => page.catalogue.say_with("service-cpu-used-plain", &[time]),
    };
    Some(match used.cpu_quota_us_per_s {
        None => text,
        Some(quota) => {
            let quota = short_percent(quota as f64 / 10_000.0);
            let parameters = [("text", text.into()), ("quota", quota.into())];
            page.catalogue.say_with("service-cpu-quota", &parameters)
        }
    })
}

fn restart(policy: &ServicePolicy, report: &ServiceReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let mut text = match (policy.restart.as_str(), policy.restart_delay_max_ms) {
        ("no" | "", _) => catalogue.say("service-policy-no"),
        (restart, most) => {
            let mut parameters = vec![
                ("restart", restart.into()),
                ("delay", of_ms(policy.restart_delay_ms, page).into()),
            ];
            let id = match most.filter(|_| policy.restart_steps > 0) {
                None => "service-policy-yes",
                Some(most) => {
                    parameters.push(("most", of_ms(most, page).into()));
                    "service-policy-steps"
                }
            };
            catalogue.say_with(id, &parameters)
        }
    };
    match policy.outlook {
        Outlook::StaysDown => {}
        Outlook::NeverGivesUp => {
            text = catalogue.say_with("service-outlook-never", &[("policy", text.into())]);
        }
        Outlook::GivesUp { starts, after_ms } => {
            let parameters = [
                ("policy", text.into()),
                ("starts", starts.into()),
                ("after", of_ms(after_ms, page).into()),
            ];
            text = catalogue.say_with("service-outlook-gives-up", &parameters);
        }
    }
    match report.state.restarts {
        0 => text,
        restarts => {
            let parameters = [("policy", text.into()), ("restarts", restarts.into())];
            catalogue.say_with("service-restarted", &parameters)
        }
    }
}

fn settings(policy: &ServicePolicy, page: &Page<'_>) -> String {
    let limit = |ms: Option<u64>| match ms {
        None => page.catalogue.say("service-for-ever"),
        Some(ms) => of_ms(ms, page),
    };
    let parameters = [
        ("type", policy.service_type.clone().into()),
        ("kill", policy.kill_mode.clone().into()),
        ("start", limit(policy.start_timeout_ms).into()),
        ("stop", limit(policy.stop_timeout_ms).into()),
    ];
    let text = page.catalogue.say_with("service-type-value", &parameters);
    match policy.watchdog_ms {
        None => text,
        Some(ms) => {
            let parameters = [("text", text.into()), ("length", of_ms(ms, page).into())];
            page.catalogue.say_with("service-watchdog", &parameters)
        }
    }
}
