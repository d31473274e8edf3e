//! Opening the spool: its key, its limits, and what recovery found.

use delivery::{DirStorage, OpenError, Sender, Spool, SpoolConfig};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::{Commit, JournalPlace, Link, Progress, Spooler, link};
use crate::{
    host_facts::BootFacts,
    observed::{JOURNAL, Observed},
    state_dir::{StateDir, StateDirError},
};
use analysis::identity::AgentId;

/// The spool gives way when less than this is free on its disk, or less than a twentieth of it.
const KEEP_FREE_BYTES: u64 = 1 << 30;
/// What it may always use: the four segments that dropping needs to work on.
const LEAST_BYTES: u64 = 16 << 20;

/// Why the spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error(transparent)]
    State(#[from] StateDirError),
    #[error("cannot make the spool directory")]
    Make(#[source] std::io::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// The spooler, and the ends of its channels.
pub struct Opened {
    pub spooler: Spooler,
    pub link: Link,
    pub progress: watch::Receiver<Progress>,
    pub place: watch::Receiver<JournalPlace>,
}

/// Opens the spool of `agent` in the state directory; recovery is part of it.
///
/// # Errors
///
/// If the directory cannot be used. Damaged content is never an error: it becomes gap records.
pub fn open(
    state: &StateDir,
    agent: AgentId,
    boot: &BootFacts,
    max_bytes: u64,
    events: mpsc::Receiver<Observed>,
) -> Result<Opened, SpoolError> {
    let config = SpoolConfig {
        max_bytes,
        ..SpoolConfig::new(agent.0, boot.boot_id.0, chain_key(state)?)
    };
    let storage = DirStorage::open(state.spool()).map_err(SpoolError::Make)?;
    let spool = Spool::open(storage, config)?;
    tell(&spool);
    let cursor = spool.cursors().get(&JOURNAL).cloned();
    let (link, requests) = link::link();
    let (progress, watching) = watch::channel(Progress::default());
    let (place, placed) = watch::channel(JournalPlace {
        number: 0,
        cursor: cursor.and_then(|bytes| String::from_utf8(bytes).ok()),
    });
    let spooler = Spooler {
        commit: Commit::new(spool.last_seq() > spool.synced_seq()),
        sender: Sender::new(boot.boot_id.0, boot.fingerprint.clone()),
        acked: 0,
        free: FreeSpace { max_bytes },
        spool,
        events,
        requests,
        progress,
        place,
    };
    spooler.publish();
    Ok(Opened {
        spooler,
        link,
        progress: watching,
        place: placed,
    })
}

fn tell(spool: &Spool<DirStorage>) {
    let found = spool.recovery();
    let (epoch, durable) = (spool.epoch(), spool.synced_seq());
    info!(epoch, durable, segments = found.segments, "spool opened");
    if found.torn_tail || !found.holes.is_empty() || !found.newer.is_empty() {
        warn!(
            torn_tail = found.torn_tail,
            holes = found.holes.len(),
            set_aside = ?found.set_aside,
            newer = ?found.newer,
            "the spool was damaged; what is lost is declared"
        );
    }
}

/// The secret of the hash chain, made once. A spool without its key counts as another history,
/// which is what it then is.
fn chain_key(state: &StateDir) -> Result<[u8; 16], SpoolError> {
    let path = state.chain_key();
    if let Some(text) = state.read(&path)?
        && let Ok(number) = u128::from_str_radix(text.trim(), 16)
    {
        return Ok(number.to_be_bytes());
    }
    let mut key = [0; 16];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| SpoolError::NoRandomness)?;
    state.replace(
        &path,
        format!("{:032x}\n", u128::from_be_bytes(key)).as_bytes(),
    )?;
    Ok(key)
}

/// Keeps the spool from taking the last room of a disk that others need too.
pub(super) struct FreeSpace {
    max_bytes: u64,
}

impl FreeSpace {
    /// How large the spool may be. `None`: the disk cannot be asked.
    pub(super) fn limit(&self, spool: &Spool<DirStorage>) -> Option<u64> {
        let disk = rustix::fs::statvfs(spool.storage().path()).ok()?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let keep = KEEP_FREE_BYTES.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 20);
        let room = spool
            .stats()
            .bytes
            .saturating_add(free)
            .saturating_sub(keep);
        Some(room.clamp(LEAST_BYTES, self.max_bytes.max(LEAST_BYTES)))
    }
}
