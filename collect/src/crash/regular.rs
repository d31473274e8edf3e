//! Opens files that a stranger may have named, or put in place of those that were there.
//!
//! To open a pipe waits for whoever writes to it, for ever; to open a device may do things.

use std::{fs::File, io, os::fd::AsRawFd as _};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Opens a file with content, which is no link itself.
pub(super) fn open_file(path: &str) -> io::Result<File> {
    opened(path, OFlags::NOFOLLOW)
}

/// Opens a file with content, where it leads to.
pub(super) fn open_where_it_leads(path: &str) -> io::Result<File> {
    opened(path, OFlags::empty())
}

fn opened(path: &str, flags: OFlags) -> io::Result<File> {
    // This names it, and opens nothing.
    let place = open(path, OFlags::PATH | OFlags::CLOEXEC | flags, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&place)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is no regular file"));
    }
    let again = format!("/proc/self/fd/{}", place.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(open(again, flags, Mode::empty())?.into())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn pipes_devices_and_folders_are_not_opened_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), FileType::Fifo, mode, 0).unwrap();
        fs::write(path("file"), "core").unwrap();
        symlink(path("file"), path("link")).unwrap();
        symlink(path("pipe"), path("to-pipe")).unwrap();
        for (name, is_opened, is_where_it_leads) in [
            ("file", true, true),
            ("link", false, true),
            ("pipe", false, false),
            ("to-pipe", false, false),
            (".", false, false),
            ("none", false, false),
        ] {
            assert_eq!(open_file(&path(name)).is_ok(), is_opened, "{name}");
            let opened = open_where_it_leads(&path(name));
            assert_eq!(opened.is_ok(), is_where_it_leads, "{name}");
        }
        assert!(open_where_it_leads("/dev/null").is_err());
    }
}
