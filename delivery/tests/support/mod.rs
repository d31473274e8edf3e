//! A whole little world around the crate: a disk that forgets, a network that loses, a server that
//! stores, an agent that dies, and an oracle that counts.

// Each test binary uses its own part of it.
#![allow(dead_code, reason = "shared by several test binaries")]

pub mod action;
pub mod agent;
pub mod disk;
pub mod oracle;
pub mod rng;
pub mod server;
pub mod world;
