//! HTTPS for people, their programs, and hosts that join.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::debug;

use super::{Admitted, Door};

/// Who has not sent its request's head by then is cut off (slowloris).
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` is cancelled and the requests in flight are answered.
pub async fn serve(door: Door, router: Router, stop: CancellationToken) {
    let server = http_server();
    let stopping = stop.clone();
    door.open(stop, move |admitted| {
        serve_one(server.clone(), admitted, router.clone(), stopping.clone())
    })
    .await;
}

fn http_server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(100)
        .max_header_list_size(16 * 1024);
    server
}

async fn serve_one(
    server: auto::Builder<TokioExecutor>,
    admitted: Admitted,
    router: Router,
    stop: CancellationToken,
) {
    let Admitted {
        stream,
        peer,
        place,
    } = admitted;
    let service = service_fn(move |request| answer(router.clone(), request, peer));
    let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "connection of {peer} broke");
    }
    drop(place);
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, std::convert::Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}
