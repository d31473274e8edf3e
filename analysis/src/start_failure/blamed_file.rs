//! Reads which file a program blames, in the words of many programs.

use std::sync::LazyLock;

use regex::Regex;

use super::{LogLine, telling::telling_lines};

/// What a program says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blame {
    /// It may not do what it has to. `None`: it does not say with what.
    Denied {
        path: Option<String>,
    },
    Missing {
        path: String,
    },
    /// Its configuration is wrong, in this line if it says so.
    Config {
        path: String,
        line: Option<u32>,
    },
}

/// The first of the lines that tell of an error which also blames a file.
pub fn blamed_file(log: &[LogLine]) -> Option<(&LogLine, Blame)> {
    let lines = telling_lines(log).into_iter();
    lines
        .filter_map(|line| Some((line, blame(&line.message)?)))
        .next()
}

/// A path as messages have it, with or without quotes.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?:^|[\s"'`(\[=<])(?<path>/[^\s"'`:,;()\[\]<>]+)(?::(?<line>\d{1,7}))?"#;
    Regex::new(words).expect("it is a regular expression")
});

static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)permission denied|\bEACCES\b|operation not permitted|\bEPERM\b";
    Regex::new(words).expect("it is a regular expression")
});

/// Shells say "not found" of commands, and name themselves as the path: no such words here.
static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)no such file or directory|\bENOENT\b").expect("it is a regular expression")
});

/// How programs say that they do not understand their configuration.
static CONFUSED: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?ix) \b (syntax | directive | unknown | unrecognized | invalid | unexpected
        | pars(e|er|ing) | unsupported | duplicate | not\ allowed | bad | expected | malformed) \b";
    Regex::new(words).expect("it is a regular expression")
});

/// What configuration is called, wherever it lies.
static CONFIG: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"^/(usr/local/)?etc/|\.(conf|cnf|cfg|config|ini|ya?ml|toml|json|xml|properties)$";
    Regex::new(words).expect("it is a regular expression")
});

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bline:?\s+(?<line>\d{1,7})\b").expect("it is a regular expression")
});

fn blame(message: &str) -> Option<Blame> {
    if let Some(words) = DENIED.find(message) {
        let path = nearest(message, words.start());
        return Some(Blame::Denied { path });
    }
    if let Some(words) = MISSING.find(message) {
        let path = nearest(message, words.start())?;
        return Some(Blame::Missing { path });
    }
    if !CONFUSED.is_match(message) {
        return None;
    }
    let is_config = |found: &regex::Captures<'_>| CONFIG.is_match(&found["path"]);
    let found = PATH.captures_iter(message).find(is_config)?;
    let number = |found: regex::Captures<'_>| found.name("line")?.as_str().parse().ok();
    let path = found["path"].trim_end_matches('.').to_owned();
    let line = number(found).or_else(|| LINE.captures(message).and_then(number));
    Some(Blame::Config { path, line })
}

/// The path that stands last before some words; the first behind them if none does.
fn nearest(message: &str, words: usize) -> Option<String> {
    let mut paths = PATH
        .captures_iter(message)
        .filter_map(|found| found.name("path"));
    let mut nearest = paths.next()?;
    for path in paths.take_while(|path| path.start() < words) {
        nearest = path;
    }
    Some(nearest.as_str().trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::testing::line, *};

    #[test]
    fn programs_are_understood_in_their_own_words() {
        let config = |path: &str, line| {
            let path = path.to_owned();
            Some(Blame::Config { path, line })
        };
        let denied = |path: &str| {
            let path = Some(path.to_owned());
            Some(Blame::Denied { path })
        };
        let missing = |path: &str| {
            let path = path.to_owned();
            Some(Blame::Missing { path })
        };
        // (what a program logs, whom it blames)
        let cases = [
            (
                r#"nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:3"#,
                config("/etc/nginx/nginx.conf", Some(3)),
            ),
            (
                "AH00526: Syntax error on line 12 of /etc/apache2/sites-enabled/000.conf:",
                config("/etc/apache2/sites-enabled/000.conf", Some(12)),
            ),
            (
                "/etc/ssh/sshd_config: line 5: Bad configuration option: Prot",
                config("/etc/ssh/sshd_config", Some(5)),
            ),
            (
                "[ALERT] config : parsing [/etc/haproxy/haproxy.cfg:20] : unknown keyword 'bnd'",
                config("/etc/haproxy/haproxy.cfg", Some(20)),
            ),
            (
                r#"FATAL: unrecognized configuration parameter "x" in file "/etc/postgresql/15/main/postgresql.conf" line 801"#,
                config("/etc/postgresql/15/main/postgresql.conf", Some(801)),
            ),
            (
                r#"nginx: [emerg] open() "/etc/nginx/x.conf" failed (2: No such file or directory) in /etc/nginx/nginx.conf:5"#,
                missing("/etc/nginx/x.conf"),
            ),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: '/srv/data.db'",
                missing("/srv/data.db"),
            ),
            (
                "/opt/run.sh: line 3: /opt/none: No such file or directory",
                missing("/opt/none"),
            ),
            (
                r#"nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)"#,
                denied("/var/log/nginx/error.log"),
            ),
            (
                "PermissionError: [Errno 13] Permission denied: '/srv/data'",
                denied("/srv/data"),
            ),
            (
                "bind() to 0.0.0.0:80 failed (13: Permission denied)",
                Some(Blame::Denied { path: None }),
            ),
            ("/opt/run.sh: line 3: frob: command not found", None),
            (r#"File "/opt/app.py", line 3: syntax error"#, None),
            ("fatal: no database", None),
            ("error: /etc/app.conf is fine", None),
        ];
        for (message, expected) in cases {
            let log = [line("app", message)];
            let found = blamed_file(&log).map(|(_, blame)| blame);
            assert_eq!(found, expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn hostile_lines_do_not_panic(text in "(error |line |/etc/|no such file or directory|[\\[\\]:/0-9. '\"(),]|\\PC){0,60}") {
            blamed_file(&[line("app", &text)]);
        }
    }
}
