//! What the record does not hold.

use crate::{
    limitation::Limitation,
    restarts::{RecordSource, RestartReport},
    text::{
        Style,
        fleet::Page,
        reason::reason,
        table::{Cell, Table},
        time::moment,
    },
};

pub(super) fn render(report: &RestartReport, page: &Page<'_>) -> String {
    let since = report.record_begins_at.map(|since| {
        let parameters = [("since", moment(since, page.zone).into())];
        page.catalogue
            .say_with("restarts-recorded-since", &parameters)
    });
    let gaps = report.gaps.iter().map(|gap| {
        let parameters = [
            ("source", gap.source.as_str().into()),
            ("at", moment(gap.at, page.zone).into()),
            ("detail", gap.detail.as_str().into()),
        ];
        page.catalogue.say_with("restarts-gap", &parameters)
    });
    let limits = report
        .limits
        .iter()
        .map(|limit| not_seen(limit, report, page));
    let lines: Vec<_> = since.into_iter().chain(gaps).chain(limits).collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = "\n".to_owned();
    for line in lines {
        let mut row = Table::default();
        row.row([Cell::from(line).painted(Style::doubtful)]);
        text.push_str(&row.render(page.width, page.style));
    }
    text
}

fn not_seen(limit: &Limitation, report: &RestartReport, page: &Page<'_>) -> String {
    let of_ledger = report.source == RecordSource::Ledger;
    let id = match limit.what.as_str() {
        "log" if of_ledger => "restarts-limit-log-ledger",
        "restart-policy" if of_ledger => "restarts-limit-restart-policy-ledger",
        "log" => "restarts-limit-log",
        "restart-policy" => "restarts-limit-restart-policy",
        "unit-state" => "restarts-limit-unit-state",
        "dependencies" => "restarts-limit-dependencies",
        "journal-reader" => "restarts-limit-journal-reader",
        "journal-entries" => "restarts-limit-journal-entries",
        _ => "restarts-limit-other",
    };
    let parameters = [
        ("what", limit.what.as_str().into()),
        ("why", reason(&limit.why, page.catalogue).into()),
        ("count", limit.count.into()),
    ];
    page.catalogue.say_with(id, &parameters)
}
