//! Keeps what services were made of when they started well, for whoever asks later what changed.
//!
//! Only when a service became active, and one a second at most. What systemd calls active is not
//! always started: with `Type=simple` any program is that could be executed, so such a service has
//! to run for a while before its start counts as a good one.

use std::{collections::BTreeMap, time::Duration};

use analysis::{Timestamp, identity::UnitName, start_failure::attempts::SETTLED_AFTER};
use collect::{
    CollectError,
    good_starts::GoodStarts,
    host::ClockReading,
    systemd::{Manager, UnitStart},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Services that became active and wait to be taken. What does not fit is passed over: the dates
/// of its files have to tell what changed.
pub const WAITING: usize = 256;
/// Services that wait until they have settled.
const MOST_PENDING: usize = 1000;
/// A service with a way to say that it is ready has settled as soon as it said so; a moment more,
/// since those that restart it may do so twice.
const READY_AFTER: Duration = Duration::from_secs(3);
/// Between two looks, which bounds the cost: a look takes some milliseconds.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two of those that ran before the agent did: nobody waits for them.
const PAUSE_BETWEEN_OLD: Duration = Duration::from_secs(4);
/// After systemd could not be asked.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// Keeps until `stop`. `became_active` names services; those that run already are looked at first.
pub async fn keep(
    kept: GoodStarts,
    became_active: mpsc::Receiver<UnitName>,
    stop: CancellationToken,
) {
    if let Err(error) = kept.open() {
        let why = crate::uplink::whole(&error);
        warn!(%why, "cannot keep what services are made of: {why}");
        return;
    }
    let mut keeper = Keeper {
        kept,
        manager: None,
        pending: BTreeMap::new(),
        is_told: false,
    };
    stop.run_until_cancelled(keeper.run(became_active)).await;
}

struct Keeper {
    kept: GoodStarts,
    manager: Option<Manager>,
    /// When to look at a service.
    pending: BTreeMap<UnitName, Instant>,
    is_told: bool,
}

/// What became of a look.
enum Look {
    Done,
    Again(Duration),
}

impl Keeper {
    async fn run(&mut self, mut became_active: mpsc::Receiver<UnitName>) {
        if let Err(error) = self.look_around().await {
            warn!(%error, "cannot see which services run: {error}");
        }
        let mut is_open = true;
        loop {
            let next = self.pending.iter().min_by_key(|(_, due)| **due);
            let next = next.map(|(unit, due)| (unit.clone(), *due));
            let due = next.as_ref().map(|(_, due)| *due);
            tokio::select! {
                unit = became_active.recv(), if is_open => match unit {
                    Some(unit) => self.expect(unit, READY_AFTER),
                    None => is_open = false,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some((unit, _)) = next {
                        self.pending.remove(&unit);
                        self.take(unit).await;
                    }
                    sleep(PAUSE).await;
                }
                else => return,
            }
        }
    }

    /// Expects all services that run already.
    async fn look_around(&mut self) -> Result<(), CollectError> {
        let manager = Manager::connect().await?;
        let mut after = READY_AFTER;
        for loaded in manager.list_units().await? {
            if loaded.active == "active" && is_service(&loaded.unit) {
                self.expect(loaded.unit, after);
                after += PAUSE_BETWEEN_OLD;
            }
        }
        self.manager = Some(manager);
        Ok(())
    }

    fn expect(&mut self, unit: UnitName, after: Duration) {
        if self.pending.len() < MOST_PENDING {
            // Again and again the same: the last time counts.
            self.pending.insert(unit, Instant::now() + after);
        }
    }

    async fn take(&mut self, unit: UnitName) {
        match self.look(&unit).await {
            Ok(Look::Done) => {}
            Ok(Look::Again(after)) => self.expect(unit, after),
            // It hangs still, and each look would leave a thread behind: until it starts anew.
            Err(error @ CollectError::Deadline { .. }) => {
                let why = crate::uplink::whole(&error);
                warn!(%unit, %why, "cannot keep what {unit} is made of: {why}");
            }
            Err(error) => {
                self.manager = None;
                if !std::mem::replace(&mut self.is_told, true) {
                    let why = crate::uplink::whole(&error);
                    warn!(%why, "cannot keep what services are made of: {why}");
                }
                self.expect(unit, RETRY_AFTER);
            }
        }
    }

    async fn look(&mut self, unit: &UnitName) -> Result<Look, CollectError> {
        let manager = match self.manager.take() {
            Some(manager) => manager,
            None => Manager::connect().await?,
        };
        let found = manager.unit_start(unit).await?;
        self.manager = Some(manager);
        let Some(started_at) = started_at(&found) else {
            return Ok(Look::Done);
        };
        if let Some(left) = to_settle(&found) {
            return Ok(Look::Again(left));
        }
        let kept = self.kept.clone();
        let work = move || -> Result<bool, CollectError> {
            if kept.started_at(&found.facts.name) == Some(started_at) {
                return Ok(false);
            }
            kept.keep(found).map(|()| true)
        };
        // A panic costs this one.
        let is_new = tokio::task::spawn_blocking(work).await.unwrap_or(Ok(false));
        if is_new? && !std::mem::replace(&mut self.is_told, true) {
            info!("what services are made of is kept when they start");
        }
        Ok(Look::Done)
    }
}

pub fn is_service(unit: &UnitName) -> bool {
    unit.as_str().ends_with(".service")
}

/// When a service that is active became so.
fn started_at(unit: &UnitStart) -> Option<Timestamp> {
    let is_active = unit.facts.status.active_state == "active";
    unit.started_at.filter(|_| is_active)
}

/// How long a service has to run on until its start counts. `None`: it does.
fn to_settle(unit: &UnitStart) -> Option<Duration> {
    let kind = unit.facts.settings.iter().find(|one| one.name == "Type");
    let says_ready = kind.is_some_and(|kind| {
        matches!(
            kind.value.as_str(),
            "notify" | "notify-reload" | "forking" | "dbus" | "oneshot"
        )
    });
    let active_ns = unit.active_monotonic_ns.filter(|_| !says_ready)?;
    left_to_settle(active_ns, ClockReading::now().monotonic_ns)
}

/// By the clock that nobody sets: by the other one a service could have to run for hours, or for
/// no time at all.
fn left_to_settle(active_ns: u64, now_ns: u64) -> Option<Duration> {
    let settled_after = SETTLED_AFTER.to_std().ok()?;
    let has_run = Duration::from_nanos(now_ns.saturating_sub(active_ns));
    settled_after
        .checked_sub(has_run)
        .filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_counts_when_the_service_has_run_on_for_a_while() {
        const SECOND: u64 = 1_000_000_000;
        let settled = SETTLED_AFTER.to_std().unwrap();
        let began = 700 * SECOND;
        let left = |after_ns: u64| left_to_settle(began, began + after_ns);
        assert_eq!(left(0), Some(settled));
        assert_eq!(left(SECOND), Some(settled - Duration::from_secs(1)));
        let settled_ns = u64::try_from(settled.as_nanos()).unwrap();
        assert_eq!(left(settled_ns - 1), Some(Duration::from_nanos(1)));
        assert_eq!(left(settled_ns), None);
        assert_eq!(left(settled_ns + 3600 * SECOND), None);
    }
}
