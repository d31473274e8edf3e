//! The checks: each looks at all facts for one cause, and knows nothing of the others.
//!
//! A check says `measured` only where systemd, the kernel or a file says so itself.

mod application_error;
mod boot_order;
mod clean_exit;
mod condition_not_met;
mod config_test;
mod crash;
mod dependency_cycle;
mod dependency_failed;
mod ended_on_request;
mod exec_not_executable;
mod exec_not_found;
mod healthy;
mod mac_denied;
mod never_ready;
mod out_of_memory;
mod port_in_use;
mod pre_start_failed;
mod program_says;
mod setup_failed;
mod start_limit_hit;
mod start_timeout;
mod too_few_tasks;
mod unit_file_invalid;
mod unit_masked;
mod unit_not_found;
mod unknown;

use super::{
    Culprit, Evidence, Finding, Fix, FixKind, LogLine, StartCause, commands,
    facts::{ExecCommand, Standing, StartFacts},
};
use crate::{
    cause::Certainty,
    process::{ExitStatus, Signal},
};

pub(super) use self::{healthy::healthy, unknown::unknown};

type Check = fn(&StartFacts) -> Option<Finding>;

pub(super) const ALL: [Check; 24] = [
    unit_not_found::check,
    unit_masked::check,
    unit_file_invalid::check,
    condition_not_met::check,
    exec_not_found::check,
    exec_not_executable::check,
    setup_failed::check,
    port_in_use::check,
    dependency_cycle::check,
    dependency_failed::check,
    start_timeout::check,
    never_ready::check,
    start_limit_hit::check,
    ended_on_request::check,
    crash::check,
    out_of_memory::check,
    config_test::check,
    program_says::check,
    pre_start_failed::check,
    application_error::check,
    mac_denied::check,
    boot_order::check,
    clean_exit::check,
    too_few_tasks::check,
];

/// Status of a child of systemd that could not execute its program (`EXIT_EXEC`).
const EXIT_EXEC: u8 = 203;
/// The first and the last of its codes for steps that it could not take.
const EXIT_CHDIR: u8 = 200;
const EXIT_LAST: u8 = 245;

fn property(name: &str, value: impl Into<String>) -> Evidence {
    Evidence::Unit {
        property: name.to_owned(),
        value: value.into(),
    }
}

fn said(line: &LogLine) -> Evidence {
    Evidence::Log { line: line.clone() }
}

/// What the facts say of the command that could not be executed.
fn command_not_executed(facts: &StartFacts) -> Option<&ExecCommand> {
    if !facts.fails() || facts.status() != Some(ExitStatus::Exited { code: EXIT_EXEC }) {
        return None;
    }
    facts.failed_command().or_else(|| named_by_systemd(facts))
}

/// The command that systemd's line names: how commands ended is forgotten when it reads unit files.
fn named_by_systemd(facts: &StartFacts) -> Option<&ExecCommand> {
    let line = failed_step(facts)?;
    let mut commands = facts.unit.as_ref()?.commands.iter();
    let is_named = |path: &str| {
        let mut words = line.message.split([' ', ':']);
        words.any(|word| word == path)
    };
    commands.find(|command| is_named(&command.path))
}

/// systemd's line about a step before the program that failed: "Failed at step EXEC spawning ...".
/// A child of systemd writes it, which is not yet the program and has its name in parentheses.
fn failed_step(facts: &StartFacts) -> Option<&LogLine> {
    if !may_be_of_systemd(facts.status()) {
        return None;
    }
    facts.log().iter().find(|line| {
        let is_of_systemd = line.is_of_manager() || line.source == "systemd" || is_of_child(line);
        let words = [": Failed to locate executable ", ": Failed at step "];
        is_of_systemd && words.iter().any(|words| line.message.contains(words))
    })
}

/// Whether a child of systemd may have ended so before it became the program. What it says of a
/// command that may fail (`-`) is no reason, and a program may say the same.
fn may_be_of_systemd(status: Option<ExitStatus>) -> bool {
    match status {
        Some(ExitStatus::Exited { code }) => (EXIT_CHDIR..=EXIT_LAST).contains(&code),
        Some(ExitStatus::Signaled { .. }) => false,
        None => true,
    }
}

/// Whether a child of systemd wrote it that was to become the program.
fn is_of_child(line: &LogLine) -> bool {
    line.source.starts_with('(')
}

/// The file that systemd waited for, where that is the cause.
fn pid_file(cause: StartCause, facts: &StartFacts) -> Option<Culprit> {
    let path = facts.setting("PIDFile")?;
    (cause == StartCause::PidFileMissing).then(|| Culprit::path(path))
}

/// Whether a name has the end of a line of another system with it.
fn has_carriage_return(name: &str) -> bool {
    name.ends_with('\r') || name.ends_with(r"\r")
}

/// Give the script the line ends of this system, then start it.
fn end_lines(facts: &StartFacts) -> Fix {
    let commands = facts.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
    let main = commands.iter().find(|command| command.step == "ExecStart");
    let command = facts.failed_command().or(main);
    let path = command.map_or_else(String::new, |command| command.path.clone());
    let sed = format!(r"sed -i 's/\r$//' {}", crate::shell::word(&path));
    Fix {
        what: FixKind::CorrectLineEnds { path },
        commands: commands::then_start(sed, facts),
        risky: false,
    }
}

/// Correct the unit's own file, then start it.
fn repair_unit(facts: &StartFacts) -> Option<Fix> {
    let path = facts.unit.as_ref()?.status.files.first()?.clone();
    Some(Fix {
        commands: commands::edit_and_start(&path, facts),
        what: FixKind::RepairUnitFile { path },
        risky: false,
    })
}
