//! Orders: questions that the server puts to this host, and what becomes of them.
//!
//! The host decides. An order runs only if a pinned key signed it, for this host, in time, for the
//! first time, and if the local policy allows it. That it begins is on disk before it begins, so
//! that it never runs twice; how it ended is on disk until the server has stored it.

pub mod answer;
mod capability;
mod desk;
mod detail;
pub mod keys;
mod line;
mod outbox;
pub mod policy;
mod policy_file;
mod process_table;
mod record;
mod refusals;
mod server_clock;
pub mod store;
mod strays;
mod updates;
pub mod verify;
pub mod worker;

pub(crate) use self::{
    desk::{Desk, DeskParts},
    line::{Line, LineGone},
};
pub use self::{
    policy_file::{DEFAULT_POLICY, PolicyFile},
    worker::Program,
};
