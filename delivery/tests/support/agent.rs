//! The agent of the model while it runs: spool, sender, and one source of each kind.

use super::disk::Disk;
use super::world::Breakage;
use delivery::{
    AppendError, Appended, Class, Cursors, Draft, Sender, SourceId, Spool, SpoolConfig,
};
use std::collections::VecDeque;
use uuid::Uuid;

/// A log with positions: what is not delivered can be read again.
pub const LOG: SourceId = SourceId(1);
/// Process events: seen once.
pub const PROCESS: SourceId = SourceId(2);

pub struct Agent {
    pub spool: Spool<Disk>,
    pub sender: Sender,
    /// Position in the log up to which events were read.
    pub read_to: u64,
    /// Read from the log and on the way to the spool.
    pub queue: VecDeque<u64>,
    /// Where a new epoch wants the log to go on.
    pub reposition: Option<u64>,
}

impl Agent {
    pub fn start(disk: &Disk, config: SpoolConfig, cursor_file: u64, breakage: Breakage) -> Self {
        let sender = Sender::new(config.boot_id, vec![7]).with_rules(config.rules);
        let spool = Spool::open(disk.clone(), config).unwrap();
        let read_to = if breakage.cursor_in_its_own_file {
            cursor_file
        } else {
            position(&spool.cursors())
        };
        Self {
            spool,
            sender,
            read_to,
            queue: VecDeque::new(),
            reposition: None,
        }
    }

    /// Takes what is on the way into the spool, then does what a new epoch asked for.
    pub fn drain(&mut self) -> Vec<(u64, u64)> {
        let mut placed = Vec::new();
        while let Some(id) = self.queue.pop_front() {
            match self.spool.append(log_event(id)) {
                Ok(Appended::Event { seq } | Appended::Gap { seq, .. }) => placed.push((id, seq)),
                Err(AppendError::Stale(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        if let Some(to) = self.reposition.take() {
            self.read_to = to;
            self.spool.resume(LOG);
        }
        placed
    }
}

/// The log position in cursors; the beginning if there is none.
pub fn position(cursors: &Cursors) -> u64 {
    cursors.get(&LOG).map_or(0, |cursor| {
        u64::from_le_bytes(cursor.as_slice().try_into().unwrap())
    })
}

fn log_event(id: u64) -> Draft {
    let cursor = Some((id + 1).to_le_bytes().to_vec());
    Draft {
        source: LOG,
        class: Class::P2,
        cursor,
        ..process_event(id)
    }
}

pub fn process_event(id: u64) -> Draft {
    Draft {
        class: Class::P1,
        source: PROCESS,
        mono_ns: id,
        wall_ns: 0,
        unique_id: None,
        cursor: None,
        payload: payload(id),
    }
}

/// The id twice, so that damage that passes shows.
fn payload(id: u64) -> Vec<u8> {
    [id.to_le_bytes(), (!id).to_le_bytes()].concat()
}

/// The id in a payload, or `None` if the payload is damaged.
pub fn id_of(payload: &[u8]) -> Option<u64> {
    let id = u64::from_le_bytes(payload.get(..8)?.try_into().ok()?);
    (payload == self::payload(id)).then_some(id)
}

pub fn config(rules: delivery::Rules) -> SpoolConfig {
    SpoolConfig {
        rules,
        ..SpoolConfig::new(Uuid::from_u128(1), Uuid::from_u128(2), [3; 16])
    }
}
