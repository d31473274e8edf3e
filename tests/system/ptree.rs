//! The process tree of a real host, against what the host's own tools say.

use std::{collections::BTreeMap, time::Duration};

use analysis::{
    order::Failure,
    process_tree::{Oddity, ProcessTree, TreeProcess},
    report::{Health, Report},
};
use anyhow::{Context, Result, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// A parent that never asks how its children ended.
const CARELESS: &str = "ExecStart=/bin/bash -c '/bin/true & exec /bin/sleep infinity'";
/// A child that outlives the shell that started it.
const LEAVES_ONE: &str = "ExecStart=/bin/bash -c '(/bin/sleep 4711 &); exec /bin/sleep infinity'";
/// `exec`: what runs behind the start would else remove the program before it runs.
const UPGRADED: &str = "Type=exec\nExecStartPre=/bin/cp /bin/sleep /run/upgraded\n\
    ExecStart=/run/upgraded infinity\nExecStartPost=/bin/rm /run/upgraded";

#[test]
fn a_tree_says_what_ps_says_and_what_is_odd() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    for (name, settings) in [
        ("careless", CARELESS),
        ("leaves", LEAVES_ONE),
        ("upgraded", UPGRADED),
    ] {
        let unit = format!("/etc/systemd/system/{name}.service");
        host.write(&unit, &format!("[Service]\n{settings}\n"))?;
    }
    host.shell("systemctl daemon-reload && systemctl start careless leaves upgraded")?
        .stdout()?;
    until("the zombie is there", SETTLED_WITHIN, || {
        let states = host.shell("ps -eo state")?.stdout()?;
        Ok(states.contains('Z').then_some(()))
    })?;

    let (listed, tree) = until(
        "nothing starts or ends while we look",
        SETTLED_WITHIN,
        || {
            let before = ps(host)?;
            let tree = tree_of(host, "")?;
            Ok((ps(host)? == before).then_some((before, tree)))
        },
    )?;
    says_the_same(&listed, &tree)?;
    ensure!(tree.limits.is_empty(), "root sees all: {:?}", tree.limits);
    ensure!(tree.health() == Health::Problem, "there is a zombie");
    let zombie = find(&tree, "careless.service", "true")?;
    ensure!(zombie.oddities == [Oddity::Zombie], "{zombie:?}");
    let orphan = tree
        .processes
        .iter()
        .find(|one| one.argv.ends_with(&["4711".to_owned()]));
    let orphan = orphan.context("the sleep that was left behind")?;
    ensure!(orphan.oddities == [Oddity::Orphan], "{orphan:?}");
    let path = "/run/upgraded".to_owned();
    let upgraded = find(&tree, "upgraded.service", "upgraded")?;
    ensure!(
        upgraded.oddities == [Oddity::DeletedProgram { path }],
        "{upgraded:?}"
    );
    let odd = tree.processes.iter().filter(|one| !one.oddities.is_empty());
    ensure!(
        odd.count() == 3,
        "nothing else is odd: {:#?}",
        tree.processes
    );

    let pid = zombie.parent_pid.to_string();
    let part = tree_of(host, &pid)?;
    let pids: Vec<_> = part.processes.iter().map(|one| one.process.pid).collect();
    ensure!(pids == [zombie.parent_pid, zombie.process.pid], "{part:?}");
    let none = host.exec(&["aiops", "analyze", "ptree", "4000000"])?;
    ensure!(
        none.status == 3,
        "{:?} is no {:?}",
        none,
        Failure::NoSuchTarget
    );
    Ok(())
}

/// Parent, user and unit of each process, by pid.
type Listed = BTreeMap<u32, (u32, String, String)>;

/// What `ps` lists, without itself and what runs it.
fn ps(host: &Host) -> Result<Listed> {
    let columns = ["ps", "-eo", "pid=,ppid=,user:32=,unit:64=,comm="];
    let text = host.exec(&columns)?.stdout()?;
    let mut listed = Listed::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [pid, parent, user, unit, comm, ..] = words[..] else {
            continue;
        };
        if comm != "ps" {
            listed.insert(
                pid.parse()?,
                (parent.parse()?, user.to_owned(), unit.to_owned()),
            );
        }
    }
    Ok(listed)
}

fn says_the_same(ps: &Listed, tree: &ProcessTree) -> Result<()> {
    let others = tree.processes.iter().filter(|one| one.comm != "aiops");
    let ours: Listed = others
        .map(|one| {
            let unit = one.unit.as_ref().map_or("-", |unit| unit.as_str());
            let user = one.user.clone().unwrap_or_default();
            (one.process.pid, (one.parent_pid, user, unit.to_owned()))
        })
        .collect();
    ensure!(ps.len() > 5, "a host that runs: {ps:?}");
    ensure!(ours == *ps, "ours: {ours:#?}\nps: {ps:#?}");
    Ok(())
}

fn tree_of(host: &Host, pid: &str) -> Result<ProcessTree> {
    let command = format!("aiops analyze ptree {pid} -o json");
    let output = host.shell(&command)?;
    ensure!(output.status == 1, "a zombie is a problem: {output:?}");
    match serde_json::from_str(&output.stdout)? {
        Report::AnalyzePtree(tree) => Ok(*tree),
        other => anyhow::bail!("not a tree: {other:?}"),
    }
}

fn find<'a>(tree: &'a ProcessTree, unit: &str, comm: &str) -> Result<&'a TreeProcess> {
    let is_meant = |one: &&TreeProcess| {
        one.comm == comm
            && one
                .unit
                .as_ref()
                .is_some_and(|found| found.as_str() == unit)
    };
    let found = tree.processes.iter().find(is_meant);
    found.with_context(|| format!("no {comm} in {unit}: {:#?}", tree.processes))
}
