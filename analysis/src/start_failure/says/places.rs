//! Where in a message the path stands that it complains about.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::start_failure::Culprit;

/// A regular expression of this program's own.
pub(super) fn regex(words: &str) -> Regex {
    Regex::new(words).expect("it is a regular expression")
}

/// A path as messages have it, with or without quotes.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:^|[\s"'`‘“(\[=<:])(?<path>/[^\s"'`’”:,;()\[\]<>]+)(?::(?<line>\d{1,7})|\((?<in_brackets>\d{1,7})\):|\[(?<in_square>\d{1,7})\]:)?"#,
    )
});

/// What configuration is called, wherever it lies.
static CONFIG: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^/(usr/local/)?etc/|\.(conf|cnf|cfg|config|ini|ya?ml|toml|json|xml|properties)$")
});

static LINE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bline:?\s+(?<line>\d{1,7})\b"));

/// Words of a program that gives up.
pub(super) static FATAL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(fatal|emerg|emergency|panic(ked)?|critical|\[?ABORT(ING)?\]?)\b|\bcannot start\b",
    )
});

/// Words of a program that goes on.
pub(super) static MILD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(warn|warning|notice|info|debug|retry(ing)?)\b"));

/// What lies below `/etc` and is none.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\.(key|pem|crt|cer|der|p12|jks|csr|txt|db|sqlite|sock|pid|lock|so|log|sh|py)$|/(passwd|shadow|\.?htpasswd|pwfile|users|secrets)$",
    )
});

/// Whether a file is called like a configuration, or lies where they lie.
pub fn is_config(path: &str) -> bool {
    CONFIG.is_match(path) && !OTHER.is_match(path)
}

/// The number in "line 12".
pub(in crate::start_failure) fn line_number(message: &str) -> Option<u32> {
    LINE.captures(message)?["line"].parse().ok()
}

/// The path that stands last before `words`; the first behind them if none does.
pub(super) fn path_near(message: &str, words: usize) -> Option<Culprit> {
    let mut paths = paths(message);
    let start = |found: &Captures<'_>| found.name("path").map_or(0, |path| path.start());
    let mut nearest = paths.next()?;
    for found in paths.take_while(|found| start(found) < words) {
        nearest = found;
    }
    Some(Culprit::path(clean(&nearest["path"])))
}

/// The first path of a message.
pub(in crate::start_failure) fn first_path(message: &str) -> Option<String> {
    Some(clean(&paths(message).next()?["path"]).to_owned())
}

/// The paths of a message. Those of URLs and of requests are no files.
fn paths(message: &str) -> impl Iterator<Item = Captures<'_>> {
    static REQUEST: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) $"));
    PATH.captures_iter(message).filter(move |found| {
        let start = found.name("path").map_or(0, |path| path.start());
        let before = &message[..start];
        let is_url = before.ends_with(':') && found["path"].starts_with("//");
        !is_url && !REQUEST.is_match(before)
    })
}

/// The first file of the message that is called like a configuration, and its line.
pub(super) fn config_in(message: &str) -> Option<Culprit> {
    let mut paths = paths(message);
    let found = paths.find(|found| is_config(clean(&found["path"])))?;
    let own = found
        .name("line")
        .or_else(|| found.name("in_brackets"))
        .or_else(|| found.name("in_square"))
        .and_then(|line| line.as_str().parse().ok());
    Some(Culprit::Path {
        path: clean(&found["path"]).to_owned(),
        line: own.or_else(|| line_number(message)),
    })
}

/// Without the full stop of its sentence.
fn clean(path: &str) -> &str {
    path.trim_end_matches('.')
}
