//! From facts to the report.

use super::*;
use crate::{process_tree::ProcessFact, scrub::scrub_arguments, trend::Course};

/// From this share of a limit on somebody should look, and from that it is used up.
const NEAR_PERCENT: f64 = 80.0;
const REACHED_PERCENT: f64 = 98.0;
/// So many connections that are not closed are no coincidence.
const MANY_CLOSE_WAIT: u32 = 50;
/// A quota that holds back for less is not felt.
const FELT_THROTTLING_PERCENT: f64 = 5.0;
/// A process with so many of its like can be compared with them.
const FEWEST_PEERS: u32 = 3;
/// So many times the median is unusual, and worth a word from this size on.
const UNUSUAL: f64 = 4.0;
const LEAST_MEMORY_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
const LEAST_CPU_PERCENT: f64 = 20.0;

pub(super) fn resources(facts: ResourceFacts) -> Result<Resources, NoSuchProcess> {
    let find = |all: &ProcessFacts| {
        let mut processes = all.processes.iter();
        processes.find(|fact| fact.pid() == facts.pid).cloned()
    };
    let own = find(&facts.after).ok_or(NoSuchProcess(facts.pid))?;
    let before = find(&facts.before).filter(|before| before.process == own.process);
    let elapsed_ns = facts.after.since_boot_ns - facts.before.since_boot_ns;
    let peers = peers(&own, &facts.after);
    let cpu = CpuUse {
        total_ms: own.cpu_ns / 1_000_000,
        life_percent: own.cpu_percent(facts.after.since_boot_ns),
        now_percent: before.map(|before| {
            let used = own.cpu_ns.saturating_sub(before.cpu_ns);
            used as f64 / elapsed_ns.max(1) as f64 * 100.0
        }),
    };
    let memory = MemoryUse {
        rss_bytes: own.rss_bytes,
        virtual_bytes: own.virtual_bytes,
        host_percent: facts
            .host_memory_bytes
            .filter(|total| *total > 0)
            .map(|total| own.rss_bytes as f64 / total as f64 * 100.0),
        ..facts.memory
    };
    let ceilings = ceilings(facts.ceilings);
    let memory_trend = facts.recording.memory_trend();
    let age_ns = facts
        .after
        .since_boot_ns
        .saturating_sub(own.process.start_ns);
    let age = chrono::TimeDelta::nanoseconds(i64::try_from(age_ns).unwrap_or(i64::MAX));
    let mut report = Resources {
        at: facts.after.at,
        duration_ms: elapsed_ns / 1_000_000,
        process: own.process,
        argv: scrub_arguments(own.argv),
        state: own.state,
        uid: own.uid,
        started_at: facts.after.at - age,
        threads: own.threads,
        cpu,
        memory,
        io: facts.io.map(|io| io_use(io, elapsed_ns)),
        files: facts.files,
        sockets: facts.sockets,
        ceilings,
        pressure: facts.pressure,
        throttling: facts.throttling,
        peers,
        memory_trend,
        findings: Vec::new(),
        limits: facts.limits,
        comm: own.comm,
        user: own.user,
        unit: own.unit,
        container: own.container,
    };
    report.findings = findings(&report);
    Ok(report)
}

fn io_use((before, after): (IoCounters, IoCounters), elapsed_ns: u64) -> IoUse {
    let seconds = elapsed_ns.max(1) as f64 / 1e9;
    let rate = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
    IoUse {
        read_bytes: after.read_bytes,
        written_bytes: after.written_bytes,
        read_bytes_per_s: rate(before.read_bytes, after.read_bytes),
        written_bytes_per_s: rate(before.written_bytes, after.written_bytes),
    }
}

fn ceilings(mut ceilings: Vec<Ceiling>) -> Vec<Ceiling> {
    for ceiling in &mut ceilings {
        let used = ceiling.used.filter(|_| ceiling.limit > 0);
        ceiling.percent = used.map(|used| used as f64 / ceiling.limit as f64 * 100.0);
    }
    ceilings.sort_by(|a, b| {
        let percent = |ceiling: &Ceiling| ceiling.percent.unwrap_or(-1.0);
        percent(b).total_cmp(&percent(a)).then(a.kind.cmp(&b.kind))
    });
    ceilings
}

fn peers(own: &ProcessFact, all: &ProcessFacts) -> Peers {
    let program = |fact: &ProcessFact| fact.argv.first().cloned();
    let is_peer = |fact: &&ProcessFact| {
        fact.process != own.process
            && fact.comm == own.comm
            && fact.uid == own.uid
            && program(fact) == program(own)
            && !fact.is_kernel_thread
    };
    let peers: Vec<&ProcessFact> = all.processes.iter().filter(is_peer).collect();
    let now = all.since_boot_ns;
    Peers {
        count: u32::try_from(peers.len()).unwrap_or(u32::MAX),
        median_rss_bytes: middle(peers.iter().map(|fact| fact.rss_bytes).collect()),
        median_threads: middle(peers.iter().map(|fact| fact.threads).collect()),
        median_cpu_percent: {
            let mut shares: Vec<f64> = peers.iter().map(|fact| fact.cpu_percent(now)).collect();
            shares.sort_by(f64::total_cmp);
            shares.get(shares.len() / 2).copied()
        },
    }
}

fn middle<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort();
    values.get(values.len() / 2).copied()
}

fn findings(report: &Resources) -> Vec<UseFinding> {
    let mut findings: Vec<UseFinding> = report.ceilings.iter().filter_map(of_ceiling).collect();
    findings.extend(of_trend(report));
    findings.extend(of_connections(report));
    findings.extend(of_throttling(report));
    findings.extend(of_peers(report));
    findings.sort_by_key(|finding| finding.cause);
    findings
}

fn of_ceiling(ceiling: &Ceiling) -> Option<UseFinding> {
    // A process that uses its whole share of CPU is a busy one.
    let is_meant = ceiling.kind == CeilingKind::CgroupCpu;
    let percent = ceiling.percent.filter(|_| !is_meant)?;
    // The page cache fills a cgroup up to its limit, and is given back: near is as it should be.
    let near = match ceiling.kind {
        CeilingKind::CgroupMemory => REACHED_PERCENT,
        _ => NEAR_PERCENT,
    };
    let (cause, certainty) = match percent {
        percent if percent < near => return None,
        _ if ceiling.kind == CeilingKind::CgroupMemory => {
            (UseCause::LimitNear, Certainty::Inferred)
        }
        percent if percent >= REACHED_PERCENT => (UseCause::LimitReached, Certainty::Measured),
        _ => (UseCause::LimitNear, Certainty::Measured),
    };
    Some(UseFinding {
        cause,
        certainty,
        evidence: vec![UseEvidence::Ceiling(*ceiling)],
    })
}

fn of_trend(report: &Resources) -> Option<UseFinding> {
    let trend = report.memory_trend.as_ref()?;
    (trend.course == Course::Grows).then(|| UseFinding {
        cause: UseCause::MemoryGrows,
        certainty: trend.certainty,
        evidence: vec![UseEvidence::Trend(trend.clone())],
    })
}

fn of_connections(report: &Resources) -> Option<UseFinding> {
    let connections = report.sockets?.tcp_close_wait;
    (connections >= MANY_CLOSE_WAIT).then(|| UseFinding {
        cause: UseCause::ConnectionsNotClosed,
        certainty: Certainty::Measured,
        evidence: vec![UseEvidence::CloseWait { connections }],
    })
}

fn of_throttling(report: &Resources) -> Option<UseFinding> {
    let told = report.throttling.as_ref()?;
    (told.throttled_percent >= FELT_THROTTLING_PERCENT).then(|| UseFinding {
        cause: UseCause::CpuThrottled,
        certainty: Certainty::Measured,
        evidence: vec![UseEvidence::Throttling(told.clone())],
    })
}

fn of_peers(report: &Resources) -> Vec<UseFinding> {
    let peers = &report.peers;
    if peers.count < FEWEST_PEERS {
        return Vec::new();
    }
    let unusual = |cause, own: f64, median: Option<f64>, least: f64| {
        let median = median?;
        (own >= least && own >= median * UNUSUAL).then(|| UseFinding {
            cause,
            certainty: Certainty::Inferred,
            evidence: vec![UseEvidence::Peers {
                own,
                median,
                count: peers.count,
            }],
        })
    };
    let rss = peers.median_rss_bytes.map(|bytes| bytes as f64);
    let memory = unusual(
        UseCause::LargerThanPeers,
        report.memory.rss_bytes as f64,
        rss,
        LEAST_MEMORY_BYTES,
    );
    let cpu = unusual(
        UseCause::BusierThanPeers,
        report.cpu.life_percent,
        peers.median_cpu_percent,
        LEAST_CPU_PERCENT,
    );
    memory.into_iter().chain(cpu).collect()
}
