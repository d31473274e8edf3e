//! `cargo xtask up` with scripts in place of our programs: that it starts them, and above all that
//! it leaves nothing behind. They behave badly on purpose.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Starts something like a Postgres that has fled to a session of its own and is deaf to SIGTERM.
const SERVER: &str = r#"
case $1 in
    run)
        setsid bash -c 'trap "" TERM INT; while :; do sleep 0.1; done' &
        trap 'exit 0' TERM
        echo "server says hello"
        while :; do sleep 0.02; [[ ! -e $HERE/crash ]] || { echo "out of luck"; exit 9; }; done
        ;;
    health) ;;
    token) echo "aiops-agent join --server https://127.0.0.1:1 --token secret --ca-pin pin" ;;
    api-token) echo "aiops_api_secret" ;;
    account) echo "log in with https://127.0.0.1:1/login#link=secret" ;;
    *) exit 2 ;;
esac
"#;

/// Does not end when it is told to. Its last argument is the state folder.
const AGENT: &str = r#"
case $1 in
    join) echo "$*" >"$HERE/joined"; mkdir "${@: -1}"; echo certificate >"${@: -1}/ca.pem" ;;
    run) trap "" TERM; while :; do sleep 0.1; done ;;
esac
"#;

const COMMAND_LINE: &str =
    r#"[[ $AIOPS_CONFIG == */up/cli.toml ]] && echo '[{"state": "online"}]'"#;

#[test]
fn ctrl_c_ends_everything_within_five_seconds() -> Result<()> {
    let mut up = Up::start()?;
    up.wait_till_up()?;
    let joined = fs::read_to_string(up.folder.path().join("joined"))?;
    let state = up.folder.path().join("up/agent");
    let expected = format!(
        "join --server https://127.0.0.1:1 --token secret --ca-pin pin --state-dir {}\n",
        state.display()
    );
    assert_eq!(joined, expected);
    assert_ne!(
        up.processes()?,
        Vec::<String>::new(),
        "or this test could not fail"
    );

    let asked = Instant::now();
    up.signal(Signal::INT)?;
    let status = up.xtask.wait()?;
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "it took {:?}",
        asked.elapsed()
    );
    assert!(status.success(), "{status}");
    assert_eq!(up.processes()?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_part_that_dies_is_named_with_its_last_words_and_takes_the_others_along() -> Result<()> {
    let mut up = Up::start()?;
    up.wait_till_up()?;
    fs::write(up.folder.path().join("crash"), "")?;
    let status = up.xtask.wait()?;
    assert_eq!(status.code(), Some(1));
    let told = up.told()?;
    assert!(told.contains("the server ended (exit status: 9)"), "{told}");
    assert!(told.contains("out of luck"), "{told}");
    assert_eq!(up.processes()?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_second_one_says_that_one_is_running() -> Result<()> {
    let mut up = Up::start()?;
    up.wait_till_up()?;
    let second = command(up.folder.path()).output()?;
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr)?;
    assert!(
        told.contains(&format!("running already (pid {})", up.xtask.id())),
        "{told}"
    );
    up.signal(Signal::TERM)?;
    assert!(up.xtask.wait()?.success());
    Ok(())
}

#[test]
fn the_server_of_a_killed_one_ends_by_itself() -> Result<()> {
    let mut up = Up::start()?;
    up.wait_till_up()?;
    up.xtask.kill()?;
    up.xtask.wait()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while up
        .processes()?
        .iter()
        .any(|process| process.contains("aiops-server run"))
    {
        ensure!(Instant::now() < deadline, "left: {:?}", up.processes()?);
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A running `cargo xtask up`.
struct Up {
    xtask: Child,
    folder: TempDir,
}

impl Up {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let programs = [
            ("aiops-server", SERVER),
            ("aiops-agent", AGENT),
            ("aiops", COMMAND_LINE),
        ];
        for (name, script) in programs {
            let file = folder.path().join(name);
            let here = folder.path().display();
            fs::write(&file, format!("#!/bin/bash\nHERE={here}\n{script}"))?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        let mut command = command(folder.path());
        let xtask = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { xtask, folder })
    }

    fn wait_till_up(&mut self) -> Result<()> {
        let stdout = BufReader::new(self.xtask.stdout.take().context("no stdout")?);
        for line in stdout.lines() {
            if line?.contains("Ctrl-C ends it all") {
                return Ok(());
            }
        }
        bail!("it ended: {}", self.told()?)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.xtask), signal)?)
    }

    fn told(&mut self) -> Result<String> {
        let mut stderr = self.xtask.stderr.take().context("no stderr")?;
        Ok(io::read_to_string(&mut stderr)?)
    }

    /// The command lines of what xtask has started.
    fn processes(&self) -> Result<Vec<String>> {
        Ok(self
            .descendants()?
            .into_iter()
            .map(|(_, command_line)| command_line)
            .collect())
    }

    /// The processes that have our folder in their environment, as all children of xtask do, but
    /// for xtask itself.
    fn descendants(&self) -> Result<Vec<(i32, String)>> {
        let folder = self.folder.path().to_string_lossy().into_owned();
        let read = |process: &Path, file: &str| {
            // It may have ended since it was listed.
            let bytes = fs::read(process.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let mut found = Vec::new();
        for process in fs::read_dir("/proc")? {
            let process = process?;
            if let Ok(pid) = process.file_name().to_string_lossy().parse()
                && read(&process.path(), "environ").contains(&folder)
                && Pid::from_raw(pid) != Some(Pid::from_child(&self.xtask))
            {
                found.push((pid, read(&process.path(), "cmdline")));
            }
        }
        Ok(found)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // What a failed test, or a killed xtask, has left.
        let _gone = self.xtask.kill();
        let _gone = self.xtask.wait();
        for (pid, _) in self.descendants().unwrap_or_default() {
            let _gone = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
        }
    }
}

fn command(folder: &Path) -> Command {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.args(["up", "--no-install", "--programs"]).arg(folder);
    // The state goes to the target folder, so each test has one of its own.
    xtask.env("CARGO_TARGET_DIR", folder).stdin(Stdio::null());
    xtask
}
