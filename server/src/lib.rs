#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod config;
pub mod db;
pub mod identity;
pub mod ingest;
pub mod listen;
pub mod upkeep;
