//! Processes, from procfs: all of them cheaply, or one of them in full.

mod details;
mod io;
mod placement;
mod procfs_root;
mod scan;
mod stat;
mod tree;

pub use self::{
    details::{CommandLine, Details, Withheld},
    placement::most_telling_cgroup,
    procfs_root::Procfs,
    stat::{ProcessStat, State},
};
