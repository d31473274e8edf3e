//! Which process each pool belongs to, so that the pools of dead ones can be removed.
//!
//! One record for each pool in [`FOLDER`]: the owner's pid, its start time and the pool's network.
//! The folder's lock is held while pools are claimed and swept. The lock on a record is held by the
//! guard of its pool, which is at work as long as it holds it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::script::Script;

/// A tmpfs like the pools themselves: after a reboot both are gone.
const FOLDER: &str = "/dev/shm/testhost.owners";

/// The record of a pool that is ours.
pub(crate) struct Claim {
    pub(crate) script: Script,
    pub(crate) record: PathBuf,
}

/// Claims a name and a network that nothing on this machine uses.
pub(crate) fn claim_free() -> Result<Claim> {
    let _lock = lock_and_sweep()?;
    for number in 1..=199 {
        let script = Script {
            pool: format!("th{number}"),
            network: format!("10.88.{number}"),
        };
        if is_free(&script)? {
            return record(script);
        }
    }
    bail!("199 pools of test hosts are in use, see {FOLDER}")
}

/// Claims this very name and network.
pub(crate) fn claim(script: Script) -> Result<Claim> {
    let _lock = lock_and_sweep()?;
    if !is_free(&script)? {
        bail!(
            "the pool {} or its network {}.0/24 is in use; if it is a leftover: \
             TESTHOST_POOL={0} tests/testhost/testhost down --all",
            script.pool,
            script.network
        );
    }
    record(script)
}

fn record(script: Script) -> Result<Claim> {
    let owner = std::process::id();
    let start = start_time(owner).context("cannot read our own start time")?;
    let record = Path::new(FOLDER).join(&script.pool);
    fs::write(&record, format!("{owner} {start} {}\n", script.network))
        .with_context(|| format!("cannot write {}", record.display()))?;
    Ok(Claim { script, record })
}

fn is_free(script: &Script) -> Result<bool> {
    let traces =
        [FOLDER, "/dev/shm", "/sys/class/net"].map(|folder| Path::new(folder).join(&script.pool));
    let addresses =
        fs::read_to_string("/proc/net/fib_trie").context("cannot read the addresses")?;
    Ok(!traces.iter().any(|trace| trace.exists()) && !has_address(&addresses, &script.network))
}

fn has_address(fib_trie: &str, network: &str) -> bool {
    let prefix = format!("{network}.");
    fib_trie
        .split_whitespace()
        .any(|word| word.starts_with(&prefix))
}

/// Locks the folder until the returned file is dropped, and removes the pools of dead owners.
fn lock_and_sweep() -> Result<File> {
    fs::create_dir_all(FOLDER).with_context(|| format!("cannot make {FOLDER}"))?;
    let lock = File::open(FOLDER).with_context(|| format!("cannot open {FOLDER}"))?;
    lock.lock()
        .with_context(|| format!("cannot lock {FOLDER}"))?;
    for entry in fs::read_dir(FOLDER)? {
        sweep(&entry?.path())?;
    }
    Ok(lock)
}

fn sweep(record: &Path) -> Result<()> {
    let file = match File::open(record) {
        Ok(file) => file,
        Err(gone) if gone.kind() == ErrorKind::NotFound => return Ok(()), // its guard was faster
        Err(error) => {
            return Err(error).with_context(|| format!("cannot open {}", record.display()));
        }
    };
    let text = fs::read_to_string(record).unwrap_or_default();
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (&[pid, start, network], Some(pool)) = (fields.as_slice(), record.file_name()) else {
        return Ok(()); // nothing of ours
    };
    if pid.parse().ok().and_then(start_time).as_deref() == Some(start) {
        return Ok(());
    }
    file.lock().context("cannot wait for the guard of a pool")?;
    if record.exists() {
        let pool = pool.to_string_lossy().into_owned();
        Script {
            pool,
            network: network.to_owned(),
        }
        .run(&["down", "--all"])?;
        fs::remove_file(record)?;
    }
    Ok(())
}

/// When a process started, in clock ticks since the boot; `None` if it is gone.
///
/// A pid alone would not do: it is given again to another process.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the command may look like fields, so they are counted from the last `)`.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_tells_a_live_process_from_a_reused_pid() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let start = start_time(child.id()).unwrap();
        assert!(start.parse::<u64>().unwrap() > 0);
        assert_eq!(start_time(child.id()), Some(start));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(start_time(child.id()), None);
    }

    #[test]
    fn a_network_is_in_use_if_any_address_lies_in_it() {
        let table =
            "Local:\n  +-- 10.88.1.0/24 2 0 2\n     |-- 10.88.1.1\n        /32 host LOCAL\n";
        assert!(has_address(table, "10.88.1"));
        assert!(!has_address(table, "10.88.10"));
        assert!(!has_address(table, "0.88.1"));
    }
}
