//! The unprivileged account that Postgres runs as when the server is root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::Path;

use super::PrivatePostgresError;

/// In this order; the first that exists is taken.
const NAMES: [&str; 3] = ["postgres", "aiops", "nobody"];

/// A user of this machine with its main group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// `None`: we are not root, and Postgres runs as who we are.
    pub fn for_postgres() -> Result<Option<Self>, PrivatePostgresError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(|source| PrivatePostgresError::Folder {
            path: path.to_owned(),
            source,
        })?;
        let found = NAMES.iter().find_map(|name| find(&passwd, name));
        found.map(Some).ok_or(PrivatePostgresError::NoAccount)
    }

    /// Gives `path` to the account; of a link the link itself, never what it leads to.
    pub fn own(&self, path: &Path) -> std::io::Result<()> {
        lchown(path, Some(self.uid), Some(self.gid))
    }

    /// May the account go through all the folders above `folder`?
    pub fn can_enter(&self, folder: &Path) -> bool {
        folder
            .ancestors()
            .skip(1)
            .filter_map(|above| above.metadata().ok())
            .all(|above| {
                let execute = if above.uid() == self.uid {
                    0o100
                } else if above.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                above.mode() & execute != 0
            })
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0::/:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:114:122:,,,:/:/bin/sh\n";
        let found = find(passwd, "postgres").unwrap();
        assert_eq!((found.uid, found.gid), (114, 122));
        assert_eq!(find(passwd, "nobody"), None);
    }
}
