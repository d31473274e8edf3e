//! Asks a unit's program what it thinks of its configuration.
//!
//! | module | what it does |
//! |---|---|
//! | [`table`] | which programs can be asked, and how |
//! | [`command`] | makes the command from the unit's own command line |
//! | [`mod@environment`] | the variables that the command line uses |
//! | [`output`] | reads the answer |
//! | [`program`] | tells which files may be run |

mod command;
mod environment;
mod output;
mod program;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use analysis::{
    limitation::Limitation,
    process::{ExitStatus, Signal},
    scrub::scrub_text,
    start_failure::{StartFacts, config_test::ConfigTest, facts::Standing},
};

use self::{
    command::{Planned, plan},
    environment::Environment,
    table::{OF_SITE, Row},
};
use super::time_left::TimeLeft;
use crate::{
    gather::{blocking, with_causes},
    systemd::UnitStart,
    tool::{self, Account, Tool, ToolError},
};

/// They read a few files; one that hangs is given up.
const WITHIN: Duration = Duration::from_millis(1500);
/// What is read before it, and after.
const PREPARED_WITHIN: Duration = Duration::from_millis(600);
/// The words of an answer may have to be learnt first, which takes its time on a busy host.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// What is kept of the time for the answer.
const RESERVED: Duration = Duration::from_millis(300);
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
pub(super) async fn run(facts: &StartFacts, unit: &UnitStart, left: TimeLeft) -> Tested {
    // Another folder for `/` has other files, and other programs.
    if !ran_and_failed(facts) || unit.root.as_deref() != Some("") {
        return Tested::default();
    }
    let limit_of_reads = left.at_most(PREPARED_WITHIN);
    let prepare = {
        let unit = unit.clone();
        move || Ok(prepared(&unit))
    };
    let limit = |why| Limitation {
        what: "config-test".to_owned(),
        why,
        count: 1,
    };
    let prepared = blocking(limit_of_reads, "the test of the configuration", prepare).await;
    let (mut tested, ready) = match prepared {
        Ok(Prepared { limits, ready }) => {
            let tests = Vec::new();
            (Tested { tests, limits }, ready)
        }
        Err(error) => (Tested::default(), Some(Err(with_causes(&error)))),
    };
    let answer = match ready {
        None => return tested,
        Some(Err(why)) => Err(why),
        Some(Ok(ready)) => test(ready, left).await,
    };
    match answer {
        Ok(found) => tested.tests.push(found),
        Err(why) => tested.limits.push(limit(why)),
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

/// A test that can be run, with all that had to be read for it.
struct Ready {
    planned: Planned,
    tool: Tool,
    user: String,
}

/// The test of a unit. `None`: there is none for its program. An error says why it is not run.
struct Prepared {
    limits: Vec<Limitation>,
    ready: Option<Result<Ready, String>>,
}

/// Reads files that may lie on a file system that hangs.
fn prepared(unit: &UnitStart) -> Prepared {
    let mut limits = Vec::new();
    let table = table::read(Path::new(OF_SITE), &mut limits);
    let environment = environment(unit);
    let name = unit.facts.name.as_str();
    let found = plan(
        &table,
        &unit.facts.commands,
        &environment,
        name,
        &program::of_unit,
    );
    let ready = found.map(|planned| ready(planned?, &environment, unit));
    Prepared { limits, ready }
}

fn ready(
    mut planned: Planned,
    environment: &Environment,
    unit: &UnitStart,
) -> Result<Ready, String> {
    let user = user(&planned.row, unit)?;
    let folder = folder(&planned, unit)?;
    let is_own_program = planned.row.user.is_none()
        && planned
            .row
            .command
            .first()
            .is_some_and(|word| word == "{program}")
        && !planned.is_stand_in;
    let variables = environment.for_test(is_own_program);
    planned.variables = variables.keys().cloned().collect();
    let tool = tool(&planned, &user)?
        .in_folder(&folder)
        .with_variables(variables);
    Ok(Ready {
        planned,
        tool,
        user,
    })
}

/// Runs one test; the error says why it could not be run.
async fn test(ready: Ready, left: TimeLeft) -> Result<ConfigTest, String> {
    let Ready {
        planned,
        tool,
        user,
    } = ready;
    let within = left.at_most(WITHIN + GRACE + RESERVED);
    let Some(within) = within.checked_sub(GRACE + RESERVED) else {
        return Err("there was no time left for it".to_owned());
    };
    let output = tool
        .ending_within(within)
        .run()
        .await
        .map_err(|error| with_cause(&error))?;
    let status = output::status(&output);
    if matches!(status, Some(ExitStatus::Signaled { signal, .. }) if signal == BAD_CALL) {
        let name = &planned.argv[0];
        return Err(format!("{name} may not make a system call that it needs"));
    }
    // It looks at the file that is blamed.
    let read = move || {
        let read = output::read(&planned, status, [&output.stderr, &output.stdout]);
        Ok(ConfigTest {
            name: planned.row.name.clone(),
            command: scrub_text(&planned.line(&user)),
            user,
            outcome: read.outcome,
            status,
            output: read.lines,
            blames: read.blames,
        })
    };
    let found = blocking(
        left.at_most(READ_WITHIN),
        "the configuration that is blamed",
        read,
    )
    .await;
    found.map_err(|error| with_causes(&error))
}

/// The folder that the unit's program runs in, from where it names its files.
fn folder(planned: &Planned, unit: &UnitStart) -> Result<PathBuf, String> {
    let set = setting(unit, "WorkingDirectory").unwrap_or("/");
    let folder = Path::new(set.trim_start_matches('!'));
    // What makes us wait here would make the child wait where nobody ends it.
    let can_enter = folder.is_absolute()
        && folder.is_dir()
        && rustix::fs::access(folder, rustix::fs::Access::EXEC_OK).is_ok();
    match can_enter {
        true => Ok(folder.to_owned()),
        false if planned.is_relative => Err(format!(
            "its configuration is named from its folder {set}, which cannot be entered"
        )),
        false => Ok(PathBuf::from("/")),
    }
}

fn setting<'a>(unit: &'a UnitStart, name: &str) -> Option<&'a str> {
    let settings = unit.facts.settings.iter();
    let mut values = settings.filter(|setting| setting.name == name);
    values.next().map(|setting| setting.value.as_str())
}

/// As whom the program begins, and so its test. Root changes by itself what it has to.
fn user(row: &Row, unit: &UnitStart) -> Result<String, String> {
    if unit.has_dynamic_user {
        return Err("its user exists only while it runs (DynamicUser=)".to_owned());
    }
    let user = match (&row.user, setting(unit, "User")) {
        (Some(user), _) => user,
        (None, user) => user.unwrap_or("root"),
    };
    Ok(user.to_owned())
}

fn tool(planned: &Planned, user: &str) -> Result<Tool, String> {
    let row = &planned.row;
    let name = planned.argv[0].as_str();
    let path = match name.starts_with('/') {
        true => Path::new(name).to_owned(),
        false => {
            tool::find(name).ok_or_else(|| with_cause(&ToolError::NotInstalled(name.into())))?
        }
    };
    // What a site names itself it knows.
    if !row.is_of_site && !path.exists() {
        return Err(with_cause(&ToolError::NotInstalled(name.into())));
    }
    if !row.is_of_site && !program::may_run(&path, row.script) {
        return Err(format!(
            "{name} is not run: it is no compiled program of root"
        ));
    }
    let account = Account::find(Path::new("/"), user, None)
        .ok_or_else(|| format!("its user {user} is not in /etc/passwd"))?;
    // Root could write everywhere, where others could write to what is theirs.
    let strictly = row.writes || account.is_root();
    if strictly && !tool::can_deny_writes() {
        return Err(format!(
            "the kernel cannot keep {name} from writing (it has no Landlock)"
        ));
    }
    let tool = Tool::at(&path, name, WITHIN)
        .args(&planned.argv[1..])
        .stopped_with(rustix::process::Signal::TERM, GRACE)
        .keeping(MOST_OUTPUT_BYTES);
    let tool = match account.is_own() {
        true => tool,
        false if Account::can_become_others() => tool.by(account),
        false => return Err(format!("no permission to run {name} as {user}")),
    };
    Ok(tool.harmless(strictly))
}

fn with_cause(error: &ToolError) -> String {
    let cause = std::error::Error::source(error);
    let cause = cause.map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
