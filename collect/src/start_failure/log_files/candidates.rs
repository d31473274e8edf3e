//! Where the log files of a unit may lie.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::fits;
use crate::{start_failure::configurations, systemd::UnitStart};

/// A place where a log may lie.
pub(super) struct Candidate {
    /// A path, with at most one `*` in its last part.
    pub(super) pattern: String,
    /// Whether the unit itself names it, and not only something that is called like it.
    pub(super) is_named: bool,
}

/// Where programs write that have another name than their folder: the program, and its files. A
/// `*` stands for anything within a name.
const KNOWN: [(&str, &[&str]); 14] = [
    (
        "mariadbd",
        &[
            "/var/log/mysql/*",
            "/var/log/mariadb/*",
            "/var/lib/mysql/*.err",
        ],
    ),
    (
        "mysqld",
        &[
            "/var/log/mysql/*",
            "/var/log/mysqld.log",
            "/var/lib/mysql/*.err",
        ],
    ),
    ("pg_ctlcluster", &["/var/log/postgresql/*"]),
    (
        "postgres",
        &["/var/log/postgresql/*", "/var/lib/pgsql/data/log/*"],
    ),
    (
        "postmaster",
        &["/var/log/postgresql/*", "/var/lib/pgsql/data/log/*"],
    ),
    ("apachectl", &["/var/log/apache2/*"]),
    ("httpd", &["/var/log/httpd/*"]),
    ("php-fpm*", &["/var/log/php*fpm.log", "/var/log/php-fpm/*"]),
    ("redis-server", &["/var/log/redis/*"]),
    ("smbd", &["/var/log/samba/log.smbd"]),
    ("nmbd", &["/var/log/samba/log.nmbd"]),
    ("supervisord", &["/var/log/supervisor/supervisord.log"]),
    ("grafana*", &["/var/log/grafana/*"]),
    ("rabbitmq-server", &["/var/log/rabbitmq/*"]),
];

/// Programs that run others, with or without the number of a version: their names say nothing.
const RUNNERS: [&str; 34] = [
    "sh",
    "bash",
    "dash",
    "zsh",
    "ksh",
    "fish",
    "busybox",
    "env",
    "python",
    "pypy",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "deno",
    "bun",
    "java",
    "php",
    "lua",
    "tclsh",
    "dotnet",
    "mono",
    "sudo",
    "su",
    "runuser",
    "setpriv",
    "nice",
    "ionice",
    "timeout",
    "flock",
    "stdbuf",
    "chroot",
    "tini",
    "systemd-cat",
];

/// What below `/var/log` is of all services, and not of one that is called so.
const OF_ALL: [&str; 24] = [
    "auth", "authpriv", "cron", "daemon", "kern", "kernel", "lpr", "mail", "maillog", "news",
    "user", "uucp", "syslog", "messages", "secure", "debug", "boot", "dmesg", "apt", "dpkg",
    "journal", "audit", "private", "log",
];

pub(super) fn of(unit: &UnitStart) -> Vec<Candidate> {
    let named = of_unit(unit).into_iter().map(|pattern| (pattern, true));
    let guessed = of_names(unit).into_iter().map(|pattern| (pattern, false));
    let found = named.chain(guessed);
    found
        .map(|(pattern, is_named)| Candidate { pattern, is_named })
        .collect()
}

/// Those of the files that the unit's configuration names.
pub(super) fn configured<'a>(
    unit: &UnitStart,
    files: impl Iterator<Item = &'a Path>,
) -> BTreeSet<PathBuf> {
    let texts = configurations::texts(unit);
    let is_named = |path: &&Path| {
        let path = path.to_string_lossy();
        texts.iter().any(|text| text.contains(&*path))
    };
    files.filter(is_named).map(Path::to_owned).collect()
}

/// What its settings and its command line name.
fn of_unit(unit: &UnitStart) -> Vec<String> {
    let mut found = unit.output_files.clone();
    let settings = unit.facts.settings.iter();
    for setting in settings.filter(|setting| setting.name == "LogsDirectory") {
        let folders = setting.value.split_whitespace();
        found.extend(folders.map(|folder| format!("/var/log/{folder}/*")));
    }
    for command in &unit.facts.commands {
        let words = command.argv.iter().skip(1);
        found.extend(words.filter_map(|word| log_path(word)));
    }
    found
}

/// What is called like it, or like its programs.
fn of_names(unit: &UnitStart) -> Vec<String> {
    let mut found = Vec::new();
    let name = unit.facts.name.stem();
    let mut names = vec![name.split('@').next().unwrap_or(name)];
    for command in &unit.facts.commands {
        let program = command.path.rsplit('/').next().unwrap_or_default();
        names.push(program);
        let known = KNOWN.iter().filter(|(name, _)| fits(name, program));
        found.extend(known.flat_map(|(_, paths)| paths.iter().map(|path| (*path).to_owned())));
    }
    names.dedup();
    found.extend(names.into_iter().flat_map(called_like));
    found
}

/// The files of a name, and not those of one that only begins like it: `shop` is not `shop-admin`.
fn called_like(name: &str) -> Vec<String> {
    let kind = name.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    if name.is_empty() || RUNNERS.contains(&kind) || OF_ALL.contains(&name) {
        return Vec::new();
    }
    let ends = [".log", ".err*", "-err*", "_err*", "/*"];
    ends.iter()
        .map(|end| format!("/var/log/{name}{end}"))
        .collect()
}

/// The log file that an argument names: `--log-file=/srv/x.log`, `/srv/x.log`.
fn log_path(word: &str) -> Option<String> {
    let path = &word[word.find('/')?..];
    let is_log = word.to_ascii_lowercase().contains("log") && !path.contains('*');
    is_log.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_own_files_and_no_others() {
        // (unit or program, file, whether it is taken)
        let cases = [
            ("shop", "/var/log/shop.log", true),
            ("shop", "/var/log/shop-error.log", true),
            ("shop", "/var/log/shop.err", true),
            ("shop", "/var/log/shop/today.log", true),
            ("shop", "/var/log/shop-admin.log", false),
            ("shop", "/var/log/shopping.log", false),
            ("php8.2-fpm", "/var/log/php8.2-fpm.log", true),
            ("k", "/var/log/kern.log", false),
            ("kern", "/var/log/kern.log", false),
            ("mail", "/var/log/mail.log", false),
            ("mail", "/var/log/mail.err", false),
            ("python3", "/var/log/python3.log", false),
            ("python3.11", "/var/log/python3.11.log", false),
            ("bash", "/var/log/bash.log", false),
            ("", "/var/log/.log", false),
        ];
        for (name, file, taken) in cases {
            let found = called_like(name).iter().any(|pattern| fits(pattern, file));
            assert_eq!(found, taken, "{name} {file}");
        }
    }

    #[test]
    fn an_argument_may_name_a_log() {
        assert_eq!(
            log_path("--log-error=/srv/e.err").as_deref(),
            Some("/srv/e.err")
        );
        assert_eq!(log_path("/etc/app.conf"), None);
    }
}
