//! The one owner of this host's orders: takes them, has them run, remembers how they ended.
//!
//! Runs on a thread of its own, because making something durable may take as long as the disk
//! likes. The stream talks to it over [`Line`]; it never waits for the stream, so that an end is
//! durable however slow the network is.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use analysis::{
    identity::{AgentId, OrderId},
    order::{Failure, HostOutcome, Order, Progress, Refusal},
};
use chrono::Utc;
use collect::host::ClockReading;
use proto::v1;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    capability::capability,
    detail::short,
    keys::OrderKeys,
    line::{Line, Request, line},
    outbox::Outbox,
    policy_file::PolicyFile,
    refusals::Refusals,
    server_clock::ServerClock,
    store::{BeginError, Store},
    strays,
    verify::{self, Circumstances, Refused, Signed},
    worker::{self, Ended, Live, Program},
};
use crate::{state_dir::StateDir, status::Board, uplink::whole};

/// Progress of all workers that waits for the desk. When it is full, progress is dropped.
const PROGRESS_IN_FLIGHT: usize = 32;
/// Between two words of progress of one order about the same step; what comes sooner is dropped.
const PROGRESS_PERIOD: Duration = Duration::from_millis(200);
/// How often old orders are forgotten, and the policy is shown anew on the status board.
const UPKEEP_PERIOD: Duration = Duration::from_secs(10);
/// For what a killed worker left to be gone.
const CLEAR_LIMIT: Duration = Duration::from_millis(1_500);
const MINUTE_NS: u64 = 60_000_000_000;

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
    pub(super) refusals: Refusals,
    pub(super) outbox: Outbox,
    clock: ServerClock,
    pub(super) running: BTreeMap<OrderId, Running>,
    live: Live,
    workers: JoinSet<(OrderId, Ended)>,
    /// What finished workers left is being killed. They count as running.
    clearing: JoinSet<()>,
    said: mpsc::Sender<(OrderId, Progress)>,
    progress: mpsc::Receiver<(OrderId, Progress)>,
    /// When orders began within the last minute: time since boot.
    begun_ns: VecDeque<u64>,
    is_stopping: bool,
}

/// An order that runs.
pub(super) struct Running {
    order: Order,
    stop: CancellationToken,
    /// What to say when it has stopped because of `stop`.
    stopped: HostOutcome,
    last_progress: Option<(Instant, Progress)>,
    started: Instant,
    task: tokio::task::Id,
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
            refusals: Refusals::default(),
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
                forgot,
            } => self.connected(server_time_ns, forgot),
            Request::Order(order) => self.order(&order),
            Request::Cancel(id) => self.cancel(id),
            Request::Stored(id) => {
                self.store.stored(id);
                self.refusals.stored(id);
                self.outbox.stored(id);
            }
            Request::Asked(id) => self.asked(id),
            // That it hung up meanwhile is its own affair: the next stream gets everything again.
            Request::Next(answer) => drop(answer.send(self.next_update())),
        }
    }

    fn connected(&mut self, server_time_ns: i64, forgot: bool) {
        self.clock.set(server_time_ns, since_boot_ns());
        if (forgot || self.store.born_at().is_none())
            && let Some(now) = self.server_now()
        {
            self.store.reborn(now);
        }
        for id in self.running.keys() {
            self.outbox.begun(*id);
        }
        for id in self.store.waiting().chain(self.refusals.waiting()) {
            self.outbox.ended(id);
        }
        self.show();
    }

    fn order(&mut self, order: &v1::Order) {
        let signed = Signed {
            content: &order.content,
            signature: &order.signature,
        };
        let keys = self.keys().ok().flatten().unwrap_or_default();
        let order = match verify::open(signed, &keys, self.parts.me) {
            Ok(order) => order,
            Err(refused) => return self.refuse(refused, "unknown"),
        };
        let id = order.order_id;
        if self.store.get(id).is_some() || self.refusals.get(id).is_some() {
            return self.had_before(id);
        }
        if self.is_stopping {
            // The next agent is sent it again.
            return;
        }
        let now_ns = since_boot_ns();
        while self
            .begun_ns
            .front()
            .is_some_and(|at| at + MINUTE_NS <= now_ns)
        {
            self.begun_ns.pop_front();
        }
        let here = Circumstances {
            now: self.server_now(),
            born_at: self.store.born_at(),
            seen: false,
            policy: &self.parts.policy.read(),
            running: self.workers.len() + self.clearing.len(),
            in_last_minute: self.begun_ns.len(),
        };
        let requester = order.requested_by.clone();
        match verify::admit(&order, &here).and_then(|()| self.begin(&order)) {
            Ok(()) => self.start(order, now_ns),
            Err(refused) => self.refuse(refused, &requester),
        }
    }

    /// Comes again after a stream that broke: the server has not heard what became of it.
    fn had_before(&mut self, id: OrderId) {
        match self.store.get(id).map(|record| record.end.as_ref()) {
            Some(None) => self.outbox.begun(id),
            Some(Some(end)) if end.stored => {
                let detail = "it has ended, and the server has stored how".to_owned();
                warn!(order = %id, "an order came a second time");
                self.refusals
                    .add(id, refused(Refusal::Replayed, detail), Utc::now());
                self.outbox.ended(id);
            }
            Some(Some(_)) | None => self.outbox.ended(id),
        }
    }

    fn begin(&mut self, order: &Order) -> Result<(), Refused> {
        let refused = |reason, detail| Refused {
            order_id: Some(order.order_id),
            reason,
            detail,
        };
        self.store
            .begin(order, Utc::now())
            .map_err(|error| match error {
                BeginError::Known => refused(Refusal::Replayed, error.to_string()),
                BeginError::Full(detail) => refused(Refusal::TooMany, detail),
                BeginError::Disk(error) => refused(Refusal::CannotRemember, whole(&error)),
            })
    }

    /// Only after [`Desk::begin`].
    fn start(&mut self, order: Order, now_ns: u64) {
        let (id, stop) = (order.order_id, CancellationToken::new());
        info!(
            order = %id,
            analysis = order.question.analysis().name(),
            requester = ?order.requested_by,
            "order begins"
        );
        self.begun_ns.push_back(now_ns);
        self.outbox.begun(id);
        let (program, live, said) = (
            self.parts.program.clone(),
            self.live.clone(),
            self.said.clone(),
        );
        let (asked, stopped) = (order.clone(), stop.clone());
        let task = self.workers.spawn(async move {
            // Dropped if there is no room: the next word says more.
            let progress = |step| {
                let _ = said.try_send((id, step));
            };
            (
                id,
                worker::run(&program, &live, &asked, &progress, &stopped).await,
            )
        });
        self.running.insert(
            id,
            Running {
                order,
                stop,
                stopped: HostOutcome::Cancelled,
                last_progress: None,
                started: Instant::now(),
                task: task.id(),
            },
        );
    }

    fn worker_said(&mut self, id: OrderId, progress: Progress) {
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        let is_soon = running
            .last_progress
            .is_some_and(|(at, last)| last.step == progress.step && at.elapsed() < PROGRESS_PERIOD);
        if !is_soon {
            running.last_progress = Some((Instant::now(), progress));
            self.outbox.progress(id, progress);
        }
    }

    fn worker_ended(&mut self, ended: Result<(OrderId, Ended), JoinError>) {
        let (id, ended) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let of_task = |running: &&Running| running.task == error.id();
                let Some(running) = self.running.values().find(of_task) else {
                    return;
                };
                let (reason, detail) = (Failure::Crashed, short(error.to_string()));
                (running.order.order_id, Ended::Failed { reason, detail })
            }
        };
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let (outcome, report) = match ended {
            Ended::Report(report) => (HostOutcome::Answered, Some(report)),
            Ended::Failed { reason, detail } => (HostOutcome::Failed { reason, detail }, None),
            Ended::Stopped => (running.stopped, None),
        };
        info!(
            order = %id,
            analysis = running.order.question.analysis().name(),
            requester = ?running.order.requested_by,
            took_ms = running.started.elapsed().as_millis(),
            ?outcome,
            "order ended"
        );
        self.store.end(id, outcome, report, Utc::now());
        self.outbox.ended(id);
        let live = self.live.clone();
        self.clearing.spawn_blocking(move || {
            strays::clear(id, &live, CLEAR_LIMIT);
        });
    }

    fn cancel(&mut self, id: OrderId) {
        if let Some(running) = self.running.get(&id) {
            running.stop.cancel();
        }
    }

    /// What became of an order that the server believes to run?
    fn asked(&mut self, id: OrderId) {
        if self.running.contains_key(&id) {
            return self.outbox.begun(id);
        }
        let is_known = self.store.get(id).is_some_and(|record| !record.is_stored());
        if !is_known {
            warn!(order = %id, "the server asks for an order that this host does not know");
            self.refusals.add(id, HostOutcome::Lost, Utc::now());
        }
        self.outbox.ended(id);
    }

    fn refuse(&mut self, refused: Refused, requester: &str) {
        let Refused {
            order_id,
            reason,
            detail,
        } = refused;
        // An order may hold anything up to its size, and a reason may quote it.
        let detail = short(detail);
        let order = order_id.map_or("without an id".to_owned(), |id| id.to_string());
        warn!(order, requester = ?requester, ?reason, detail = ?detail, "order refused");
        let Some(id) = order_id else { return };
        // A forged order must not end the one whose id it took.
        if self.store.get(id).is_none() {
            let outcome = HostOutcome::Refused { reason, detail };
            self.refusals.add(id, outcome, Utc::now());
            self.outbox.ended(id);
        }
    }

    fn stop_all(&mut self) {
        self.is_stopping = true;
        for running in self.running.values_mut() {
            running.stopped = HostOutcome::Failed {
                reason: Failure::AgentStopped,
                detail: String::new(),
            };
            running.stop.cancel();
        }
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

fn refused(reason: Refusal, detail: String) -> HostOutcome {
    HostOutcome::Refused { reason, detail }
}

fn since_boot_ns() -> u64 {
    ClockReading::now().since_boot_ns
}
