//! Processes, from procfs: all of them cheaply, or one of them in full.

mod details;
mod placement;
mod procfs_root;
mod scan;
mod stat;
mod tree;

pub use self::{
    details::{CommandLine, Details, Withheld},
    placement::{placement_of_cgroups, placement_of_path},
    procfs_root::Procfs,
    stat::{ProcessStat, State},
};
