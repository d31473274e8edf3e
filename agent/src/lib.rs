//! The daemon that watches one host and streams what it sees.

pub mod process;
