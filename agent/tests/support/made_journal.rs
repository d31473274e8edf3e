//! Journal files with entries that a test wrote.

use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

const BOOT: &str = "0b8d7e6f1c7f4e8d9f8a2d6b5c4a3b21";

pub struct MadeJournal {
    directory: TempDir,
    /// An hour ago, when the first of these journals was made.
    start_s: u64,
}

impl MadeJournal {
    /// With one entry a second, the first `second` seconds after some time of today. `None`, and
    /// a word about it, where the maker is not installed; in CI that is a failure.
    pub fn of(second: u64, entries: &[String]) -> Option<Self> {
        if maker().is_none() {
            assert!(
                env::var_os("CI").is_none(),
                "install systemd-journal-remote"
            );
            eprintln!("skipped: the package systemd-journal-remote is not installed");
            return None;
        }
        let now_s = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let made = Self {
            directory: tempfile::tempdir().unwrap(),
            start_s: now_s - 3600,
        };
        made.append(second, entries);
        Some(made)
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn append(&self, second: u64, entries: &[String]) {
        let mut child = Command::new(maker().unwrap())
            .arg("--output")
            .arg(self.path().join("system.journal"))
            .arg("-")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        for (second, fields) in (second..).zip(entries) {
            let since_boot_us = second * 1_000_000;
            let at_us = self.start_s * 1_000_000 + since_boot_us;
            writeln!(input, "__REALTIME_TIMESTAMP={at_us}").unwrap();
            writeln!(
                input,
                "__MONOTONIC_TIMESTAMP={since_boot_us}\n_BOOT_ID={BOOT}"
            )
            .unwrap();
            writeln!(input, "{fields}\n").unwrap();
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

/// systemd says that a service is up.
pub fn started(unit: &str) -> Vec<String> {
    let message = "MESSAGE_ID=39f53479d3a045ac8e11786248231fbf\nJOB_TYPE=start\nJOB_RESULT=done";
    vec![manager(unit, message)]
}

/// systemd says that the main process of a service ended with code 3.
pub fn failed(unit: &str) -> Vec<String> {
    let exited = "MESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15\nCOMMAND=ExecStart\n\
                  EXIT_CODE=exited\nEXIT_STATUS=3";
    let result = "MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c\nUNIT_RESULT=exit-code";
    vec![manager(unit, exited), manager(unit, result)]
}

fn manager(unit: &str, fields: &str) -> String {
    // An invocation of its own for each unit.
    let invocation = format!("{:032x}", 0xa000 + u128::from(unit.as_bytes()[0]));
    format!(
        "_PID=1\n_UID=0\n_COMM=systemd\n_TRANSPORT=journal\nMESSAGE=x\nUNIT={unit}.service\n\
         INVOCATION_ID={invocation}\n{fields}"
    )
}

fn maker() -> Option<PathBuf> {
    let installed = PathBuf::from("/lib/systemd/systemd-journal-remote");
    let told = env::var_os("SYSTEMD_JOURNAL_REMOTE").map(PathBuf::from);
    told.or_else(|| installed.exists().then_some(installed))
}
