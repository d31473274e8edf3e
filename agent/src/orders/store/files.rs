//! The memory's files: what is on disk, and what of it can be trusted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use analysis::{Timestamp, identity::OrderId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::Store;
use crate::{
    orders::record::Record,
    state_dir::{StateDir, StateDirError},
    uplink::whole,
};

/// Most damaged files that are kept for somebody to look at; the rest is deleted.
const MOST_DAMAGED: usize = 16;

/// Of an order whose file is damaged: when it can no longer begin is unknown. The year 9999.
pub(super) const FOREVER: Timestamp = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(moment) => moment,
    None => DateTime::<Utc>::MAX_UTC,
};

const RECORD: &str = "json";
const REPORT: &str = "report";
const DAMAGED: &str = "damaged";
const DRAFT: &str = "draft";

/// Since when the host remembers its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Born {
    /// By the server's clock.
    #[serde(rename = "born_at")]
    pub(super) at: Timestamp,
    /// The numbering of the host's events that this memory belongs to: it changes when the disk
    /// was wiped or rolled back. `None`: no server has told it yet.
    pub(super) epoch: Option<u64>,
}

impl Born {
    pub(super) fn json(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("times and numbers are JSON")
    }
}

impl Store {
    pub(super) fn write_born(&mut self) -> bool {
        let Some(born) = self.born.filter(|_| self.born_unwritten) else {
            return true;
        };
        let written = self.dir.replace(&born_file(&self.dir), &born.json());
        if let Err(error) = &written {
            warn!(
                "cannot write down since when orders are remembered: {}",
                whole(error)
            );
        }
        self.born_unwritten = written.is_err();
        written.is_ok()
    }

    pub(super) fn write_end(&self, id: OrderId, report: &[u8]) -> Result<(), StateDirError> {
        let Some(record) = self.known.get(&id) else {
            return Ok(());
        };
        // The report first: where the end is, its report is.
        if !report.is_empty() {
            self.dir.replace(&self.report_file(id), report)?;
        }
        self.write(record)
    }

    pub(super) fn write(&self, record: &Record) -> Result<(), StateDirError> {
        let json = serde_json::to_vec(record).expect("names, numbers and times are JSON");
        self.dir.replace(&self.record_file(record.order_id), &json)
    }

    pub(super) fn record_file(&self, id: OrderId) -> PathBuf {
        self.file(id, RECORD)
    }

    pub(super) fn report_file(&self, id: OrderId) -> PathBuf {
        self.file(id, REPORT)
    }

    fn file(&self, id: OrderId, extension: &str) -> PathBuf {
        self.dir.path().join(format!("{id}.{extension}"))
    }

    pub(super) fn read_records(&mut self, now: Timestamp) -> Result<(), StateDirError> {
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

pub(super) fn directory(state: &StateDir) -> PathBuf {
    state.path().join("orders")
}

fn id_of(file: &Path) -> Option<OrderId> {
    file.file_stem()?.to_str()?.parse().ok()
}

pub(super) fn born_file(dir: &StateDir) -> PathBuf {
    dir.path().join("born_at")
}

/// A damaged moment is none: it is set anew at the next stream, and what was issued before is
/// refused.
pub(super) fn read_born(dir: &StateDir) -> Option<Born> {
    let text = dir.read(&born_file(dir)).ok()??;
    serde_json::from_str(&text).ok()
}
