//! How fast batches are stored, against a bare COPY of the same rows in the same run.
//!
//! `cargo test --release -p server --test ingest_rate -- --ignored --nocapture`

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Instant;

use sqlx::PgPool;
use support::{Host, batch, exits};

const BATCHES: u64 = 200;
const RECORDS: u32 = 1000;

#[sqlx::test(migrations = "../migrations")]
#[ignore = "a measurement"]
async fn batches_are_stored_nearly_as_fast_as_postgres_copies(db: PgPool) {
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let batches: Vec<_> = (0..BATCHES)
        .map(|at| batch(session, 1, at * u64::from(RECORDS) + 1, exits(0..RECORDS)))
        .collect();
    let stored = Instant::now();
    for batch in &batches {
        host.store(&db, batch).await;
    }
    let stored = stored.elapsed();
    let rows: Vec<u8> = {
        let mut connection = db.acquire().await.unwrap();
        use futures_util::TryStreamExt as _;
        let out = "copy (select * from event) to stdout (format binary)";
        let stream = connection.copy_out_raw(out).await.unwrap();
        stream.try_collect::<Vec<_>>().await.unwrap().concat()
    };
    let bare = Instant::now();
    let mut connection = db.acquire().await.unwrap();
    let mut copy = connection
        .copy_in_raw("copy event from stdin (format binary)")
        .await
        .unwrap();
    copy.send(rows).await.unwrap();
    copy.finish().await.unwrap();
    let bare = bare.elapsed();
    let rate = |took: std::time::Duration| f64::from(RECORDS) * 200.0 / took.as_secs_f64();
    println!(
        "stored {:.0} rows/s, bare COPY {:.0} rows/s, ratio {:.2}",
        rate(stored),
        rate(bare),
        bare.as_secs_f64() / stored.as_secs_f64()
    );
}
