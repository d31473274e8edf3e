//! The logs of package managers: which package became which version, and when.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::Timestamp;

/// A package that was installed, exchanged or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEvent {
    pub at: Timestamp,
    pub name: String,
    /// `None`: it was not installed, or the log does not say.
    pub before: Option<String>,
    /// `None`: it is not installed any more.
    pub after: Option<String>,
}

/// A line of `/var/log/dpkg.log`, which has the host's local time; `zone` makes a moment of that.
///
/// `2026-11-21 15:57:07 upgrade libc-bin:amd64 2.36-9+deb12u13 2.36-9+deb12u14`
pub fn dpkg(line: &str, zone: impl Fn(NaiveDateTime) -> Option<Timestamp>) -> Option<PackageEvent> {
    let mut words = line.split(' ');
    let (day, time, action) = (words.next()?, words.next()?, words.next()?);
    if !matches!(action, "install" | "upgrade" | "remove" | "purge") {
        return None;
    }
    let (name, before, after) = (words.next()?, words.next()?, words.next()?);
    let local = NaiveDateTime::parse_from_str(&format!("{day} {time}"), "%Y-%m-%d %H:%M:%S");
    let version = |text: &str| (text != "<none>").then(|| text.to_owned());
    // Of a package that was removed, and its configuration left, an install names the version of
    // that, which may be the one that is installed.
    let before = version(before).filter(|_| action != "install");
    // What is purged was removed before, or is by this.
    let after = version(after).filter(|_| matches!(action, "install" | "upgrade"));
    Some(PackageEvent {
        at: zone(local.ok()?)?,
        name: name.to_owned(),
        before,
        after,
    })
}

/// A line of `/var/log/pacman.log`.
///
/// `[2026-11-21T15:57:07+0100] [ALPM] upgraded openssl (3.3.1-1 -> 3.3.2-1)`
pub fn pacman(line: &str) -> Option<PackageEvent> {
    let (time, rest) = line.strip_prefix('[')?.split_once("] [ALPM] ")?;
    let (action, rest) = rest.split_once(' ')?;
    let (name, versions) = rest.split_once(" (")?;
    let versions = versions.strip_suffix(')')?;
    let (before, after) = match action {
        "upgraded" | "downgraded" => {
            let (before, after) = versions.split_once(" -> ")?;
            (Some(before), Some(after))
        }
        "installed" => (None, Some(versions)),
        "removed" => (Some(versions), None),
        _ => return None,
    };
    Some(PackageEvent {
        at: moment(time)?,
        name: name.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    })
}

/// A line of `/var/log/dnf.rpm.log`. It has the new version and the old one in two lines.
///
/// `2026-11-21T15:57:07+0000 SUBDEBUG Upgrade: nginx-1:1.20.1-14.el9.x86_64`
pub fn dnf(line: &str) -> Option<PackageEvent> {
    let (time, rest) = line.split_once(' ')?;
    let (action, package) = rest.strip_prefix("SUBDEBUG ")?.split_once(": ")?;
    let (name, version) = name_and_version(package.trim())?;
    let (before, after) = match action {
        "Installed" | "Upgrade" | "Downgrade" => (None, Some(version)),
        "Upgraded" | "Downgraded" | "Erase" | "Removed" | "Obsoleted" => (Some(version), None),
        _ => return None,
    };
    Some(PackageEvent {
        at: moment(time)?,
        name,
        before,
        after,
    })
}

/// `nginx-core-1:1.20.1-14.el9.x86_64`: the name, and the version without the kind of machine.
fn name_and_version(package: &str) -> Option<(String, String)> {
    let (package, _) = package.rsplit_once('.')?;
    let (rest, release) = package.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some((name.to_owned(), format!("{version}-{release}")))
}

fn moment(text: &str) -> Option<Timestamp> {
    let formats = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%#z"];
    let mut read = formats
        .iter()
        .filter_map(|format| DateTime::parse_from_str(text, format).ok());
    Some(read.next()?.with_timezone(&Utc))
}

/// What became of each package since `since`: one event each, from the first version to the last.
/// One that is what it was is left out.
pub(super) fn since(events: &[PackageEvent], since: Timestamp) -> Vec<PackageEvent> {
    let mut by_name: BTreeMap<&str, PackageEvent> = BTreeMap::new();
    for event in events.iter().filter(|event| event.at > since) {
        match by_name.get_mut(event.name.as_str()) {
            None => drop(by_name.insert(&event.name, event.clone())),
            Some(known) => {
                // dnf says the new version first, and then the old one.
                let is_other_half = known.before.is_none() && event.after.is_none();
                if is_other_half && event.at - known.at < chrono::TimeDelta::minutes(10) {
                    known.before.clone_from(&event.before);
                    continue;
                }
                (known.at, known.after) = (event.at, event.after.clone());
            }
        }
    }
    let changed = |event: &PackageEvent| event.before != event.after;
    by_name.into_values().filter(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seconds: i64, name: &str, before: &str, after: &str) -> PackageEvent {
        let version = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        PackageEvent {
            at: Timestamp::from_timestamp(seconds, 0).unwrap(),
            name: name.into(),
            before: version(before),
            after: version(after),
        }
    }

    #[test]
    fn lines_of_package_managers_are_read() {
        let utc = |local: NaiveDateTime| Some(local.and_utc());
        let at = 1_795_276_627;
        let cases = [
            (
                dpkg(
                    "2026-11-21 15:57:07 upgrade libc6:amd64 2.36-9 2.36-10",
                    utc,
                ),
                Some(event(at, "libc6:amd64", "2.36-9", "2.36-10")),
            ),
            (
                dpkg("2026-11-21 15:57:07 install nginx:amd64 <none> 1.22", utc),
                Some(event(at, "nginx:amd64", "", "1.22")),
            ),
            (
                dpkg("2026-11-21 15:57:07 install nginx:amd64 1.22 1.22", utc),
                Some(event(at, "nginx:amd64", "", "1.22")),
            ),
            (
                dpkg("2026-11-21 15:57:07 remove nginx:amd64 1.22 <none>", utc),
                Some(event(at, "nginx:amd64", "1.22", "")),
            ),
            (
                dpkg("2026-11-21 15:57:07 status installed nginx:amd64 1.22", utc),
                None,
            ),
            (
                pacman("[2026-11-21T16:57:07+0100] [ALPM] upgraded openssl (3.3.1-1 -> 3.3.2-1)"),
                Some(event(at, "openssl", "3.3.1-1", "3.3.2-1")),
            ),
            (
                pacman("[2026-11-21T15:57:07+0000] [ALPM] removed nginx (1.26-1)"),
                Some(event(at, "nginx", "1.26-1", "")),
            ),
            (
                pacman("[2026-11-21T15:57:07+0000] [PACMAN] Running 'pacman -Syu'"),
                None,
            ),
            (
                dnf("2026-11-21T15:57:07+0000 SUBDEBUG Upgrade: nginx-core-1:1.20.1-14.el9.x86_64"),
                Some(event(at, "nginx-core", "", "1:1.20.1-14.el9")),
            ),
            (
                dnf("2026-11-21T15:57:07Z SUBDEBUG Erase: nginx-1:1.20.1-14.el9.x86_64"),
                Some(event(at, "nginx", "1:1.20.1-14.el9", "")),
            ),
            (
                dnf("2026-11-21T15:57:07Z INFO --- logging initialized ---"),
                None,
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn of_several_events_of_a_package_the_first_and_the_last_version_count() {
        let events = [
            event(5, "old", "1", "2"),
            event(20, "up", "1", "2"),
            event(30, "up", "2", "3"),
            event(30, "back", "1", ""),
            event(40, "back", "", "1"),
            event(50, "of-dnf", "", "2"),
            event(51, "of-dnf", "1", ""),
        ];
        let found = since(&events, Timestamp::from_timestamp(10, 0).unwrap());
        let expected = [event(50, "of-dnf", "1", "2"), event(30, "up", "1", "3")];
        assert_eq!(found, expected);
    }
}
