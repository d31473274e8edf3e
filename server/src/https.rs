//! All that is answered over HTTPS: the API, enrolment, the authority's certificate, the page.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::page::Files;
use crate::{api, identity, page};

/// What browsers may do with an answer, whichever it is.
///
/// Only scripts and styles of ours, in files, run in the page, and nothing of it goes elsewhere:
/// what a host reports is shown there. No other page frames it or keeps a handle on it. A browser
/// that was here once does not come without TLS; browsers pass that over where they do not trust
/// the certificate.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'self'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000"),
    ),
];

/// Everything that the people's listener serves.
pub fn router(app: App) -> Router {
    let authority = get(authority).with_state(app.clone());
    api::router(app.clone())
        .merge(identity::enrol::router(app))
        .route("/ca.pem", authority)
        // Not merged: a route for everything would come before the fallback of the API.
        .fallback_service(page::router(Files::built_in()))
        .layer(from_fn(with_headers))
}

/// `GET /ca.pem`: the certificate of the authority that signs, and no other: who logs in compares
/// its key with the pin, and trusts it from then on.
async fn authority(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pem-certificate-chain"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let pem = app.authority.certificate_pem().to_owned();
    (StatusCode::OK, headers, pem).into_response()
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    answer.headers_mut().extend(HEADERS);
    answer
}
