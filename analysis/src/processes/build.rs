//! From readings to the report.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Between, EndedProcess, IoCounters, IoUsage, MachineReading, MachineUsage, ProcessOrder,
    ProcessReading, ProcessTotals, ProcessUsage, Processes, ProcessesAsked, terminal::terminal,
};
use crate::{
    process::ProcessId,
    process_tree::{
        Clock, ProcessFact,
        shorten::{argv_bytes, fitting_sizes, json_bytes, shorten_argv},
    },
    scrub::scrub_arguments,
};

/// Most processes that ended and are listed.
const MOST_ENDED: usize = 200;
/// One process without its texts, as JSON: numbers, names of fields.
const FIXED_BYTES: usize = 1100;

/// What the processes used between two readings.
///
/// Total: counters that went back (they cannot, but files can lie) count as no use.
pub fn processes(
    first: ProcessReading,
    between: &Between,
    last: ProcessReading,
    machine: Option<(MachineReading, MachineReading)>,
    asked: &ProcessesAsked,
) -> Processes {
    let before: BTreeMap<ProcessId, &ProcessFact> = first
        .facts
        .processes
        .iter()
        .map(|fact| (fact.process, fact))
        .collect();
    let span = Span {
        clock: Clock {
            at: last.facts.at,
            since_boot_ns: last.facts.since_boot_ns,
        },
        begin_ns: first.facts.since_boot_ns,
        memory_bytes: machine.map(|(_, now)| now.memory_bytes),
        before: &before,
        io_before: &first.io,
        between,
    };
    let ended = span.ended(&last.facts.processes);
    let sees_all = last.facts.processes.iter().any(is_kthreadd)
        && last.facts.limits.iter().all(|limit| limit.why != "hidepid");
    let io = &last.io;
    let usages = last.facts.processes.into_iter();
    let mut listed: Vec<ProcessUsage> = usages.map(|fact| span.usage(fact, io)).collect();
    let totals = totals(&listed, ended.len());
    let ended_cpu: u64 = ended.iter().map(|one| one.cpu_ms).sum();
    sort(&mut listed, asked.sort);
    if let Some(top) = asked.top {
        listed.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    }
    let mut limits = last.facts.limits;
    let lines = listed.iter_mut().map(|one| &mut one.argv);
    limits.extend(shorten_argv(lines.collect()));
    listed.truncate(fitting_sizes(listed.iter().map(json_size)));
    let seen_percent = totals.cpu_percent + percent(ended_cpu * 1_000_000, span.length_ns());
    Processes {
        at: last.facts.at,
        interval_ms: span.length_ns() / 1_000_000,
        readings: between.readings + 2,
        sort: asked.sort,
        omitted: totals.processes - count(listed.len()),
        processes: listed,
        ended_omitted: count(ended.len().saturating_sub(MOST_ENDED)),
        ended: ended.into_iter().take(MOST_ENDED).collect(),
        totals,
        machine: machine.map(|(then, now)| machine_usage(then, now, seen_percent, sees_all)),
        limits,
    }
}

/// The interval, and what was known at its begin.
struct Span<'a> {
    clock: Clock,
    begin_ns: u64,
    memory_bytes: Option<u64>,
    before: &'a BTreeMap<ProcessId, &'a ProcessFact>,
    io_before: &'a BTreeMap<ProcessId, IoCounters>,
    between: &'a Between,
}

impl Span<'_> {
    fn length_ns(&self) -> u64 {
        self.clock.since_boot_ns.saturating_sub(self.begin_ns)
    }

    fn usage(&self, fact: ProcessFact, io: &BTreeMap<ProcessId, IoCounters>) -> ProcessUsage {
        let before = self.before.get(&fact.process);
        let cpu_ns = fact
            .cpu_ns
            .saturating_sub(before.map_or(0, |before| before.cpu_ns));
        let waits = |fact: &ProcessFact| u32::from(fact.state == 'D');
        let age_ns = self
            .clock
            .since_boot_ns
            .saturating_sub(fact.process.start_ns);
        ProcessUsage {
            process: fact.process,
            parent_pid: fact.parent_pid,
            state: fact.state,
            uninterruptible_readings: self.between.uninterruptible(fact.process)
                + waits(&fact)
                + before.map_or(0, |before| waits(before)),
            uid: fact.uid,
            is_kernel_thread: fact.is_kernel_thread,
            is_daemon: is_daemon(&fact),
            terminal: terminal(fact.tty),
            nice: fact.nice,
            threads: fact.threads,
            is_new: before.is_none(),
            started_at: self.clock.wall_at(fact.process.start_ns),
            age_ms: age_ns / 1_000_000,
            cpu_percent: percent(cpu_ns, self.length_ns()),
            lifetime_cpu_percent: rounded(fact.cpu_percent(self.clock.since_boot_ns)),
            cpu_ms: fact.cpu_ns / 1_000_000,
            rss_bytes: fact.rss_bytes,
            memory_percent: self
                .memory_bytes
                .filter(|all| *all > 0)
                .map(|all| percent(fact.rss_bytes, all)),
            rss_change_bytes: before.map_or(0, |before| change(before.rss_bytes, fact.rss_bytes)),
            virtual_bytes: fact.virtual_bytes,
            io: io
                .get(&fact.process)
                .map(|now| self.io(fact.process, before.is_none(), *now))
                .unwrap_or_default(),
            comm: fact.comm,
            argv: scrub_arguments(fact.argv),
            user: fact.user,
            unit: fact.unit,
            container: fact.container,
        }
    }

    /// `None`: the counters could not be read at the begin, and the process is older than that.
    fn io(&self, process: ProcessId, is_new: bool, now: IoCounters) -> Option<IoUsage> {
        let then = match self.io_before.get(&process) {
            Some(then) => *then,
            None if is_new => IoCounters::default(),
            None => return None,
        };
        let read_bytes = now.read_bytes.saturating_sub(then.read_bytes);
        let written_bytes = now.written_bytes.saturating_sub(then.written_bytes);
        Some(IoUsage {
            read_bytes_per_s: per_second(read_bytes, self.length_ns()),
            write_bytes_per_s: per_second(written_bytes, self.length_ns()),
            read_bytes,
            written_bytes,
        })
    }

    /// Those that were seen and are not there any more, the dearest first.
    fn ended(&self, alive: &[ProcessFact]) -> Vec<EndedProcess> {
        let alive: BTreeMap<ProcessId, ()> = alive.iter().map(|fact| (fact.process, ())).collect();
        let mut ended: BTreeMap<ProcessId, EndedProcess> = BTreeMap::new();
        for (process, fact) in self.before {
            if !alive.contains_key(process) {
                ended.insert(*process, ended_of(fact));
            }
        }
        for (process, seen) in &self.between.seen {
            if alive.contains_key(process) {
                continue;
            }
            let before = self.before.get(process).map_or(0, |fact| fact.cpu_ns);
            let cpu_ns = seen.last.cpu_ns.saturating_sub(before);
            let one = ended.entry(*process).or_insert_with(|| EndedProcess {
                process: *process,
                parent_pid: seen.last.parent_pid,
                comm: seen.last.comm.clone(),
                argv: Vec::new(),
                user: None,
                unit: None,
                is_new: true,
                cpu_ms: 0,
            });
            one.cpu_ms = cpu_ns / 1_000_000;
        }
        let mut ended: Vec<_> = ended.into_values().collect();
        ended.sort_by_key(|one| (Reverse(one.cpu_ms), one.process));
        ended
    }
}

fn ended_of(fact: &ProcessFact) -> EndedProcess {
    EndedProcess {
        process: fact.process,
        parent_pid: fact.parent_pid,
        comm: fact.comm.clone(),
        argv: scrub_arguments(fact.argv.clone()),
        user: fact.user.clone(),
        unit: fact.unit.clone(),
        is_new: false,
        cpu_ms: 0,
    }
}

/// No kernel thread, no terminal, and a child of process 1 or the leader of its session.
fn is_daemon(fact: &ProcessFact) -> bool {
    let stands_alone = fact.parent_pid == 1 || fact.session == fact.pid();
    !fact.is_kernel_thread && fact.tty == 0 && stands_alone && !fact.is_zombie()
}

/// The kernel thread that starts the others: only the whole machine has it.
fn is_kthreadd(fact: &ProcessFact) -> bool {
    fact.pid() == 2 && fact.is_kernel_thread
}

fn machine_usage(
    then: MachineReading,
    now: MachineReading,
    seen_percent: f64,
    sees_all: bool,
) -> MachineUsage {
    let length_ns = now.since_boot_ns.saturating_sub(then.since_boot_ns);
    let cpu_ns = now.process_cpu_ns.saturating_sub(then.process_cpu_ns);
    let cpu_percent = percent(cpu_ns, length_ns);
    MachineUsage {
        cores: now.cores,
        memory_bytes: now.memory_bytes,
        cpu_percent,
        unseen_cpu_percent: rounded((cpu_percent - seen_percent).max(0.0)),
        made: now.made.saturating_sub(then.made),
        sees_all,
    }
}

fn sort(list: &mut [ProcessUsage], order: ProcessOrder) {
    let io = |one: &ProcessUsage| {
        one.io
            .map_or(0, |io| io.read_bytes.saturating_add(io.written_bytes))
    };
    list.sort_by(|a, b| {
        let by = match order {
            // Of those that do nothing now, the ones that did most before.
            ProcessOrder::Cpu => (b.cpu_percent.total_cmp(&a.cpu_percent))
                .then(b.lifetime_cpu_percent.total_cmp(&a.lifetime_cpu_percent)),
            ProcessOrder::Memory => b.rss_bytes.cmp(&a.rss_bytes),
            ProcessOrder::Io => io(b).cmp(&io(a)),
            ProcessOrder::Threads => b.threads.cmp(&a.threads),
            ProcessOrder::Age => a.age_ms.cmp(&b.age_ms),
            ProcessOrder::Pid => a.process.cmp(&b.process),
        };
        by.then(a.process.cmp(&b.process))
    });
}

fn totals(list: &[ProcessUsage], ended: usize) -> ProcessTotals {
    let many =
        |is: &dyn Fn(&ProcessUsage) -> bool| count(list.iter().filter(|one| is(one)).count());
    let state = |state: char| many(&|one| one.state == state);
    let io = |of: &dyn Fn(IoUsage) -> u64| {
        let all = list.iter().filter_map(|one| one.io);
        all.fold(0, |sum: u64, io| sum.saturating_add(of(io)))
    };
    ProcessTotals {
        processes: count(list.len()),
        kernel_threads: many(&|one| one.is_kernel_thread),
        threads: list
            .iter()
            .fold(0, |sum, one| sum.saturating_add(one.threads)),
        running: state('R'),
        sleeping: state('S'),
        idle: state('I'),
        uninterruptible: state('D'),
        stopped: state('T'),
        traced: state('t'),
        zombies: many(&|one| one.state == 'Z' && one.threads <= 1),
        daemons: many(&|one| one.is_daemon),
        began: many(&|one| one.is_new),
        ended: count(ended),
        rss_bytes: list
            .iter()
            .fold(0, |sum, one| sum.saturating_add(one.rss_bytes)),
        cpu_percent: rounded(list.iter().map(|one| one.cpu_percent).sum()),
        read_bytes_per_s: io(&|io| io.read_bytes_per_s),
        write_bytes_per_s: io(&|io| io.write_bytes_per_s),
    }
}

fn json_size(one: &ProcessUsage) -> usize {
    let texts = [&one.user, &one.container, &one.terminal];
    let texts = texts.into_iter().flatten().chain([&one.comm]);
    let unit = one.unit.as_ref().map_or(0, |unit| unit.as_str().len());
    FIXED_BYTES + unit + texts.map(|text| json_bytes(text)).sum::<usize>() + argv_bytes(&one.argv)
}

fn change(before: u64, now: u64) -> i64 {
    let change = i128::from(now) - i128::from(before);
    i64::try_from(change).unwrap_or(if change < 0 { i64::MIN } else { i64::MAX })
}

#[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
fn percent(part: u64, whole: u64) -> f64 {
    rounded(part as f64 / whole.max(1) as f64 * 100.0)
}

fn per_second(amount: u64, ns: u64) -> u64 {
    let rate = u128::from(amount) * 1_000_000_000 / u128::from(ns.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
