//! Records that were carried into a new epoch and may have been stored in an older one.

use std::collections::BTreeSet;
use std::time::Duration;

use analysis::Timestamp;
use chrono::TimeDelta;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use super::rows::Row;
use crate::db::events;

/// How much older than its clock says a record may have been received: clocks step.
const SLACK: TimeDelta = TimeDelta::days(1);

/// Look-ups at once, over all agents: each may read all that an agent sent in days.
static LOOK_UPS: Semaphore = Semaphore::const_new(2);
/// A batch waits this long for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(10);

/// What a look-up found.
pub(super) struct Known {
    /// Places of records that are stored already.
    pub stored: BTreeSet<usize>,
    /// How many records nobody could look up in time.
    pub unchecked: u64,
}

impl Known {
    fn unchecked(asked: &[usize]) -> Self {
        Self {
            stored: BTreeSet::new(),
            unchecked: asked.len() as u64,
        }
    }
}

/// The places in `rows`, of those in `asked`, that are stored already.
///
/// Not in the transaction that stores: that one holds up every reader while it lasts, and this may
/// read millions of rows. Nothing can come between them: a record is only carried out of an epoch
/// that is closed.
///
/// When it takes too long, that is final: the next try would take as long, and the agent would
/// never get on. A record that is stored twice is the smaller harm.
///
/// `clock_offset_ms`: the host's clock minus ours. A record cannot have been received before it
/// was written, which bounds how far back to look.
///
/// # Errors
///
/// If Postgres fails in another way than by taking too long.
pub(super) async fn look_up(
    db: &PgPool,
    agent: Uuid,
    rows: &[Row<'_>],
    asked: &[usize],
    clock_offset_ms: i64,
    now: Timestamp,
) -> sqlx::Result<Known> {
    let oldest_ns = asked.iter().map(|at| rows[*at].record.wall_ns).min();
    let offset = TimeDelta::milliseconds(clock_offset_ms);
    let written = oldest_ns
        .and_then(|ns| Timestamp::from_timestamp_nanos(ns).checked_sub_signed(offset))
        .unwrap_or(now);
    let since = written.min(now) - SLACK;
    let payloads: Vec<Vec<u8>> = asked.iter().map(|at| rows[*at].payload.to_vec()).collect();
    let Ok(_turn) = timeout(TURN_LIMIT, LOOK_UPS.acquire()).await else {
        return Ok(Known::unchecked(asked));
    };
    let places = match events::stored_already(db, agent, since, &payloads).await {
        Ok(places) => places,
        Err(error) if took_too_long(&error) => return Ok(Known::unchecked(asked)),
        Err(error) => return Err(error),
    };
    let place = |place: i64| asked.get(usize::try_from(place - 1).ok()?).copied();
    Ok(Known {
        stored: places.into_iter().filter_map(place).collect(),
        unchecked: 0,
    })
}

fn took_too_long(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("57014")
}
