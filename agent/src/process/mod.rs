//! Sees every process of the host start and end.
//!
//! Three ways, tried from the best to the poorest, and the caller is told which one runs and what
//! it lacks ([`analysis::event::SourceStarted`]): BPF programs in the kernel ([`bpf`]), the kernel's process
//! connector ([`connector`]), and looking at /proc once a second ([`scan`]). All of them say what
//! they see as [`observed::Observed`]; [`tracker`] makes events of it, with what it remembers of
//! each process, so that an event is the same whichever way it came.
//!
//! A way runs in a thread of its own and hands batches to a [`Sink`] from there. A sink that does
//! not keep up makes the kernel's buffer overflow, which is counted and told as a gap: memory
//! stays bounded.

mod bpf;
mod cgroups;
mod clock;
mod connector;
mod exec_seen;
mod kernel;
mod observed;
mod pace;
mod procfs;
mod running;
mod scan;
mod start;
mod table;
mod tracker;
mod way;

pub use exec_seen::ExecSeen;
pub use running::{Running, Stopper};
pub use start::{Options, StartError, start};
pub use way::{UnknownWay, Way};

use analysis::event::Event;

/// Takes what the source saw. Called from the source's own thread, which waits meanwhile.
pub trait Sink: Send {
    /// Takes events in the order in which they happened.
    fn events(&mut self, batch: Vec<Event>);

    /// Takes a program that asks systemd for something, before the batch that holds its event.
    fn exec_seen(&mut self, seen: ExecSeen);
}

/// Why a running source ended on its own.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("cannot wait for process events")]
    Wait(#[source] std::io::Error),
    #[error("cannot read process events")]
    Read(#[source] std::io::Error),
    #[error("cannot read the counters of lost events: {0}")]
    Losses(String),
    #[error("the thread of the process source panicked")]
    Panicked,
}
