//! The page of `web/`: files in this binary, and the rule which address gets which of them.
//!
//! The page has addresses of its own (`/hosts/db-03`) that are no files: they all get its
//! `index.html`, and the script in it decides what to show.

mod files;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use files::{File, Files};

const INDEX: &str = "index.html";

/// What the bundler names after its content: a change gets another name.
const HASHED: &str = "assets/";

/// For what never changes: a year, and no question whether it has.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For what a newer server may have otherwise: it is asked each time, and says mostly "as it was".
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = "\
aiops-server runs, but this one was built without its page.

To build it with the page, in a checkout of aiops:

    npm --prefix web ci
    npm --prefix web run build
    cargo build --release --package server

`cargo xtask up` does all of it. The command `aiops` and the API (/api/v1/openapi.json) need no page.
";

/// Everything that is GET and no other part of the server.
pub fn router(files: Files) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/{*path}", get(named))
        .with_state(files)
}

async fn index(State(files): State<Files>, headers: HeaderMap) -> Response {
    match files.get(INDEX) {
        Some(index) => shown(index, &headers, ASK_FIRST),
        None => plain(StatusCode::NOT_FOUND, NOT_BUILT),
    }
}

async fn named(
    State(files): State<Files>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match files.get(&path) {
        Some(file) if path.starts_with(HASHED) => shown(file, &headers, FOR_EVER),
        Some(file) => shown(file, &headers, ASK_FIRST),
        None if is_of_the_page(&path) => index(State(files), headers).await,
        None => plain(StatusCode::NOT_FOUND, "there is no such file\n"),
    }
}

/// Whether `path`, which is no file, may be one of the page's own addresses.
///
/// None of them begins like an asset, nor looks like a file at the top (`/robots.txt`); deeper a
/// dot is that of a host or a unit.
fn is_of_the_page(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    first != "assets" && !first.contains('.')
}

fn shown(file: &File, asked: &HeaderMap, cache: HeaderValue) -> Response {
    let headers = [
        (header::CACHE_CONTROL, cache),
        (header::ETAG, file.etag.clone()),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if knows(asked, &file.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.kind.clone())];
    match accepts_gzip(asked).then(|| file.gzip()).flatten() {
        Some(packed) => {
            let packing = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            (headers, kind, packing, packed).into_response()
        }
        None => (headers, kind, file.body.clone()).into_response(),
    }
}

/// Whether the client has the version `etag`: it names one that it has, or says "any".
fn knows(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let etag = etag.to_str().unwrap_or_default();
    elements(asked, header::IF_NONE_MATCH).any(|known| known == "*" || known == etag)
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    elements(asked, header::ACCEPT_ENCODING).any(|element| {
        let (name, weight) = element.split_once(';').unwrap_or((element, ""));
        let weight = weight.trim().trim_start_matches("q=");
        // A weight of zero is a refusal.
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse().map_or(true, |q: f32| q > 0.0)
    })
}

/// Of a header that is a list.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, kept, text).into_response()
}

#[cfg(test)]
mod tests;
