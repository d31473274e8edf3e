//! The runs of units, as the journal of this host tells them: through the same fold as the agent's,
//! with no server and no agent.

mod alias;
mod tails;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use analysis::{
    Timestamp,
    history::{Dependencies, UnitHistory},
    identity::UnitName,
    ledger,
    limitation::Limitation,
    restarts::{RecordFacts, RecordGap, RecordSource, UnitNow, policy::RestartPolicy},
    run::Run,
};
use chrono::TimeDelta;

use crate::{
    CollectError, NoSystemd,
    journal::{JournalOptions, Matches, Opened, Position, lifecycle_matches, open},
    systemd::Manager,
};

pub(crate) use tails::{MOST_TAILS, tails};

/// How much earlier than asked the journal is read: a run that stopped just inside the period
/// started before it.
const LEAD: TimeDelta = TimeDelta::hours(1);
/// Entries that are read between two looks at the clock.
const ENTRIES_BETWEEN_LOOKS: u32 = 1024;

/// Which part of the journal is wanted.
#[derive(Clone, Debug)]
pub struct HistoryAsked {
    /// `None`: all units.
    pub unit: Option<UnitName>,
    pub since: Timestamp,
    /// Where the journal's files are. `None`: the journal of this host.
    pub journal: Option<PathBuf>,
    /// How long the journal may be read. `None`: as long as it takes.
    pub within: Option<Duration>,
}

/// What the journal tells of units, and systemd of what they are now.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The real name of the unit that was asked for: that one may have been an alias.
    pub unit: Option<UnitName>,
    /// By unit, and then by time. Also those that were over a little before `since`.
    pub runs: Vec<Run>,
    pub record: RecordFacts,
}

/// Reads the journal from a little before `since`.
///
/// # Errors
///
/// [`CollectError::JournalDenied`], [`CollectError::NoJournal`], [`CollectError::Deadline`], or a
/// journal that cannot be read. What systemd does not say is a limitation.
pub async fn history(asked: HistoryAsked) -> Result<History, CollectError> {
    // A journal of another machine says nothing of the units that run here.
    let systemd = match &asked.journal {
        None => Systemd::ask(asked.unit.as_ref()).await,
        Some(_) => Systemd::silent(asked.unit.clone(), "the journal is not this machine's"),
    };
    let options = JournalOptions {
        directory: asked.journal.clone(),
        matches: lifecycle_matches(&systemd.units()),
        follow: false,
    };
    let deadline = asked.within.map(|within| (Instant::now() + within, within));
    let mut history =
        blocking(move || read(&options, asked.since - LEAD, deadline, systemd)).await?;
    history.record.asked_as = asked
        .unit
        .filter(|unit| history.unit.as_ref() != Some(unit));
    Ok(history)
}

/// libsystemd blocks, and stays on one thread.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, CollectError> + Send + 'static,
) -> Result<T, CollectError> {
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
    /// The unit in question, by its real name. `None`: all.
    unit: Option<UnitName>,
    dependencies: Dependencies,
    /// The units that the one in question goes along with: their stops explain its own.
    needed: Vec<UnitName>,
    states: Vec<UnitNow>,
    policies: BTreeMap<UnitName, RestartPolicy>,
    limits: Vec<Limitation>,
}

impl Systemd {
    /// Without its word; an alias may still be told by the folders that units lie in.
    fn silent(unit: Option<UnitName>, why: &str) -> Self {
        let of_one = ["unit-state", "restart-policy"];
        let what: &[&str] = match unit {
            Some(_) => &of_one,
            None => &["unit-state"],
        };
        let limits = what
            .iter()
            .map(|what| limitation(what, why.to_owned(), 1))
            .collect();
        Self {
            unit,
            limits,
            ..Self::default()
        }
    }

    async fn ask(unit: Option<&UnitName>) -> Self {
        let asked = match Manager::connect().await {
            Ok(manager) => Self::ask_manager(&manager, unit).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(systemd) => systemd,
            // The journal may still be there, of a host that was mounted or of another boot.
            Err(error) => {
                let unit = unit.map(|unit| alias::real_name(unit, alias::FOLDERS));
                let mut systemd = Self::silent(unit, &error.to_string());
                if !matches!(error, CollectError::NoSystemd(NoSystemd::NotInit)) {
                    let missing = limitation("dependencies", error.to_string(), 1);
                    systemd.limits.push(missing);
                }
                systemd
            }
        }
    }

    async fn ask_manager(manager: &Manager, unit: Option<&UnitName>) -> Result<Self, CollectError> {
        match unit {
            Some(unit) => Self::ask_of_one(manager, unit).await,
            None => Self::ask_of_all(manager).await,
        }
    }

    async fn ask_of_all(manager: &Manager) -> Result<Self, CollectError> {
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
        Ok(Self {
            states: states.collect(),
            dependencies: manager.dependencies().await?,
            ..Self::default()
        })
    }

    async fn ask_of_one(manager: &Manager, asked: &UnitName) -> Result<Self, CollectError> {
        let known = manager.known_unit(asked).await?;
        let unit = known.name;
        let needs = manager.needs(&unit).await?;
        let needed = needs.stopped_with.union(&needs.bound_to).cloned().collect();
        let mut dependencies = Dependencies::default();
        dependencies.set(unit.clone(), needs);
        let mut states = Vec::new();
        // systemd calls inactive what does not exist.
        if known.is_there {
            let state = manager.unit_state(&unit).await?;
            states.push(UnitNow {
                unit: unit.clone(),
                active: state.active,
                sub: state.sub,
                main_pid: state.main_pid,
            });
        }
        let policies = known.policy.map(|policy| (unit.clone(), policy));
        Ok(Self {
            unit: Some(unit),
            dependencies,
            needed,
            states,
            policies: policies.into_iter().collect(),
            limits: Vec::new(),
        })
    }

    /// The units whose lines are to be read; none means all.
    fn units(&self) -> Vec<UnitName> {
        let unit = self.unit.as_ref();
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
    deadline: Option<(Instant, Duration)>,
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
    let mut entries = 0_u32;
    while let Some(entry) = source.next() {
        events.extend(history.apply(&entry?));
        entries = entries.wrapping_add(1);
        if entries.is_multiple_of(ENTRIES_BETWEEN_LOOKS) {
            check(deadline)?;
        }
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
        source: RecordSource::Journal,
        policies: systemd.policies,
        logs: BTreeMap::new(),
        host_load: Vec::new(),
        asked_as: None,
        limits,
    };
    Ok(History {
        unit: systemd.unit,
        runs: ledger::runs_of(&events),
        record,
    })
}

/// Half a history would miss the newest stops: none is better.
fn check(deadline: Option<(Instant, Duration)>) -> Result<(), CollectError> {
    match deadline {
        Some((until, limit)) if Instant::now() >= until => Err(CollectError::Deadline {
            what: "the journal".to_owned(),
            limit,
        }),
        _ => Ok(()),
    }
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
