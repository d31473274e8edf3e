//! What to do about what a program says.

use super::*;
use crate::{
    shell,
    start_failure::sandbox::{Wants, forbids, hides, is_below, is_of_data, unit_word},
};

pub(super) fn of(says: &Says, facts: &StartFacts) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = first(says, facts).into_iter().collect();
    fixes.push(commands::read_log(facts));
    fixes
}

fn first(says: &Says, facts: &StartFacts) -> Option<Fix> {
    if says.cause == StartCause::AlreadyRunning
        && let Some(fix) = other_self::remove_stale(facts)
    {
        return Some(fix);
    }
    match says.culprit.as_ref()? {
        Culprit::Path { path, line } => Some(about_path(says.cause, path, *line, facts)),
        // A program may name any word so, and a user that is made stays.
        Culprit::User { user } => Some(risky(commands::create_user(user, facts))),
        Culprit::Group { group } => Some(risky(commands::create_group(group, facts))),
        Culprit::Library { name } => Some(look(
            FixKind::InstallLibrary { name: name.clone() },
            vec![format!(
                "apt-file search {0} || dnf provides '*/{0}'",
                shell::word(name)
            )],
        )),
        Culprit::Address { .. } if says.cause == StartCause::PrivilegedPort => {
            Some(capability("CAP_NET_BIND_SERVICE", facts))
        }
        Culprit::Address { address } if says.cause == StartCause::SandboxDenied => Some(Fix {
            what: FixKind::AllowPath {
                path: address.clone(),
            },
            commands: commands::set(&["PrivateNetwork=no".to_owned()], facts),
            risky: true,
        }),
        Culprit::Address { address } => about_address(says.cause, address),
        Culprit::Capability { name } => Some(capability(name, facts)),
        Culprit::Limit { name } if name == too_few_tasks::LIMIT => {
            Some(too_few_tasks::raise(facts))
        }
        // Which one it needs only its manual tells.
        Culprit::Limit { .. } if says.cause == StartCause::CapabilityMissing => repair_unit(facts),
        Culprit::Limit { name } => Some(limits::raise(name, facts)),
        Culprit::Process(_) | Culprit::Unit { .. } | Culprit::SystemCall { .. } => None,
    }
}

fn about_path(cause: StartCause, path: &str, line: Option<u32>, facts: &StartFacts) -> Fix {
    let owned = || path.to_owned();
    let word = shell::word(path);
    match cause {
        StartCause::ConfigSyntax | StartCause::ConfigInvalidValue => {
            commands::correct_file(path, line, None, facts)
        }
        StartCause::DirectoryMissing => make_directory(path, facts),
        StartCause::DiskFull | StartCause::InodesFull => look(
            FixKind::FreeSpace { path: owned() },
            vec![
                format!("df -h {word}; df -i {word}"),
                format!(
                    "du -xh --max-depth=2 \"$(df --output=target {word} | tail -1)\" | sort -h | tail"
                ),
            ],
        ),
        StartCause::ReadOnlyFilesystem => look(
            FixKind::FindReadOnly { path: owned() },
            vec![
                format!("findmnt -T {word}"),
                "journalctl -k -b -g 'remount|I/O error' -n 20 --no-pager".to_owned(),
            ],
        ),
        StartCause::AlreadyRunning | StartCause::DataLocked | StartCause::SocketPathInUse => look(
            FixKind::FindUser { path: owned() },
            vec![format!("fuser -v {word}"), format!("ls -l {word}")],
        ),
        StartCause::CertificateInvalid => look(
            FixKind::InspectCertificate { path: owned() },
            vec![format!("openssl x509 -noout -subject -dates -in {word}")],
        ),
        StartCause::PermissionDenied => commands::allow_access(path),
        StartCause::SandboxDenied => Fix {
            what: FixKind::AllowPath { path: owned() },
            commands: commands::set(&hole(path, facts), facts),
            risky: !is_usual(path, facts),
        },
        StartCause::FileMissing | StartCause::ConfigMissing if is_there(path, facts) => Fix {
            what: FixKind::ResetAndStart,
            commands: commands::start(facts),
            risky: false,
        },
        StartCause::InterpreterMissing if has_carriage_return(path) => end_lines(facts),
        _ => look(
            FixKind::ProvidePath { path: owned() },
            vec![format!("namei -l {word}")],
        ),
    }
}

fn is_there(path: &str, facts: &StartFacts) -> bool {
    let is_there =
        |state: &FileState| matches!(state, FileState::File { .. } | FileState::Directory);
    facts
        .place(path)
        .is_some_and(|place| is_there(&place.state))
}

/// Settings that let the program use a path.
///
/// No hole can be made in what is hidden; and a path that is not there keeps the unit from starting.
fn hole(path: &str, facts: &StartFacts) -> Vec<String> {
    let settings = facts.unit.as_ref().map_or(&[][..], |unit| &unit.settings);
    let hides = forbids(settings, path, Wants::Read).or_else(|| hides(settings, path));
    match hides {
        Some(setting) if setting.name == "InaccessiblePaths" => {
            let words = setting.value.split_whitespace();
            let others = words.filter(|word| !is_below(path, word.trim_start_matches(['-', '+'])));
            let others: Vec<_> = others.collect();
            // An empty one takes back all that were given before.
            let mut lines = vec!["InaccessiblePaths=".to_owned()];
            lines.extend(
                (!others.is_empty()).then(|| format!("InaccessiblePaths={}", others.join(" "))),
            );
            lines
        }
        Some(setting) if setting.name == "ProtectHome" && setting.value == "yes" => {
            vec!["ProtectHome=read-only".to_owned()]
        }
        Some(_) => vec![format!("BindReadOnlyPaths={}", unit_word(path))],
        None => vec![writable(path, facts)],
    }
}

/// Folders in which systemd makes one for a unit.
const OF_UNITS: [(&str, &str); 4] = [
    ("/var/lib/", "StateDirectory"),
    ("/var/log/", "LogsDirectory"),
    ("/var/cache/", "CacheDirectory"),
    ("/run/", "RuntimeDirectory"),
];

/// The setting that makes a path writable: what is not there yet needs the folder above it.
fn writable(path: &str, facts: &StartFacts) -> String {
    let place = facts
        .place(path)
        .filter(|place| place.state == FileState::Missing);
    let Some(place) = place else {
        return format!("ReadWritePaths={}", unit_word(path));
    };
    let missing = place.missing_folder.as_deref();
    let of_unit = OF_UNITS.iter().find_map(|(above, setting)| {
        let name = missing?.strip_prefix(above)?;
        Some(format!("{setting}={}", unit_word(name)))
    });
    let above = |path: &str| match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
        _ => "/".to_owned(),
    };
    of_unit.unwrap_or_else(|| {
        format!(
            "ReadWritePaths={}",
            unit_word(&above(missing.unwrap_or(path)))
        )
    })
}

/// Makes a folder, if it is not there: `install` would give one that is there to the unit's user.
fn make_directory(path: &str, facts: &StartFacts) -> Fix {
    let is_there = facts
        .place(path)
        .is_some_and(|place| place.state != FileState::Missing);
    let word = shell::word(path);
    if is_there {
        return look(
            FixKind::ProvidePath {
                path: path.to_owned(),
            },
            vec![format!("namei -l {word}")],
        );
    }
    let mut fix = commands::make_directory(path, facts);
    if let Some(install) = fix.commands.first_mut() {
        *install = format!("test -e {word} || {install}");
    }
    fix.risky = !is_usual(path, facts);
    fix
}

/// Whether programs have their data there. What a program says may be meant to get it more.
fn is_usual(path: &str, facts: &StartFacts) -> bool {
    let settings = facts.unit.as_ref().map_or(&[][..], |unit| &unit.settings);
    is_of_data(settings, path)
}

fn about_address(cause: StartCause, address: &str) -> Option<Fix> {
    let is_bare = address.parse::<std::net::Ipv6Addr>().is_ok();
    let host = match address.rsplit_once(':') {
        Some((host, port)) if !is_bare && port.parse::<u16>().is_ok() => host,
        _ => address,
    };
    let host = host.trim_matches(['[', ']']);
    let port = address
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
    let is_unreachable = cause == StartCause::RemoteUnreachable;
    let here = port.filter(|_| is_here && is_unreachable && !is_bare);
    // A port alone, of any address.
    if matches!(host, "" | "*") && here.is_none() {
        return None;
    }
    let word = shell::word(host);
    let command = match (cause, here) {
        (_, Some(port)) => format!("ss -ltnp 'sport = :{port}'"),
        (StartCause::AddressNotAvailable, None) => format!("ip -brief address | grep -wF {word}"),
        (StartCause::NameNotResolved, None) => format!("getent ahosts {word}"),
        (_, None) => format!("ip route get {word}"),
    };
    let what = FixKind::CheckAddress {
        address: address.to_owned(),
    };
    Some(look(what, vec![command]))
}

/// Any other is worth as much as root is, or nearly.
const HARMLESS_CAPABILITIES: [&str; 3] = ["CAP_NET_BIND_SERVICE", "CAP_IPC_LOCK", "CAP_SYS_NICE"];

fn capability(name: &str, facts: &StartFacts) -> Fix {
    let mut settings = vec![format!("AmbientCapabilities={name}")];
    // It is of no use outside of the bounding set, and one that is given adds to the one before.
    let bounding_set = facts.setting("CapabilityBoundingSet");
    if bounding_set.is_some_and(|set| !set.split(' ').any(|one| one == name)) {
        settings.push(format!("CapabilityBoundingSet={name}"));
    }
    Fix {
        what: FixKind::AllowCapability {
            name: name.to_owned(),
        },
        commands: commands::set(&settings, facts),
        risky: !HARMLESS_CAPABILITIES.contains(&name),
    }
}

fn risky(fix: Fix) -> Fix {
    Fix { risky: true, ..fix }
}

fn look(what: FixKind, commands: Vec<String>) -> Fix {
    Fix {
        what,
        commands,
        risky: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::facts::PlaceFact;

    #[test]
    fn an_address_is_asked_for_without_what_is_around_it() {
        // (address, command)
        let cases = [
            ("10.0.0.5:80", Some("ip route get 10.0.0.5")),
            ("[fe80::1]:80", Some("ip route get fe80::1")),
            ("fe80::1", Some("ip route get fe80::1")),
            (":80", None),
            ("*:80", None),
        ];
        for (address, command) in cases {
            let fix = about_address(StartCause::RemoteUnreachable, address);
            let found = fix.map(|fix| fix.commands[0].clone());
            assert_eq!(found.as_deref(), command, "{address}");
        }
    }

    fn first_fix(cause: StartCause, path: &str, state: Option<FileState>) -> Fix {
        let mut facts = failed("exit-code", exited(1), vec![]);
        facts.places = state
            .map(|state| PlaceFact {
                path: path.into(),
                state,
                missing_folder: None,
                filesystem: None,
            })
            .into_iter()
            .collect();
        let culprit = Some(Culprit::path(path));
        of(&Says { cause, culprit }, &facts).remove(0)
    }

    #[test]
    fn who_is_only_named_in_a_log_is_not_made_without_a_look() {
        let facts = failed("exit-code", exited(1), vec![]);
        let user = Some(Culprit::User { user: "app".into() });
        let cause = StartCause::UserMissing;
        let fix = of(
            &Says {
                cause,
                culprit: user,
            },
            &facts,
        )
        .remove(0);
        assert_eq!(
            (fix.commands[0].as_str(), fix.risky),
            ("useradd --system app", true)
        );
    }

    fn commands_for(settings: &[(&str, &str)], place: PlaceFact) -> String {
        let mut facts = failed("exit-code", exited(1), vec![]);
        let setting = |(name, value): &(&str, &str)| crate::start_failure::facts::Setting {
            name: (*name).into(),
            value: (*value).into(),
        };
        facts.unit.as_mut().unwrap().settings = settings.iter().map(setting).collect();
        let culprit = Some(Culprit::path(&*place.path));
        facts.places = vec![place];
        let cause = StartCause::SandboxDenied;
        of(&Says { cause, culprit }, &facts).remove(0).commands[1].clone()
    }

    #[test]
    fn a_hole_is_made_where_one_can_be_made() {
        let there = || FileState::File { mode: 0o644 };
        let strict = ("ProtectSystem", "strict");
        // (setting, path, its state, first folder that is missing, what lets the program use it)
        let cases = [
            (
                strict,
                "/var/lib/b40.db",
                FileState::Missing,
                None,
                "ReadWritePaths=/var/lib",
            ),
            (
                strict,
                "/var/lib/app/a.db",
                FileState::Missing,
                Some("/var/lib/app"),
                "StateDirectory=app",
            ),
            (
                strict,
                "/srv/app/a.db",
                FileState::Missing,
                Some("/srv/app"),
                "ReadWritePaths=/srv",
            ),
            (
                strict,
                "/var/lib/a.db",
                there(),
                None,
                "ReadWritePaths=/var/lib/a.db",
            ),
            (
                ("ProtectHome", "yes"),
                "/home/app/x",
                there(),
                None,
                "ProtectHome=read-only",
            ),
            (
                ("ProtectHome", "tmpfs"),
                "/home/app/x",
                there(),
                None,
                "BindReadOnlyPaths=/home/app/x",
            ),
            (
                ("InaccessiblePaths", "/srv/x -/srv/y"),
                "/srv/x/f",
                there(),
                None,
                "InaccessiblePaths= InaccessiblePaths=-/srv/y",
            ),
            (
                ("PrivateTmp", "yes"),
                "/tmp/x.conf",
                there(),
                None,
                "BindReadOnlyPaths=/tmp/x.conf",
            ),
        ];
        for (setting, path, state, missing, expected) in cases {
            let place = PlaceFact {
                path: path.into(),
                state,
                missing_folder: missing.map(Into::into),
                filesystem: None,
            };
            let command = commands_for(&[setting], place).replace('\'', "");
            let expected = format!("[Service] {expected} >>");
            assert!(command.contains(&expected), "{path}: {command}");
        }
    }

    #[test]
    fn an_address_is_looked_for_as_the_tool_writes_it() {
        // (cause, address, command)
        let cases = [
            (
                StartCause::AddressNotAvailable,
                "[2001:db8::1]:7114",
                "ip -brief address | grep -wF 2001:db8::1",
            ),
            (
                StartCause::RemoteUnreachable,
                "localhost:7444",
                "ss -ltnp 'sport = :7444'",
            ),
            (
                StartCause::RemoteUnreachable,
                "10.0.0.5:5432",
                "ip route get 10.0.0.5",
            ),
        ];
        for (cause, address, command) in cases {
            assert_eq!(about_address(cause, address).unwrap().commands, [command]);
        }
    }

    #[test]
    fn a_script_with_carriage_returns_is_given_other_line_ends() {
        let culprit = Some(Culprit::path(r"python3\r"));
        let cause = StartCause::InterpreterMissing;
        let facts = failed("exit-code", exited(127), vec![]);
        let fix = of(&Says { cause, culprit }, &facts).remove(0);
        assert_eq!(fix.commands[0], r"sed -i 's/\r$//' /usr/sbin/nginx");
    }

    #[test]
    fn a_hole_in_the_sandbox_is_risky_but_for_data() {
        // (path, setting, whether it is risky)
        let cases = [
            ("/var/lib/app", "ReadWritePaths=/var/lib/app", false),
            ("/etc", "ReadWritePaths=/etc", true),
            (
                "/var/lib/../../etc",
                "ReadWritePaths=/var/lib/../../etc",
                true,
            ),
            ("/srv/100%n", "ReadWritePaths=/srv/100%%n", false),
        ];
        for (path, setting, risky) in cases {
            let fix = first_fix(StartCause::SandboxDenied, path, None);
            assert!(fix.commands[1].contains(setting), "{fix:?}");
            assert_eq!(fix.risky, risky, "{path}");
        }
    }

    #[test]
    fn a_folder_that_is_there_is_not_given_away() {
        // (path, what it is, whether a folder is made, whether that is risky)
        let cases = [
            ("/srv/app", Some(FileState::Missing), true, false),
            ("/srv/app", None, true, false),
            ("/etc/cron.d/x", Some(FileState::Missing), true, true),
            ("/etc", Some(FileState::Directory), false, false),
        ];
        for (path, state, made, risky) in cases {
            let fix = first_fix(StartCause::DirectoryMissing, path, state);
            let is_guarded = fix.commands[0].starts_with(&format!("test -e {path} || install -d"));
            assert_eq!((is_guarded, fix.risky), (made, risky), "{fix:?}");
        }
    }
}
