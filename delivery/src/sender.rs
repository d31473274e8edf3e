//! The agent's half: what to say on a stream, given what the server said.
//!
//! The caller owns stream, clock and spool. Per stream: [`Sender::hello`], then
//! [`Sender::on_welcome`] until it gives something else than [`Action::Rehello`], then
//! [`Sender::next_batch`] and [`Sender::on_ack`]; at the end [`Sender::on_disconnect`].

use crate::message::{Batch, Cursors, ForceReason, Hello, Limits, Welcome};
use crate::rules::{Rule, Rules};
use crate::spool::{ReadError, Spool, SyncError};
use crate::storage::Storage;
use std::collections::VecDeque;
use uuid::Uuid;

/// What to do after a Welcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send batches; the first starts with this number.
    SendFrom(u64),
    /// Say [`Sender::hello`] again on the same stream: it now asks for a new epoch.
    Rehello(ForceReason),
    /// The spool has moved to a new epoch. Set every replayable source to its cursor, or to its
    /// beginning if it has none, then call [`Spool::resume`] for it. Sending may begin at once.
    NewEpoch { epoch: u64, cursors: Cursors },
}

/// Why a stream has to end. All but [`SendError::Spool`] mean that the server is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("cannot move the spool to the new epoch")]
    Spool(#[from] SyncError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the server gave no new epoch although one was asked for")]
    NoNewEpoch,
    #[error("the server acknowledged {acked}, sent was up to {sent}")]
    AckOfUnsent { acked: u64, sent: u64 },
    #[error("no stream is open")]
    NoStream,
}

#[derive(Clone, Debug)]
enum State {
    /// No stream, or Hello is on its way.
    Opening {
        force: Option<ForceReason>,
    },
    Streaming(Stream),
    /// Another stream of this identity is newer.
    Fenced,
}

#[derive(Clone, Debug)]
struct Stream {
    session: u64,
    acked: u64,
    next_seq: u64,
    /// Last numbers of the batches without an ack.
    inflight: VecDeque<u64>,
    limits: Limits,
    paused: bool,
}

/// Sends one spool over one stream at a time.
#[derive(Clone, Debug)]
pub struct Sender {
    boot_id: Uuid,
    fingerprint: Vec<u8>,
    rules: Rules,
    state: State,
}

impl Sender {
    /// `fingerprint`: see [`Hello::fingerprint`].
    pub fn new(boot_id: Uuid, fingerprint: Vec<u8>) -> Self {
        Self {
            boot_id,
            fingerprint,
            rules: Rules::default(),
            state: State::OPENING,
        }
    }

    /// The same sender under other rules.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The first message of a stream, and the answer to [`Action::Rehello`].
    pub fn hello<S: Storage>(&self, spool: &Spool<S>) -> Hello {
        let force_new_epoch = match &self.state {
            State::Opening { force } => *force,
            State::Streaming(_) | State::Fenced => None,
        };
        Hello {
            epoch: spool.epoch(),
            last_durable_seq: spool.known_seq(),
            force_new_epoch,
            boot_id: self.boot_id,
            fingerprint: self.fingerprint.clone(),
            spool: spool.stats(),
        }
    }

    /// Compares the server's position with the spool and moves the spool if it has to.
    ///
    /// # Errors
    ///
    /// [`SendError::Spool`] if the disk does not take the new epoch: close the stream, try later.
    /// [`SendError::NoNewEpoch`] if the server does not do what the protocol demands.
    pub fn on_welcome<S: Storage>(
        &mut self,
        spool: &mut Spool<S>,
        welcome: Welcome,
    ) -> Result<Action, SendError> {
        let asked = matches!(self.state, State::Opening { force: Some(_) });
        if welcome.epoch != spool.epoch() {
            // Under another numbering than ours the server can have nothing yet.
            if welcome.acked != 0 {
                self.state = State::OPENING;
                return Err(SendError::NoNewEpoch);
            }
            let cursors = spool.begin_epoch(welcome.epoch, &welcome.cursors)?;
            self.stream(&welcome, 1);
            return Ok(Action::NewEpoch {
                epoch: welcome.epoch,
                cursors,
            });
        }
        if asked {
            self.state = State::OPENING;
            return Err(SendError::NoNewEpoch);
        }
        if let Some(reason) = spool.obstacle(welcome.acked, welcome.chain_at_acked) {
            self.state = State::Opening {
                force: Some(reason),
            };
            return Ok(Action::Rehello(reason));
        }
        spool.ack(welcome.acked);
        let resume = self.rules.hold(Rule::ResumeAtAcked);
        let next = if resume {
            welcome.acked + 1
        } else {
            spool.oldest_seq()
        };
        self.stream(&welcome, next);
        Ok(Action::SendFrom(next))
    }

    fn stream(&mut self, welcome: &Welcome, next_seq: u64) {
        self.state = State::Streaming(Stream {
            session: welcome.session,
            acked: welcome.acked,
            next_seq,
            inflight: VecDeque::new(),
            limits: welcome.limits,
            paused: false,
        });
    }

    /// The next batch, or `None` if there is nothing durable to send, too much is without an ack,
    /// or the server asked to wait.
    ///
    /// # Errors
    ///
    /// [`SendError::Read`] if the spool was damaged under us: close the stream and open a new one.
    pub fn next_batch<S: Storage>(
        &mut self,
        spool: &mut Spool<S>,
    ) -> Result<Option<Batch>, SendError> {
        let State::Streaming(stream) = &mut self.state else {
            return Ok(None);
        };
        if stream.paused || stream.inflight.len() >= stream.limits.max_inflight {
            return Ok(None);
        }
        let records = spool.read_from(stream.next_seq, &stream.limits)?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(None);
        };
        stream.next_seq = last.seq + 1;
        stream.inflight.push_back(last.seq);
        Ok(Some(Batch {
            session: stream.session,
            epoch: spool.epoch(),
            first_seq: first.first_seq(),
            records,
        }))
    }

    /// Everything up to `acked` is stored.
    ///
    /// # Errors
    ///
    /// [`SendError::AckOfUnsent`], [`SendError::NoStream`]: close the stream.
    pub fn on_ack<S: Storage>(
        &mut self,
        spool: &mut Spool<S>,
        acked: u64,
    ) -> Result<(), SendError> {
        let State::Streaming(stream) = &mut self.state else {
            return Err(SendError::NoStream);
        };
        let sent = stream.next_seq - 1;
        if acked > sent {
            return Err(SendError::AckOfUnsent { acked, sent });
        }
        stream.acked = stream.acked.max(acked);
        stream.inflight.retain(|last| *last > acked);
        spool.ack(acked);
        Ok(())
    }

    /// The server wants no batches until [`Self::on_resume`]. Acks still come.
    pub fn on_retry_after(&mut self) {
        self.pause(true);
    }

    /// The time that the server asked for is over.
    pub fn on_resume(&mut self) {
        self.pause(false);
    }

    fn pause(&mut self, paused: bool) {
        if let State::Streaming(stream) = &mut self.state {
            stream.paused = paused;
        }
    }

    /// A newer stream of this identity exists: this one may send nothing more.
    pub fn on_fenced(&mut self) {
        self.state = State::Fenced;
    }

    /// The stream is gone. What was not acknowledged is sent again over the next one.
    pub fn on_disconnect(&mut self) {
        self.state = State::OPENING;
    }

    /// Whether batches may be sent.
    pub fn is_streaming(&self) -> bool {
        matches!(self.state, State::Streaming(_))
    }

    /// Whether a newer stream took over. Wait before the next one: it may be another machine.
    pub fn is_fenced(&self) -> bool {
        matches!(self.state, State::Fenced)
    }

    /// Last number that the server acknowledged on this stream.
    pub fn acked(&self) -> Option<u64> {
        match &self.state {
            State::Streaming(stream) => Some(stream.acked),
            State::Opening { .. } | State::Fenced => None,
        }
    }
}

impl State {
    const OPENING: Self = Self::Opening { force: None };
}
