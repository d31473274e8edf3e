//! Names of users, by their numbers.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::read_text;

/// Users of a host, from its `/etc/passwd`; read again when that file has changed.
///
/// Users that only a directory service knows have no name here: to ask one may take seconds, and
/// may start processes.
pub struct Users {
    path: PathBuf,
    read: Option<(SystemTime, BTreeMap<u32, String>)>,
}

impl Users {
    pub(super) fn below(root: &Path) -> Self {
        Self {
            path: root.join("etc/passwd"),
            read: None,
        }
    }

    /// The name of a user. `None`: the file names no such user, or cannot be read.
    pub fn name(&mut self, uid: u32) -> Option<&str> {
        let changed = fs::metadata(&self.path)
            .and_then(|file| file.modified())
            .ok();
        if changed != self.read.as_ref().map(|(time, _)| *time) {
            self.read = changed.and_then(|time| Some((time, parse(&read_text(&self.path).ok()?))));
        }
        let (_, names) = self.read.as_ref()?;
        names.get(&uid).map(String::as_str)
    }
}

fn parse(text: &str) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next(), fields.nth(1));
        if let (Some(name), Some(Ok(uid))) = (name, uid.map(str::parse)) {
            // Of several names of one number the first is the one that others show, too.
            names.entry(uid).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_file() {
        let root = tempfile::tempdir().unwrap();
        let mut users = Users::below(root.path());
        assert_eq!(users.name(0), None);
        fs::create_dir(root.path().join("etc")).unwrap();
        let path = root.path().join("etc/passwd");
        fs::write(
            &path,
            "root:x:0:0::/root:/bin/sh\ntoor:x:0:0\nbad\n:::\nann:x:7:7\n",
        )
        .unwrap();
        assert_eq!(users.name(0), Some("root"));
        assert_eq!(users.name(7), Some("ann"));
        fs::write(&path, "bob:x:7:7\n").unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(users.name(7), Some("bob"));
        assert_eq!(users.name(0), None);
    }
}
