//! Facts about the running kernel that decide how it may be asked.

use std::{fs, os::unix::fs::MetadataExt};

/// Inode of the pid namespace that the machine boots with.
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Inode of the pid namespace that this process runs in.
pub(super) fn pid_namespace() -> std::io::Result<u64> {
    Ok(fs::metadata("/proc/self/ns/pid")?.ino())
}

pub(super) fn is_in_first_pid_namespace() -> bool {
    pid_namespace().is_ok_and(|inode| inode == FIRST_PID_NAMESPACE)
}

/// Whether the kernel is of this version or newer.
pub(super) fn is_at_least(version: (u32, u32)) -> bool {
    let uname = rustix::system::uname();
    parse_version(&uname.release().to_string_lossy()).is_some_and(|running| running >= version)
}

fn parse_version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(parse_version("6.1.0-50-cloud-amd64"), Some((6, 1)));
        assert!(parse_version("6.18.44").unwrap() > (6, 6));
        assert_eq!(parse_version("strange"), None);
    }
}
