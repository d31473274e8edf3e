//! The processes of this host, watched for a while.

use std::time::{Duration, Instant};

use analysis::{
    limitation::Limitation,
    order::{Failure, Progress, Step},
    processes::{
        Between, Glimpse, MachineReading, ProcessReading, Processes, ProcessesAsked, processes,
    },
};

use crate::{
    CollectError, NoAnswer,
    answer::no_answer,
    host::{Host, machine},
    process::Procfs,
};

/// How often all processes are looked at between the first reading and the last.
const STEP: Duration = Duration::from_millis(1000);
/// Of a short interval a part.
const STEPS_OF_SHORT: u32 = 4;
/// A look takes at most one part in so many of the time: on a host with very many processes there
/// are fewer looks.
const RESTS: u32 = 100;

/// Answers `collect processes`.
pub(crate) async fn watch(
    asked: &ProcessesAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Processes, NoAnswer> {
    watch_for(
        Duration::from_secs(asked.duration_s.into()),
        asked,
        progress,
    )
    .await
}

/// The interval need not be whole seconds.
pub(crate) async fn watch_for(
    duration: Duration,
    asked: &ProcessesAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Processes, NoAnswer> {
    progress(Progress {
        step: Step::ReadingProcesses,
        done: 0,
        of: 0,
    });
    let (first, machine_then) = blocking(|| Ok((full_reading()?, machine()))).await?;
    let begun = Instant::now();
    let mut between = Between::default();
    let mut step = STEP.min(duration / STEPS_OF_SHORT);
    while let Some(left) = duration
        .checked_sub(begun.elapsed())
        .filter(|left| !left.is_zero())
    {
        progress(watching(begun.elapsed(), duration));
        if left <= step {
            tokio::time::sleep(left).await;
            break;
        }
        tokio::time::sleep(step).await;
        let look = Instant::now();
        between = blocking(move || {
            let mut between = between;
            look_at_all(&mut between)?;
            Ok(between)
        })
        .await?;
        step = step.max(look.elapsed() * RESTS);
    }
    let (last, machine_now) = blocking(|| Ok((full_reading()?, machine()))).await?;
    progress(Progress {
        step: Step::Concluding,
        done: 0,
        of: 0,
    });
    conclude(asked, (first, machine_then), &between, (last, machine_now))
}

type Reading = (ProcessReading, Result<MachineReading, CollectError>);

fn conclude(
    asked: &ProcessesAsked,
    (first, then): Reading,
    between: &Between,
    (mut last, now): Reading,
) -> Result<Processes, NoAnswer> {
    let machine = match (then, now) {
        (Ok(then), Ok(now)) => Some((then, now)),
        (Err(error), _) | (_, Err(error)) => {
            last.facts.limits.push(Limitation {
                what: "machine".to_owned(),
                why: no_answer(Failure::NotPossible, error).detail,
                count: 1,
            });
            None
        }
    };
    Ok(processes(first, between, last, machine, asked))
}

/// All processes with everything that is shown of them.
pub(crate) fn full_reading() -> Result<ProcessReading, CollectError> {
    let procfs = Procfs::at("/proc");
    let mut facts = procfs.tree_facts(&mut Host::at("/").users())?;
    let users = facts.processes.iter().filter(|fact| !fact.is_kernel_thread);
    let (io, limitation) = procfs.io(users.map(|fact| fact.process));
    facts.limits.extend(limitation);
    Ok(ProcessReading { facts, io })
}

fn look_at_all(between: &mut Between) -> Result<(), CollectError> {
    let mut found = Vec::new();
    Procfs::at("/proc").scan(&mut found)?;
    between.note(found.into_iter().map(|stat| Glimpse {
        process: stat.id(),
        parent_pid: stat.parent_pid,
        state: stat.state.letter(),
        cpu_ns: stat.user_ns.saturating_add(stat.system_ns),
        comm: stat.comm,
    }));
    Ok(())
}

fn watching(passed: Duration, of: Duration) -> Progress {
    let seconds = |length: Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
    Progress {
        step: Step::Watching,
        done: seconds(passed),
        of: seconds(of).max(1),
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, CollectError> + Send + 'static,
) -> Result<T, NoAnswer> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read.map_err(|error| no_answer(Failure::NotPossible, error)),
        Err(error) => Err(no_answer(Failure::Crashed, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, sync::Mutex};

    use analysis::process::ProcessId;

    use super::*;

    #[tokio::test]
    async fn what_reaches_the_disk_is_counted() {
        // Beside the program: folders for temporary files may be in memory.
        let program = std::env::current_exe().unwrap();
        let folder = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        let before = written();
        let first = full_reading().unwrap();
        let mut file = std::fs::File::create(folder.path().join("file")).unwrap();
        file.write_all(&vec![7; 3 << 20]).unwrap();
        file.sync_all().unwrap();
        let last = full_reading().unwrap();
        let counted = written() - before;
        let is_own = |process: &&ProcessId| process.pid == std::process::id();
        let own = *first.io.keys().find(is_own).unwrap();
        let ours = last.io[&own].written_bytes - first.io[&own].written_bytes;
        // Other tests of this process may write meanwhile.
        assert!(ours <= counted, "{ours} {counted}");
        assert!(ours >= counted.min(3 << 20), "{ours} {counted}");
    }

    /// What this process has written, by the kernel.
    fn written() -> u64 {
        let text = std::fs::read_to_string("/proc/self/io").unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes:"));
        line.unwrap().trim().parse().unwrap()
    }

    #[tokio::test]
    async fn this_host_has_processes_and_this_one_is_among_them() {
        let asked = ProcessesAsked::default();
        let steps = Mutex::new(Vec::new());
        let told = |progress: Progress| steps.lock().unwrap().push(progress.step);
        let report = watch_for(Duration::from_millis(400), &asked, &told)
            .await
            .unwrap();
        let mine = std::process::id();
        let own = report.processes.iter().find(|one| one.process.pid == mine);
        let own = own.unwrap();
        assert!(own.io.is_some() && !own.argv.is_empty(), "{own:?}");
        let own_io = own.io.unwrap();
        assert!(own_io.written_bytes <= written(), "{own_io:?}");
        assert!(report.interval_ms >= 400, "{}", report.interval_ms);
        assert!(report.readings > 2, "{}", report.readings);
        assert!(report.machine.is_some(), "{:?}", report.limits);
        assert!(steps.lock().unwrap().contains(&Step::Watching));
    }
}
