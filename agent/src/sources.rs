//! Where events come from. Each source runs until it is told to stop, says how it runs, and goes
//! on without the others: a host without systemd still has its processes.

mod absence;
mod dbus;
mod host;
mod journal;
mod journal_cursor;
mod process;
mod told;

pub use self::{
    dbus::hear as hear_dbus,
    host::{RunBefore, say_hello},
    journal::JournalReader,
    process::{SOURCE as PROCESS, Wanted, watch as watch_processes},
    told::Told,
};
