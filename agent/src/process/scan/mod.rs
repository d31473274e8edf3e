//! The last fall-back: looks at /proc once a second, and watches what it found.

mod pidfd;
mod scanner;
mod watch;

use scanner::Scanner;
use watch::Watch;

use super::{
    kernel,
    start::{Opened, Refusal},
    tracker::Tracker,
};

/// Opens what the scan needs, which is /proc.
pub(super) fn open(tracker: impl FnOnce() -> Tracker) -> Result<Opened, Refusal> {
    if super::procfs::stat(std::process::id()).is_none() {
        return Err("/proc does not show this process".to_owned());
    }
    let watch = Watch::new().map_err(|error| format!("cannot watch processes: {error}"))?;
    let status = if kernel::is_at_least((6, 15)) {
        "of more than 1024 processes at once"
    } else {
        "of most processes (this needs Linux 6.15)"
    };
    let lacks = format!(
        "not seen: most processes that live less than a second; not known: the exit status \
         {status}, CPU time, memory, OOM kills, who sent a signal"
    );
    Ok(Opened {
        source: Box::new(Scanner::new(watch, tracker())),
        lacks: Some(lacks),
    })
}
