//! Orders: questions that the server puts to this host, and what becomes of them.
//!
//! The host decides. An order runs only if a pinned key signed it, for this host, in time, for the
//! first time, and if the local policy allows it. That it begins is on disk before it begins, so
//! that it never runs twice; how it ended is on disk until the server has stored it.

pub mod answer;
pub mod keys;
pub mod policy;
mod policy_file;
mod process_table;
mod record;
pub mod store;
mod strays;
pub mod verify;
pub mod worker;

pub use self::{
    policy_file::{DEFAULT_POLICY, PolicyFile},
    worker::Program,
};
