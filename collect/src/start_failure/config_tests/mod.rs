//! Asks a unit's program what it thinks of its configuration.
//!
//! | module | what it does |
//! |---|---|
//! | [`table`] | which programs can be asked, and how |
//! | [`command`] | makes the command from the unit's own command line |
//! | [`mod@environment`] | the variables that the command line uses |
//! | [`output`] | reads the answer |

mod command;
mod environment;
mod output;
mod table;

use std::{path::Path, time::Duration};

use analysis::{
    limitation::Limitation,
    process::{ExitStatus, Signal},
    scrub::scrub_text,
    start_failure::{StartFacts, config_test::ConfigTest, facts::Standing},
};

use self::{
    command::{Planned, plan},
    environment::Environment,
    table::OF_SITE,
};
use crate::{
    systemd::UnitStart,
    tool::{self, Account, Tool, ToolError},
};

/// They read a few files; one that hangs is given up.
const WITHIN: Duration = Duration::from_millis(1500);
const GRACE: Duration = Duration::from_millis(100);
const MOST_OUTPUT_BYTES: usize = 256 * 1024;
/// How the kernel ends what makes a system call that it may not make (SIGSYS).
const BAD_CALL: Signal = Signal(31);
/// With these statuses systemd itself failed to run the program.
const OF_SYSTEMD: std::ops::RangeInclusive<u8> = 200..=243;

/// What tests said, and why others said nothing.
#[derive(Debug, Default)]
pub(super) struct Tested {
    pub(super) tests: Vec<ConfigTest>,
    pub(super) limits: Vec<Limitation>,
}

/// Runs the test of a unit's configuration, if there is one and its program failed.
pub(super) async fn run(facts: &StartFacts, unit: &UnitStart) -> Tested {
    let mut tested = Tested::default();
    // Another folder for `/` has other files, and other programs.
    if !ran_and_failed(facts) || unit.root.as_deref() != Some("") {
        return tested;
    }
    let table = table::read(Path::new(OF_SITE), &mut tested.limits);
    let environment = environment(unit);
    let of_unit = &unit.facts;
    let name = of_unit.name.as_str();
    let Some(planned) = plan(&table, &of_unit.commands, &environment, name) else {
        return tested;
    };
    match test(&planned, facts, unit).await {
        Ok(found) => tested.tests.push(found),
        Err(why) => tested.limits.push(Limitation {
            what: "config-test".to_owned(),
            why,
            count: 1,
        }),
    }
    tested
}

/// The configuration files of a unit's programs, as far as the table of tests knows them.
pub(super) fn files(unit: &UnitStart) -> Vec<String> {
    let table = table::read(Path::new(OF_SITE), &mut Vec::new());
    let environment = environment(unit);
    command::config_files(&table, &unit.facts.commands, &environment)
}

fn environment(unit: &UnitStart) -> Environment {
    let mut environment = Environment::of(&unit.environment);
    for path in &unit.environment_files {
        environment.read(path);
    }
    environment
}

/// Whether the program came to run, so that its configuration may be the reason.
fn ran_and_failed(facts: &StartFacts) -> bool {
    let is_of_systemd = |code| OF_SYSTEMD.contains(&code);
    facts.standing() == Standing::Fails
        && matches!(
            facts.result(),
            "" | "exit-code" | "signal" | "core-dump" | "timeout" | "protocol" | "start-limit-hit"
        )
        && !matches!(facts.status(), Some(ExitStatus::Exited { code }) if is_of_systemd(code))
}

/// Runs one test; the error says why it could not be run.
async fn test(
    planned: &Planned<'_>,
    facts: &StartFacts,
    unit: &UnitStart,
) -> Result<ConfigTest, String> {
    let user = user(planned, facts, unit)?;
    let tool = tool(planned, &user)?;
    let tool = match facts.setting("WorkingDirectory").map(Path::new) {
        Some(folder) if folder.is_absolute() && folder.is_dir() => tool.in_folder(folder),
        _ => tool,
    };
    let output = tool.run().await.map_err(|error| with_cause(&error))?;
    let status = output::status(&output);
    if matches!(status, Some(ExitStatus::Signaled { signal, .. }) if signal == BAD_CALL) {
        let name = &planned.argv[0];
        return Err(format!("{name} may not make a system call that it needs"));
    }
    let read = output::read(planned, status, [&output.stderr, &output.stdout]);
    Ok(ConfigTest {
        name: planned.row.name.clone(),
        command: scrub_text(&planned.line(&user)),
        user,
        outcome: read.outcome,
        status,
        output: read.lines,
        blames: read.blames,
    })
}

/// As whom the program begins, and so its test. Root changes by itself what it has to.
fn user(planned: &Planned<'_>, facts: &StartFacts, unit: &UnitStart) -> Result<String, String> {
    if unit.has_dynamic_user {
        return Err("its user exists only while it runs (DynamicUser=)".to_owned());
    }
    let of_unit = facts.setting("User").unwrap_or("root");
    let user = match (of_unit, &planned.row.user) {
        ("root" | "0", Some(user)) => user,
        (user, _) => user,
    };
    Ok(user.to_owned())
}

fn tool(planned: &Planned<'_>, user: &str) -> Result<Tool, String> {
    let name = planned.argv[0].as_str();
    let path = match name.starts_with('/') {
        true => Path::new(name).to_owned(),
        false => {
            tool::find(name).ok_or_else(|| with_cause(&ToolError::NotInstalled(name.into())))?
        }
    };
    let account = Account::find(Path::new("/"), user, None)
        .ok_or_else(|| format!("its user {user} is not in /etc/passwd"))?;
    let tool = Tool::at(&path, name, WITHIN)
        .args(&planned.argv[1..])
        .stopped_with(rustix::process::Signal::TERM, GRACE)
        .keeping(MOST_OUTPUT_BYTES);
    let tool = match account.is_own() {
        true => tool,
        false if Account::can_become_others() => tool.by(account),
        false => return Err(format!("no permission to run {name} as {user}")),
    };
    Ok(tool.harmless(planned.row.writes))
}

fn with_cause(error: &ToolError) -> String {
    let cause = std::error::Error::source(error);
    let cause = cause.map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
