#![doc = include_str!("../README.md")]

pub mod agent;
pub mod cost;
pub mod crowd;
pub mod figures;
pub mod journal;
pub mod limits;
pub mod loopback;
pub mod records;
pub mod tiny;
