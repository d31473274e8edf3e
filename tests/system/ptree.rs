//! The process tree of a real host, against what the host's own tools say.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use analysis::{
    order::Failure,
    process_tree::{Channel, IpcEdge, Oddity, ProcessTree, TreeProcess},
    report::{Health, Report},
};
use anyhow::{Context, Result, ensure};
use system::{Host, program, until};
use testhost::{Pool, Shape, debs};

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// A parent that never asks how its children ended.
const CARELESS: &str = "ExecStart=/bin/bash -c '/bin/true & exec /bin/sleep infinity'";
/// A child that outlives the shell that started it.
const LEAVES_ONE: &str = "ExecStart=/bin/bash -c '(/bin/sleep 4711 &); exec /bin/sleep infinity'";
/// `exec`: what runs behind the start would else remove the program before it runs.
const UPGRADED: &str = "Type=exec\nExecStartPre=/bin/cp /bin/sleep /run/upgraded\n\
    ExecStart=/run/upgraded infinity\nExecStartPost=/bin/rm /run/upgraded";
/// The same with a library.
const OLD_LIBRARY: &str = "Type=exec\nEnvironment=LD_PRELOAD=/run/libold.so.6\n\
    ExecStartPre=/bin/sh -c 'unset LD_PRELOAD; cp /lib/*-linux-gnu/libm.so.6 /run/libold.so.6'\n\
    ExecStart=/bin/sleep infinity\nExecStartPost=/bin/rm /run/libold.so.6";
/// Writes into a pipe for the other.
const PIPED: &str = "ExecStart=/bin/bash -c '/bin/sleep 4712 | /bin/sleep 4713'";
/// One calls the other within the host.
const CALLS: &str = "use IO::Socket;
my $listens = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 4714);
if (!fork) { close $listens; my $call = IO::Socket::INET->new('127.0.0.1:4714'); sleep }
my $accepted = $listens->accept; sleep";
/// Each the child of the one before.
const DEEP: &str = "TasksMax=infinity\n\
    ExecStart=/usr/bin/perl -e 'for (2..200) { sleep if fork } sleep'";
/// All the children of one.
const WIDE: &str = "TasksMax=infinity\n\
    ExecStart=/usr/bin/perl -e 'for (2..4800) { sleep unless fork } sleep'";

#[test]
fn a_tree_says_what_ps_says_and_what_is_odd() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    for (name, settings) in [
        ("careless", CARELESS),
        ("leaves", LEAVES_ONE),
        ("upgraded", UPGRADED),
        ("old-library", OLD_LIBRARY),
    ] {
        start(host, name, settings)?;
    }
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
    as_the_specification_types_it(host)?;
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
    let old = find(&tree, "old-library.service", "sleep")?;
    let expected = Oddity::DeletedLibraries {
        paths: vec!["/run/libold.so.6".to_owned()],
        omitted: 0,
    };
    ensure!(old.oddities == [expected], "{old:?}");
    let odd = tree.processes.iter().filter(|one| !one.oddities.is_empty());
    ensure!(
        odd.count() == 4,
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

/// All that process 1 began, with the memory that ps shows of each.
fn as_the_specification_types_it(host: &Host) -> Result<()> {
    if host.shell("command -v pstree")?.status != 0 {
        debs::unpack(host, &debs::download(&["psmisc"])?)?;
    }
    let tree = until("pstree has the same", SETTLED_WITHIN, || {
        let tree = tree_of(host, "--pid 1 --recursive")?;
        let pids: BTreeSet<u32> = tree.processes.iter().map(|one| one.process.pid).collect();
        let theirs = host.shell("pstree --show-pids --hide-threads --ascii 1")?;
        let theirs = theirs.stdout()?;
        Ok((pids == pids_in(&theirs)).then_some(tree))
    })?;
    let (first, rest) = tree.processes.split_first().context("process 1")?;
    ensure!(first.process.pid == 1 && first.depth == 0, "{first:?}");
    let below = rest.iter().all(|one| one.depth > 0);
    ensure!(below && rest.len() > 5, "{rest:#?}");
    let listed = host.shell("ps -eo pid=,rss=")?.stdout()?;
    let mut compared = 0;
    for line in listed.lines() {
        let mut fields = line.split_whitespace().flat_map(str::parse::<u64>);
        let (Some(pid), Some(kib)) = (fields.next(), fields.next()) else {
            continue;
        };
        let of = |one: &&TreeProcess| u64::from(one.process.pid) == pid;
        let Some(ours) = tree.processes.iter().find(of) else {
            continue;
        };
        // Some of them run, and grow by some pages meanwhile.
        let apart = ours.rss_bytes.abs_diff(kib << 10);
        ensure!(
            apart <= (kib << 10) / 20 + (512 << 10),
            "{ours:?}: {kib} KiB"
        );
        compared += 1;
    }
    ensure!(compared > 5, "{listed}");
    Ok(())
}

/// `systemd(1)-+-nginx(7)---nginx(8)`: the numbers in brackets.
fn pids_in(tree: &str) -> BTreeSet<u32> {
    let ends = tree
        .split('(')
        .skip(1)
        .filter_map(|part| part.split_once(')'));
    ends.filter_map(|(pid, _)| pid.parse().ok()).collect()
}

#[test]
fn who_talks_with_whom_is_as_ss_says() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    start(host, "piped", PIPED)?;
    host.write("/run/calls.pl", CALLS)?;
    start(host, "calls", "ExecStart=/usr/bin/perl /run/calls.pl")?;
    until("the connection is there", SETTLED_WITHIN, || {
        let list = host.shell("ss -tnH state established sport = :4714")?;
        Ok((!list.stdout()?.is_empty()).then_some(()))
    })?;
    let tree = tree_of(host, "--ipc")?;
    let ipc = tree.ipc.as_ref().context("it was asked for")?;
    ensure!(ipc.omitted == 0, "{ipc:?}");
    ensure!(tree.limits.is_empty(), "root sees all: {:?}", tree.limits);

    let pid_of = |last: &str| {
        let of = |one: &&TreeProcess| one.argv.ends_with(&[last.to_owned()]);
        let found = tree.processes.iter().find(of).map(|one| one.process.pid);
        found.with_context(|| format!("no process with {last}"))
    };
    let pipe = |edge: &&IpcEdge| matches!(edge.channel, Channel::Pipe { .. });
    let piped: Vec<_> = ipc.edges.iter().filter(pipe).map(ends).collect();
    ensure!(
        piped.contains(&(pid_of("4712")?, pid_of("4713")?)),
        "{ipc:#?}"
    );

    // `users:(("perl",pid=77,fd=5))` of each end of the connection.
    let holder = |end: &str| -> Result<u32> {
        let list = host.shell(&format!("ss -tnpH state established {end} = :4714"))?;
        pid_in(&list.stdout()?)
    };
    let tcp = |edge: &&IpcEdge| matches!(edge.channel, Channel::Tcp { .. });
    let called: Vec<_> = ipc.edges.iter().filter(tcp).map(ends).collect();
    ensure!(called == [(holder("dport")?, holder("sport")?)], "{ipc:#?}");

    let logs: BTreeSet<_> = ipc
        .edges
        .iter()
        .filter(|edge| path(edge) == Some("/run/systemd/journal/stdout"))
        .map(ends)
        .collect();
    let journal = host.shell("systemctl show -P MainPID systemd-journald")?;
    let journal: u32 = journal.stdout()?.trim().parse()?;
    ensure!(logs.contains(&(pid_of("4712")?, journal)), "{ipc:#?}");

    let part = tree_of(host, &format!("{} --ipc", pid_of("4713")?))?;
    let part = part.ipc.context("it was asked for")?;
    let all_its: Vec<_> = part.edges.iter().filter(pipe).map(ends).collect();
    ensure!(all_its == [(pid_of("4712")?, pid_of("4713")?)], "{part:#?}");
    Ok(())
}

#[test]
fn a_deep_and_a_wide_tree_of_5000_processes_are_as_ps_says() -> Result<()> {
    let pool = Pool::new()?;
    let shape = Shape {
        memory: "3G",
        ..Shape::default()
    };
    let host = &pool.boot_shaped(shape, &["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    start(host, "deep", DEEP)?;
    start(host, "wide", WIDE)?;
    until("all are there", SETTLED_WITHIN, || {
        let list = host.shell("ps -C perl -o pid=")?.stdout()?;
        Ok((list.lines().count() == 5000).then_some(()))
    })?;

    let listed = ps(host)?;
    let tree = tree_of(host, "--recursive")?;
    ensure!(ps(host)? == listed, "something started or ended");
    says_the_same(&listed, &tree)?;
    ensure!(tree.omitted == 0, "{} are left out", tree.omitted);
    let mut above: Vec<u32> = Vec::new();
    for one in &tree.processes {
        above.truncate(one.depth as usize);
        ensure!(
            above.len() == one.depth as usize,
            "a level is missing: {one:?}"
        );
        ensure!(
            one.depth == 0 || above.last() == Some(&one.parent_pid),
            "{one:?}"
        );
        above.push(one.process.pid);
    }
    let in_deep = |one: &&TreeProcess| {
        one.unit
            .as_ref()
            .is_some_and(|u| u.as_str() == "deep.service")
    };
    let levels: BTreeSet<_> = tree
        .processes
        .iter()
        .filter(in_deep)
        .map(|one| one.depth)
        .collect();
    ensure!(levels.len() == 200, "{levels:?}");

    let text = host.exec(&["aiops", "analyze", "ptree", "--recursive"])?;
    let shown: BTreeSet<u32> = text
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    ensure!(
        listed.keys().all(|pid| shown.contains(pid)),
        "some are not shown"
    );
    // The longest lines are those of the deepest levels that are drawn.
    ensure!(
        text.stdout.len() < 200 * listed.len(),
        "{} bytes",
        text.stdout.len()
    );

    let top = host.shell("systemctl show -P MainPID deep")?.stdout()?;
    let part = tree_of(host, top.trim())?;
    ensure!((part.processes.len(), part.omitted) == (2, 198), "{part:?}");
    let part = tree_of(host, &format!("--pid {} --recursive", top.trim()))?;
    ensure!((part.processes.len(), part.omitted) == (200, 0), "{part:?}");
    Ok(())
}

fn start(host: &Host, name: &str, settings: &str) -> Result<()> {
    let unit = format!("/etc/systemd/system/{name}.service");
    host.write(&unit, &format!("[Service]\n{settings}\n"))?;
    host.shell(&format!(
        "systemctl daemon-reload && systemctl start {name}"
    ))?
    .stdout()?;
    Ok(())
}

fn ends(edge: &IpcEdge) -> (u32, u32) {
    (edge.from.process.pid, edge.to.process.pid)
}

fn path(edge: &IpcEdge) -> Option<&str> {
    match &edge.channel {
        Channel::UnixSocket { path, .. } => path.as_deref(),
        _ => None,
    }
}

/// The first `pid=77` of what `ss -p` says.
fn pid_in(text: &str) -> Result<u32> {
    let (_, rest) = text.split_once("pid=").with_context(|| text.to_owned())?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
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

fn tree_of(host: &Host, words: &str) -> Result<ProcessTree> {
    let command = format!("aiops analyze ptree {words} -o json");
    let output = host.shell(&command)?;
    let tree = match serde_json::from_str(&output.stdout) {
        Ok(Report::AnalyzePtree(tree)) => *tree,
        _ => anyhow::bail!("not a tree: {output:?}"),
    };
    let expected = i32::from(tree.totals.zombies > 0);
    ensure!(
        output.status == expected,
        "a zombie is a problem: {output:?}"
    );
    Ok(tree)
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
