//! Starts sources, makes processes, and collects both sides.
#![expect(unsafe_code, reason = "fork, raise and waitpid have no safe wrapper")]

use std::{
    collections::BTreeMap,
    fs, mem,
    path::Path,
    sync::{Arc, Mutex},
};

use agent::process::{ExecSeen, Options, Running, Sink, Way, start};
use analysis::{
    event::{Event, Fact, ProcessExecuted, ProcessExited, ProcessForked, SourceStarted},
    process::ExitStatus,
};

/// Keeps what the source gave.
#[derive(Clone, Default)]
pub struct Collected {
    pub events: Arc<Mutex<Vec<Event>>>,
    pub execs: Arc<Mutex<Vec<ExecSeen>>>,
}

impl Sink for Collected {
    fn events(&mut self, batch: Vec<Event>) {
        self.events.lock().unwrap().extend(batch);
    }

    fn exec_seen(&mut self, seen: ExecSeen) {
        self.execs.lock().unwrap().push(seen);
    }
}

pub fn options(only: Option<Way>) -> Options {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let mut options = Options::new(boot.trim().parse().unwrap());
    options.only = only;
    options
}

/// Starts a source, or fails with its own words.
pub fn started(options: &Options, sink: impl Sink + 'static) -> (Running, SourceStarted) {
    start(options, sink).unwrap_or_else(|error| panic!("{error}; this test needs root"))
}

/// The way that must work here: BPF wherever the kernel describes itself.
pub fn best_way() -> Option<Way> {
    Path::new("/sys/kernel/btf/vmlinux")
        .exists()
        .then_some(Way::Bpf)
}

/// Runs `work` while a source watches, and returns what it saw until all of it had ended.
pub fn watch<T>(only: Option<Way>, work: impl FnOnce() -> T) -> (T, Vec<Event>) {
    let collected = Collected::default();
    let (running, _) = started(&options(only), collected.clone());
    let done = work();
    running.stop().unwrap();
    let events = mem::take(&mut *collected.events.lock().unwrap());
    (done, events)
}

/// Forks a child that runs `child` and exits with 99 if that returns. Returns its pid.
///
/// The child is a copy of a program with several threads: it may do only what needs no lock.
pub fn fork(child: impl FnOnce()) -> u32 {
    // SAFETY: the child does what the caller promises, and then leaves without unwinding.
    match unsafe { libc::fork() } {
        -1 => panic!("cannot fork: {}", std::io::Error::last_os_error()),
        0 => {
            child();
            exit_group(99)
        }
        pid => pid.cast_unsigned(),
    }
}

/// Ends the process at once, whichever thread calls it.
pub fn exit_group(code: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}

/// Ends the calling thread alone.
pub fn exit_thread(code: i32) -> ! {
    // SAFETY: does not return to anything that the thread owns; the process is a test's child.
    unsafe { libc::syscall(libc::SYS_exit, code) };
    unreachable!()
}

/// Ends the process by a signal that the calling thread sends itself.
pub fn die_of(signal: i32) -> ! {
    // SAFETY: plain system calls on numbers.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
    exit_group(98)
}

/// Waits for a child and returns its status in the kernel's encoding.
pub fn wait(pid: u32) -> ExitStatus {
    let mut status = 0;
    // SAFETY: `status` lives.
    let waited = unsafe { libc::waitpid(pid.cast_signed(), &raw mut status, 0) };
    assert_eq!(
        waited,
        pid.cast_signed(),
        "{}",
        std::io::Error::last_os_error()
    );
    ExitStatus::from_wait_status(status.cast_unsigned())
}

/// Ends by pid, in order: pids are used again.
pub type Ends = BTreeMap<u32, Vec<Option<ExitStatus>>>;

/// The ends of this process's own children.
pub fn ends_of_children(events: &[Event]) -> Ends {
    let mut ends = Ends::new();
    for exit in exits(events).filter(|exit| exit.parent_pid == std::process::id()) {
        ends.entry(exit.process.pid).or_default().push(exit.status);
    }
    ends
}

pub fn exits(events: &[Event]) -> impl Iterator<Item = &ProcessExited> {
    events.iter().filter_map(|event| match &event.fact {
        Fact::ProcessExited(exit) => Some(exit),
        _ => None,
    })
}

pub fn forks(events: &[Event]) -> impl Iterator<Item = &ProcessForked> {
    events.iter().filter_map(|event| match &event.fact {
        Fact::ProcessForked(fork) => Some(fork),
        _ => None,
    })
}

pub fn execs(events: &[Event]) -> impl Iterator<Item = &ProcessExecuted> {
    events.iter().filter_map(|event| match &event.fact {
        Fact::ProcessExecuted(exec) => Some(exec),
        _ => None,
    })
}

/// The declared losses.
pub fn gaps(events: &[Event]) -> Vec<&analysis::event::Gap> {
    let gap = |event| match event {
        &Event {
            fact: Fact::Gap(ref gap),
            ..
        } => Some(gap),
        _ => None,
    };
    events.iter().filter_map(gap).collect()
}
