//! Who may speak: real TLS, real Postgres.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]

mod certificates;
mod connections;
mod enrolment;
mod fleet;
mod idle;
mod renewal;
