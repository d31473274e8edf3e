//! Power cuts at random moments, many of them: what was durable stays, and opening never fails.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]

mod support;

use delivery::{Limits, Rules, Spool, SpoolConfig};
use support::agent::{config, id_of, process_event};
use support::disk::Disk;
use support::rng::Rng;

const CUTS: u64 = 12_000;
const LIMITS: Limits = Limits {
    max_batch_bytes: 4000,
    max_records: 100,
    max_inflight: 1,
};

#[test]
fn durable_records_survive_every_power_cut() {
    let mut cuts = 0;
    let mut seed = 0;
    while cuts < CUTS {
        cuts += one_disk(seed);
        seed += 1;
    }
}

/// One disk through some lives of an agent; returns how often its power was cut.
fn one_disk(seed: u64) -> u64 {
    let mut rng = Rng(seed);
    let disk = Disk::default();
    let config = SpoolConfig {
        segment_bytes: 400,
        ..config(Rules::default())
    };
    let (mut id, mut durable) = (0, Vec::new());
    for cut in 0..20 {
        let mut spool = Spool::open(disk.clone(), config.clone()).unwrap();
        assert_eq!(ids(&mut spool), durable, "seed {seed}, after {cut} cuts");
        assert!(
            spool.recovery().holes.is_empty(),
            "seed {seed}: {:?}",
            spool.recovery()
        );
        let mut waiting = Vec::new();
        for _ in 0..rng.below(12) {
            spool.append(process_event(id)).unwrap();
            waiting.push(id);
            id += 1;
            if rng.below(3) == 0 {
                disk.fail_next_syncs(rng.below(6).saturating_sub(3) as u32);
                if spool.sync().is_ok() {
                    durable.append(&mut waiting);
                }
            }
        }
        disk.fail_next_syncs(0);
        disk.power_cut(Some(&mut rng));
        // What was not durable may have made it all the same, in order and without holes.
        let mut after = Spool::open(disk.clone(), config.clone()).unwrap();
        let found = ids(&mut after);
        assert!(
            found.starts_with(&durable),
            "seed {seed}: {found:?} for {durable:?}"
        );
        let lucky = &found[durable.len()..];
        assert!(
            waiting.starts_with(lucky),
            "seed {seed}: {lucky:?} of {waiting:?}"
        );
        durable = found;
    }
    20
}

fn ids(spool: &mut Spool<Disk>) -> Vec<u64> {
    let (mut ids, mut seq) = (Vec::new(), 1);
    while let Some(last) = {
        let records = spool.read_from(seq, &LIMITS).unwrap();
        ids.extend(records.iter().filter_map(|record| id_of(&record.payload)));
        records.last().map(|record| record.seq)
    } {
        seq = last + 1;
    }
    ids
}
