//! The ways to the programs of a unit, and to the paths that its log blames: mounts, and folders
//! that its user may not pass.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use analysis::start_failure::{
    StartFacts,
    ways::{ClosedPlace, NoexecMount, WayFact},
};
use rustix::fs::{StatVfsMountFlags, getxattr, statvfs};

use super::files;
use crate::{machine::mount_of, systemd::UnitStart, tool::Account};

/// Paths that are looked at.
const MOST: usize = 8;

/// What is asked: paths, by whom.
#[derive(Debug)]
pub(super) struct Ways {
    root: String,
    /// And whether they are executed.
    paths: Vec<(String, bool)>,
    user: Option<(String, Option<String>)>,
}

impl Ways {
    /// Those of a unit. `root`: the folder that it takes for `/`.
    pub(super) fn of(facts: &StartFacts, unit: &UnitStart, root: &str, blamed: &[String]) -> Self {
        let programs = facts.files.iter().filter(|file| file.state.is_executable());
        let programs = programs.map(|file| (file.path.clone(), true));
        let blamed = blamed.iter().filter(|path| path.starts_with('/'));
        let paths = programs.chain(blamed.map(|path| (path.clone(), false)));
        let user = facts.setting("User").map(|user| {
            let group = facts.setting("Group");
            (user.to_owned(), group.map(str::to_owned))
        });
        // Others than `/etc` has: those of a unit while it runs, and those that the unit adds.
        let is_plain = !unit.has_dynamic_user && facts.setting("SupplementaryGroups").is_none();
        Self {
            root: root.to_owned(),
            paths: paths.take(MOST).collect(),
            user: user.filter(|_| is_plain),
        }
    }

    /// Goes them. What hangs is given up by whoever runs this with a limit.
    pub(super) fn go(self) -> Vec<WayFact> {
        let mounts = ["/proc/1/mountinfo", "/proc/self/mountinfo"];
        let mounts = mounts.iter().find_map(|path| fs::read_to_string(path).ok());
        let mounts = mounts.unwrap_or_default();
        let account = self.user.as_ref().and_then(|(user, group)| {
            let root = files::place(&self.root, "/");
            Account::find(&root, user, group.as_deref())
        });
        let way = |(path, is_executed): (String, bool)| WayFact {
            noexec: is_executed
                .then(|| noexec(&self.root, &path, &mounts))
                .flatten(),
            closed: account
                .as_ref()
                .and_then(|account| closed(&self.root, &path, is_executed, account)),
            path,
        };
        self.paths.into_iter().map(way).collect()
    }
}

fn noexec(root: &str, path: &str, mounts: &str) -> Option<NoexecMount> {
    let place = files::place(root, path);
    let flags = statvfs(&place).ok()?.f_flag;
    if !flags.contains(StatVfsMountFlags::NOEXEC) {
        return None;
    }
    // A link leads elsewhere, and only the mount of the file itself is meant.
    let from = Path::new(root).join(path.trim_start_matches('/'));
    let real = fs::canonicalize(&from).unwrap_or(from);
    let found = mount_of(mounts, &real).filter(|(_, options)| has_noexec(options));
    let (point, options) = found?;
    Some(NoexecMount { point, options })
}

fn has_noexec(options: &str) -> bool {
    options.split(',').any(|option| option == "noexec")
}

/// The first folder above a path that a user may not pass, or the program itself.
fn closed(root: &str, path: &str, is_executed: bool, account: &Account) -> Option<ClosedPlace> {
    if account.is_root() {
        return None;
    }
    let mut steps: Vec<&Path> = Path::new(path).ancestors().collect();
    steps.reverse();
    for step in steps {
        let text = step.to_string_lossy();
        let place = files::place(root, &text);
        let found = fs::metadata(&place).ok()?;
        if !found.is_dir() && !is_executed {
            return None;
        }
        // A list of more rights may say otherwise.
        if has_list(&place) {
            return None;
        }
        if !account.may_execute(found.uid(), found.gid(), found.mode()) {
            return Some(ClosedPlace {
                is_folder: found.is_dir(),
                mode: found.mode() & 0o7777,
                owners: format!(
                    "{}:{}",
                    name(root, "etc/passwd", found.uid()),
                    name(root, "etc/group", found.gid())
                ),
                path: text.into_owned(),
            });
        }
    }
    None
}

fn has_list(place: &Path) -> bool {
    let mut list = [0_u8; 0];
    // Its length is asked for.
    getxattr(place, "system.posix_acl_access", &mut list).is_ok_and(|length| length > 0)
}

/// The name that a file of `/etc` has for a number.
fn name(root: &str, file: &str, number: u32) -> String {
    let text = fs::read_to_string(files::place(root, file)).unwrap_or_default();
    let number = number.to_string();
    let mut lines = text.lines().map(|line| line.split(':'));
    let found = lines.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    found.unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_closed_folder_is_told() {
        let root = tempfile::tempdir().unwrap();
        let inside = |path: &str| root.path().join(path);
        let allow = |path: &str, mode| {
            fs::set_permissions(inside(path), PermissionsExt::from_mode(mode)).unwrap();
        };
        fs::create_dir_all(inside("etc")).unwrap();
        fs::create_dir_all(inside("srv/in")).unwrap();
        fs::write(
            inside("etc/passwd"),
            "root:x:0:0::/:\napp:x:4242:4242::/:\n",
        )
        .unwrap();
        fs::write(inside("etc/group"), "root:x:0:\napp:x:4242:\n").unwrap();
        fs::write(inside("srv/in/app"), "").unwrap();
        allow("", 0o755);
        let text = root.path().to_str().unwrap();
        let account = Account::find(root.path(), "app", None).unwrap();
        // (mode of the folders, of the program, what is closed)
        let cases = [
            (0o755, 0o755, None),
            (0o700, 0o755, Some("/srv")),
            (0o755, 0o700, Some("/srv/in/app")),
        ];
        for (folder, program, expected) in cases {
            allow("srv", folder);
            allow("srv/in", folder);
            allow("srv/in/app", program);
            let found = closed(text, "/srv/in/app", true, &account);
            assert_eq!(found.map(|place| place.path).as_deref(), expected);
        }
        assert_eq!(closed(text, "/srv/none", true, &account), None);
    }
}
