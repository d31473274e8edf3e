//! The command line as somebody uses it who comes new to a fleet: logs in, asks, and logs out.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use analysis::{people::Me, report::Report};
use anyhow::{Context, Result, ensure};
use system::{Answer, Lab, program};

const PASSWORD: &str = "nine small horses";

#[test]
fn an_operator_logs_in_with_a_link_asks_and_logs_out() -> Result<()> {
    let mut lab = Lab::start(&["h1"])?;
    let ann = Person::new()?;
    let (url, pin) = (lab.server.url(), pin(&lab)?);
    let create = ["account", "create", "ann", "--role", "operator"];
    let link = lab.server.admin(&create)?.trim().to_owned();

    ends(&ann.ask(&["login", &link])?, 4)?;
    ensure!(!ann.config().exists(), "nobody vouched for the server");
    let log_in = ["login", &link, "--ca-pin", &pin, "--name", "prod"];
    ends(&ann.ask(&log_in)?, 0)?;
    let mode = fs::metadata(ann.config())?.permissions().mode();
    ensure!(mode & 0o777 == 0o600, "{mode:o}");
    let me: Me = serde_json::from_str(&ann.ask(&["api", "GET", "/me"])?.stdout)?;
    ensure!(
        (me.name.as_str(), me.role.name()) == ("ann", "operator"),
        "{me:?}"
    );
    ends(&ann.ask(&log_in)?, 4).context("a link works once")?;

    let tree = ann.line("--host h1 analyze ptree -o json")?;
    ends(&tree, 0)?;
    let report: Report = serde_json::from_str(&tree.stdout)?;
    ensure!(matches!(report, Report::AnalyzePtree(found) if found.processes.len() > 5));
    // (what she types, how it ends)
    for (line, exit) in [
        ("--host h1 analyze ptree 4194305", 3),
        ("--host h1 diagnose start-failure no-such-thing", 3),
        ("--host h9 analyze ptree", 3),
        ("-l role=db analyze ptree", 3),
        ("--host h1 --timeout 1h analyze ptree", 2),
        ("--host h1 analyze restarts no-such-thing", 3),
        ("inquiry list", 0),
        ("inquiry show 00000000-0000-0000-0000-000000000000", 3),
        ("audit list", 4),
        ("host add", 4),
        ("account create bob", 4),
        ("api GET /nothing", 3),
        ("api PATCH /hosts", 2),
        ("--context test host list", 2),
    ] {
        ends(&ann.line(line)?, exit)?;
    }
    ensure!(ann.offered(&["aiops", "--host", "h"])? == ["h1"]);

    lab.server.kill();
    ends(&ann.line("host list")?, 5)?;
    ends(&ann.line("--host h1 analyze ptree")?, 5)?;
    lab.server.start_again()?;
    ends(&ann.line("host list")?, 0)?;
    lab.server.admin(&["account", "disable", "ann"])?;
    let refused = ann.line("host list")?;
    ends(&refused, 4)?;
    let hint = format!("hint: `aiops login {url}` begins a new one\n");
    ensure!(refused.stderr.ends_with(&hint), "{refused:?}");
    ends(&ann.line("logout")?, 0)?;
    ends(&ann.line("host list")?, 2)
}

#[test]
fn an_administrator_sets_a_password_and_reads_of_it_in_the_audit() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let (ann, url, pin) = (Person::new()?, lab.server.url(), pin(&lab)?);
    let create = ["account", "create", "ann", "--role", "admin"];
    let link = lab.server.admin(&create)?.trim().to_owned();
    let set = [
        "login",
        &link,
        "--ca-pin",
        &pin,
        "--set-password",
        "--password-stdin",
    ];
    ends(&ann.type_in(&set, PASSWORD)?, 0)?;
    ends(&ann.line("logout")?, 0)?;

    let log_in = [
        "login",
        &url,
        "--ca-pin",
        &pin,
        "--user",
        "ann",
        "--password-stdin",
    ];
    ends(&ann.type_in(&log_in, "nine small houses")?, 4)?;
    ends(&ann.type_in(&log_in, PASSWORD)?, 0)?;
    ends(&ann.line("account create bob --role viewer")?, 0)?;
    ends(&ann.line("account create bob")?, 2).context("there is one")?;
    ends(&ann.line("token create ci --ttl 1d")?, 0)?;
    ends(&ann.line("host add")?, 0)?;

    let audit = ann.line("audit list")?;
    for action in ["login", "login-failed", "account-created"] {
        ensure!(audit.stdout.contains(action), "{action}: {}", audit.stdout);
    }
    ensure!(!audit.stdout.contains(PASSWORD), "{}", audit.stdout);
    ends(&ann.line("audit verify")?, 0)?;
    lab.server
        .sql("update audit set actor = 'user:nobody' where n = 2")?;
    let broken = ann.line("audit verify")?;
    ends(&broken, 1)?;
    ensure!(broken.stderr.contains("entry 2 was changed"), "{broken:?}");
    Ok(())
}

/// Somebody with a home of their own and nothing in it.
struct Person(tempfile::TempDir);

impl Person {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(".config/aiops/config.toml")
    }

    fn aiops(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(program::path("aiops")?);
        command.env_clear().env("HOME", self.0.path());
        command.env("LANG", "C").stdin(Stdio::null()).args(words);
        Ok(command)
    }

    fn ask(&self, words: &[&str]) -> Result<Answer> {
        Ok(self.aiops(words)?.output()?.into())
    }

    fn line(&self, line: &str) -> Result<Answer> {
        self.ask(&line.split(' ').collect::<Vec<_>>())
    }

    fn type_in(&self, words: &[&str], line: &str) -> Result<Answer> {
        let mut command = self.aiops(words)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = command.stderr(Stdio::piped()).spawn()?;
        let mut stdin = running.stdin.take().context("it is a pipe")?;
        writeln!(stdin, "{line}")?;
        drop(stdin);
        Ok(running.wait_with_output()?.into())
    }

    /// What bash is offered for the last word.
    fn offered(&self, words: &[&str]) -> Result<Vec<String>> {
        let mut command = self.aiops(&["--"])?;
        command.args(words).env("COMPLETE", "bash");
        command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
        command
            .env("_CLAP_IFS", "\n")
            .env("_CLAP_COMPLETE_COMP_TYPE", "9");
        let answer = Answer::from(command.output()?);
        Ok(answer
            .stdout
            .lines()
            .map(|line| line.trim().to_owned())
            .collect())
    }
}

fn ends(answer: &Answer, exit: i32) -> Result<()> {
    ensure!(answer.exit == exit, "not {exit}: {answer:?}");
    Ok(())
}

/// The pin of the server's authority, as its administrator reads it out.
fn pin(lab: &Lab) -> Result<String> {
    let shown = lab.server.admin(&["ca", "show"])?;
    let pin = shown
        .split_whitespace()
        .find(|word| word.starts_with("sha256:"));
    pin.map(str::to_owned)
        .with_context(|| format!("no pin: {shown}"))
}
