//! The child process and the thread that watches it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;
use tracing::{debug, warn};

use super::PrivatePostgresError;

/// So many lines of what Postgres said last stand in the error when it does not start.
const REMEMBERED_LINES: usize = 10;

/// What Postgres says when it can be used. Its messages are English whatever the locale is.
const READY: &str = "database system is ready to accept connections";

/// How Postgres is to end.
pub enum Ending {
    /// Transactions are cut off; everything is written.
    Fast,
    /// Now; the next start recovers from the log.
    Immediate,
}

/// A Postgres that was spawned.
///
/// A thread of its own spawns it and stays until it ended. The signal at the parent's death is
/// sent when the *thread* dies that spawned the child, so a thread that the runtime may let go
/// would take the database along.
pub struct Process {
    pidfd: OwnedFd,
    state: watch::Receiver<State>,
    said: Arc<Mutex<VecDeque<String>>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Ready,
    /// `None`: its status is not known.
    Ended(Option<ExitStatus>),
}

impl Process {
    pub fn spawn(mut command: Command) -> Result<Self, PrivatePostgresError> {
        let failed = |source| PrivatePostgresError::Run {
            program: "postgres".into(),
            source,
        };
        let (tell, state) = watch::channel(State::Starting);
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let (spawned, hear) = std::sync::mpsc::sync_channel(1);
        let heard = Arc::clone(&said);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let body = move || {
            let child = command.spawn().and_then(|child| {
                let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
                Ok((child, pidfd))
            });
            match child {
                Ok((child, pidfd)) => {
                    let _ = spawned.send(Ok(pidfd));
                    watch_over(child, &tell, &heard);
                }
                Err(error) => drop(spawned.send(Err(error))),
            }
        };
        let thread = thread::Builder::new().name("private-postgres".into());
        let thread = thread.spawn(body).map_err(failed)?;
        let pidfd = hear.recv().expect("the thread answers").map_err(failed)?;
        Ok(Self {
            pidfd,
            state,
            said,
            thread: Some(thread),
        })
    }

    /// Waits until Postgres can be used. False: it ended instead.
    pub async fn ready(&mut self) -> bool {
        let state = self.state.wait_for(|state| *state != State::Starting).await;
        state.is_ok_and(|state| *state == State::Ready)
    }

    /// Waits until Postgres has ended.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        let ended = |state: &State| matches!(state, State::Ended(_));
        match self.state.wait_for(ended).await.as_deref() {
            Ok(State::Ended(status)) => *status,
            _ => None,
        }
    }

    /// What Postgres said last.
    pub fn last_lines(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn tell(&self, ending: Ending) {
        let signal = match ending {
            Ending::Fast => Signal::INT,
            Ending::Immediate => Signal::QUIT,
        };
        // Fails if it has ended already, which is what was asked for.
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.tell(Ending::Fast);
        // Whoever gives up the value wants Postgres gone, not on its way out. Behind `ended` this
        // does not wait.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch_over(mut child: Child, tell: &watch::Sender<State>, said: &Mutex<VecDeque<String>>) {
    if let Some(stderr) = child.stderr.take() {
        pass_on(stderr, tell, said);
    }
    let status = child.wait();
    tell.send_replace(State::Ended(status.ok()));
}

/// Puts what Postgres says into our log.
fn pass_on(stderr: ChildStderr, tell: &watch::Sender<State>, said: &Mutex<VecDeque<String>>) {
    // By bytes, so that a line that is not UTF-8 does not end the reading.
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.contains(READY) {
            tell.send_replace(State::Ready);
        }
        match line.split(':').next() {
            Some("WARNING" | "FATAL" | "PANIC") => warn!(target: "postgres", "{line}"),
            _ => debug!(target: "postgres", "{line}"),
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() == REMEMBERED_LINES {
            said.pop_front();
        }
        said.push_back(line);
    }
}
