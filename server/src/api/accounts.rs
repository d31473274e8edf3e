//! Accounts, for administrators.

use analysis::people::{Account, AccountChange, AccountList, LoginLink, NewAccount};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::auth::Caller;
use super::body::Body;
use super::error::ApiError;
use super::params::{self, Path};
use crate::app::App;
use crate::db::accounts as table;
use crate::people::accounts::{self, Change, Link, MAX_NAME};

/// `GET /accounts`: by name.
#[utoipa::path(get, path = "/accounts", tag = "people",
    responses((status = 200, description = "The accounts", body = AccountList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<AccountList>, ApiError> {
    let rows = table::list(&app.db).await?;
    let accounts = rows.into_iter().map(accounts::shown).collect();
    Ok(Json(AccountList { accounts }))
}

/// `POST /accounts`: the answer shows the link of the first login this once.
#[utoipa::path(post, path = "/accounts", tag = "people", request_body = NewAccount,
    responses((status = 201, description = "The account, and how to log in", body = LoginLink)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<LoginLink>), ApiError> {
    let (actor, now) = (caller.actor(), app.now());
    let made = accounts::create(&app.db, &actor, &new.name, new.role, now).await?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

/// `PATCH /accounts/{name}`: its logins end with a change.
#[utoipa::path(patch, path = "/accounts/{name}", tag = "people", request_body = AccountChange,
    params(("name" = String, Path, description = "Of the account")),
    responses((status = 200, description = "The account as it is then", body = Account)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Body(AccountChange { role, disabled }): Body<AccountChange>,
) -> Result<Json<Account>, ApiError> {
    let name = params::text("name", &name, MAX_NAME)?;
    let change = Change { role, disabled };
    let changed = accounts::change(&app.db, &caller.actor(), name, change, app.now()).await?;
    Ok(Json(changed))
}

/// `POST /accounts/{name}/login-link`: for who forgot the password. Older links end.
#[utoipa::path(post, path = "/accounts/{name}/login-link", tag = "people",
    params(("name" = String, Path, description = "Of the account")),
    responses((status = 201, description = "How to log in, once", body = LoginLink)))]
pub(super) async fn login_link(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<LoginLink>), ApiError> {
    let name = params::text("name", &name, MAX_NAME)?;
    let made = accounts::login_link(&app.db, &caller.actor(), name, app.now()).await?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

fn shown(link: Link) -> LoginLink {
    LoginLink {
        path: link.path(),
        account: link.account,
        expires_at: link.expires_at,
    }
}
