#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod config;
pub mod db;
pub mod https;
pub mod identity;
pub mod ingest;
pub mod listen;
pub mod orders;
pub mod page;
pub mod people;
pub mod private_postgres;
pub mod upkeep;

mod database;
mod server;

pub use database::Database;
pub use server::Server;
