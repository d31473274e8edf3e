//! Who this host is, and what its clocks say.

mod clock;
mod machine;
mod os_release;
mod users;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use analysis::identity::BootId;

pub use self::{clock::ClockReading, machine::machine, os_release::OsRelease, users::Users};
use crate::CollectError;

/// Reads facts of the host whose file system is `root`: `/`, or a directory that a test filled.
pub struct Host {
    root: PathBuf,
}

/// Who a host is. Constant for one boot, but for its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    pub boot: BootId,
    pub host_name: String,
    /// Clones have the same one. `None`: it was never set up.
    pub machine_id: Option<String>,
    pub os: OsRelease,
    /// The kernel's release: `6.1.0-28-amd64`.
    pub kernel: String,
    pub runs_systemd: bool,
}

impl Host {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Everything about who this host is.
    ///
    /// # Errors
    ///
    /// Only if procfs is not there; files of `/etc` may be missing.
    pub fn facts(&self) -> Result<HostFacts, CollectError> {
        Ok(HostFacts {
            boot: self.boot_id()?,
            host_name: self.line("proc/sys/kernel/hostname")?,
            machine_id: self.machine_id(),
            os: OsRelease::below(&self.root),
            kernel: self.line("proc/sys/kernel/osrelease")?,
            runs_systemd: self.runs_systemd(),
        })
    }

    /// The machine's id, the same in clones. `None`: it was never set up.
    pub fn machine_id(&self) -> Option<String> {
        let id = self.line("etc/machine-id").ok()?;
        let is_set = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_set.then_some(id)
    }

    /// The id of the boot that runs.
    pub fn boot_id(&self) -> Result<BootId, CollectError> {
        let file = "proc/sys/kernel/random/boot_id";
        let text = self.line(file)?;
        text.parse().map_err(|_| CollectError::Malformed {
            path: self.root.join(file),
            expected: "a UUID",
            found: text,
        })
    }

    /// Whether process 1 is systemd. The test of sd_booted(3).
    pub fn runs_systemd(&self) -> bool {
        self.root.join("run/systemd/system").is_dir()
    }

    /// Names of the users of this host.
    pub fn users(&self) -> Users {
        Users::below(&self.root)
    }

    fn line(&self, file: &str) -> Result<String, CollectError> {
        let path = self.root.join(file);
        let text = read_text(&path).map_err(|source| CollectError::Read { path, source })?;
        Ok(text.trim_end().to_owned())
    }
}

/// Reads a file, and replaces bytes that are no UTF-8.
fn read_text(path: &Path) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_host_without_etc_still_has_its_facts() {
        let root = tempfile::tempdir().unwrap();
        let boot = "0b8d7e6f-1c7f-4e8d-9f8a-2d6b5c4a3b21";
        write(
            root.path(),
            "proc/sys/kernel/random/boot_id",
            &format!("{boot}\n"),
        );
        write(root.path(), "proc/sys/kernel/hostname", "db-3\n");
        write(root.path(), "proc/sys/kernel/osrelease", "6.1.0\n");
        write(root.path(), "etc/machine-id", "uninitialized\n");
        let facts = Host::at(root.path()).facts().unwrap();
        assert_eq!(facts.boot.to_string(), boot);
        assert_eq!(facts.host_name, "db-3");
        assert_eq!(facts.machine_id, None);
        assert!(!facts.runs_systemd);
        fs::create_dir_all(root.path().join("run/systemd/system")).unwrap();
        assert!(Host::at(root.path()).runs_systemd());
    }

    #[test]
    fn this_host_has_facts() {
        let facts = Host::at("/").facts().unwrap();
        let uname = rustix::system::uname();
        assert_eq!(facts.host_name.as_bytes(), uname.nodename().to_bytes());
        assert_eq!(facts.kernel.as_bytes(), uname.release().to_bytes());
    }
}
