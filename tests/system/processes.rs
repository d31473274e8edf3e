//! The processes of a real host over an interval, against what the host's own tools say.

use std::{collections::BTreeMap, time::Duration};

use analysis::{
    cause::Certainty,
    machine::Resource,
    process::ExitStatus,
    processes::{ProcessUsage, Processes},
    report::Report,
    zombies::{ZombieAdvice, ZombieCause, ZombieParent, Zombies},
};
use anyhow::{Context, Result, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Processes of every kind, each a unit. What is `ExecStart=` of it?
const UNITS: [(&str, &str); 6] = [
    ("busy", "/bin/bash -c 'while :; do :; done'"),
    ("stopped", "/bin/bash -c 'kill -STOP $$$$'"),
    // It never asks how its children ended.
    (
        "careless",
        "/bin/bash -c '/bin/true & exec /bin/sleep infinity'",
    ),
    (
        "leaves",
        "/bin/bash -c '(/bin/sleep 4711 &); exec /bin/sleep infinity'",
    ),
    (
        "writes",
        "/bin/bash -c 'while :; do dd if=/dev/zero of=/var/tmp/io bs=64k count=64 conv=fsync; done'",
    ),
    // A program with threads: ours.
    ("threads", "/usr/bin/aiops collect processes --duration 10m"),
];

#[test]
fn processes_and_zombies_are_those_of_ps() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    start_units(host)?;

    // Others start and end, and journald maps its files anew: one look at rest is enough.
    let mut apart = None;
    let list = until("the figures are those of ps", SETTLED_WITHIN, || {
        let before = ps(host)?;
        let list = collect(host, "--duration 1s")?;
        let after = ps(host)?;
        let compared = same_list(&before, &list).and_then(|()| figures(&before, &list, &after));
        let is_settled = before.keys().eq(after.keys());
        let agrees = compared.map_err(|error| apart = Some(error)).is_ok();
        Ok((is_settled && agrees).then_some(list))
    });
    let list = &list.with_context(|| format!("{apart:?}"))?;
    kinds_are_recognised(list)?;
    an_interval_is_measured(host)?;
    zombies_are_found(host)
}

#[test]
fn the_machine_is_as_its_own_tools_say_and_ends_are_told() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    // The share of the last minute moves on meanwhile, by up to 3 percent each 2 s.
    let pressure = |host: &Host| -> Result<Option<f64>> {
        let line =
            "sed -n 's/^some.*avg60=\\([^ ]*\\).*/\\1/p' /proc/pressure/cpu 2>/dev/null || true";
        Ok(host.shell(line)?.stdout()?.trim().parse().ok())
    };
    let before = pressure(host)?;
    let output = host.shell("aiops analyze system -o json")?;
    let after = pressure(host)?;
    let Report::AnalyzeSystem(machine) = serde_json::from_str(&output.stdout)? else {
        anyhow::bail!("no machine: {output:?}")
    };
    let find = |resource: Resource, name: Option<&str>| {
        let mut all = machine.findings.iter();
        let found = all.find(|one| one.resource == resource && one.name.as_deref() == name);
        found.with_context(|| format!("{resource:?} in {machine:?}"))
    };
    let memory = find(Resource::Memory, None)?;
    let total = number(host, "free -b | awk '/^Mem/ { print $2 }'")?;
    ensure!(memory.total_bytes == Some(total), "{memory:?} {total}");
    let root = find(Resource::DiskSpace, Some("/"))?;
    let percent = number(host, "df --output=pcent / | tail -1 | tr -d ' %'")?;
    // df rounds up.
    ensure!(
        (root.value - percent as f64).abs() <= 1.5,
        "{root:?} {percent}"
    );
    if let Some((before, after)) = before.zip(after) {
        let told = find(Resource::CpuPressure, None)?.value;
        let (least, most) = (before.min(after) - 10.0, before.max(after) + 10.0);
        ensure!((least..=most).contains(&told), "{before} {told} {after}");
    }
    let cores = number(host, "grep -c ^processor /proc/cpuinfo")?;
    ensure!(u64::from(machine.cores) == cores, "{machine:?}");
    ends_are_told(host)
}

fn number(host: &Host, command: &str) -> Result<u64> {
    let text = host.shell(command)?.stdout()?;
    text.trim()
        .parse()
        .with_context(|| format!("{command}: {text}"))
}

/// A service that is killed, and a process that is, while somebody watches.
fn ends_are_told(host: &Host) -> Result<()> {
    let service = "[Service]\nExecStart=/bin/sleep infinity\n";
    for name in ["victim", "other"] {
        host.write(&format!("/etc/systemd/system/{name}.service"), service)?;
    }
    let watch = "[Service]\nStandardOutput=file:/run/told\nStandardError=file:/run/begun\n\
        ExecStart=/bin/sh -c 'exec aiops monitor processes --interval 1 \
        --critical victim,$$(systemctl show -P MainPID other)'\n";
    host.write("/etc/systemd/system/watch.service", watch)?;
    let start = "systemctl daemon-reload && systemctl start victim other && systemctl start watch";
    host.shell(start)?.stdout()?;
    let begun = |file: &str, words: &str| {
        until(words, SETTLED_WITHIN, || {
            let text = host.shell(&format!("cat {file}"))?.stdout;
            Ok(text.contains(words).then_some(()))
        })
    };
    begun("/run/begun", "Watching")?;
    host.shell("systemctl kill -s KILL victim; systemctl kill -s SEGV other")?
        .stdout()?;
    begun(
        "/run/told",
        "victim.service does not run: failed/failed, result signal",
    )?;
    begun("/run/told", "other.service ended with ")?;
    host.shell("systemctl kill -s INT watch")?.stdout()?;
    until("it ends cleanly", SETTLED_WITHIN, || {
        let status = host
            .shell("systemctl show -P ActiveState -P ExecMainStatus watch")?
            .stdout()?;
        let has_ended = !status.contains("active\n") || status.contains("inactive");
        Ok(has_ended.then_some(status))
    })
    .and_then(|status| {
        ensure!(status.contains("1\n"), "something critical ended: {status}");
        Ok(())
    })?;
    let daemon = host.shell("aiops monitor processes --daemon")?;
    ensure!(daemon.status == 1, "no agent here: {daemon:?}");
    let hint = "systemctl enable --now aiops-agent";
    ensure!(daemon.stderr.contains(hint), "{daemon:?}");
    Ok(())
}

fn start_units(host: &Host) -> Result<()> {
    for (name, command) in UNITS {
        let unit = format!("/etc/systemd/system/{name}.service");
        host.write(&unit, &format!("[Service]\nExecStart={command}\n"))?;
    }
    let names = UNITS.map(|(name, _)| name).join(" ");
    host.shell(&format!(
        "systemctl daemon-reload && systemctl start {names}"
    ))?
    .stdout()?;
    until("all are in their states", SETTLED_WITHIN, || {
        let states = host.shell("ps -eo state,nlwp,unit | sort")?.stdout()?;
        let is = |state: &str| states.lines().any(|line| line.starts_with(state));
        let threads = states.lines().find(|line| line.contains("threads.service"));
        let has_threads = threads.is_some_and(|line| !line.contains(" 1 "));
        Ok((is("Z") && is("T") && has_threads).then_some(()))
    })
}

/// What `ps` says of one process.
#[derive(Debug)]
struct Listed {
    parent: u32,
    state: char,
    user: String,
    unit: String,
    terminal: String,
    nice: i32,
    threads: u32,
    rss_kib: u64,
    virtual_kib: u64,
    cpu_s: u64,
}

/// By pid, without itself, what runs it, and the short-lived children of the one that writes.
fn ps(host: &Host) -> Result<BTreeMap<u32, Listed>> {
    let columns = "pid=,ppid=,state=,user:32=,unit:64=,tty=,ni=,nlwp=,rss=,vsz=,cputimes=,comm=";
    let text = host.exec(&["ps", "-eo", columns])?.stdout()?;
    let mut listed = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [
            pid,
            parent,
            state,
            user,
            unit,
            terminal,
            nice,
            threads,
            rss,
            size,
            cpu,
            comm,
            ..,
        ] = words[..]
        else {
            continue;
        };
        if passes(comm) {
            continue;
        }
        let one = Listed {
            parent: parent.parse()?,
            state: state.chars().next().context("a state")?,
            user: user.to_owned(),
            unit: unit.to_owned(),
            terminal: terminal.to_owned(),
            // Of kernel threads and other classes it is `-`.
            nice: nice.parse().unwrap_or(0),
            threads: threads.parse()?,
            rss_kib: rss.parse()?,
            virtual_kib: size.parse()?,
            cpu_s: cpu.parse()?,
        };
        listed.insert(pid.parse()?, one);
    }
    ensure!(listed.len() > 8, "a host that runs: {text}");
    // `ps` shows the memory of `status`, which the kernel sums up over all processors; that of
    // `stat` may lag behind by some pages a processor, which is much of a small process.
    let pages = "getconf PAGESIZE; awk '{ print $1, $(NF - 28) }' /proc/[0-9]*/stat 2>/dev/null";
    let text = host.shell(pages)?.stdout;
    let (page_bytes, lines) = text.split_once('\n').context("the size of a page")?;
    let page_kib = page_bytes.trim().parse::<u64>()? / 1024;
    for line in lines.lines() {
        let (pid, pages) = line.split_once(' ').context("a pid and its pages")?;
        if let Some(one) = listed.get_mut(&pid.parse()?) {
            one.rss_kib = pages.parse::<u64>()? * page_kib;
        }
    }
    Ok(listed)
}

fn passes(comm: &str) -> bool {
    ["ps", "dd"].contains(&comm)
}

/// The same processes, but for those that look.
fn same_list(ps: &BTreeMap<u32, Listed>, list: &Processes) -> Result<()> {
    let is_meant = |one: &&ProcessUsage| {
        let is_looking = one.comm == "aiops" && !is_of(one, "threads.service");
        // A shell that is about to become `dd`.
        let is_passing = is_of(one, "writes.service") && !ps.contains_key(&one.process.pid);
        !passes(&one.comm) && !is_looking && !is_passing
    };
    let ours = list.processes.iter().filter(is_meant);
    let ours: Vec<u32> = ours.map(|one| one.process.pid).collect();
    let missing = ps.keys().filter(|pid| !ours.contains(pid)).count();
    let more = ours.iter().filter(|pid| !ps.contains_key(pid)).count();
    // One in a hundred.
    ensure!(
        (missing + more) * 100 <= ps.len(),
        "ours: {ours:?}\nps: {:?}",
        ps.keys()
    );
    Ok(())
}

fn same_figures(one: &ProcessUsage, before: &Listed, after: &Listed) -> Result<()> {
    let user = one.user.clone().unwrap_or_default();
    let unit = one.unit.as_ref().map_or("-", |unit| unit.as_str());
    let terminal = one.terminal.clone().unwrap_or_else(|| "?".to_owned());
    let said = (
        before.parent,
        &before.user,
        before.unit.as_str(),
        &before.terminal,
    );
    ensure!(
        (one.parent_pid, &user, unit, &terminal) == said,
        "{before:?}"
    );
    // What neither of the two looks of `ps` saw may be of the moment between.
    if before.state == after.state && !['R', 'S', 'D'].contains(&before.state) {
        ensure!(one.state == before.state, "{before:?}");
    }
    if before.threads == after.threads {
        ensure!(one.threads == before.threads, "{before:?}");
    }
    if one.is_kernel_thread {
        return Ok(());
    }
    ensure!(one.nice == before.nice, "{before:?}");
    let (rss, size) = (one.rss_bytes / 1024, one.virtual_bytes / 1024);
    ensure!(
        is_near(rss, before.rss_kib, after.rss_kib),
        "{before:?} {after:?}"
    );
    ensure!(
        is_near(size, before.virtual_kib, after.virtual_kib),
        "{before:?} {after:?}"
    );
    let cpu_s = one.cpu_ms / 1000;
    ensure!(
        (before.cpu_s..=after.cpu_s).contains(&cpu_s),
        "{before:?} {after:?}"
    );
    Ok(())
}

fn figures(
    before: &BTreeMap<u32, Listed>,
    list: &Processes,
    after: &BTreeMap<u32, Listed>,
) -> Result<()> {
    for one in &list.processes {
        let pid = &one.process.pid;
        if let (Some(before), Some(after)) = (before.get(pid), after.get(pid)) {
            same_figures(one, before, after).with_context(|| format!("{one:?}"))?;
        }
    }
    Ok(())
}

/// Whether a figure is that of before or after, or in between, give or take 5 %.
fn is_near(ours: u64, before: u64, after: u64) -> bool {
    let (low, high) = (before.min(after), before.max(after));
    ours * 100 >= low * 95 && ours * 100 <= high * 105
}

fn kinds_are_recognised(list: &Processes) -> Result<()> {
    let busy = find(list, "busy.service", "bash")?;
    ensure!(busy.is_daemon && busy.cpu_percent > 0.0, "{busy:?}");
    ensure!(find(list, "stopped.service", "bash")?.state == 'T');
    let zombie = find(list, "careless.service", "true")?;
    ensure!(zombie.state == 'Z' && !zombie.is_daemon, "{zombie:?}");
    let orphan = find(list, "leaves.service", "sleep")?;
    ensure!(orphan.is_daemon && orphan.parent_pid == 1, "{orphan:?}");
    ensure!(find(list, "threads.service", "aiops")?.threads > 1);
    let zombies = || list.processes.iter().filter(|one| one.state == 'Z');
    // `dd` is one for a moment, until its shell looks.
    let stuck = zombies().filter(|one| !passes(&one.comm));
    ensure!(stuck.count() == 1, "{:?}", list.totals);
    let totals = (list.totals.zombies as usize, list.totals.stopped);
    ensure!(totals == (zombies().count(), 1), "{:?}", list.totals);
    let kernel = list.processes.iter().filter(|one| one.is_kernel_thread);
    ensure!(
        kernel
            .clone()
            .all(|one| !one.is_daemon && one.argv.is_empty())
    );
    Ok(())
}

/// What was written and computed is at most what the kernel counted around it.
fn an_interval_is_measured(host: &Host) -> Result<()> {
    let pid = |unit: &str| {
        host.exec(&["systemctl", "show", "-P", "MainPID", unit])?
            .stdout()
    };
    let (writes, busy) = (
        pid("writes")?.trim().to_owned(),
        pid("busy")?.trim().to_owned(),
    );
    let counters = || -> Result<(u64, u64)> {
        let command = format!(
            "sed -n 's/^write_bytes: //p' /proc/{writes}/io; cut -d' ' -f14,15 /proc/{busy}/stat"
        );
        let text = host.shell(&command)?.stdout()?;
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
        match numbers?[..] {
            [written, user, system] => Ok((written, (user + system) * 10)),
            _ => anyhow::bail!("counters: {text}"),
        }
    };
    let before = counters()?;
    let list = collect(host, "--duration 3s --sort cpu")?;
    let after = counters()?;
    let writer = find(&list, "writes.service", "bash")?;
    let busy = find(&list, "busy.service", "bash")?;
    // Where the host's disk is memory, both are zero.
    let written = writer.io.context("root may read it")?.written_bytes;
    ensure!(
        written <= after.0 - before.0,
        "{writer:?} {before:?} {after:?}"
    );
    let cpu_ms = busy.cpu_percent / 100.0 * list.interval_ms as f64;
    ensure!(
        cpu_ms > 0.0 && cpu_ms <= (after.1 - before.1) as f64 + 1.0,
        "{busy:?}"
    );
    ensure!(list.interval_ms >= 3000 && list.readings > 2, "{list:?}");
    Ok(())
}

/// As many as `ps` sees, each with its parent and how it ended; and the advice helps.
fn zombies_are_found(host: &Host) -> Result<()> {
    let stop = "kill -STOP $(systemctl show -P MainPID careless)";
    host.shell(stop)?.stdout()?;
    let report = zombies(host, 1)?;
    // Those of others that ended in this very moment.
    let is_fresh = |parent: &&ZombieParent| parent.cause == ZombieCause::JustEnded;
    let (fresh, stuck): (Vec<_>, Vec<_>) = report.parents.iter().partition(is_fresh);
    ensure!(fresh.is_empty() == (report.fresh == 0), "{report:?}");
    let [parent] = stuck[..] else {
        anyhow::bail!("one parent: {report:?}")
    };
    let unit = parent.unit.as_ref().map(|unit| unit.as_str());
    ensure!(unit == Some("careless.service"), "{parent:?}");
    let children = format!("ps --ppid {} -o state= | grep -c Z", parent.process.pid);
    let listed = host.shell(&children)?.stdout()?;
    ensure!(listed.trim() == report.zombies.to_string(), "{report:?}");
    let said = (parent.cause, parent.certainty);
    ensure!(
        said == (ZombieCause::ParentStopped, Certainty::Measured),
        "{parent:?}"
    );
    let exit = Some(ExitStatus::Exited { code: 0 });
    ensure!(parent.zombies[0].exit == exit, "{parent:?}");
    let pid = parent.process.pid;
    ensure!(
        parent.advice == [ZombieAdvice::Continue { pid }],
        "{parent:?}"
    );
    host.shell(&format!("kill -CONT {pid}"))?.stdout()?;

    let report = zombies(host, 1)?;
    let parent = report.parents.first().context("a parent")?;
    ensure!(parent.cause == ZombieCause::ParentDoesNotWait, "{parent:?}");
    let unit = "careless.service".parse()?;
    let advice = [ZombieAdvice::RestartUnit { unit }];
    ensure!(parent.advice == advice, "{parent:?}");
    host.shell("systemctl stop careless")?.stdout()?;
    let report = zombies(host, 0)?;
    ensure!(
        report.zombies == 0,
        "they went with their parent: {report:?}"
    );
    Ok(())
}

fn zombies(host: &Host, status: i32) -> Result<Zombies> {
    let output = host.shell("aiops analyze zombies -o json")?;
    ensure!(output.status == status, "{output:?}");
    match serde_json::from_str(&output.stdout)? {
        Report::AnalyzeZombies(report) => Ok(*report),
        other => anyhow::bail!("no zombies: {other:?}"),
    }
}

fn collect(host: &Host, options: &str) -> Result<Processes> {
    let command = format!("aiops collect processes {options} -o json");
    let text = host.shell(&command)?.stdout()?;
    match serde_json::from_str(&text)? {
        Report::CollectProcesses(list) => Ok(*list),
        other => anyhow::bail!("no list: {other:?}"),
    }
}

fn is_of(one: &ProcessUsage, unit: &str) -> bool {
    one.unit
        .as_ref()
        .is_some_and(|found| found.as_str() == unit)
}

fn find<'a>(list: &'a Processes, unit: &str, comm: &str) -> Result<&'a ProcessUsage> {
    let mut all = list.processes.iter();
    // Of two sleeps of a unit the one that was left behind, which is no main process.
    let found = all.rfind(|one| one.comm == comm && is_of(one, unit));
    found.with_context(|| format!("no {comm} in {unit}: {:#?}", list.processes))
}
