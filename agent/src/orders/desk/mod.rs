//! The one owner of this host's orders: takes them, has them run, remembers how they ended.
//!
//! Runs on a thread of its own, because making something durable may take as long as the disk
//! likes. The stream talks to it over [`Line`]; it never waits for the stream, so that an end is
//! durable however slow the network is.

mod deciding;
mod working;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use analysis::{
    identity::{AgentId, OrderId},
    order::Progress,
};
use chrono::Utc;
use collect::host::ClockReading;
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::working::Running;
use super::{
    capability::capability,
    keys::OrderKeys,
    line::{Line, Request, line},
    outbox::Outbox,
    policy_file::PolicyFile,
    server_clock::ServerClock,
    store::Store,
    strays,
    worker::{Ended, Live, Program},
};
use crate::{state_dir::StateDir, status::Board, uplink::whole};

/// Progress of all workers that waits for the desk. When it is full, progress is dropped.
const PROGRESS_IN_FLIGHT: usize = 32;
/// How often old orders are forgotten, and the policy is shown anew on the status board.
const UPKEEP_PERIOD: Duration = Duration::from_secs(10);

/// What the desk works with.
pub(crate) struct DeskParts {
    pub(crate) state: StateDir,
    pub(crate) me: AgentId,
    pub(crate) policy: PolicyFile,
    pub(crate) program: Program,
    pub(crate) board: Board,
}

pub(crate) struct Desk {
    parts: DeskParts,
    requests: mpsc::Receiver<Request>,
    pub(super) store: Store,
    pub(super) outbox: Outbox,
    clock: ServerClock,
    running: BTreeMap<OrderId, Running>,
    live: Live,
    workers: JoinSet<(OrderId, Ended)>,
    /// What finished workers left is being killed.
    clearing: JoinSet<()>,
    said: mpsc::Sender<(OrderId, Progress)>,
    progress: mpsc::Receiver<(OrderId, Progress)>,
    /// When orders began within the last minute: time since boot.
    begun_ns: VecDeque<u64>,
    is_stopping: bool,
}

impl Desk {
    /// Reads what is remembered, and kills what an agent that died has left running.
    pub(crate) fn open(parts: DeskParts) -> (Self, Line) {
        strays::adopt_orphans();
        let (store, lost) = Store::open(&parts.state, Utc::now());
        if !lost.is_empty() {
            warn!(
                orders = lost.len(),
                "the agent died while orders ran: they are lost"
            );
            strays::clear_marked(&lost);
        }
        let (outbox, changed) = Outbox::new();
        let (line, requests) = line(changed);
        let (said, progress) = mpsc::channel(PROGRESS_IN_FLIGHT);
        let desk = Self {
            parts,
            requests,
            store,
            outbox,
            clock: ServerClock::default(),
            running: BTreeMap::new(),
            live: Live::default(),
            workers: JoinSet::new(),
            clearing: JoinSet::new(),
            said,
            progress,
            begun_ns: VecDeque::new(),
            is_stopping: false,
        };
        desk.show();
        (desk, line)
    }

    /// Runs until the stream's side is gone and nothing runs any more. From `stop` on nothing
    /// begins, and what runs is ended.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut upkeep = tokio::time::interval(UPKEEP_PERIOD);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_open = true;
        while is_open || !self.workers.is_empty() || !self.clearing.is_empty() {
            tokio::select! {
                request = self.requests.recv(), if is_open => match request {
                    Some(request) => self.answer(request),
                    None => { is_open = false; self.stop_all(); }
                },
                Some(ended) = self.workers.join_next(), if !self.workers.is_empty() => {
                    self.worker_ended(ended);
                }
                Some(_) = self.clearing.join_next(), if !self.clearing.is_empty() => {}
                Some((id, progress)) = self.progress.recv() => self.worker_said(id, progress),
                () = stop.cancelled(), if !self.is_stopping => self.stop_all(),
                _ = upkeep.tick() => self.upkeep(),
            }
        }
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Connected {
                server_time_ns,
                epoch,
            } => self.connected(server_time_ns, epoch),
            Request::Order(order) => self.order(&order),
            Request::Cancel(id) => self.cancel(id),
            Request::Stored(id) => {
                self.store.stored(id);
                self.outbox.stored(id);
            }
            Request::Asked(id) => self.asked(id),
            // That it hung up meanwhile is its own affair: the next stream gets everything again.
            Request::Next(answer) => drop(answer.send(self.next_update())),
        }
    }

    fn connected(&mut self, server_time_ns: i64, epoch: u64) {
        self.clock.set(server_time_ns, since_boot_ns());
        if let Some(now) = self.server_now() {
            self.store.numbered(epoch, now);
        }
        for id in self.running.keys() {
            self.outbox.begun(*id);
        }
        let waiting = self.store.waiting().chain(self.outbox.refusals.waiting());
        for id in waiting.collect::<Vec<_>>() {
            self.outbox.ended(id);
        }
        self.show();
    }

    fn upkeep(&mut self) {
        self.store.upkeep(self.server_now());
        self.show();
    }

    fn keys(&self) -> Result<Option<OrderKeys>, crate::state_dir::StateDirError> {
        // Anew each time: a renewal may have brought them.
        OrderKeys::read(&self.parts.state).inspect_err(|error| {
            error!("no order can be obeyed: {}", whole(error));
        })
    }

    fn show(&self) {
        let keys = OrderKeys::read(&self.parts.state);
        let shown = capability(&keys, &self.parts.policy.read());
        self.parts.board.source(shown);
    }

    fn server_now(&self) -> Option<analysis::Timestamp> {
        self.clock.at(since_boot_ns())
    }
}

fn since_boot_ns() -> u64 {
    ClockReading::now().since_boot_ns
}
