//! What a unit is made of at one moment: its files, its settings, and what of the host it needs.
//!
//! The agent keeps one of each good start; a diagnosis takes one of now, in the same way. Only
//! reads, with a bound on their number and size.
//!
//! | module | what it does |
//! |---|---|
//! | [`watched`] | which files matter to a unit |
//! | [`stamp`] | reads one of them |
//! | [`host`] | the accounts and mounts |
//! | [`dpkg`] | what Debian's package manager knows of files |

pub(crate) mod dpkg;
mod host;
mod stamp;
mod watched;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Instant,
};

use analysis::start_failure::{
    changes::{
        FileRole, PackagePart,
        facts::{FileSeen, Snapshot},
    },
    facts::Setting,
};

use self::{stamp::Reader, watched::Watched};
use crate::{
    host::{ClockReading, Host},
    start_failure::{config_files, files::View},
    systemd::UnitStart,
};

/// Which packages may have brought a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packages {
    /// Any: their lists are read, which takes some 100 ms.
    All,
    /// Only such as are called like it, or like its programs.
    OfItsName,
}

/// Files that are looked at.
const MOST_FILES: usize = 300;

/// Reads all about a unit until `until`. `more` are files that matter as well; those that are
/// missing are told, too.
pub(crate) fn take(
    unit: &UnitStart,
    more: &[(String, FileRole)],
    scope: Packages,
    until: Instant,
) -> Snapshot {
    let view = View::of_manager(Path::new("/proc"));
    // Files of an image are not to be seen from here.
    let root = unit.root.as_deref();
    let place = |path: &str| view.place(root.unwrap_or_default(), path);
    let packages = packages(unit, scope, &place, until);
    let mut watched = Watched::default();
    watched.of_unit(unit, &view);
    if root.is_some() {
        watched.of_programs(unit, config_files(unit), &place);
        let names = packages.keys().map(String::as_str);
        for path in dpkg::conffiles(&place("/"), names) {
            watched.configuration(&path, &place);
        }
    }
    for (path, role) in more {
        watched.named(path, *role);
    }
    let files = watched.into_files(MOST_FILES);
    let mut reader = Reader::new(until);
    let mut seen = Vec::new();
    for (path, role) in &files.paths {
        // systemd reads these itself, before it takes another folder for `/`.
        let place = match role {
            FileRole::UnitFile | FileRole::DropIn | FileRole::EnvironmentFile => {
                view.place("/", path)
            }
            _ => place(path),
        };
        // What nobody may look at is neither there nor missing.
        if let Some(stamp) = reader.read(&place, *role, view.is_whole()) {
            seen.push(FileSeen {
                path: path.clone(),
                role: *role,
                stamp,
            });
        }
    }
    let status = &unit.facts.status;
    Snapshot {
        unit: Some(unit.facts.name.clone()),
        started_at: unit.started_at.or(status.since).unwrap_or_default(),
        taken_at: ClockReading::now().wall,
        kernel: Host::at("/").facts().ok().map(|facts| facts.kernel),
        files_cut: files.is_cut || reader.is_cut(),
        files: seen,
        folders: files.folders,
        settings: settings(unit),
        accounts: host::accounts(&unit.facts, &view.place("/", "/")),
        mounts: host::mounts(),
        packages,
    }
}

/// Packages of the unit's programs and of its file.
fn packages(
    unit: &UnitStart,
    scope: Packages,
    place: &dyn Fn(&str) -> std::path::PathBuf,
    until: Instant,
) -> BTreeMap<String, PackagePart> {
    let programs: BTreeSet<&str> = unit
        .facts
        .commands
        .iter()
        .map(|command| command.path.as_str())
        .filter(|path| path.starts_with('/'))
        .collect();
    let unit_file = unit.facts.status.files.first().map(String::as_str);
    let wanted = programs
        .iter()
        .map(|path| (*path, PackagePart::Program))
        .chain(unit_file.map(|path| (path, PackagePart::Files)));
    let names = match scope {
        Packages::All => None,
        Packages::OfItsName => {
            let programs = programs.iter().filter_map(|path| path.rsplit('/').next());
            let stem = unit.facts.name.stem().split('@').next();
            Some(programs.chain(stem).collect())
        }
    };
    dpkg::owners(&place("/"), &wanted.collect(), names, until)
}

/// What systemd has loaded for the unit.
fn settings(unit: &UnitStart) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |name: String, value: String| {
        let values: &mut String = found.entry(name).or_default();
        if !values.is_empty() {
            values.push_str("; ");
        }
        values.push_str(&value);
    };
    for Setting { name, value } in unit.facts.settings.iter().chain(&unit.limits) {
        add(name.clone(), value.clone());
    }
    for command in &unit.facts.commands {
        add(command.step.clone(), command.argv.join(" "));
    }
    for variable in &unit.environment {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        add(format!("Environment {name}"), value.to_owned());
    }
    found
}
