//! systemd over D-Bus: unit states in the moment they change, and which units take which along.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use analysis::{event::Fact, history::Dependencies, identity::UnitName};
use collect::{
    CollectError,
    systemd::{Manager, UnitChange, UnitChanges},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::told::{Told, at_its_best, not_at_all};
use crate::{
    clock::event_now,
    good_starts::is_service,
    observed::{DBUS, Observed},
    uplink::whole,
};

/// Before systemd is asked again after it could not be.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// Unit files may change without a sign of it.
const DEPENDENCIES_PERIOD: Duration = Duration::from_secs(900);
/// New units are asked for one by one, so many in a row; more than that wait for the next look at
/// all of them, which costs process 1 some 30 ms.
const ASKED_ALONE: u32 = 64;
/// Between two looks at all units, however many new ones come.
const DEPENDENCIES_PAUSE: Duration = Duration::from_secs(10);

/// Listens until `stop`.
pub async fn hear(
    dependencies: watch::Sender<Arc<Dependencies>>,
    events: mpsc::Sender<Observed>,
    told: Told,
    became_active: mpsc::Sender<UnitName>,
    stop: CancellationToken,
) {
    let mut last = None;
    while !stop.is_cancelled() {
        let listening = stop.run_until_cancelled(subscribe()).await;
        let outcome = match listening {
            None => return,
            Some(Ok((manager, changes))) => {
                let best = at_its_best("dbus", "dbus");
                if last.replace(best.clone()) != Some(best.clone()) {
                    told.runs(best).await;
                }
                let mut ear = Ear::new(manager, &dependencies, &events, &told, &became_active);
                stop.run_until_cancelled(ear.listen(changes)).await
            }
            Some(Err(error)) => {
                let missing = not_at_all("dbus", whole(&error));
                if last.replace(missing.clone()) != Some(missing.clone()) {
                    told.runs(missing).await;
                }
                None
            }
        };
        if outcome.is_some_and(|heard| heard.is_err()) {
            return;
        }
        stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER))
            .await;
    }
}

async fn subscribe() -> Result<(Manager, UnitChanges), CollectError> {
    let manager = Manager::connect().await?;
    let changes = manager.subscribe().await?;
    Ok((manager, changes))
}

/// The spool takes nothing any more: the agent ends.
struct SpoolClosed;

struct Ear<'a> {
    manager: Manager,
    dependencies: &'a watch::Sender<Arc<Dependencies>>,
    events: &'a mpsc::Sender<Observed>,
    told: &'a Told,
    became_active: &'a mpsc::Sender<UnitName>,
    known: BTreeSet<UnitName>,
    read_dependencies_at: Instant,
    /// The earliest moment at which they may be read again.
    rested_at: Instant,
    asked_alone_left: u32,
}

impl<'a> Ear<'a> {
    fn new(
        manager: Manager,
        dependencies: &'a watch::Sender<Arc<Dependencies>>,
        events: &'a mpsc::Sender<Observed>,
        told: &'a Told,
        became_active: &'a mpsc::Sender<UnitName>,
    ) -> Self {
        let now = Instant::now();
        Self {
            manager,
            dependencies,
            events,
            told,
            became_active,
            known: BTreeSet::new(),
            read_dependencies_at: now,
            rested_at: now,
            asked_alone_left: ASKED_ALONE,
        }
    }

    /// Until the bus closes the connection.
    async fn listen(&mut self, mut changes: UnitChanges) -> Result<(), SpoolClosed> {
        loop {
            tokio::select! {
                change = changes.next() => match change {
                    Some(UnitChange::State(state)) => {
                        if self.known.insert(state.unit.clone()) {
                            self.learn(&state.unit).await;
                        }
                        if state.active == "active" && is_service(&state.unit) {
                            // Full: see `good_starts::WAITING`.
                            let _ = self.became_active.try_send(state.unit.clone());
                        }
                        let event = event_now(self.told.boot, Fact::UnitState(state));
                        let observed = Observed::once(DBUS, event);
                        self.events.send(observed).await.map_err(|_| SpoolClosed)?;
                    }
                    // The journal says how jobs end, and for good.
                    Some(UnitChange::JobDone { .. }) => {}
                    None => return Ok(()),
                },
                () = sleep_until(self.read_dependencies_at) => {
                    self.read_dependencies_at = Instant::now() + DEPENDENCIES_PERIOD;
                    self.rested_at = Instant::now() + DEPENDENCIES_PAUSE;
                    self.read_dependencies().await;
                }
            }
        }
    }

    /// At once: a unit may start and be stopped by another within milliseconds, and the journal
    /// tells of it some 300 ms later.
    async fn learn(&mut self, unit: &UnitName) {
        let Some(left) = self.asked_alone_left.checked_sub(1) else {
            self.read_dependencies_at = self.read_dependencies_at.min(self.rested_at);
            return;
        };
        self.asked_alone_left = left;
        if let Ok(needs) = self.manager.needs(unit).await {
            self.dependencies.send_modify(|known| {
                Arc::make_mut(known).set(unit.clone(), needs);
            });
        }
    }

    /// What cannot be read stays as it was: the causes of stops are less certain then.
    async fn read_dependencies(&mut self) {
        let Ok(units) = self.manager.list_units().await else {
            return;
        };
        let Ok(dependencies) = self.manager.dependencies().await else {
            return;
        };
        self.known = units.into_iter().map(|loaded| loaded.unit).collect();
        self.asked_alone_left = ASKED_ALONE;
        self.dependencies.send_replace(Arc::new(dependencies));
    }
}
