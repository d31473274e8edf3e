//! Unit states as they change.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
};

use analysis::{event::UnitState, identity::UnitName};
use futures_util::StreamExt;
use zbus::{Message, MessageStream, OwnedObjectPath, Variant, message::Type};

use super::{
    calls::{SERVICE, UNIT, call, connect},
    manager::{MANAGER_OBJECT, Manager},
    object_path::unit_of_path,
};
use crate::CollectError;

/// Signals that may wait to be taken: some 200 restarts. Beyond that nothing is dropped: we stop
/// to read, and the bus keeps them, until it closes the connection of a listener that sleeps.
const QUEUE: NonZeroUsize = NonZeroUsize::new(4096).expect("it is not zero");

const BUS_OBJECT: (&str, &str, &str) = (
    "org.freedesktop.DBus",
    "/org/freedesktop/DBus",
    "org.freedesktop.DBus",
);

/// What the bus shall pass on to us.
const RULES: [&str; 3] = [
    "type='signal',sender='org.freedesktop.systemd1',\
     interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',\
     path_namespace='/org/freedesktop/systemd1/unit'",
    "type='signal',sender='org.freedesktop.systemd1',\
     interface='org.freedesktop.systemd1.Manager',member='JobRemoved'",
    "type='signal',sender='org.freedesktop.systemd1',\
     interface='org.freedesktop.systemd1.Manager',member='UnitRemoved'",
];

/// What happened to a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitChange {
    /// Its state, which differs from the one before.
    State(UnitState),
    /// systemd is done with a job for it.
    JobDone {
        job: u32,
        unit: UnitName,
        /// `done`, `canceled`, `timeout`, `failed`, `dependency`, `skipped`, ...
        result: String,
    },
}

/// Changes of all units, in the order in which systemd told them.
pub struct UnitChanges {
    signals: MessageStream,
    states: States,
}

impl UnitChanges {
    pub(super) async fn subscribe(manager: &Manager) -> Result<Self, CollectError> {
        let connection = connect(QUEUE).await?;
        for rule in RULES {
            call(&connection, BUS_OBJECT, "AddMatch", &rule).await?;
        }
        let signals = MessageStream::from(&connection);
        // Until somebody subscribes, systemd sends none of these signals at all.
        call(&connection, MANAGER_OBJECT, "Subscribe", &()).await?;
        // After that, so that nothing falls between: what changes meanwhile comes as a signal.
        let mut states = States::default();
        for loaded in manager.list_units().await? {
            let state = &mut states.of(&loaded.unit).state;
            (state.active, state.sub) = (loaded.active, loaded.sub);
        }
        Ok(Self { signals, states })
    }

    /// The next change. `None`: the bus closed the connection; subscribe again, and compare
    /// states, since changes may be missing.
    ///
    /// May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Option<UnitChange> {
        loop {
            let message = self.signals.next().await?.ok()?;
            if let Some(change) = self.states.take(&message) {
                return Some(change);
            }
        }
    }
}

/// The last known states, since a signal holds a part of one.
#[derive(Default)]
struct States(BTreeMap<UnitName, Known>);

struct Known {
    state: UnitState,
    /// Whether a signal of the service's part came yet: the list of units does not hold it.
    service_known: bool,
    /// Whether it differs from what was told last.
    news: bool,
}

/// Puts `new`, if there is one, into `place`; whether that changed it.
fn update<T: PartialEq>(place: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if new != *place => {
            *place = new;
            true
        }
        _ => false,
    }
}

impl States {
    fn of(&mut self, unit: &UnitName) -> &mut Known {
        self.0.entry(unit.clone()).or_insert_with(|| Known {
            state: UnitState {
                unit: unit.clone(),
                active: String::new(),
                sub: String::new(),
                result: String::new(),
                main_pid: None,
                restarts: 0,
            },
            service_known: false,
            news: false,
        })
    }

    /// What a message says. `None`: nothing (a property that we do not keep, a strange signal).
    fn take(&mut self, message: &Message) -> Option<UnitChange> {
        if message.message_type() != Type::Signal {
            return None;
        }
        let header = message.header();
        let body = message.body();
        match header.member()?.as_str() {
            "PropertiesChanged" => {
                let unit = unit_of_path(header.path()?.as_str())?;
                let (interface, changed, _): (&str, HashMap<&str, Variant<'_>>, Vec<&str>) =
                    body.deserialize().ok()?;
                self.take_properties(&unit, interface, &changed)
            }
            "JobRemoved" => {
                let (job, _, unit, result): (u32, OwnedObjectPath, &str, &str) =
                    body.deserialize().ok()?;
                Some(UnitChange::JobDone {
                    job,
                    unit: unit.parse().ok()?,
                    result: result.to_owned(),
                })
            }
            "UnitRemoved" => {
                let (unit, _): (&str, OwnedObjectPath) = body.deserialize().ok()?;
                self.0.remove(&unit.parse().ok()?);
                None
            }
            _ => None,
        }
    }

    fn take_properties(
        &mut self,
        unit: &UnitName,
        interface: &str,
        changed: &HashMap<&str, Variant<'_>>,
    ) -> Option<UnitChange> {
        let text = |name| match changed.get(name) {
            Some(Variant::Str(text)) => Some(text.as_str().to_owned()),
            _ => None,
        };
        let number = |name| match changed.get(name) {
            Some(Variant::U32(number)) => Some(*number),
            _ => None,
        };
        let known = self.of(unit);
        let state = &mut known.state;
        if interface == SERVICE {
            let main_pid = number("MainPID").map(|pid| Some(pid).filter(|pid| *pid != 0));
            let changes = [
                update(&mut state.result, text("Result")),
                update(&mut state.restarts, number("NRestarts")),
                // Before it is active it has the pid already, in a state that is about to end.
                update(&mut state.main_pid, main_pid) && state.active == "active",
            ];
            known.news |= known.service_known && changes.contains(&true);
            known.service_known = true;
        }
        if interface != UNIT {
            return None;
        }
        // systemd promises to send the properties of the kind first, then those of the unit: so
        // here the service's part is known, and one change is told once.
        known.news |= update(&mut state.active, text("ActiveState"));
        known.news |= update(&mut state.sub, text("SubState"));
        let news = std::mem::take(&mut known.news);
        news.then(|| UnitChange::State(known.state.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed<'a>(pairs: &[(&'a str, Variant<'a>)]) -> HashMap<&'a str, Variant<'a>> {
        pairs
            .iter()
            .map(|(name, value)| (*name, value.try_clone().unwrap()))
            .collect()
    }

    #[test]
    fn the_two_signals_of_one_change_are_told_once() {
        let unit: UnitName = "db.service".parse().unwrap();
        let mut states = States::default();
        let service = changed(&[
            ("Result", Variant::new("oom-kill")),
            ("MainPID", Variant::new(0u32)),
            ("NRestarts", Variant::new(2u32)),
        ]);
        let of_unit = changed(&[
            ("ActiveState", Variant::new("failed")),
            ("SubState", Variant::new("failed")),
        ]);
        assert_eq!(states.take_properties(&unit, SERVICE, &service), None);
        let told = states.take_properties(&unit, UNIT, &of_unit);
        let Some(UnitChange::State(state)) = told else {
            panic!("{told:?}")
        };
        assert_eq!((&*state.active, &*state.result), ("failed", "oom-kill"));
        assert_eq!((state.main_pid, state.restarts), (None, 2));
        assert_eq!(
            states.take_properties(&unit, UNIT, &of_unit),
            None,
            "no news"
        );
    }

    #[test]
    fn a_pid_is_news_only_while_the_unit_is_active() {
        let unit: UnitName = "db.service".parse().unwrap();
        let mut states = States::default();
        let mut take = |interface, name, value| {
            let told = states.take_properties(&unit, interface, &changed(&[(name, value)]));
            told.is_some()
        };
        let pid = |pid: u32| Variant::new(pid);
        assert!(take(UNIT, "ActiveState", Variant::new("inactive")));
        assert!(!take(SERVICE, "MainPID", pid(7)));
        assert!(!take(SERVICE, "MainPID", pid(8)));
        assert!(!take(UNIT, "ActiveState", Variant::new("inactive")));
        assert!(take(UNIT, "ActiveState", Variant::new("active")));
        assert!(!take(SERVICE, "MainPID", pid(9)));
        assert!(take(UNIT, "ActiveState", Variant::new("active")));
    }

    #[test]
    fn properties_of_strange_types_change_nothing() {
        let unit: UnitName = "db.service".parse().unwrap();
        let mut states = States::default();
        let strange = changed(&[("ActiveState", Variant::new(7u32))]);
        assert_eq!(states.take_properties(&unit, UNIT, &strange), None);
    }
}
