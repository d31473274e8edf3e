#![doc = include_str!("../README.md")]

mod agent;
mod black_box;
mod clock;
pub mod config;
mod delivering;
mod good_starts;
mod host_facts;
mod https;
pub mod identity;
pub mod install;
pub mod join;
mod leaving;
pub mod manners;
pub mod notify;
mod observed;
pub mod orders;
pub mod pin;
pub mod process;
pub mod renewal;
mod requests;
mod sources;
mod spooler;
pub mod state_dir;
pub mod status;
mod tls;
mod uplink;

pub use agent::Agent;
pub use uplink::Backoff;
