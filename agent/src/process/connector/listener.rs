//! Makes observations of the connector's messages.

use std::{io, os::fd::AsFd};

use analysis::process::{ExitStatus, ProcessId};
use collect::process::Procfs;

use super::{
    message::{self, Happened, Message},
    socket::{Read, Socket},
    tally::{Outcome, Tally},
};
use crate::process::{
    Sink, SourceError, Stopper, clock, kernel,
    observed::{Arguments, Comm, Ending, Observed, Seen, unless_unset},
    pace::{NAP, Repair},
    procfs,
    running::{Source, Wake},
    table::same_start,
    tracker::Tracker,
};

/// The socket and what is known of the processes.
pub(super) struct Listener {
    socket: Socket,
    tally: Tally,
    tracker: Tracker,
    /// Reads what may hang.
    proc: Procfs,
}

/// Reads of one round, more than the socket's buffer holds.
const READS_PER_ROUND: usize = 1024;

impl Source for Listener {
    fn run(mut self: Box<Self>, stop: &Stopper, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut repair = Repair::default();
        loop {
            let ready = Some(self.socket.as_fd());
            let mut woken = stop
                .wait(ready, repair.due_in())
                .map_err(SourceError::Wait)?;
            if woken == Wake::Ready {
                woken = stop.wait(None, Some(NAP)).map_err(SourceError::Wait)?;
            }
            if woken == Wake::Stop {
                // The kernel sends an exit a moment after it told the parent.
                std::thread::sleep(NAP);
            }
            if self.drain(sink).map_err(SourceError::Read)? {
                self.tracker
                    .gap(None, "the connector's buffer was full".to_owned());
                repair.ask();
            }
            if repair.is_due() {
                repair.done();
                self.repair(sink).map_err(SourceError::Read)?;
            }
            self.tracker.flush(sink);
            if woken == Wake::Stop {
                return Ok(());
            }
        }
    }
}

impl Listener {
    pub(super) fn new(socket: Socket, tracker: Tracker) -> Self {
        let mut listener = Self {
            socket,
            tally: Tally::new(kernel::is_at_least((6, 0))),
            tracker,
            proc: Procfs::at("/proc"),
        };
        listener.count_threads();
        listener
    }

    /// Reads what the socket holds. Returns whether messages were lost.
    fn drain(&mut self, sink: &mut dyn Sink) -> io::Result<bool> {
        self.tracker.set_clock();
        let slept_ns = clock::slept_ns();
        let mut lost = false;
        for _ in 0..READS_PER_ROUND {
            match self.socket.read()? {
                Read::Nothing => break,
                Read::Lost => lost = true,
                Read::Some(count) => {
                    for index in 0..count {
                        if let Some(mut message) = message::parse(self.socket.datagram(index)) {
                            message.at_ns += slept_ns;
                            self.take(message);
                        }
                    }
                }
            }
            if self.tracker.is_full() {
                self.tracker.flush(sink);
            }
        }
        Ok(lost)
    }

    /// Sets table and counts right after a loss, as the BPF reader does.
    fn repair(&mut self, sink: &mut dyn Sink) -> io::Result<()> {
        self.tracker.compare_with_proc();
        self.count_threads();
        let lost_again = self.drain(sink)?;
        self.tracker.report_suspects();
        if lost_again {
            self.tracker
                .gap(None, "the connector's buffer was full".to_owned());
        }
        Ok(())
    }

    fn count_threads(&mut self) {
        let pids: Vec<u32> = self
            .tracker
            .table()
            .living()
            .map(|known| known.seen.process.pid)
            .collect();
        for pid in pids {
            if let Some(stat) = procfs::stat(pid) {
                self.tally.count(pid, stat.threads, clock::since_boot_ns());
            }
        }
    }

    fn take(&mut self, message: Message) {
        let at_ns = message.at_ns;
        match message.what {
            Happened::Forked {
                parent_pid,
                child_thread,
                child_pid,
            } if child_thread == child_pid => self.forked(parent_pid, child_pid, at_ns),
            Happened::Forked { child_pid, .. } => self.tally.thread_began(child_pid, at_ns),
            Happened::Executed { pid } => self.executed(pid, at_ns),
            Happened::Exited {
                thread,
                pid,
                status,
            } => self.thread_exited(thread, pid, status, at_ns),
        }
    }

    fn forked(&mut self, parent_pid: u32, pid: u32, at_ns: u64) {
        const KTHREADD: u32 = 2;
        if parent_pid == KTHREADD {
            return;
        }
        // The count is from just before, so that the first exit is after it.
        self.tally.count(pid, 1, at_ns - 1);
        let parent = self.tracker.table().by_pid(parent_pid);
        let seen = Seen {
            process: ProcessId {
                pid,
                start_ns: at_ns,
            },
            parent_pid,
            uid: parent.and_then(|parent| parent.seen.uid),
            comm: parent.map_or_else(Comm::default, |parent| parent.seen.comm),
            at_ns,
            cgroup: None,
        };
        self.tracker.observe(Observed::Forked(seen));
    }

    fn executed(&mut self, pid: u32, at_ns: u64) {
        self.tally.executed(pid, at_ns);
        let mut seen = self.known(pid, at_ns);
        let is_same = |stat: &procfs::Stat| {
            seen.process.start_ns == 0 || same_start(stat.process, seen.process)
        };
        let Some(stat) = procfs::stat(pid).filter(is_same) else {
            // It is gone: nobody knows what it was, but it was no longer its parent's program.
            seen.comm = Comm::default();
            let unread = Arguments {
                truncated: true,
                ..Arguments::default()
            };
            self.tracker.observe(Observed::Executed(seen, unread));
            return;
        };
        if seen.process.start_ns == 0 {
            seen.process = stat.process;
        }
        seen.parent_pid = stat.parent_pid;
        seen.comm = stat.comm;
        seen.uid = procfs::uid(pid).or(seen.uid);
        let (argv, truncated) = procfs::arguments(&self.proc, pid);
        let arguments = Arguments {
            login_uid: procfs::number(pid, "loginuid").and_then(unless_unset),
            session: procfs::number(pid, "sessionid").and_then(unless_unset),
            argv,
            truncated,
        };
        self.tracker.observe(Observed::Executed(seen, arguments));
    }

    fn thread_exited(&mut self, thread: u32, pid: u32, status: u32, at_ns: u64) {
        let status = match self.tally.thread_ended(pid, thread, status, at_ns) {
            Outcome::Lives => return,
            Outcome::Ended(status) => status,
            Outcome::Unknown => match procfs::stat(pid).filter(|stat| !stat.is_dead()) {
                // A kernel thread, or a process whose begin was lost: from here on it is counted.
                Some(stat) => {
                    self.tally.count(pid, stat.threads, clock::since_boot_ns());
                    return;
                }
                None => status,
            },
        };
        let ending = Ending {
            status: Some(ExitStatus::from_wait_status(status)),
            ..Ending::default()
        };
        let seen = self.known(pid, at_ns);
        self.tracker.observe(Observed::Exited(seen, ending));
        self.tally.forget(pid);
    }

    /// A process as it was last seen; only its number, if it never was.
    fn known(&self, pid: u32, at_ns: u64) -> Seen {
        match self.tracker.table().by_pid(pid) {
            Some(known) => Seen {
                at_ns,
                ..known.seen.clone()
            },
            None => Seen {
                process: ProcessId { pid, start_ns: 0 },
                parent_pid: 0,
                uid: None,
                comm: Comm::default(),
                at_ns,
                cgroup: None,
            },
        }
    }
}
