//! A source at work, and how to end it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::{Sink, SourceError, Way};

/// A way that is open and sees everything from here on.
pub(super) trait Source: Send {
    /// Hands what it sees to `sink` until `stop` is asked for.
    fn run(self: Box<Self>, stop: &Stopper, sink: &mut dyn Sink) -> Result<(), SourceError>;
}

/// Ends a source; may be called from any thread, any number of times.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<OwnedFd>);

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Stop,
    Ready,
    TimedOut,
}

impl Stopper {
    pub(super) fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(Arc::new(eventfd(0, flags)?)))
    }

    /// Asks the source to end. What the kernel still holds is read first.
    pub fn stop(&self) {
        // Cannot fail but when it was asked for 2^64 times.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }

    /// Waits until `ready` can be read, `stop` was asked for, or `limit` has passed.
    pub(super) fn wait(
        &self,
        ready: Option<BorrowedFd<'_>>,
        limit: Option<Duration>,
    ) -> io::Result<Wake> {
        let limit = limit.map(|limit| Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: limit.subsec_nanos().into(),
        });
        let stop = self.0.as_fd();
        let mut fds = [
            PollFd::from_borrowed_fd(stop, PollFlags::IN),
            PollFd::from_borrowed_fd(ready.unwrap_or(stop), PollFlags::IN),
        ];
        match poll(&mut fds, limit.as_ref()) {
            Ok(0) => Ok(Wake::TimedOut),
            Ok(_) if !fds[0].revents().is_empty() => Ok(Wake::Stop),
            Ok(_) => Ok(Wake::Ready),
            Err(rustix::io::Errno::INTR) => Ok(Wake::TimedOut),
            Err(error) => Err(error.into()),
        }
    }
}

/// A source that runs in its thread. Dropped, it ends and is waited for.
#[derive(Debug)]
pub struct Running {
    way: Way,
    stopper: Stopper,
    thread: Option<JoinHandle<Result<(), SourceError>>>,
}

impl Running {
    pub(super) fn start(
        way: Way,
        source: Box<dyn Source>,
        mut sink: impl Sink + 'static,
    ) -> io::Result<Self> {
        let stopper = Stopper::new()?;
        let stop = stopper.clone();
        let thread = std::thread::Builder::new()
            .name(way.name().to_owned())
            .spawn(move || source.run(&stop, &mut sink))?;
        Ok(Self {
            way,
            stopper,
            thread: Some(thread),
        })
    }

    pub fn way(&self) -> Way {
        self.way
    }

    /// A handle that ends the source from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits until the source has ended. Blocks: it ends by its [`Stopper`], or by an error.
    ///
    /// # Errors
    ///
    /// Why it ended on its own.
    pub fn wait(mut self) -> Result<(), SourceError> {
        self.join()
    }

    /// Ends the source and waits for its last batch to be taken.
    ///
    /// # Errors
    ///
    /// Why it had ended before.
    pub fn stop(self) -> Result<(), SourceError> {
        self.stopper.stop();
        self.wait()
    }

    fn join(&mut self) -> Result<(), SourceError> {
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(SourceError::Panicked),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        // Whoever wants to know how it ended calls `stop` or `wait`.
        let _ = self.join();
    }
}
