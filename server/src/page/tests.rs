use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use tower::ServiceExt as _;

use super::*;

/// An answer: status, headers, body.
type Answer = (StatusCode, HeaderMap, Bytes);

fn built() -> Files {
    let file = |(path, kind, body): (&str, _, &'static str)| {
        let file = File::new(body.into(), HeaderValue::from_static(kind));
        (path.to_owned(), file)
    };
    let script = "export const many = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];";
    [
        (INDEX, "text/html", "<!doctype html>"),
        ("favicon.svg", "image/svg+xml", "<svg/>"),
        ("assets/index-C443APhT.js", "text/javascript", script),
    ]
    .map(file)
    .into_iter()
    .collect()
}

async fn ask(files: Files, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(Method::GET).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = router(files).oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (head.status, head.headers, body)
}

#[tokio::test]
async fn an_address_of_the_page_gets_the_index_and_an_unknown_file_nothing() {
    for path in [
        "/",
        "/hosts/db-03.example.com",
        "/hosts/h1/units/nginx.service",
        "/diagnose/0199",
        "/login",
        "/index.html",
    ] {
        let (status, headers, body) = ask(built(), path, &[]).await;
        assert_eq!(
            (status, &*body),
            (StatusCode::OK, &b"<!doctype html>"[..]),
            "{path}"
        );
        assert_eq!(headers["cache-control"], "no-cache", "{path}");
    }
    for path in [
        "/assets/index-old.js",
        "/assets",
        "/assets/../index.html",
        "/robots.txt",
        "/.well-known/x",
    ] {
        let (status, headers, _) = ask(built(), path, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn what_is_named_after_its_content_is_kept_for_ever() {
    let path = "/assets/index-C443APhT.js";
    let (_, headers, plain) = ask(built(), path, &[]).await;
    assert_eq!(
        headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(headers["content-type"], "text/javascript");
    assert!(!headers.contains_key("content-encoding"));

    let (_, headers, packed) = ask(built(), path, &[("accept-encoding", "br, gzip;q=0.5")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["vary"], "accept-encoding");
    assert!(packed.len() < plain.len());
    let refused = ask(built(), path, &[("accept-encoding", "gzip;q=0, br")]).await;
    assert_eq!(refused.2, plain);
}

#[tokio::test]
async fn who_has_the_same_version_is_told_so() {
    let (_, headers, _) = ask(built(), "/", &[]).await;
    let etag = headers["etag"].to_str().unwrap();
    for known in [etag, "*", &format!("W/\"other\", {etag}")] {
        let (status, again, body) = ask(built(), "/hosts/h1", &[("if-none-match", known)]).await;
        assert_eq!(
            (status, body.len()),
            (StatusCode::NOT_MODIFIED, 0),
            "{known}"
        );
        assert_eq!(again["etag"], etag);
    }
    let other = ask(built(), "/favicon.svg", &[("if-none-match", etag)]).await;
    assert_eq!(other.0, StatusCode::OK);
}

#[tokio::test]
async fn a_server_without_the_page_says_how_to_build_it() {
    for path in ["/", "/hosts/h1"] {
        let (status, headers, body) = ask(Files::default(), path, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        assert!(body.starts_with(b"aiops-server runs"), "{path}");
    }
}
