//! Every analysis of the catalogue, asked from afar: through the server, its order, the agent's
//! sandbox, and back.

use std::{collections::BTreeSet, time::Duration};

use analysis::{cause::Certainty, question::Analysis, report::Report};
use anyhow::{Context, Result, bail, ensure};
use system::{Answer, Lab, Member, until};

/// What a process runs that is looked into.
const BUSY: &str = "/bin/bash -c 'while :; do :; done'";
/// Some samples; the limit is for machines that are busy with other tests.
const RECORDED_WITHIN: Duration = Duration::from_secs(120);

#[test]
fn every_question_of_the_catalogue_is_answered_from_afar() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    busy(h1)?;
    let pid = h1.property("busy", "MainPID")?;

    // Stops its target, which no host allows by itself.
    let refused = ask(&lab, &format!("inspect process {pid} --stack"))?;
    ensure!(refused.exit == 4, "{refused:?}");
    ensure!(refused.stderr.contains("policy.toml"), "{refused:?}");
    let allow = "tiers = [\"D0\", \"D1\", \"D2\"]\nper_minute = 100\n";
    h1.host().write("/etc/aiops/policy.toml", allow)?;

    let questions = [
        "analyze ptree".to_owned(),
        "analyze service busy".to_owned(),
        "analyze restarts busy --record journal".to_owned(),
        "analyze crash".to_owned(),
        format!("analyze process {pid} --resources"),
        format!("inspect process {pid}"),
        format!("inspect process {pid} --stack"),
        "analyze zombies".to_owned(),
        "analyze system".to_owned(),
        "collect processes --duration 1s".to_owned(),
        format!("analyze behavior {pid} --duration 1s"),
        format!("analyze behavior {pid} --duration 1s --strace"),
        format!("profile {pid} --duration 1s"),
        "diagnose start-failure busy".to_owned(),
    ];
    let mut answered = BTreeSet::new();
    for question in &questions {
        let answer = ask(&lab, question)?;
        ensure!(answer.exit <= 1, "{question}: {answer:?}");
        let report: Report = serde_json::from_str(&answer.stdout)
            .with_context(|| format!("{question}: {answer:?}"))?;
        answered.insert(report.analysis());
        let state = h1.run(&format!("ps -o state= -p {pid}"))?;
        ensure!(state.trim() == "R", "{question} left it in state {state:?}");
    }
    let all: BTreeSet<_> = Analysis::ALL.iter().copied().collect();
    let left: Vec<_> = all.difference(&answered).collect();
    ensure!(left.is_empty(), "not asked: {left:?}");
    who_talks_is_the_same_from_afar(&lab, pid.parse()?)?;
    // After all that, the agent has the memory that the specification gives it: 100 MB.
    let agent = h1.property("aiops-agent", "MainPID")?;
    let kib: u64 = h1.run(&format!("ps -o rss= -p {agent}"))?.trim().parse()?;
    ensure!(kib < 100_000, "the agent has {kib} KiB");
    Ok(())
}

/// The agent's sandbox hides no end of a channel.
fn who_talks_is_the_same_from_afar(lab: &Lab, pid: u32) -> Result<()> {
    let of_busy = |text: &str| -> Result<Vec<(u32, u32)>> {
        let Report::AnalyzePtree(tree) = serde_json::from_str(text)? else {
            bail!("another report: {text}")
        };
        let ipc = tree.ipc.context("it was asked for")?;
        let ends = ipc
            .edges
            .iter()
            .map(|edge| (edge.from.process.pid, edge.to.process.pid));
        Ok(ends
            .filter(|(from, to)| *from == pid || *to == pid)
            .collect())
    };
    let here = lab
        .member("h1")
        .host()
        .shell("aiops analyze ptree --ipc -o json")?;
    let here = of_busy(&here.stdout)?;
    let afar = ask(lab, "analyze ptree --ipc")?;
    let afar = of_busy(&afar.stdout).with_context(|| format!("{:.500}", afar.stderr))?;
    let journal = lab.member("h1").property("systemd-journald", "MainPID")?;
    ensure!(here == afar, "{here:?} {afar:?}");
    ensure!(afar.contains(&(pid, journal.parse()?)), "{afar:?}");
    Ok(())
}

#[test]
fn the_black_box_has_the_minutes_before_an_end() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    busy(h1)?;
    let count = |folder: &str| -> Result<usize> {
        let listed = h1.run(&format!(
            "find {folder} -type f -size +300c 2>/dev/null | wc -l"
        ))?;
        listed.trim().parse().context("a number")
    };
    // Four samples and more.
    until("it is recorded", RECORDED_WITHIN, || {
        let recent = count("/run/aiops/black-box/busy.service")?;
        Ok((recent == 1).then_some(()))
    })?;
    let pid = h1.property("busy", "MainPID")?;
    let listed = h1.run(&format!("ls /proc/{pid}/fd | wc -l"))?;
    h1.run("systemctl kill -s SEGV busy")?;
    until("its end is kept", RECORDED_WITHIN, || {
        let ended = count("/var/lib/aiops/black-box/ended/busy.service")?;
        Ok((ended == 1).then_some(()))
    })?;
    the_crash_has_them(&lab, listed.trim().parse()?)
}

/// What it used until then, and what the host did, stand in the report on the crash.
fn the_crash_has_them(lab: &Lab, open_files: u64) -> Result<()> {
    let answer = ask(lab, "analyze crash busy")?;
    let Report::AnalyzeCrash(report) = serde_json::from_str(&answer.stdout)? else {
        bail!("another report: {answer:?}")
    };
    let newest = report.newest.as_ref().context("the newest in full")?;
    let before = newest.before.as_ref();
    let before = before.with_context(|| format!("{:?}", newest.limits))?;
    let unit = before.unit.as_ref().context("what the unit used")?;
    ensure!(unit.certainty == Certainty::Measured, "{unit:?}");
    // A loop that does nothing else.
    let cpu = unit.cpu_percent_hundredths.most;
    ensure!((1000..=11_000).contains(&cpu), "{unit:?}");
    ensure!(unit.threads.last == 1, "{unit:?}");
    let counted = unit.open_files.context("open files")?;
    ensure!(counted.last == open_files, "{counted:?} {open_files}");
    ensure!(unit.to <= report.crashes[0].at, "{unit:?}");
    let host = before.host.as_ref().context("what the host did")?;
    ensure!(
        host.memory_available_bytes.most < host.memory_bytes,
        "{host:?}"
    );
    ensure!(host.load_hundredths.most > 0, "{host:?}");
    Ok(())
}

fn busy(host: &Member) -> Result<()> {
    host.service("busy", &format!("ExecStart={BUSY}"))?;
    host.run("systemctl start busy").map(drop)
}

fn ask(lab: &Lab, question: &str) -> Result<Answer> {
    let words = ["--host", "h1", "-o", "json"].into_iter();
    let words: Vec<&str> = words.chain(question.split(' ')).collect();
    lab.aiops.ask(&words)
}
