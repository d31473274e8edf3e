//! Places on the people's listener are few, and nobody keeps one by saying nothing.

use std::time::Duration;

use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::certificates::client_tls;
use crate::fleet::{Fleet, connect};

/// Far longer than a connection without a request may last.
const LIMIT: Duration = Duration::from_secs(40);

#[sqlx::test(migrations = "../migrations")]
async fn a_connection_without_a_whole_request_is_cut(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let half = b"POST /enrol/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    // (what the client says, before it says no more)
    let cases: [&[u8]; 4] = [b"", b"P", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", half];
    let cut = cases.map(|said| {
        let tls = client_tls(fleet.app.authority.bundle_pem(), None);
        let address = fleet.app.addresses.http;
        async move {
            let mut connection = connect(address, tls).await.unwrap();
            connection.write_all(said).await.unwrap();
            let mut answer = Vec::new();
            let ended = timeout(LIMIT, connection.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "{said:?} kept its place");
        }
    });
    futures_util::future::join_all(cut).await;
    fleet.stop().await;
}
