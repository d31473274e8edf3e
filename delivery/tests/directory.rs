//! The real directory behaves as the model's disk does.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]

use delivery::{Class, DirStorage, Draft, Limits, SourceId, Spool, SpoolConfig, Storage};
use std::fs;
use std::path::Path;
use uuid::Uuid;

fn open(path: &Path) -> Spool<DirStorage> {
    let config = SpoolConfig {
        segment_bytes: 4096,
        ..SpoolConfig::new(Uuid::from_u128(1), Uuid::from_u128(2), [5; 16])
    };
    Spool::open(DirStorage::open(path).unwrap(), config).unwrap()
}

fn event(number: u8) -> Draft {
    Draft {
        class: Class::P1,
        source: SourceId(3),
        mono_ns: number.into(),
        wall_ns: 0,
        unique_id: None,
        cursor: Some(vec![number]),
        payload: vec![number; 500],
    }
}

#[test]
fn records_and_cursors_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    for number in 0..50 {
        spool.append(event(number)).unwrap();
        spool.sync().unwrap();
    }
    drop(spool);

    let mut spool = open(dir.path());
    assert_eq!(spool.synced_seq(), 50);
    assert_eq!(spool.cursors()[&SourceId(3)], [49]);
    let mut seq = 1;
    while let Some(last) = spool.read_from(seq, &Limits::default()).unwrap().last() {
        assert_eq!(last.payload, vec![last.seq as u8 - 1; 500]);
        seq = last.seq + 1;
    }
    assert_eq!(seq, 51);
}

#[test]
fn a_cut_off_file_loses_its_end_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    for number in 0..3 {
        spool.append(event(number)).unwrap();
    }
    spool.sync().unwrap();
    drop(spool);
    let file = fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..1300]).unwrap();

    let mut spool = open(dir.path());
    assert!(spool.recovery().torn_tail);
    let records = spool.read_from(1, &Limits::default()).unwrap();
    let gap = records.last().unwrap().gap().unwrap();
    assert_eq!((records.len(), gap.from, gap.count), (3, 3, 0));
}

#[test]
fn space_is_reserved_and_files_are_private() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = tempfile::tempdir().unwrap();
    let mut storage = DirStorage::open(dir.path()).unwrap();
    storage.create("a", 65536).unwrap();
    let metadata = fs::metadata(dir.path().join("a")).unwrap();
    assert_eq!(metadata.len(), 65536);
    assert!(metadata.blocks() * 512 >= 65536, "reserved, not sparse");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}
