//! Who did what.

use analysis::audit::AuditPage;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::ApiError;
use super::params::{self, Query};
use crate::app::App;
use crate::db::audit;

/// Entries of a page, if the client does not say.
const PAGE: i64 = 100;
const MOST_ENTRIES: i64 = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Params {
    /// Number of the entry behind which to begin.
    #[param(minimum = 0)]
    after: Option<i64>,
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// `GET /audit`: the oldest first. `analysis::audit::Verifier` checks that nothing was changed.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Params),
    responses((status = 200, description = "Entries of the audit", body = AuditPage)))]
pub(super) async fn page(
    State(app): State<App>,
    Query(asked): Query<Params>,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = params::limit(asked.limit, PAGE, MOST_ENTRIES)?;
    let after = asked.after.unwrap_or(0);
    if after < 0 {
        let why = "has to be 0 or more".to_owned();
        return Err(ApiError::BadParameter { name: "after", why });
    }
    let entries = audit::page(&app.db, after, limit).await?;
    let is_full = i64::try_from(entries.len()).is_ok_and(|entries| entries == limit);
    let next = entries.last().filter(|_| is_full).map(|entry| entry.n);
    Ok(Json(AuditPage { entries, next }))
}
