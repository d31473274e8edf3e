//! What to do about what a program says.

use super::*;
use crate::{
    shell,
    start_failure::sandbox::{is_of_data, unit_word},
};

/// More than most programs need; systemd's own default of 1024 is for those that use `select`.
const MANY_FILES: &str = "LimitNOFILE=65536";

pub(super) fn of(says: &Says, facts: &StartFacts) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = first(says, facts).into_iter().collect();
    fixes.push(commands::read_log(facts));
    fixes
}

fn first(says: &Says, facts: &StartFacts) -> Option<Fix> {
    match says.culprit.as_ref()? {
        Culprit::Path { path, line } => Some(about_path(says.cause, path, *line, facts)),
        Culprit::User { user } => Some(commands::create_user(user, facts)),
        Culprit::Group { group } => Some(commands::create_group(group, facts)),
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
        Culprit::Address { address } => about_address(says.cause, address),
        Culprit::Capability { name } => Some(capability(name, facts)),
        Culprit::Limit { name } => Some(limit(name, facts)),
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
            commands: commands::set(&[format!("ReadWritePaths={}", unit_word(path))], facts),
            risky: !is_usual(path, facts),
        },
        _ => look(
            FixKind::ProvidePath { path: owned() },
            vec![format!("namei -l {word}")],
        ),
    }
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
    // A port alone, of any address.
    if matches!(host, "" | "*") {
        return None;
    }
    let word = shell::word(host);
    let command = match cause {
        StartCause::AddressNotAvailable => format!("ip -brief address | grep -wF {word}"),
        StartCause::NameNotResolved => format!("getent ahosts {word}"),
        _ => format!("ip route get {word}"),
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

fn limit(name: &str, facts: &StartFacts) -> Fix {
    // `fs.inotify.max_user_watches`
    if name.contains('.') {
        return kernel_limit(name, facts);
    }
    let setting = match name {
        "LimitNOFILE" => MANY_FILES.to_owned(),
        "LimitMEMLOCK" => "LimitMEMLOCK=infinity".to_owned(),
        _ => format!("{name}=4096"),
    };
    Fix {
        what: FixKind::RaiseLimit {
            name: name.to_owned(),
        },
        commands: commands::set(&[setting], facts),
        risky: false,
    }
}

/// Doubles a limit of the kernel, and keeps it so: nobody knows here what it is.
fn kernel_limit(name: &str, facts: &StartFacts) -> Fix {
    let doubled = match name {
        // Semaphores of a set, of all sets, operations of a call, and sets.
        "kernel.sem" => {
            r#""$(sysctl -n kernel.sem | awk '{ print $1, 2 * $2, $3, 2 * $4 }')""#.to_owned()
        }
        _ => format!("$((2 * $(sysctl -n {name})))"),
    };
    let mut commands = vec![
        format!("sysctl -w {name}={doubled}"),
        format!("sysctl {name} >> /etc/sysctl.d/90-aiops.conf"),
    ];
    commands.extend(commands::start(facts));
    Fix {
        what: FixKind::RaiseLimit {
            name: name.to_owned(),
        },
        commands,
        risky: false,
    }
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
