//! Opening a spool from any content of its directory.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]

mod support;

use delivery::segment::{self, Decoded, Header};
use delivery::{Appended, Limits, Record, Rules, Spool, SpoolConfig};
use proptest::prelude::*;
use support::agent::{config, process_event};
use support::disk::Disk;
use support::rng::Rng;

fn small() -> SpoolConfig {
    SpoolConfig {
        segment_bytes: 400,
        ..config(Rules::default())
    }
}

/// A disk with a spool of `records` durable records.
fn filled(records: u64) -> Disk {
    let disk = Disk::default();
    let mut spool = Spool::open(disk.clone(), small()).unwrap();
    for id in 0..records {
        spool.append(process_event(id)).unwrap();
        spool.sync().unwrap();
    }
    disk
}

/// Whatever was found: it opens, takes a record, gives it back, and opens again.
fn works(disk: &Disk) {
    for _ in 0..2 {
        let mut spool = Spool::open(disk.clone(), small()).unwrap();
        let Ok(Appended::Event { seq }) = spool.append(process_event(7)) else {
            panic!("not taken");
        };
        assert!(spool.sync().unwrap() >= seq);
        let records = spool.read_from(seq, &Limits::default()).unwrap();
        assert_eq!(records.first().map(|record| record.seq), Some(seq));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_file_open(
        files in prop::collection::vec(
            ("[0-3]-0000000000000000000[1-9]\\.(seg|new|tmp|bad)", prop::collection::vec(any::<u8>(), 0..300)),
            0..5,
        ),
        records in 0u64..8,
    ) {
        let disk = filled(records);
        for (name, bytes) in files {
            disk.put(&name, &bytes);
        }
        works(&disk);
    }

    #[test]
    fn any_damage_to_real_segments_opens(records in 1u64..20, luck: u64, flips in 1usize..40) {
        let disk = filled(records);
        let mut rng = Rng(luck);
        for _ in 0..flips {
            disk.flip(&mut rng);
        }
        works(&disk);
    }

    #[test]
    fn decoding_is_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Header::decode(&bytes);
        if let Decoded::Record(_, len) = segment::decode(&bytes) {
            prop_assert!(len <= bytes.len());
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was(
        seq in 1u64..,
        chain: u64,
        carried: bool,
        id: Option<u128>,
        cursor in prop::option::of(prop::collection::vec(any::<u8>(), 0..100)),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let record = Record {
            seq,
            covers: 1,
            chain,
            kind: delivery::Kind::Event,
            class: delivery::Class::P1,
            source: delivery::SourceId(9),
            mono_ns: chain ^ 1,
            wall_ns: -5,
            unique_id: id.map(uuid::Uuid::from_u128),
            carried,
            cursor,
            payload,
        };
        let mut bytes = Vec::new();
        segment::encode(&record, &mut bytes);
        prop_assert_eq!(bytes.len(), segment::encoded_len(&record));
        let expected = Decoded::Record(Box::new(record), bytes.len());
        prop_assert_eq!(segment::decode(&bytes), expected);
        // Cut off anywhere, it is not a record.
        let cut = bytes.len() / 2;
        prop_assert_eq!(segment::decode(&bytes[..cut]), Decoded::Short);
    }
}

#[test]
fn a_damaged_segment_in_the_middle_is_a_hole() {
    let disk = filled(20);
    let files = delivery::Storage::list(&disk).unwrap();
    disk.put(&files[1], b"nothing of a header");
    let spool = Spool::open(disk, small()).unwrap();
    let holes = &spool.recovery().holes;
    assert_eq!(holes.len(), 1, "{holes:?}");
    assert_eq!(spool.recovery().set_aside, [files[1].clone()]);
    assert_eq!(spool.last_seq(), 20);
}

#[test]
fn a_newer_format_is_left_alone() {
    let disk = filled(3);
    // The header of a version 2 that is otherwise intact.
    let file = "0-00000000000000000004.seg";
    let mut header = Header {
        agent_id: uuid::Uuid::from_u128(1),
        epoch: 0,
        first_seq: 4,
        boot_id: uuid::Uuid::nil(),
        base_chain: 0,
        cursors: Default::default(),
    }
    .encode();
    header[4] = 2;
    let body = header.len() - 4;
    let crc = crc32c::crc32c(&header[..body]).to_le_bytes();
    header[body..].copy_from_slice(&crc);
    disk.put(file, &header);

    let mut spool = Spool::open(disk.clone(), small()).unwrap();
    assert_eq!(spool.recovery().newer, [file]);
    // Numbers above it are in use by the newer version.
    spool.append(process_event(1)).unwrap();
    assert!(spool.sync().unwrap() > 1 << 40);
    let kept = delivery::Storage::read_at(&disk, file, 0, 1000).unwrap();
    assert_eq!(kept, header);
}
