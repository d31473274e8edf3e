//! Brings the process source's events to the spool, and starts it again should it fail.

use std::time::Duration;

use analysis::{
    event::{Event, Fact, Gap, SourceStarted},
    identity::BootId,
};
use chrono::Utc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    absence::Absence,
    host::RunBefore,
    told::{Told, not_at_all},
};
use crate::{
    clock::event_now,
    manners,
    observed::{Observed, PROCESS},
    process::{self, ExecSeen, Options, Running, Sink, UnknownWay, Way},
    requests,
    uplink::whole,
};

/// Its name in events.
pub const SOURCE: &str = "process";
/// Before the source is started again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Which way of seeing processes is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Off,
    /// The best that works.
    Auto,
    Only(Way),
}

impl std::str::FromStr for Wanted {
    type Err = UnknownWay;

    fn from_str(text: &str) -> Result<Self, UnknownWay> {
        match text {
            "off" => Ok(Self::Off),
            "auto" => Ok(Self::Auto),
            way => way.parse().map(Self::Only),
        }
    }
}

/// Watches processes until `stop`; what was seen by then is in the channel.
///
/// What was not seen since the run `before` is said when the source runs, not when the agent starts:
/// loading programs into the kernel takes a while, and a gap ends where it is told.
pub async fn watch(
    wanted: Wanted,
    before: RunBefore,
    events: mpsc::Sender<Observed>,
    told: Told,
    stop: CancellationToken,
) {
    let only = match wanted {
        Wanted::Off => {
            return told
                .runs(not_at_all(SOURCE, "switched off in the configuration"))
                .await;
        }
        Wanted::Auto => None,
        Wanted::Only(way) => Some(way),
    };
    let options = Options {
        only,
        ..Options::new(told.boot)
    };
    let mut away = Some(before);
    let mut absence = Absence::default();
    while !stop.is_cancelled() {
        let why = match start(&options, events.clone()).await {
            Ok((running, started)) => {
                told.runs(started).await;
                let before = away.take().and_then(|before| before.gap(told.boot));
                let absent = absence.over(SOURCE).map(|gap| observed(gap, told.boot));
                for gap in before.into_iter().chain(absent) {
                    if events.send(gap).await.is_err() {
                        return;
                    }
                }
                match until_it_ends(running, &stop).await {
                    Ok(()) => return,
                    Err(why) => why,
                }
            }
            Err(why) => why,
        };
        let (is_news, gap) = absence.failed(SOURCE, &why, Utc::now());
        if is_news {
            told.runs(not_at_all(SOURCE, why)).await;
        }
        if let Some(gap) = gap
            && events.send(observed(gap, told.boot)).await.is_err()
        {
            return;
        }
        stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER))
            .await;
    }
}

fn observed(gap: Gap, boot: BootId) -> Observed {
    Observed::once(PROCESS, event_now(boot, Fact::Gap(gap)))
}

/// Loading programs into the kernel takes a while, and not on the runtime's thread.
async fn start(
    options: &Options,
    events: mpsc::Sender<Observed>,
) -> Result<(Running, SourceStarted), String> {
    let options = options.clone();
    let loading = move || {
        let started = process::start(&options, Intake { events });
        manners::give_back_memory();
        started
    };
    tokio::task::spawn_blocking(loading)
        .await
        .map_err(|panic| whole(&panic))?
        .map_err(|error| whole(&error))
}

async fn until_it_ends(running: Running, stop: &CancellationToken) -> Result<(), String> {
    let stopper = running.stopper();
    let mut ended = tokio::task::spawn_blocking(move || running.wait());
    let outcome = tokio::select! {
        () = stop.cancelled() => {
            stopper.stop();
            ended.await
        }
        outcome = &mut ended => outcome,
    };
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(whole(&error)),
        Err(panic) => Err(whole(&panic)),
    }
}

/// Hands events on from the source's thread. It waits when the spool is behind: the kernel's
/// buffer then overflows, and the source counts and tells that.
struct Intake {
    events: mpsc::Sender<Observed>,
}

impl Sink for Intake {
    fn events(&mut self, batch: Vec<Event>) {
        for event in batch {
            if self
                .events
                .blocking_send(Observed::once(PROCESS, event))
                .is_err()
            {
                debug!("process events after the end of the spool");
                return;
            }
        }
    }

    fn exec_seen(&mut self, seen: ExecSeen) {
        requests::note(seen);
    }
}
