//! How fast one server stores what agents send it over mTLS, against a bare COPY of the same rows
//! into the same table of the same Postgres.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use bench::{
    agent::{Identity, JoinToken, Stream, message},
    cost,
    figures::{beside, figure, load, median},
    loopback, records,
};
use futures_util::{TryStreamExt as _, future::try_join_all};
use proto::v1::{self, FromAgent, from_agent, from_server};
use sqlx::PgPool;
use system::Server;
use tokio::sync::Semaphore;
use uuid::Uuid;

const AGENTS: u64 = 4;
const BATCHES: u64 = 100;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let server = Server::start(loopback::ADDRESS)?;
    runtime.block_on(measure(&server))
}

async fn measure(server: &Server) -> Result<()> {
    load("before");
    let token = JoinToken::new(server, usize::try_from(AGENTS)?)?;
    let agents = token.join_all(usize::try_from(AGENTS)?).await?;
    let database = loopback::database(server).await?;
    let (mut ours, mut bare, mut bare_parallel) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        empty(&database).await?;
        let (rate, busy) = ingest(&agents, server.pid()).await?;
        let rows = stored_rows(&database).await?;
        empty(&database).await?;
        let one = copy(&database, &rows, 1).await?;
        empty(&database).await?;
        let parallel = copy(&database, &rows, AGENTS).await?;
        println!(
            "round {number}: ingest {rate:.0}/s (server {:.0} %, load generator {:.0} % of a core), \
             COPY {one:.0}/s, {AGENTS} COPYs at once {parallel:.0}/s",
            busy.server, busy.generator
        );
        ours.push(rate);
        bare.push(one);
        bare_parallel.push(parallel);
    }
    load("after");
    print(&ours, &bare, &bare_parallel);
    Ok(())
}

fn print(ours: &[f64], bare: &[f64], bare_parallel: &[f64]) {
    let rate = |rates: &[f64]| format!("{:.0}/s", median(rates));
    let share = |of: &[f64]| {
        let shares: Vec<f64> = ours
            .iter()
            .zip(of)
            .map(|(ours, bare)| ours / bare)
            .collect();
        format!("{:.0} %", median(&shares) * 100.0)
    };
    beside("events stored over mTLS", &rate(ours));
    beside("rows by a bare COPY", &rate(bare));
    beside("rows by as many COPYs as agents", &rate(bare_parallel));
    figure("ingest against a bare COPY", &share(bare), ">= 60 %");
    beside(
        "ingest against as many COPYs as agents",
        &share(bare_parallel),
    );
}

/// CPU used meanwhile, in % of one core.
struct Busy {
    server: f64,
    generator: f64,
}

/// Sends all batches of all agents and waits till the last is acknowledged. Unit: events/s.
async fn ingest(agents: &[Identity], server: u32) -> Result<(f64, Busy)> {
    let boot = Uuid::new_v4();
    let mut senders = Vec::new();
    for identity in agents {
        senders.push(Sender::ready(identity, boot).await?);
    }
    let events: u64 = senders.iter().map(|sender| sender.events).sum();
    let cpu = cost::cpu_of_process;
    let (before, own_before) = (cpu(server)?, cpu(std::process::id())?);
    let started = Instant::now();
    let tasks = senders
        .into_iter()
        .map(|sender| tokio::spawn(sender.send_all()));
    for sent in try_join_all(tasks).await? {
        sent?;
    }
    let took = started.elapsed();
    let share = |used: Duration| used.as_secs_f64() / took.as_secs_f64() * 100.0;
    let busy = Busy {
        server: share(cpu(server)? - before),
        generator: share(cpu(std::process::id())? - own_before),
    };
    #[expect(clippy::cast_precision_loss, reason = "some 100,000")]
    let rate = events as f64 / took.as_secs_f64();
    Ok((rate, busy))
}

/// An agent with batches that are made and encoded, but not sent.
struct Sender {
    stream: Stream,
    batches: Vec<FromAgent>,
    last_seq: u64,
    events: u64,
}

impl Sender {
    async fn ready(identity: &Identity, boot: Uuid) -> Result<Self> {
        let stream = Stream::open(identity, boot, 0).await?;
        let welcome = &stream.welcome;
        let limits = welcome.limits.context("no limits")?;
        let (first, size) = (welcome.acked + 1, u64::from(limits.max_records));
        let at = chrono::Utc::now();
        let batch = |number: u64| {
            let first_seq = first + number * size;
            message(from_agent::Message::Batch(v1::Batch {
                session: welcome.session,
                epoch: welcome.epoch,
                first_seq,
                records: records::records(boot, at, first_seq, size),
            }))
        };
        let batches = (0..BATCHES).map(batch).collect();
        Ok(Self {
            last_seq: welcome.acked + BATCHES * size,
            events: BATCHES * size,
            batches,
            stream,
        })
    }

    /// With as many unacknowledged batches as the server allows.
    async fn send_all(self) -> Result<()> {
        let Stream {
            out,
            mut incoming,
            welcome,
        } = self.stream;
        let in_flight = welcome.limits.context("no limits")?.max_inflight;
        let window = Arc::new(Semaphore::new(in_flight as usize));
        let sending = async {
            for batch in self.batches {
                window.acquire().await?.forget();
                out.send(batch).await?;
            }
            anyhow::Ok(())
        };
        let hearing = async {
            while let Some(answer) = incoming.message().await? {
                match answer.message {
                    Some(from_server::Message::Ack(ack)) if ack.acked == self.last_seq => {
                        return Ok(());
                    }
                    Some(from_server::Message::Ack(_)) => window.add_permits(1),
                    other => bail!("not an ack: {other:?}"),
                }
            }
            bail!("the server closed the stream")
        };
        tokio::try_join!(sending, hearing).map(drop)
    }
}

async fn empty(database: &PgPool) -> Result<()> {
    sqlx::query("truncate event").execute(database).await?;
    // Each side begins with the same log to write, none of it the other's.
    sqlx::query("checkpoint").execute(database).await?;
    Ok(())
}

/// The rows, each as binary COPY writes it.
async fn stored_rows(database: &PgPool) -> Result<Vec<Vec<u8>>> {
    let mut connection = database.acquire().await?;
    let out = connection
        .copy_out_raw("copy (select * from event) to stdout (format binary)")
        .await?;
    // Postgres sends the header with the first row, and each row as one message.
    Ok(out.map_ok(|row| row.to_vec()).try_collect().await?)
}

const HEADER_BYTES: usize = 19;
/// What is sent to Postgres at once: as much as the server's batches.
const ROWS_AT_ONCE: usize = 1000;

/// Copies `rows` in over `connections` at once, a transaction each. Unit: rows/s.
async fn copy(database: &PgPool, rows: &[Vec<u8>], connections: u64) -> Result<f64> {
    let header = &rows.first().context("no rows")?[..HEADER_BYTES];
    // The first message holds the header too; the last is the end mark.
    let rows = &rows[1..rows.len() - 1];
    let share = rows.len().div_ceil(usize::try_from(connections)?);
    let parts: Vec<Vec<Vec<u8>>> = rows
        .chunks(share)
        .map(|part| part.chunks(ROWS_AT_ONCE).map(<[_]>::concat).collect())
        .collect();
    let started = Instant::now();
    try_join_all(parts.iter().map(|part| copy_in(database, header, part))).await?;
    #[expect(clippy::cast_precision_loss, reason = "some 100,000")]
    let rate = rows.len() as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

async fn copy_in(database: &PgPool, header: &[u8], part: &[Vec<u8>]) -> Result<()> {
    let mut connection = database.acquire().await?;
    let mut copy = connection
        .copy_in_raw("copy event from stdin (format binary)")
        .await?;
    copy.send(header).await?;
    for rows in part {
        copy.send(rows.as_slice()).await?;
    }
    copy.send([0xff, 0xff].as_slice()).await?;
    copy.finish().await?;
    Ok(())
}
