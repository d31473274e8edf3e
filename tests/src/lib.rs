#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod agent;
mod aiops;
pub mod corpus;
mod lab;
pub mod program;
mod server;
pub mod systemctl;

pub use agent::Member;
pub use aiops::{Aiops, Answer};
pub use lab::Lab;
pub use program::Program;
pub use server::Server;
pub use testhost::{Host, Running, until};
