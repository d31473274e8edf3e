//! Reads why a program did not start, in its own words.
//!
//! Many programs say it in much the same words, most of them C's: a table of rules knows them. The
//! first rule that fits a line is what the line says.

mod places;
mod rules;

use super::{Culprit, LogLine, StartCause, telling::all_telling_lines};

pub(super) use self::places::{first_path, is_config, line_number};
use self::rules::{RULES, Rule};

/// What a line says of the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Says {
    pub cause: StartCause,
    pub culprit: Option<Culprit>,
}

/// The line that says best why the start failed: the first of those that the program itself takes
/// for the worst. Later ones are mostly its echo, and milder ones before it were survived.
pub fn why(log: &[LogLine]) -> Option<(&LogLine, Says)> {
    let lines = all_telling_lines(log).into_iter();
    let understood = lines.filter_map(|line| Some((line, says(&line.message)?)));
    understood.min_by_key(|(line, _)| severity(line))
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
    RULES.iter().find_map(|rule: &Rule| rule.read(message))
}

/// How bad a line is by its own word: the least is the worst.
fn severity(line: &LogLine) -> u8 {
    const CRITICAL: u8 = 2;
    let is_critical = line.priority.is_some_and(|priority| priority <= CRITICAL);
    match () {
        () if is_critical || places::FATAL.is_match(&line.message) => 0,
        () if places::MILD.is_match(&line.message) => 2,
        () => 1,
    }
}

#[cfg(test)]
mod tests;
