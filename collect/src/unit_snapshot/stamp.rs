//! Reads what a file is.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Component, Path},
    time::Instant,
};

use analysis::{
    Timestamp,
    start_failure::changes::{FileRole, facts::FileStamp},
};
use rustix::fs::{Mode, OFlags, fstat, open, openat};
use sha2::{Digest, Sha256};

/// Larger files are known by their size and time.
const MOST_HASHED_BYTES: u64 = 1 << 20;
/// The text of larger files is not kept.
const MOST_TEXT_BYTES: usize = 64 << 10;
/// What is read, and what is kept, of all files of a unit.
const MOST_READ_BYTES: u64 = 16 << 20;
const MOST_KEPT_BYTES: usize = 1 << 20;

/// Reads files while there is time and room.
pub(super) struct Reader {
    until: Instant,
    read_bytes: u64,
    kept_bytes: usize,
    is_cut: bool,
}

impl Reader {
    pub(super) fn new(until: Instant) -> Self {
        Self {
            until,
            read_bytes: 0,
            kept_bytes: 0,
            is_cut: false,
        }
    }

    /// Whether there was not time for all.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The outer `None`: it cannot be looked at, or is no file. The inner: there is none.
    #[expect(clippy::option_option, reason = "both are told above")]
    pub(super) fn read(
        &mut self,
        path: &Path,
        role: FileRole,
        sees_all: bool,
    ) -> Option<Option<FileStamp>> {
        if Instant::now() >= self.until {
            self.is_cut = true;
            return None;
        }
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound && sees_all => return Some(None),
            Err(_) => return None,
        };
        if !found.is_file() {
            // A link to a device masks a unit.
            let link = fs::symlink_metadata(path).ok()?;
            let is_mask = role == FileRole::UnitFile && link.is_symlink();
            return is_mask.then(|| Some(stamp(&link)));
        }
        let own = moment(found.ctime(), found.ctime_nsec());
        // Where the path is a link, somebody may have put the link there.
        let of_link =
            fs::symlink_metadata(path).map_or(own, |link| moment(link.ctime(), link.ctime_nsec()));
        let content = self.content(path, &found, role);
        let text = content.as_ref().and_then(|content| {
            let is_kept = role != FileRole::Program
                && role != FileRole::Accounts
                && content.may_be_shown
                && !is_secret(path, &content.bytes);
            let text = text(&content.bytes).filter(|_| is_kept)?;
            let fits = self.kept_bytes + text.len() <= MOST_KEPT_BYTES;
            fits.then(|| text.to_owned())
        });
        self.kept_bytes += text.as_ref().map_or(0, String::len);
        Some(Some(FileStamp {
            changed_at: own.max(of_link),
            sha256: content.map(|content| hex(&Sha256::digest(content.bytes))),
            text,
            ..stamp(&found)
        }))
    }

    fn content(&mut self, path: &Path, found: &Metadata, role: FileRole) -> Option<Content> {
        let fits = found.len() <= MOST_HASHED_BYTES
            && self.read_bytes + found.len() <= MOST_READ_BYTES
            && role != FileRole::Accounts;
        if !fits {
            return None;
        }
        // What became a pipe meanwhile would make whoever opens it wait.
        let mut options = OpenOptions::new();
        let options = options.read(true).custom_flags(libc::O_NONBLOCK);
        let mut bytes = Vec::new();
        let file = options.open(path).ok()?;
        let may_be_shown = may_be_shown(&file, path);
        let mut file = file.take(MOST_HASHED_BYTES + 1);
        file.read_to_end(&mut bytes).ok()?;
        self.read_bytes += bytes.len() as u64;
        (bytes.len() as u64 <= MOST_HASHED_BYTES).then_some(Content {
            bytes,
            may_be_shown,
        })
    }
}

struct Content {
    bytes: Vec<u8>,
    may_be_shown: bool,
}

/// Whether what an open file says is what its path stands for.
///
/// Services own folders of configuration, and we may be root: a link in one of them, or a second
/// name, could show anybody's secrets. Links are believed that lead to where everybody may read.
fn may_be_shown(file: &File, path: &Path) -> bool {
    let real = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let (Ok(real), Ok(found)) = (real, file.metadata()) else {
        return false;
    };
    let is_readable = found.mode() & 0o004 != 0;
    let is_common = ["/etc", "/usr"].iter().any(|top| real.starts_with(top));
    let is_itself = is_without_links(path, &found) && (found.nlink() == 1 || is_readable);
    is_itself || (is_readable && is_common && !is_secret(&real, &[]))
}

/// Whether a path leads to that file by folders alone.
///
/// What a link in it means depends on who follows it, and the name of an open file on who asks: the
/// files of process 1 may lie in another place than ours. So the path is gone along once more, and
/// no link is followed.
fn is_without_links(path: &Path, file: &Metadata) -> bool {
    /// The folder that process 1 takes for `/` is a link of the kernel's.
    const OF_MANAGER: &str = "/proc/1/root";
    let split = |top: &'static str| Some((top, path.strip_prefix(top).ok()?));
    let Some((top, below)) = split(OF_MANAGER).or_else(|| split("/")) else {
        return false;
    };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let Ok(mut place) = open(top, flags, Mode::empty()) else {
        return false;
    };
    for part in below.components() {
        let Component::Normal(name) = part else {
            return false;
        };
        // A link is opened itself, and leads nowhere.
        let Ok(next) = openat(&place, name, flags | OFlags::NOFOLLOW, Mode::empty()) else {
            return false;
        };
        place = next;
    }
    fstat(&place).is_ok_and(|found| found.st_dev == file.dev() && found.st_ino == file.ino())
}

fn stamp(found: &Metadata) -> FileStamp {
    FileStamp {
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
        bytes: found.len(),
        modified_at: moment(found.mtime(), found.mtime_nsec()),
        changed_at: moment(found.ctime(), found.ctime_nsec()),
        sha256: None,
        text: None,
    }
}

fn moment(seconds: i64, nanoseconds: i64) -> Timestamp {
    let nanoseconds = u32::try_from(nanoseconds).unwrap_or(0);
    Timestamp::from_timestamp(seconds, nanoseconds).unwrap_or_default()
}

fn text(content: &[u8]) -> Option<&str> {
    let is_text = content.len() <= MOST_TEXT_BYTES && !content.contains(&0);
    is_text.then(|| std::str::from_utf8(content).ok()).flatten()
}

/// Whether nobody may keep a copy of it.
fn is_secret(path: &Path, content: &[u8]) -> bool {
    const ENDINGS: [&str; 10] = [
        "key", "pem", "p12", "pfx", "jks", "keystore", "keytab", "kdbx", "crt", "asc",
    ];
    const NAMES: [&str; 8] = [
        "shadow",
        "passwd",
        "password",
        "secret",
        "token",
        "credential",
        "pgpass",
        "id_rsa",
    ];
    const MARK: &[u8] = b"PRIVATE KEY-----";
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let ending = name.rsplit('.').next().unwrap_or_default();
    ENDINGS.contains(&ending)
        || NAMES.iter().any(|word| name.contains(word))
        || content.windows(MARK.len()).any(|bytes| bytes == MARK)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{PermissionsExt as _, symlink},
        time::Duration,
    };

    use super::*;

    #[test]
    fn small_texts_are_kept_and_secrets_are_not() {
        let folder = tempfile::tempdir().unwrap();
        // (name, content, whether its text, and its hash, are kept)
        let large = "x".repeat(MOST_TEXT_BYTES + 1);
        let key = "-----BEGIN RSA PRIVATE KEY-----\nx";
        let cases = [
            ("a.conf", "a = 1\n", true, true),
            ("tls.key", "x", false, true),
            ("htpasswd", "x", false, true),
            ("b.conf", key, false, true),
            ("binary", "a\0b", false, true),
            ("large", &large, false, true),
        ];
        let mut reader = Reader::new(Instant::now() + Duration::from_secs(60));
        for (name, content, is_kept, is_hashed) in cases {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            let seen = reader.read(&path, FileRole::Configuration, true);
            let stamp = seen.unwrap().unwrap();
            assert_eq!(stamp.text.is_some(), is_kept, "{name}");
            assert_eq!(stamp.sha256.is_some(), is_hashed, "{name}");
        }
        let role = FileRole::Configuration;
        assert_eq!(
            reader.read(&folder.path().join("none"), role, true),
            Some(None)
        );
        assert_eq!(reader.read(&folder.path().join("none"), role, false), None);
        assert_eq!(reader.read(folder.path(), role, true), None);
        reader.until = Instant::now();
        assert_eq!(reader.read(&folder.path().join("a.conf"), role, true), None);
        assert!(reader.is_cut());
    }

    #[test]
    fn no_link_shows_what_another_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let secret = folder.join("private");
        fs::write(&secret, "x").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&secret, folder.join("link.conf")).unwrap();
        fs::create_dir(folder.join("below")).unwrap();
        fs::write(folder.join("below/a.conf"), "x").unwrap();
        symlink(folder.join("below"), folder.join("other")).unwrap();
        symlink("/etc/passwd", folder.join("passwords.conf")).unwrap();
        symlink("/etc/hostname", folder.join("host.conf")).unwrap();
        // (path, whether its text is kept)
        let cases = [
            ("private", true),
            ("below/a.conf", true),
            ("link.conf", false),
            ("other/a.conf", false),
            ("passwords.conf", false),
            ("host.conf", true),
        ];
        let mut reader = Reader::new(Instant::now() + Duration::from_secs(60));
        let mut is_kept = |name: &str| {
            let seen = reader.read(&folder.join(name), FileRole::Configuration, true);
            seen.unwrap().unwrap().text.is_some()
        };
        for (name, kept) in cases {
            assert_eq!(is_kept(name), kept, "{name}");
        }
        // As the agent sees it, whose own files are others.
        let manager = Path::new("/proc/1/root");
        if fs::metadata(manager.join("proc/self")).is_ok() {
            let mut seen = 0;
            for (name, kept) in cases {
                let path = manager.join(folder.join(name).strip_prefix("/").unwrap());
                let Some(Some(found)) = reader.read(&path, FileRole::Configuration, true) else {
                    continue;
                };
                seen += 1;
                assert_eq!(found.text.is_some(), kept, "{name} of process 1");
            }
            // It has the same `/tmp` as this test, or none of these.
            assert!(seen == 0 || seen == cases.len(), "{seen}");
        }
        let mut is_kept = |name: &str| {
            let seen = reader.read(&folder.join(name), FileRole::Configuration, true);
            seen.unwrap().unwrap().text.is_some()
        };
        fs::hard_link(&secret, folder.join("twin.conf")).unwrap();
        assert!(!is_kept("twin.conf"));
    }

    #[test]
    fn a_link_that_was_put_there_has_a_time_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        let before = fs::metadata(&file).unwrap();
        let mut reader = Reader::new(Instant::now() + Duration::from_secs(60));
        let changed = |found: &Metadata| moment(found.ctime(), found.ctime_nsec());
        // Times of files have the grain of the kernel's clock.
        while fs::symlink_metadata(&link).map_or(true, |link| changed(&link) <= changed(&before)) {
            let _ = fs::remove_file(&link);
            symlink(&file, &link).unwrap();
        }
        let seen = reader.read(&link, FileRole::Configuration, true);
        let stamp = seen.unwrap().unwrap();
        assert!(stamp.changed_at > changed(&before) && stamp.modified_at <= changed(&before));
    }
}
