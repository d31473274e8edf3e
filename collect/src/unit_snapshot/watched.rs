//! Which files matter to a unit.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use analysis::start_failure::changes::FileRole;

use crate::{start_failure::files::View, systemd::UnitStart};

/// Folders of configuration are looked into so deep.
const DEEPEST: usize = 4;
/// Files of one folder, with all below it.
const MOST_OF_FOLDER: usize = 150;
/// Where drop-ins of units are.
const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Folders with the configuration of many programs: only files that are named matter there.
const SHARED: [&str; 10] = [
    "/etc",
    "/etc/default",
    "/etc/sysconfig",
    "/etc/init.d",
    "/etc/systemd",
    "/etc/ssl",
    "/etc/pki",
    "/etc/pam.d",
    "/etc/logrotate.d",
    "/etc/cron.d",
];
/// Below these each program has a folder of its own.
const OF_CONFIGURATION: [&str; 3] = ["/etc/", "/usr/local/etc/", "/etc/opt/"];
/// Elsewhere a file is configuration if its name ends so.
const ENDINGS: [&str; 12] = [
    "conf",
    "cnf",
    "cfg",
    "config",
    "ini",
    "yml",
    "yaml",
    "toml",
    "json",
    "xml",
    "properties",
    "env",
];
/// Written anew with each boot or reload: their times say nothing.
const GENERATED: [&str; 2] = ["/run/systemd/generator", "/run/systemd/transient"];

type Place<'a> = &'a dyn Fn(&str) -> PathBuf;

/// Files that matter, by path, each with the first role that it was given.
#[derive(Debug, Default)]
pub(super) struct Watched {
    files: Vec<(String, FileRole)>,
    /// By device and number: a file that is linked to is one file.
    seen: BTreeMap<(u64, u64), usize>,
    /// That were looked into, with all files.
    folders: Vec<String>,
    is_cut: bool,
}

#[derive(Debug)]
pub(super) struct Files {
    pub(super) paths: Vec<(String, FileRole)>,
    pub(super) folders: Vec<String>,
    pub(super) is_cut: bool,
}

impl Watched {
    /// Its file, its drop-ins, also such that systemd has not loaded yet, and what it takes its
    /// environment from.
    pub(super) fn of_unit(&mut self, unit: &UnitStart, view: &View) {
        let files = &unit.facts.status.files;
        let is_generated = |path: &String| GENERATED.iter().any(|top| path.starts_with(top));
        for path in files.iter().filter(|path| !is_generated(path)) {
            let is_drop_in = path.ends_with(".conf");
            self.named(
                path,
                if is_drop_in {
                    FileRole::DropIn
                } else {
                    FileRole::UnitFile
                },
            );
        }
        let name = unit.facts.name.as_str();
        for folder in UNIT_FOLDERS {
            let drop_ins = format!("{folder}/{name}.d");
            for file in names_in(&view.place("/", &drop_ins)) {
                if file.ends_with(".conf") {
                    self.found(&format!("{drop_ins}/{file}"), FileRole::DropIn, &|path| {
                        view.place("/", path)
                    });
                }
            }
        }
        // One that systemd has not loaded yet is found, too.
        for folder in &UNIT_FOLDERS[..2] {
            let place = |path: &str| view.place("/", path);
            self.found(&format!("{folder}/{name}"), FileRole::UnitFile, &place);
        }
        for path in &unit.environment_files {
            if !path.contains('*') {
                self.named(path, FileRole::EnvironmentFile);
            }
        }
        let user = unit.facts.settings.iter().find(|one| one.name == "User");
        if user.is_some_and(|user| !matches!(user.value.as_str(), "root" | "0")) {
            self.named("/etc/passwd", FileRole::Accounts);
            self.named("/etc/group", FileRole::Accounts);
        }
    }

    /// Its programs, the files that their arguments name, and folders that are called like them.
    pub(super) fn of_programs(&mut self, unit: &UnitStart, configs: Vec<String>, place: Place<'_>) {
        let mut names = vec![unit.facts.name.stem().to_owned()];
        for command in &unit.facts.commands {
            if !command.path.starts_with('/') {
                continue;
            }
            self.found(&command.path, FileRole::Program, place);
            names.extend(command.path.rsplit('/').next().map(str::to_owned));
            for argument in command.argv.iter().skip(1) {
                if let Some(path) = path_in(argument) {
                    self.configuration(path, place);
                }
            }
        }
        for path in configs {
            self.configuration(&path, place);
        }
        for name in names {
            let name = name.split('@').next().unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            for file in ["/etc/default", "/etc/sysconfig"] {
                self.found(&format!("{file}/{name}"), FileRole::Configuration, place);
            }
            self.folder(&format!("/etc/{name}"), place);
        }
    }

    /// A file that is configuration as it seems, and its neighbours.
    pub(super) fn configuration(&mut self, path: &str, place: Place<'_>) {
        if !is_configuration(path) {
            return;
        }
        if place(path).is_dir() {
            return self.folder(path, place);
        }
        self.found(path, FileRole::Configuration, place);
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder, place);
        }
    }

    /// A file by its name, also if there is none.
    pub(super) fn named(&mut self, path: &str, role: FileRole) {
        if path.starts_with('/') && !self.files.iter().any(|(known, _)| known == path) {
            self.files.push((path.to_owned(), role));
        }
    }

    /// A file that may be there, or not.
    fn found(&mut self, path: &str, role: FileRole, place: Place<'_>) {
        let Ok(found) = fs::metadata(place(path)) else {
            return;
        };
        if !found.is_file() || self.files.iter().any(|(known, _)| known == path) {
            return;
        }
        let id = (found.dev(), found.ino());
        let Some(at) = self.seen.get(&id) else {
            self.seen.insert(id, self.files.len());
            self.files.push((path.to_owned(), role));
            return;
        };
        // What is enabled is linked to: programs call it so.
        let is_link = fs::symlink_metadata(place(path)).is_ok_and(|found| found.is_symlink());
        if let Some((known, _)) = self.files.get_mut(*at).filter(|_| is_link) {
            path.clone_into(known);
        }
    }

    fn folder(&mut self, folder: &str, place: Place<'_>) {
        let is_own = OF_CONFIGURATION.iter().any(|top| folder.starts_with(top));
        if !is_own || SHARED.contains(&folder.trim_end_matches('/')) {
            return;
        }
        let folder = folder.trim_end_matches('/').to_owned();
        if self.folders.contains(&folder) {
            return;
        }
        let mut waiting = vec![(folder, 0)];
        let mut left = MOST_OF_FOLDER;
        while let Some((folder, depth)) = waiting.pop() {
            self.folders.push(folder.clone());
            for name in names_in(&place(&folder)) {
                let path = format!("{folder}/{name}");
                let Ok(kind) = fs::symlink_metadata(place(&path)) else {
                    continue;
                };
                // A link to a folder may lead in a circle.
                if kind.is_dir() && depth < DEEPEST {
                    waiting.push((path, depth + 1));
                } else if !kind.is_dir() {
                    let Some(less) = left.checked_sub(1) else {
                        self.is_cut = true;
                        return;
                    };
                    left = less;
                    self.found(&path, FileRole::Configuration, place);
                }
            }
        }
    }

    pub(super) fn into_files(mut self, most: usize) -> Files {
        let is_cut = self.is_cut || self.files.len() > most;
        self.files.truncate(most);
        Files {
            paths: self.files,
            folders: self.folders,
            is_cut,
        }
    }
}

/// The names in a folder, in order; none where it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // Editors leave these.
    let mut names: Vec<String> = names
        .filter(|name| !name.ends_with('~') && !name.ends_with(".swp"))
        .take(MOST_OF_FOLDER * 2)
        .collect();
    names.sort();
    names
}

/// The path that an argument names: `/etc/a.conf`, `--config=/etc/a.conf`.
fn path_in(argument: &str) -> Option<&str> {
    let at = argument.find('/')?;
    let (option, path) = argument.split_at(at);
    let is_path = option.is_empty() || option.ends_with(['=', ':']) || option.len() == 2;
    is_path.then_some(path)
}

fn is_configuration(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    let is_passing = ["/run/", "/proc/", "/sys/", "/dev/", "/tmp/", "/var/log/"]
        .iter()
        .any(|top| path.starts_with(top));
    let is_own = OF_CONFIGURATION.iter().any(|top| path.starts_with(top));
    path.starts_with('/') && !is_passing && (is_own || ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn folders_of_one_program_are_looked_into_and_shared_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let place = |path: &str| root.path().join(path.trim_start_matches('/'));
        for path in [
            "/etc/passwd",
            "/etc/web/web.conf",
            "/etc/web/sites-available/shop",
            "/etc/web/web.conf~",
            "/srv/app/app.yml",
            "/srv/app/other.yml",
            "/etc/app.conf",
        ] {
            fs::create_dir_all(place(path).parent().unwrap()).unwrap();
            fs::write(place(path), path).unwrap();
        }
        fs::create_dir(place("/etc/web/sites-enabled")).unwrap();
        symlink(
            "../sites-available/shop",
            place("/etc/web/sites-enabled/shop"),
        )
        .unwrap();
        symlink("/etc/web", place("/etc/web/circle")).unwrap();
        let mut watched = Watched::default();
        for path in [
            "/etc/web/web.conf",
            "/etc/app.conf",
            "/srv/app/app.yml",
            "/var/lib/db",
        ] {
            watched.configuration(path, &place);
        }
        let paths: Vec<_> = watched
            .files
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        let expected = [
            "/etc/web/web.conf",
            "/etc/web/sites-enabled/shop",
            "/etc/app.conf",
            "/srv/app/app.yml",
        ];
        assert_eq!(paths, expected);
        assert!(watched.into_files(3).is_cut);
    }

    #[test]
    fn arguments_name_paths() {
        let cases = [
            ("/etc/a.conf", Some("/etc/a.conf")),
            ("--config=/etc/a.conf", Some("/etc/a.conf")),
            ("-c/etc/a.conf", Some("/etc/a.conf")),
            ("file:/etc/a.conf", Some("/etc/a.conf")),
            ("10.0.0.0/8", None),
            ("daemon on;", None),
        ];
        for (argument, path) in cases {
            assert_eq!(path_in(argument), path, "{argument}");
        }
    }
}
