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
        // PoolClosed: this server stops.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
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
        // A check that failed has a name. Not by the message: Postgres says it in its own language.
        "23514" if error.constraint().is_none() => Trouble::NoPartition,
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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error as StdError;
    use std::fmt;

    use sqlx::error::ErrorKind;

    use super::*;

    /// What Postgres says: a SQLSTATE, and the constraint that is violated.
    #[derive(Debug)]
    struct Said(&'static str, Option<&'static str>);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.message())
        }
    }

    impl StdError for Said {}

    impl DatabaseError for Said {
        fn message(&self) -> &str {
            "für die Zeile wurde keine Partition gefunden"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn constraint(&self) -> Option<&str> {
            self.1
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }

        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }
    }

    #[test]
    fn an_error_is_sorted_by_what_can_be_done_about_it() {
        let said =
            |code, constraint| trouble(&sqlx::Error::Database(Box::new(Said(code, constraint))));
        assert_eq!(said("23514", None), Trouble::NoPartition);
        assert_eq!(said("23514", Some("positive")), Trouble::Lasting);
        assert_eq!(said("53100", None), Trouble::DiskFull);
        assert_eq!(said("57P01", None), Trouble::Passing);
        assert_eq!(said("22021", None), Trouble::Lasting);
        assert_eq!(trouble(&sqlx::Error::PoolClosed), Trouble::Passing);
    }
}
