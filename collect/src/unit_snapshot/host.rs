//! What of the host a unit needs: the account that it runs as, and the mounts.

use std::{collections::BTreeMap, fs, path::Path};

use analysis::start_failure::facts::UnitFacts;

/// Mounts that are kept; hosts with containers have thousands of others.
const MOST_MOUNTS: usize = 100;
/// Come and go, or are always there.
const PASSING: [&str; 8] = [
    "/run",
    "/proc",
    "/sys",
    "/dev",
    "/tmp",
    "/snap",
    "/var/lib/docker",
    "/var/lib/containers",
];
const DISKS: [&str; 12] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "nfs", "nfs4", "cifs", "ceph",
];

/// The user and the group that a unit runs as: `user www-data`.
pub(super) fn accounts(unit: &UnitFacts, root: &Path) -> BTreeMap<String, String> {
    let setting = |name: &str| {
        let found = unit.settings.iter().find(|one| one.name == name);
        found.map(|setting| setting.value.as_str())
    };
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let mut found = BTreeMap::new();
    if let Some(user) = setting("User").filter(|user| !matches!(*user, "root" | "0")) {
        let groups = read("etc/group");
        if let Some(about) = user_of(&read("etc/passwd"), &groups, user) {
            found.insert(format!("user {user}"), about);
        }
    }
    if let Some(group) = setting("Group") {
        let groups = read("etc/group");
        let line = groups.lines().find(|line| named(line, group));
        if let Some(number) = line.and_then(|line| line.split(':').nth(2)) {
            found.insert(format!("group {group}"), number.to_owned());
        }
    }
    found
}

fn named(line: &str, name: &str) -> bool {
    let rest = line.strip_prefix(name);
    rest.is_some_and(|rest| rest.starts_with(':'))
}

/// `33:33 /var/www /usr/sbin/nologin, groups ssl-cert`.
fn user_of(users: &str, groups: &str, user: &str) -> Option<String> {
    let line = users.lines().find(|line| named(line, user))?;
    let fields: Vec<_> = line.split(':').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let about = format!("{}:{} {} {}", field(2), field(3), field(5), field(6));
    let is_member = |line: &&str| {
        let members = line.rsplit(':').next().unwrap_or_default();
        members.split(',').any(|member| member == user)
    };
    let names: Vec<_> = groups
        .lines()
        .filter(is_member)
        .filter_map(|line| line.split(':').next())
        .collect();
    Some(match names.is_empty() {
        true => about,
        false => format!("{about}, groups {}", names.join(" ")),
    })
}

/// Mounts of disks and of other machines, as process 1 has them.
pub(super) fn mounts() -> BTreeMap<String, String> {
    let text = fs::read_to_string("/proc/1/mountinfo")
        .or_else(|_| fs::read_to_string("/proc/self/mountinfo"));
    mounts_of(&text.unwrap_or_default())
}

fn mounts_of(mountinfo: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in mountinfo.lines() {
        let Some((place, about)) = line.split_once(" - ") else {
            continue;
        };
        let mut fields = place.split(' ');
        let (Some(point), Some(options)) = (fields.nth(4), fields.next()) else {
            continue;
        };
        let mut about = about.split(' ');
        let (Some(kind), Some(source)) = (about.next(), about.next()) else {
            continue;
        };
        let is_passing = PASSING.iter().any(|top| Path::new(point).starts_with(top));
        let is_meant = DISKS.contains(&kind) || kind.starts_with("fuse.");
        if is_passing || !is_meant || found.len() == MOST_MOUNTS {
            continue;
        }
        let mode = options.split(',').next().unwrap_or_default();
        // Of several at one place the last is to be seen.
        found.insert(point.to_owned(), format!("{source} {kind} {mode}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_what_the_files_say() {
        let users = "root:x:0:0::/root:/bin/sh\nwww:x:33:34:Web:/var/www:/bin/false\n";
        let groups = "tls:x:9:www,root\nwww:x:34:\n";
        let about = user_of(users, groups, "www").unwrap();
        assert_eq!(about, "33:34 /var/www /bin/false, groups tls");
        assert_eq!(user_of(users, groups, "ww"), None);
    }

    #[test]
    fn mounts_of_disks_are_kept() {
        let text = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                    2 1 8:2 / /data ro - xfs /dev/sdb1 rw\n\
                    3 1 0:5 / /run/user/0 rw - tmpfs tmpfs rw\n\
                    4 1 0:6 / /srv rw - nfs4 db:/srv rw\nbad\n";
        let found = mounts_of(text);
        let told: Vec<_> = found.iter().map(|(a, b)| format!("{a} {b}")).collect();
        let expected = [
            "/ /dev/sda1 ext4 rw",
            "/data /dev/sdb1 xfs ro",
            "/srv db:/srv nfs4 rw",
        ];
        assert_eq!(told, expected);
    }
}
