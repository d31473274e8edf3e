//! What the checks look at.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;

use super::{
    Attempt, ConfigTest, DependencyState, Holder, LogFileExcerpt, LogLine, UnitStatus,
    address_in_use::{addresses_in_use, not_listening, ports_of_arguments},
    attempts::SETTLED_AFTER,
    changes::facts::ChangeFacts,
    claim::ClaimedProcess,
    says::why,
    ways::WayFact,
};
use crate::{Timestamp, identity::UnitName, limitation::Limitation, process::ExitStatus};

/// All that is known of a start. `collect` fills it; nothing in it is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct StartFacts {
    pub at: Timestamp,
    pub asked: UnitName,
    /// `None`: systemd could not be asked, and `limits` says why.
    pub unit: Option<UnitFacts>,
    /// Units that exist and have nearly the name that was asked for, the nearest first. Filled
    /// only if there is no such unit.
    pub similar: Vec<UnitName>,
    /// The start that failed last.
    pub attempt: Option<Attempt>,
    /// Whether the unit started, or ended well, after that.
    pub went_well_since: bool,
    pub dependencies: Vec<DependencyState>,
    /// Who listens on the ports that the log names.
    pub sockets: Vec<Holder>,
    /// The programs that the unit runs, and the files and the folder that it needs for them.
    pub files: Vec<FileFact>,
    pub limits: Vec<Limitation>,
    /// Paths that the log blames, as they are now.
    pub places: Vec<PlaceFact>,
    /// What the kernel logged meanwhile of denied accesses and system calls.
    pub kernel: Vec<LogLine>,
    pub booted_at: Option<Timestamp>,
    /// How long the last run lasted, where it ended by itself, at once, and without an error.
    pub ended_at_once: Option<Duration>,
    /// What was logged of that run.
    pub ended_log: Vec<LogLine>,
    pub config_tests: Vec<ConfigTest>,
    pub log_files: Vec<LogFileExcerpt>,
    /// Those of them that nothing of the unit names: they are called like it.
    pub guessed_log_files: BTreeSet<String>,
    /// `None`: they were not looked for.
    pub changes: Option<ChangeFacts>,
    /// The files that are taken for its configuration. Filled only if it fails.
    pub configurations: Vec<ConfigurationFact>,
    /// The ways to its programs, and to the paths that the log blames. Filled only if it fails.
    pub ways: Vec<WayFact>,
    /// The first port that anybody may listen on. `None`: not known for its network.
    pub unprivileged_ports_from: Option<u16>,
    /// The process that it takes for its other self.
    pub claimed: Option<ClaimedProcess>,
    /// Whether `coredumpctl` is there to read core dumps with.
    pub has_coredumpctl: bool,
}

/// A configuration file of the program, by its command line or by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFact {
    pub path: String,
    /// What it may be told to listen on: numbers in lines about ports.
    pub ports: BTreeSet<u16>,
}

/// A path that the program complains about, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceFact {
    pub path: String,
    pub state: FileState,
    /// The first folder above it that is missing.
    pub missing_folder: Option<String>,
    /// Of the path, or of the first folder above it that is there.
    pub filesystem: Option<FilesystemFact>,
}

/// How full a file system is, for others than root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesystemFact {
    pub bytes: u64,
    pub free_bytes: u64,
    /// 0: it has no fixed number of them.
    pub inodes: u64,
    pub free_inodes: u64,
    pub read_only: bool,
}

/// The unit, as systemd has it loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitFacts {
    /// Its real name, where an alias was asked for.
    pub name: UnitName,
    pub status: UnitStatus,
    /// Why its file could not be loaded, in systemd's words.
    pub load_error: Option<String>,
    /// What systemd said of the unit's files when it loaded them.
    pub load_log: Vec<LogLine>,
    pub start_timeout: Option<Duration>,
    pub conditions: Vec<Condition>,
    /// Whether they, and the assertions, held when a start was tried last. `None`: never tried.
    pub conditions_met: Option<bool>,
    pub commands: Vec<ExecCommand>,
    /// What systemd has to prepare before it runs them, and what it forbids.
    pub settings: Vec<Setting>,
    /// The units that it waits for.
    pub after: Vec<UnitName>,
    /// What a start of it waits for that is in systemd's queue. `None`: there is none.
    pub waits: Option<StartWait>,
}

/// The unit that a queued start waits for, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartWait {
    pub unit: Option<UnitName>,
    pub active_state: String,
    /// When that unit came into its state.
    pub since: Option<Timestamp>,
}

/// The setting that systemd has for a unit whose files it has not read as they are now.
pub const NEED_DAEMON_RELOAD: &str = "NeedDaemonReload";

/// A setting of a unit as systemd has it loaded, lists with spaces between: `User`, `Type`,
/// `ProtectSystem`, ..., and an `EnvironmentFile` for each file that has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub value: String,
}

/// A `Condition...=` or an `Assert...=` of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `ConditionPathExists`.
    pub kind: String,
    /// One of several of which one has to hold (`|`).
    pub trigger: bool,
    pub negated: bool,
    pub parameter: String,
    /// When a start was tried last. `None`: it was not looked at.
    pub met: Option<bool>,
}

/// A command of a unit, and how it ended last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecCommand {
    /// The setting: `ExecStartPre`, `ExecStart`.
    pub step: String,
    pub path: String,
    /// Scrubbed.
    pub argv: Vec<String>,
    pub pid: Option<u32>,
    /// `None`: it did not run, it runs, or systemd was told to ignore how it ends (`-`).
    pub status: Option<ExitStatus>,
}

/// A file or folder that the unit names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    pub path: String,
    pub state: FileState,
    /// The program that its first line names (`#!`).
    pub interpreter: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Missing,
    Directory,
    /// A file with these permission bits.
    File {
        mode: u32,
    },
    /// It could not be looked at, and why.
    Unreadable(String),
}

impl FileState {
    /// Whether anybody may execute it; for root that is enough.
    pub fn is_executable(&self) -> bool {
        matches!(self, Self::File { mode } if mode & 0o111 != 0)
    }
}

/// Whether there is something to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Runs,
    /// Starting now, for the first time since somebody asked for it.
    Starts,
    /// Inactive, and nothing went wrong.
    Rests,
    /// It failed, or fails again and again.
    Fails,
    /// systemd has no unit to start: missing, masked, or with a broken file.
    NotLoaded,
    /// systemd could not be asked.
    NotKnown,
}

impl StartFacts {
    pub fn name(&self) -> &UnitName {
        self.unit.as_ref().map_or(&self.asked, |unit| &unit.name)
    }

    pub fn standing(&self) -> Standing {
        let Some(unit) = &self.unit else {
            return Standing::NotKnown;
        };
        let status = &unit.status;
        let went_wrong = !matches!(status.result.as_str(), "" | "success");
        match status.active_state.as_str() {
            "active" | "reloading" | "refreshing"
                if self.is_looping(status) || self.is_idle_script() =>
            {
                Standing::Fails
            }
            "active" | "reloading" | "refreshing" => Standing::Runs,
            _ if !matches!(status.load_state.as_str(), "loaded" | "merged") => Standing::NotLoaded,
            "failed" if unit.waits.is_none() => Standing::Fails,
            // In a loop of restarts there is a moment of "activating" each time.
            "activating" if status.restarts > 0 || status.sub_state.starts_with("auto-restart") => {
                Standing::Fails
            }
            "activating" => Standing::Starts,
            _ if unit.waits.is_some() => Standing::Starts,
            _ if went_wrong || unit.conditions_met == Some(false) => Standing::Fails,
            _ if self.attempt.is_some() && !self.went_well_since => Standing::Fails,
            _ => Standing::Rests,
        }
    }

    /// Whether it runs only because systemd has just started it once more, after starts that
    /// failed. A crash after days of work, or of another day, makes no loop.
    fn is_looping(&self, status: &UnitStatus) -> bool {
        let is_fresh = status
            .since
            .is_some_and(|since| self.at - since < SETTLED_AFTER);
        let just_failed = self.attempt.as_ref().is_some_and(|attempt| {
            let failed_at = attempt.failed_at;
            failed_at.is_some_and(|failed_at| self.at - failed_at < LOOP_WITHIN)
                && !attempt.failed_while_running()
        });
        is_fresh && just_failed && status.restarts >= LOOP_RESTARTS
    }

    /// Whether its SysV script said that all is well, nothing of it runs, and what it wrote says why.
    pub fn is_idle_script(&self) -> bool {
        let is_idle = |unit: &UnitFacts| unit.status.is_idle_script();
        self.unit.as_ref().is_some_and(is_idle)
            && !self.went_well_since
            && why(self.log()).is_some_and(|(line, _)| !line.is_of_manager())
    }

    /// systemd's word for how the start ended: `exit-code`, `timeout`, `dependency`.
    ///
    /// Where the start limit was hit that hides what went wrong before, which the journal, or
    /// else the status of the process, still tells.
    pub fn result(&self) -> &str {
        let of_attempt = self.attempt.as_ref().map(|attempt| attempt.result.as_str());
        let of_unit = self.unit.as_ref().map(|unit| unit.status.result.as_str());
        let known = |result: &&str| !matches!(*result, "" | "success" | START_LIMIT_HIT);
        [of_attempt, of_unit]
            .into_iter()
            .flatten()
            .find(known)
            .or(match self.status() {
                Some(ExitStatus::Exited { code }) if code != 0 => Some("exit-code"),
                Some(ExitStatus::Signaled { .. }) => Some("signal"),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// How the process ended that made the start fail.
    pub fn status(&self) -> Option<ExitStatus> {
        let of_attempt = self.attempt.as_ref().and_then(|attempt| attempt.status);
        of_attempt.or_else(|| self.failed_command()?.status)
    }

    /// The command that ended badly; the main process if nothing else did.
    pub fn failed_command(&self) -> Option<&ExecCommand> {
        let unit = self.unit.as_ref()?;
        if self.only_started_too_often() {
            return None;
        }
        let step = self
            .attempt
            .as_ref()
            .and_then(|attempt| attempt.step.as_deref());
        let failed = |command: &&ExecCommand| {
            command.status.is_some_and(|status| !status.is_success())
                && step.is_none_or(|step| step == command.step)
        };
        unit.commands.iter().find(failed)
    }

    /// Whether systemd refuses to start the unit because it was started too often. Where that
    /// ends a loop of restarts, systemd keeps the result of the last one, and only says so.
    pub fn start_limit_was_hit(&self) -> bool {
        let of_unit = self.unit.as_ref().map(|unit| unit.status.result.as_str());
        let of_attempt = self.attempt.as_ref().map(|attempt| attempt.result.as_str());
        [of_unit, of_attempt].contains(&Some(START_LIMIT_HIT))
            || self.manager_line(START_LIMIT_LINE).is_some()
    }

    /// Whether the journal has the start limit, and no failure before it: somebody started it again
    /// and again. The process ended then because it was told to, with a signal as it may be.
    fn only_started_too_often(&self) -> bool {
        let of_attempt = self.attempt.as_ref();
        of_attempt
            .is_some_and(|attempt| attempt.result == START_LIMIT_HIT && attempt.status.is_none())
            && self.manager_line(START_LIMIT_LINE).is_some()
    }

    /// The ports that may be meant where the log names none: of the arguments, or else of the
    /// configuration.
    fn likely_ports(&self) -> BTreeSet<u16> {
        let of_arguments = self.argument_ports();
        if !of_arguments.is_empty() {
            return of_arguments;
        }
        let ports = self.configurations.iter().map(|file| &file.ports);
        ports.flatten().copied().collect()
    }

    /// The ports that the program's arguments name.
    pub fn argument_ports(&self) -> BTreeSet<u16> {
        let commands = self.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
        let main = commands
            .iter()
            .filter(|command| command.step == "ExecStart");
        main.flat_map(|command| ports_of_arguments(&command.argv))
            .collect()
    }

    /// The ports that may be meant where the log says that an address is in use, or that the program
    /// cannot listen, and not on which.
    pub fn unnamed_ports(&self) -> BTreeSet<u16> {
        let log = self.said();
        let mut lines = addresses_in_use(&log);
        lines.extend(not_listening(&log));
        if lines.is_empty() || lines.iter().any(|(_, wanted)| !wanted.is_empty()) {
            return BTreeSet::new();
        }
        self.likely_ports()
    }

    /// The first value of a setting of the unit.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let settings = &self.unit.as_ref()?.settings;
        let found = settings.iter().find(|setting| setting.name == name);
        found.map(|setting| setting.value.as_str())
    }

    /// The log of the failed start, the oldest line first.
    pub fn log(&self) -> &[LogLine] {
        self.attempt.as_ref().map_or(&[], |attempt| &attempt.log)
    }

    /// All that was said: what the journal has, then what the program's own files have.
    pub fn said(&self) -> Vec<LogLine> {
        let of_files = self.log_files.iter().flat_map(|file| &file.lines);
        self.log().iter().chain(of_files).cloned().collect()
    }

    /// The part of all that was `said` in which a line of it stands: the journal, or the files.
    pub(super) fn said_where<'a>(&self, line: &LogLine, said: &'a [LogLine]) -> &'a [LogLine] {
        let (of_journal, of_files) = said.split_at(self.log().len().min(said.len()));
        let is_of_journal = of_journal.iter().any(|other| std::ptr::eq(other, line));
        if is_of_journal { of_journal } else { of_files }
    }

    /// systemd's line that somebody asked the run to end: with a signal, or with a stop. What ended
    /// it then is no fault of it.
    pub fn asked_to_end(&self) -> Option<&LogLine> {
        let signal = match (self.result(), self.status()?) {
            ("signal" | "core-dump", ExitStatus::Signaled { signal, .. }) => {
                Some(signal.to_string())
            }
            ("exit-code", ExitStatus::Exited { .. }) => None,
            _ => return None,
        };
        let is_sent = |text: &str| {
            let words = text.split(|letter: char| !letter.is_alphanumeric());
            let is_it = |word: &str| match &signal {
                Some(signal) => signal == word,
                None => ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"].contains(&word),
            };
            text.contains(" on client request") && words.into_iter().any(is_it)
        };
        let mut own = self.log().iter().filter(|line| line.is_of_manager());
        own.find(|line| line.message.starts_with("Stopping ") || is_sent(&line.message))
    }

    /// The first line that systemd itself wrote with these words.
    pub fn manager_line(&self, words: &str) -> Option<&LogLine> {
        self.log()
            .iter()
            .find(|line| line.is_of_manager() && line.message.contains(words))
    }

    pub fn place(&self, path: &str) -> Option<&PlaceFact> {
        self.places.iter().find(|place| place.path == path)
    }

    pub fn way(&self, path: &str) -> Option<&WayFact> {
        self.ways.iter().find(|way| way.path == path)
    }

    /// Whether a process of the failed start has this pid, or else its program this name.
    pub fn is_of_unit(&self, pid: Option<u32>, comm: &str) -> bool {
        let commands = self.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
        let logged = self
            .log()
            .iter()
            .any(|line| line.pid.is_some() && line.pid == pid);
        let is_named = |command: &ExecCommand| {
            let name = command.path.rsplit('/').next().unwrap_or_default();
            // The kernel keeps 15 bytes of it.
            !comm.is_empty() && name.get(..15).unwrap_or(name) == comm
        };
        logged || commands.iter().any(is_named)
    }

    pub fn file(&self, path: &str) -> Option<&FileFact> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// One restart may have helped; after two it fails again and again until it has settled.
const LOOP_RESTARTS: u32 = 2;
/// A loop that waits for longer between its restarts is not told from single failures.
const LOOP_WITHIN: TimeDelta = TimeDelta::minutes(10);

pub const START_LIMIT_HIT: &str = "start-limit-hit";
pub const START_LIMIT_LINE: &str = "Start request repeated too quickly";

#[cfg(test)]
mod tests;
