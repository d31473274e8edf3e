//! The real directory.

use super::Storage;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A directory of the local file system.
#[derive(Debug)]
pub struct DirStorage {
    path: PathBuf,
    /// The file that was written last. Kept open from write to sync: a write error that the kernel
    /// found in between is reported to this descriptor for sure, to a new one perhaps not.
    open: Option<(String, File)>,
}

impl DirStorage {
    /// Uses `path`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Self { path, open: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn writable(&mut self, name: &str) -> io::Result<&File> {
        if self.open.as_ref().is_none_or(|(open, _)| open != name) {
            let file = OpenOptions::new().write(true).open(self.path.join(name))?;
            self.open = Some((name.to_owned(), file));
        }
        self.open
            .as_ref()
            .map(|(_, file)| file)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn forget(&mut self, name: &str) {
        self.open.take_if(|(open, _)| open == name);
    }
}

impl Storage for DirStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Names that are not UTF-8 and directories are not ours.
            if let (true, Ok(name)) = (
                entry.file_type()?.is_file(),
                entry.file_name().into_string(),
            ) {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.forget(name);
        let path = self.path.join(name);
        // A new inode, never the old one: an old write error must not follow us.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        reserve(&file, bytes)?;
        self.open = Some((name.to_owned(), file));
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writable(name)?.write_all_at(bytes, offset)
    }

    fn read_at(&self, name: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let file = File::open(self.path.join(name))?;
        let rest = file.metadata()?.len().saturating_sub(offset);
        let mut buffer = vec![0; bytes.min(usize::try_from(rest).unwrap_or(usize::MAX))];
        file.read_exact_at(&mut buffer, offset)?;
        Ok(buffer)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.writable(name)?.sync_data()
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.forget(to);
        fs::rename(self.path.join(from), self.path.join(to))?;
        if let Some((open, _)) = &mut self.open
            && open == from
        {
            *open = to.to_owned();
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.forget(name);
        fs::remove_file(self.path.join(name))
    }

    fn truncate(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.writable(name)?.set_len(bytes)
    }
}

fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        // Some file systems cannot reserve; a full disk then shows at a write, which is survived.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.set_len(bytes),
        other => Ok(other?),
    }
}
