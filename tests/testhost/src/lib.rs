//! Real systemd hosts for tests: a [`Pool`] of [`Host`]s on a network of their own.
//!
//! The script `testhost` beside this crate does the work; its README tells what such a host can and
//! cannot do. This crate adds what tests need: names and networks that do not collide, results as
//! values, and the certainty that nothing is left behind, even by a test that is killed.

pub mod debs;
mod host;
mod owners;
mod pool;
mod requirements;
mod script;
mod wait;

pub use host::{Host, Output, Running};
pub use pool::{Pool, Shape};
pub use requirements::{Missing, requirements};
pub use wait::until;
