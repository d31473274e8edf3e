//! The host's memory of orders, on disk: what makes "at most once" true over crashes.
//!
//! One small file per order, and one beside it with the report while the server lacks it. An order
//! is forgotten a day after it could no longer begin; with it goes everything that was issued
//! before it, whose return would no longer be noticed ([`Store::born_at`]). So no clock, and no
//! server that lies about the time, makes an order run twice.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, MAX_DEFLATED_BYTES, Order},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

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
/// Most damaged files that are kept for somebody to look at; the rest is deleted.
const MOST_DAMAGED: usize = 16;

/// Of an order whose file is damaged: when it can no longer begin is unknown. The year 9999.
const FOREVER: Timestamp = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(moment) => moment,
    None => DateTime::<Utc>::MAX_UTC,
};

const RECORD: &str = "json";
const REPORT: &str = "report";
const DAMAGED: &str = "damaged";
const DRAFT: &str = "draft";

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
    born_at: Option<Timestamp>,
    /// The disk did not take `born_at`.
    born_unwritten: bool,
    known: BTreeMap<OrderId, Record>,
    /// Ends that the disk does not take; they are tried again, and sent meanwhile.
    unwritten: BTreeMap<OrderId, Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Born {
    born_at: Timestamp,
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
            born_at: read_born(&dir),
            born_unwritten: false,
            dir,
            known: BTreeMap::new(),
            unwritten: BTreeMap::new(),
        };
        if let Err(error) = store.read_records(now) {
            warn!("orders from before now are refused: {}", whole(&error));
            store.born_at = None;
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
        self.born_at
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
        dir.replace(&born_file(&dir), &born_json(at))
    }

    /// What was before `at` is no longer known: the disk was wiped or rolled back. Never goes back.
    /// Tells whether that is durable; if not, it holds until the agent ends, and is tried again.
    pub fn reborn(&mut self, at: Timestamp) -> bool {
        if self.born_at.is_none_or(|born_at| born_at < at) {
            self.born_at = Some(at);
            self.born_unwritten = true;
        }
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
        let report = fs::read(self.file(id, REPORT))?;
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
        let _ = fs::remove_file(self.file(id, REPORT));
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
        if !self.reborn(until) {
            return;
        }
        for id in ids {
            self.known.remove(&id);
            let _ = fs::remove_file(self.file(id, RECORD));
        }
    }

    fn write_born(&mut self) -> bool {
        let Some(born_at) = self.born_at.filter(|_| self.born_unwritten) else {
            return true;
        };
        let written = self.dir.replace(&born_file(&self.dir), &born_json(born_at));
        if let Err(error) = &written {
            warn!(
                "cannot write down since when orders are remembered: {}",
                whole(error)
            );
        }
        self.born_unwritten = written.is_err();
        written.is_ok()
    }

    fn write_end(&self, id: OrderId, report: &[u8]) -> Result<(), StateDirError> {
        let Some(record) = self.known.get(&id) else {
            return Ok(());
        };
        // The report first: where the end is, its report is.
        if !report.is_empty() {
            self.dir.replace(&self.file(id, REPORT), report)?;
        }
        self.write(record)
    }

    fn write(&self, record: &Record) -> Result<(), StateDirError> {
        let json = serde_json::to_vec(record).expect("names, numbers and times are JSON");
        self.dir.replace(&self.file(record.order_id, RECORD), &json)
    }

    fn file(&self, id: OrderId, extension: &str) -> PathBuf {
        self.dir.path().join(format!("{id}.{extension}"))
    }

    fn read_records(&mut self, now: Timestamp) -> Result<(), StateDirError> {
        let path = self.dir.path().to_owned();
        let listed = fs::read_dir(&path).map_err(|source| StateDirError::Io {
            action: "list",
            path,
            source,
        })?;
        let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let mut damaged = 0;
        for file in &files {
            let extension = file.extension().and_then(|extension| extension.to_str());
            match extension {
                Some(RECORD) => self.read_record(file, now),
                // Never finished: the file it was for is as it was.
                Some(DRAFT) => drop(fs::remove_file(file)),
                Some(DAMAGED) => {
                    damaged += 1;
                    if damaged > MOST_DAMAGED {
                        let _ = fs::remove_file(file);
                    }
                }
                _ => {}
            }
        }
        for file in files
            .iter()
            .filter(|file| file.extension() == Some(REPORT.as_ref()))
        {
            let wanted = id_of(file).and_then(|id| self.known.get(&id));
            if wanted.is_none_or(|record| record.waiting_bytes() == 0) {
                let _ = fs::remove_file(file);
            }
        }
        Ok(())
    }

    fn read_record(&mut self, file: &Path, now: Timestamp) {
        let Some(id) = id_of(file) else {
            return;
        };
        let json = fs::read(file).unwrap_or_default();
        match serde_json::from_slice::<Record>(&json) {
            Ok(record) if record.order_id == id => drop(self.known.insert(id, record)),
            _ => {
                warn!(order = %id, "the memory of an order is damaged; it counts as begun");
                let _ = fs::rename(file, file.with_extension(DAMAGED));
                self.known.insert(
                    id,
                    Record {
                        order_id: id,
                        issued_at: DateTime::UNIX_EPOCH,
                        not_after: FOREVER,
                        begun_at: now,
                        end: None,
                    },
                );
            }
        }
    }
}

fn directory(state: &StateDir) -> PathBuf {
    state.path().join("orders")
}

fn id_of(file: &Path) -> Option<OrderId> {
    file.file_stem()?.to_str()?.parse().ok()
}

fn born_file(dir: &StateDir) -> PathBuf {
    dir.path().join("born_at")
}

/// A damaged moment is none: it is set anew at the next stream, and what was issued before is
/// refused.
fn read_born(dir: &StateDir) -> Option<Timestamp> {
    let text = dir.read(&born_file(dir)).ok()??;
    let born: Born = serde_json::from_str(&text).ok()?;
    Some(born.born_at)
}

fn born_json(born_at: Timestamp) -> Vec<u8> {
    serde_json::to_vec(&Born { born_at }).expect("a time is JSON")
}
