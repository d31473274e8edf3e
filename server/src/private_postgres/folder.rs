//! Where the private Postgres lives: `DATA_DIR/postgres`, with `data` and `run` in it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::PrivatePostgresError;
use super::account::Account;

/// What Postgres adds to the path of its folder for sockets.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The kernel's `sun_path` has 108 bytes, the last of which is zero.
const MAX_SOCKET_PATH: usize = 107;

/// The folder, which nobody else uses as long as this value lives.
pub struct Folder {
    root: PathBuf,
    socket: PathBuf,
    /// Held, not read: the lock on it goes away with it.
    _lock: File,
}

/// Where the data is in the data folder of a server.
pub fn data_in(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres/data")
}

impl Folder {
    /// Makes the folder if there is none, and takes it for this process.
    pub fn open(data_dir: &Path, account: Option<&Account>) -> Result<Self, PrivatePostgresError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| PrivatePostgresError::Folder { path, source }
        };
        fs::create_dir_all(data_dir).map_err(failed(data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(failed(data_dir))?;
        let lock = take(&data_dir)?;
        let root = data_dir.join("postgres");
        if let Some(account) = account
            && !account.can_enter(&root)
        {
            let user = account.name.clone();
            return Err(PrivatePostgresError::CannotEnter {
                user,
                folder: data_dir,
            });
        }
        make(&root, account).map_err(failed(&root))?;
        let socket = socket_folder(&root);
        make(&socket, account).map_err(failed(&socket))?;
        Ok(Self {
            root,
            socket,
            _lock: lock,
        })
    }

    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where initdb works; it becomes [`Self::data`] when it is whole.
    pub fn unfinished_data(&self) -> PathBuf {
        self.root.join("data.unfinished")
    }

    pub fn has_data(&self) -> bool {
        self.data().exists()
    }

    /// The Postgres that made the data. `None`: there is no data.
    pub fn major_version(&self) -> Option<(PathBuf, u32)> {
        let text = fs::read_to_string(self.data().join("PG_VERSION")).ok()?;
        Some((self.data(), text.trim().parse().ok()?))
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Removes the folder of the socket, if it had to be made elsewhere.
    pub fn remove_socket(&self) {
        if !self.socket.starts_with(&self.root) {
            // In a folder that the system empties; nothing is lost if it stays.
            let _ = fs::remove_dir_all(&self.socket);
        }
    }
}

/// Two servers on one data folder would each take the other's Postgres for a leftover.
fn take(data_dir: &Path) -> Result<File, PrivatePostgresError> {
    let path = data_dir.join("lock");
    let lock = File::create(&path).map_err(|source| PrivatePostgresError::Folder {
        path: path.clone(),
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(PrivatePostgresError::InUse(data_dir.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(PrivatePostgresError::Folder { path, source }),
    }
}

fn make(folder: &Path, account: Option<&Account>) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // The account owns the folder around this one: it must not have root give away another one.
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    account.map_or(Ok(()), |account| account.own(folder))
}

/// In the folder itself if the path of the socket is short enough for the kernel, or else a new
/// one with a short path.
fn socket_folder(root: &Path) -> PathBuf {
    let near = root.join("run");
    if near.join(SOCKET_NAME).as_os_str().len() <= MAX_SOCKET_PATH {
        return near;
    }
    let is_root = rustix::process::geteuid().is_root();
    let parent = if is_root { "/run" } else { "/tmp" };
    let number = Uuid::new_v4().simple().to_string();
    Path::new(parent).join(format!("aiops-{}", &number[..12]))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_in_the_place_of_a_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (other, run) = (root.path().join("other"), root.path().join("run"));
        make(&other, None).unwrap();
        make(&other, None).unwrap();
        symlink(&other, &run).unwrap();
        let refused = make(&run, None).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotADirectory);
    }
}
