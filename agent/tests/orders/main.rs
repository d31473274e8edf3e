//! Orders on the agent's side: what is obeyed, at most once, and what is left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod host;
mod refusing;
mod rollback;
mod store;
mod stream;
mod verify;
mod worker;
