//! Fills the black box: a sample of every service, each few seconds.

use std::time::Duration;

use collect::black_box::{Folders, Recorder};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const PERIOD: Duration = Duration::from_secs(5);
/// A pass over many processes is dear. The pause is so many times what it used of a core, which
/// bounds the cost to a quarter of a percent: used, and not waited for, or a host in distress would
/// be recorded least.
const PAUSE_FACTOR: u32 = 400;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After a pass that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Records until `stop`. A host without the folders has no black box, which is told once.
pub async fn record(folders: Folders, stop: CancellationToken) {
    let opened = tokio::task::spawn_blocking(move || Recorder::open(folders)).await;
    let mut recorder = match opened {
        Ok(Ok(recorder)) => recorder,
        Ok(Err(error)) => {
            let why = crate::uplink::whole(&error);
            warn!(%why, "no black box: {why}");
            return;
        }
        Err(_) => return,
    };
    let mut is_told = false;
    loop {
        let pass = tokio::task::spawn_blocking(move || {
            let before = used_by_thread();
            let outcome = recorder.pass();
            (outcome, used_by_thread().saturating_sub(before), recorder)
        });
        // A panic ends the black box, not the agent.
        let Ok((outcome, used, again)) = pass.await else {
            warn!("the black box failed, and is left");
            return;
        };
        recorder = again;
        let pause = match outcome {
            Ok(units) => {
                if !is_told {
                    info!(units, "the black box records {units} services");
                }
                (used * PAUSE_FACTOR).clamp(PERIOD, LONGEST_PAUSE)
            }
            Err(error) => {
                if !is_told {
                    warn!(%error, "the black box cannot see: {error}");
                }
                PAUSE_AFTER_FAILURE
            }
        };
        is_told = true;
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// CPU that this thread has used.
fn used_by_thread() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime)
        .try_into()
        .unwrap_or_default()
}
