//! Stored events, a page at a time.

use analysis::fleet::{EventPage, StoredEvent};
use analysis::identity::AgentId;
use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::ApiError;
use super::params::{self, Query};
use super::{cursor, hosts};
use crate::app::App;
use crate::db::events::{self, EventRow, Filter, Position};

/// Events of a page, if the client does not say.
const PAGE: i64 = 100;
const MOST_EVENTS: i64 = 1000;
/// How far back a client sees that does not say.
const DEFAULT_SINCE: TimeDelta = TimeDelta::days(1);

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Params {
    /// Name or agent id.
    host: Option<String>,
    unit: Option<String>,
    /// Several are separated by commas.
    kind: Option<String>,
    /// By the server's clock, like `until`: a host's may be wrong.
    since: Option<String>,
    until: Option<String>,
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// A cursor: what comes behind it.
    pub(super) after: Option<String>,
}

/// `GET /events`: the oldest first, each once, none left out.
#[utoipa::path(get, path = "/events", tag = "events", params(Params),
    responses((status = 200, description = "A page of events", body = EventPage)))]
pub(super) async fn page(
    State(app): State<App>,
    Query(asked): Query<Params>,
) -> Result<Json<EventPage>, ApiError> {
    let limit = params::limit(asked.limit, PAGE, MOST_EVENTS)?;
    let filter = asked.filter(&app).await?;
    let until = params::moment("until", asked.until.as_deref(), app.now())?;
    let after = asked
        .start(&app)?
        .unwrap_or(Position::before(app.now() - DEFAULT_SINCE));
    // Before the page is read: see `events::horizon`.
    let horizon = events::horizon(&app.db).await?;
    let until = until.map_or(horizon, |until| until.min(horizon));
    let rows = events::page(&app.db, &filter, after, until, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    let next = rows
        .last()
        .filter(|_| full)
        .map(|row| cursor::encode(&row.position()));
    Ok(Json(EventPage {
        events: rows.into_iter().map(stored).collect(),
        next,
    }))
}

impl Params {
    /// Which events are asked for.
    pub(super) async fn filter(&self, app: &App) -> Result<Filter, ApiError> {
        let agent = match &self.host {
            Some(host) => Some(hosts::find(app, host).await?.agent_id),
            None => None,
        };
        let unit = self.unit.as_deref().map(params::unit).transpose()?;
        let kinds = params::kinds(self.kind.as_deref())?;
        Ok(Filter {
            agent,
            unit: unit.map(String::from),
            kinds,
        })
    }

    /// Where to begin, if the client says: behind a cursor, or at a time.
    pub(super) fn start(&self, app: &App) -> Result<Option<Position>, ApiError> {
        match &self.after {
            Some(text) => position("after", text).map(Some),
            None => {
                let since = params::moment("since", self.since.as_deref(), app.now())?;
                Ok(since.map(Position::before))
            }
        }
    }
}

/// The place that a client got from us.
pub(super) fn position(name: &'static str, text: &str) -> Result<Position, ApiError> {
    let why = || "not a cursor of this server".to_owned();
    cursor::decode(text).ok_or_else(|| ApiError::BadParameter { name, why: why() })
}

/// As clients see it.
pub(super) fn stored(row: EventRow) -> StoredEvent {
    StoredEvent {
        cursor: cursor::encode(&row.position()),
        agent_id: AgentId(row.agent_id),
        event: proto::event::from_bytes(&row.payload).ok(),
        host_name: row.host_name,
        epoch: row.epoch.cast_unsigned(),
        seq: row.seq.cast_unsigned(),
        received_at: row.received_at,
    }
}
