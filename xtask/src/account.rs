//! The unprivileged account that Postgres runs as when we are root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// A user of this machine with its main group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// The account to use in root's stead: `preferred` if the machine has it, or else `nobody`.
    /// `None` if we are not root, and hence need no other.
    pub fn without_root(preferred: &str) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let account = find(&passwd, preferred).or_else(|| find(&passwd, "nobody"));
        account
            .context("this machine has neither a user `postgres` nor `nobody`")
            .map(Some)
    }

    /// A command that runs as this account; root only.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", self.uid))
            .arg(format!("--regid={}", self.gid));
        command.arg("--clear-groups").arg(program);
        command
    }

    /// May the account go through all the folders above `folder`?
    pub fn can_enter(&self, folder: &Path) -> bool {
        let above = folder
            .ancestors()
            .skip(1)
            .filter_map(|above| above.metadata().ok());
        above.into_iter().all(|above| {
            let execute = if above.uid() == self.uid {
                0o100
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
        Some(Account { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:114:122:,,,:/:/bin/bash\n";
        assert_eq!(
            find(passwd, "postgres"),
            Some(Account { uid: 114, gid: 122 })
        );
        assert_eq!(find(passwd, "nobody"), None);
    }

    #[test]
    fn a_folder_below_a_closed_one_cannot_be_entered() {
        let nobody = Account {
            uid: 65534,
            gid: 65534,
        };
        assert!(nobody.can_enter(Path::new("/tmp/x")));
        if let Ok(root_home) = fs::metadata("/root")
            && root_home.mode() & 0o001 == 0
        {
            assert!(!nobody.can_enter(Path::new("/root/checkout/target")));
        }
    }
}
