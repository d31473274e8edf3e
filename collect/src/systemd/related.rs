//! Units that have to do with another, in one call for all.

use analysis::{identity::UnitName, service::RelatedUnit};

use super::{
    calls::{call, refused},
    manager::{ListedUnit, MANAGER_OBJECT, Manager},
};
use crate::CollectError;

impl Manager {
    /// The states of these units, each with the relation that it was named for.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn related(
        &self,
        units: &[(UnitName, &'static str)],
    ) -> Result<Vec<RelatedUnit>, CollectError> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = units.iter().map(|(unit, _)| unit.as_str()).collect();
        let object = MANAGER_OBJECT;
        let answer = call(&self.connection, object, "ListUnitsByNames", &names).await?;
        let body = answer.body();
        let listed: Vec<ListedUnit> = body
            .deserialize()
            .map_err(|error| refused("ListUnitsByNames", error))?;
        let state_of = |unit: &UnitName| {
            let row = listed.iter().find(|row| row.0 == unit.as_str())?;
            Some((row.3.clone(), row.4.clone()))
        };
        let related = |(unit, relation): &(UnitName, &'static str)| {
            let (active_state, sub_state) = state_of(unit)?;
            Some(RelatedUnit {
                unit: unit.clone(),
                relation: (*relation).to_owned(),
                active_state,
                sub_state,
            })
        };
        Ok(units.iter().filter_map(related).collect())
    }
}
