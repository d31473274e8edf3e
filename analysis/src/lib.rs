#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod audit;
pub mod behavior;
pub mod black_box;
mod catalogue;
pub mod cause;
pub mod crash;
pub mod dictionary;
pub mod event;
pub mod fleet;
pub mod history;
pub mod identity;
pub mod inquiry;
pub mod inspection;
pub mod journal;
pub mod kernel_log;
pub mod ledger;
pub mod limitation;
pub mod log;
pub mod machine;
pub mod monitor;
pub mod order;
pub mod people;
pub mod period;
pub mod placement;
pub mod process;
pub mod process_tree;
pub mod processes;
pub mod profile;
pub mod question;
pub mod report;
pub mod request;
pub mod resources;
pub mod restarts;
pub mod run;
pub mod schema;
pub mod scrub;
pub mod service;
pub mod service_audit;
pub mod shell;
pub mod start_failure;
pub mod text;
pub mod throttling;
pub mod trend;
pub mod unit_file;
pub mod zombies;

/// A moment on somebody's wall clock, in UTC. Facts of a host carry that host's clock, which may
/// be wrong: order events of one agent by (epoch, sequence number), never by this.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
