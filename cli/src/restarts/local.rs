//! The report from this machine's own journal: no server, no agent.

use std::time::Duration;

use analysis::{
    Timestamp,
    history::{Dependencies, UnitHistory},
    identity::UnitName,
    ledger,
    restarts::{RecordFacts, RecordGap, RestartQuestion, RestartReport, UnitNow, restart_report},
};
use chrono::Utc;
use collect::{
    CollectError, Hint, NoSystemd,
    journal::{JournalOptions, Matches, Opened, Position, lifecycle_matches},
    systemd::Manager,
};

use crate::{
    args::RestartsAsked,
    context::Context,
    exit::{Exit, Failure},
    message::{Message, say},
};

/// How much earlier than asked the journal is read: a run that stopped just inside the period
/// started before it.
const LEAD: Duration = Duration::from_secs(3600);

/// Reports from the journal, and from systemd what the units do now.
pub async fn report(
    context: &Context,
    unit: Option<&UnitName>,
    asked: &RestartsAsked,
) -> Result<RestartReport, Failure> {
    let now = Utc::now();
    let since = now - asked.period.as_delta();
    // A journal of another machine says nothing of the units that run here.
    let systemd = match &asked.journal {
        None => Systemd::ask(context, unit).await?,
        Some(_) => Systemd::default(),
    };
    let options = JournalOptions {
        directory: asked.journal.clone(),
        matches: lifecycle_matches(&systemd.units(unit)),
        follow: false,
    };
    let read = tokio::task::spawn_blocking(move || read(&options, since - LEAD, systemd));
    let (runs, record, warnings) = read
        .await
        .map_err(|error| Failure::broken(say("cli-journal-thread"), error))?
        .map_err(journal_failure)?;
    for warning in &warnings {
        context.printer.warn(warning);
    }
    let question = RestartQuestion {
        unit: unit.cloned(),
        since,
        now,
    };
    Ok(restart_report(&runs, &question, &record))
}

/// What systemd says of the units in question.
#[derive(Default)]
struct Systemd {
    dependencies: Dependencies,
    /// The units that the one in question goes along with: their stops explain its own.
    needed: Vec<UnitName>,
    states: Vec<UnitNow>,
}

impl Systemd {
    async fn ask(context: &Context, unit: Option<&UnitName>) -> Result<Self, Failure> {
        let asked = match Manager::connect().await {
            Ok(manager) => Self::ask_manager(&manager, unit).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(systemd) => Ok(systemd),
            // The journal may still be there, of a host that was mounted or of another boot.
            Err(CollectError::NoSystemd(NoSystemd::NotInit)) => Ok(Self::default()),
            Err(error) => {
                let warning = say("cli-no-dependencies").with("why", error.to_string());
                context.printer.warn(&warning);
                Ok(Self::default())
            }
        }
    }

    async fn ask_manager(manager: &Manager, unit: Option<&UnitName>) -> Result<Self, CollectError> {
        let Some(unit) = unit else {
            let states = manager
                .list_units()
                .await?
                .into_iter()
                .map(|loaded| UnitNow {
                    unit: loaded.unit,
                    active: loaded.active,
                    sub: loaded.sub,
                    main_pid: None,
                });
            return Ok(Self {
                states: states.collect(),
                dependencies: manager.dependencies().await?,
                needed: Vec::new(),
            });
        };
        let needs = manager.needs(unit).await?;
        let needed = needs.stopped_with.union(&needs.bound_to).cloned().collect();
        let state = manager.unit_state(unit).await?;
        let mut dependencies = Dependencies::default();
        dependencies.set(unit.clone(), needs);
        let now = UnitNow {
            unit: unit.clone(),
            active: state.active,
            sub: state.sub,
            main_pid: state.main_pid,
        };
        Ok(Self {
            dependencies,
            needed,
            states: vec![now],
        })
    }

    /// The units whose lines are to be read; none means all.
    fn units(&self, unit: Option<&UnitName>) -> Vec<UnitName> {
        unit.into_iter()
            .flat_map(|unit| self.needed.iter().chain([unit]))
            .cloned()
            .collect()
    }
}

/// With what a reader has to be warned of.
type Facts = (Vec<analysis::run::Run>, RecordFacts, Vec<Message>);

/// Reads the journal through the fold, on a thread of its own: libsystemd stays on one.
fn read(
    options: &JournalOptions,
    since: Timestamp,
    systemd: Systemd,
) -> Result<Facts, CollectError> {
    let Opened {
        mut source,
        degraded,
    } = collect::journal::open(options)?;
    let mut warnings: Vec<_> = degraded
        .map(|reason| say("cli-journal-slow").with("why", reason.to_string()))
        .into_iter()
        .collect();
    source.seek(&Position::Since(since))?;
    let mut history = UnitHistory::new(systemd.dependencies);
    // A host that shares its kernel: the kernel's log names its cgroups as the machine sees them.
    if let Ok(root) = std::env::var("AIOPS_CGROUP_ROOT") {
        history = history.with_cgroup_root(root);
    }
    let mut events = Vec::new();
    while let Some(entry) = source.next() {
        events.extend(history.apply(&entry?));
    }
    if source.corrupt() > 0 {
        warnings.push(say("cli-journal-corrupt").with("entries", source.corrupt()));
    }
    let record = RecordFacts {
        record_begins_at: oldest(options)?,
        gaps: events.iter().filter_map(RecordGap::told_by).collect(),
        states: systemd.states,
    };
    Ok((ledger::runs_of(&events), record, warnings))
}

/// When the journal begins, whatever its first entry is about.
fn oldest(options: &JournalOptions) -> Result<Option<Timestamp>, CollectError> {
    let all = JournalOptions {
        matches: Matches::everything(),
        ..options.clone()
    };
    let mut source = collect::journal::open(&all)?.source;
    source.seek(&Position::Head)?;
    Ok(source.next().transpose()?.map(|entry| entry.at))
}

fn journal_failure(error: CollectError) -> Failure {
    let exit = match &error {
        CollectError::JournalDenied { .. } => Exit::NotAllowed,
        CollectError::NoJournal => Exit::NoSuchTarget,
        _ => Exit::Broken,
    };
    let hint = match error.hint() {
        Some(Hint::JoinJournalGroup { groups }) => {
            say("cli-journal-groups").with("groups", groups.join(", "))
        }
        _ => say("cli-journal-elsewhere"),
    };
    Failure::new(exit, say("cli-no-journal"))
        .because(error)
        .hint(hint)
}
