//! The table of tests: ours, and those of the site.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{LazyLock, OnceLock},
};

use analysis::{limitation::Limitation, start_failure::config_test::ConfigFault};
use regex::{Captures, Regex};
use serde::Deserialize;

/// Where a site has its own.
pub(super) const OF_SITE: &str = "/etc/aiops/config-tests.d";
/// Larger files, and more of them, are no tables that somebody wrote.
const MOST_BYTES: u64 = 256 * 1024;
const MOST_FILES: usize = 64;

/// One way to test a configuration; `config_tests.toml` says what its parts mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: String,
    /// Of `/etc`, not ours.
    #[serde(skip)]
    pub(super) is_of_site: bool,
    programs: Vec<String>,
    #[serde(default)]
    pub(super) script: bool,
    #[serde(default)]
    pub(super) carried: Vec<String>,
    #[serde(default)]
    pub(super) not_with: Vec<String>,
    #[serde(default)]
    pub(super) arguments: Option<Words>,
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) config: Config,
    pub(super) user: Option<String>,
    #[serde(default = "valid")]
    pub(super) valid: Vec<i32>,
    #[serde(default)]
    pub(super) invalid: Vec<i32>,
    pub(super) is_valid: Option<Words>,
    pub(super) is_invalid: Option<Words>,
    pub(super) says_nothing: Option<Words>,
    pub(super) warns: Option<Words>,
    #[serde(default)]
    pub(super) starts_anyway: bool,
    #[serde(default)]
    pub(super) writes: bool,
    #[serde(default)]
    pub(super) blames: Vec<Words>,
    pub(super) line_below: Option<Words>,
    pub(super) means: Option<ConfigFault>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) options: Vec<String>,
    #[serde(default)]
    pub(super) default: String,
    #[serde(default)]
    pub(super) is_built_in: bool,
}

/// A regular expression of the table, compiled when it is needed: the agent asks the table about
/// every service that starts, and needs next to none of its hundreds.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct Words {
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Words {
    fn from(pattern: String) -> Self {
        let compiled = OnceLock::new();
        Self { pattern, compiled }
    }
}

impl Words {
    pub(super) fn is_in(&self, line: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(line))
    }

    pub(super) fn find<'a>(&self, line: &'a str) -> Option<Captures<'a>> {
        self.regex()?.captures(line)
    }

    /// The names of its groups.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let regex = self.regex().into_iter();
        regex.flat_map(|regex| regex.capture_names().flatten())
    }

    /// What does not compile is found nowhere; a file with such is refused.
    fn regex(&self) -> Option<&Regex> {
        let compile = || Regex::new(&self.pattern).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

fn valid() -> Vec<i32> {
    vec![0]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Row>,
}

impl Row {
    fn words(&self) -> impl Iterator<Item = &Words> {
        let once = [
            &self.arguments,
            &self.is_valid,
            &self.is_invalid,
            &self.says_nothing,
            &self.warns,
            &self.line_below,
        ];
        once.into_iter().flatten().chain(&self.blames)
    }

    /// Whether it is for a program: `/usr/sbin/php-fpm8.2`.
    pub(super) fn is_for(&self, program: &str) -> bool {
        let name = program.rsplit('/').next().unwrap_or_default();
        self.programs
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == pattern,
            })
    }
}

/// Rows of the site, which come first, and ours.
#[derive(Debug)]
pub(super) struct Table {
    of_site: Vec<Row>,
}

impl Table {
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.of_site.iter().chain(OURS.iter())
    }
}

static OURS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let table: Result<File, _> = toml::from_str(include_str!("../config_tests.toml"));
    table.map(|file| file.test).unwrap_or_default()
});

/// Reads the table; what the site has wrong is left out, and told.
pub(super) fn read(of_site: &Path, limits: &mut Vec<Limitation>) -> Table {
    let mut rows = Vec::new();
    for path in files(of_site) {
        match of_file(&path) {
            Ok(found) => rows.extend(found.into_iter().map(|row| Row {
                is_of_site: true,
                ..row
            })),
            Err(why) => limits.push(Limitation {
                what: path.display().to_string(),
                why,
                count: 1,
            }),
        }
    }
    Table { of_site: rows }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|name| name == "toml"))
        .take(MOST_FILES)
        .collect();
    found.sort();
    found
}

/// Its commands may run as root: only root may have written them.
fn of_file(path: &Path) -> Result<Vec<Row>, String> {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    let folder = path.parent().unwrap_or(path);
    for place in [folder, path] {
        let found = fs::metadata(place).map_err(|error| error.to_string())?;
        if found.uid() != 0 || found.mode() & WRITABLE_BY_OTHERS != 0 {
            let place = place.display();
            return Err(format!("others than root may write to {place}"));
        }
        if place == path && (!found.is_file() || found.len() > MOST_BYTES) {
            return Err("it is no table of tests".to_owned());
        }
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: File = toml::from_str(&text).map_err(|error| error.to_string())?;
    for words in file.test.iter().flat_map(Row::words) {
        Regex::new(&words.pattern).map_err(|error| error.to_string())?;
    }
    Ok(file.test)
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn our_table_is_whole() {
        let table = read(Path::new("/none"), &mut Vec::new());
        // (program, test)
        let cases = [
            ("/usr/sbin/nginx", Some("nginx")),
            ("/usr/sbin/php-fpm8.2", Some("php-fpm")),
            ("/opt/nginx-exporter", None),
            ("/usr/bin/redis-server", None),
        ];
        for (program, name) in cases {
            let found = table.rows().find(|row| row.is_for(program));
            assert_eq!(found.map(|row| row.name.as_str()), name, "{program}");
        }
        for row in table.rows() {
            let uses_config = row.command.iter().any(|word| word == "{config}");
            assert_eq!(uses_config, !row.config.options.is_empty(), "{}", row.name);
            assert!(row.words().all(|words| words.regex().is_some()));
            let mut groups = row.blames.iter().flat_map(Words::names);
            let known = ["path", "line", "message"];
            assert!(groups.all(|group| known.contains(&group)));
        }
    }

    #[test]
    fn a_site_adds_its_own_and_nobody_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        let write = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        let row = "[[test]]\nname = 'ours'\nprograms = ['nginx']\ncommand = ['{program}', '-T']\n";
        let faulty = format!("{row}is_valid = '('\n");
        // (file, its mode, the test of nginx if root owns it, words of the limitation)
        let cases = [
            (row, 0o644, "ours", ""),
            (row, 0o664, "nginx", "others than root"),
            ("[[test]]\nnam = 1\n", 0o644, "nginx", "unknown field"),
            (&faulty, 0o644, "nginx", "unclosed group"),
        ];
        for (text, mode, name, why) in cases {
            write(text, mode);
            let mut limits = Vec::new();
            let table = read(folder.path(), &mut limits);
            let is_root = fs::metadata(&path).unwrap().uid() == 0;
            if !is_root {
                assert!(limits[0].why.starts_with("others than root"));
                continue;
            }
            let found = table.rows().find(|row| row.is_for("nginx")).unwrap();
            assert_eq!(found.name, name);
            assert_eq!(limits.is_empty(), why.is_empty());
            assert!(
                limits.iter().all(|limit| limit.why.contains(why)),
                "{limits:?}"
            );
        }
    }
}
