//! The real name behind an alias, where systemd cannot be asked: `mysql.service` is a link to
//! `mariadb.service` in one of the folders that units lie in.

use std::{fs, path::Path};

use analysis::identity::UnitName;

/// In systemd's order; see systemd.unit(5).
pub(super) const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// `name` itself, if it is no alias.
pub(super) fn real_name(name: &UnitName, folders: &[impl AsRef<Path>]) -> UnitName {
    let target = folders
        .iter()
        .map(|folder| folder.as_ref().join(name.as_str()))
        .find(|path| path.symlink_metadata().is_ok())
        .and_then(|path| fs::read_link(path).ok());
    let named = target
        .as_deref()
        .and_then(Path::file_name)
        .and_then(|file| file.to_str()?.parse::<UnitName>().ok());
    // A link to a unit's file elsewhere (`systemctl link`) has the unit's own name, and one to
    // /dev/null, which is no name of a unit, masks it.
    named.unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_names_the_unit_it_leads_to() {
        let root = tempfile::tempdir().unwrap();
        let (first, second) = (root.path().join("etc"), root.path().join("lib"));
        for folder in [&first, &second] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(second.join("mariadb.service"), "").unwrap();
        symlink(
            "/lib/systemd/system/mariadb.service",
            first.join("mysql.service"),
        )
        .unwrap();
        symlink("/dev/null", first.join("masked.service")).unwrap();
        symlink("/opt/app/app.service", first.join("app.service")).unwrap();
        let name = |text: &str| -> UnitName { text.parse().unwrap() };
        for (asked, real) in [
            ("mysql.service", "mariadb.service"),
            ("mariadb.service", "mariadb.service"),
            ("masked.service", "masked.service"),
            ("app.service", "app.service"),
            ("none.service", "none.service"),
        ] {
            assert_eq!(real_name(&name(asked), &[&first, &second]), name(real));
        }
    }
}
