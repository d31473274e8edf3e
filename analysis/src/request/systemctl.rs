//! Reads a command line of `systemctl` as systemctl itself would.

use crate::{event::Verb, identity::UnitName};

/// Options whose argument may be the next word.
const SHORT_WITH_ARGUMENT: &str = "tpPnosHMC";
const LONG_WITH_ARGUMENT: [&str; 21] = [
    "--type",
    "--state",
    "--property",
    "--lines",
    "--output",
    "--signal",
    "--kill-who",
    "--kill-whom",
    "--kill-value",
    "--job-mode",
    "--what",
    "--check-inhibitors",
    "--preset-mode",
    "--message",
    "--legend",
    "--timestamp",
    "--drop-in",
    "--when",
    "--reboot-argument",
    "--boot-loader-menu",
    "--boot-loader-entry",
];
/// Options with which the request goes to another manager than this host's.
const ELSEWHERE: [&str; 6] = [
    "--user",
    "--host",
    "--machine",
    "--root",
    "--image",
    "--capsule",
];
/// Options with which nothing is asked for at all.
const NOTHING_ASKED: [&str; 3] = ["--help", "--version", "--dry-run"];

/// What a command line asks the system manager of this host for.
///
/// `None`: it is no `systemctl`, asks for nothing that starts or stops a unit, or talks to another
/// manager. Patterns (`nginx*`) are left out: which units they meant is not known here.
pub fn systemctl_request(argv: &[impl AsRef<str>]) -> Option<(Verb, Vec<UnitName>)> {
    let mut words = argv.iter().map(AsRef::as_ref);
    if super::base_name(words.next()?) != "systemctl" {
        return None;
    }
    let (now, operands) = operands(words)?;
    let (verb, units) = operands.split_first()?;
    let verb = verb_named(verb, now)?;
    let units: Vec<_> = units
        .iter()
        .filter_map(|name| UnitName::from_user(name).ok())
        .collect();
    (!units.is_empty()).then_some((verb, units))
}

/// Splits off the options. Returns whether `--now` was among them, and the other words.
fn operands<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(bool, Vec<&'a str>)> {
    let mut now = false;
    let mut operands = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            operands.extend(words);
            break;
        } else if word.starts_with("--") {
            let (name, argument) = match word.split_once('=') {
                Some((name, argument)) => (name, Some(argument)),
                None => (word, None),
            };
            if ELSEWHERE.contains(&name) || NOTHING_ASKED.contains(&name) {
                return None;
            }
            now |= name == "--now";
            if argument.is_none() && LONG_WITH_ARGUMENT.contains(&name) {
                words.next();
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            if short_options(letters)? {
                words.next();
            }
        } else {
            operands.push(word);
        }
    }
    Some((now, operands))
}

/// Reads a word of one-letter options. Returns whether the next word is an argument of the last;
/// `None` if the request goes elsewhere.
fn short_options(letters: &str) -> Option<bool> {
    let Some(at) = letters.find(|letter| SHORT_WITH_ARGUMENT.contains(letter) || letter == 'h')
    else {
        return Some(false);
    };
    match letters.as_bytes()[at] {
        b'H' | b'M' | b'C' | b'h' => None,
        _ => Some(at + 1 == letters.len()),
    }
}

fn verb_named(verb: &str, now: bool) -> Option<Verb> {
    match verb {
        "start" => Some(Verb::Start),
        "stop" => Some(Verb::Stop),
        // What only reloads units that can be reloaded restarts the others; a job tells which.
        "restart"
        | "try-restart"
        | "condrestart"
        | "reload-or-restart"
        | "reload-or-try-restart"
        | "try-reload-or-restart"
        | "force-reload" => Some(Verb::Restart),
        "reload" => Some(Verb::Reload),
        "kill" => Some(Verb::Kill),
        "enable" | "reenable" | "unmask" if now => Some(Verb::Start),
        "disable" | "mask" if now => Some(Verb::Stop),
        _ => None,
    }
}
