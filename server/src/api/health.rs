//! Whether this server lives, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::App;
use crate::db::{self, partitions};

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// What a server needs. `true`: it has it.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    database: bool,
    migrations: bool,
    /// Of today: without it nothing can be stored.
    partition: bool,
}

/// `GET /readyz`: 200 if everything is there, else 503.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let readiness = readiness(&app).await;
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
