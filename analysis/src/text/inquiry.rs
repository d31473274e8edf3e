//! A question to several hosts, as text: a line for each, and what all of it comes to.

use std::collections::BTreeMap;

use super::{
    Catalogue,
    catalogue::Value,
    escape::one_line,
    fleet::Page,
    reason::reason,
    report,
    table::{Cell, Table},
    time::{ago, brief_moment},
};
use crate::{
    fleet::OfflineReason,
    inquiry::{HostOrder, Inquiry, InquirySummary, Part},
    order::{Failure, OrderState, Outcome, Refusal, Refuser},
    question::Question,
    report::{Health, Report},
};

/// More hosts than these are not named one by one behind a verdict.
const MOST_NAMED: usize = 8;

/// What a report comes to, in a few words.
pub fn headline(report: &Report, catalogue: &Catalogue) -> String {
    match report.health() {
        Health::Fine => catalogue.say("inquiry-healthy"),
        Health::NoSuchTarget => catalogue.say("inquiry-not-found"),
        Health::Problem => report.headline(catalogue),
    }
}

/// What became of the question on one host.
pub fn outcome(outcome: &Outcome, page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(id);
    let with = |id: &str, name: &'static str, value: String| {
        page.catalogue.say_with(id, &[(name, value.into())])
    };
    match outcome {
        Outcome::Answered { report, .. } => headline(report, page.catalogue),
        Outcome::Refused { by, reason, detail } => {
            let id = match by {
                Refuser::Server => "order-refused-server",
                Refuser::Host => "order-refused-host",
            };
            with(
                id,
                "reason",
                detailed(say(refusal_id(*reason)), detail, page),
            )
        }
        Outcome::Failed { reason, detail } => {
            let reason = detailed(say(failure_id(*reason)), detail, page);
            with("order-failed", "reason", reason)
        }
        Outcome::Lost => say("order-lost"),
        Outcome::Cancelled => say("order-cancelled"),
        Outcome::Expired => say("order-expired"),
        Outcome::Offline { since, why } => {
            let why = say(match why {
                Some(OfflineReason::AgentStopped) => "order-off-agent-stopped",
                Some(OfflineReason::HostShutDown) => "order-off-host-shut-down",
                Some(OfflineReason::Lost) => "order-off-lost",
                Some(OfflineReason::ServerStopped) => "order-off-server-stopped",
                None => "order-off-joined",
            });
            match since {
                Some(since) => {
                    let since = brief_moment(*since, page.now, page.zone);
                    let parameters = [("since", since.into()), ("why", why.into())];
                    page.catalogue.say_with("order-offline", &parameters)
                }
                None => with("order-never-online", "why", why),
            }
        }
    }
}

fn detailed(text: String, detail: &str, page: &Page<'_>) -> String {
    if detail.is_empty() {
        return text;
    }
    let detail = reason(detail, page.catalogue);
    let detail: Value = one_line(&detail).into_owned().into();
    let parameters = [("text", text.into()), ("detail", detail)];
    page.catalogue.say_with("order-detail", &parameters)
}

fn refusal_id(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadSignature => "order-refusal-bad-signature",
        Refusal::NotUnderstood => "order-refusal-not-understood",
        Refusal::WrongHost => "order-refusal-wrong-host",
        Refusal::Expired => "order-refusal-expired",
        Refusal::Replayed => "order-refusal-replayed",
        Refusal::Policy => "order-refusal-policy",
        Refusal::Disabled => "order-refusal-disabled",
        Refusal::PolicyUnusable => "order-refusal-policy-unusable",
        Refusal::TooMany => "order-refusal-too-many",
        Refusal::CannotRemember => "order-refusal-cannot-remember",
        Refusal::NotSupported => "order-refusal-not-supported",
        Refusal::NotTrusted => "order-refusal-not-trusted",
    }
}

fn failure_id(failure: Failure) -> &'static str {
    match failure {
        Failure::TimeLimit => "order-failure-time-limit",
        Failure::TooLarge => "order-failure-too-large",
        Failure::NoSuchTarget => "order-failure-no-such-target",
        Failure::NotPossible => "order-failure-not-possible",
        Failure::Crashed => "order-failure-crashed",
        Failure::AgentStopped => "order-failure-agent-stopped",
        Failure::QuestionUnknown => "order-failure-question-unknown",
    }
}

/// Where the question is on one host.
pub fn state(state: &OrderState, page: &Page<'_>) -> String {
    match state {
        OrderState::Queued { until } => {
            let until = brief_moment(*until, page.now, page.zone);
            let parameters = [("until", until.into())];
            page.catalogue.say_with("order-state-queued", &parameters)
        }
        OrderState::Sent => page.catalogue.say("order-state-sent"),
        OrderState::Running { progress: None, .. } => page.catalogue.say("order-state-running"),
        OrderState::Running {
            progress: Some(progress),
            ..
        } => {
            let progress = report::progress(*progress, page.catalogue);
            let parameters = [("progress", progress.into())];
            page.catalogue
                .say_with("order-state-running-at", &parameters)
        }
        OrderState::Ended { outcome: end, .. } => outcome(end, page),
    }
}

fn paint(state: &OrderState) -> fn(super::Style, &str) -> String {
    match state {
        OrderState::Ended { outcome, .. } => match outcome.part() {
            Part::Answered(Health::Fine) => super::Style::good,
            Part::Answered(Health::Problem) => super::Style::bad,
            _ => super::Style::doubtful,
        },
        _ => super::Style::faint,
    }
}

/// A line for one host. `widest`: columns of the longest host name of the inquiry.
pub fn host_line(order: &HostOrder, widest: usize, page: &Page<'_>) -> String {
    let name = one_line(&order.host_name);
    let padding = " ".repeat(widest.saturating_sub(name_width(&order.host_name)) + 2);
    let text = paint(&order.state)(page.style, &state(&order.state, page));
    format!("{name}{padding}{text}\n")
}

/// Columns that the name of a host takes.
pub fn name_width(name: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(&*one_line(name))
}

/// What all of it comes to: the answers, the most frequent first, and who did not answer and why.
pub fn verdict(inquiry: &Inquiry, page: &Page<'_>) -> String {
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let mut without: Vec<(&str, String)> = Vec::new();
    for order in &inquiry.orders {
        match &order.state {
            OrderState::Ended { outcome: end, .. } if matches!(end.part(), Part::Answered(_)) => {
                let headline = match end {
                    Outcome::Answered { report, .. } => headline(report, page.catalogue),
                    _ => page.catalogue.say("inquiry-not-found"),
                };
                *answers.entry(headline).or_default() += 1;
            }
            other => without.push((&order.host_name, state(other, page))),
        }
    }
    let mut text = String::new();
    if inquiry.orders.is_empty() {
        text.push_str(&page.catalogue.say("inquiry-nobody"));
        text.push('\n');
    }
    if !answers.is_empty() {
        text.push_str(&groups(answers, page));
        text.push('\n');
    }
    if !without.is_empty() {
        text.push_str(&unanswered(&without, page));
        text.push('\n');
    }
    text
}

/// `2 hosts: port-in-use by apache2; 1: healthy`.
fn groups(answers: BTreeMap<String, usize>, page: &Page<'_>) -> String {
    let mut answers: Vec<_> = answers.into_iter().collect();
    answers.sort_by_key(|(_, hosts)| std::cmp::Reverse(*hosts));
    let group = |(at, (verdict, hosts)): (usize, (String, usize))| {
        let id = if at == 0 {
            "inquiry-group"
        } else {
            "inquiry-group-more"
        };
        let parameters = [("hosts", hosts.into()), ("verdict", verdict.into())];
        page.catalogue.say_with(id, &parameters)
    };
    let groups: Vec<_> = answers.into_iter().enumerate().map(group).collect();
    groups.join(&page.catalogue.say("inquiry-separator"))
}

fn unanswered(without: &[(&str, String)], page: &Page<'_>) -> String {
    let named = without.iter().take(MOST_NAMED).map(|(host, why)| {
        let host = one_line(host).into_owned();
        let parameters = [("host", host.into()), ("why", why.as_str().into())];
        page.catalogue.say_with("inquiry-host-why", &parameters)
    });
    let mut names: Vec<String> = named.collect();
    if without.len() > MOST_NAMED {
        let more = [("hosts", (without.len() - MOST_NAMED).into())];
        names.push(page.catalogue.say_with("inquiry-and-more", &more));
    }
    let parameters = [(
        "hosts",
        names.join(&page.catalogue.say("inquiry-separator")).into(),
    )];
    page.catalogue
        .say_with("inquiry-without-answer", &parameters)
}

/// A whole inquiry: a line for each host, then the verdict.
pub fn inquiry(inquiry: &Inquiry, page: &Page<'_>) -> String {
    let names = inquiry
        .orders
        .iter()
        .map(|order| name_width(&order.host_name));
    let widest = names.max().unwrap_or(0);
    let lines = inquiry.orders.iter();
    let mut text: String = lines.map(|order| host_line(order, widest, page)).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text + &verdict(inquiry, page)
}

/// The question as one would type it: `diagnose start-failure nginx`.
pub fn question(question: &Question) -> String {
    one_line(&question.to_string()).into_owned()
}

/// The questions of late.
pub fn list(inquiries: &[InquirySummary], page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(id);
    if inquiries.is_empty() {
        return say("inquiry-none") + "\n";
    }
    let columns = ["id", "when", "who", "answers", "question"];
    let mut table =
        Table::with_headings(columns.map(|column| say(&format!("inquiry-heading-{column}"))));
    for one in inquiries {
        let open = one.hosts.saturating_sub(one.ended);
        let parameters = [
            ("answered", one.answered.into()),
            ("hosts", one.hosts.into()),
            ("open", open.into()),
        ];
        let id = if open == 0 {
            "inquiry-answers"
        } else {
            "inquiry-answers-open"
        };
        table.row([
            Cell::from(one.inquiry_id.to_string()),
            Cell::from(ago(one.requested_at, page.now, page.catalogue)),
            Cell::from(one.requested_by.as_str()),
            Cell::from(page.catalogue.say_with(id, &parameters)),
            Cell::from(question(&one.question)),
        ]);
    }
    table.render(page.width, page.style)
}

#[cfg(test)]
mod tests;
