//! Which process a program takes for its other self, where it says that it runs already.

use std::sync::LazyLock;

use regex::Regex;

use super::{Culprit, LogLine, StartCause, facts::StartFacts, says::why};
use crate::{Timestamp, identity::UnitName};

/// What a program says of another that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The pid file, or the lock.
    pub path: Option<String>,
    pub pid: Option<u32>,
}

/// The process that was meant, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedProcess {
    pub pid: u32,
    /// The file in which its number stands.
    pub path: Option<String>,
    /// `None`: there is no such process.
    pub process: Option<RunningProcess>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningProcess {
    pub comm: String,
    /// The names of its program, and of the script that it runs.
    pub names: Vec<String>,
    pub unit: Option<UnitName>,
    pub since: Option<Timestamp>,
}

/// Who the process is, compared with the program that did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    Gone,
    Other,
    Same,
    /// It began after the failure, or has a name that may be the program's.
    Unclear,
}

/// What the log says of another that runs. `None`: nothing of that kind.
pub fn claim(log: &[LogLine]) -> Option<Claim> {
    static PID: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\b(?:pid|process(?: id)?)\b[ :=#('\x22]{0,3}(?<pid>\d{1,7})\b";
        Regex::new(words).expect("it is a regular expression")
    });
    let (line, says) = why(log)?;
    if says.cause != StartCause::AlreadyRunning {
        return None;
    }
    let path = match says.culprit {
        Some(Culprit::Path { path, .. }) => Some(path),
        _ => None,
    };
    let pid = PID.captures(&line.message);
    let pid = pid.and_then(|found| found["pid"].parse().ok());
    (path.is_some() || pid.is_some()).then_some(Claim { path, pid })
}

/// The number that a pid file, or a lock, holds: it stands first.
pub fn pid_in(text: &str) -> Option<u32> {
    let word = text.split_whitespace().next()?;
    word.parse().ok().filter(|pid| *pid > 1)
}

pub(super) fn identity(claimed: &ClaimedProcess, facts: &StartFacts) -> Identity {
    let Some(process) = &claimed.process else {
        return Identity::Gone;
    };
    let commands = facts.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
    let main = commands.iter().filter(|one| one.step == "ExecStart");
    let words = main.flat_map(|one| std::iter::once(&one.path).chain(&one.argv));
    let own: Vec<&str> = words.map(|word| base(word)).collect();
    let is_own = |name: &str| {
        let mut own = own.iter();
        !name.is_empty() && own.any(|word| *word == name || word.get(..15) == Some(name))
    };
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    let is_older = process
        .since
        .zip(failed_at)
        .is_some_and(|(since, failed_at)| since < failed_at);
    let is_named = is_own(&process.comm) || process.names.iter().any(|name| is_own(name));
    match (is_named, is_older) {
        (true, true) => Identity::Same,
        (false, _) if process.unit.as_ref() != Some(facts.name()) => Identity::Other,
        _ => Identity::Unclear,
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn words_name_the_process_or_its_file() {
        // (message, file, process)
        let cases = [
            (
                "another instance is already running (lock file /run/x.lock, pid 42)",
                Some("/run/x.lock"),
                Some(42),
            ),
            (
                "Fatal error : Another chronyd may already be running (pid=812), check /run/chrony/chronyd.pid",
                Some("/run/chrony/chronyd.pid"),
                Some(812),
            ),
            ("dhcpd is already running with pid 12", None, Some(12)),
            ("the daemon is already running", None, None),
            ("no such file: /run/x.pid", None, None),
        ];
        for (message, path, pid) in cases {
            let expected = (path.is_some() || pid.is_some()).then(|| Claim {
                path: path.map(Into::into),
                pid,
            });
            assert_eq!(claim(&[line("app", message)]), expected, "{message}");
        }
        assert_eq!(pid_in(" 812\nsecond"), Some(812));
        assert_eq!(pid_in("locked"), None);
    }

    #[test]
    fn a_process_is_known_by_its_name_and_age() {
        let facts = failed("exit-code", exited(1), vec![]);
        let process = |comm: &str, name: &str, since: i64| {
            Some(RunningProcess {
                comm: comm.into(),
                names: vec![name.into()],
                unit: None,
                since: Some(at(since)),
            })
        };
        let cases = [
            (None, Identity::Gone),
            (process("nginx", "nginx", -60), Identity::Same),
            (process("python3", "nginx", -60), Identity::Same),
            (process("nginx", "nginx", 60), Identity::Unclear),
            (process("sleep", "sleep", -60), Identity::Other),
        ];
        for (process, expected) in cases {
            let claimed = ClaimedProcess {
                pid: 42,
                path: None,
                process,
            };
            assert_eq!(identity(&claimed, &facts), expected, "{claimed:?}");
        }
    }
}
