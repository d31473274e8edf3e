//! The host's memory of orders, on disk: what makes "at most once" true over crashes.
//!
//! One small file per order, and one beside it with the report while the server lacks it. An order
//! is forgotten a day after it could no longer begin; with it goes everything that was issued
//! before it, whose return would no longer be noticed ([`Store::born_at`]). So no clock, and no
//! server that lies about the time, makes an order run twice.

mod files;

use std::{collections::BTreeMap, fs, io};

use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, MAX_DEFLATED_BYTES, Order},
};
use chrono::TimeDelta;
use tracing::warn;

use self::files::{Born, FOREVER, born_file, directory, read_born};
use super::record::{End, Record, ReportFile};
use crate::{
    state_dir::{StateDir, StateDirError},
    uplink::whole,
};

/// An order is remembered this long after it could no longer begin.
const REMEMBERED_FOR: TimeDelta = TimeDelta::hours(24);
/// Most orders that are remembered. When it is full, those that the server has stored are
/// forgotten early, the longest issued first.
pub const MOST_REMEMBERED: usize = 4096;
/// Most ends that wait for the server. When it is full, further orders are refused.
pub const MOST_WAITING: usize = 64;
/// Most bytes of reports that wait for the server. When it is full, further orders are refused.
pub const MOST_WAITING_BYTES: u64 = 64 << 20;
/// What a server calls the numbering of a host that it has never heard.
const FIRST_EPOCH: u64 = 1;

/// Why an order cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    #[error("this order has begun before")]
    Known,
    #[error("{0}")]
    Full(String),
    #[error(transparent)]
    Disk(#[from] StateDirError),
}

/// The memory. Only one agent uses it: the state directory is locked.
#[derive(Debug)]
pub struct Store {
    dir: StateDir,
    born: Option<Born>,
    /// The disk did not take `born`.
    born_unwritten: bool,
    known: BTreeMap<OrderId, Record>,
    /// Ends that the disk does not take; they are tried again, and sent meanwhile.
    unwritten: BTreeMap<OrderId, Vec<u8>>,
}

impl Store {
    /// Reads what is remembered. Total: what is damaged is set aside, and an order whose file that
    /// was counts as begun.
    ///
    /// What ran when the agent died is [`HostOutcome::Lost`] now; their ids are told.
    pub fn open(state: &StateDir, now: Timestamp) -> (Self, Vec<OrderId>) {
        let path = directory(state);
        let opened = StateDir::open(&path).inspect_err(|error| {
            warn!("no order can be obeyed until this works: {}", whole(error));
        });
        let dir = opened.unwrap_or_else(|_| StateDir::at(path));
        let mut store = Self {
            born: read_born(&dir),
            born_unwritten: false,
            dir,
            known: BTreeMap::new(),
            unwritten: BTreeMap::new(),
        };
        if let Err(error) = store.read_records(now) {
            warn!("orders from before now are refused: {}", whole(&error));
            store.born = None;
        }
        let running = store.known.values().filter(|record| record.end.is_none());
        let lost: Vec<OrderId> = running.map(|record| record.order_id).collect();
        for id in &lost {
            store.end(*id, HostOutcome::Lost, None, now);
        }
        (store, lost)
    }

    /// Orders that were issued at or before this moment may have run without our memory of it. By
    /// the server's clock. `None`: nobody knows yet what that is.
    pub fn born_at(&self) -> Option<Timestamp> {
        self.born.map(|born| born.at)
    }

    /// Begins the memory of a host, if it has not begun.
    ///
    /// # Errors
    ///
    /// If it cannot be made durable.
    pub fn bear(state: &StateDir, at: Timestamp) -> Result<(), StateDirError> {
        let dir = StateDir::open(directory(state))?;
        if read_born(&dir).is_some() {
            return Ok(());
        }
        let born = Born { at, epoch: None };
        dir.replace(&born_file(&dir), &born.json())
    }

    /// The server numbers this host's events under `epoch`, at `now` by its clock. Another epoch
    /// than that of this memory: the disk was wiped or rolled back, and what was before is no
    /// longer known. That is so until it is durable here, however often the agent dies before.
    pub fn numbered(&mut self, epoch: u64, now: Timestamp) {
        let (at, before) = match self.born {
            Some(born) => (born.at, born.epoch),
            None => (now, None),
        };
        // The first numbering of all: nothing came before it.
        let goes_on = before == Some(epoch) || (before.is_none() && epoch == FIRST_EPOCH);
        let at = if goes_on { at } else { at.max(now) };
        self.bear_anew(Born {
            at,
            epoch: Some(epoch),
        });
    }

    /// Tells whether it is durable; if not, it holds until the agent ends, and is tried again.
    fn bear_anew(&mut self, born: Born) -> bool {
        self.born_unwritten |= self.born != Some(born);
        self.born = Some(born);
        self.write_born()
    }

    pub fn get(&self, id: OrderId) -> Option<&Record> {
        self.known.get(&id)
    }

    /// Ends that the server has not stored, as far as we know.
    pub fn waiting(&self) -> impl Iterator<Item = OrderId> {
        let waits = |record: &&Record| record.end.as_ref().is_some_and(|end| !end.stored);
        self.known
            .values()
            .filter(waits)
            .map(|record| record.order_id)
    }

    /// Makes durable that `order` begins. Only then may it run.
    ///
    /// # Errors
    ///
    /// [`BeginError`]; it must not run then.
    pub fn begin(&mut self, order: &Order, at: Timestamp) -> Result<(), BeginError> {
        if self.known.contains_key(&order.order_id) {
            return Err(BeginError::Known);
        }
        self.make_room()?;
        let record = Record::begun(order, at);
        self.write(&record)?;
        self.known.insert(order.order_id, record);
        Ok(())
    }

    /// Remembers how an order ended, durably if the disk takes it. `report` is deflated. An order
    /// that has ended, or never began, is left as it is.
    pub fn end(
        &mut self,
        id: OrderId,
        outcome: HostOutcome,
        report: Option<Vec<u8>>,
        at: Timestamp,
    ) {
        let Some(record) = self
            .known
            .get_mut(&id)
            .filter(|record| record.end.is_none())
        else {
            return;
        };
        record.end = Some(End {
            at,
            outcome,
            report: report.as_deref().map(ReportFile::of),
            stored: false,
        });
        let report = report.unwrap_or_default();
        if let Err(error) = self.write_end(id, &report) {
            warn!(order = %id, "an order's end is not on disk yet: {}", whole(&error));
            self.unwritten.insert(id, report);
        }
    }

    /// The deflated report of an end; empty: it has none.
    ///
    /// # Errors
    ///
    /// If the disk no longer has it whole.
    pub fn report(&self, id: OrderId) -> io::Result<Vec<u8>> {
        let end = self.known.get(&id).and_then(|record| record.end.as_ref());
        let Some(expected) = end.and_then(|end| end.report.as_ref()) else {
            return Ok(Vec::new());
        };
        if let Some(report) = self.unwritten.get(&id) {
            return Ok(report.clone());
        }
        let report = fs::read(self.report_file(id))?;
        if ReportFile::of(&report) == *expected {
            Ok(report)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is damaged"))
        }
    }

    /// A report is gone: how the order ended can no longer be told.
    pub fn lose(&mut self, id: OrderId) {
        if let Some(end) = self
            .known
            .get_mut(&id)
            .and_then(|record| record.end.as_mut())
        {
            end.outcome = HostOutcome::Lost;
            end.report = None;
        }
    }

    /// The server has the end: the report may go. The id stays.
    pub fn stored(&mut self, id: OrderId) {
        let Some(end) = self
            .known
            .get_mut(&id)
            .and_then(|record| record.end.as_mut())
        else {
            return;
        };
        end.stored = true;
        end.report = None;
        self.unwritten.remove(&id);
        let record = self.known[&id].clone();
        // If the disk does not take it, the end is sent again after a restart: no harm.
        if let Err(error) = self.write(&record) {
            warn!(order = %id, "cannot write down that the server has an end: {}", whole(&error));
        }
        let _ = fs::remove_file(self.report_file(id));
    }

    /// Forgets what is long over, and tries again to write what the disk did not take.
    pub fn upkeep(&mut self, server_now: Option<Timestamp>) {
        let unwritten: Vec<OrderId> = self.unwritten.keys().copied().collect();
        for id in unwritten {
            if let Some(report) = self.unwritten.remove(&id)
                && self.write_end(id, &report).is_err()
            {
                self.unwritten.insert(id, report);
            }
        }
        self.write_born();
        let Some(before) = server_now.and_then(|now| now.checked_sub_signed(REMEMBERED_FOR)) else {
            return;
        };
        let over = |record: &Record| record.is_stored() && record.not_after < before;
        let mut old: Vec<Record> = self.known.values().filter(|r| over(r)).cloned().collect();
        old.sort_by_key(|record| record.issued_at);
        if let Some(newest) = old.last() {
            let (until, ids) = (newest.issued_at, old.iter().map(|record| record.order_id));
            self.forget(until, ids.collect());
        }
    }

    fn make_room(&mut self) -> Result<(), BeginError> {
        let not_stored = self.known.values().filter(|record| !record.is_stored());
        let (mut count, mut bytes, mut running) = (0, 0, 0);
        for record in not_stored {
            count += 1;
            bytes += record.waiting_bytes();
            running += u64::from(record.end.is_none());
        }
        // Each that runs, and this one, may bring the largest report.
        let coming = (running + 1) * MAX_DEFLATED_BYTES as u64;
        if count >= MOST_WAITING || bytes + coming > MOST_WAITING_BYTES {
            let kib = bytes / 1024;
            let text = format!("{count} ends, {kib} KiB, wait for the server to store them");
            return Err(BeginError::Full(text));
        }
        if self.known.len() >= MOST_REMEMBERED {
            let may_go = |record: &&Record| record.is_stored() && record.not_after < FOREVER;
            let oldest = self
                .known
                .values()
                .filter(may_go)
                .min_by_key(|r| r.issued_at);
            let Some((until, id)) = oldest.map(|oldest| (oldest.issued_at, oldest.order_id)) else {
                return Err(BeginError::Full("the memory of orders is full".to_owned()));
            };
            self.forget(until, vec![id]);
        }
        Ok(())
    }

    /// The moment first: an order whose file is gone must not seem new.
    fn forget(&mut self, until: Timestamp, ids: Vec<OrderId>) {
        // Before the memory has begun there is nothing that could be told from what is forgotten.
        let Some(born) = self.born else { return };
        let at = born.at.max(until);
        if !self.bear_anew(Born { at, ..born }) {
            return;
        }
        for id in ids {
            self.known.remove(&id);
            let _ = fs::remove_file(self.record_file(id));
        }
    }
}
