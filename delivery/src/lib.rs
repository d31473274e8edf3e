#![doc = include_str!("../README.md")]

mod chain;
mod clones;
mod drops;
mod gap;
mod message;
mod receiver;
mod record;
mod rules;
pub mod segment;
mod sender;
mod spool;
mod storage;

pub use chain::{CHAIN_START, ChainKey};
pub use clones::{Clash, clone_suspected};
pub use gap::{Gap, GapReason};
pub use message::{
    Batch, BatchHead, Cursors, ForceReason, Hello, Limits, RecordHead, StreamReset, Welcome,
};
pub use receiver::{Accept, HelloOutcome, Receiver, Refusal, StreamRow};
pub use record::{
    Class, Draft, Kind, MAX_CURSOR_BYTES, MAX_PAYLOAD_BYTES, Record, RecordError, SourceId,
};
pub use rules::{Rule, Rules};
pub use sender::{Action, SendError, Sender};
pub use spool::{
    AppendError, Appended, OpenError, ReadError, Recovery, Spool, SpoolConfig, SpoolStats,
    SyncError,
};
pub use storage::{DirStorage, Storage};
