//! Whether the host bears out what the program says, or tells more of it.

use super::*;
use crate::start_failure::{
    facts::{FileState, FilesystemFact, PlaceFact},
    sandbox::{Wants, forbids, hides},
    ways::ClosedPlace,
};

/// The setting that leaves the program no network but its own.
const PRIVATE_NETWORK: &str = "PrivateNetwork";

/// Less than this of a file system, in parts of it, is full: what is written needs room for more.
const FULL: u64 = 100;
/// That much is room for most files, however large the file system is.
const ROOM_BYTES: u64 = 64 << 20;

/// Where programs make files; elsewhere they mostly read what an administrator has made.
const MADE_BELOW: [&str; 4] = ["/var/", "/run/", "/tmp/", "/srv/"];

/// What it comes to, how certain that is, and what was seen.
///
/// Nobody looked with the program's eyes: where nothing bears it out, it is what the program says.
pub(super) fn by_facts(says: Says, facts: &StartFacts) -> (Says, Certainty, Vec<Evidence>) {
    let inferred = |says, evidence| (says, Certainty::Inferred, evidence);
    let is_of_network = matches!(
        says.cause,
        StartCause::RemoteUnreachable | StartCause::NameNotResolved
    );
    if is_of_network && facts.setting(PRIVATE_NETWORK) == Some("yes") {
        let cause = StartCause::SandboxDenied;
        return inferred(
            Says { cause, ..says },
            vec![property(PRIVATE_NETWORK, "yes")],
        );
    }
    let Some(Culprit::Path { path, .. }) = &says.culprit else {
        return inferred(says, Vec::new());
    };
    let path = path.clone();
    let cause = |cause| Says {
        cause,
        culprit: Some(Culprit::path(&*path)),
    };
    let settings = facts.unit.as_ref().map_or(&[][..], |unit| &unit.settings);
    let by_setting = |wants| {
        let setting = forbids(settings, &path, wants)?;
        Some(vec![property(&setting.name, &*setting.value)])
    };
    let hidden = || {
        let by_other_folder = || {
            let setting = hides(settings, &path)?;
            Some(vec![property(&setting.name, &*setting.value)])
        };
        by_setting(Wants::Read).or_else(by_other_folder)
    };
    let Some(place) = facts.place(&path) else {
        return inferred(says, Vec::new());
    };
    match says.cause {
        StartCause::DiskFull => full(says, place),
        StartCause::ReadOnlyFilesystem => {
            let is_mounted_so = place.filesystem.is_some_and(|seen| seen.read_only);
            match by_setting(Wants::Write) {
                _ if is_mounted_so => (says, Certainty::Measured, filesystem(place)),
                Some(evidence) => (
                    cause(StartCause::SandboxDenied),
                    Certainty::Measured,
                    evidence,
                ),
                None => inferred(says, filesystem(place)),
            }
        }
        StartCause::PermissionDenied => match by_setting(Wants::Read) {
            Some(evidence) => inferred(cause(StartCause::SandboxDenied), evidence),
            // Whatever the file allows, its user cannot reach it.
            None => match closed_folder(&path, facts) {
                Some(folder) => {
                    let evidence = file(&folder.path, &folder.state());
                    let culprit = Some(Culprit::path(&*folder.path));
                    (
                        Says { culprit, ..says },
                        Certainty::Measured,
                        vec![evidence],
                    )
                }
                None => inferred(says, state(place)),
            },
        },
        // For us it is there, so the unit's settings hide it.
        StartCause::FileMissing | StartCause::ConfigMissing
            if matches!(place.state, FileState::File { .. } | FileState::Directory)
                && hidden().is_some() =>
        {
            let evidence = hidden().unwrap_or_default();
            inferred(cause(StartCause::SandboxDenied), evidence)
        }
        StartCause::FileMissing | StartCause::ConfigMissing => match &place.missing_folder {
            _ if place.state != FileState::Missing && by_setting(Wants::Read).is_some() => {
                // Here it is, and not for the program.
                let evidence = by_setting(Wants::Read).unwrap_or_default();
                inferred(cause(StartCause::SandboxDenied), evidence)
            }
            // Whoever makes a file needs its folder, and files are made here.
            Some(folder) if MADE_BELOW.iter().any(|above| path.starts_with(above)) => {
                let evidence = file(folder, "missing");
                let says = Says {
                    cause: StartCause::DirectoryMissing,
                    culprit: Some(Culprit::path(&**folder)),
                };
                inferred(says, vec![evidence])
            }
            _ if matches!(place.state, FileState::File { .. } | FileState::Directory) => {
                inferred(says, vec![file(&place.path, "there-now")])
            }
            _ => inferred(says, state(place)),
        },
        _ => inferred(says, state(place)),
    }
}

/// The folder on the way to a path that the unit's user may not pass.
fn closed_folder<'a>(path: &str, facts: &'a StartFacts) -> Option<&'a ClosedPlace> {
    let closed = facts.way(path)?.closed.as_ref();
    closed.filter(|place| place.is_folder)
}

fn full(says: Says, place: &PlaceFact) -> (Says, Certainty, Vec<Evidence>) {
    let evidence = filesystem(place);
    match place.filesystem {
        Some(seen) if has_no_inodes(seen) => {
            let says = Says {
                cause: StartCause::InodesFull,
                ..says
            };
            (says, Certainty::Measured, evidence)
        }
        Some(seen) if has_no_room(seen) => (says, Certainty::Measured, evidence),
        // There is room by now, or a quota was meant.
        _ => (says, Certainty::Inferred, evidence),
    }
}

fn has_no_room(seen: FilesystemFact) -> bool {
    seen.free_bytes < seen.bytes / FULL && seen.free_bytes < ROOM_BYTES
}

fn has_no_inodes(seen: FilesystemFact) -> bool {
    seen.inodes > 0 && seen.free_inodes == 0
}

fn filesystem(place: &PlaceFact) -> Vec<Evidence> {
    let evidence = place.filesystem.map(|seen| Evidence::Filesystem {
        path: place.path.clone(),
        bytes: seen.bytes,
        free_bytes: seen.free_bytes,
        inodes: seen.inodes,
        free_inodes: seen.free_inodes,
        read_only: seen.read_only,
    });
    evidence.into_iter().collect()
}

fn state(place: &PlaceFact) -> Vec<Evidence> {
    match &place.state {
        FileState::Missing => vec![file(&place.path, "missing")],
        FileState::File { mode } => vec![file(&place.path, &format!("mode {mode:o}"))],
        FileState::Directory => vec![file(&place.path, "directory")],
        FileState::Unreadable(_) => Vec::new(),
    }
}

fn file(path: &str, state: &str) -> Evidence {
    Evidence::File {
        path: path.to_owned(),
        state: state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::{facts::Setting, ways::WayFact};

    fn blamed(
        message: &str,
        place: PlaceFact,
        settings: &[(&str, &str)],
    ) -> (StartCause, Certainty) {
        let mut facts = failed("exit-code", exited(1), vec![line("app", message)]);
        facts.places = vec![place];
        let setting = |(name, value): &(&str, &str)| Setting {
            name: (*name).into(),
            value: (*value).into(),
        };
        facts.unit.as_mut().unwrap().settings = settings.iter().map(setting).collect();
        let finding = check(&facts).unwrap();
        (finding.cause, finding.certainty)
    }

    fn place(free_bytes: u64, free_inodes: u64, read_only: bool) -> PlaceFact {
        PlaceFact {
            path: "/srv/x".into(),
            state: FileState::Missing,
            missing_folder: None,
            filesystem: Some(FilesystemFact {
                bytes: 1 << 30,
                free_bytes,
                inodes: 1000,
                free_inodes,
                read_only,
            }),
        }
    }

    #[test]
    fn the_file_system_bears_it_out_or_not() {
        use Certainty::{Inferred, Measured};
        let full = "error: write /srv/x: No space left on device";
        let read_only = "error: open /srv/x: Read-only file system";
        let strict = [("ProtectSystem", "strict")];
        let cases = [
            (
                full,
                place(0, 10, false),
                &[][..],
                (StartCause::DiskFull, Measured),
            ),
            (
                full,
                place(1 << 29, 0, false),
                &[],
                (StartCause::InodesFull, Measured),
            ),
            (
                full,
                place(1 << 29, 10, false),
                &[],
                (StartCause::DiskFull, Inferred),
            ),
            (
                read_only,
                place(9, 9, true),
                &strict,
                (StartCause::ReadOnlyFilesystem, Measured),
            ),
            (
                read_only,
                place(9, 9, false),
                &strict,
                (StartCause::SandboxDenied, Measured),
            ),
            (
                read_only,
                place(9, 9, false),
                &[],
                (StartCause::ReadOnlyFilesystem, Inferred),
            ),
        ];
        for (message, place, settings, expected) in cases {
            assert_eq!(blamed(message, place, settings), expected, "{message}");
        }
    }

    #[test]
    fn a_large_disk_with_room_is_not_full() {
        let full = "error: write /srv/x: No space left on device";
        // (bytes of the file system, free ones, certainty)
        let cases = [
            (10 << 40, 99 << 30, Certainty::Inferred),
            (10 << 40, 1 << 20, Certainty::Measured),
            (1 << 30, 1 << 20, Certainty::Measured),
            (64 << 20, 1 << 20, Certainty::Inferred),
        ];
        for (bytes, free_bytes, certainty) in cases {
            let mut place = place(free_bytes, 10, false);
            place.filesystem.as_mut().unwrap().bytes = bytes;
            let found = blamed(full, place, &[]);
            assert_eq!(found, (StartCause::DiskFull, certainty), "{free_bytes}");
        }
        // Not the file system was full.
        let kernel = "error: inotify_add_watch /srv/x: No space left on device";
        let found = blamed(kernel, place(0, 10, false), &[]);
        assert_eq!(found, (StartCause::LimitTooLow, Certainty::Inferred));
    }

    #[test]
    fn a_unit_without_a_network_reaches_nobody() {
        let message = "connect to 10.77.0.1:8443 failed: Network is unreachable";
        let found = blamed(message, place(9, 9, false), &[("PrivateNetwork", "yes")]);
        assert_eq!(found, (StartCause::SandboxDenied, Certainty::Inferred));
    }

    #[test]
    fn a_folder_that_its_user_may_not_pass_is_to_blame() {
        let message = "cat: /srv/x: Permission denied";
        let mut facts = failed("exit-code", exited(1), vec![line("cat", message)]);
        facts.places = vec![place(9, 9, false)];
        facts.ways = vec![WayFact {
            path: "/srv/x".into(),
            noexec: None,
            closed: Some(ClosedPlace {
                path: "/srv".into(),
                is_folder: true,
                mode: 0o700,
                owners: "root:root".into(),
            }),
        }];
        let finding = check(&facts).unwrap();
        assert_eq!(finding.certainty, Certainty::Measured);
        assert_eq!(finding.culprit, Some(Culprit::path("/srv")));
        assert_eq!(finding.fixes[0].commands[0], "namei -l /srv");
        facts.ways.clear();
        assert_eq!(check(&facts).unwrap().certainty, Certainty::Inferred);
    }

    #[test]
    fn a_file_without_its_folder_misses_the_folder() {
        let mut missing = place(9, 9, false);
        let message = "error: open /srv/x: No such file or directory";
        assert_eq!(
            blamed(message, missing.clone(), &[]).0,
            StartCause::FileMissing
        );
        missing.missing_folder = Some("/srv".into());
        assert_eq!(
            blamed(message, missing, &[]).0,
            StartCause::DirectoryMissing
        );
    }
}
