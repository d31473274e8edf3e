//! The directory that holds what an agent must not forget: its identity, its key and its spool.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::FlockOperation;

/// Where the agent lives unless somebody says otherwise.
pub const DEFAULT_STATE_DIR: &str = "/var/lib/aiops";

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateDirError {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("another agent runs on {}", .0.display())]
    InUse(PathBuf),
    #[error("this host has not joined a server: {} is missing", .0.display())]
    NotJoined(PathBuf),
    #[error("{} is damaged", path.display())]
    Damaged {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StateDirError {
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("run as root, or name a directory of your own with --state-dir")
            }
            Self::InUse(_) => Some("`aiops-agent status` shows it; `systemctl stop aiops-agent`"),
            Self::NotJoined(_) => {
                Some("`aiops host add` on the server's side prints the command that joins it")
            }
            Self::Io { .. } | Self::Damaged { .. } => None,
        }
    }
}

/// A directory that nobody but its owner may enter.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
}

/// Held while an agent runs: two writers would tear one spool apart.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateDir {
    /// Makes the directory if it is missing, and shuts it for everybody else.
    ///
    /// # Errors
    ///
    /// If it can neither be made nor be shut.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateDirError> {
        let path = path.into();
        let failed = |action| {
            let path = path.clone();
            move |source| StateDirError::Io {
                action,
                path,
                source,
            }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(failed("make"))?;
        let mode = fs::metadata(&path)
            .map_err(failed("look at"))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let shut = Permissions::from_mode(0o700);
            fs::set_permissions(&path, shut).map_err(failed("shut"))?;
        }
        Ok(Self { path })
    }

    /// The directory as it is, for somebody who only looks.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn identity(&self) -> PathBuf {
        self.path.join("identity.json")
    }

    pub fn key(&self) -> PathBuf {
        self.path.join("key.pem")
    }

    pub fn certificate(&self) -> PathBuf {
        self.path.join("certificate.pem")
    }

    pub fn ca_bundle(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    pub fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    pub fn chain_key(&self) -> PathBuf {
        self.path.join("chain.key")
    }

    pub fn status_socket(&self) -> PathBuf {
        self.path.join("status.sock")
    }

    pub fn status_file(&self) -> PathBuf {
        self.path.join("status.json")
    }

    /// Takes the directory for this process, until the lock is dropped.
    ///
    /// # Errors
    ///
    /// [`StateDirError::InUse`] if an agent runs on it.
    pub fn lock(&self) -> Result<StateLock, StateDirError> {
        let path = self.path.join("agent.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| StateDirError::Io {
                action: "open",
                path: path.clone(),
                source,
            })?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(StateLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StateDirError::InUse(self.path.clone())),
            Err(error) => Err(StateDirError::Io {
                action: "lock",
                path,
                source: error.into(),
            }),
        }
    }

    /// Reads a file that may be missing.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be read.
    pub fn read(&self, path: &Path) -> Result<Option<String>, StateDirError> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StateDirError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Puts `content` in place of a file: after a power cut there is the old one or the new one.
    ///
    /// # Errors
    ///
    /// If it cannot be written and made durable; the old file is untouched then.
    pub fn replace(&self, path: &Path, content: &[u8]) -> Result<(), StateDirError> {
        self.write_durably(path, content)
            .map_err(|source| StateDirError::Io {
                action: "write",
                path: path.to_owned(),
                source,
            })
    }

    fn write_durably(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let draft = path.with_extension("draft");
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_enter_and_only_one_agent_may_run() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();

        let state = StateDir::open(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );

        let held = state.lock().unwrap();
        assert!(matches!(state.lock(), Err(StateDirError::InUse(_))));
        drop(held);
        assert!(state.lock().is_ok());
    }

    #[test]
    fn a_replaced_file_is_secret_and_leaves_no_draft() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::open(root.path()).unwrap();
        state.replace(&state.key(), b"one").unwrap();
        state.replace(&state.key(), b"two").unwrap();
        assert_eq!(state.read(&state.key()).unwrap().as_deref(), Some("two"));
        let mode = fs::metadata(state.key()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
