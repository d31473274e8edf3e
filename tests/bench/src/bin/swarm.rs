//! How many agents one server holds, what each costs it, and how soon all are back after it died.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use agent::Backoff;
use anyhow::{Context, Result};
use bench::{
    agent::{Identity, JoinToken, Stream, message},
    cost::Resident,
    figures::{beside, figure, load},
    limits, loopback,
};
use proto::v1::{self, from_agent};
use system::{Server, until};
use tokio::task::JoinSet;
use uuid::Uuid;

const AGENTS: usize = 10_000;
const ALL_WITHIN: Duration = Duration::from_secs(300);
/// Four heartbeats of each: what a stream takes, it has taken by then. And an agent believes in a
/// server after a minute: it then tries again soon.
const SETTLED_AFTER: Duration = Duration::from_secs(65);

fn main() -> Result<()> {
    let count = match std::env::args().nth(1) {
        Some(count) => count.parse().context("how many agents?")?,
        None => AGENTS,
    };
    let files = limits::raise_open_files()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut server = Server::start(loopback::ADDRESS)?;
    load("before");
    beside("open files that a process may have", &files.to_string());
    let joined = Instant::now();
    let token = JoinToken::new(&server, count)?;
    let identities = runtime.block_on(token.join_all(count))?;
    beside(
        &format!("{count} hosts joined in"),
        &seconds(joined.elapsed()),
    );
    let empty = Resident::of(server.pid())?;

    let swarm = Arc::new(Swarm::default());
    let mut agents = JoinSet::new();
    let started = Instant::now();
    for identity in identities {
        agents.spawn_on(live(identity, Arc::clone(&swarm)), runtime.handle());
    }
    wait_for_all(&swarm, count)?;
    beside("all connected after", &seconds(started.elapsed()));
    std::thread::sleep(SETTLED_AFTER);
    report_memory(empty, Resident::of(server.pid())?, count);

    server.kill();
    let killed = Instant::now();
    until("all agents have noticed", ALL_WITHIN, || {
        Ok((swarm.online.load(Ordering::Relaxed) == 0).then_some(()))
    })?;
    server.start_again()?;
    beside(
        "the server was ready again after",
        &seconds(killed.elapsed()),
    );
    wait_for_all(&swarm, count)?;
    figure(
        "all back after kill -9",
        &seconds(killed.elapsed()),
        "<= 60 s",
    );
    beside("attempts that failed meanwhile", &swarm.failures());
    load("after");
    Ok(())
}

fn report_memory(empty: Resident, full: Resident, count: usize) {
    let each = (full.total_kib() - empty.total_kib()) / count as u64;
    beside(
        "server without agents",
        &format!("{} KiB", empty.total_kib()),
    );
    beside(
        "server with all of them",
        &format!("{} KiB", full.total_kib()),
    );
    figure(
        "server RSS for each agent",
        &format!("{each} KiB"),
        "<= 64 KiB",
    );
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// What all agents have in common.
#[derive(Default)]
struct Swarm {
    online: AtomicUsize,
    failed: AtomicUsize,
    last_failure: Mutex<String>,
}

impl Swarm {
    fn failures(&self) -> String {
        self.failed.load(Ordering::Relaxed).to_string()
    }

    fn note(&self, error: &anyhow::Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = format!("{error:#}");
    }
}

fn wait_for_all(swarm: &Swarm, count: usize) -> Result<()> {
    let all = until("all agents are online", ALL_WITHIN, || {
        Ok((swarm.online.load(Ordering::Relaxed) == count).then_some(()))
    });
    all.with_context(|| {
        let last = swarm
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let online = swarm.online.load(Ordering::Relaxed);
        format!("{online} of {count} are online; one said: {last}")
    })
}

/// An agent that has nothing to tell: connects, lives, and comes back as the real one does.
async fn live(identity: Identity, swarm: Arc<Swarm>) {
    let boot = Uuid::new_v4();
    let (mut backoff, mut epoch) = (Backoff::default(), 0);
    loop {
        match Stream::open(&identity, boot, epoch).await {
            Ok(stream) => {
                epoch = stream.welcome.epoch;
                swarm.online.fetch_add(1, Ordering::Relaxed);
                beat(stream).await;
                swarm.online.fetch_sub(1, Ordering::Relaxed);
                backoff.reset();
            }
            Err(error) => swarm.note(&error),
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// Sends heartbeats until the stream breaks.
async fn beat(mut stream: Stream) {
    let period = Duration::from_secs(stream.welcome.heartbeat_s.max(1).into());
    let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    loop {
        tokio::select! {
            answer = stream.incoming.message() => match answer {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            },
            _ = beat.tick() => {
                let heartbeat = v1::Heartbeat {
                    wall_clock_ns: chrono::Utc::now().timestamp_nanos_opt().unwrap_or(0),
                    ..Default::default()
                };
                let heartbeat = message(from_agent::Message::Heartbeat(heartbeat));
                if stream.out.send(heartbeat).await.is_err() {
                    return;
                }
            }
        }
    }
}
