//! Questions to hosts and their answers: real Postgres, real TLS, agents that speak as ours do.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod agent;
#[path = "../identity/certificates.rs"]
#[expect(dead_code, reason = "other tests show worse certificates")]
mod certificates;
#[path = "../identity/fleet.rs"]
mod fleet;
mod person;

mod answers;
mod ends;
mod losses;
mod refusals;
mod streams;
