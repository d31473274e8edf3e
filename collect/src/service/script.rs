//! A host without systemd: what a script in `/etc/init.d` and its pid file tell.

use std::{
    fs,
    path::{Path, PathBuf},
};

use analysis::{
    black_box::Recording,
    identity::UnitName,
    order::Failure,
    process::ProcessId,
    service::{
        UnitTimes,
        facts::{PidFile, ServiceFacts, UnitFiles, UnitRecord},
        kind::UnitKind,
    },
    start_failure::{UnitStatus, facts::UnitFacts},
};

use super::process;
use crate::{NoAnswer, host::ClockReading};

const FOLDER: &str = "/etc/init.d";
/// Longer scripts are read so far.
const MOST_BYTES: usize = 64 * 1024;

/// What can be said of a script. `None`: there is none of that name.
pub(super) fn facts(unit: &UnitName, detail: bool) -> Option<ServiceFacts> {
    let path = Path::new(FOLDER).join(unit.stem());
    if !unit.as_str().ends_with(".service") || !path.is_file() {
        return None;
    }
    let mut text = fs::read(&path).unwrap_or_default();
    text.truncate(MOST_BYTES);
    let text = String::from_utf8_lossy(&text).into_owned();
    let pid_file = pid_file(unit.stem(), &text);
    let alive = pid_file.as_ref().filter(|file| file.alive);
    let main_process = alive.and_then(|file| process::main(file.pid?));
    let (active_state, sub_state) = match &pid_file {
        Some(file) if file.alive => ("active", "running"),
        Some(_) => ("inactive", "dead"),
        None => ("unknown", "unknown"),
    };
    let started_at = main_process.as_ref().and_then(|process| process.started_at);
    let status = UnitStatus {
        load_state: "init-script".to_owned(),
        active_state: active_state.to_owned(),
        sub_state: sub_state.to_owned(),
        result: String::new(),
        description: described(&text).unwrap_or_default(),
        files: vec![path.to_string_lossy().into_owned()],
        main_process: alive.and_then(|file| {
            Some(ProcessId {
                pid: file.pid?,
                start_ns: main_process.as_ref()?.process.start_ns,
            })
        }),
        since: started_at,
        restarts: 0,
    };
    Some(ServiceFacts {
        at: ClockReading::now().wall,
        asked: unit.clone(),
        detail,
        unit: UnitFacts {
            name: unit.clone(),
            status,
            load_error: None,
            load_log: Vec::new(),
            start_timeout: None,
            conditions: Vec::new(),
            conditions_met: None,
            commands: Vec::new(),
            settings: Vec::new(),
            after: Vec::new(),
            waits: None,
        },
        enabled: String::new(),
        invocation_id: None,
        times: UnitTimes::default(),
        status_text: None,
        kind: UnitKind::Script {
            path: path.to_string_lossy().into_owned(),
        },
        pid_file,
        main_process,
        resources: None,
        recording: Recording::default(),
        policy: None,
        record: UnitRecord::default(),
        log: Vec::new(),
        log_has_more: false,
        dependencies: Vec::new(),
        triggers: Vec::new(),
        files: UnitFiles::default(),
        hardening: None,
        similar: Vec::new(),
        limits: vec![super::unread(
            "systemd",
            "it does not run this host: only the pid file tells".to_owned(),
        )],
    })
}

/// Nobody can be asked about the unit, and what to do then.
pub(super) fn no_answer(unit: &UnitName) -> NoAnswer {
    NoAnswer {
        reason: Failure::NotPossible,
        detail: format!(
            "systemd does not run this host, and there is no {FOLDER}/{}: \
             in a container ask on the host that runs it; `aiops analyze ptree` shows the processes here",
            unit.stem()
        ),
    }
}

/// The pid file that the script names, or that is where such files are.
fn pid_file(name: &str, script: &str) -> Option<PidFile> {
    let usual = [
        format!("/run/{name}.pid"),
        format!("/run/{name}/{name}.pid"),
    ];
    let named = named_pid_files(name, script);
    let paths = named.into_iter().chain(usual).map(PathBuf::from);
    let mut there = paths.filter_map(|path| Some((fs::read_to_string(&path).ok()?, path)));
    let (text, path) = there.next()?;
    let pid = text.split_whitespace().next();
    let pid: Option<u32> = pid.and_then(|pid| pid.parse().ok());
    Some(PidFile {
        path: path.to_string_lossy().into_owned(),
        pid,
        alive: pid.is_some_and(|pid| Path::new(&format!("/proc/{pid}")).is_dir()),
    })
}

/// Paths in the script that end in `.pid`, with its own name filled in.
fn named_pid_files(name: &str, script: &str) -> Vec<String> {
    let is_end = |c: char| c.is_whitespace() || "\"'=;:`()".contains(c);
    let words = script.lines().filter(|line| !line.starts_with('#'));
    let words = words.flat_map(|line| line.split(is_end));
    let filled = words.map(|word| {
        let word = word.replace("${NAME}", name).replace("$NAME", name);
        word.replace("${DAEMON}", name)
    });
    let is_path = |word: &String| {
        word.starts_with('/') && word.ends_with(".pid") && !word.contains(['$', '*'])
    };
    let mut found: Vec<String> = filled.filter(is_path).collect();
    found.dedup();
    found
}

/// `# Short-Description: System message bus`, as LSB has it.
fn described(script: &str) -> Option<String> {
    let mut lines = script.lines();
    let text = lines.find_map(|line| line.strip_prefix("# Short-Description:"))?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_pid_file() {
        let script = "# pidfile /run/comment.pid\nNAME=db\nPIDFILE=\"/run/$NAME.pid\"\n\
             start-stop-daemon --pidfile=/var/run/other.pid /run/$x.pid\n";
        assert_eq!(
            named_pid_files("db", script),
            ["/run/db.pid", "/var/run/other.pid"]
        );
        let header = "### BEGIN INIT INFO\n# Short-Description:  A bus\n";
        assert_eq!(described(header).as_deref(), Some("A bus"));
        assert_eq!(
            facts(&"no-such-thing.service".parse().unwrap(), false),
            None
        );
    }
}
