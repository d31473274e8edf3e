//! Everything that is known of a start that failed.
//!
//! Facts are gathered once and change nothing: unit and dependencies over D-Bus, the journal of
//! the failing run, the programs' files, and who listens on the ports that the log names. Each
//! part has its share of what the others left of five seconds; what is not there in time is a
//! limitation of the report.

mod changes;
mod claimed;
mod config_tests;
mod configurations;
pub(crate) mod files;
mod journal;
mod listeners;
mod log_files;
mod places;
mod supervisor;
mod time_left;
mod ways;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use analysis::{
    Timestamp,
    identity::UnitName,
    limitation::Limitation,
    log::Excerpt,
    order::{Failure, Progress, Step},
    start_failure::{
        StartFacts, StartFailure, StartFailureAsked,
        address_in_use::{addresses_in_use, not_listening},
        attempts::FailedStart,
        claim::claim,
        diagnose,
        facts::{Setting, Standing},
        says::blamed_paths,
        similar::similar,
        supervised::SUPERVISED,
    },
};

use self::{journal::JournalFacts, time_left::TimeLeft, ways::Ways};
use crate::{
    CollectError, NoAnswer,
    gather::{blocking, limitation, missing, with_causes, within},
    host::ClockReading,
    process::Procfs,
    sockets::{Listening, Sockets},
    systemd::{Manager, UnitStart},
    tool,
};

/// The unit itself: without it there is no report.
const UNIT_WITHIN: Duration = Duration::from_secs(2);
/// The units that it needs; beside that the journal is read.
const NEEDED_WITHIN: Duration = Duration::from_millis(1500);
const JOURNAL_WITHIN: Duration = Duration::from_millis(2500);
const FILES_WITHIN: Duration = Duration::from_millis(300);
/// The denials of security modules, which are few.
const KERNEL_WITHIN: Duration = Duration::from_millis(500);
const LOG_FILES_WITHIN: Duration = Duration::from_millis(400);
const SOCKETS_WITHIN: Duration = Duration::from_millis(800);
/// Ports that are looked up.
const MOST_PORTS: usize = 16;

/// Files that the programs of a unit are configured with.
pub(crate) fn config_files(unit: &UnitStart) -> Vec<String> {
    config_tests::files(unit)
}

/// Says why a unit of this host did not start.
///
/// # Errors
///
/// [`NoAnswer`] if the name is none, or systemd cannot be asked.
pub async fn start_failure(
    asked: &StartFailureAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<StartFailure, NoAnswer> {
    let unit = UnitName::from_user(&asked.unit).map_err(|error| NoAnswer {
        reason: Failure::NoSuchTarget,
        detail: error.to_string(),
    })?;
    let left = TimeLeft::from(Instant::now());
    let facts = gather(unit, left, progress).await?;
    progress(step(Step::Concluding, 3));
    let report = diagnose(facts);
    let Some(below) = report.failed_dependency().cloned() else {
        return Ok(report);
    };
    // Its own report says what is missing of it; here it is only as good as the time that is left.
    match gather(below, left, &|_| ()).await {
        Ok(facts) => Ok(report.with_beneath(diagnose(facts))),
        Err(_) => Ok(report),
    }
}

async fn gather(
    asked: UnitName,
    left: TimeLeft,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<StartFacts, NoAnswer> {
    progress(step(Step::ReadingUnit, 0));
    let unit = async {
        let manager = Manager::connect().await?;
        let unit = manager.unit_start(&asked).await?;
        Ok((manager, unit))
    };
    let unit = within(left.at_most(UNIT_WITHIN), "systemd", unit).await;
    let (manager, unit) = unit.map_err(|error| no_systemd(&error))?;
    let mut facts = StartFacts {
        at: ClockReading::now().wall,
        asked,
        unit: None,
        similar: Vec::new(),
        attempt: None,
        went_well_since: false,
        dependencies: Vec::new(),
        sockets: Vec::new(),
        files: Vec::new(),
        limits: Vec::new(),
        places: Vec::new(),
        kernel: Vec::new(),
        booted_at: Some(ClockReading::now().booted_at()),
        ended_at_once: None,
        ended_log: Vec::new(),
        config_tests: Vec::new(),
        log_files: Vec::new(),
        guessed_log_files: BTreeSet::new(),
        changes: None,
        configurations: Vec::new(),
        ways: Vec::new(),
        unprivileged_ports_from: (!unit.has_own_network)
            .then(unprivileged_ports_from)
            .flatten(),
        claimed: None,
        has_coredumpctl: tool::find("coredumpctl").is_some(),
    };

    progress(step(Step::ReadingJournal, 1));
    let journal_within = left.at_most(JOURNAL_WITHIN);
    let (needed, journal, files) = tokio::join!(
        within(
            left.at_most(NEEDED_WITHIN),
            "systemd",
            manager.needed_states(&unit.facts.name)
        ),
        blocking(journal_within, "the journal", {
            let unit = unit.clone();
            move || match is_nothing(&unit) {
                true => Ok(JournalFacts::default()),
                false => journal::read(&unit, Instant::now() + journal_within),
            }
        }),
        blocking(left.at_most(FILES_WITHIN), "the unit's programs", {
            let unit = unit.clone();
            move || Ok(files::of(&unit))
        }),
    );
    facts.dependencies =
        needed.unwrap_or_else(|error| missing(&mut facts.limits, "dependencies", &error));
    facts.files = files.unwrap_or_else(|error| missing(&mut facts.limits, "files", &error));
    let journal = journal.unwrap_or_else(|error| missing(&mut facts.limits, "journal", &error));
    facts.limits.extend(journal.limit.clone());
    facts.ended_at_once = journal.quick_end.filter(|_| !unit.may_end);
    facts.ended_log = journal.quick_log.clone().into_lines().0;
    let has_own_network = unit.has_own_network;
    let root = unit.root.clone();
    take_unit(&mut facts, unit.clone(), journal);
    if unit.facts.status.is_idle_script() && !facts.is_idle_script() {
        facts.attempt = None;
    }
    if facts.standing() == Standing::NotLoaded && is_nothing(&unit) {
        take_supervised(&mut facts, left).await;
    }
    if facts.standing() == Standing::Fails && facts.setting(SUPERVISED).is_some() {
        look_further(&mut facts, &unit, Some(String::new()), left).await;
    } else if facts.standing() == Standing::Fails {
        read_log_files(&mut facts, &unit, left).await;
        read_configurations(&mut facts, &unit, left).await;
        look_further(&mut facts, &unit, root, left).await;
    }

    if facts.standing() == Standing::NotLoaded {
        let limit = left.at_most(NEEDED_WITHIN);
        let names = within(limit, "systemd", manager.unit_names()).await;
        let names = names.unwrap_or_else(|error| missing(&mut facts.limits, "unit-names", &error));
        facts.similar = similar(&facts.asked, names);
        facts.similar.retain(|name| *name != facts.asked);
    }

    progress(step(Step::ReadingSockets, 2));
    let listening = async {
        match has_own_network {
            false => listening(&facts, &manager, left).await,
            true => not_from_here(&facts),
        }
    };
    let (listening, tested, changed) = tokio::join!(
        listening,
        config_tests::run(&facts, &unit, left),
        changes::read(&facts, &unit, left)
    );
    facts.sockets = listening.holders;
    facts.limits.extend(listening.limits);
    facts.config_tests = tested.tests;
    facts.limits.extend(tested.limits);
    facts.limits.extend(changed.limits);
    facts.changes = changed.facts;
    Ok(facts)
}

/// Reads what the program wrote elsewhere than into the journal.
async fn read_log_files(facts: &mut StartFacts, unit: &UnitStart, left: TimeLeft) {
    let Some(attempt) = facts.attempt.clone() else {
        return;
    };
    let unit = unit.clone();
    let read = move || Ok(log_files::of(&attempt, &unit));
    let files = blocking(left.at_most(LOG_FILES_WITHIN), "the log files", read).await;
    let files = files.unwrap_or_else(|error| missing(&mut facts.limits, "log-files", &error));
    facts.log_files = files.excerpts;
    facts.guessed_log_files = files.guessed;
    facts.limits.extend(files.limits);
}

/// Puts a program of supervisord in the place of a unit that does not exist.
async fn take_supervised(facts: &mut StartFacts, left: TimeLeft) {
    let (asked, now) = (facts.asked.clone(), facts.at);
    let read = move || Ok(supervisor::program(&asked, now));
    let found = blocking(left.at_most(LOG_FILES_WITHIN), "supervisord's log", read).await;
    let found = found.unwrap_or_else(|error| missing(&mut facts.limits, "supervisor", &error));
    let Some(found) = found else {
        return;
    };
    facts.unit = Some(found.unit);
    facts.attempt = found.attempt;
    facts.log_files = found.log_files;
    facts.files = found.files;
}

async fn read_configurations(facts: &mut StartFacts, unit: &UnitStart, left: TimeLeft) {
    let unit = unit.clone();
    let read = move || Ok(configurations::of(&unit));
    let files = blocking(left.at_most(FILES_WITHIN), "the configuration", read).await;
    facts.configurations =
        files.unwrap_or_else(|error| missing(&mut facts.limits, "configuration", &error));
}

/// Looks at what the log complains about.
async fn look_further(
    facts: &mut StartFacts,
    unit: &UnitStart,
    root: Option<String>,
    left: TimeLeft,
) {
    let paths = blamed_paths(&facts.said());
    let ways = root
        .as_deref()
        .map(|root| Ways::of(facts, unit, root, &paths));
    let claim = root.clone().zip(claim(&facts.said()));
    let span = facts.attempt.as_ref().and_then(|attempt| {
        let failed_at = attempt.failed_at?;
        Some((attempt.began_at.unwrap_or(failed_at), failed_at))
    });
    let kernel_within = left.at_most(KERNEL_WITHIN);
    let (places, claimed, ways, kernel) = tokio::join!(
        blocking(
            left.at_most(FILES_WITHIN),
            "the paths of the log",
            move || { Ok(root.map_or_else(Vec::new, |root| places::at(&root, paths))) }
        ),
        blocking(
            left.at_most(FILES_WITHIN),
            "the process that it names",
            move || Ok(claim.and_then(|(root, claim)| claimed::process(&root, claim)))
        ),
        blocking(
            left.at_most(FILES_WITHIN),
            "the ways to its files",
            move || { Ok(ways.map_or_else(Vec::new, Ways::go)) }
        ),
        blocking(kernel_within, "the kernel's log", move || match span {
            Some(span) => journal::denials(span, Instant::now() + kernel_within),
            None => Ok(Vec::new()),
        }),
    );
    facts.places = places.unwrap_or_else(|error| missing(&mut facts.limits, "places", &error));
    facts.claimed = claimed.unwrap_or_else(|error| missing(&mut facts.limits, "processes", &error));
    facts.ways = ways.unwrap_or_else(|error| missing(&mut facts.limits, "ways", &error));
    facts.kernel = kernel.unwrap_or_else(|error| missing(&mut facts.limits, "kernel-log", &error));
}

/// Whether there is no unit that could ever have logged anything, or nothing that would matter.
fn is_nothing(unit: &UnitStart) -> bool {
    let status = &unit.facts.status;
    matches!(status.load_state.as_str(), "not-found" | "masked")
        && status.active_state == "inactive"
}

/// Puts the unit, and the start of it that failed last, into the facts.
fn take_unit(facts: &mut StartFacts, unit: UnitStart, journal: JournalFacts) {
    let by_systemd = failed_now(&unit, facts.at);
    let (failed, log) = match (journal.failed, by_systemd) {
        // The journal may lack the run that systemd speaks of: it was vacuumed, or is forbidden.
        (Some(journaled), Some(now)) if is_older(&journaled, &now) => {
            (Some(now), Excerpt::default())
        }
        (Some(journaled), _) => (Some(journaled), journal.log),
        (None, now) => (now, journal.log),
    };
    facts.went_well_since = failed.as_ref().is_some_and(|failed| failed.went_well_since);
    facts.attempt = failed.map(|failed| failed.with_log(log));
    let mut of_unit = unit.facts;
    of_unit
        .settings
        .extend(unit.rights.into_iter().map(as_kernel_has_it));
    of_unit.load_log = journal.load_log;
    if let Some(main) = &mut of_unit.status.main_process {
        let stat = Procfs::at("/proc").stat(main.pid);
        main.start_ns = stat.map_or(0, |stat| stat.start_ns);
    }
    facts.unit = Some(of_unit);
    // Commands have the ends of the last run only.
    let command = facts.failed_command().cloned();
    if let (Some(attempt), Some(command)) = (&mut facts.attempt, command)
        && attempt.invocation_id == unit.invocation
    {
        attempt.step.get_or_insert(command.step);
        attempt.command = Some(command.argv.join(" "));
        attempt.status = attempt.status.or(command.status);
    }
}

/// A host that shares its kernel: the kernel's log names its cgroups as the machine sees them.
fn as_kernel_has_it(setting: Setting) -> Setting {
    let root = std::env::var("AIOPS_CGROUP_ROOT").unwrap_or_default();
    match setting.name.as_str() {
        "ControlGroup" => Setting {
            value: format!("{}{}", root.trim_end_matches('/'), setting.value),
            ..setting
        },
        _ => setting,
    }
}

/// The first port that anybody may listen on.
fn unprivileged_ports_from() -> Option<u16> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    text.ok()?.trim().parse().ok()
}

/// The failed start that systemd itself still knows of. `None`: the unit is in no failed state.
fn failed_now(unit: &UnitStart, now: Timestamp) -> Option<FailedStart> {
    let status = &unit.facts.status;
    let is_failed = status.active_state == "failed"
        || status.sub_state.starts_with("auto-restart")
        // Its own words tell whether it is one.
        || status.is_idle_script();
    is_failed.then(|| FailedStart {
        invocation: unit.invocation,
        began_at: unit.began_at,
        started_at: unit.started_at,
        failed_at: status.since.or(unit.ended_at).unwrap_or(now),
        result: match status.is_idle_script() {
            true => status.sub_state.clone(),
            false => status.result.clone(),
        },
        step: None,
        status: None,
        went_well_since: false,
    })
}

/// Whether the journal's failure is one before that which systemd knows of.
fn is_older(journaled: &FailedStart, now: &FailedStart) -> bool {
    let is_other = now.invocation.is_some() && journaled.invocation != now.invocation;
    is_other
        && now
            .began_at
            .is_some_and(|began_at| began_at > journaled.failed_at)
}

/// The ports that the log names as in use.
fn ports(facts: &StartFacts) -> BTreeSet<u16> {
    if facts.standing() == Standing::Runs {
        return BTreeSet::new();
    }
    let log = facts.said();
    let lines = addresses_in_use(&log).into_iter();
    let wanted = lines
        .chain(not_listening(&log))
        .flat_map(|(_, wanted)| wanted);
    let named = wanted.map(|wanted| wanted.port);
    named
        .chain(facts.unnamed_ports())
        .take(MOST_PORTS)
        .collect()
}

/// Whoever listens here is not in the way of a unit with a network of its own.
fn not_from_here(facts: &StartFacts) -> Listening {
    let why = "the unit has a network namespace of its own".to_owned();
    let limit = Limitation {
        what: "sockets".to_owned(),
        why,
        count: 1,
    };
    Listening {
        holders: Vec::new(),
        limits: (!ports(facts).is_empty())
            .then_some(limit)
            .into_iter()
            .collect(),
    }
}

/// Who listens on the ports that the log names.
async fn listening(facts: &StartFacts, manager: &Manager, left: TimeLeft) -> Listening {
    let ports = ports(facts);
    if ports.is_empty() {
        return Listening::default();
    }
    let limit = left.at_most(SOCKETS_WITHIN);
    let until = Instant::now() + limit;
    let read = blocking(limit, "the sockets", move || {
        Ok(Sockets::at("/proc").listening_on(&ports, until))
    });
    let mut found = match read.await {
        Ok(found) => found,
        Err(error) => Listening {
            limits: vec![limitation("sockets", &error)],
            ..Listening::default()
        },
    };
    // Process 1 holds sockets for socket units, which are what can be stopped.
    if found.holders.iter().any(listeners::is_of_manager) {
        match within(left.at_most(SOCKETS_WITHIN), "systemd", manager.listeners()).await {
            Ok(units) => listeners::name(&mut found.holders, &units),
            Err(error) => found.limits.push(limitation("socket-units", &error)),
        }
    }
    found
}

fn no_systemd(error: &CollectError) -> NoAnswer {
    NoAnswer {
        reason: Failure::NotPossible,
        detail: format!("cannot ask systemd: {}", with_causes(error)),
    }
}

fn step(step: Step, done: u32) -> Progress {
    Progress { step, done, of: 4 }
}
