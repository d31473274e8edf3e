//! Finds the lines of a log that say why a start failed.

use std::sync::LazyLock;

use regex::Regex;

use super::{LogLine, says::is_at_a_line};

/// Lines that a reader is shown as the reason.
pub const MOST_TELLING: usize = 3;
/// syslog's `err`: this and what is worse is an error by the program's own word.
const ERROR_PRIORITY: u8 = 3;

/// Words of failures in the program's own language, most of it C's.
static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?xi)
        \b (error | fatal | emerg | alert | crit(ical)? | panic(ked)? | abort(ed|ing)? | severe
          | failed | failures? | fails? | exception | invalid | denied | refused | unknown | unrecognized
          | cannot | can't | could\ not | couldn't | unable | not\ found | no\ such | missing
          | bad | undefined | unexpected | syntax | corrupt(ed)? | already\ in\ use | not\ permitted
          | assertion | segfault | in\ use | timed\ out | no\ space | read-only | too\ many | expired
          | mismatch | unsupported | bungled | no\ hostkeys | does\ not | not\ valid | have\ not | did\ not | cannot\ be | incompatible | out\ of\ memory | already\ running | locked | unreachable ) \b
        | [A-Z]\w+(Error|Exception):
        | \bline:\ \d+\ pos:\ ";
    Regex::new(words).expect("it is a regular expression")
});

/// Lines that hold such a word and mean the opposite.
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)\b(no|0|without) (errors?|failures?|problems?)\b|error_?log|\bdebug\b";
    Regex::new(words).expect("it is a regular expression")
});

/// What is said of a warning: its level as loggers have it, or that the program goes on.
static WARNING: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?xi)
        \[ (\w+:)? (warn | warning | notice | info | debug) \]
        | \b (warn | warning | notice | info | debug) \s* (: | -\s)
        | "level": \s? "(warn | info | debug)
        | \b (deprecated | obsolete | overriding | unsupported\ option | ignoring | skipping
          | (is | are | was | be)\ ignored) \b"#;
    Regex::new(words).expect("it is a regular expression")
});

/// The first lines of the program that tell of an error: the first is the cause, later ones are
/// mostly its echo. Of a Python traceback that is the line below it.
pub fn telling_lines(log: &[LogLine]) -> Vec<&LogLine> {
    let mut found = all_telling_lines(log);
    found.truncate(MOST_TELLING);
    found
}

/// All of them, each once.
pub(super) fn all_telling_lines(log: &[LogLine]) -> Vec<&LogLine> {
    let mut found: Vec<&LogLine> = Vec::new();
    let mut in_traceback = false;
    for line in log.iter().filter(|line| !line.is_of_manager()) {
        if line
            .message
            .starts_with("Traceback (most recent call last)")
        {
            in_traceback = true;
            continue;
        }
        if in_traceback && line.message.starts_with([' ', '\t']) {
            continue;
        }
        let ends_traceback = std::mem::take(&mut in_traceback);
        let is_new = found.iter().all(|known| known.message != line.message);
        if is_new && (ends_traceback || tells(line)) {
            found.push(line);
        }
    }
    found
}

/// The last lines of the program, where none tells of an error.
pub fn last_words(log: &[LogLine]) -> Vec<&LogLine> {
    let of_program = log.iter().filter(|line| !line.is_of_manager());
    let mut found: Vec<&LogLine> = of_program.rev().take(MOST_TELLING).collect();
    found.reverse();
    found
}

/// Whether a line tells of an error, by its words or by its priority.
pub(super) fn tells(line: &LogLine) -> bool {
    line.priority
        .is_some_and(|priority| priority <= ERROR_PRIORITY)
        || tells_of_error(&line.message)
}

/// Whether a text has words of a failure.
pub fn tells_of_error(text: &str) -> bool {
    (FAILURE.is_match(text) || is_at_a_line(text)) && !HARMLESS.is_match(text)
}

/// Whether a line of a program's test only warns, however it is worded: no test fails because of it.
pub fn only_warns(text: &str) -> bool {
    WARNING.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::line, *};

    fn told(log: &[LogLine]) -> Vec<&str> {
        telling_lines(log)
            .iter()
            .map(|line| line.message.as_str())
            .collect()
    }

    #[test]
    fn the_first_error_comes_before_its_echo() {
        let log = [
            line("systemd", "Starting app.service - failed before..."),
            line("app", "reading /etc/app.conf"),
            line("app", "0 errors in cache"),
            line("app", "/etc/app.conf:7: unknown directive \"lisen\""),
            line("app", "configuration test failed"),
            line("app", "configuration test failed"),
            line("app", "exiting with errors: fatal"),
            line("app", "fatal: bye"),
            line("systemd", "app.service: Failed with result 'exit-code'."),
        ];
        let expected = [
            "/etc/app.conf:7: unknown directive \"lisen\"",
            "configuration test failed",
            "exiting with errors: fatal",
        ];
        assert_eq!(told(&log), expected);
    }

    #[test]
    fn of_a_traceback_the_line_below_it_tells() {
        let log = [
            line("python3", "Traceback (most recent call last):"),
            line("python3", "  File \"/opt/app.py\", line 3, in <module>"),
            line("python3", "    raise error"),
            line("python3", "KeyboardInterrupt"),
        ];
        assert_eq!(told(&log), ["KeyboardInterrupt"]);
    }

    #[test]
    fn a_priority_is_the_programs_own_word() {
        let mut errors = [line("app", "so long"), line("app", "and thanks")];
        errors[1].priority = Some(3);
        assert_eq!(told(&errors), ["and thanks"]);
    }
}
