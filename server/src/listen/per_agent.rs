//! How many connections each agent has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analysis::identity::AgentId;

/// An agent has one connection, and for a moment two when it comes back before its old one is
/// known to be dead. More come from a copied identity or a broken agent; without a bound they
/// would take the places of all others.
const PER_AGENT: usize = 8;

/// The open connections by agent.
#[derive(Clone, Debug, Default)]
pub(super) struct AgentPlaces(Arc<Mutex<HashMap<AgentId, usize>>>);

impl AgentPlaces {
    /// A place for a connection of `agent`. `None`: it has too many.
    pub fn take(&self, agent: AgentId) -> Option<AgentPlace> {
        let mut open = self.open();
        let places = open.entry(agent).or_default();
        if *places >= PER_AGENT {
            return None;
        }
        *places += 1;
        let all = self.clone();
        Some(AgentPlace { all, agent })
    }

    /// A count is whole between any two instructions, so a panic elsewhere harms nothing.
    fn open(&self) -> MutexGuard<'_, HashMap<AgentId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one connection as open until it is dropped.
#[derive(Debug)]
pub(super) struct AgentPlace {
    all: AgentPlaces,
    agent: AgentId,
}

impl Drop for AgentPlace {
    fn drop(&mut self) {
        if let Entry::Occupied(mut places) = self.all.open().entry(self.agent) {
            *places.get_mut() -= 1;
            if *places.get() == 0 {
                places.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_dropped_place_is_free_and_leaves_nothing_behind() {
        let places = AgentPlaces::default();
        let agent = AgentId(Uuid::from_u128(1));
        let taken: Vec<_> = (0..=PER_AGENT).filter_map(|_| places.take(agent)).collect();
        assert_eq!(taken.len(), PER_AGENT);
        assert!(
            places.take(AgentId(Uuid::from_u128(2))).is_some(),
            "another"
        );
        drop(taken);
        assert!(places.open().is_empty());
        assert!(places.take(agent).is_some());
    }
}
