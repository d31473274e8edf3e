//! The states of the units that a unit needs to start.

use std::collections::{BTreeSet, VecDeque};

use analysis::{identity::UnitName, start_failure::DependencyState};

use super::{calls::UNIT, manager::Manager, properties::Properties};
use crate::CollectError;

/// Units that are looked at; more are left out, the weakest relations of the furthest first.
pub const MOST_NEEDED: usize = 64;

/// Relations with which a unit needs others to start, the strictest first.
const RELATIONS: [&str; 4] = ["Requires", "Requisite", "BindsTo", "Wants"];
const WEAK: &str = "Wants";
/// Of sockets: who asks for the service finds nobody who listens.
const TRIGGER: &str = "TriggeredBy";

/// A unit whose needs are to be looked at. `by`: the unit that needs it.
struct Open {
    unit: UnitName,
    relation: &'static str,
    by: Option<UnitName>,
}

impl Manager {
    /// The units that `unit` needs; of those that are not active also what they need, since a
    /// failure comes from below. Two calls for each.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn needed_states(
        &self,
        unit: &UnitName,
    ) -> Result<Vec<DependencyState>, CollectError> {
        let (properties, _) = self.unit_properties(unit).await?;
        let mut seen = BTreeSet::from([unit.clone()]);
        let mut open = VecDeque::from(needs(&properties, None, &mut seen));
        let triggers = properties.units(TRIGGER).into_iter();
        let sockets = triggers.filter(|unit| unit.as_str().ends_with(".socket"));
        open.extend(
            sockets
                .filter(|unit| seen.insert(unit.clone()))
                .map(|unit| Open {
                    unit,
                    relation: TRIGGER,
                    by: None,
                }),
        );
        let mut states = Vec::new();
        while let Some(Open { unit, relation, by }) = open.pop_front() {
            if states.len() == MOST_NEEDED {
                break;
            }
            let (properties, path) = self.unit_properties(&unit).await?;
            let active_state = properties.text("ActiveState");
            let is_down = !matches!(active_state.as_str(), "active" | "reloading");
            let result = match active_state.as_str() {
                "failed" => Some(self.properties_of_kind(&unit, &path).await?.text("Result")),
                _ => None,
            };
            states.push(DependencyState {
                unit: unit.clone(),
                relation: relation.to_owned(),
                load_state: properties.text("LoadState"),
                active_state,
                since: properties.time("StateChangeTimestamp"),
                result: result.filter(|result| !result.is_empty()),
                needed_by: by,
            });
            if is_down && !matches!(relation, WEAK | TRIGGER) {
                let below = needs(&properties, Some(&unit), &mut seen);
                open.extend(below.into_iter().filter(|one| one.relation != WEAK));
            }
        }
        Ok(states)
    }

    async fn unit_properties(&self, unit: &UnitName) -> Result<(Properties, String), CollectError> {
        let path = self.load(unit).await?;
        let properties = Properties::of(&self.connection, path.as_str(), UNIT).await?;
        Ok((properties, path.as_str().to_owned()))
    }
}

fn needs(
    properties: &Properties,
    by: Option<&UnitName>,
    seen: &mut BTreeSet<UnitName>,
) -> Vec<Open> {
    let mut found = Vec::new();
    for relation in RELATIONS {
        for unit in properties.units(relation) {
            if seen.insert(unit.clone()) {
                found.push(Open {
                    unit,
                    relation,
                    by: by.cloned(),
                });
            }
        }
    }
    found
}
