//! systemd over D-Bus: the states of units as they change, and what the journal does not say
//! (limits, and which units stop together).
//!
//! Every call has a deadline. Signals come over a connection of their own, so that a caller that
//! is slow to take them holds up no answers.

mod calls;
mod changes;
mod limits;
mod manager;
mod needs;
mod object_path;

pub use self::{
    changes::{UnitChange, UnitChanges},
    limits::UnitLimits,
    manager::{LoadedUnit, Manager},
};
