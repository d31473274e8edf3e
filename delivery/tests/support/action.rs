//! What may happen in the model, each from one random number.

use super::rng::Rng;

/// What becomes of a batch on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stored,
    /// The transaction aborts: the server died before the commit, or Postgres did.
    Aborted,
    /// Committed, and the stream breaks before the ack.
    StoredUnanswered,
    /// Lost, while a later one arrives.
    Lost,
    /// Arrives twice.
    Twice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Sync,
    Log(u8),
    Process(u8),
    Read(u8),
    Drain,
    /// A new stream, with the old one still alive somewhere.
    Connect {
        welcome_lost: bool,
    },
    Send,
    Deliver {
        from_old_stream: bool,
        fate: Fate,
    },
    Acks,
    Cut,
    Kill,
    PowerCut(u64),
    Flip(u64),
    Wipe,
    TakeSnapshot,
    Rollback(u64),
    TakeServerCopy,
    Failover,
    DiskFull(bool),
    FailSyncs(u8),
    Expire,
}

impl Action {
    /// Normal life is likely, so that faults have something to break.
    pub fn from_number(number: u64) -> Self {
        let mut rng = Rng(number);
        let few = 1 + rng.below(4) as u8;
        let luck = rng.next();
        match number % 100 {
            0..12 => Self::Sync,
            12..22 => Self::Log(few),
            22..32 => Self::Process(few),
            32..42 => Self::Read(few),
            42..50 => Self::Drain,
            50..57 => Self::Connect {
                welcome_lost: rng.below(5) == 0,
            },
            57..69 => Self::Send,
            69..81 => Self::Deliver {
                from_old_stream: rng.below(6) == 0,
                fate: fate(rng.below(10)),
            },
            81..87 => Self::Acks,
            87 => Self::Cut,
            88 => Self::Kill,
            89 | 90 => Self::PowerCut(luck),
            91 => Self::Flip(luck),
            92 => {
                if rng.below(3) == 0 {
                    Self::Wipe
                } else {
                    Self::Kill
                }
            }
            93 => Self::TakeSnapshot,
            94 => Self::Rollback(luck),
            95 => Self::TakeServerCopy,
            96 => Self::Failover,
            97 => Self::DiskFull(rng.coin()),
            98 => Self::FailSyncs(few),
            _ => Self::Expire,
        }
    }
}

fn fate(number: usize) -> Fate {
    match number {
        0..6 => Fate::Stored,
        6 => Fate::Aborted,
        7 => Fate::StoredUnanswered,
        8 => Fate::Lost,
        _ => Fate::Twice,
    }
}
