//! What a process does, in a line; why, in one more; and what that rests on.

use super::{doing, heading, indented, milliseconds, named, names, paint};
use crate::{
    cause::Certainty,
    inspection::{Evidence, Inspection, SocketInUse, Storage, WaitsFor},
    text::{Catalogue, escape::one_line, fleet::Page, table::wrapped, throttling},
};

/// `4711 python3: blocked on a lock for 12m 3s (measured)`.
pub(super) fn headline(report: &Inspection, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let verdict = &report.verdict;
    let text = doing(verdict.cause, catalogue);
    let mut parameters = vec![
        ("pid", report.process.pid.to_string().into()),
        ("comm", one_line(&report.comm).into_owned().into()),
        ("doing", paint(verdict.cause)(page.style, &text).into()),
        ("certainty", certainty(verdict.certainty, catalogue).into()),
    ];
    let thread = report
        .threads
        .iter()
        .find(|thread| Some(thread.tid) == report.verdict_tid);
    let asleep = thread.and_then(|thread| thread.asleep_ms);
    let id = match asleep {
        // What rests is no news, and what runs has not slept.
        Some(asleep) if asleep > 0 => {
            parameters.push(("time", milliseconds(asleep, catalogue).into()));
            "inspect-headline-for"
        }
        _ => "inspect-headline",
    };
    catalogue.say_with(id, &parameters) + "\n"
}

fn certainty(certainty: Certainty, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("inspect-certainty-{}", certainty.name()))
}

/// What it waits for.
pub(super) fn sentence(report: &Inspection, page: &Page<'_>) -> String {
    let Some(waits_for) = &report.verdict.waits_for else {
        return String::new();
    };
    let text = waits(waits_for, page.catalogue);
    let lines = wrapped(&one_line(&text), page.width);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn waits(waits_for: &WaitsFor, catalogue: &Catalogue) -> String {
    let say = |id: &str, parameters: &[_]| catalogue.say_with(id, parameters);
    let something = |id: &str| catalogue.say(id);
    match waits_for {
        WaitsFor::FileLock {
            path,
            kind,
            holders,
        } => {
            let path = path.clone();
            let path = path.unwrap_or_else(|| something("inspect-some-file"));
            let parameters = [
                ("path", path.into()),
                ("kind", kind.as_str().into()),
                ("holders", names(holders, catalogue).into()),
            ];
            match holders.is_empty() {
                true => say("inspect-waits-lock-of-unknown", &parameters),
                false => say("inspect-waits-lock", &parameters),
            }
        }
        WaitsFor::Futex {
            address,
            holder_tid,
        } => {
            let tid = holder_tid.map_or_else(String::new, |tid| tid.to_string());
            let parameters = [("address", address.as_str().into()), ("tid", tid.into())];
            match holder_tid {
                None => say("inspect-waits-futex", &parameters),
                Some(_) => say("inspect-waits-mutex", &parameters),
            }
        }
        WaitsFor::Children { children } if children.is_empty() => {
            something("inspect-waits-no-children")
        }
        WaitsFor::Children { children } => say(
            "inspect-waits-children",
            &[("children", names(children, catalogue).into())],
        ),
        WaitsFor::Pipe {
            fd,
            path,
            is_read,
            others,
        } => {
            let id = match (is_read, others.is_empty(), fd) {
                (_, _, None) => "inspect-waits-pipe-unknown",
                (true, false, _) => "inspect-waits-pipe-read",
                (true, true, _) => "inspect-waits-pipe-read-alone",
                (false, false, _) => "inspect-waits-pipe-write",
                (false, true, _) => "inspect-waits-pipe-write-alone",
            };
            let place = match (path, fd) {
                (Some(path), _) => path.clone(),
                (None, Some(fd)) => say("inspect-fd", &[("fd", fd.to_string().into())]),
                (None, None) => String::new(),
            };
            let others = names(others, catalogue);
            say(id, &[("pipe", place.into()), ("others", others.into())])
        }
        WaitsFor::Socket { fd, socket } => waits_socket(*fd, socket, catalogue),
        WaitsFor::Storage {
            storage,
            path,
            mount_point,
            mount,
        } => {
            let what = catalogue.say(storage_id(*storage));
            let mut text = say("inspect-waits-storage", &[("storage", what.into())]);
            if let Some(path) = path {
                text.push_str(&say("inspect-of-file", &[("path", path.as_str().into())]));
            }
            if let (Some(point), Some(mount)) = (mount_point, mount) {
                let parameters = [
                    ("point", point.as_str().into()),
                    ("mount", mount.as_str().into()),
                ];
                text.push_str(&say("inspect-of-mount", &parameters));
            }
            text + &something("inspect-full-stop")
        }
        WaitsFor::Terminal { path } => {
            say("inspect-waits-terminal", &[("path", path.as_str().into())])
        }
        WaitsFor::Files { count: 0 } => something("inspect-waits-files"),
        WaitsFor::Files { count } => say("inspect-waits-files-of", &[("count", (*count).into())]),
        WaitsFor::Time => something("inspect-waits-time"),
        WaitsFor::Signal => something("inspect-waits-signal"),
        WaitsFor::Tracer { tracer } => {
            say("inspect-waits-tracer", &[("tracer", named(tracer).into())])
        }
        WaitsFor::Parent { parent } => {
            say("inspect-waits-parent", &[("parent", named(parent).into())])
        }
    }
}

fn waits_socket(fd: i32, socket: &SocketInUse, catalogue: &Catalogue) -> String {
    let mut parameters = vec![
        ("fd", fd.to_string().into()),
        ("protocol", socket.protocol.as_str().into()),
        ("local", socket.local.as_str().into()),
        ("state", socket.state.as_str().into()),
    ];
    let Some(peer) = &socket.peer else {
        let id = match socket.protocol == "unix" && socket.state != "LISTEN" {
            true => "inspect-waits-unix-peer",
            false => "inspect-waits-clients",
        };
        return catalogue.say_with(id, &parameters);
    };
    parameters.push(("peer", peer.as_str().into()));
    let mut text = match socket.state.as_str() {
        "SYN-SENT" => catalogue.say_with("inspect-waits-connect", &parameters),
        _ => catalogue.say_with("inspect-waits-peer", &parameters),
    };
    if !socket.others.is_empty() {
        let others = [("others", names(&socket.others, catalogue).into())];
        text.push_str(&catalogue.say_with("inspect-peer-is", &others));
    }
    if socket.unacknowledged_bytes > 0 {
        let bytes = [("bytes", socket.unacknowledged_bytes.into())];
        text.push_str(&catalogue.say_with("inspect-peer-does-not-read", &bytes));
    }
    text
}

fn storage_id(storage: Storage) -> &'static str {
    match storage {
        Storage::Nfs => "inspect-storage-nfs",
        Storage::Cifs => "inspect-storage-cifs",
        Storage::Fuse => "inspect-storage-fuse",
        Storage::Journal => "inspect-storage-journal",
        Storage::Writeback => "inspect-storage-writeback",
        Storage::FrozenFileSystem => "inspect-storage-frozen-file-system",
        Storage::BlockDevice => "inspect-storage-block-device",
        Storage::Swap => "inspect-storage-swap",
        Storage::Automount => "inspect-storage-automount",
    }
}

/// The facts, one a line.
pub(super) fn why(report: &Inspection, page: &Page<'_>) -> String {
    let mut text = heading("inspect-why", page);
    if report.threads.len() > 1
        && let Some(tid) = report.verdict_tid
    {
        let tid = [("tid", tid.to_string().into())];
        text.push_str(&indented(
            &page.catalogue.say_with("inspect-why-thread", &tid),
            page,
        ));
    }
    for evidence in &report.verdict.evidence {
        text.push_str(&indented(&fact(evidence, page.catalogue), page));
    }
    text
}

fn fact(evidence: &Evidence, catalogue: &Catalogue) -> String {
    let say = |id: &str, parameters: &[_]| catalogue.say_with(id, parameters);
    let one = |id: &str, name: &'static str, value: &str| say(id, &[(name, value.into())]);
    match evidence {
        Evidence::State { state } => {
            let id = format!("inspect-state-{state}");
            let meaning = match catalogue.has(&id) {
                true => catalogue.say(&id),
                false => String::new(),
            };
            let parameters = [
                ("state", state.to_string().into()),
                ("meaning", meaning.into()),
            ];
            say("inspect-fact-state", &parameters)
        }
        Evidence::Syscall { call } => one("inspect-fact-syscall", "call", call),
        Evidence::KernelFunction { function } => {
            one("inspect-fact-kernel-function", "function", function)
        }
        Evidence::UserFunction { function } => {
            one("inspect-fact-user-function", "function", function)
        }
        Evidence::KernelLock { line } => one("inspect-fact-kernel-lock", "line", line),
        Evidence::DidNotRun { window_ms } => say(
            "inspect-fact-did-not-run",
            &[("time", milliseconds(*window_ms, catalogue).into())],
        ),
        Evidence::Cpu {
            percent,
            system_percent,
            window_ms,
        } => {
            let system = system_percent.map(|percent| format!("{percent:.0}"));
            let parameters = [
                ("percent", format!("{percent:.0}").into()),
                ("system", system.clone().unwrap_or_default().into()),
                ("time", milliseconds(*window_ms, catalogue).into()),
            ];
            match system {
                Some(_) => say("inspect-fact-cpu-system", &parameters),
                None => say("inspect-fact-cpu", &parameters),
            }
        }
        Evidence::WaitedForCpu { percent, window_ms } => {
            let parameters = [
                ("percent", format!("{percent:.0}").into()),
                ("time", milliseconds(*window_ms, catalogue).into()),
            ];
            say("inspect-fact-waited-for-cpu", &parameters)
        }
        Evidence::Throttled(told) => throttling::sentence(told, catalogue),
        Evidence::TracerPid { pid } => one("inspect-fact-tracer", "pid", &pid.to_string()),
        Evidence::ThreadsAlike { count, of } => say(
            "inspect-fact-threads-alike",
            &[("count", (*count).into()), ("of", (*of).into())],
        ),
    }
}
