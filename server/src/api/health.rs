//! Whether this server lives, and whether it can serve.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;

use super::recent::Recent;
use crate::app::App;
use crate::db::{self, partitions};

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// What a server needs. `true`: it has it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Readiness {
    database: bool,
    migrations: bool,
    /// Of today: without it nothing can be stored.
    partition: bool,
}

/// Readiness is asked of Postgres at most this often: anybody may ask, without a token.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The last answer of [`ready`], for all who ask.
pub(super) type LastReadiness = Arc<Recent<Readiness>>;

pub(super) fn last_readiness() -> LastReadiness {
    Arc::new(Recent::new(ASK_EVERY))
}

/// `GET /readyz`: 200 if everything is there, else 503.
pub(super) async fn ready(
    State(app): State<App>,
    Extension(last): Extension<LastReadiness>,
) -> (StatusCode, Json<Readiness>) {
    let readiness = last.get(readiness(&app)).await;
    let Readiness {
        database,
        migrations,
        partition,
    } = readiness;
    let status = if database && migrations && partition {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

async fn readiness(app: &App) -> Readiness {
    let today = partitions::today(&app.db).await.ok();
    let there = partitions::all(&app.db).await.unwrap_or_default();
    Readiness {
        database: today.is_some(),
        migrations: db::is_migrated(&app.db).await.unwrap_or(false),
        partition: today.is_some_and(|today| there.contains(&partitions::Partition(today))),
    }
}
