//! A folder of our own for what tools write, gone when we are done.

use std::{
    env, fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use uuid::Uuid;

pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        let path = env::temp_dir().join(format!("aiops-{}", Uuid::new_v4()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What a tool wrote, as far as `most` bytes.
    pub(super) fn text(path: &Path, most: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path)?;
        io::Read::read_to_end(&mut io::Read::take(file, most), &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed here, the cleaner of /tmp removes.
        let _ = fs::remove_dir_all(&self.0);
    }
}
