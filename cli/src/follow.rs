//! A stream of server-sent events, over as many connections as it takes.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    exit::{Exit, Failure},
    message::say,
    server::{Server, ServerSent},
};

/// The server says something at least every 15 s: after this long the connection is dead, even
/// if nobody closed it.
const SILENCE: Duration = Duration::from_secs(40);
/// A server that restarts is back by then; one that stays away longer ends the command.
const STAYS_AWAY: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

type Messages = Pin<Box<dyn Stream<Item = Result<ServerSent, Failure>>>>;

/// A stream that is followed. Each message comes once: a connection that broke is taken up again
/// behind the last one.
pub struct Following<'a> {
    path: &'a str,
    query: &'a [(&'a str, String)],
    after: Option<String>,
    patience: Patience,
    open: Option<Messages>,
}

impl<'a> Following<'a> {
    /// A stream of which nothing is known yet: if the server does not answer, that is said at once.
    pub fn new(path: &'a str, query: &'a [(&'a str, String)], after: Option<String>) -> Self {
        Self {
            path,
            query,
            after,
            patience: Patience::default(),
            open: None,
        }
    }

    /// A stream of a server that answered just now: if it is away, it is waited for.
    pub fn of_a_living_server(path: &'a str) -> Self {
        Self {
            patience: Patience::of_a_stream(),
            ..Self::new(path, &[], None)
        }
    }

    /// The next message.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the server refuses, or stays away.
    pub async fn next(&mut self, server: &Server) -> Result<ServerSent, Failure> {
        loop {
            let lost = match self.receive(server).await {
                Ok(message) => {
                    self.patience = Patience::of_a_stream();
                    // Also of a message without an event: it moves the place on.
                    if let Some(id) = &message.id {
                        self.after = Some(id.clone());
                    }
                    return Ok(message);
                }
                Err(lost) => lost,
            };
            self.open = None;
            match self.patience.next_wait(&lost, Instant::now()) {
                Some(wait) => sleep(wait).await,
                None => return Err(lost),
            }
        }
    }

    /// The next message of this connection.
    async fn receive(&mut self, server: &Server) -> Result<ServerSent, Failure> {
        let messages = match &mut self.open {
            Some(messages) => messages,
            None => {
                let stream = server.events(self.path, self.query, self.after.clone());
                let stream = timeout(SILENCE, stream).await.map_err(|_| silent())??;
                self.open.insert(Box::pin(stream))
            }
        };
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(message)) => message,
            Ok(None) => Err(unreachable()),
            Err(_) => Err(silent()),
        }
    }
}

fn silent() -> Failure {
    Failure::new(Exit::Unreachable, say("cli-stream-silent"))
}

fn unreachable() -> Failure {
    Failure::new(Exit::Unreachable, say("cli-stream-closed"))
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
        let away = unreachable();
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
        let away = unreachable();
        assert_eq!(Patience::default().next_wait(&away, now), None);
    }
}
