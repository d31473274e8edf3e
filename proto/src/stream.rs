//! Between the messages of the stream and the types of `delivery`.

use delivery::{
    Batch, Class, Cursors, ForceReason, Hello, Kind, Limits, Record, SourceId, SpoolStats, Welcome,
};

use crate::{
    malformed::{Malformed, id, narrow, optional_id, required},
    v1,
};

/// A hash. The server keeps one for each time that a stream was taken over.
const MAX_FINGERPRINT_BYTES: usize = 64;

impl From<&Hello> for v1::Hello {
    /// Without what only the daemon knows: versions, clock, facts about the host.
    fn from(hello: &Hello) -> Self {
        let force = match hello.force_new_epoch {
            None => v1::ForceReason::NotForced,
            Some(ForceReason::ChainDiffers) => v1::ForceReason::ChainDiffers,
            Some(ForceReason::Forgotten) => v1::ForceReason::Forgotten,
            Some(ForceReason::SpoolDamaged) => v1::ForceReason::SpoolDamaged,
        };
        Self {
            epoch: hello.epoch,
            last_durable_seq: hello.last_durable_seq,
            boot_id: hello.boot_id.as_bytes().to_vec().into(),
            fingerprint: hello.fingerprint.clone().into(),
            force_new_epoch: force.into(),
            spool: Some((&hello.spool).into()),
            ..Self::default()
        }
    }
}

impl TryFrom<&v1::Hello> for Hello {
    type Error = Malformed;

    fn try_from(hello: &v1::Hello) -> Result<Self, Malformed> {
        let fingerprint = hello.fingerprint.to_vec();
        if fingerprint.len() > MAX_FINGERPRINT_BYTES {
            return Err(Malformed::Invalid {
                field: "fingerprint",
                found: format!("{} bytes long", fingerprint.len()),
            });
        }
        Ok(Self {
            epoch: hello.epoch,
            last_durable_seq: hello.last_durable_seq,
            force_new_epoch: match hello.force_new_epoch() {
                v1::ForceReason::NotForced => None,
                v1::ForceReason::ChainDiffers => Some(ForceReason::ChainDiffers),
                v1::ForceReason::Forgotten => Some(ForceReason::Forgotten),
                v1::ForceReason::SpoolDamaged => Some(ForceReason::SpoolDamaged),
            },
            boot_id: id("boot_id", &hello.boot_id)?,
            fingerprint,
            spool: hello.spool.as_ref().map(Into::into).unwrap_or_default(),
        })
    }
}

impl From<&SpoolStats> for v1::SpoolStatus {
    fn from(stats: &SpoolStats) -> Self {
        Self {
            bytes: stats.bytes,
            unacked: stats.unacked,
            dropped: stats.dropped,
            pending_bytes: stats.pending_bytes,
        }
    }
}

impl From<&v1::SpoolStatus> for SpoolStats {
    fn from(status: &v1::SpoolStatus) -> Self {
        Self {
            bytes: status.bytes,
            pending_bytes: status.pending_bytes,
            unacked: status.unacked,
            dropped: status.dropped,
        }
    }
}

impl From<&Welcome> for v1::Welcome {
    /// Without what only the server process knows: heartbeat and clock.
    fn from(welcome: &Welcome) -> Self {
        Self {
            session: welcome.session,
            epoch: welcome.epoch,
            acked: welcome.acked,
            chain_at_acked: welcome.chain_at_acked,
            cursors: welcome.cursors.iter().map(source_cursor).collect(),
            limits: Some(limits_message(welcome.limits)),
            ..Self::default()
        }
    }
}

fn source_cursor((source, cursor): (&SourceId, &Vec<u8>)) -> v1::SourceCursor {
    v1::SourceCursor {
        source: source.0.into(),
        cursor: cursor.clone().into(),
    }
}

fn limits_message(limits: Limits) -> v1::Limits {
    let wire = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    v1::Limits {
        max_batch_bytes: wire(limits.max_batch_bytes),
        max_records: wire(limits.max_records),
        max_inflight: wire(limits.max_inflight),
    }
}

impl TryFrom<v1::Welcome> for Welcome {
    type Error = Malformed;

    fn try_from(welcome: v1::Welcome) -> Result<Self, Malformed> {
        let limits = required("limits", welcome.limits)?;
        // A server that allows nothing would stop the stream for ever.
        let positive = |number: u32| number.max(1) as usize;
        Ok(Self {
            session: welcome.session,
            epoch: welcome.epoch,
            acked: welcome.acked,
            chain_at_acked: welcome.chain_at_acked,
            cursors: cursors(welcome.cursors)?,
            limits: Limits {
                max_batch_bytes: positive(limits.max_batch_bytes),
                max_records: positive(limits.max_records),
                max_inflight: positive(limits.max_inflight),
            },
        })
    }
}

fn cursors(cursors: Vec<v1::SourceCursor>) -> Result<Cursors, Malformed> {
    let pair = |cursor: v1::SourceCursor| {
        Ok((
            SourceId(narrow("source", cursor.source)?),
            cursor.cursor.to_vec(),
        ))
    };
    cursors.into_iter().map(pair).collect()
}

impl From<Batch> for v1::Batch {
    fn from(batch: Batch) -> Self {
        Self {
            session: batch.session,
            epoch: batch.epoch,
            first_seq: batch.first_seq,
            records: batch.records.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Record> for v1::Record {
    fn from(record: Record) -> Self {
        Self {
            chain: record.chain,
            class: record.class as u32,
            source: record.source.0.into(),
            mono_ns: record.mono_ns,
            wall_ns: record.wall_ns,
            cursor: record.cursor.unwrap_or_default().into(),
            payload: record.payload.into(),
            unique_id: record
                .unique_id
                .map(|id| id.as_bytes().to_vec())
                .unwrap_or_default()
                .into(),
            carried: record.carried,
            covers: record.covers,
            gap: record.kind == Kind::Gap,
        }
    }
}

impl TryFrom<v1::Batch> for Batch {
    type Error = Malformed;

    fn try_from(batch: v1::Batch) -> Result<Self, Malformed> {
        let mut next = batch.first_seq;
        let mut records = Vec::with_capacity(batch.records.len());
        for wire in batch.records {
            let covers = wire.covers.max(1);
            // `next` is one past the end of the record before, so this is the record's own number.
            let seq = next.checked_add(covers - 1);
            let record = record(wire, covers, required("seq", seq)?)?;
            next = record.seq.saturating_add(1);
            records.push(record);
        }
        Ok(Self {
            session: batch.session,
            epoch: batch.epoch,
            first_seq: batch.first_seq,
            records,
        })
    }
}

fn record(wire: v1::Record, covers: u64, seq: u64) -> Result<Record, Malformed> {
    let class = Class::from_number(narrow("class", wire.class)?);
    let length = wire.payload.len().max(wire.cursor.len());
    if wire.payload.len() > delivery::MAX_PAYLOAD_BYTES
        || wire.cursor.len() > delivery::MAX_CURSOR_BYTES
    {
        return Err(Malformed::Invalid {
            field: "record",
            found: format!("{length} bytes long"),
        });
    }
    Ok(Record {
        seq,
        covers,
        chain: wire.chain,
        kind: if wire.gap { Kind::Gap } else { Kind::Event },
        class: required("class", class)?,
        source: SourceId(narrow("source", wire.source)?),
        mono_ns: wire.mono_ns,
        wall_ns: wire.wall_ns,
        unique_id: optional_id("unique_id", &wire.unique_id)?,
        carried: wire.carried,
        cursor: (!wire.cursor.is_empty()).then(|| wire.cursor.to_vec()),
        payload: wire.payload.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use uuid::Uuid;

    use super::*;

    fn sample(covers: u64, seq: u64) -> Record {
        Record {
            seq,
            covers,
            chain: u64::MAX - seq,
            kind: if covers > 1 { Kind::Gap } else { Kind::Event },
            class: Class::P1,
            source: SourceId(2),
            mono_ns: 5,
            wall_ns: -5,
            unique_id: (covers == 1).then(|| Uuid::from_u128(9)),
            carried: covers == 1,
            cursor: seq.is_multiple_of(2).then(|| b"s=1;i=2".to_vec()),
            payload: vec![1, 2, 3],
        }
    }

    fn batch() -> Batch {
        let records = vec![sample(1, 11), sample(5, 16), sample(1, 17)];
        Batch {
            session: 3,
            epoch: 2,
            first_seq: 11,
            records,
        }
    }

    #[test]
    fn a_batch_survives_the_wire_with_the_numbers_of_its_gaps() {
        let bytes = v1::Batch::from(batch()).encode_to_vec();
        let read = v1::Batch::decode(bytes.as_slice()).unwrap();
        assert_eq!(Batch::try_from(read), Ok(batch()));
    }

    #[test]
    fn hello_and_welcome_survive_the_wire() {
        let hello = Hello {
            epoch: 4,
            last_durable_seq: 99,
            force_new_epoch: Some(ForceReason::Forgotten),
            boot_id: Uuid::from_u128(1),
            fingerprint: vec![7; 8],
            spool: SpoolStats {
                bytes: 1,
                pending_bytes: 2,
                unacked: 3,
                dropped: 4,
            },
        };
        let mut wire = v1::Hello::from(&hello);
        assert_eq!(Hello::try_from(&wire), Ok(hello));
        wire.fingerprint = vec![7; 65].into();
        let refused = Hello::try_from(&wire).unwrap_err().to_string();
        assert_eq!(refused, "`fingerprint` cannot be 65 bytes long");
        let welcome = Welcome {
            session: 8,
            epoch: 4,
            acked: 98,
            chain_at_acked: 7,
            cursors: Cursors::from([(SourceId(2), b"s=1".to_vec())]),
            limits: Limits::default(),
        };
        assert_eq!(Welcome::try_from(v1::Welcome::from(&welcome)), Ok(welcome));
    }

    #[test]
    fn a_malformed_batch_is_refused_with_the_field() {
        // (what is done to the batch, what the refusal names)
        type Damage = fn(&mut v1::Batch);
        let cases: [(Damage, &str); 5] = [
            (|batch| batch.records[0].class = 9, "`class` is missing"),
            (
                |batch| batch.records[0].source = 1 << 20,
                "`source` cannot be 1048576",
            ),
            (
                |batch| batch.records[1].covers = u64::MAX,
                "`seq` is missing",
            ),
            (
                |batch| batch.records[2].unique_id = vec![1; 3].into(),
                "`unique_id` cannot be 3 bytes",
            ),
            (
                |batch| batch.records[2].payload = vec![0; 70_000].into(),
                "`record` cannot be 70000 bytes long",
            ),
        ];
        for (damage, message) in cases {
            let mut wire = v1::Batch::from(batch());
            damage(&mut wire);
            assert_eq!(Batch::try_from(wire).unwrap_err().to_string(), message);
        }
    }
}
