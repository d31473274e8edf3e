//! Which units a unit goes along with when they stop.

use std::collections::{BTreeSet, HashMap};

use analysis::{
    history::{Dependencies, Needs},
    identity::UnitName,
};
use zbus::OwnedVariant;

use super::{
    calls::{PROPERTIES, SYSTEMD, UNIT, call, refused},
    manager::Manager,
};
use crate::CollectError;

/// systemd stops a unit with these if a job stops them.
const STOPPED_WITH: [&str; 4] = ["Requires", "Requisite", "PartOf", "StopPropagatedFrom"];
/// And with these however they end.
const BOUND_TO: &str = "BindsTo";

/// Kinds of units that may go along and that people care about. Devices and scopes are many.
const KINDS: [&str; 5] = [".service", ".socket", ".mount", ".target", ".timer"];

impl Manager {
    /// What one unit needs, as systemd has it loaded: two calls.
    pub async fn needs(&self, unit: &UnitName) -> Result<Needs, CollectError> {
        let path = self.load(unit).await?;
        self.needs_at(path.as_str()).await
    }

    /// What all loaded units need: one call for each, about 0.2 ms of process 1. Changes only when
    /// units are loaded or edited, so ask seldom.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer. A unit that is unloaded meanwhile
    /// is left out.
    pub async fn dependencies(&self) -> Result<Dependencies, CollectError> {
        let mut dependencies = Dependencies::default();
        for loaded in self.list_units().await? {
            if !KINDS
                .iter()
                .any(|kind| loaded.unit.as_str().ends_with(kind))
            {
                continue;
            }
            match self.needs_at(loaded.path.as_str()).await {
                Ok(needs) => dependencies.set(loaded.unit, needs),
                Err(error @ CollectError::Deadline { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(dependencies)
    }

    async fn needs_at(&self, path: &str) -> Result<Needs, CollectError> {
        let object = (SYSTEMD, path, PROPERTIES);
        let answer = call(&self.connection, object, "GetAll", &UNIT).await?;
        let body = answer.body();
        let mut properties: HashMap<String, OwnedVariant> = body
            .deserialize()
            .map_err(|error| refused("GetAll", error))?;
        // Old versions lack `StopPropagatedFrom`.
        let mut names = |property: &str| -> BTreeSet<UnitName> {
            let value = properties.remove(property);
            let listed = value.and_then(|value| Vec::<String>::try_from(value).ok());
            listed
                .into_iter()
                .flatten()
                .filter_map(|name| name.parse().ok())
                .collect()
        };
        let stopped_with = STOPPED_WITH
            .iter()
            .flat_map(|property| names(property))
            .collect();
        let bound_to = names(BOUND_TO);
        // Its own is among them.
        let mut aliases = names("Names");
        if let Some(id) = properties.remove("Id") {
            let id = String::try_from(id).map_err(|error| refused("GetAll", error))?;
            aliases.retain(|name| name.as_str() != id);
        }
        Ok(Needs {
            stopped_with,
            bound_to,
            aliases,
        })
    }
}
