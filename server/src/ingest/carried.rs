//! Records that were carried into a new epoch and may have been stored in an older one.

use std::collections::BTreeSet;

use analysis::Timestamp;
use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::Row;
use crate::db::events;

/// How much older than its clock says a record may have been received: clocks step.
const SLACK: TimeDelta = TimeDelta::days(1);

/// The places in `rows`, of those in `asked`, that are stored already.
///
/// `clock_offset_ms`: the host's clock minus ours. A record cannot have been received before it
/// was written, which bounds how far back to look.
pub(super) async fn stored_already(
    db: &mut PgConnection,
    agent: Uuid,
    rows: &[Row<'_>],
    asked: &[usize],
    clock_offset_ms: i64,
    now: Timestamp,
) -> sqlx::Result<BTreeSet<usize>> {
    let Some(oldest_ns) = asked.iter().map(|at| rows[*at].record.wall_ns).min() else {
        return Ok(BTreeSet::new());
    };
    let offset = TimeDelta::milliseconds(clock_offset_ms);
    let written = Timestamp::from_timestamp_nanos(oldest_ns).checked_sub_signed(offset);
    let since = written.unwrap_or(now).min(now) - SLACK;
    let payloads: Vec<Vec<u8>> = asked.iter().map(|at| rows[*at].payload.to_vec()).collect();
    let places = events::stored_already(db, agent, since, &payloads).await?;
    let place = |place: i64| asked.get(usize::try_from(place - 1).ok()?).copied();
    Ok(places.into_iter().filter_map(place).collect())
}
