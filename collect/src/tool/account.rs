//! A user to run a program as.

use std::{fs, io, path::Path};

use rustix::process::{Signal, set_parent_process_death_signal};

/// Numbers of a user of this host, from `/etc/passwd` and `/etc/group`.
///
/// Users that only a directory service knows are not found: to ask one may take seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    uid: u32,
    gid: u32,
    /// With `gid`.
    groups: Vec<u32>,
}

impl Account {
    /// A user by name or number. `group` is taken instead of the user's own.
    pub fn find(root: &Path, user: &str, group: Option<&str>) -> Option<Self> {
        let users = fs::read_to_string(root.join("etc/passwd")).ok()?;
        let groups = fs::read_to_string(root.join("etc/group")).ok()?;
        Self::among(&users, &groups, user, group)
    }

    fn among(users: &str, groups: &str, user: &str, group: Option<&str>) -> Option<Self> {
        let (name, fields) = rows(users).find(|(name, fields)| {
            *name == user || fields.get(1).is_some_and(|number| *number == user)
        })?;
        let uid = fields.get(1)?.parse().ok()?;
        let own: u32 = fields.get(2)?.parse().ok()?;
        let gid = match group {
            None => own,
            Some(group) => group_number(groups, group)?,
        };
        let is_member = |fields: &[&str]| {
            let members = fields.get(2).copied().unwrap_or_default();
            members.split(',').any(|member| member == name)
        };
        let mut all: Vec<u32> = rows(groups)
            .filter(|(_, fields)| is_member(fields))
            .filter_map(|(_, fields)| fields.get(1)?.parse().ok())
            .collect();
        all.push(gid);
        all.sort_unstable();
        all.dedup();
        Some(Self {
            uid,
            gid,
            groups: all,
        })
    }

    /// Whether this process has the user's numbers already.
    pub fn is_own(&self) -> bool {
        self.uid == rustix::process::geteuid().as_raw()
    }

    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Whether the bits of a file, or of a folder, let the user execute or pass it.
    pub fn may_execute(&self, uid: u32, gid: u32, mode: u32) -> bool {
        let shift = match () {
            () if self.is_root() => return mode & 0o111 != 0,
            () if self.uid == uid => 6,
            () if self.gid == gid || self.groups.contains(&gid) => 3,
            () => 0,
        };
        mode >> shift & 1 != 0
    }

    /// Whether this process may become another user.
    pub fn can_become_others() -> bool {
        const SETGID: u64 = 1 << 6;
        const SETUID: u64 = 1 << 7;
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mut lines = status.lines();
        let effective = lines.find_map(|line| line.strip_prefix("CapEff:"));
        let effective = effective.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
        effective.is_some_and(|rights| rights & (SETGID | SETUID) == SETGID | SETUID)
    }

    /// System calls only: it runs between fork and exec.
    #[expect(
        unsafe_code,
        reason = "rustix changes the one thread, which is for libraries too risky"
    )]
    pub(super) fn become_it(&self) -> io::Result<()> {
        let done = |answer| match answer {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        };
        // SAFETY: the list outlives the call; the others take numbers.
        unsafe {
            done(libc::setgroups(self.groups.len(), self.groups.as_ptr()))?;
            done(libc::setgid(self.gid))?;
            done(libc::setuid(self.uid))?;
        }
        // The kernel forgets it with a change of the user.
        Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
    }
}

/// Names, and the fields behind them.
fn rows(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(':')?;
        Some((name, rest.split(':').collect()))
    })
}

fn group_number(groups: &str, group: &str) -> Option<u32> {
    let (_, fields) = rows(groups).find(|(name, fields)| {
        *name == group || fields.get(1).is_some_and(|number| *number == group)
    })?;
    fields.get(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_their_groups() {
        let users = "root:x:0:0::/root:/bin/sh\nbad\npg:x:105:113:,,,:/var/lib/pg:/bin/sh\n";
        let groups = "root:x:0:\nssl-cert:x:110:www,pg\nextra:x:111:pgx\nweb:x:33:\npg:x:113:\n";
        let found = |user, group| Account::among(users, groups, user, group);
        let pg = Account {
            uid: 105,
            gid: 113,
            groups: vec![110, 113],
        };
        assert_eq!(found("pg", None), Some(pg.clone()));
        assert_eq!(found("105", None), Some(pg));
        let other = found("pg", Some("web")).unwrap();
        assert_eq!((other.gid, other.groups), (33, vec![33, 110]));
        assert_eq!(found("root", None).unwrap().uid, 0);
        let pg = found("pg", None).unwrap();
        // (owners, mode, whether it may)
        for (uid, gid, mode, may) in [
            (105, 0, 0o677, false),
            (0, 110, 0o767, false),
            (0, 110, 0o710, true),
            (0, 0, 0o776, false),
            (0, 0, 0o701, true),
        ] {
            assert_eq!(pg.may_execute(uid, gid, mode), may, "{mode:o}");
        }
        for (user, group) in [("none", None), ("bad", None), ("pg", Some("none"))] {
            assert_eq!(found(user, group), None, "{user}");
        }
    }
}
