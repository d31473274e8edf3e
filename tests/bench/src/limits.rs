//! What the kernel lets us have.

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of open files to what the system allows, for this process and those that it
/// starts. Returns that number.
pub fn raise_open_files() -> Result<u64> {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    )?;
    Ok(most.unwrap_or(u64::MAX))
}
