//! Reads why a program did not start, in its own words.
//!
//! Many programs say it in much the same words, most of them C's: a table of rules knows them. The
//! first rule that fits a line is what the line says.

mod addresses;
mod places;
mod rules;

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Culprit, LogLine, StartCause,
    last_word::{Afterwards, afterwards},
    telling::all_telling_lines,
};

pub(super) use self::addresses::{is_about_listening, port_of};
pub use self::places::is_config;
pub(super) use self::places::{first_path, line_number};
use self::{
    places::config_in,
    rules::{RULES, Rule},
};

/// What a line says of the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Says {
    pub cause: StartCause,
    pub culprit: Option<Culprit>,
}

/// The line that says best why the start failed: the first of those that the program itself takes
/// for the worst, and did not survive. Later ones are mostly its echo.
pub fn why(log: &[LogLine]) -> Option<(&LogLine, Says)> {
    let lines = all_telling_lines(log).into_iter();
    let understood = lines.filter_map(|line| Some((line, says_with_next(line, log)?)));
    let mut understood: Vec<_> = understood.collect();
    understood.sort_by_key(|(line, says)| severity(line, says));
    let mut ended = understood
        .into_iter()
        .filter(|(line, says)| afterwards(line, says, log) != Afterwards::WentOn);
    let (line, mut says) = ended.next()?;
    if says.culprit.is_none() && is_about_a_file(says.cause) {
        says.culprit = file_before(line, log);
    }
    if says.culprit.is_none() && is_of_config(says.cause) {
        match reason_behind(line, log) {
            Some(reason) => says = reason,
            None => says.culprit = place_behind(line, log),
        }
    }
    Some((line, says))
}

/// What the lines behind a complaint about the configuration say of it, where that is nothing about
/// the configuration: Redis shows the line that it could not use, and below it the error.
fn reason_behind(line: &LogLine, log: &[LogLine]) -> Option<Says> {
    let near: Vec<_> = behind(line, log).take(NEAR).collect();
    near.windows(2).find_map(|pair| {
        let shows = pair[0].message.trim_start().starts_with(">>>");
        let together = || says(&format!("{}: {}", pair[0].message, pair[1].message));
        let reason = shows.then(together)??;
        (!is_of_config(reason.cause) && reason.culprit.is_some()).then_some(reason)
    })
}

fn is_about_a_file(cause: StartCause) -> bool {
    matches!(
        cause,
        StartCause::FileMissing | StartCause::CertificateInvalid
    )
}

/// The file that a program said it would read, right before it could not.
fn file_before(line: &LogLine, log: &[LogLine]) -> Option<Culprit> {
    static READS: LazyLock<Regex> =
        LazyLock::new(|| places::regex(r"(?i)\b(loading|reading|opening)\b.{0,60}\bfile\b"));
    let at = log.iter().position(|other| std::ptr::eq(other, line))?;
    let above = log[..at].iter().rev();
    let mut near = above
        .filter(|other| other.source == line.source)
        .take(NEAR + 1);
    let reads = near.find(|other| READS.is_match(&other.message))?;
    first_path(&reads.message).map(Culprit::path)
}

/// Whether a line names the line of a configuration file that it is about.
pub(super) fn is_at_a_line(message: &str) -> bool {
    static AT_A_LINE: LazyLock<Regex> = LazyLock::new(|| places::regex(rules::AT_A_LINE));
    AT_A_LINE.is_match(message)
        && matches!(
            config_in(message),
            Some(Culprit::Path { line: Some(_), .. })
        )
}

/// Whether the words say that something is not there. Others only say that it cannot be used.
pub fn says_missing(message: &str) -> bool {
    static MISSING: LazyLock<Regex> = LazyLock::new(|| {
        places::regex(r"(?i)no such file|\bENOENT\b|not exist|n't exist|not found|missing")
    });
    MISSING.is_match(message)
}

/// What a Python exception says together with the line of the program that raised it, which names
/// what the exception does not: `s.bind("/run/app.sock")`.
fn says_with_source(line: &LogLine, log: &[LogLine]) -> Option<Says> {
    let at = log.iter().position(|other| std::ptr::eq(other, line))?;
    let above = log[..at].iter().rev();
    let mut own = above.filter(|other| other.source == line.source);
    // Some versions mark the part of the line.
    let is_mark = |text: &str| text.trim().chars().all(|letter| "^~".contains(letter));
    let raised = own.find(|other| !is_mark(&other.message))?;
    let is_source = raised.message.starts_with("    ");
    let together = || says(&format!("{}: {}", raised.message.trim(), line.message));
    let says = is_source.then(together)??;
    (!is_of_config(says.cause) && says.culprit.is_some()).then_some(says)
}

/// Lines behind one that may belong to it.
const NEAR: usize = 3;

/// What a line says. One that ends with a colon goes on in the next: Apache tells where in the one,
/// and what in the other.
fn says_with_next(line: &LogLine, log: &[LogLine]) -> Option<Says> {
    if line.message.trim_end().ends_with(':')
        && let Some(next) = behind(line, log).next()
    {
        let alone = says(&next.message).filter(|says| !is_of_config(says.cause));
        let together = || says(&format!("{} {}", line.message.trim_end(), next.message));
        return alone.or_else(together);
    }
    says(&line.message).or_else(|| says_with_source(line, log))
}

/// Where programs stand that tell what is wrong in one line, and where in the next ones.
fn place_behind(line: &LogLine, log: &[LogLine]) -> Option<Culprit> {
    let words = regex_of_place();
    let mut near = behind(line, log).take(NEAR);
    near.find_map(|other| {
        words
            .is_match(&other.message)
            .then(|| config_in(&other.message))?
    })
}

fn regex_of_place() -> &'static Regex {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        places::regex(
            r"(?i)\b(error found at|contains errors|errors? in|in file)\b|^\(?['\x22]?/\S+ line \d",
        )
    });
    &PLACE
}

/// The lines of the same program behind one.
fn behind<'a>(line: &'a LogLine, log: &'a [LogLine]) -> impl Iterator<Item = &'a LogLine> {
    let at = log.iter().position(|other| std::ptr::eq(other, line));
    let rest = at.map_or(&[][..], |at| &log[at + 1..]);
    rest.iter().filter(|other| other.source == line.source)
}

fn is_of_config(cause: StartCause) -> bool {
    matches!(
        cause,
        StartCause::ConfigSyntax | StartCause::ConfigInvalidValue
    )
}

/// The paths that lines about errors blame, for somebody to look at.
pub fn blamed_paths(log: &[LogLine]) -> Vec<String> {
    let mut paths = Vec::new();
    for line in all_telling_lines(log) {
        if let Some(Culprit::Path { path, .. }) = says(&line.message).and_then(|says| says.culprit)
            && !paths.contains(&path)
        {
            paths.push(path);
        }
    }
    paths
}

/// What a message says of a failure. `None`: nothing that is known here.
pub fn says(message: &str) -> Option<Says> {
    if is_of_remote(message) || is_of_source(message) || is_of_kernel_file(message) {
        return None;
    }
    RULES.iter().find_map(|rule: &Rule| rule.read(message))
}

/// Whether a line is about what somebody asked a program for that runs: they may ask for anything.
fn is_of_remote(message: &str) -> bool {
    static OF_REMOTE: LazyLock<Regex> = LazyLock::new(|| {
        places::regex(
            r"\[preauth\]|\bclient: \S+, server: |\brequest: \x22|\bfrom [0-9a-fA-F.:]+ port \d",
        )
    });
    OF_REMOTE.is_match(message)
}

/// Whether a line is about the program's own text, and no configuration.
fn is_of_source(message: &str) -> bool {
    let kinds = ["SyntaxError:", "IndentationError:", "TabError:"];
    kinds
        .iter()
        .any(|kind| message.trim_start().starts_with(kind))
}

/// Whether a line says "no space" of what is on no disk: a cgroup without CPUs, a full table.
fn is_of_kernel_file(message: &str) -> bool {
    static OF_KERNEL: LazyLock<Regex> = LazyLock::new(|| {
        places::regex(
            r"(?i)/sys/|/proc/|\bcgroups?\b|\bcpuset|\bbpf\b|\bperf_event|\bnetlink\b|\bsem_open",
        )
    });
    static NO_SPACE: LazyLock<Regex> =
        LazyLock::new(|| places::regex(r"(?i)no space left on device|\bENOSPC\b"));
    NO_SPACE.is_match(message) && OF_KERNEL.is_match(message)
}

/// Whether a line says that the program gives up.
pub(super) fn is_fatal(line: &LogLine) -> bool {
    const CRITICAL: u8 = 2;
    let is_critical = line.priority.is_some_and(|priority| priority <= CRITICAL);
    is_critical || places::FATAL.is_match(&line.message)
}

/// How bad a line is by its own word: the least is the worst.
fn severity(line: &LogLine, says: &Says) -> u8 {
    // Who names the line of a file knows best, whatever is said in the end.
    let is_exact = matches!(says.culprit, Some(Culprit::Path { line: Some(_), .. }));
    match () {
        () if is_exact => 0,
        () if is_fatal(line) => 0,
        () if places::MILD.is_match(&line.message) => 2,
        () => 1,
    }
}

#[cfg(test)]
mod services;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timestamps;
