//! How a program fares that supervisord runs, as its log has it.

use std::sync::LazyLock;

use regex::Regex;

use super::LogLine;

/// The setting that a program of supervisord has instead of a unit file: its name there.
pub const SUPERVISED: &str = "SupervisedProgram";

/// Where a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Running, or starting.
    Runs,
    /// It was stopped, or never started.
    Stopped,
    /// It ended, and will be, or was, started again.
    Exited {
        code: u8,
    },
    Killed,
    /// supervisord could not run it at all.
    NotSpawned,
}

impl State {
    pub fn failed(self) -> bool {
        !matches!(self, Self::Runs | Self::Stopped)
    }

    /// systemd's words for it: the active state, and the one below it.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Runs => ("active", "running"),
            Self::Stopped => ("inactive", "dead"),
            _ => ("failed", "failed"),
        }
    }

    /// systemd's word for how it ended.
    pub fn result(self) -> &'static str {
        match self {
            Self::Runs | Self::Stopped => "success",
            Self::Exited { .. } | Self::NotSpawned => "exit-code",
            Self::Killed => "signal",
        }
    }
}

static EXITED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bexited: \S+ \((?:exit status (?<code>\d{1,3})|terminated by)[^;]*; not expected")
        .expect("it is a regular expression")
});

/// The lines of supervisord's log about the last start of a program, the oldest first.
pub fn last_start(log: &[LogLine], name: &str, program: &str) -> Vec<LogLine> {
    let is_about = |line: &&LogLine| {
        let words = line
            .message
            .split(|letter: char| !(letter.is_alphanumeric() || "-_.".contains(letter)));
        let mut words = words.peekable();
        let is_named = words.any(|word| word == name);
        is_named || (line.message.contains("spawnerr: ") && line.message.contains(program))
    };
    let own: Vec<&LogLine> = log.iter().filter(is_about).collect();
    let begins = |line: &&LogLine| {
        line.message.contains(" spawned: ") || line.message.contains("spawnerr: ")
    };
    let first = own.iter().rposition(begins).unwrap_or(0);
    own[first..].iter().map(|line| (*line).clone()).collect()
}

/// Where the program stands, by the lines about its last start.
pub fn state(log: &[LogLine]) -> State {
    let mut state = State::Stopped;
    for line in log {
        let message = &line.message;
        if message.contains("spawnerr: ") {
            state = State::NotSpawned;
        } else if message.contains(" spawned: ") || message.contains("entered RUNNING state") {
            state = State::Runs;
        } else if let Some(found) = EXITED.captures(message) {
            let code = found
                .name("code")
                .and_then(|code| code.as_str().parse().ok());
            state = code.map_or(State::Killed, |code| State::Exited { code });
        } else if message.contains(" stopped: ") || message.contains("; expected)") {
            state = State::Stopped;
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::{super::testing::line, *};

    #[test]
    fn the_log_tells_how_a_program_fares() {
        let spawned = "2026-11-22 10:00:00,1 INFO spawned: 'shop' with pid 7";
        let exited = "2026-11-22 10:00:01,1 INFO exited: shop (exit status 3; not expected)";
        let gave_up = "2026-11-22 10:00:09,1 INFO gave up: shop entered FATAL state, too many start retries too quickly";
        let spawnerr = "2026-11-22 10:00:00,1 INFO spawnerr: can't find command '/opt/shop'";
        let killed = "INFO exited: shop (terminated by SIGSEGV (core dumped); not expected)";
        let running = "INFO success: shop entered RUNNING state, process has stayed up";
        let other = "INFO exited: shopper (exit status 1; not expected)";
        // (lines, how many belong to the last start, state)
        let cases: &[(&[&str], usize, State)] = &[
            (
                &[spawned, exited, spawned, exited, gave_up, other],
                3,
                State::Exited { code: 3 },
            ),
            (&[spawnerr, spawnerr, gave_up], 2, State::NotSpawned),
            (&[spawned, running, killed], 3, State::Killed),
            (&[spawned, exited, spawned, running], 2, State::Runs),
            (
                &[spawned, running, "INFO stopped: shop (exit status 0)"],
                3,
                State::Stopped,
            ),
            (&[other], 0, State::Stopped),
        ];
        for (messages, count, expected) in cases {
            let log: Vec<_> = messages
                .iter()
                .map(|message| line("supervisord", message))
                .collect();
            let own = last_start(&log, "shop", "/opt/shop");
            assert_eq!(
                (own.len(), state(&own)),
                (*count, *expected),
                "{messages:?}"
            );
        }
    }
}
