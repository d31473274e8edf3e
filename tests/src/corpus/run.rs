//! Breaks services on test hosts, and asks why they do not start.

use std::{
    collections::VecDeque,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::Value;
use testhost::{Host, Pool, Shape, debs};

use super::{
    Case, Family,
    score::{NO_REPORT, Tried},
};
use crate::{
    program,
    systemctl::{run, shown, until_shown},
    until,
};

/// What was mended starts in moments; what was not is not waited for.
const FIXED_WITHIN: Duration = Duration::from_secs(5);

/// The limit is for machines that are busy with other tests.
const FAILED_WITHIN: Duration = Duration::from_secs(30);

const EDITOR: &str = "/usr/local/bin/corpus-editor";

/// What was there before the cases, so that what they add can be found.
const ACTIVE: &str = "systemctl list-units --all --plain --no-legend --full \
     --type=service,socket,mount,timer,path --state=active,activating,reloading,deactivating \
     | cut -d' ' -f1 | sort";

/// Tries all cases, a few hosts at a time. One that cannot be tried is told as such.
///
/// # Errors
///
/// If this machine cannot run any of them.
pub fn try_cases(families: &[Family]) -> Result<Vec<Tried>> {
    // Before any host is booted: its disk is an overlay of ours. What cannot be had is told below.
    for family in families {
        drop(debs::download_with_dependencies(&names(family)));
    }
    let queue: Mutex<VecDeque<&Family>> = Mutex::new(families.iter().collect());
    let workers = thread::available_parallelism()?.get();
    let work = || -> Result<Vec<Tried>> {
        let mut tried = Vec::new();
        loop {
            let next = queue.lock().ok().and_then(|mut queue| queue.pop_front());
            let Some(family) = next else {
                return Ok(tried);
            };
            let host = boot(family);
            let of_family = host.and_then(|host| try_on(&host, family));
            tried.extend(of_family.unwrap_or_else(|error| not_tried(family, &error)));
        }
    };
    let results: Vec<Result<Vec<Tried>>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|result| result.map_err(|_panic| anyhow::anyhow!("a thread panicked"))?)
            .collect()
    });
    let mut tried = Vec::new();
    for result in results {
        tried.extend(result?);
    }
    tried.sort_by(|one, other| one.case.name.cmp(&other.case.name));
    Ok(tried)
}

/// The cases of a family whose host cannot be made: a package may be nowhere to be had.
fn not_tried(family: &Family, error: &anyhow::Error) -> Vec<Tried> {
    let failed = |case| Tried {
        failed: Some(format!("{error:#}")),
        ..Tried::new(&family.name, case)
    };
    family.cases.iter().map(failed).collect()
}

/// Boots a host with what the cases of a family need.
///
/// # Errors
///
/// If it cannot be made.
pub fn boot(family: &Family) -> Result<Host> {
    testhost::requirements().map_err(|missing| anyhow::anyhow!("{missing}"))?;
    let shape = Shape {
        memory: &family.memory,
        ..Shape::default()
    };
    let host = Pool::new()?.boot_shaped(shape, &["h1"])?.remove(0);
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    if !family.packages.is_empty() {
        let packages = names(family);
        let debs = debs::download_with_dependencies(&packages)?;
        debs::install(&host, &packages, &debs)
            .with_context(|| format!("cannot install {packages:?}"))?;
    }
    run(&host, &format!("set -e\n{}", family.prepare))
        .with_context(|| format!("cannot prepare {}", family.name))?;
    Ok(host)
}

fn names(family: &Family) -> Vec<&str> {
    family.packages.iter().map(String::as_str).collect()
}

/// Tries the cases of a family on its host, one after the other.
///
/// # Errors
///
/// If the host cannot be cleaned up between two cases.
pub fn try_on(host: &Host, family: &Family) -> Result<Vec<Tried>> {
    let save = format!(
        "mkdir -p /var/tmp/kept; {ACTIVE} > /var/tmp/active
         for path in {}; do cp -a --parents \"$path\" /var/tmp/kept; done",
        family.keep.join(" ")
    );
    run(host, &save)?;
    let mut all = Vec::new();
    for case in &family.cases {
        let mut tried = Tried::new(&family.name, case);
        if let Err(error) = try_case(host, case, &mut tried) {
            tried.failed = Some(format!("{error:#}"));
        }
        clean_up(host, family, case).with_context(|| format!("after {}", case.name))?;
        all.push(tried);
    }
    Ok(all)
}

fn try_case(host: &Host, case: &Case, tried: &mut Tried) -> Result<()> {
    for (path, text) in case.all_files() {
        let save = format!("test ! -e {path} || cp -a --parents {path} /var/tmp/saved");
        run(host, &format!("mkdir -p /var/tmp/saved; {save}"))?;
        host.write(&path, &text)?;
    }
    run(
        host,
        &format!("set -e\n{}\nsystemctl daemon-reload", case.break_it),
    )
    .context("cannot break it")?;
    let started = format!("systemctl start {}", case.unit);
    // Most of these fail, as they shall.
    host.shell(case.start.as_deref().unwrap_or(&started))?;
    match &case.settled {
        Some(settled) => until_shown(host, &case.unit, settled)?,
        None => until_failed(host, &case.unit)?,
    }
    diagnose(host, case, tried)?;
    if let Some(edit) = &case.fix {
        tried.fixed = Some(apply(host, case, edit, &tried.fixes)?);
    }
    Ok(())
}

/// Waits till it has failed for good. On a slow machine it may never start often enough within the
/// start limit's interval: then, till it has failed often.
fn until_failed(host: &Host, unit: &str) -> Result<()> {
    until(&format!("{unit} fails"), FAILED_WITHIN, || {
        let line = format!("systemctl show --value -p ActiveState -p NRestarts {unit}");
        let shown = run(host, &line)?;
        let often = |word: &str| word.parse::<u32>().is_ok_and(|restarts| restarts > 6);
        let over = shown
            .split_whitespace()
            .any(|word| word == "failed" || often(word));
        Ok(over.then_some(()))
    })
}

/// Asks, as a user would, and notes what was said.
fn diagnose(host: &Host, case: &Case, tried: &mut Tried) -> Result<()> {
    let began = Instant::now();
    let answer = host.shell(&format!(
        "aiops diagnose start-failure {} -o json",
        case.unit
    ))?;
    tried.took = began.elapsed();
    let report: Value =
        serde_json::from_str(&answer.stdout).with_context(|| format!("{NO_REPORT}: {answer:?}"))?;
    tried.read(&report).with_context(|| format!("{report:#}"))
}

/// Runs the recommended fix, as an operator who can edit would. `Ok(Err)` says why it is none.
fn apply(
    host: &Host,
    case: &Case,
    edit: &str,
    fixes: &[Vec<String>],
) -> Result<std::result::Result<(), String>> {
    let Some(commands) = fixes.iter().find(|commands| !commands.is_empty()) else {
        return Ok(Err("no fix has commands".to_owned()));
    };
    let editor = format!("#!/bin/bash\nset -e\nfor file; do :; done\n{edit}\n");
    host.write(EDITOR, &editor)?;
    run(host, &format!("chmod 755 {EDITOR}"))?;
    let line = commands.join(" && ");
    host.write("/var/tmp/fix", &format!("export EDITOR={EDITOR}\n{line}\n"))?;
    // `systemctl edit` wants a terminal.
    let ended = host.shell("timeout 60 script -qec 'bash /var/tmp/fix' /dev/null")?;
    let runs = until("it runs", FIXED_WITHIN, || {
        let state = shown(host, &case.unit, "ActiveState")?;
        Ok((state == "active").then_some(()))
    });
    Ok(runs.map_err(|_never| {
        let said: String = ended.stdout.trim().chars().take(300).collect();
        format!("`{line}` does not start it: {said}")
    }))
}

fn clean_up(host: &Host, family: &Family, case: &Case) -> Result<()> {
    let removed: Vec<_> = case.all_files().into_keys().collect();
    let clean = format!(
        "{}
         new=$({ACTIVE} | comm -13 /var/tmp/active - | grep -v '^run-')
         [ -z \"$new\" ] || timeout 20 systemctl stop $new || systemctl kill -s KILL $new
         rm -f {}
         for path in {}; do rm -rf \"$path\"; cp -a \"/var/tmp/kept$path\" \"$path\"; done
         [ ! -d /var/tmp/saved ] || cp -a /var/tmp/saved/. /
         rm -rf /var/tmp/saved /etc/systemd/system/{unit}.d
         systemctl daemon-reload
         systemctl reset-failed
         true",
        case.undo,
        removed.join(" "),
        family.keep.join(" "),
        unit = super::unit_file(&case.unit)
            .rsplit('/')
            .next()
            .unwrap_or_default(),
    );
    run(host, &clean).map(drop)
}
