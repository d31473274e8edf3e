#![doc = include_str!("../README.md")]

mod answer;
mod deadline;
mod error;
pub mod history;
pub mod host;
pub mod journal;
pub mod kernel_log;
pub mod process;
pub mod sockets;
mod start_failure;
pub mod systemd;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the analyses that use it follow")
)]
mod tool;

pub use answer::{NoAnswer, answer};
pub use error::{CollectError, Hint, JOURNAL_GROUPS, NoSystemd};
