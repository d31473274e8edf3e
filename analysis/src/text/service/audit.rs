//! What is wrong with how the unit is set up.

use super::{INDENT, indented, of_ms, with_detail};
use crate::{
    cause::Certainty,
    service::{ServiceReport, kind::UnitKind, policy::Outlook},
    service_audit::{AuditCheck, AuditFinding, Hardening, Severity},
    text::{Style, escape::one_line, fleet::Page, table::wrapped},
};

/// Findings that are shown without `--detail`; the gravest come first.
const FINDINGS: usize = 4;
/// Settings that would shut it in, with `--detail`.
const OPEN: usize = 8;

pub(super) fn render(report: &ServiceReport, page: &Page<'_>) -> String {
    let was_read = !report.limits.iter().any(|limit| limit.what == "unit-files");
    let is_script = matches!(report.kind, UnitKind::Script { .. });
    let mut text = String::new();
    if is_script || (report.audit.is_empty() && report.hardening.is_none() && !was_read) {
        return text;
    }
    let title = page.catalogue.say("service-audit");
    text.push_str(&format!("{}\n", page.style.strong(&title)));
    let most = if report.detail { usize::MAX } else { FINDINGS };
    for one in report.audit.iter().take(most) {
        text.push_str(&finding(one, report, page));
    }
    let left_out = report.audit.len().saturating_sub(most);
    if left_out > 0 {
        let parameters = [
            ("findings", left_out.into()),
            ("command", with_detail(report).into()),
        ];
        let more = page.catalogue.say_with("service-audit-more", &parameters);
        text.push_str(&indented(&page.style.faint(&more)));
    }
    if report.audit.is_empty() && was_read {
        text.push_str(&indented(&page.catalogue.say("service-audit-fine")));
    }
    if let Some(hardening) = &report.hardening {
        text.push_str(&indented(&score(hardening, report.detail, page)));
    }
    text
}

fn finding(finding: &AuditFinding, report: &ServiceReport, page: &Page<'_>) -> String {
    let severity = page
        .catalogue
        .say(&format!("service-severity-{}", finding.severity.name()));
    let paint: fn(Style, &str) -> String = match finding.severity {
        Severity::Error => Style::bad,
        Severity::Warning => Style::doubtful,
        Severity::Hint => |_, text| text.to_owned(),
    };
    let mut title = title(finding, report, page);
    if finding.certainty == Certainty::Inferred {
        let parameters = [("text", title.into())];
        title = page
            .catalogue
            .say_with("service-audit-inferred", &parameters);
    }
    let place = finding.place.as_ref().map(|place| {
        let parameters = [
            ("file", place.file.clone().into()),
            ("line", place.line.to_string().into()),
        ];
        page.catalogue.say_with("service-audit-at", &parameters)
    });
    let label = format!("[{severity}] ");
    let line = one_line(&format!("{label}{title}")).into_owned();
    let room = page
        .width
        .map(|width| width.saturating_sub(2 * INDENT.len()));
    let mut text = String::new();
    for (number, piece) in wrapped(&line, room).into_iter().enumerate() {
        match number {
            0 => {
                let rest = piece.strip_prefix(&label).unwrap_or(&piece);
                let label = paint(page.style, label.trim_end());
                text.push_str(&format!("{INDENT}{label} {rest}\n"));
            }
            _ => text.push_str(&format!("{INDENT}{INDENT}{piece}\n")),
        }
    }
    for detail in place.iter() {
        let detail = page.style.faint(&one_line(detail));
        text.push_str(&format!("{INDENT}{INDENT}{detail}\n"));
    }
    text + &fix(finding, page)
}

/// The commands, and under an editor the lines to write.
fn fix(finding: &AuditFinding, page: &Page<'_>) -> String {
    let Some(fix) = &finding.fix else {
        return String::new();
    };
    let mut text = String::new();
    for command in &fix.commands {
        let command = page.style.strong(&one_line(command));
        text.push_str(&format!("{INDENT}{INDENT}{command}\n"));
    }
    for line in &fix.lines {
        text.push_str(&format!("{INDENT}{INDENT}{INDENT}{}\n", one_line(line)));
    }
    text
}

fn title(finding: &AuditFinding, report: &ServiceReport, page: &Page<'_>) -> String {
    let mut parameters = vec![
        ("setting", finding.setting.clone().into()),
        ("words", finding.words.clone().unwrap_or_default().into()),
    ];
    if let Some(policy) = &report.policy {
        let kind = match policy.service_type.as_str() {
            "" => "none",
            kind => kind,
        };
        let interval = of_ms(policy.start_limit_interval_ms, page);
        parameters.extend([
            ("type", kind.into()),
            ("burst", policy.start_limit_burst.into()),
            ("interval", interval.into()),
        ]);
        if let Outlook::GivesUp { starts, after_ms } = policy.outlook {
            parameters.push(("starts", starts.into()));
            parameters.push(("after", of_ms(after_ms, page).into()));
        }
    }
    let check: AuditCheck = finding.check;
    page.catalogue
        .say_with(&format!("service-audit-{}", check.name()), &parameters)
}

fn score(hardening: &Hardening, detail: bool, page: &Page<'_>) -> String {
    let parameters = [
        ("exposure", format!("{:.1}", hardening.exposure).into()),
        ("level", hardening.level.clone().into()),
    ];
    let value = page
        .catalogue
        .say_with("service-hardening-value", &parameters);
    let label = page.catalogue.say("service-hardening");
    let mut text = format!("{label}  {}\n", one_line(&value));
    let open = hardening.open.iter().take(OPEN).filter(|_| detail);
    for gap in open {
        let parameters = [
            ("setting", gap.setting.clone().into()),
            ("exposure", format!("{:.1}", gap.exposure).into()),
            ("words", gap.words.clone().into()),
        ];
        let line = page
            .catalogue
            .say_with("service-hardening-open", &parameters);
        let room = page
            .width
            .map(|width| width.saturating_sub(3 * INDENT.len()));
        for piece in wrapped(&one_line(&line), room) {
            text.push_str(&format!("{INDENT}{piece}\n"));
        }
    }
    text
}
