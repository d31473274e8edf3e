//! Which units a stop takes along.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use analysis::identity::UnitName;
use zbus::OwnedVariant;

use super::{
    calls::{PROPERTIES, SYSTEMD, UNIT, call, refused},
    manager::{LoadedUnit, Manager},
};
use crate::CollectError;

/// For each unit the units that are stopped with it, directly: the far ends of `Requires=`,
/// `Requisite=`, `BindsTo=`, `PartOf=` and `PropagatesStopTo=`. Units that take nobody along are
/// left out.
pub type StopDependencies = BTreeMap<UnitName, BTreeSet<UnitName>>;

/// systemd's names of those relations, as seen from the unit that is stopped.
const TAKEN_ALONG: [&str; 5] = [
    "RequiredBy",
    "RequisiteOf",
    "BoundBy",
    "ConsistsOf",
    "PropagatesStopTo",
];

/// Kinds of units that others depend on and that somebody may stop. Devices, slices and scopes
/// are many, and are not what a person stops.
const KINDS: [&str; 4] = [".service", ".socket", ".mount", ".target"];

impl Manager {
    /// Reads which units a stop takes along: one call for each unit that is not inactive, about
    /// 0.2 ms of process 1 each. Changes only when units are loaded or edited, so ask seldom.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer. A unit that is unloaded meanwhile
    /// is left out.
    pub async fn stop_dependencies(&self) -> Result<StopDependencies, CollectError> {
        let mut dependencies = StopDependencies::new();
        for unit in self.list_units().await? {
            let is_wanted = KINDS.iter().any(|kind| unit.unit.as_str().ends_with(kind));
            if !is_wanted || unit.active == "inactive" {
                continue;
            }
            match self.taken_along(&unit).await {
                Ok(taken) if taken.is_empty() => {}
                Ok(taken) => {
                    dependencies.insert(unit.unit, taken);
                }
                Err(error @ CollectError::Deadline { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(dependencies)
    }

    async fn taken_along(&self, unit: &LoadedUnit) -> Result<BTreeSet<UnitName>, CollectError> {
        let object = (SYSTEMD, unit.path.as_str(), PROPERTIES);
        let answer = call(&self.connection, object, "GetAll", &UNIT).await?;
        let body = answer.body();
        let mut properties: HashMap<String, OwnedVariant> = body
            .deserialize()
            .map_err(|error| refused("GetAll", error))?;
        let relations = TAKEN_ALONG
            .iter()
            // Old versions lack `PropagatesStopTo`.
            .filter_map(|name| properties.remove(*name))
            .filter_map(|value| Vec::<String>::try_from(value).ok());
        Ok(relations
            .flatten()
            .filter_map(|name| name.parse().ok())
            .collect())
    }
}
