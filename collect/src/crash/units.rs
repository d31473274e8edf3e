//! What systemd still knows of the units that crashed: the program, the main process, and the
//! folder that cores are written to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use analysis::{
    crash::{CrashFacts, sighting::Seen},
    identity::UnitName,
};
use tokio::time::timeout;

use super::limitation;
use crate::systemd::{Manager, UnitStart};

/// Units that are asked for.
const MOST_UNITS: usize = 32;
/// Since the end that systemd knows of is that of the last run alone.
const SAME_END_MS: i64 = 2000;

/// Completes the stops of units, and names the folders that their processes run in.
pub(super) async fn complete(facts: &mut CrashFacts, limit: Duration) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let stopped = facts
        .sightings
        .iter()
        .rev()
        .filter_map(|sighting| match &sighting.seen {
            Seen::UnitStop(stop) => Some(stop.unit.clone()),
            Seen::Coredump(dump) => dump.unit.clone(),
            _ => None,
        });
    let mut names = Vec::new();
    for name in stopped {
        if names.len() < MOST_UNITS && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return folders;
    }
    let known = match timeout(limit, known(names)).await {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => {
            facts.limits.push(limitation("systemd", &error));
            return folders;
        }
        Err(_) => BTreeMap::new(),
    };
    for unit in known.values() {
        folders.extend(working_folder(unit));
    }
    for sighting in &mut facts.sightings {
        let at = sighting.at;
        if let Seen::UnitStop(stop) = &mut sighting.seen
            && let Some(unit) = known.get(&stop.unit)
        {
            let command = unit
                .facts
                .commands
                .iter()
                .find(|command| command.step == "ExecStart");
            stop.exe = command.map(|command| command.path.clone());
            let ended = unit.ended_at.or(unit.facts.status.since);
            let is_last =
                ended.is_some_and(|end| (end - at).num_milliseconds().abs() < SAME_END_MS);
            stop.pid = command.filter(|_| is_last).and_then(|command| command.pid);
        }
    }
    folders
}

async fn known(names: Vec<UnitName>) -> Result<BTreeMap<UnitName, UnitStart>, crate::CollectError> {
    let manager = Manager::connect().await?;
    let mut known = BTreeMap::new();
    for name in names {
        // One that is gone by now has nothing to tell.
        if let Ok(unit) = manager.unit_start(&name).await {
            known.insert(name, unit);
        }
    }
    Ok(known)
}

/// Services run in `/` unless told otherwise. `None`: in a root of their own, which is not here.
fn working_folder(unit: &UnitStart) -> Option<PathBuf> {
    let root = unit.root.as_deref()?;
    let mut settings = unit.facts.settings.iter();
    let folder = settings.rfind(|setting| setting.name == "WorkingDirectory");
    let folder = folder.map_or("/", |setting| setting.value.trim_start_matches(['!', '-']));
    let folder = folder.trim_start_matches('/');
    Some(PathBuf::from(if root.is_empty() { "/" } else { root }).join(folder))
}
