//! What a unit's own settings forbid its program to do with files.

use super::facts::Setting;

/// Whether the program wanted to change the file, or only to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Write,
    Read,
}

/// Folders that `ProtectSystem=` makes read-only.
const OF_SYSTEM: [&str; 3] = ["/usr", "/boot", "/efi"];
/// Folders that `ProtectSystem=strict` leaves as they are.
const NOT_STRICT: [&str; 3] = ["/dev", "/proc", "/sys"];
/// Folders that `ProtectHome=` hides.
const OF_HOME: [&str; 3] = ["/home", "/root", "/run/user"];

/// The setting that keeps the program from a path. `None`: none does, as far as they tell.
pub fn forbids<'a>(settings: &'a [Setting], path: &str, wants: Wants) -> Option<&'a Setting> {
    let is_allowed = settings.iter().any(|setting| {
        matches!(
            setting.name.as_str(),
            "ReadWritePaths"
                | "StateDirectory"
                | "LogsDirectory"
                | "CacheDirectory"
                | "RuntimeDirectory"
                | "ConfigurationDirectory"
        ) && folders(setting).any(|folder| is_below(path, &folder))
    });
    let forbids = |setting: &&Setting| {
        let own = |folders: &[&str]| folders.iter().any(|folder| is_below(path, folder));
        match (setting.name.as_str(), setting.value.as_str(), wants) {
            ("InaccessiblePaths", _, _) => folders(setting).any(|folder| is_below(path, &folder)),
            ("ProtectHome", "yes" | "tmpfs", _) => own(&OF_HOME),
            _ if is_allowed => false,
            ("ReadOnlyPaths", _, Wants::Write) => {
                folders(setting).any(|folder| is_below(path, &folder))
            }
            ("ProtectHome", "read-only", Wants::Write) => own(&OF_HOME),
            ("ProtectSystem", "strict", Wants::Write) => !own(&NOT_STRICT),
            ("ProtectSystem", "full", Wants::Write) => own(&OF_SYSTEM) || is_below(path, "/etc"),
            ("ProtectSystem", "yes", Wants::Write) => own(&OF_SYSTEM),
            _ => false,
        }
    };
    settings.iter().find(forbids)
}

/// Below these programs have their data.
const OF_DATA: [&str; 5] = ["/var/lib", "/var/cache", "/var/log", "/run", "/srv"];
/// Settings that give a unit folders of its own.
const OF_UNITS: [&str; 5] = [
    "StateDirectory",
    "LogsDirectory",
    "CacheDirectory",
    "RuntimeDirectory",
    "ConfigurationDirectory",
];
/// What is below those, and is systemd's, the package manager's or everybody's.
const OF_OTHERS: [&str; 6] = [
    "/run/systemd",
    "/run/dbus",
    "/run/user",
    "/var/lib/systemd",
    "/var/lib/dpkg",
    "/var/lib/rpm",
];

/// Whether a path that a program names is where its data may be. It may name any path, and get a
/// hole in its sandbox, or a folder that is not for it.
pub(super) fn is_of_data(settings: &[Setting], path: &str) -> bool {
    let is_plain = path.starts_with('/') && path.split('/').all(|part| part != "..");
    let of_unit = settings
        .iter()
        .filter(|setting| OF_UNITS.contains(&setting.name.as_str()))
        .flat_map(folders);
    let is_own = of_unit.into_iter().any(|folder| is_below(path, &folder));
    let is_data = OF_DATA
        .iter()
        .any(|folder| is_below(path, folder) && path.trim_end_matches('/') != *folder);
    let is_others = OF_OTHERS.iter().any(|folder| is_below(path, folder));
    is_plain && (is_own || is_data && !is_others)
}

/// A path as one word of a unit's setting: systemd splits at spaces, and replaces what `%` begins.
pub(super) fn unit_word(path: &str) -> String {
    let mut word = String::new();
    for letter in path.chars() {
        match letter {
            '%' => word.push_str("%%"),
            '\\' => word.push_str(r"\\"),
            '"' => word.push_str(r#"\""#),
            _ if letter.is_control() => {
                let mut bytes = [0; 4];
                for byte in letter.encode_utf8(&mut bytes).bytes() {
                    word.push_str(&format!(r"\x{byte:02x}"));
                }
            }
            _ => word.push(letter),
        }
    }
    let is_plain = |letter: char| !letter.is_whitespace() && !"\\\"'".contains(letter);
    match word.chars().all(is_plain) {
        true => word,
        false => format!("\"{word}\""),
    }
}

/// The folders of a setting, which may be below one of systemd's own: `StateDirectory=app`.
fn folders(setting: &Setting) -> impl Iterator<Item = String> {
    let above = match setting.name.as_str() {
        "StateDirectory" => "/var/lib/",
        "LogsDirectory" => "/var/log/",
        "CacheDirectory" => "/var/cache/",
        "RuntimeDirectory" => "/run/",
        "ConfigurationDirectory" => "/etc/",
        _ => "",
    };
    let names = setting.value.split_whitespace();
    names.map(move |name| format!("{above}{}", name.trim_start_matches(['-', '+'])))
}

/// The setting that gives the program another folder in the place of this one.
pub fn hides<'a>(settings: &'a [Setting], path: &str) -> Option<&'a Setting> {
    let is_hidden = ["/tmp", "/var/tmp"]
        .iter()
        .any(|folder| is_below(path, folder));
    let is_one = |setting: &&Setting| setting.name == "PrivateTmp" && setting.value == "yes";
    settings.iter().find(is_one).filter(|_| is_hidden)
}

pub(super) fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_its_data_in_few_places() {
        let settings = [Setting {
            name: "ConfigurationDirectory".into(),
            value: "app".into(),
        }];
        // (path, whether its data may be there)
        let cases = [
            ("/var/lib/app/x", true),
            ("/run/app.sock", true),
            ("/srv/x", true),
            ("/etc/app/x", true),
            ("/etc", false),
            ("/etc/cron.d/x", false),
            ("/", false),
            ("/var/lib", false),
            ("/var/lib/", false),
            ("/var/lib/../../etc", false),
            ("/var/lib/dpkg/info", false),
            ("/run/systemd/system/x.service", false),
            ("/usr/bin", false),
            ("relative", false),
        ];
        for (path, expected) in cases {
            assert_eq!(is_of_data(&settings, path), expected, "{path}");
        }
    }

    #[test]
    fn systemd_takes_a_path_as_it_is() {
        // (path, word)
        let cases = [
            ("/srv/x", "/srv/x"),
            ("/srv/100%n", "/srv/100%%n"),
            ("/srv/a b", r#""/srv/a b""#),
            ("/srv/a\"b", r#""/srv/a\"b""#),
            (r"/srv/a\b", r#""/srv/a\\b""#),
            ("/srv/a\nExecStart=/x", r#""/srv/a\x0aExecStart=/x""#),
        ];
        for (path, word) in cases {
            assert_eq!(unit_word(path), word, "{path}");
        }
    }

    #[test]
    fn settings_forbid_what_systemds_manual_says() {
        use Wants::{Read, Write};
        let setting = |name: &str, value: &str| Setting {
            name: name.into(),
            value: value.into(),
        };
        // (settings, path, what is wanted, the setting that forbids it)
        let cases = [
            (
                vec![("ProtectSystem", "strict")],
                "/srv/x",
                Write,
                Some("ProtectSystem"),
            ),
            (vec![("ProtectSystem", "strict")], "/srv/x", Read, None),
            (
                vec![("ProtectSystem", "strict"), ("ReadWritePaths", "/srv")],
                "/srv/x",
                Write,
                None,
            ),
            (
                vec![("ProtectSystem", "strict"), ("StateDirectory", "app")],
                "/var/lib/app/x",
                Write,
                None,
            ),
            (
                vec![("ProtectSystem", "full")],
                "/etc/x",
                Write,
                Some("ProtectSystem"),
            ),
            (vec![("ProtectSystem", "full")], "/var/x", Write, None),
            (vec![("ProtectSystem", "yes")], "/usrlocal", Write, None),
            (
                vec![("ProtectHome", "yes")],
                "/home/ann/x",
                Read,
                Some("ProtectHome"),
            ),
            (
                vec![("InaccessiblePaths", "-/srv/secret")],
                "/srv/secret",
                Read,
                Some("InaccessiblePaths"),
            ),
            (
                vec![("ReadOnlyPaths", "/data")],
                "/data/x",
                Write,
                Some("ReadOnlyPaths"),
            ),
        ];
        for (settings, path, wants, expected) in cases {
            let settings: Vec<_> = settings
                .into_iter()
                .map(|(name, value)| setting(name, value))
                .collect();
            let found = forbids(&settings, path, wants).map(|setting| setting.name.as_str());
            assert_eq!(found, expected, "{settings:?} {path}");
        }
    }
}
