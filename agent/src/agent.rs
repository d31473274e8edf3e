//! The daemon: starts its parts, and ends them in an order in which nothing is lost.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use analysis::history::Dependencies;
use anyhow::{Context as _, anyhow};
use chrono::{TimeDelta, Utc};
use collect::journal::JournalOptions;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    clock,
    config::Config,
    delivering::Delivery,
    good_starts,
    host_facts::{self, BootFacts},
    identity::Identity,
    leaving,
    observed::{EVENTS_IN_FLIGHT, Observed},
    orders::{Desk, DeskParts, PolicyFile, Program},
    sources::{self, JournalReader, RunBefore, Told},
    spooler::{self, JournalPlace},
    state_dir::{StateDir, StateLock},
    status::{self, Board, Connection},
};

/// For the sources to hand over what they have.
const SOURCES_LIMIT: Duration = Duration::from_secs(2);
/// For the last events to be durable, sent, and the goodbye said.
const DELIVERY_LIMIT: Duration = Duration::from_millis(2_750);

/// An agent that is about to run: whatever can be wrong at the start has been found out.
pub struct Agent {
    config: Config,
    processes: sources::Wanted,
    host_name: String,
    boot: BootFacts,
    before: RunBefore,
    events: mpsc::Sender<Observed>,
    place: watch::Receiver<JournalPlace>,
    board: Board,
    delivery: Delivery,
    lock: StateLock,
}

impl Agent {
    /// Takes the state directory, reads the identity and opens the spool.
    ///
    /// # Errors
    ///
    /// If the host has not joined, another agent runs, or the state cannot be used.
    pub fn start(config: Config) -> anyhow::Result<Self> {
        Self::start_with(config, Program::this())
    }

    /// The same, where this program cannot be its own worker.
    ///
    /// # Errors
    ///
    /// As for [`Agent::start`].
    pub fn start_with(config: Config, worker: Program) -> anyhow::Result<Self> {
        let processes = config
            .sources
            .process
            .parse()
            .context("in `sources.process`")?;
        let state = StateDir::open(&config.state_dir)?;
        let lock = state.lock()?;
        let identity = Arc::new(Identity::load(&state)?);
        let before = RunBefore::of(&state);
        let boot = BootFacts::read()?;
        let facts = host_facts::read()?;
        let host_name = config
            .host_name
            .clone()
            .or_else(|| identity.enrolment.host_name.clone())
            .unwrap_or_else(|| facts.host_name.clone());
        let (events, taken) = mpsc::channel(EVENTS_IN_FLIGHT);
        let agent = identity.enrolment.agent_id;
        let opened = spooler::open(&state, agent, &boot, config.spool.max_mib << 20, taken)?;
        let board = Board::new(Arc::clone(&identity), opened.progress.clone());
        let (desk, line) = Desk::open(DeskParts {
            state: state.clone(),
            me: agent,
            policy: PolicyFile::at(&config.orders.policy),
            program: worker
                .with_black_box(&config.black_box_folders())
                .with_good_starts(&config.good_starts_folder()),
            board: board.clone(),
        });
        info!(%agent, host_name, server = identity.enrolment.server, "agent starts");
        Ok(Self {
            delivery: Delivery {
                state,
                identity,
                host: host_facts::registry_facts(facts, &host_name),
                spooler: opened.spooler,
                link: opened.link,
                progress: opened.progress,
                desk,
                line,
            },
            place: opened.place,
            config,
            processes,
            host_name,
            boot,
            before,
            events,
            board,
            lock,
        })
    }

    /// How the agent is, while it runs.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Runs until `stop`, or until a part ends that must not.
    ///
    /// # Errors
    ///
    /// If a part ended on its own.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let closing = CancellationToken::new();
        let goodbye = Arc::new(OnceLock::new());
        let mut sources = self.start_sources(&stop);
        let (state, _lock) = (self.delivery.state.clone(), self.lock);
        let mut delivery = self.delivery.start(&self.board, &stop, &closing, &goodbye);
        // From here on only the sources hold the channel: when they end, the spool knows.
        drop(self.events);
        // One part that ends on its own takes the others along: half an agent looks healthy.
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(ended) = delivery.join_next() => Err(anyhow!("delivery ended: {ended:?}")),
            panic = first_panic(&mut sources) => Err(anyhow!(panic).context("a source failed")),
        };
        stop.cancel();
        let reason = leaving::reason().await;
        goodbye.get_or_init(|| reason);
        join(&mut sources, SOURCES_LIMIT, "sources").await;
        closing.cancel();
        join(&mut delivery, DELIVERY_LIMIT, "delivery").await;
        let reason = reason.name();
        self.board.connection(Connection::Offline {
            since: Utc::now(),
            reason: reason.to_owned(),
        });
        status::write_down(&self.board, &state);
        info!(reason, "agent stopped");
        outcome
    }

    fn start_sources(&self, stop: &CancellationToken) -> JoinSet<()> {
        let boot = self.boot.boot_id;
        let told = Told {
            boot,
            board: self.board.clone(),
            events: self.events.clone(),
        };
        let events = || self.events.clone();
        let mut sources = JoinSet::new();
        sources.spawn(sources::say_hello(boot, self.host_name.clone(), events()));
        sources.spawn(clock::watch(boot, events(), stop.clone()));
        sources.spawn(sources::watch_processes(
            self.processes,
            self.before,
            events(),
            told.clone(),
            stop.clone(),
        ));
        if self.config.black_box.enabled {
            let folders = self.config.black_box_folders();
            sources.spawn(crate::black_box::record(folders, stop.clone()));
        }
        let (dependencies, shared) = watch::channel(Arc::new(Dependencies::default()));
        if self.config.sources.dbus {
            let (became_active, active) = mpsc::channel(good_starts::WAITING);
            if self.config.good_starts.enabled {
                let kept = self.config.good_starts_folder();
                sources.spawn(good_starts::keep(kept, active, stop.clone()));
            }
            sources.spawn(sources::hear_dbus(
                dependencies,
                events(),
                told.clone(),
                became_active,
                stop.clone(),
            ));
        }
        if self.config.sources.journal {
            let reader = JournalReader {
                options: JournalOptions {
                    directory: self.config.journal.directory.clone(),
                    ..JournalOptions::default()
                },
                first_read_back: TimeDelta::hours(self.config.journal.first_read_back_h.into()),
                cgroup_root: self.config.journal.cgroup_root.clone(),
                place: self.place.clone(),
                dependencies: shared,
                events: events(),
                told,
                stop: stop.clone(),
            };
            sources.spawn_blocking(move || reader.run());
        }
        sources
    }
}

async fn first_panic(parts: &mut JoinSet<()>) -> JoinError {
    loop {
        match parts.join_next().await {
            Some(Err(panic)) => return panic,
            // It had nothing more to do.
            Some(Ok(())) => {}
            None => std::future::pending().await,
        }
    }
}

async fn join(parts: &mut JoinSet<()>, limit: Duration, what: &str) {
    let all = async { while parts.join_next().await.is_some() {} };
    if tokio::time::timeout(limit, all).await.is_err() {
        warn!(running = parts.len(), "{what} did not end within {limit:?}");
        parts.abort_all();
    }
}
