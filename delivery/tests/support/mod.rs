//! A whole little world around the crate: a disk that forgets, a network that loses, a server that
//! stores, an agent that dies, and an oracle that counts.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]
// Each test binary uses its own part of it.
#![allow(dead_code, reason = "shared by several test binaries")]

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

pub mod action;
pub mod agent;
pub mod disk;
pub mod oracle;
pub mod rng;
pub mod server;
pub mod streams;
pub mod world;
