//! What to do about an error of Postgres.

use sqlx::error::DatabaseError;

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It passes: the same transaction works later, here or on another connection.
    Passing,
    /// The disk of Postgres is full. It passes too, but not soon.
    DiskFull,
    /// There is no partition for today.
    NoPartition,
    /// Ours: the same transaction will fail for ever.
    Lasting,
}

/// Sorts an error by its SQLSTATE.
pub(super) fn trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Database(error) => of_code(error.as_ref()),
        // No connection, a broken one, or none free in time. BeginFailed: it broke just then.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::BeginFailed
        // What a connection says that Postgres cut in the middle of a message.
        | sqlx::Error::Protocol(_) => Trouble::Passing,
        _ => Trouble::Lasting,
    }
}

fn of_code(error: &dyn DatabaseError) -> Trouble {
    let Some(code) = error.code() else {
        return Trouble::Lasting;
    };
    match code.as_ref() {
        "53100" => Trouble::DiskFull,
        "23514" if error.message().contains("no partition") => Trouble::NoPartition,
        // Serialization, deadlock, lock not available, statement or idle time is up, read-only
        // (a standby that is about to be promoted).
        "40001" | "40P01" | "55P03" | "57014" | "25P03" | "25006" => Trouble::Passing,
        // Connection, resources, shutdown and recovery, system errors; and a database that lets
        // nobody in, or not us: that says nothing about the batch, and somebody will mend it.
        code if ["08", "28", "3D", "53", "55000", "57P", "58"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Trouble::Passing
        }
        _ => Trouble::Lasting,
    }
}
