//! perf: samples by the clock of the CPU, which every machine has; the counters of processors are
//! not there in most virtual ones.

use std::{path::Path, time::Duration};

use analysis::profile::ProfileAsked;
use rustix::process::Signal;

use super::{Sampled, Stacks, failed, folder::Folder, limit};
use crate::tool::{Tool, ToolOutput};

/// To write the file, and to resolve the symbols of large programs.
const GRACE: Duration = Duration::from_secs(10);
const READ_WITHIN: Duration = Duration::from_secs(60);
const MOST_TEXT_BYTES: usize = 64 << 20;
/// What perf calls what it cannot name.
pub(super) const UNKNOWN: &str = "[unknown]";

pub(super) async fn sample(
    asked: &ProfileAsked,
    per_second: u32,
    folder: &Folder,
) -> Result<Sampled, String> {
    let file = folder.file("perf.data");
    let recorded = record(asked, per_second, &file).await?;
    if !file.exists() {
        return Err(complaint(&recorded));
    }
    let read = Tool::named("perf", READ_WITHIN)
        .map_err(|error| failed(&error))?
        .keeping(MOST_TEXT_BYTES)
        .args([
            "script",
            "--fields",
            "comm,tid,ip,sym,dso",
            "--max-stack",
            "127",
            "-i",
        ])
        .args([&file])
        .run()
        .await
        .map_err(|error| failed(&error))?;
    let stacks = stacks(&String::from_utf8_lossy(&read.stdout));
    let mut limits = Vec::new();
    if stacks.is_empty() && !recorded.status.success() && !recorded.is_late {
        return Err(complaint(&recorded));
    }
    if read.is_cut || read.is_late {
        limits.push(limit("profile", "cut"));
    }
    if String::from_utf8_lossy(&recorded.stderr).contains("kptr_restrict") {
        limits.push(limit("kernel-frames", "kptr_restrict"));
    }
    Ok(Sampled { stacks, limits })
}

async fn record(asked: &ProfileAsked, per_second: u32, file: &Path) -> Result<ToolOutput, String> {
    let (pid, rate) = (asked.pid.to_string(), per_second.to_string());
    let unwind = if asked.dwarf { "dwarf,16384" } else { "fp" };
    let duration = Duration::from_secs(asked.duration_s.into());
    Tool::named("perf", duration)
        .map_err(|error| failed(&error))?
        .stopped_with(Signal::INT, GRACE)
        .args(["record", "-e", "cpu-clock", "--freq", &rate])
        .args(["--call-graph", unwind, "--pid", &pid, "-o"])
        .args([file])
        .run()
        .await
        .map_err(|error| failed(&error))
}

fn complaint(output: &ToolOutput) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let denied = [
        "perf_event_paranoid",
        "ermission",
        "not permitted",
        "Access to performance",
    ];
    if denied.iter().any(|word| text.contains(word)) {
        return "denied".to_owned();
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line: String = lines
        .next()
        .unwrap_or("perf said nothing")
        .chars()
        .take(200)
        .collect();
    line
}

/// A line with the thread, then a line for each frame, the innermost first, then an empty one.
pub(super) fn stacks(text: &str) -> Stacks {
    let mut stacks = Stacks::new();
    let mut frames: Vec<String> = Vec::new();
    let mut name: Option<String> = None;
    let mut end = |name: &mut Option<String>, frames: &mut Vec<String>| {
        if let Some(name) = name.take()
            && !frames.is_empty()
        {
            frames.push(name);
            frames.reverse();
            *stacks.entry(std::mem::take(frames)).or_default() += 1;
        }
        frames.clear();
    };
    for line in text.lines() {
        if line.trim().is_empty() {
            end(&mut name, &mut frames);
        } else if line.starts_with('\t') {
            // Without frame pointers the unwinder finds rubbish, and one box of it is enough.
            let frame = frame(line).filter(|frame| {
                frame != UNKNOWN || frames.last().is_none_or(|last| last != UNKNOWN)
            });
            frames.extend(frame);
        } else {
            end(&mut name, &mut frames);
            name = Some(thread(line));
        }
    }
    end(&mut name, &mut frames);
    stacks
}

/// `python3 worker  5214`: threads of one name share a flame.
fn thread(line: &str) -> String {
    let name = line.trim().trim_end_matches(':').trim_end();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/');
    name.trim_end().to_owned()
}

/// `1af857 _PyObject_Malloc (/usr/lib/libpython3.11.so.1.0)`, `7f2d [unknown] ([unknown])`.
fn frame(line: &str) -> Option<String> {
    let (_, rest) = line.trim().split_once(' ')?;
    let (symbol, module) = match rest.rsplit_once(" (") {
        Some((symbol, module)) => (symbol, module.trim_end_matches(')')),
        None => (rest, UNKNOWN),
    };
    let module = module.rsplit('/').next().unwrap_or(module);
    Some(match symbol {
        UNKNOWN if module == UNKNOWN => UNKNOWN.to_owned(),
        UNKNOWN => format!("[{module}]"),
        symbol => symbol.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_become_stacks_from_the_outermost() {
        let text = "python3  5214 \n\
            \t          1af857 _PyObject_Malloc (/usr/lib/libpython3.11.so.1.0)\n\
            \t    7f2d0565ea00 [unknown] ([unknown])\n\
            \n\
            my worker  5215 \n\
            \tffffffff813df9f0 up_write ([kernel.kallsyms])\n\
            \t           d4353 std::map<int, (anonymous)>::f(int) (/usr/bin/app (deleted))\n\
            \t           d4353 [unknown] (/usr/bin/app)\n\
            \n\
            python3  5214 \n\
            \t          1af857 _PyObject_Malloc (/usr/lib/libpython3.11.so.1.0)\n\
            \t    7f2d0565ea00 [unknown] ([unknown])\n";
        let stacks = stacks(text);
        let key = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            stacks[&key(&["python3", "[unknown]", "_PyObject_Malloc"])],
            2
        );
        let worker = stacks
            .keys()
            .find(|frames| frames[0] == "my worker")
            .unwrap();
        assert_eq!(
            (worker[1].as_str(), worker.last().unwrap().as_str()),
            ("[app]", "up_write")
        );
        assert_eq!(stacks.len(), 2);
    }
}
