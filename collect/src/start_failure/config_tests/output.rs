//! What a test says.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _, path::Path, sync::LazyLock};

use analysis::{
    Timestamp,
    process::{ExitStatus, Signal},
    scrub::scrub_text,
    start_failure::{
        StartCause,
        config_test::{BlamedPlace, TestOutcome},
        says::says,
        telling::{only_warns, tells_of_error},
    },
};
use regex::{Captures, Regex};

use super::{
    command::Planned,
    table::{Row, Words},
};
use crate::{small_file, tool::ToolOutput};

/// Lines that are kept of a test that failed.
const MOST_LINES: usize = 12;
/// Larger files are not looked into.
const MOST_CONFIG_BYTES: u64 = 1 << 20;
/// Characters of a line.
const MOST_CHARS: usize = 500;

/// It has no network: what needs one cannot be judged.
static NEEDS_NETWORK: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)not resolve|host not found|name or service not known|name resolution|no such host|resolving .* failed";
    Regex::new(words).expect("it is a regular expression")
});

/// What a test found.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) outcome: TestOutcome,
    pub(super) lines: Vec<String>,
    pub(super) blames: Option<BlamedPlace>,
}

pub(super) fn status(output: &ToolOutput) -> Option<ExitStatus> {
    use std::os::unix::process::ExitStatusExt as _;
    if output.is_late {
        return None;
    }
    if let Some(code) = output.status.code() {
        return u8::try_from(code)
            .ok()
            .map(|code| ExitStatus::Exited { code });
    }
    let signal = output.status.signal()?;
    Some(ExitStatus::Signaled {
        signal: Signal(u8::try_from(signal).ok()?),
        core_dumped: false,
    })
}

/// Reads both outputs, that for errors first.
pub(super) fn read(planned: &Planned, status: Option<ExitStatus>, output: [&[u8]; 2]) -> Read {
    let row = &planned.row;
    let text = output.map(String::from_utf8_lossy);
    let lines: Vec<&str> = text.iter().flat_map(|text| text.lines()).collect();
    let outcome = outcome(row, &planned.argv, status, &lines);
    if outcome == TestOutcome::Passed {
        return Read {
            outcome,
            lines: Vec::new(),
            blames: None,
        };
    }
    let blames = blamed(planned, &lines);
    // It could not write, which may be all that it complains of.
    let complains = |line: &&str| !warns(row, line) && complains_of_config(line);
    let names_nothing = blames.is_none() && !lines.iter().any(complains);
    let is_held_back = names_nothing && lines.iter().any(|line| is_ours(line));
    if is_held_back || outcome == TestOutcome::Inconclusive {
        return Read {
            outcome: TestOutcome::Inconclusive,
            lines: Vec::new(),
            blames: None,
        };
    }
    Read {
        outcome,
        blames,
        lines: telling(row, &lines),
    }
}

fn outcome(row: &Row, argv: &[String], status: Option<ExitStatus>, lines: &[&str]) -> TestOutcome {
    let is_said = |words: &Words| lines.iter().any(|line| words.is_in(line));
    if row.is_invalid.as_ref().is_some_and(is_said) {
        return TestOutcome::Failed;
    }
    if row.is_valid.as_ref().is_some_and(is_said) {
        return TestOutcome::Passed;
    }
    let Some(ExitStatus::Exited { code }) = status else {
        return TestOutcome::Inconclusive;
    };
    let code = i32::from(code);
    let is_unknown = lines
        .iter()
        .any(|line| refuses(line, argv) || NEEDS_NETWORK.is_match(line))
        || row.says_nothing.as_ref().is_some_and(is_said);
    match () {
        () if row.valid.contains(&code) => TestOutcome::Passed,
        () if matches!(code, 126 | 127) || is_unknown => TestOutcome::Inconclusive,
        () if row.invalid.is_empty() || row.invalid.contains(&code) => TestOutcome::Failed,
        () => TestOutcome::Inconclusive,
    }
}

/// Whether an older version of the program does not know an option of the test.
fn refuses(line: &str, argv: &[String]) -> bool {
    let words = [
        "unknown",
        "unrecognized",
        "invalid option",
        "not defined",
        "illegal option",
    ];
    let is_named = |option: &String| match option.strip_prefix('-') {
        Some(letter) if letter.len() == 1 => line.contains(&format!("-- '{letter}'")),
        Some(long) => long.starts_with('-') && line.contains(option.as_str()),
        None => false,
    };
    let small = line.to_ascii_lowercase();
    words.iter().any(|word| small.contains(word)) && argv.iter().any(is_named)
}

/// Whether a line only warns: programs tell of these first, and fail because of another.
fn warns(row: &Row, line: &str) -> bool {
    only_warns(line) || row.warns.as_ref().is_some_and(|words| words.is_in(line))
}

/// The first place that is blamed for an error, by the words of the row.
fn blamed(planned: &Planned, lines: &[&str]) -> Option<BlamedPlace> {
    let row = &planned.row;
    let is_blaming =
        |line: &&str| !warns(row, line) && row.blames.iter().any(|words| words.is_in(line));
    let at = lines.iter().position(is_blaming)?;
    let found = row.blames.iter().find_map(|words| words.find(lines[at]))?;
    let path = found.name("path")?.as_str().to_owned();
    let below = row.line_below.as_ref();
    let below = below.and_then(|words| lines.get(at + 1).and_then(|line| words.find(line)));
    let part = |name: &str| {
        let of = |found: &Captures<'_>| Some(found.name(name)?.as_str().trim().to_owned());
        below.as_ref().and_then(of).or_else(|| of(&found))
    };
    let line = part("line").and_then(|line| line.parse().ok());
    Some(BlamedPlace {
        line,
        message: part("message").map(|message| shortened(&message)),
        fault: row.means,
        changed_at: changed_at(Path::new(&path)),
        is_doubtful: row.starts_anyway
            || planned.is_stand_in
            || gives_up_otherwise(row, &path, &lines[at + 1..])
            || line.is_some_and(|line| lacks_variable(Path::new(&path), line, planned)),
        path,
    })
}

/// Whether the program says later that it gives up for something else than its configuration.
fn gives_up_otherwise(row: &Row, path: &str, later: &[&str]) -> bool {
    static GIVES_UP: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\b(fatal|emerg|alert|panic|critical)\b";
        Regex::new(words).expect("it is a regular expression")
    });
    static OF_CONFIG: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)config|syntax|pars(e|ing)|\bline\b|directive|option|setting|parameter|unrecognized";
        Regex::new(words).expect("it is a regular expression")
    });
    let mut errors = later.iter().filter(|line| !warns(row, line));
    errors.any(|line| GIVES_UP.is_match(line) && !OF_CONFIG.is_match(line) && !line.contains(path))
}

/// Whether a line of a file uses a variable that the test had not.
fn lacks_variable(path: &Path, line: u32, planned: &Planned) -> bool {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"\$\{(\w+)|\$\(?([A-Z_][A-Z0-9_]*)\b|\{\$(\w+)|%\(ENV_(\w+)\)|\benv[.:](\w+)";
        Regex::new(words).expect("it is a regular expression")
    });
    let Some(bytes) = small_file::read(path, MOST_CONFIG_BYTES) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let line = text.lines().nth(at).unwrap_or_default();
    VARIABLE.captures_iter(line).any(|found| {
        let name = found.iter().skip(1).flatten().next();
        name.is_some_and(|name| !planned.variables.contains(name.as_str()))
    })
}

/// When a file became what it is. A copy may keep the time of its text, but not that of its inode;
/// and a link may be newer than what it leads to.
fn changed_at(path: &Path) -> Option<Timestamp> {
    let found = [fs::metadata(path).ok()?, fs::symlink_metadata(path).ok()?];
    let times = found.iter().flat_map(|found| {
        let changed = (found.ctime(), found.ctime_nsec());
        [(found.mtime(), found.mtime_nsec()), changed]
    });
    let (seconds, nanoseconds) = times.max()?;
    Timestamp::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)
}

/// The lines that say what is wrong, each once.
fn telling(row: &Row, lines: &[&str]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let said: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_end())
        .filter(|line| !line.is_empty() && !is_ours(line) && known.insert(*line))
        .collect();
    let tells =
        |line: &&&str| row.blames.iter().any(|words| words.is_in(line)) || tells_of_error(line);
    // Any number of warnings may come before the error.
    let mut found: Vec<&str> = said
        .iter()
        .filter(|line| tells(line) && !warns(row, line))
        .take(MOST_LINES)
        .copied()
        .collect();
    if found.is_empty() {
        let last = said.len().saturating_sub(MOST_LINES / 2);
        found.extend(&said[last..]);
    }
    found.into_iter().map(shortened).collect()
}

/// Whether a line says in common words that a file is wrong.
fn complains_of_config(line: &str) -> bool {
    let of_config = [StartCause::ConfigSyntax, StartCause::ConfigInvalidValue];
    says(line).is_some_and(|says| says.culprit.is_some() && of_config.contains(&says.cause))
}

/// What we forbade is none of the program's troubles.
fn is_ours(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let denied = ["permission denied", "operation not permitted"];
    denied.iter().any(|words| line.contains(words))
}

fn shortened(line: &str) -> String {
    let line = scrub_text(line);
    match line.char_indices().nth(MOST_CHARS) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests;
