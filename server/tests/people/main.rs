//! What people and their browsers are answered: a whole server, real TLS, real Postgres.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod https;
mod login;
mod running;
mod tokens;
