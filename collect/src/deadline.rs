//! Reads that may hang, with a deadline.
//!
//! Nothing ends a thread that hangs in the kernel. So such a read runs on a thread that is given
//! up when its time is over; a few may be given up, and then we refuse to read rather than collect
//! stuck threads. One that comes loose after all ends by itself and counts no longer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::CollectError;

/// How many threads may hang at the same time.
const MOST_STUCK: usize = 4;

type Job = Box<dyn FnOnce() + Send>;

/// Runs reads one at a time, each for at most `limit`.
pub(crate) struct Deadline {
    limit: Duration,
    /// Started with the first read. `None` also after one was given up.
    worker: Mutex<Option<Worker>>,
    stuck: Arc<AtomicUsize>,
}

struct Worker {
    /// One job at a time: the sender waits for the answer before it sends again.
    jobs: SyncSender<Job>,
    given_up: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Deadline {
    pub(crate) fn of(limit: Duration) -> Self {
        Self {
            limit,
            worker: Mutex::new(None),
            stuck: Arc::default(),
        }
    }

    /// Runs `read`; `what` names it in errors.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if it took too long, [`CollectError::TooManyStuck`] if too many
    /// did before and still hang.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        what: &str,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CollectError> {
        self.run_while(what, || false, read)
    }

    /// Runs a read of many steps. It may take as long as it likes, so long as `moves` says, after
    /// each `limit`, that it has come further.
    ///
    /// # Errors
    ///
    /// As of [`Self::run`].
    pub(crate) fn run_while<T: Send + 'static>(
        &self,
        what: &str,
        mut moves: impl FnMut() -> bool,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CollectError> {
        let mut place = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = match place.take() {
            Some(worker) => worker,
            None => self.start_worker(what)?,
        };
        let (answer, answered) = sync_channel(1);
        let job = Box::new(move || {
            // Nobody listens if the time was over before.
            let _ = answer.send(read());
        });
        let late = || CollectError::Deadline {
            what: what.to_owned(),
            limit: self.limit,
        };
        worker.jobs.send(job).map_err(|_| late())?;
        let outcome = loop {
            match answered.recv_timeout(self.limit) {
                Err(RecvTimeoutError::Timeout) if moves() => {}
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(value) => {
                *place = Some(worker);
                Ok(value)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.stuck.fetch_add(1, Ordering::SeqCst);
                worker.given_up.store(true, Ordering::SeqCst);
                Err(late())
            }
            // The read panicked, and its thread is over.
            Err(RecvTimeoutError::Disconnected) => Err(late()),
        }
    }

    fn start_worker(&self, what: &str) -> Result<Worker, CollectError> {
        let stuck = self.stuck.load(Ordering::SeqCst);
        if stuck >= MOST_STUCK {
            return Err(CollectError::TooManyStuck {
                what: what.to_owned(),
                stuck,
            });
        }
        let (jobs, queue) = sync_channel::<Job>(1);
        let given_up = Arc::new(AtomicBool::new(false));
        let (told, all_stuck) = (given_up.clone(), self.stuck.clone());
        let work = move || {
            for job in queue {
                job();
            }
            if told.load(Ordering::SeqCst) {
                all_stuck.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let thread = thread::Builder::new()
            .name("slow-read".to_owned())
            .spawn(work)
            .map_err(|source| CollectError::Read {
                path: what.into(),
                source,
            })?;
        Ok(Worker {
            jobs,
            given_up,
            thread,
        })
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let worker = self
            .worker
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(Worker { jobs, thread, .. }) = worker.take() {
            // It is idle, so it ends at once.
            drop(jobs);
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_reads_may_hang_and_a_loose_one_counts_no_longer() {
        let deadline = Deadline::of(Duration::from_millis(20));
        let mut locks = Vec::new();
        for _ in 0..MOST_STUCK {
            let (loose, held) = sync_channel::<()>(0);
            let outcome = deadline.run("a file", move || held.recv());
            assert!(matches!(outcome, Err(CollectError::Deadline { .. })));
            locks.push(loose);
        }
        let refused = deadline.run("a file", || ());
        assert!(matches!(refused, Err(CollectError::TooManyStuck { .. })));

        locks.pop();
        let started = std::time::Instant::now();
        while deadline.run("a file", || ()).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10));
            thread::yield_now();
        }
    }

    #[test]
    fn a_read_that_comes_further_may_take_longer() {
        let deadline = Deadline::of(Duration::from_millis(5));
        let (next, steps) = sync_channel::<()>(0);
        let mut left = 3;
        let moves = || {
            left -= 1;
            // Each look lets it do a step, so it never waits for longer than the limit and a look.
            next.send(()).is_ok() && left > 0
        };
        let read = move || steps.iter().take(3).count();
        assert_eq!(deadline.run_while("files", moves, read).ok(), None);
        let (next, steps) = sync_channel::<()>(0);
        // After the last step nobody takes another, and the answer is on its way.
        let moves = || {
            let _ = next.send(());
            true
        };
        let read = move || steps.iter().take(3).count();
        assert_eq!(deadline.run_while("files", moves, read).unwrap(), 3);
    }

    #[test]
    fn reads_in_time_share_one_thread() {
        let deadline = Deadline::of(Duration::from_secs(10));
        let id = || deadline.run("a file", || thread::current().id()).unwrap();
        assert_eq!(id(), id());
    }
}
