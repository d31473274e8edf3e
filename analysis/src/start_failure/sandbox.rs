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

fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
