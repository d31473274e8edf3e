//! HTTPS for people, their programs, and hosts that join.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::debug;

use super::{Admitted, Door};

/// Who has not sent its request's head by then is cut off (slowloris).
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// What has not come of a request's body by then is missing; whoever reads it says so.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// A connection on which nothing was asked for so long is cut, whether its handshake, a keep-alive
/// or an answer that nobody reads keeps it open: anybody can open one, and places are few.
const IDLE_LIMIT: Duration = Duration::from_secs(20);

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
    let (asked, busy) = watch::channel(0);
    let service = service_fn(move |request| {
        let asking = Asking::new(&asked);
        answer(router.clone(), request, peer, asking)
    });
    let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = idle(busy) => Ok(()),
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

/// Ends when nothing was asked for [`IDLE_LIMIT`]. `busy`: how many requests have no whole answer.
async fn idle(mut busy: watch::Receiver<usize>) {
    while busy.wait_for(|requests| *requests == 0).await.is_ok() {
        // Also a request that has come and was answered by now is a change.
        match timeout(IDLE_LIMIT, busy.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => break,
            Err(_) => return,
        }
    }
    // The connection has ended by itself.
    std::future::pending().await
}

/// A request, until its answer was given out.
struct Asking(watch::Sender<usize>);

impl Asking {
    fn new(requests: &watch::Sender<usize>) -> Self {
        requests.send_modify(|requests| *requests += 1);
        Self(requests.clone())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.send_modify(|requests| *requests -= 1);
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    asking: Asking,
) -> Result<Response, Infallible> {
    let mut request = request.map(in_time);
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = router.oneshot(request).await?;
    Ok(answer.map(|body| {
        let parts = body.into_data_stream().map(move |part| {
            let _asking = &asking;
            part
        });
        Body::from_stream(parts)
    }))
}

fn in_time(body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let parts = Body::new(body).into_data_stream();
    Body::from_stream(parts.take_until(tokio::time::sleep(BODY_LIMIT)))
}
