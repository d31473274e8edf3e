//! systemd over D-Bus: the states of units as they change, and what the journal does not say
//! (limits, and which units stop together).
//!
//! Every call has a deadline. Signals come over a connection of their own, so that a caller that
//! is slow to take them holds up no answers.

mod calls;
mod changes;
mod limits;
mod listing;
mod manager;
mod needed;
mod needs;
mod object_path;
mod policy;
mod properties;
mod related;
mod service;
mod settings;
mod start;
mod waits;

pub use self::{
    changes::{UnitChange, UnitChanges},
    limits::UnitLimits,
    listing::Listener,
    manager::{LoadedUnit, Manager},
    needed::MOST_NEEDED,
    policy::KnownUnit,
    service::UnitService,
    start::UnitStart,
};
