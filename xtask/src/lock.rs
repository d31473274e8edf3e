//! One of a kind: a lock that says who holds it and that no crash leaves behind.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What came of an attempt to take a [`Lock`].
#[derive(Debug)]
pub enum Attempt {
    Taken(Lock),
    /// Another process holds it, with this pid; `None` if it has not said so yet.
    HeldBy(Option<u32>),
}

impl Lock {
    /// Takes the lock if nobody holds it.
    pub fn attempt(path: &Path) -> Result<Attempt> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "{}", std::process::id())?;
                Ok(Attempt::Taken(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path).unwrap_or_default();
                Ok(Attempt::HeldBy(holder.trim().parse().ok()))
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_its_holder_and_is_free_after_it() {
        let path = std::env::temp_dir().join(format!("xtask-lock-{}", std::process::id()));
        let Attempt::Taken(lock) = Lock::attempt(&path).unwrap() else {
            panic!("nobody has it")
        };
        let Attempt::HeldBy(holder) = Lock::attempt(&path).unwrap() else {
            panic!("taken twice")
        };
        assert_eq!(holder, Some(std::process::id()));
        drop(lock);
        assert!(matches!(Lock::attempt(&path).unwrap(), Attempt::Taken(_)));
        fs::remove_file(&path).unwrap();
    }
}
