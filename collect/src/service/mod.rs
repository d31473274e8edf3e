//! Everything about one unit as it is now.
//!
//! The parts are read side by side, each within its time, and change nothing: state, settings and
//! dependencies over D-Bus; the last runs and the end of the log from the journal; the cgroup's
//! own counts; the unit's files; and what `systemd-analyze` thinks of them.

mod cgroup;
mod files;
mod journal;
mod process;
mod script;
mod tools;

use std::time::{Duration, Instant};

use analysis::{
    black_box::Recording,
    identity::UnitName,
    limitation::Limitation,
    order::{Failure, Progress, Step},
    service::{
        MainProcess, RelatedUnit, ServiceAsked, ServiceReport,
        facts::{ServiceFacts, UnitFiles, UnitRecord},
        service_report,
    },
    start_failure::{DependencyState, similar::similar},
    throttling::Throttling,
    unit_file::UnitFile,
};

use crate::{
    CollectError, NoAnswer, NoSystemd,
    black_box::Folders,
    gather::{blocking, missing, with_causes, within},
    host::ClockReading,
    start_failure::files::of as program_files,
    systemd::{Manager, UnitService},
};

/// The unit itself: without it there is no report.
const UNIT_WITHIN: Duration = Duration::from_secs(2);
const NEEDED_WITHIN: Duration = Duration::from_millis(1000);
const JOURNAL_WITHIN: Duration = Duration::from_millis(1500);
const FILES_WITHIN: Duration = Duration::from_millis(500);

/// Says how a unit of this host is.
///
/// # Errors
///
/// [`NoAnswer`] if the name is none, or nobody on this host can be asked about it.
pub async fn service(
    asked: &ServiceAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ServiceReport, NoAnswer> {
    let unit = UnitName::from_user(&asked.unit).map_err(|error| NoAnswer {
        reason: Failure::NoSuchTarget,
        detail: error.to_string(),
    })?;
    progress(step(Step::ReadingUnit, 0));
    let facts = match Manager::connect().await {
        Ok(manager) => Box::pin(gather(&manager, unit, asked.detail, progress)).await?,
        Err(CollectError::NoSystemd(NoSystemd::NotInit)) => {
            script::facts(&unit, asked.detail).ok_or_else(|| script::no_answer(&unit))?
        }
        Err(error) => return Err(no_systemd(&error)),
    };
    progress(step(Step::Concluding, 2));
    Ok(service_report(facts))
}

async fn gather(
    manager: &Manager,
    asked: UnitName,
    detail: bool,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ServiceFacts, NoAnswer> {
    let read = within(UNIT_WITHIN, "systemd", manager.unit_service(&asked)).await;
    let unit = read.map_err(|error| no_systemd(&error))?;
    progress(step(Step::ReadingJournal, 1));
    if is_nothing(&unit) {
        let mut facts = bare(asked, detail, unit);
        let names = within(NEEDED_WITHIN, "systemd", manager.unit_names()).await;
        let names = names.unwrap_or_else(|error| missing(&mut facts.limits, "unit-names", &error));
        facts.similar = similar(&facts.asked, names);
        facts.similar.retain(|name| *name != facts.asked);
        return Ok(facts);
    }
    let parts = Box::pin(Parts::read(manager, &unit)).await;
    let mut facts = bare(asked, detail, unit);
    parts.put_into(&mut facts);
    Ok(facts)
}

/// What is read side by side, when systemd has told what the unit is.
struct Parts {
    record: Result<UnitRecord, CollectError>,
    tail: Result<journal::Tail, CollectError>,
    needed: Result<Vec<DependencyState>, CollectError>,
    related: Result<Vec<RelatedUnit>, CollectError>,
    files: Result<(Vec<UnitFile>, Vec<Limitation>), CollectError>,
    main: Result<Option<MainProcess>, CollectError>,
    counts: Result<cgroup::Counts, CollectError>,
    throttling: Option<Throttling>,
    recording: Result<Recording, CollectError>,
    opinion: tools::Opinion,
}

impl Parts {
    async fn read(manager: &Manager, unit: &UnitService) -> Self {
        let name = &unit.start.facts.name;
        let main_pid = unit.start.facts.status.main_process;
        let main_pid = main_pid.map(|process| process.pid);
        let (group, recorded) = (unit.control_group.clone(), name.clone());
        let (of_files, of_tail) = (unit.clone(), unit.clone());
        let throttling = cgroup::throttling(&unit.control_group);
        let (record, tail, needed, related, files, main, counts, recording, opinion, throttling) = tokio::join!(
            journal::record(name, Instant::now() + JOURNAL_WITHIN),
            blocking(JOURNAL_WITHIN, "the journal", move || {
                journal::tail(&of_tail)
            }),
            within(NEEDED_WITHIN, "systemd", manager.needed_states(name)),
            within(NEEDED_WITHIN, "systemd", manager.related(&unit.triggers)),
            blocking(FILES_WITHIN, "the unit's files", move || {
                Ok(files::of(&of_files))
            }),
            blocking(FILES_WITHIN, "the main process", move || {
                Ok(main_pid.and_then(process::main))
            }),
            blocking(FILES_WITHIN, "the cgroup", move || {
                Ok(cgroup::counts(&group))
            }),
            blocking(FILES_WITHIN, "the black box", move || {
                Ok(Folders::of_this_host().recording(&recorded))
            }),
            tools::ask(unit),
            throttling,
        );
        Self {
            record,
            tail,
            needed,
            related,
            files,
            main,
            counts,
            throttling,
            recording,
            opinion,
        }
    }

    /// What could not be read becomes a limitation.
    fn put_into(self, facts: &mut ServiceFacts) {
        let limits = &mut facts.limits;
        let (files, unread) = self
            .files
            .unwrap_or_else(|error| missing(limits, "unit-files", &error));
        facts.files.files = files;
        limits.extend(unread);
        let tail = self.tail;
        let tail: journal::Tail = tail.unwrap_or_else(|error| missing(limits, "journal", &error));
        facts.invocation_id = facts.invocation_id.or(tail.invocation);
        (facts.log, facts.log_has_more) = (tail.lines, tail.has_more);
        let record = self.record;
        facts.record = record.unwrap_or_else(|error| missing(limits, "journal", &error));
        let needed = self.needed;
        facts.dependencies = needed.unwrap_or_else(|error| missing(limits, "dependencies", &error));
        let related = self.related;
        facts.triggers = related.unwrap_or_else(|error| missing(limits, "triggers", &error));
        let main = self.main;
        facts.main_process = main.unwrap_or_else(|error| missing(limits, "main-process", &error));
        if let (Some(known), Some(read)) =
            (&mut facts.unit.status.main_process, &facts.main_process)
        {
            *known = read.process;
        }
        let counts = self.counts;
        let counts = counts.unwrap_or_else(|error| missing(limits, "cgroup", &error));
        if let Some(resources) = &mut facts.resources {
            counts.complete(resources);
            resources.throttling = self.throttling;
        }
        let recording = self.recording;
        facts.recording = recording.unwrap_or_else(|error| missing(limits, "black-box", &error));
        facts.files.complaints = self.opinion.complaints;
        facts.hardening = self.opinion.hardening;
        limits.extend(self.opinion.limits);
        limits.dedup();
    }
}

/// What systemd alone says.
fn bare(asked: UnitName, detail: bool, unit: UnitService) -> ServiceFacts {
    let programs = program_files(&unit.start);
    ServiceFacts {
        at: ClockReading::now().wall,
        asked,
        detail,
        enabled: unit.enabled,
        invocation_id: unit.start.invocation,
        times: unit.times,
        status_text: unit.status_text,
        kind: unit.kind,
        pid_file: None,
        main_process: None,
        resources: unit.resources,
        recording: Recording::default(),
        policy: unit.policy,
        record: UnitRecord::default(),
        log: Vec::new(),
        log_has_more: false,
        dependencies: Vec::new(),
        triggers: Vec::new(),
        files: UnitFiles {
            need_reload: unit.need_reload,
            started_by: unit.started_by,
            programs,
            ..UnitFiles::default()
        },
        hardening: None,
        similar: Vec::new(),
        limits: Vec::new(),
        unit: unit.start.facts,
    }
}

/// Whether there is no unit that could have a record.
fn is_nothing(unit: &UnitService) -> bool {
    let status = &unit.start.facts.status;
    status.load_state == "not-found" && status.active_state == "inactive"
}

fn no_systemd(error: &CollectError) -> NoAnswer {
    NoAnswer {
        reason: Failure::NotPossible,
        detail: format!("cannot ask systemd: {}", with_causes(error)),
    }
}

/// Something that could not be read.
fn unread(what: &str, why: String) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why,
        count: 1,
    }
}

fn step(step: Step, done: u32) -> Progress {
    Progress { step, done, of: 3 }
}
