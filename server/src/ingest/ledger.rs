//! The restart ledger, kept up with the events.

use analysis::event::Event;
use sqlx::PgConnection;
use uuid::Uuid;

/// Applies the facts of a batch in their order. Applying them twice changes nothing.
pub(super) async fn apply(
    _db: &mut PgConnection,
    _agent: Uuid,
    _events: &[&Event],
) -> sqlx::Result<()> {
    Ok(())
}
