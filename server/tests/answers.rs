//! Whatever is asked, the answer is one that the description of the API has.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use server::identity::tokens::create_api_token;
use sqlx::PgPool;
use support::{Host, app};
use tower::ServiceExt as _;

/// What stands in a path or a query, percent-encoded: no text at all, what Postgres cannot store,
/// what means something to somebody else, what no number holds, what is far too long.
const TEXTS: [&str; 16] = [
    "%00",
    "%ff",
    "a%00b",
    "%1b%5b31m",
    "..%2f..",
    "%27%20or%201%3D1",
    "%25",
    "%f0%9f%98%80",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "0000-01-01T00:00:00%2b23:59",
    "9999-12-31T23:59:59-23:59",
    "3660d",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// Bodies that are not what is asked for.
const BODIES: [&[u8]; 12] = [
    b"",
    b"{",
    b"{}",
    b"[]",
    b"[null, null]",
    b"[\"viewer\", false]",
    b"null",
    b"\"\\u0000\"",
    b"1e400",
    b"{\"name\": \"\xff\"}",
    b"{\"name\": \"\\u0000\", \"role\": \"viewer\", \"reason\": \"\\u0000\"}",
    b"{\"name\": \"a\", \"name\": \"b\", \"ttl_s\": 99999999999999999999, \"uses\": -1}",
];

#[sqlx::test(migrations = "../migrations")]
async fn every_answer_is_one_of_the_description(db: PgPool) {
    let app = app(&db).await;
    Host::join(&db, "db-01").await;
    let api = Api {
        token: create_api_token(&db, "test", app.now())
            .await
            .unwrap()
            .to_string(),
        router: server::api::router(app),
    };
    let document: Value = serde_json::from_str(server::api::openapi::text()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let documented = operation["responses"].as_object().unwrap();
            let documented: BTreeSet<&str> = documented.keys().map(String::as_str).collect();
            let call = Call { method, documented };
            for text in TEXTS
                .map(str::to_owned)
                .into_iter()
                .chain(["x".repeat(9000)])
            {
                let asked = in_path(path, &text);
                api.check(&call, &asked, "application/json", b"{}").await;
                for query in names(operation, "query") {
                    let asked = format!("{}?{query}={text}", in_path(path, "db-01"));
                    api.check(&call, &asked, "application/json", b"{}").await;
                }
            }
            let asked = in_path(path, "db-01");
            for body in BODIES {
                api.check(&call, &asked, "application/json", body).await;
            }
            api.check(&call, &asked, "text/plain", b"{}").await;
            let deep = "[".repeat(1000);
            let large = format!("{{\"name\": \"{}\"}}", "x".repeat(100_000));
            for body in [deep, large] {
                let body = body.as_bytes();
                api.check(&call, &asked, "application/json", body).await;
            }
        }
    }
}

/// An operation of the description, and the statuses it may answer.
struct Call<'a> {
    method: &'a str,
    documented: BTreeSet<&'a str>,
}

struct Api {
    router: Router,
    token: String,
}

impl Api {
    async fn check(&self, call: &Call<'_>, asked: &str, kind: &str, body: &[u8]) {
        let request = Request::builder()
            .method(call.method.to_uppercase().as_str())
            .uri(asked)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, kind)
            .extension(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1))))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let shown: String = asked.chars().take(200).collect();
        let shown = format!("{} {shown} {}", call.method, String::from_utf8_lossy(body));
        let status = answer.status();
        assert!(
            call.documented.contains(status.as_str()),
            "{status} {shown}"
        );
        assert!(!status.is_server_error(), "{status} {shown}");
        if status != StatusCode::NO_CONTENT && !status.is_success() {
            let kind = &answer.headers()[header::CONTENT_TYPE];
            assert_eq!(kind, "application/problem+json", "{status} {shown}");
        }
    }
}

fn in_path(path: &str, text: &str) -> String {
    let parts = path.split('/');
    let parts: Vec<_> = parts
        .map(|part| if part.starts_with('{') { text } else { part })
        .collect();
    parts.join("/")
}

fn names<'a>(operation: &'a Value, place: &str) -> impl Iterator<Item = &'a str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(move |parameter| parameter["in"] == place)
        .filter_map(|parameter| parameter["name"].as_str())
}
