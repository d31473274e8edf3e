//! Who may speak: real TLS, real Postgres.

mod certificates;
mod connections;
mod enrolment;
mod fleet;
mod renewal;
