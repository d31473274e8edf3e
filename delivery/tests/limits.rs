//! Staying within the limits, and saying what it cost.

mod support;

use delivery::{
    Appended, Class, Draft, GapReason, Kind, Limits, Record, RecordError, Rules, Spool, SpoolConfig,
};
use support::agent::{config, process_event};
use support::disk::Disk;

const MAX_BYTES: u64 = 60_000;
const ALL: Limits = Limits {
    max_batch_bytes: 1 << 20,
    max_records: 10_000,
    max_inflight: 1,
};

#[test]
fn an_oversize_event_becomes_a_gap_that_says_so() {
    let mut spool = open(&Disk::default(), u64::MAX);
    let payload = vec![0; 70_000];
    let taken = spool.append(Draft {
        payload,
        ..process_event(1)
    });
    let error = Some(RecordError::PayloadTooLong { bytes: 70_000 });
    assert_eq!(
        taken,
        Ok(Appended::Gap {
            seq: 1,
            reason: GapReason::Oversize,
            error
        })
    );
    let records = after_sync(&mut spool);
    assert_eq!(
        records[0].gap().map(|gap| (gap.from, gap.to, gap.count)),
        Some((1, 1, 1))
    );
}

#[test]
fn a_full_spool_drops_the_least_important_and_counts_them() {
    let disk = Disk::default();
    let mut spool = open(&disk, MAX_BYTES);
    for id in 0..3000 {
        let class = match id % 200 {
            // Few enough for the part that is theirs.
            0 => Class::P0,
            rest if rest % 6 == 1 => Class::P1,
            _ => Class::P2,
        };
        let event = process_event(id);
        spool
            .append(Draft { class, ..event })
            .expect("no source is held");
        spool.sync().expect("the disk takes writes");
        assert!(spool.stats().bytes <= MAX_BYTES, "{:?}", spool.stats());
    }
    let on_disk = disk.bytes() as u64;
    assert!(on_disk <= MAX_BYTES, "{on_disk} bytes on disk");
    let records = after_sync(&mut spool);
    conserved(&records, 3000);
    let events = |class: Class| {
        let wanted = |record: &&Record| record.kind == Kind::Event && record.class == class;
        records.iter().filter(wanted).count()
    };
    let (p0, p1, p2) = (events(Class::P0), events(Class::P1), events(Class::P2));
    assert!(
        p0 == 15 && p1 > 2 * p2,
        "kept {p0} of P0, {p1} of P1, {p2} of P2"
    );
    assert_eq!(spool.stats().dropped, 3000 - (p0 + p1 + p2) as u64);
}

#[test]
fn a_flood_that_finds_no_room_does_not_fill_the_spool_with_gaps() {
    let mut spool = open(&Disk::default(), MAX_BYTES);
    for id in 0..5000 {
        // First what matters more, up to the limit, then what is dropped on arrival.
        let class = if id < 600 { Class::P1 } else { Class::P2 };
        spool
            .append(Draft {
                class,
                ..process_event(id)
            })
            .expect("no source is held");
        spool.sync().expect("the disk takes writes");
        assert!(spool.stats().bytes <= MAX_BYTES, "{:?}", spool.stats());
    }
    conserved(&after_sync(&mut spool), 5000);
}

#[test]
fn a_full_disk_is_survived_with_every_loss_counted() {
    let disk = Disk::default();
    let mut spool = open(&disk, u64::MAX);
    disk.set_full(true);
    for id in 0..500 {
        spool.append(process_event(id)).unwrap();
        if let Err(error) = spool.sync() {
            assert!(error.is_disk_full());
        }
        assert!(
            spool.stats().pending_bytes <= 3000 + 200,
            "{:?}",
            spool.stats()
        );
    }
    disk.set_full(false);
    let records = after_sync(&mut spool);
    conserved(&records, 500);
    assert!(
        records.len() > 10 && records.len() < 100,
        "{} records",
        records.len()
    );
}

fn open(disk: &Disk, max_bytes: u64) -> Spool<Disk> {
    let config = SpoolConfig {
        segment_bytes: 4000,
        pending_bytes: 3000,
        max_bytes,
        ..config(Rules::default())
    };
    Spool::open(disk.clone(), config).expect("the disk can be listed")
}

fn after_sync(spool: &mut Spool<Disk>) -> Vec<Record> {
    spool.sync().expect("the disk takes writes");
    let (mut all, mut seq) = (Vec::new(), 1);
    while let Ok(mut records) = spool.read_from(seq, &ALL) {
        let Some(last) = records.last() else { break };
        seq = last.seq + 1;
        all.append(&mut records);
    }
    all
}

/// Every number is taken once, and events and declared losses add up.
fn conserved(records: &[Record], appended: u64) {
    let mut next = 1;
    let mut counted = 0;
    for record in records {
        assert_eq!(record.first_seq(), next);
        next = record.seq + 1;
        counted += record.gap().map_or(1, |gap| gap.count);
    }
    assert_eq!((next - 1, counted), (appended, appended));
}
