//! Samples the stacks of one process, which runs on meanwhile.

mod folder;
mod perf;
mod py_spy;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use analysis::{
    limitation::Limitation,
    order::{Progress, Step},
    profile::{Profile, ProfileAsked, ProfileFacts, profile},
};
use tokio::time::sleep;

use self::folder::Folder;
use crate::{
    NoAnswer, behavior,
    host::ClockReading,
    process::{ProcessStat, Procfs},
    stacks::is_python,
    tool::{self, ToolError},
};

/// Samples a second, unless they would become too many. Not 100: what a program does a hundred
/// times a second would always be met, or never.
const SAMPLES_PER_S: u32 = 99;
/// Of one thread that never rests.
const MOST_SAMPLES: u32 = 6000;
const FEWEST_PER_S: u32 = 10;

/// Functions, the outermost first, and how often they were found so.
type Stacks = BTreeMap<Vec<String>, u64>;

/// What a tool found.
struct Sampled {
    stacks: Stacks,
    limits: Vec<Limitation>,
}

/// Says where a process spends its CPU time.
///
/// # Errors
///
/// [`NoAnswer`] if there is no such process.
pub(crate) async fn sample(
    asked: &ProfileAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Profile, NoAnswer> {
    let procfs = Procfs::at("/proc");
    let stat = procfs.stat(asked.pid);
    let stat = stat.map_err(|error| behavior::no_process(asked.pid, &error))?;
    let samples_per_s = (MOST_SAMPLES / asked.duration_s.max(1)).clamp(FEWEST_PER_S, SAMPLES_PER_S);
    let begun = Instant::now();
    let mut limits = Vec::new();
    let found = {
        let sampling = sampled(asked, samples_per_s, &mut limits);
        tokio::select! {
            found = sampling => found,
            never = told(asked.duration_s, begun, progress) => never,
        }
    };
    let took = begun.elapsed();
    let cpu_percent = procfs
        .stat(asked.pid)
        .ok()
        .and_then(|now| cpu_percent(&stat, &now, took));
    let (tool, stacks) = match found {
        Some((tool, sampled)) => {
            limits.extend(sampled.limits);
            (Some(tool.to_owned()), sampled.stacks)
        }
        None => (None, Stacks::new()),
    };
    if let Some(shallow) =
        shallow_percent(&stacks).filter(|_| !asked.dwarf && tool.as_deref() == Some("perf"))
    {
        limits.push(limit("frame-pointers", shallow.to_string()));
    }
    Ok(profile(ProfileFacts {
        at: ClockReading::now().wall,
        process: stat.id(),
        comm: stat.comm,
        sampled_ms: u64::from(asked.duration_s) * 1000,
        tool,
        samples_per_s,
        cpu_percent,
        stacks,
        limits,
    }))
}

/// By the first tool that can.
async fn sampled(
    asked: &ProfileAsked,
    per_second: u32,
    limits: &mut Vec<Limitation>,
) -> Option<(&'static str, Sampled)> {
    let folder = match Folder::new() {
        Ok(folder) => folder,
        Err(error) => {
            limits.push(limit("profile", error.to_string()));
            return None;
        }
    };
    if is_python(asked.pid) {
        if tool::find("py-spy").is_none() {
            limits.push(limit("python-profile", "no-py-spy"));
        } else {
            match py_spy::sample(asked, per_second, &folder).await {
                Ok(found) => return Some(("py-spy", found)),
                // perf may still see the interpreter.
                Err(why) => limits.push(limit("profile", why)),
            }
        }
    }
    if tool::find("perf").is_none() {
        limits.push(limit("profile", "no-tool"));
        return None;
    }
    match perf::sample(asked, per_second, &folder).await {
        Ok(found) => Some(("perf", found)),
        Err(why) => {
            limits.push(limit("profile", why));
            None
        }
    }
}

/// Tells how far it is, for ever.
async fn told<T>(seconds: u32, begun: Instant, progress: &(dyn Fn(Progress) + Sync)) -> T {
    loop {
        let done = u32::try_from(begun.elapsed().as_secs()).unwrap_or(seconds);
        progress(Progress {
            step: Step::Watching,
            done: done.min(seconds),
            of: seconds,
        });
        sleep(Duration::from_secs(1)).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
fn cpu_percent(before: &ProcessStat, now: &ProcessStat, took: Duration) -> Option<f64> {
    let total = |stat: &ProcessStat| stat.user_ns.saturating_add(stat.system_ns);
    let is_same = before.start_ns == now.start_ns;
    let used = total(now).saturating_sub(total(before)) as f64;
    is_same.then(|| used / took.as_nanos().max(1) as f64 * 100.0)
}

/// How much of it has hardly a stack, in percent, if that is most of it.
fn shallow_percent(stacks: &Stacks) -> Option<u64> {
    const SHALLOW: usize = 2;
    const MOST: u64 = 50;
    let all: u64 = stacks.values().sum();
    // The first is the thread.
    let known = |frames: &[String]| {
        frames
            .iter()
            .skip(1)
            .filter(|frame| *frame != perf::UNKNOWN)
            .count()
    };
    let shallow = stacks.iter().filter(|(frames, _)| known(frames) <= SHALLOW);
    let shallow: u64 = shallow.map(|(_, samples)| samples).sum();
    let percent = (shallow * 100).checked_div(all)?;
    (percent > MOST).then_some(percent)
}

fn limit(what: &str, why: impl Into<String>) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: why.into(),
        count: 1,
    }
}

/// Why a tool has nothing to show.
fn failed(error: &ToolError) -> String {
    behavior::text(error)
}
