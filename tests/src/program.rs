//! Our binaries, as users run them.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use anyhow::{Context, Result, ensure};

/// The path of one of our binaries: in `AIOPS_BIN_DIR`, or beside the folder of this test.
///
/// # Errors
///
/// If it has not been built: `cargo build --workspace --bins`.
pub fn path(name: &str) -> Result<PathBuf> {
    let folder = folder()?;
    let path = fs::canonicalize(folder.join(name)).with_context(|| {
        format!(
            "{name} is not in {}: cargo build --workspace --bins",
            folder.display()
        )
    })?;
    Ok(path)
}

/// The folder of our binaries.
///
/// # Errors
///
/// If nobody says where it is, and the test cannot tell.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("AIOPS_BIN_DIR") {
        return Ok(folder.into());
    }
    let test = env::current_exe().context("a test knows where it is")?;
    let folder = test.ancestors().nth(2);
    Ok(folder
        .context("a test lies in target/PROFILE/deps")?
        .to_owned())
}

/// What a command printed, if it ended well.
///
/// # Errors
///
/// Otherwise, with all that it printed.
pub fn printed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text)
}

type Started = io::Result<Child>;

/// Starts programs, and lives as long as this process does: the kernel takes the end of the thread
/// that forked for the end of the parent.
static STARTER: LazyLock<SyncSender<(Command, SyncSender<Started>)>> = LazyLock::new(|| {
    let (sender, commands) = sync_channel::<(Command, SyncSender<Started>)>(0);
    thread::spawn(move || {
        for (mut command, answer) in commands {
            // Whoever asked waits for it.
            drop(answer.send(command.spawn()));
        }
    });
    sender
});

/// The command, told by the kernel to end when whoever runs it does.
fn ending_with_us(command: &Command) -> Command {
    let mut ending = Command::new("setpriv");
    ending
        .args(["--pdeathsig", "TERM", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        ending.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => ending.env(name, value),
            None => ending.env_remove(name),
        };
    }
    ending
}

fn spawned(command: Command) -> Started {
    let (answer, started) = sync_channel(1);
    let gone = || io::Error::other("the thread that starts programs is gone");
    STARTER.send((command, answer)).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

/// One of our daemons on this machine. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it prints is added to the file `log`.
    ///
    /// It ends with this process, however that ends: the next lab would find it at its address.
    pub fn start(command: &Command, log: &Path) -> Result<Self> {
        let file = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut ending = ending_with_us(command);
        ending
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let child = spawned(ending).with_context(|| format!("cannot run {command:?}"))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// # Errors
    ///
    /// If it has ended, with what it printed last.
    pub fn still_runs(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(
            ended.is_none(),
            "it ended ({ended:?}):\n{}",
            self.last_lines()
        );
        Ok(())
    }

    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a last word, and waits till it is gone.
    pub fn kill(&mut self) {
        // Both fail only if it has ended, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub fn last_lines(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        time::Duration,
    };

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);
    /// Set for the process that this test starts, which is this test again.
    const OWNER: &str = "AIOPS_TEST_IS_OWNER";
    const NAME: &str =
        "program::tests::a_program_outlives_the_thread_and_not_the_process_of_its_owner";

    #[test]
    fn a_program_outlives_the_thread_and_not_the_process_of_its_owner() -> Result<()> {
        if env::var_os(OWNER).is_some() {
            return own();
        }
        let mut owner = Command::new(env::current_exe()?)
            .args(["--exact", NAME, "--nocapture"])
            .env(OWNER, "1")
            .stdout(Stdio::piped())
            .spawn()?;
        let out = owner.stdout.take().context("it has an output")?;
        let mut lines = BufReader::new(out).lines().map_while(io::Result::ok);
        let pid = lines.find_map(|line| line.rsplit_once("started ")?.1.parse::<i32>().ok());
        let pid = pid.context("it says what it started")?;
        let is_there = runs(pid);
        owner.kill()?;
        owner.wait()?;
        ensure!(is_there, "it ended with a thread of its owner");
        let ended = || Ok((!runs(pid)).then_some(()));
        let waited = testhost::until("the program has ended", WITHIN, ended);
        if waited.is_err()
            && let Some(pid) = Pid::from_raw(pid)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
        waited
    }

    fn own() -> Result<()> {
        let start = || {
            let mut command = Command::new("sleep");
            command.arg("600");
            Program::start(&command, Path::new("/dev/null"))
        };
        let Ok(program) = thread::spawn(start).join() else {
            anyhow::bail!("the thread panicked");
        };
        let program = program?;
        // What starts it has told the kernel by then.
        let comm = format!("/proc/{}/comm", program.pid());
        let began = || Ok((fs::read_to_string(&comm)? == "sleep\n").then_some(()));
        testhost::until("the program runs", WITHIN, began)?;
        println!("started {}", program.pid());
        loop {
            thread::park();
        }
    }

    /// Nobody may be there to reap it.
    fn runs(pid: i32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        state.is_some_and(|state| state != 'Z')
    }
}
