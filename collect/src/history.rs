//! The runs of units, as the journal of this host tells them: through the same fold as the agent's,
//! with no server and no agent.

use std::{path::PathBuf, time::Duration};

use analysis::{
    Timestamp,
    history::{Dependencies, UnitHistory},
    identity::UnitName,
    ledger,
    limitation::Limitation,
    restarts::{RecordFacts, RecordGap, UnitNow},
    run::Run,
};

use crate::{
    CollectError, NoSystemd,
    journal::{JournalOptions, Matches, Opened, Position, lifecycle_matches, open},
    systemd::Manager,
};

/// How much earlier than asked the journal is read: a run that stopped just inside the period
/// started before it.
const LEAD: Duration = Duration::from_secs(3600);

/// Which part of the journal is wanted.
#[derive(Clone, Debug)]
pub struct HistoryAsked {
    /// `None`: all units.
    pub unit: Option<UnitName>,
    pub since: Timestamp,
    /// Where the journal's files are. `None`: the journal of this host.
    pub journal: Option<PathBuf>,
}

/// What the journal tells of units, and systemd of what they are now.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By unit, and then by time. Also those that were over a little before `since`.
    pub runs: Vec<Run>,
    pub record: RecordFacts,
    pub limits: Vec<Limitation>,
}

/// Reads the journal from a little before `since`.
///
/// # Errors
///
/// [`CollectError::JournalDenied`], [`CollectError::NoJournal`], or a journal that cannot be read.
/// What systemd does not say is a limitation.
pub async fn history(asked: HistoryAsked) -> Result<History, CollectError> {
    // A journal of another machine says nothing of the units that run here.
    let systemd = match &asked.journal {
        None => Systemd::ask(asked.unit.as_ref()).await,
        Some(_) => Systemd::default(),
    };
    let options = JournalOptions {
        directory: asked.journal.clone(),
        matches: lifecycle_matches(&systemd.units(asked.unit.as_ref())),
        follow: false,
    };
    let read = move || read(&options, asked.since - LEAD, systemd);
    let ended = tokio::task::spawn_blocking(read).await;
    ended.unwrap_or_else(|error| {
        Err(CollectError::Journal {
            action: "read",
            source: std::io::Error::other(error),
        })
    })
}

/// What systemd says of the units in question.
#[derive(Default)]
struct Systemd {
    dependencies: Dependencies,
    /// The units that the one in question goes along with: their stops explain its own.
    needed: Vec<UnitName>,
    states: Vec<UnitNow>,
    limits: Vec<Limitation>,
}

impl Systemd {
    async fn ask(unit: Option<&UnitName>) -> Self {
        let asked = match Manager::connect().await {
            Ok(manager) => Self::ask_manager(&manager, unit).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(systemd) => systemd,
            // The journal may still be there, of a host that was mounted or of another boot.
            Err(CollectError::NoSystemd(NoSystemd::NotInit)) => Self::default(),
            Err(error) => Self {
                limits: vec![limitation("dependencies", error.to_string(), 1)],
                ..Self::default()
            },
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
                ..Self::default()
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
            limits: Vec::new(),
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

/// Reads the journal through the fold, on a thread of its own: libsystemd stays on one.
fn read(
    options: &JournalOptions,
    since: Timestamp,
    systemd: Systemd,
) -> Result<History, CollectError> {
    let mut limits = systemd.limits;
    let Opened {
        mut source,
        degraded,
    } = open(options)?;
    limits.extend(degraded.map(|reason| limitation("journal-reader", reason.to_string(), 1)));
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
        let count = u32::try_from(source.corrupt()).unwrap_or(u32::MAX);
        limits.push(limitation(
            "journal-entries",
            "unreadable".to_owned(),
            count,
        ));
    }
    let record = RecordFacts {
        record_begins_at: oldest(options)?,
        gaps: events.iter().filter_map(RecordGap::told_by).collect(),
        states: systemd.states,
    };
    Ok(History {
        runs: ledger::runs_of(&events),
        record,
        limits,
    })
}

/// When the journal begins, whatever its first entry is about.
fn oldest(options: &JournalOptions) -> Result<Option<Timestamp>, CollectError> {
    let all = JournalOptions {
        matches: Matches::everything(),
        ..options.clone()
    };
    let mut source = open(&all)?.source;
    source.seek(&Position::Head)?;
    Ok(source.next().transpose()?.map(|entry| entry.at))
}

fn limitation(what: &str, why: String, count: u32) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why,
        count,
    }
}
