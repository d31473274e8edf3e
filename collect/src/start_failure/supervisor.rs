//! Programs that supervisord runs, which systemd knows nothing of.
//!
//! Its log tells how they fare, its configuration what they are, and their own files what they say.

use std::{fs, path::PathBuf};

use analysis::{
    Timestamp,
    identity::UnitName,
    process::ExitStatus,
    start_failure::{
        Attempt, LogFileExcerpt, UnitStatus,
        facts::{ExecCommand, FileFact, Setting, UnitFacts},
        log_file::{LogFileEnd, excerpt},
        supervised::{SUPERVISED, State, last_start, state},
    },
};
use chrono::{Local, Offset as _, TimeDelta};

use super::{files, log_files};

/// Where distributions put it: the file, and those that it includes.
const CONFIGURATIONS: [&str; 5] = [
    "/etc/supervisor/supervisord.conf",
    "/etc/supervisor/conf.d/*.conf",
    "/etc/supervisord.conf",
    "/etc/supervisord.d/*.ini",
    "/etc/supervisord.d/*.conf",
];
const LOGS: [&str; 2] = [
    "/var/log/supervisor/supervisord.log",
    "/var/log/supervisord.log",
];
/// How far back its log is read.
const LOOK_BACK: TimeDelta = TimeDelta::days(7);
const MOST_BYTES: u64 = 256 * 1024;

/// What is known of a program.
pub(super) struct Supervised {
    pub(super) unit: UnitFacts,
    pub(super) attempt: Option<Attempt>,
    pub(super) log_files: Vec<LogFileExcerpt>,
    pub(super) files: Vec<FileFact>,
}

/// The program of this name. `None`: supervisord is not there, or has none.
pub(super) fn program(asked: &UnitName, now: Timestamp) -> Option<Supervised> {
    let name = asked.stem();
    let section = CONFIGURATIONS
        .into_iter()
        .flat_map(log_files::matching)
        .find_map(|path| section(path, name))?;
    let argv: Vec<String> = section
        .of("command")?
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let path = argv.first()?.clone();
    let lines = LOGS
        .iter()
        .find_map(|log| read(log, now - LOOK_BACK, now))
        .map_or_else(Vec::new, |log| log.lines);
    let log = last_start(&lines, name, &path);
    let state = state(&log);
    let status = match state {
        State::Exited { code } => Some(ExitStatus::Exited { code }),
        _ => None,
    };
    let failed = state.failed();
    let unit = unit(
        asked,
        &section,
        state,
        ExecCommand {
            step: "ExecStart".to_owned(),
            path: path.clone(),
            argv: argv.clone(),
            pid: None,
            status,
        },
    );
    let began_at = log.first().map(|line| line.at);
    let failed_at = log.last().map(|line| line.at);
    let log_files = match (failed, began_at, failed_at) {
        (true, Some(from), Some(to)) => own_logs(&section, name)
            .iter()
            .filter_map(|path| read(path.to_str()?, from, to + TimeDelta::seconds(1)))
            .collect(),
        _ => Vec::new(),
    };
    let attempt = failed.then(|| Attempt {
        invocation_id: None,
        began_at,
        started_at: None,
        failed_at,
        result: state.result().to_owned(),
        step: None,
        command: Some(argv.join(" ")),
        status,
        log,
        log_omitted: 0,
    });
    Some(Supervised {
        files: vec![FileFact {
            state: files::state("", &path),
            path,
            interpreter: None,
        }],
        unit,
        attempt,
        log_files,
    })
}

fn unit(asked: &UnitName, section: &Section, state: State, command: ExecCommand) -> UnitFacts {
    let setting = |name: &str, value: &str| Setting {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let mut settings = vec![setting(SUPERVISED, asked.stem())];
    settings.extend(section.of("user").map(|user| setting("User", user)));
    let folder = section.of("directory");
    settings.extend(folder.map(|folder| setting("WorkingDirectory", folder)));
    let (active, sub) = state.words();
    UnitFacts {
        name: asked.clone(),
        status: UnitStatus {
            load_state: "loaded".to_owned(),
            active_state: active.to_owned(),
            sub_state: sub.to_owned(),
            result: state.result().to_owned(),
            description: "supervisord".to_owned(),
            files: vec![section.path.to_string_lossy().into_owned()],
            main_process: None,
            since: None,
            restarts: 0,
        },
        load_error: None,
        load_log: Vec::new(),
        start_timeout: None,
        conditions: Vec::new(),
        conditions_met: None,
        commands: vec![command],
        settings,
        after: Vec::new(),
        waits: None,
    }
}

/// `[program:NAME]`.
struct Section {
    path: PathBuf,
    settings: Vec<(String, String)>,
}

impl Section {
    fn of(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().rfind(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn section(path: PathBuf, name: &str) -> Option<Section> {
    let is_small = |found: &fs::Metadata| found.is_file() && found.len() <= MOST_BYTES;
    fs::metadata(&path).ok().filter(is_small)?;
    let text = fs::read_to_string(&path).ok()?;
    let settings = settings(&text, name)?;
    Some(Section { path, settings })
}

fn settings(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let header = format!("[program:{name}]");
    let mut lines = text.lines().skip_while(|line| line.trim() != header);
    lines.next()?;
    let own = lines.take_while(|line| !line.trim_start().starts_with('['));
    let pair = |line: &str| {
        let line = line.split(" ;").next().unwrap_or_default();
        let (name, value) = line.split_once('=')?;
        let is_comment = name.trim_start().starts_with([';', '#']);
        (!is_comment).then(|| (name.trim().to_owned(), value.trim().to_owned()))
    };
    Some(own.filter_map(pair).collect())
}

/// The files that a program's output goes to: the errors first.
fn own_logs(section: &Section, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for stream in ["stderr", "stdout"] {
        match section.of(&format!("{stream}_logfile")) {
            None | Some("AUTO") => found.extend(log_files::matching(&format!(
                "/var/log/supervisor/{name}-{stream}---*"
            ))),
            Some(path) => found.push(PathBuf::from(path)),
        }
    }
    found.retain(|path| path.is_absolute());
    found
}

fn read(path: &str, from: Timestamp, to: Timestamp) -> Option<LogFileExcerpt> {
    let file = PathBuf::from(path);
    let text = log_files::tail(&file).ok()?;
    let end = LogFileEnd {
        path,
        modified_at: log_files::modified_at(&file)?,
        text: &text,
        zone: Local::now().offset().fix(),
    };
    excerpt(&end, from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_its_own_settings() {
        let text = "[program:shop]\ncommand=/opt/shop --port 80 ; ours\n; user=no\nuser = www\n\n[program:other]\ncommand=/x\n";
        let settings = settings(text, "shop").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            settings,
            [pair("command", "/opt/shop --port 80"), pair("user", "www")]
        );
        assert!(super::settings(text, "none").is_none());
    }
}
