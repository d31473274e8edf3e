//! Rates and lists out of what was counted.

use super::{
    MOST_ENTRIES,
    facts::{BehaviorFacts, Calls, Counters},
    odd,
    report::{Behavior, ErrorUse, ExecUse, FileUse, IoRates, Pace, PeerUse, Rates, SyscallUse},
};

/// A life shorter than this is no baseline.
const SHORTEST_LIFE_NS: u64 = 60_000_000_000;
/// Calls that make a process or a thread.
const FORKS: [&str; 4] = ["clone", "clone3", "fork", "vfork"];

/// Says what a process did while it was watched.
pub fn behavior(facts: BehaviorFacts) -> Behavior {
    let seconds = seconds(facts.window_ns);
    let rates = facts.after.map(|after| rates(facts.before, after, seconds));
    let life = (facts.age_ns >= SHORTEST_LIFE_NS).then(|| Rates {
        waits_per_s: None,
        preemptions_per_s: None,
        ..self::rates(
            Counters::default(),
            facts.before,
            self::seconds(facts.age_ns),
        )
    });
    let calls = facts.calls.unwrap_or_default();
    let tool = (!calls.tool.is_empty()).then(|| calls.tool.clone());
    let forks = tool.as_ref().map(|_| forks(&calls));
    let during = rates.and_then(|rates| rates.io);
    let pace = facts
        .pace_before
        .zip(during)
        .map(|(before_per_s, io)| Pace {
            before_per_s,
            during_per_s: io.read_calls_per_s + io.write_calls_per_s,
        });
    let mut report = Behavior {
        at: facts.at,
        process: facts.process,
        comm: facts.comm,
        watched_ms: facts.window_ns / 1_000_000,
        has_ended: facts.after.is_none(),
        tool,
        rates,
        life,
        syscalls: syscalls(&calls, seconds),
        errors: errors(&calls),
        files: files(&calls, &facts.seen_files),
        peers: peers(&calls, &facts.seen_peers),
        execs: execs(&calls),
        forks,
        omitted: 0,
        seen_children: facts.seen_children,
        files_opened: facts.files_opened,
        files_closed: facts.files_closed,
        pace,
        odd: Vec::new(),
        limits: facts.limits,
    };
    report.odd = odd::odd(&report, seconds);
    report.omitted = shorten(&mut report.syscalls)
        + shorten(&mut report.errors)
        + shorten(&mut report.files)
        + shorten(&mut report.peers)
        + shorten(&mut report.execs);
    report
}

fn shorten<T>(list: &mut Vec<T>) -> u32 {
    let left = list.len().saturating_sub(MOST_ENTRIES);
    list.truncate(MOST_ENTRIES);
    u32::try_from(left).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
fn seconds(ns: u64) -> f64 {
    ns.max(1) as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "rates that are rounded anyway")]
fn rates(before: Counters, after: Counters, seconds: f64) -> Rates {
    let per_second = |before: u64, after: u64| after.saturating_sub(before) as f64 / seconds;
    let io = after.io.map(|now| {
        let then = before.io.unwrap_or_default();
        IoRates {
            read_calls_per_s: per_second(then.read_calls, now.read_calls),
            write_calls_per_s: per_second(then.write_calls, now.write_calls),
            read_chars_bytes_per_s: per_second(then.read_chars, now.read_chars),
            written_chars_bytes_per_s: per_second(then.written_chars, now.written_chars),
            read_disk_bytes_per_s: per_second(then.read_bytes, now.read_bytes),
            written_disk_bytes_per_s: per_second(then.written_bytes, now.written_bytes),
        }
    });
    Rates {
        cpu_percent: per_second(before.cpu_ns, after.cpu_ns) / 1e7,
        waits_per_s: Some(per_second(before.waits, after.waits)),
        preemptions_per_s: Some(per_second(before.preemptions, after.preemptions)),
        minor_faults_per_s: per_second(before.minor_faults, after.minor_faults),
        major_faults_per_s: per_second(before.major_faults, after.major_faults),
        io,
    }
}

fn forks(calls: &Calls) -> u64 {
    let made = FORKS.iter().filter_map(|name| calls.calls.get(*name));
    made.map(|used| used.calls.saturating_sub(used.errors))
        .sum()
}

#[expect(clippy::cast_precision_loss, reason = "rates that are rounded anyway")]
fn syscalls(calls: &Calls, seconds: f64) -> Vec<SyscallUse> {
    let used = calls.calls.iter().map(|(name, used)| SyscallUse {
        name: name.clone(),
        calls: used.calls,
        errors: used.errors,
        time_ms: used.time_us as f64 / 1000.0,
        per_second: used.calls as f64 / seconds,
    });
    let mut used: Vec<_> = used.collect();
    used.sort_by_key(|one| std::cmp::Reverse(one.calls));
    used
}

fn errors(calls: &Calls) -> Vec<ErrorUse> {
    let errors = calls.errors.iter().map(|((call, error), count)| ErrorUse {
        call: call.clone(),
        error: error.clone(),
        count: *count,
    });
    let mut errors: Vec<_> = errors.collect();
    errors.sort_by_key(|one| std::cmp::Reverse(one.count));
    errors
}

fn files(calls: &Calls, seen: &std::collections::BTreeSet<String>) -> Vec<FileUse> {
    let mut files: Vec<FileUse> = calls.files.values().cloned().collect();
    let more = seen.iter().filter(|path| !calls.files.contains_key(*path));
    files.extend(more.map(|path| FileUse {
        path: path.clone(),
        ..FileUse::default()
    }));
    // What it changes is the more telling, then what it does most with.
    files.sort_by_key(|one| {
        let work = one.opens + one.reads + one.writes + one.errors;
        (!one.is_changed, std::cmp::Reverse(work))
    });
    files
}

fn peers(calls: &Calls, seen: &std::collections::BTreeSet<(String, String)>) -> Vec<PeerUse> {
    let mut peers: Vec<PeerUse> = calls.peers.values().cloned().collect();
    let more = seen.iter().filter(|peer| !calls.peers.contains_key(*peer));
    peers.extend(more.map(|(protocol, address)| PeerUse {
        protocol: protocol.clone(),
        address: address.clone(),
        ..PeerUse::default()
    }));
    peers.sort_by_key(|one| std::cmp::Reverse(one.sent_bytes + one.received_bytes + one.connects));
    peers
}

fn execs(calls: &Calls) -> Vec<ExecUse> {
    let execs = calls.execs.iter().map(|(path, count)| ExecUse {
        path: path.clone(),
        count: *count,
    });
    let mut execs: Vec<_> = execs.collect();
    execs.sort_by_key(|one| std::cmp::Reverse(one.count));
    execs
}
