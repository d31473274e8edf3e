//! How long it takes from the death of a process to a row that others can read in Postgres, beside
//! the two writes to disk that are on the way.

use std::{
    fs,
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use bench::{
    figures::{beside, figure, load, median, percentile},
    loopback,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row as _};
use system::{Lab, Server};

const DEATHS: usize = 600;
/// How often the table is looked at: what is measured is too long by half of it.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const ENOUGH_WITHIN: Duration = Duration::from_secs(180);
const FLOOR_ROUNDS: usize = 100;

/// Two deaths each time, at moments that are in no step with the agent's or the server's.
const DIES: &str = "while :; do sleep 0.$((RANDOM % 90 + 10)); /bin/true; done";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let lab = Lab::start(&["h1"])?;
    load("before");
    let host = lab.member("h1");
    host.host().write("/mortal.sh", DIES)?;
    host.service("mortal", "ExecStart=/bin/bash /mortal.sh")?;
    host.run("systemctl start mortal")?;
    let database = runtime.block_on(loopback::database(&lab.server))?;
    let seen = runtime.block_on(watch(&database))?;
    host.run("systemctl stop mortal")?;
    let commit = runtime.block_on(commit_floor(&database))?;
    let sync = sync_floor(&lab.server)?;
    let millis = |ms: f64| format!("{ms:.1} ms");
    beside("deaths", &seen.len().to_string());
    beside("death to row, p50", &millis(percentile(&seen, 0.5)));
    figure(
        "death to row, p99",
        &millis(percentile(&seen, 0.99)),
        "<= 250 ms",
    );
    beside("the longest", &millis(percentile(&seen, 1.0)));
    beside("fdatasync of 4 KiB, median", &millis(sync));
    beside("commit of one row, median", &millis(commit));
    load("after");
    Ok(())
}

/// Looks for rows until there are enough. Unit: ms from the host's `at` to when a reader has it;
/// host and reader have one clock.
async fn watch(database: &PgPool) -> Result<Vec<f64>> {
    let (started, mut seen, mut last) = (Instant::now(), Vec::new(), 0_i64);
    while seen.len() < DEATHS && started.elapsed() < ENOUGH_WITHIN {
        let rows = sqlx::query(
            "select at, seq from event where kind = 'process-exited' and unit = 'mortal.service'
                and received_at > now() - interval '10 s' and seq > $1 order by seq",
        )
        .bind(last)
        .fetch_all(database)
        .await?;
        let now = Utc::now();
        for row in rows {
            let at: DateTime<Utc> = row.get("at");
            #[expect(clippy::cast_precision_loss, reason = "a few 100,000")]
            let ms = (now - at).num_microseconds().unwrap_or(i64::MAX) as f64 / 1e3;
            seen.push(ms);
            last = row.get("seq");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(seen)
}

/// A commit of one small row by the same Postgres. Unit: ms.
async fn commit_floor(database: &PgPool) -> Result<f64> {
    sqlx::query("create table floor (number bigint)")
        .execute(database)
        .await?;
    let mut took = Vec::new();
    for number in 0..FLOOR_ROUNDS {
        let started = Instant::now();
        sqlx::query("insert into floor values ($1)")
            .bind(i64::try_from(number)?)
            .execute(database)
            .await?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&took))
}

/// An fdatasync of a record's worth, on the disk of the server's data. Unit: ms.
fn sync_floor(server: &Server) -> Result<f64> {
    let mut file = fs::File::create(server.folder().join("floor"))?;
    let mut took = Vec::new();
    for _ in 0..FLOOR_ROUNDS {
        file.write_all(&[0; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
        thread::sleep(LOOK_EVERY);
    }
    Ok(median(&took))
}
