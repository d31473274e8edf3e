//! Who may ask: accounts, their passwords, and their logins in the page.
//!
//! Everything that changes who may do what is written to the audit in the same transaction.

pub mod accounts;
pub mod limits;
pub mod login;
pub mod password;
pub mod sessions;

use analysis::people::Role;

pub use limits::LoginLimits;

/// The role that Postgres has under this name. One that only a newer server knows counts as the
/// least.
pub(crate) fn role(name: &str) -> Role {
    name.parse().unwrap_or(Role::Viewer)
}
