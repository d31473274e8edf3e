//! What Debian's package manager knows of files. Its lists are read; it is never run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Instant,
};

use analysis::start_failure::changes::PackagePart;

const INFO: &str = "var/lib/dpkg/info";
/// Larger lists are none.
const MOST_LIST_BYTES: u64 = 8 << 20;

/// The packages that brought files, each with the most of what it brought; only of those that are
/// called like one of `names`, if there are any. None where this is no Debian, or it takes too long.
pub(crate) fn owners(
    root: &Path,
    files: &BTreeSet<(&str, PackagePart)>,
    names: Option<Vec<&str>>,
    until: Instant,
) -> BTreeMap<String, PackagePart> {
    let mut found = BTreeMap::new();
    let wanted: Vec<(String, PackagePart)> = files
        .iter()
        .map(|(path, part)| (real_name(root, path), *part))
        .collect();
    if wanted.is_empty() {
        return found;
    }
    let entries = fs::read_dir(root.join(INFO)).into_iter().flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(package) = name.to_str().and_then(|name| name.strip_suffix(".list")) else {
            continue;
        };
        let is_called = |names: &Vec<&str>| names.iter().any(|name| package.starts_with(name));
        if !names.as_ref().is_none_or(is_called) {
            continue;
        }
        if Instant::now() >= until {
            break;
        }
        let Some(list) = read(&entry.path()) else {
            continue;
        };
        let parts = wanted
            .iter()
            .filter(|(path, _)| has(&list, path))
            .map(|(_, part)| *part);
        if let Some(part) = parts.min() {
            found.insert(package.to_owned(), part);
        }
    }
    found
}

/// The files of an installed package. The log has `nginx:amd64` where the list is `nginx`.
pub(crate) fn list(root: &Path, package: &str) -> Option<String> {
    let short = package.split(':').next().unwrap_or_default();
    let folder = root.join(INFO);
    let names = [package, short].map(|name| folder.join(format!("{name}.list")));
    names.iter().find_map(|path| read(path))
}

fn read(path: &Path) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    let is_small = found.is_file() && found.len() <= MOST_LIST_BYTES;
    is_small.then(|| fs::read_to_string(path).ok()).flatten()
}

/// Whether a list has a file, by its real name. Older packages say `/lib` and `/bin` where newer
/// ones say `/usr/lib` and `/usr/bin`.
pub(crate) fn has(list: &str, path: &str) -> bool {
    let tail = path.strip_prefix("/usr").unwrap_or(path);
    let ends = list.match_indices(tail).filter(|(at, found)| {
        let rest = &list[at + found.len()..];
        let before = &list[..*at];
        let start = before.strip_suffix("/usr").unwrap_or(before);
        (rest.is_empty() || rest.starts_with('\n')) && (start.is_empty() || start.ends_with('\n'))
    });
    ends.count() > 0
}

/// The path without links of the distribution's alternatives: `/usr/bin/java`.
pub(crate) fn real_name(root: &Path, path: &str) -> String {
    let place = root.join(path.trim_start_matches('/'));
    let real = fs::canonicalize(place).ok();
    let real = real.as_deref().and_then(|real| {
        let below = real.strip_prefix(fs::canonicalize(root).ok()?).ok()?;
        Some(format!("/{}", below.to_str()?))
    });
    real.unwrap_or_else(|| path.to_owned())
}

/// The configuration files of packages that are installed.
pub(crate) fn conffiles<'a>(root: &Path, packages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lists =
        packages.filter_map(|package| read(&root.join(INFO).join(format!("{package}.conffiles"))));
    let of_list = |list: String| {
        let lines = list.lines().filter(|line| line.starts_with('/'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    lists.flat_map(of_list).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_packages_of_files_are_found() {
        let root = tempfile::tempdir().unwrap();
        let info = root.path().join(INFO);
        fs::create_dir_all(&info).unwrap();
        let write = |name: &str, text: &str| fs::write(info.join(name), text).unwrap();
        write("nginx.list", "/.\n/usr/sbin/nginx\n/usr/sbin/nginx-debug\n");
        write(
            "nginx-common.list",
            "/lib/systemd/system/nginx.service\n/etc/nginx/nginx.conf",
        );
        write(
            "nginx-common.conffiles",
            "/etc/nginx/nginx.conf\nremove-on-upgrade /x\n",
        );
        write("other.list", "/opt/usr/sbin/nginx\n/usr/sbin/nginx2\n");
        let until = Instant::now() + Duration::from_secs(60);
        let files = [
            ("/usr/sbin/nginx", PackagePart::Program),
            ("/usr/lib/systemd/system/nginx.service", PackagePart::Files),
        ];
        let found = owners(root.path(), &files.into(), None, until);
        let expected = [
            ("nginx".to_owned(), PackagePart::Program),
            ("nginx-common".to_owned(), PackagePart::Files),
        ];
        assert_eq!(found, expected.into());
        let by_name = owners(root.path(), &files.into(), Some(vec!["nginx-c"]), until);
        assert_eq!(by_name.len(), 1);
        let names = found.keys().map(String::as_str);
        assert_eq!(conffiles(root.path(), names), ["/etc/nginx/nginx.conf"]);
        assert!(list(root.path(), "nginx:amd64").is_some());
    }
}
