//! Parts of a report are read side by side, each within its time; what is not there then is a
//! limitation of the report.

use std::time::Duration;

use analysis::limitation::Limitation;

use crate::{CollectError, deadline::Deadline};

/// A read that ignores its own limit hangs in the kernel, and is given up after this much more.
const GRACE: Duration = Duration::from_millis(200);

/// Waits for systemd, but not for ever.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &str,
    answer: impl Future<Output = Result<T, CollectError>>,
) -> Result<T, CollectError> {
    let answered = tokio::time::timeout(limit, answer).await;
    answered.unwrap_or_else(|_| {
        Err(CollectError::Deadline {
            what: what.to_owned(),
            limit,
        })
    })
}

/// Runs a read that blocks, on a thread that is given up if it hangs. Where it has no time it is not
/// begun.
pub(crate) async fn blocking<T: Send + 'static>(
    limit: Duration,
    what: &'static str,
    read: impl FnOnce() -> Result<T, CollectError> + Send + 'static,
) -> Result<T, CollectError> {
    if limit.is_zero() {
        let what = what.to_owned();
        return Err(CollectError::Deadline { what, limit });
    }
    let run = move || Deadline::of(limit + GRACE).run(what, read).flatten();
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|_| {
        Err(CollectError::Deadline {
            what: what.to_owned(),
            limit,
        })
    })
}

pub(crate) fn missing<T: Default>(
    limits: &mut Vec<Limitation>,
    what: &str,
    error: &CollectError,
) -> T {
    limits.push(limitation(what, error));
    T::default()
}

pub(crate) fn limitation(what: &str, error: &CollectError) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: with_causes(error),
        count: 1,
    }
}

/// Says why, with all causes.
pub(crate) fn with_causes(error: &CollectError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
