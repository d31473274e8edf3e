//! The world of the model: actions happen to it, and every step is checked on the spot.

use super::action::{Action, Fate};
use super::agent::{self, Agent, id_of, process_event};
use super::disk::{Disk, Image};
use super::rng::Rng;
use super::server::Server;
use delivery::{Batch, Gap, GapReason, Limits, Rules, Spool, SpoolConfig};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Ids of process events start here, those of the log at 0.
pub const FIRST_PROCESS: u64 = 1 << 32;

/// What is broken outside of the crate's own code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breakage {
    /// The server answers before its transaction committed.
    pub ack_before_commit: bool,
    /// The server stores cursors in a transaction of their own.
    pub cursor_in_its_own_transaction: bool,
    /// The agent keeps the log position in a file of its own.
    pub cursor_in_its_own_file: bool,
}

/// A stream that was opened at some time.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    pub batches: VecDeque<Batch>,
    pub acks: VecDeque<u64>,
}

/// Everything that a restored virtual machine gets back.
pub struct Snapshot {
    image: Image,
    /// Process events that were delivered or durable then.
    safe: BTreeSet<u64>,
}

/// For looking at a whole spool.
pub const EVERYTHING: Limits = Limits {
    max_batch_bytes: 1 << 20,
    max_records: 1000,
    max_inflight: 1,
};

pub struct World {
    pub disk: Disk,
    pub server: Server,
    pub agent: Option<Agent>,
    pub config: SpoolConfig,
    pub breakage: Breakage,
    /// The agent's stream, then older ones that the server still serves.
    pub live: Option<Wire>,
    pub old: Vec<Wire>,
    pub log_len: u64,
    pub next_process: u64,
    /// Numbers that an event ever had: (epoch, seq).
    pub places: BTreeMap<u64, Vec<(u64, u64)>>,
    /// Process events in memory only.
    pub unsynced: BTreeSet<u64>,
    /// Process events whose loss nobody can hold against us.
    pub excused: BTreeSet<u64>,
    pub snapshot: Option<Snapshot>,
    pub server_copy: Option<Server>,
    pub cursor_file: u64,
    pub flips: u32,
    /// Whether the server's database may go back in time; then the spool keeps all it can.
    pub forgetful_server: bool,
    pub clock_ms: u64,
}

/// The first thing that must never happen.
pub type Checked = Result<(), String>;

impl World {
    /// Sizes differ with the seed, so that segments roll, batches split, and memory runs out.
    pub fn new(seed: u64, rules: Rules, breakage: Breakage) -> Self {
        let mut rng = Rng(seed);
        let forgetful_server = rng.coin();
        let segment_bytes = [300, 700, 2000][rng.below(3)];
        let tight = !forgetful_server && rng.below(3) == 0;
        let limits = Limits {
            max_batch_bytes: 600,
            max_records: 1 + rng.below(6),
            max_inflight: 1 + rng.below(4),
        };
        let config = SpoolConfig {
            segment_bytes,
            max_bytes: if tight { 5 * segment_bytes } else { 1 << 30 },
            pending_bytes: 1000,
            retain_bytes: if forgetful_server { u64::MAX } else { 0 },
            retain_ms: if forgetful_server { u64::MAX } else { 0 },
            ..agent::config(rules)
        };
        Self {
            disk: Disk::default(),
            server: Server::new(rules, limits, breakage),
            agent: None,
            config,
            breakage,
            live: None,
            old: Vec::new(),
            log_len: 0,
            next_process: FIRST_PROCESS,
            places: BTreeMap::new(),
            unsynced: BTreeSet::new(),
            excused: BTreeSet::new(),
            snapshot: None,
            server_copy: None,
            cursor_file: 0,
            flips: 0,
            forgetful_server,
            clock_ms: 0,
        }
    }

    pub fn apply(&mut self, action: Action) -> Checked {
        match action {
            Action::Log(count) => self.log_len += u64::from(count),
            Action::Process(count) => (0..count).for_each(|_| self.process_event()),
            Action::Read(count) => self.read(count.into()),
            Action::Drain => self.drain(),
            Action::Sync => self.sync(),
            Action::Connect { welcome_lost } => return self.connect(welcome_lost),
            Action::Send => return self.send(),
            Action::Deliver {
                from_old_stream,
                fate,
            } => return self.deliver(from_old_stream, fate),
            Action::Acks => return self.take_acks(),
            Action::Cut => self.cut(),
            Action::Kill => self.stop_agent(),
            Action::PowerCut(luck) => self.power_cut(luck),
            Action::Flip(luck) => self.flip(luck),
            Action::Wipe => self.wipe(),
            Action::TakeSnapshot => self.take_snapshot(),
            Action::Rollback(luck) => self.roll_back(luck),
            Action::TakeServerCopy => self.server_copy = Some(self.server.clone()),
            Action::Failover => self.fail_over(),
            Action::DiskFull(full) => self.disk.set_full(full),
            Action::FailSyncs(count) => self.disk.fail_next_syncs(count.into()),
            Action::Expire => self.expire(),
        }
        Ok(())
    }

    /// Starts the agent if it is dead.
    pub fn running(&mut self) -> &mut Agent {
        let start = || {
            Agent::start(
                &self.disk,
                self.config.clone(),
                self.cursor_file,
                self.breakage,
            )
        };
        self.agent.get_or_insert_with(start)
    }

    pub fn process_event(&mut self) {
        let id = self.next_process;
        self.next_process += 1;
        let agent = self.running();
        agent.spool.append(process_event(id)).unwrap();
        let place = (agent.spool.epoch(), agent.spool.last_seq());
        self.places.entry(id).or_default().push(place);
        self.unsynced.insert(id);
    }

    pub fn read(&mut self, count: u64) {
        let log_len = self.log_len;
        let agent = self.running();
        // A source that is about to be repositioned goes on reading until it hears of it.
        for _ in 0..count.min(log_len.saturating_sub(agent.read_to)) {
            agent.queue.push_back(agent.read_to);
            agent.read_to += 1;
        }
    }

    pub fn drain(&mut self) {
        let agent = self.running();
        let epoch = agent.spool.epoch();
        let placed = agent.drain();
        self.cursor_file = agent.read_to;
        for (id, seq) in placed {
            self.places.entry(id).or_default().push((epoch, seq));
        }
    }

    pub fn sync(&mut self) {
        // A failure leaves records in memory, which is what `note_synced` looks at.
        let _ = self.running().spool.sync();
        self.note_synced();
    }

    pub fn note_synced(&mut self) {
        let Some(agent) = &self.agent else { return };
        let (epoch, synced) = (agent.spool.epoch(), agent.spool.synced_seq());
        let places = &self.places;
        let waits = |id: &u64| {
            places[id]
                .last()
                .is_some_and(|at| at.0 == epoch && at.1 > synced)
        };
        self.unsynced.retain(waits);
    }

    /// The process dies; the page cache lives on.
    pub fn stop_agent(&mut self) {
        self.note_synced();
        self.excused.append(&mut self.unsynced);
        self.agent = None;
        if let Some(wire) = self.live.take() {
            self.old.insert(0, wire);
            self.old.truncate(2);
        }
    }

    pub fn power_cut(&mut self, luck: u64) {
        self.stop_agent();
        self.disk.power_cut(Some(&mut Rng(luck)));
    }

    pub fn flip(&mut self, luck: u64) {
        if self.disk.flip(&mut Rng(luck)) {
            self.flips += 1;
            if self.flips > 1 {
                // The second may hit the declaration of the first.
                self.excuse_all_but(&BTreeSet::new());
            }
        }
    }

    pub fn wipe(&mut self) {
        self.stop_agent();
        self.disk.wipe();
        self.cursor_file = 0;
        self.excuse_all_but(&BTreeSet::new());
    }

    pub fn take_snapshot(&mut self) {
        self.note_synced();
        let all: BTreeSet<u64> = (FIRST_PROCESS..self.next_process).collect();
        let lost = &self.unsynced | &self.excused;
        let safe = &all - &lost;
        self.snapshot = Some(Snapshot {
            image: self.disk.image(),
            safe,
        });
    }

    pub fn roll_back(&mut self, luck: u64) {
        let Some(snapshot) = self.snapshot.take() else {
            return;
        };
        self.stop_agent();
        self.disk.restore(&snapshot.image);
        self.disk.power_cut(Some(&mut Rng(luck)));
        self.disk.set_full(false);
        self.excuse_all_but(&snapshot.safe);
        self.snapshot = Some(snapshot);
    }

    pub fn fail_over(&mut self) {
        let Some(copy) = self.server_copy.take().filter(|_| self.forgetful_server) else {
            return;
        };
        let limits = self.server.receiver.limits;
        self.server = copy;
        self.server.receiver.limits = limits;
        self.old.clear();
        self.cut();
        if self.flips > 0 {
            self.excuse_all_but(&BTreeSet::new());
        }
        // What a wipe or a rollback took from the agent was on the server only.
        self.excuse_unspooled();
    }

    pub fn excuse_unspooled(&mut self) {
        let disk = self.disk.copy();
        disk.set_full(false);
        disk.fail_next_syncs(0);
        let Ok(mut spool) = Spool::open(disk, self.config.clone()) else {
            return;
        };
        let mut spooled = self.unsynced.clone();
        let mut seq = 1;
        while let Ok(records) = spool.read_from(seq, &EVERYTHING) {
            let Some(last) = records.last() else { break };
            seq = last.seq + 1;
            spooled.extend(records.iter().filter_map(|record| id_of(&record.payload)));
        }
        self.excuse_all_but(&spooled);
    }

    pub fn expire(&mut self) {
        self.clock_ms += 1;
        let now_ms = self.clock_ms;
        self.running().spool.expire(now_ms);
    }

    pub fn excuse_all_but(&mut self, safe: &BTreeSet<u64>) {
        let lost = (FIRST_PROCESS..self.next_process).filter(|id| !safe.contains(id));
        self.excused.extend(lost);
    }

    /// All faults end, and everything gets the time that it needs.
    pub fn heal(&mut self) -> Checked {
        self.disk.set_full(false);
        self.disk.fail_next_syncs(0);
        // A stream that lost a message never gets over it.
        self.cut();
        for round in 0..400 {
            if self.live.is_none() || self.server.row.session == 0 {
                self.connect(false)?;
            }
            if round == 0 {
                self.apply(Action::Log(1))?;
                self.apply(Action::Process(1))?;
            }
            self.read(20);
            self.drain();
            self.sync();
            self.send()?;
            self.deliver(false, Fate::Stored)?;
            self.take_acks()?;
        }
        let agent = self.running();
        let (last, synced) = (agent.spool.last_seq(), agent.spool.synced_seq());
        let (acked, read_to) = (agent.sender.acked(), agent.read_to);
        ensure!(
            synced == last,
            "{} records never became durable",
            last - synced
        );
        ensure!(
            acked == Some(last),
            "acked {acked:?} of {last} after all faults ended"
        );
        ensure!(
            read_to == self.log_len,
            "read {read_to} of {}",
            self.log_len
        );
        Ok(())
    }
}

/// Whether the gap declares the loss of this number.
pub fn covers(gap: &Gap, (epoch, seq): (u64, u64)) -> bool {
    // How much was torn off is unknown.
    let torn = gap.reason == GapReason::TornTail;
    epoch == gap.epoch && gap.from <= seq && (torn || seq <= gap.to)
}
