//! Orders that run: their workers, what these say, and how they end.

use std::time::{Duration, Instant};

use analysis::{
    identity::OrderId,
    order::{Failure, HostOutcome, Order, Progress},
};
use chrono::Utc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::Desk;
use crate::orders::{
    detail::short,
    strays,
    worker::{self, Ended},
};

/// Between two words of progress of one order about the same step; what comes sooner is dropped.
const PROGRESS_PERIOD: Duration = Duration::from_millis(200);
/// For what a killed worker left to be gone.
const CLEAR_LIMIT: Duration = Duration::from_millis(1_500);

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
    /// Only after [`Desk::begin`].
    pub(super) fn start(&mut self, order: Order, now_ns: u64) {
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

    pub(super) fn worker_said(&mut self, id: OrderId, progress: Progress) {
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

    pub(super) fn worker_ended(&mut self, ended: Result<(OrderId, Ended), JoinError>) {
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

    pub(super) fn cancel(&mut self, id: OrderId) {
        if let Some(running) = self.running.get(&id) {
            running.stop.cancel();
        }
    }

    pub(super) fn stop_all(&mut self) {
        self.is_stopping = true;
        for running in self.running.values_mut() {
            running.stopped = HostOutcome::Failed {
                reason: Failure::AgentStopped,
                detail: String::new(),
            };
            running.stop.cancel();
        }
    }
}
