//! Zombies of this host, and their parents.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use analysis::{
    order::{Progress, Step},
    process::ExitStatus,
    process_tree::ProcessFact,
    zombies::{
        ChildSignal, Earlier, Handling, ParentDetails, TaskCount, ZombieDetails, ZombieFacts,
        Zombies, zombies,
    },
};

use crate::{
    CollectError, NoAnswer,
    host::{ClockReading, Host},
    process::Procfs,
    processes::blocking,
    tasks::{tasks_of_cgroups, tasks_of_machine},
};

/// Between the two readings. A parent that asks at all does so within milliseconds.
const WATCHED: Duration = Duration::from_secs(1);
/// Most zombies and parents of which more is read.
const MOST_DETAILS: usize = 2_000;
/// The number of SIGCHLD, as a bit of the masks in `status`.
const CHILD_SIGNAL: u64 = 1 << (libc::SIGCHLD - 1);

/// Answers `analyze zombies`.
pub(crate) async fn find(progress: &(dyn Fn(Progress) + Sync)) -> Result<Zombies, NoAnswer> {
    let told = |step| {
        progress(Progress {
            step,
            done: 0,
            of: 0,
        });
    };
    told(Step::ReadingProcesses);
    let earlier = blocking(|| {
        let mut found = Vec::new();
        Procfs::at("/proc").scan(&mut found)?;
        let seen = found.into_iter().map(|stat| {
            let earlier = Earlier {
                state: stat.state.letter(),
                cpu_ns: stat.user_ns.saturating_add(stat.system_ns),
            };
            (stat.id(), earlier)
        });
        Ok((seen.collect(), ClockReading::now().since_boot_ns))
    })
    .await?;
    told(Step::Watching);
    tokio::time::sleep(WATCHED).await;
    told(Step::ReadingProcesses);
    let facts = blocking(move || facts(&Procfs::at("/proc"), earlier)).await?;
    Ok(zombies(facts))
}

fn facts(
    procfs: &Procfs,
    (earlier, earlier_ns): (BTreeMap<analysis::process::ProcessId, Earlier>, u64),
) -> Result<ZombieFacts, CollectError> {
    let processes = procfs.tree_facts(&mut Host::at("/").users())?;
    let dead = |fact: &&ProcessFact| matches!(fact.state, 'Z' | 'X') && fact.threads <= 1;
    let dead: Vec<_> = processes.processes.iter().filter(dead).collect();
    let parents: BTreeSet<u32> = dead.iter().map(|fact| fact.parent_pid).collect();
    let parents = parents.into_iter().filter(|pid| *pid != 0);
    Ok(ZombieFacts {
        zombies: dead
            .iter()
            .take(MOST_DETAILS)
            .map(|fact| (fact.process.pid, zombie(procfs, fact.process.pid)))
            .collect(),
        parents: parents
            .take(MOST_DETAILS)
            .map(|pid| (pid, parent(procfs, pid)))
            .collect(),
        earlier,
        earlier_ns,
        processes,
        tasks: tasks_of_machine(Path::new("/proc")),
    })
}

fn zombie(procfs: &Procfs, pid: u32) -> ZombieDetails {
    let status = procfs.status(pid).ok();
    ZombieDetails {
        tracer_pid: status.and_then(|status| pid_of(status.tracerpid)),
        exit: exit(pid),
    }
}

/// How it ended. The kernel says "0" to those who may not know; whether we may, another file tells.
fn exit(pid: u32) -> Option<ExitStatus> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&stat);
    let (_, fields) = text.rsplit_once(')')?;
    // The 52nd and last field, of which the state is the 3rd.
    let status: u32 = fields.split_ascii_whitespace().nth(52 - 3)?.parse().ok()?;
    let may_know = status != 0 || fs::read(format!("/proc/{pid}/io")).is_ok();
    may_know.then(|| ExitStatus::from_wait_status(status))
}

fn parent(procfs: &Procfs, pid: u32) -> ParentDetails {
    let status = procfs.status(pid).ok();
    let sleeps_in = fs::read_to_string(format!("/proc/{pid}/wchan")).ok();
    let sleeps_in = sleeps_in.map(|text| text.trim().to_owned());
    ParentDetails {
        sleeps_in: sleeps_in.filter(|text| !text.is_empty() && text != "0"),
        tracer_pid: status.as_ref().and_then(|status| pid_of(status.tracerpid)),
        child_signal: status.as_ref().map(|status| ChildSignal {
            handling: match () {
                () if status.sigcgt & CHILD_SIGNAL != 0 => Handling::Handler,
                () if status.sigign & CHILD_SIGNAL != 0 => Handling::Ignored,
                () => Handling::Default,
            },
            is_blocked: status.sigblk & CHILD_SIGNAL != 0,
            is_pending: (status.shdpnd | status.sigpnd) & CHILD_SIGNAL != 0,
        }),
        pid_in_namespace: status
            .and_then(|status| status.nspid)
            .and_then(|pids| pid_of(*pids.last()?)),
        tasks: cgroup_tasks(pid),
    }
}

fn cgroup_tasks(pid: u32) -> Option<TaskCount> {
    let cgroups = fs::read(format!("/proc/{pid}/cgroup")).ok()?;
    tasks_of_cgroups(
        Path::new("/sys/fs/cgroup"),
        &String::from_utf8_lossy(&cgroups),
    )
}

fn pid_of(pid: i32) -> Option<u32> {
    u32::try_from(pid).ok().filter(|pid| *pid != 0)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use analysis::zombies::{ZombieAdvice, ZombieCause};

    use super::*;

    #[tokio::test]
    async fn a_zombie_is_found_with_its_parent_and_how_it_ended() {
        let mut parent = Command::new("/bin/sh")
            .args(["-c", "sh -c 'exit 7' & exec sleep 1000"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let found = loop {
            let report = find(&|_| ()).await.unwrap();
            let mut parents = report.parents.into_iter();
            let own = parents.find(|one| one.process.pid == parent.id());
            // Until the shell has become a sleep, and the child is dead for a while.
            if let Some(own) = own.filter(|own| own.cause != ZombieCause::JustEnded) {
                break own;
            }
        };
        parent.kill().unwrap();
        parent.wait().unwrap();
        assert_eq!(found.comm, "sleep");
        assert_eq!(found.cause, ZombieCause::ParentDoesNotWait, "{found:?}");
        let [zombie] = &found.zombies[..] else {
            panic!("{found:?}")
        };
        assert_eq!(zombie.exit, Some(ExitStatus::Exited { code: 7 }));
        let pid = found.process.pid;
        let ends = [ZombieAdvice::EndParent { pid }];
        let is_restarted = matches!(found.advice[..], [ZombieAdvice::RestartUnit { .. }]);
        assert!(found.advice == ends || is_restarted, "{found:?}");
    }
}
