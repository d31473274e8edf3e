//! Who of the replicas does it.

use sqlx::PgPool;
use uuid::Uuid;

use crate::db::leases;

/// A replica that dies in the middle of the work holds it up for this long.
const SECONDS: i32 = 120;

/// A lease that this replica holds.
#[derive(Debug)]
pub(super) struct Lease {
    name: &'static str,
    holder: Uuid,
    generation: i64,
}

impl Lease {
    /// `None`: another replica has it.
    pub async fn take(db: &PgPool, name: &'static str, holder: Uuid) -> sqlx::Result<Option<Self>> {
        let generation = leases::acquire(db, name, holder, SECONDS).await?;
        Ok(generation.map(|generation| Self {
            name,
            holder,
            generation,
        }))
    }

    /// Prolongs it. False: somebody else had it in the meantime, and what was begun is theirs.
    pub async fn still_held(&self, db: &PgPool) -> sqlx::Result<bool> {
        let generation = leases::acquire(db, self.name, self.holder, SECONDS).await?;
        Ok(generation == Some(self.generation))
    }
}
