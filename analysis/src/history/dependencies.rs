//! Which units take others along when they stop, and which names are one unit's.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::UnitName;

/// What is known of the units that others need. Of a unit that is not in it nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    needs: BTreeMap<UnitName, Needs>,
    /// What each alias stands for.
    aliases: BTreeMap<UnitName, UnitName>,
}

/// What is known of one unit: above all, the units whose stop takes it along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// If a job stops or restarts them: `Requires=`, `PartOf=`, `StopPropagatedFrom=`.
    pub stopped_with: BTreeSet<UnitName>,
    /// However they stop, a failure too: `BindsTo=`.
    pub bound_to: BTreeSet<UnitName>,
    /// Its other names: `mysql.service` is `mariadb.service`. The journal only has the first.
    pub aliases: BTreeSet<UnitName>,
}

impl Dependencies {
    /// Sets all that `unit` needs; with empty sets it is known to need nothing.
    pub fn set(&mut self, unit: UnitName, needs: Needs) {
        self.aliases.retain(|_, named| *named != unit);
        let aliases = needs
            .aliases
            .iter()
            .map(|alias| (alias.clone(), unit.clone()));
        self.aliases.extend(aliases);
        self.needs.insert(unit, needs);
    }

    /// The name under which the journal has a unit.
    pub fn named<'a>(&'a self, unit: &'a UnitName) -> &'a UnitName {
        self.aliases.get(unit).unwrap_or(unit)
    }

    pub fn knows(&self, unit: &UnitName) -> bool {
        self.needs.contains_key(unit)
    }

    /// Whether `unit` is known to go along when `stopped` stops, by a job or by itself.
    pub fn takes_along(&self, stopped: &UnitName, by_job: bool, unit: &UnitName) -> bool {
        self.needs.get(unit).is_some_and(|needs| {
            needs.bound_to.contains(stopped) || by_job && needs.stopped_with.contains(stopped)
        })
    }
}

impl FromIterator<(UnitName, Needs)> for Dependencies {
    fn from_iter<I: IntoIterator<Item = (UnitName, Needs)>>(entries: I) -> Self {
        let mut all = Self::default();
        for (unit, needs) in entries {
            all.set(unit, needs);
        }
        all
    }
}
