#![doc = include_str!("../README.md")]

mod answer;
mod behavior;
pub mod black_box;
mod cgroups;
mod cpu_quota;
mod crash;
mod deadline;
mod error;
mod gather;
pub mod good_starts;
mod guard;
pub mod history;
pub mod host;
mod inspection;
pub mod journal;
pub mod kernel_log;
mod machine;
pub mod monitor;
pub mod process;
mod processes;
mod profile;
mod resources;
pub mod restarts;
mod service;
mod small_file;
pub mod sockets;
mod stacks;
mod start_failure;
pub mod systemd;
mod tasks;
mod tool;
mod unit_snapshot;
mod zombies;

pub use answer::{NoAnswer, answer};
pub use error::{CollectError, Hint, JOURNAL_GROUPS, NoSystemd};
pub use guard::GUARD_MARK;
