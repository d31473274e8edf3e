//! `aiops events --follow`: the stream of events, over as many connections as it takes.

use std::time::Duration;

use analysis::fleet::StoredEvent;
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    exit::{Exit, Failure},
    server::{Server, ServerSent},
};

/// The server says something at least every 15 s: after this long the connection is dead, even
/// if nobody closed it.
const SILENCE: Duration = Duration::from_secs(40);
/// A server that restarts is back by then; one that stays away longer ends the command.
const STAYS_AWAY: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Prints events until the server stays away, or refuses. Each comes once: a connection that broke
/// is taken up again behind the last message, `after` at first.
pub(super) async fn print_all(
    server: &Server,
    query: &[(&str, String)],
    mut after: Option<String>,
    mut print: impl FnMut(&StoredEvent) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut patience = Patience::default();
    loop {
        let lost = match server.events("/events/stream", query, after.clone()).await {
            Ok(mut messages) => loop {
                match timeout(SILENCE, messages.next()).await {
                    Ok(Some(Ok(sent))) => {
                        patience = Patience::of_a_stream();
                        if let Some(event) = read(&sent) {
                            print(&event)?;
                        }
                        // Also of a message without an event: it moves the place on.
                        after = sent.id.or(after);
                    }
                    Ok(Some(Err(failure))) => break failure,
                    Ok(None) => break unreachable("the server closed the stream"),
                    Err(_) => break unreachable("the server is silent"),
                }
            },
            Err(failure) => failure,
        };
        match patience.next_wait(&lost, Instant::now()) {
            Some(wait) => sleep(wait).await,
            None => return Err(lost),
        }
    }
}

/// Messages of other kinds, and of a newer server, are passed over.
fn read(sent: &ServerSent) -> Option<StoredEvent> {
    serde_json::from_str(&sent.data).ok()
}

fn unreachable(message: &str) -> Failure {
    Failure::new(Exit::Unreachable, message)
}

/// How long to try again, and how often.
#[derive(Debug, Default)]
struct Patience {
    /// Whether there ever was a stream: a server that never answered is told at once.
    streamed: bool,
    away_since: Option<Instant>,
    last_wait: Option<Duration>,
}

impl Patience {
    fn of_a_stream() -> Self {
        Self {
            streamed: true,
            ..Self::default()
        }
    }

    /// The pause before the next attempt. `None`: it is of no use.
    fn next_wait(&mut self, lost: &Failure, now: Instant) -> Option<Duration> {
        let since = *self.away_since.get_or_insert(now);
        let is_hopeless = !self.streamed || lost.exit != Exit::Unreachable;
        if is_hopeless || now.duration_since(since) >= STAYS_AWAY {
            return None;
        }
        let wait = self.last_wait.map_or(FIRST_WAIT, |wait| wait * 2);
        let wait = wait.min(LONGEST_WAIT);
        self.last_wait = Some(wait);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_restarts_is_waited_for_and_one_that_stays_away_is_not() {
        let away = unreachable("gone");
        let mut now = Instant::now();
        let begin = now;
        let mut patience = Patience::of_a_stream();
        let mut attempts = 0;
        while let Some(wait) = patience.next_wait(&away, now) {
            assert!((FIRST_WAIT..=LONGEST_WAIT).contains(&wait));
            now += wait;
            attempts += 1;
        }
        let waited = now - begin;
        assert!((STAYS_AWAY..STAYS_AWAY + LONGEST_WAIT).contains(&waited));
        assert!((10..30).contains(&attempts), "{attempts} attempts");
    }

    #[test]
    fn a_refusal_and_a_server_that_never_answered_are_told_at_once() {
        let now = Instant::now();
        let revoked = Failure::new(Exit::NotAllowed, "the token was revoked");
        assert_eq!(Patience::of_a_stream().next_wait(&revoked, now), None);
        let away = unreachable("gone");
        assert_eq!(Patience::default().next_wait(&away, now), None);
    }
}
