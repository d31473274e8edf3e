//! The directory that a spool lives in, as far as the spool needs one.

mod dir;

pub use dir::DirStorage;

use std::io;

/// A flat directory of files.
///
/// What a call wrote is durable only after [`Storage::sync`] of the file; names are durable only
/// after [`Storage::sync_dir`]. The tests use an implementation that forgets everything else.
pub trait Storage {
    /// Names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file with `bytes` of zeros reserved, in place of one of that name.
    ///
    /// # Errors
    ///
    /// Fails with `StorageFull` here rather than in the middle of a later write.
    fn create(&mut self, name: &str, bytes: u64) -> io::Result<()>;

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Up to `bytes` from `offset` on; fewer at the end of the file.
    fn read_at(&self, name: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>>;

    /// Makes the file's content and length durable (fdatasync).
    ///
    /// # Errors
    ///
    /// After an error the system may have dropped the data and a second call may succeed without
    /// it: never call it again for the same content.
    fn sync(&mut self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    fn sync_dir(&mut self) -> io::Result<()>;

    /// Atomic; replaces `to`.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    fn remove(&mut self, name: &str) -> io::Result<()>;

    fn truncate(&mut self, name: &str, bytes: u64) -> io::Result<()>;
}
