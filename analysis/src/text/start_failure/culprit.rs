//! Who is to blame, in words.

use super::{Page, Table, moment_and_age, one_line};
use crate::{
    start_failure::{Culprit, DependencyState, Holder, StartFailure},
    text::table::Cell,
};

/// Who is to blame, in a word.
pub(super) fn brief(culprit: &Culprit) -> Option<String> {
    let name = match culprit {
        Culprit::Process(holder) => match (&holder.comm, &holder.unit) {
            (Some(comm), _) => comm.clone(),
            (None, Some(unit)) => unit.to_string(),
            (None, None) => return None,
        },
        other => other.to_string(),
    };
    Some(one_line(&name).into_owned())
}

pub(super) fn rows(culprit: &Culprit, report: &StartFailure, table: &mut Table, page: &Page<'_>) {
    let mut row = |id: &str, value: String| {
        table.row([Cell::from(page.catalogue.say(id)), Cell::from(value)]);
    };
    match culprit {
        Culprit::Unit { unit } => {
            row("start-culprit-unit", unit.to_string());
            let is_starting =
                |one: &&DependencyState| one.unit == *unit && one.active_state == "activating";
            let state = report.dependencies.iter().find(is_starting);
            if let Some(since) = state.and_then(|one| one.since) {
                row(
                    "start-culprit-since",
                    moment_and_age(since, report.at, page),
                );
            }
        }
        Culprit::Path { .. } => row("start-culprit-path", culprit.to_string()),
        Culprit::User { user } => row("start-culprit-user", user.clone()),
        Culprit::Group { group } => row("start-culprit-group", group.clone()),
        Culprit::Address { address } => row("start-culprit-address", address.clone()),
        Culprit::Library { name } => row("start-culprit-library", name.clone()),
        Culprit::Capability { name } => row("start-culprit-capability", name.clone()),
        Culprit::Limit { name } => row("start-culprit-limit", name.clone()),
        Culprit::SystemCall { name } => row("start-culprit-system-call", name.clone()),
        Culprit::Process(holder) => {
            row("start-culprit-holder", who(holder, page));
            if let Some(unit) = &holder.unit {
                row("start-culprit-unit", unit.to_string());
            }
            if let Some(container) = &holder.container {
                row("start-culprit-container", container.clone());
            }
            row(
                "start-culprit-address",
                format!("{} ({})", holder.address, holder.protocol),
            );
            if !holder.argv.is_empty() {
                row("start-culprit-command", holder.argv.join(" "));
            }
            if let Some(user) = &holder.user {
                row("start-culprit-user", user.clone());
            }
            if let Some(since) = holder.since {
                row(
                    "start-culprit-since",
                    moment_and_age(since, report.at, page),
                );
            }
        }
    }
}

fn who(holder: &Holder, page: &Page<'_>) -> String {
    let Some(process) = holder.process else {
        return page.catalogue.say("start-culprit-nobody-seen");
    };
    let parameters = [
        ("comm", one_line(program(holder)).into_owned().into()),
        ("pid", process.pid.to_string().into()),
    ];
    page.catalogue.say_with("start-culprit-pid", &parameters)
}

/// The program's name; the kernel keeps 15 bytes of it, and its first argument has all.
fn program(holder: &Holder) -> &str {
    const KEPT: usize = 15;
    let comm = holder.comm.as_deref().unwrap_or("?");
    let first = holder.argv.first().map_or("", String::as_str);
    let name = first.rsplit('/').next().unwrap_or_default();
    match comm.len() == KEPT && name.starts_with(comm) {
        true => name,
        false => comm,
    }
}
