//! The end of the log of the run.

use super::{in_room, indented};
use crate::{
    log::LogLine,
    service::{ServiceReport, kind::UnitKind},
    start_failure::commands::name,
    text::{
        Style,
        fleet::Page,
        table::{Cell, Table},
    },
};

/// Lines that are shown without `--detail`.
const LINES: usize = 8;

pub(super) fn render(report: &ServiceReport, page: &Page<'_>) -> String {
    let has_no_journal = report.limits.iter().any(|limit| limit.what == "journal");
    let is_script = matches!(report.kind, UnitKind::Script { .. });
    let never_ran = report.invocation_id.is_none();
    if report.log.is_empty() && (has_no_journal || is_script || never_ran) {
        return String::new();
    }
    let status = &report.state;
    let is_up = !matches!(status.active_state.as_str(), "inactive" | "failed")
        && !status.sub_state.starts_with("auto-restart");
    let title = if is_up {
        "service-log"
    } else {
        "service-log-last"
    };
    let title = page.style.strong(&page.catalogue.say(title));
    if report.log.is_empty() {
        let none = page.catalogue.say("service-log-none");
        return format!("{title}\n{}", indented(&none));
    }
    let most = if report.detail { usize::MAX } else { LINES };
    let left_out = report.log.len().saturating_sub(most);
    let mut text = format!("{title}\n");
    if left_out > 0 || report.log_has_more {
        let command = match report.invocation_id {
            Some(id) => format!("journalctl _SYSTEMD_INVOCATION_ID={}", id.0.simple()),
            None => format!("journalctl -u {}", name(&report.unit)),
        };
        let parameters = [("command", command.into())];
        let more = page.catalogue.say_with("service-log-more", &parameters);
        text.push_str(&indented(&page.style.faint(&more)));
    }
    let mut table = Table::default();
    for line in &report.log[left_out..] {
        table.row(row(line, report, page));
    }
    text.push_str(&indented(&in_room(&table, page)));
    text
}

fn row(line: &LogLine, report: &ServiceReport, page: &Page<'_>) -> [Cell; 2] {
    let at = line.at.with_timezone(&page.zone);
    let is_today = at.date_naive() == report.at.with_timezone(&page.zone).date_naive();
    let clock = at.format(if is_today {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M:%S"
    });
    let source = match line.pid {
        Some(pid) => format!("{}[{pid}]", line.source),
        None => line.source.clone(),
    };
    let message = Cell::from(format!("{source}: {}", line.message));
    let message = match line.priority {
        Some(priority) if priority <= 3 => message.painted(Style::bad),
        _ => message,
    };
    [Cell::from(clock.to_string()), message]
}
