//! Notices that somebody set the wall clock: the times of events before and after do not compare.

use std::time::Duration;

use analysis::event::{ClockJumped, Event, Fact};
use analysis::identity::BootId;
use collect::host::ClockReading;
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::observed::{HOST, Observed};

/// How often the two clocks are compared.
const PERIOD: Duration = Duration::from_secs(5);
/// Less than this is how NTP corrects a clock.
const TOLERATED_MS: i64 = 2_000;

/// An event that happens now.
pub fn event_now(boot: BootId, fact: Fact) -> Event {
    let now = ClockReading::now();
    Event {
        at: now.wall,
        since_boot_ns: Some(now.since_boot_ns),
        boot,
        fact,
    }
}

/// Watches until `stop`.
pub async fn watch(boot: BootId, events: mpsc::Sender<Observed>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = ClockReading::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Some(jumped) = jump(&mut last, ClockReading::now()) {
            warn!(by_ms = jumped.by_ms, "the wall clock jumped");
            let event = event_now(boot, Fact::ClockJumped(jumped));
            if events.send(Observed::once(HOST, event)).await.is_err() {
                return;
            }
        }
    }
}

fn jump(last: &mut ClockReading, now: ClockReading) -> Option<ClockJumped> {
    let by_ms = now.wall_moved_ms(last);
    *last = now;
    (by_ms.abs() > TOLERATED_MS).then_some(ClockJumped { by_ms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_clock_that_is_set_is_told_once_and_one_that_drifts_never() {
        // (wall clock, time since boot, told); all in seconds
        let steps = [
            (1_000, 10, None),
            (1_006, 15, None),
            (1_012, 20, None),
            (1_012 - 3_595, 25, Some(-3_600_000)),
            (1_012 - 3_590, 30, None),
        ];
        let reading = |wall: i64, boot: u64| ClockReading {
            wall: DateTime::from_timestamp(wall, 0).unwrap(),
            since_boot_ns: boot * 1_000_000_000,
            monotonic_ns: boot * 1_000_000_000,
        };
        let mut last = reading(995, 5);
        for (wall, boot, told) in steps {
            let jumped = jump(&mut last, reading(wall, boot));
            assert_eq!(jumped.map(|jumped| jumped.by_ms), told, "at {boot} s");
        }
    }
}
