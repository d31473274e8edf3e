//! The files that are taken for a program's configuration, and the ports that they name.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read as _,
    sync::LazyLock,
};

use analysis::start_failure::{facts::ConfigurationFact, says::is_config};
use regex::Regex;

use super::files;
use crate::systemd::UnitStart;

const MOST_FILES: usize = 3;
const MOST_BYTES: u64 = 256 * 1024;

/// `port 6379`, `Port = 8888`, `-p 11211`, `listen: 0.0.0.0:80`, `rpc-port=1`.
static PORT: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?im)^[ \t]*(?:-p|-{0,2}[\w.]*[-_]?port|listen[\w-]*|bind[\w-]*)\b[ \t]*[:= \t](?:[^#;\n]*[\s:\x22'=])?(?<port>\d{2,5})\b";
    Regex::new(words).expect("it is a regular expression")
});

/// The files that the unit's command line names; where it names none, those with the names of the
/// unit and of its program.
pub(super) fn of(unit: &UnitStart) -> Vec<ConfigurationFact> {
    let facts = files_of(unit).into_iter().map(|(path, text)| {
        let ports = ports(&text);
        ConfigurationFact { path, ports }
    });
    facts.collect()
}

/// What they say.
pub(super) fn texts(unit: &UnitStart) -> Vec<String> {
    let files = files_of(unit).into_iter();
    files.map(|(_, text)| text).collect()
}

fn files_of(unit: &UnitStart) -> Vec<(String, String)> {
    let Some(root) = &unit.root else {
        return Vec::new();
    };
    let mut paths: Vec<String> = Vec::new();
    let commands = || {
        let commands = unit.facts.commands.iter();
        commands.filter(|command| command.step == "ExecStart")
    };
    for word in commands().flat_map(|command| command.argv.iter().skip(1)) {
        let path = word.find('/').map(|at| &word[at..]);
        paths.extend(path.filter(|path| is_config(path)).map(str::to_owned));
    }
    if paths.is_empty() {
        let stem = unit.facts.name.stem();
        let programs = commands().filter_map(|command| command.path.rsplit('/').next());
        for name in [stem.split('@').next().unwrap_or(stem)]
            .into_iter()
            .chain(programs)
        {
            paths.push(format!("/etc/{name}/{name}.conf"));
            paths.push(format!("/etc/{name}.conf"));
        }
    }
    paths.dedup();
    let files = paths.into_iter().filter_map(|path| {
        let text = read(root, &path)?;
        Some((path, text))
    });
    files.take(MOST_FILES).collect()
}

fn read(root: &str, path: &str) -> Option<String> {
    let place = files::place(root, path);
    // Neither a pipe nor a device.
    fs::metadata(&place).ok().filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    let file = File::open(&place).ok()?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn ports(text: &str) -> BTreeSet<u16> {
    let found = PORT.captures_iter(text);
    found
        .filter_map(|found| found["port"].parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_ports_name_them() {
        // (line, port)
        let cases = [
            ("Port 8888", Some(8888)),
            ("-p 11211", Some(11211)),
            ("port = 5432", Some(5432)),
            ("listen_port: 6432", Some(6432)),
            ("listen-address  127.0.0.1:8118", Some(8118)),
            ("    bind 0.0.0.0:8080", Some(8080)),
            ("# port 99", None),
            ("timeout 600", None),
            ("-m 64", None),
        ];
        for (line, port) in cases {
            let found = ports(&format!("# ours\n{line}\nuser shop\n"));
            assert_eq!(found, port.into_iter().collect(), "{line}");
        }
    }
}
