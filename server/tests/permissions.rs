//! Each role gets what the table of permissions says, and nothing else.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use analysis::people::Role;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use server::api::BASE;
use server::api::permissions::{Permission, TABLE};
use server::identity::tokens::{NewApiToken, create_api_token, make_api_token};
use sqlx::PgPool;
use support::app;
use tower::ServiceExt as _;

#[sqlx::test(migrations = "../migrations")]
async fn each_role_gets_what_the_table_says(db: PgPool) {
    let app = app(&db).await;
    let router = server::api::router(app.clone());
    let mut callers = vec![(None, String::new())];
    for role in Role::ALL {
        let new = NewApiToken {
            name: role.to_string(),
            role,
            expires_at: None,
            account: None,
            made_by: None,
        };
        let token = make_api_token(&db, "server", &new, app.now())
            .await
            .unwrap();
        callers.push((Some(role), token.to_string()));
    }
    for (method, path, needed) in TABLE {
        for (role, token) in &callers {
            let status = asked(&router, method, path, token).await;
            let expected = match (needed, role) {
                (Permission::Open, _) => None,
                (_, None) => Some(StatusCode::UNAUTHORIZED),
                (Permission::Session, _) => Some(StatusCode::FORBIDDEN),
                (Permission::AtLeast(needs), Some(has)) if has < needs => {
                    Some(StatusCode::FORBIDDEN)
                }
                (Permission::AtLeast(_), Some(_)) => None,
            };
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let refused = Some(status).filter(|status| refused.contains(status));
            // Who may log in is not for the table to say.
            if !path.starts_with("/login") {
                assert_eq!(refused, expected, "{method} {path} as {role:?}");
            }
        }
    }
}

/// Without a body: what may pass gets no further than its handler.
async fn asked(router: &Router, method: &Method, path: &str, token: &str) -> StatusCode {
    let path = path.replace('{', "no-such-").replace('}', "");
    let request = Request::builder()
        .method(method)
        .uri(format!("{BASE}{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_in_the_table_is_answered_to_nobody(db: PgPool) {
    let app = app(&db).await;
    let router = server::api::router(app.clone());
    let admin = create_api_token(&db, "all", app.now()).await.unwrap();
    for (method, path, token, expected) in [
        (Method::GET, "/no-such", "", StatusCode::UNAUTHORIZED),
        (Method::DELETE, "/hosts", "", StatusCode::UNAUTHORIZED),
        (Method::GET, "/no-such", "admin", StatusCode::NOT_FOUND),
        (
            Method::DELETE,
            "/hosts",
            "admin",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            Method::TRACE,
            "/me",
            "admin",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (Method::HEAD, "/me", "admin", StatusCode::OK),
    ] {
        let token = if token == "admin" {
            admin.to_string()
        } else {
            String::new()
        };
        let status = asked(&router, &method, path, &token).await;
        assert_eq!(status, expected, "{method} {path}");
    }
}
