//! An answer that is good for a while.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// Asks at most once per `max_age`, and once at a time: who comes meanwhile waits for that answer.
pub(super) struct Recent<T> {
    max_age: Duration,
    last: Mutex<Option<(Instant, T)>>,
}

impl<T: Clone> Recent<T> {
    pub fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            last: Mutex::new(None),
        }
    }

    /// The last answer, or what `ask` says if that one is too old.
    pub async fn get(&self, ask: impl Future<Output = T>) -> T {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = last.as_ref()
            && at.elapsed() < self.max_age
        {
            return answer.clone();
        }
        let answer = ask.await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often three who come at once have it asked.
    async fn asked(max_age: Duration) -> u32 {
        let (recent, asked) = (Recent::new(max_age), Cell::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            asked.set(asked.get() + 1);
        };
        tokio::join!(recent.get(ask()), recent.get(ask()), recent.get(ask()));
        asked.get()
    }

    #[tokio::test]
    async fn an_answer_is_shared_until_it_is_too_old() {
        assert_eq!(asked(Duration::from_secs(3600)).await, 1);
        assert_eq!(asked(Duration::ZERO).await, 3);
    }
}
