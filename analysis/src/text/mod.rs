//! Reports as text for people, in both languages.
//!
//! Sentences live in the catalogues below `i18n/`; findings are typed values, so that the terminal
//! and the page say the same.

pub mod audit;
mod before;
pub mod behavior;
pub mod catalogue;
pub mod crash;
pub mod dictionary;
pub mod escape;
pub mod events;
pub mod fleet;
mod growth;
pub mod inquiry;
pub mod inspection;
mod limitations;
pub mod machine;
pub mod monitor;
pub mod process_limits;
pub mod process_tree;
pub mod processes;
pub mod profile;
pub mod reason;
pub mod report;
pub mod resources;
pub mod restarts;
pub mod service;
pub mod similar;
pub mod size;
pub mod start_failure;
pub mod stop;
pub mod style;
pub mod table;
mod throttling;
pub mod time;
pub mod unit_state;
pub mod zombies;

pub use catalogue::{Catalogue, Language};
pub use style::Style;
