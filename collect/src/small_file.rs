//! Reads files of which only their name is known: they may be large, a pipe or a device.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// What a file holds. `None`: it holds more than that, is no file or cannot be read.
pub(crate) fn read(path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    let file = open(path)?;
    // A file may be all holes, and one of the kernel's says that it is empty.
    if file.metadata().ok()?.len() > most_bytes {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(most_bytes + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most_bytes).then_some(bytes)
}

/// What a file begins with.
pub(crate) fn beginning(path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most_bytes).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A pipe would make whoever opens it wait.
fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_small_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("small"), "12345678").unwrap();
        fs::write(path("large"), "123456789").unwrap();
        let holes = File::create(path("holes")).unwrap();
        holes.set_len(700 << 20).unwrap();
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        // (name, what is read, what it begins with)
        let cases = [
            ("small", Some("12345678"), Some("1234")),
            ("large", None, Some("1234")),
            ("holes", None, Some("\0\0\0\0")),
            ("pipe", None, None),
            ("none", None, None),
            (".", None, None),
        ];
        for (name, whole, start) in cases {
            let text =
                |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(text(read(&path(name), 8)).as_deref(), whole, "{name}");
            assert_eq!(text(beginning(&path(name), 4)).as_deref(), start, "{name}");
        }
    }
}
