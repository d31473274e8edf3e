//! Everything about what one process does at the moment. Nothing is read that stops it, and what
//! may hang has a deadline.

mod asleep;
mod ends;
mod files;
mod locks;
mod memory;
mod process;
mod syscalls;
mod tasks;

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use analysis::{
    inspection::{Inspection, InspectionFacts, Stacks, inspection},
    limitation::Limitation,
    order::{Failure, Progress, Step},
};

use crate::{
    CollectError, NoAnswer, cpu_quota::QuotaWatch, deadline::Deadline, host::ClockReading, stacks,
};

/// Between the two looks: long enough to tell who runs from who waits.
const WINDOW: Duration = Duration::from_millis(500);
/// A file of procfs is there in microseconds, or its process holds a lock.
const READ_WITHIN: Duration = Duration::from_millis(500);
/// To find who is at the other end of its pipes: all processes are looked at.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Says what a process does; with `with_stacks` a debugger reads its stacks.
///
/// # Errors
///
/// [`NoAnswer`] if there is no such process.
pub(crate) async fn inspect(
    pid: u32,
    with_stacks: bool,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Inspection, NoAnswer> {
    let step = |step, done| Progress {
        step,
        done,
        of: if with_stacks { 3 } else { 2 },
    };
    progress(step(Step::ReadingProcesses, 0));
    let mut facts = read(pid).await?;
    if with_stacks {
        progress(step(Step::ReadingStacks, 1));
        let (read, limits) = stacks::of(pid, &facts).await;
        facts.limits.extend(limits);
        // Empty, so that it is told apart from stacks that nobody asked for.
        facts.stacks = Some(read.unwrap_or_else(Stacks::default));
    }
    progress(step(Step::Concluding, if with_stacks { 2 } else { 1 }));
    Ok(inspection(facts))
}

async fn read(pid: u32) -> Result<InspectionFacts, NoAnswer> {
    let read = tokio::task::spawn_blocking(move || Reader::of(pid).facts());
    let facts = read.await.map_err(|error| NoAnswer {
        reason: Failure::Crashed,
        detail: error.to_string(),
    })?;
    facts.map_err(|error| match error {
        CollectError::Gone(_) => NoAnswer {
            reason: Failure::NoSuchTarget,
            detail: format!("there is no process {pid}"),
        },
        error => NoAnswer {
            reason: Failure::NotPossible,
            detail: error.to_string(),
        },
    })
}

/// Reads below `/proc`, and notes what it may not read.
struct Reader {
    pid: u32,
    root: PathBuf,
    deadline: Deadline,
    limits: Vec<Limitation>,
}

impl Reader {
    fn of(pid: u32) -> Self {
        Self {
            pid,
            root: PathBuf::from("/proc"),
            deadline: Deadline::of(READ_WITHIN),
            limits: Vec::new(),
        }
    }

    fn facts(mut self) -> Result<InspectionFacts, CollectError> {
        let (before, _) = self.tasks(tasks::Depth::Counters)?;
        let quota = QuotaWatch::of_process(self.pid);
        let begun = Instant::now();
        thread::sleep(WINDOW);
        let throttling = quota.end();
        let (mut after, omitted_threads) = self.tasks(tasks::Depth::All)?;
        let window = begun.elapsed();
        let now = ClockReading::now();
        let process = self.process(&now)?;
        let (mut files, omitted_files) = self.files();
        self.memory(&mut after);
        let sockets = self.sockets(&mut files);
        let ends = self.ends(&mut files, sockets);
        let locks = self.locks();
        let children = self.children(after.iter().map(|task| task.tid));
        Ok(InspectionFacts {
            at: now.wall,
            window_ns: u64::try_from(window.as_nanos()).unwrap_or(u64::MAX),
            process,
            before,
            after,
            omitted_threads,
            children,
            files,
            omitted_files,
            locks,
            ends,
            stacks: None,
            throttling,
            limits: self.limits,
        })
    }

    fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.root.join(self.pid.to_string()).join(file)
    }

    /// Once for each thing, however many threads lack it.
    fn lacks(&mut self, what: &str, why: impl Into<String>) {
        let why = why.into();
        let known = self.limits.iter_mut().find(|limit| limit.what == what);
        match known {
            Some(limit) => limit.count += 1,
            None => self.limits.push(Limitation {
                what: what.to_owned(),
                why,
                count: 1,
            }),
        }
    }

    /// Runs what may hang.
    fn in_time<T: Send + 'static>(
        &mut self,
        what: &str,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match self.deadline.run(what, read) {
            Ok(value) => Some(value),
            Err(error) => {
                let why = match error {
                    CollectError::TooManyStuck { .. } => "too-many-stuck",
                    _ => "deadline",
                };
                self.lacks(what, why);
                None
            }
        }
    }
}
