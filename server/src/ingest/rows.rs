//! A batch made ready to be stored, before any transaction is open.

use std::borrow::Cow;

use analysis::Timestamp;
use analysis::event::{Event, Fact, Gap, GapReason};
use analysis::identity::BootId;
use delivery::{Batch, Kind, Record};
use uuid::Uuid;

use super::copy::{Copy, EventRow, postgres_us};
use super::glance::{Glance, UNKNOWN, glance};

/// One record and what is known of it.
pub(super) struct Row<'a> {
    pub record: &'a Record,
    pub columns: Glance,
    pub payload: Cow<'a, [u8]>,
    /// The whole fact, of those that matter to the server.
    pub event: Option<Event>,
}

impl Row<'_> {
    /// Whether this version cannot read the record.
    pub fn is_unreadable(&self) -> bool {
        self.columns.kind == UNKNOWN
    }
}

/// Reads what has to be read of every record. `boot`: the sender's, for records that tell none.
pub(super) fn rows(batch: &Batch, boot: Uuid) -> Vec<Row<'_>> {
    batch
        .records
        .iter()
        .map(|record| row(record, boot))
        .collect()
}

fn row(record: &Record, boot: Uuid) -> Row<'_> {
    if record.kind == Kind::Gap {
        return declared_loss(record, boot).unwrap_or_else(|| unreadable(record, boot));
    }
    let Some(columns) = glance(&record.payload) else {
        return unreadable(record, boot);
    };
    let event = if columns.matters {
        let Ok(event) = proto::event::from_bytes(&record.payload) else {
            return unreadable(record, boot);
        };
        Some(event)
    } else {
        None
    };
    Row {
        record,
        columns,
        payload: Cow::Borrowed(&record.payload),
        event,
    }
}

/// A record that a newer agent wrote, or a broken one: kept whole, for who can read it.
fn unreadable(record: &Record, boot: Uuid) -> Row<'_> {
    let columns = Glance {
        at_ns: record.wall_ns,
        boot,
        kind: UNKNOWN,
        unit: None,
        pid: None,
        matters: false,
    };
    Row {
        record,
        columns,
        payload: Cow::Borrowed(&record.payload),
        event: None,
    }
}

/// The spool's own declaration of a loss, told as an event like those of the sources.
fn declared_loss(record: &Record, boot: Uuid) -> Option<Row<'_>> {
    let gap = record.gap()?;
    let reason = match gap.reason {
        delivery::GapReason::SpoolFull | delivery::GapReason::DiskUnwritable => {
            GapReason::SpoolFull
        }
        delivery::GapReason::Oversize => GapReason::Oversize,
        delivery::GapReason::Corrupt
        | delivery::GapReason::TornTail
        | delivery::GapReason::NewerFormat => GapReason::SpoolDamaged,
    };
    let event = Event {
        at: Timestamp::from_timestamp_nanos(record.wall_ns),
        since_boot_ns: None,
        boot: BootId(boot),
        fact: Fact::Gap(Gap {
            source: "spool".to_owned(),
            reason,
            lost: (gap.count > 0).then_some(gap.count),
            detail: format!(
                "{:?} of class {:?}: epoch {}, {} to {}",
                gap.reason, gap.class, gap.epoch, gap.from, gap.to
            ),
        }),
    };
    let columns = Glance {
        at_ns: record.wall_ns,
        boot,
        kind: event.fact.kind(),
        unit: None,
        pid: None,
        matters: true,
    };
    let payload = Cow::Owned(proto::event::to_bytes(&event));
    Some(Row {
        record,
        columns,
        payload,
        event: Some(event),
    })
}

/// Encodes `rows` for COPY.
pub(super) fn encode<'a>(
    agent: Uuid,
    epoch: u64,
    received_at: Timestamp,
    rows: impl Iterator<Item = &'a Row<'a>> + Clone,
) -> Vec<u8> {
    let payload_bytes = rows.clone().map(|row| row.payload.len() + 64).sum();
    let mut copy = Copy::with_room(rows.clone().count(), payload_bytes);
    let received_us = postgres_us(received_at.timestamp_nanos_opt().unwrap_or(i64::MAX));
    for row in rows {
        copy.row(&EventRow {
            agent,
            epoch,
            seq: row.record.seq,
            received_us,
            at_us: postgres_us(row.columns.at_ns),
            boot: row.columns.boot,
            kind: row.columns.kind,
            unit: row
                .columns
                .unit
                .as_ref()
                .map(analysis::identity::UnitName::as_str),
            pid: row.columns.pid,
            payload: &row.payload,
        });
    }
    copy.into_bytes()
}
