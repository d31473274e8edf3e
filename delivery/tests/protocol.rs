//! Single decisions of both halves, one by one.

use delivery::{
    Batch, Clash, Class, Draft, ForceReason, Gap, GapReason, Hello, Kind, Receiver, Record,
    Refusal, SourceId, SpoolStats, StreamReset, StreamRow, clone_suspected,
};
use uuid::Uuid;

fn row() -> StreamRow {
    StreamRow {
        epoch: 3,
        acked: 10,
        chain: 77,
        session: 5,
        cursors: Default::default(),
    }
}

fn hello(epoch: u64, last_durable_seq: u64) -> Hello {
    Hello {
        epoch,
        last_durable_seq,
        force_new_epoch: None,
        boot_id: Uuid::nil(),
        fingerprint: Vec::new(),
        spool: SpoolStats::default(),
    }
}

fn record(seq: u64) -> Record {
    Record {
        seq,
        covers: 1,
        chain: seq.wrapping_add(100),
        kind: Kind::Event,
        class: Class::P1,
        source: SourceId(4),
        mono_ns: 0,
        wall_ns: 0,
        unique_id: None,
        carried: false,
        cursor: Some(vec![seq as u8]),
        payload: Vec::new(),
    }
}

fn batch(seqs: std::ops::RangeInclusive<u64>) -> Batch {
    let first_seq = *seqs.start();
    Batch {
        session: 5,
        epoch: 3,
        first_seq,
        records: seqs.map(record).collect(),
    }
}

#[test]
fn hello_raises_the_epoch_when_the_spool_does_not_continue_the_row() {
    let forced = Hello {
        force_new_epoch: Some(ForceReason::ChainDiffers),
        ..hello(3, 20)
    };
    // (name, hello, epoch of the answer, reset)
    let cases = [
        ("goes on", hello(3, 10), 3, None),
        ("wiped", hello(0, 0), 4, Some(StreamReset::SpoolLost)),
        (
            "behind",
            hello(3, 9),
            4,
            Some(StreamReset::Behind {
                last_durable_seq: 9,
                acked: 10,
            }),
        ),
        (
            "older epoch",
            hello(2, 50),
            4,
            Some(StreamReset::OtherEpoch {
                agent: 2,
                server: 3,
            }),
        ),
        (
            "after a failover",
            hello(8, 1),
            9,
            Some(StreamReset::OtherEpoch {
                agent: 8,
                server: 3,
            }),
        ),
        (
            "asks for it",
            forced,
            4,
            Some(StreamReset::Forced(ForceReason::ChainDiffers)),
        ),
    ];
    for (name, hello, epoch, reset) in cases {
        let outcome = Receiver::default().hello(&row(), &hello);
        assert_eq!(
            (outcome.welcome.epoch, outcome.reset),
            (epoch, reset),
            "{name}"
        );
        assert_eq!(outcome.row.session, 6, "{name}");
        let acked = if epoch == 3 { (10, 77) } else { (0, 0) };
        assert_eq!(
            (outcome.welcome.acked, outcome.welcome.chain_at_acked),
            acked,
            "{name}"
        );
    }
}

#[test]
fn the_first_hello_of_an_agent_is_no_reset() {
    let outcome = Receiver::default().hello(&StreamRow::default(), &hello(0, 40));
    assert_eq!((outcome.row.epoch, outcome.reset), (1, None));
}

#[test]
fn a_batch_is_cut_to_what_is_new() {
    let accept = Receiver::default()
        .batch(&row(), &batch(9..=12).head())
        .unwrap();
    assert_eq!(
        (accept.skip, accept.row.acked, accept.row.chain),
        (2, 12, 112)
    );
    assert_eq!(accept.row.cursors[&SourceId(4)], [12]);
    let stored = Receiver::default()
        .batch(&row(), &batch(8..=10).head())
        .unwrap();
    assert_eq!((stored.skip, stored.row), (3, row()), "its ack was lost");
}

#[test]
fn batches_that_cannot_be_right_are_refused() {
    let malformed = |why| Refusal::Malformed(why);
    let numbers = "numbers do not follow each other";
    let holey = Batch {
        records: vec![record(11), record(13)],
        ..batch(11..=11)
    };
    let wide = Batch {
        records: vec![Record {
            covers: 12,
            ..record(11)
        }],
        ..batch(11..=11)
    };
    let nothing = Batch {
        records: vec![Record {
            covers: 0,
            ..record(11)
        }],
        ..batch(11..=11)
    };
    let last = Batch {
        first_seq: u64::MAX,
        records: vec![record(u64::MAX)],
        ..batch(1..=1)
    };
    let anonymous = Batch {
        records: vec![Record {
            carried: true,
            ..record(11)
        }],
        ..batch(11..=11)
    };
    let cases = [
        (
            Batch {
                session: 4,
                ..batch(11..=11)
            },
            Refusal::Fenced {
                session: 4,
                newest: 5,
            },
        ),
        (
            Batch {
                epoch: 2,
                ..batch(11..=11)
            },
            Refusal::WrongEpoch {
                batch: 2,
                stream: 3,
            },
        ),
        (
            batch(12..=12),
            Refusal::Gap {
                first_seq: 12,
                acked: 10,
            },
        ),
        (
            Batch {
                records: Vec::new(),
                ..batch(11..=11)
            },
            malformed("no records"),
        ),
        (holey, malformed(numbers)),
        (wide, malformed(numbers)),
        (nothing, malformed(numbers)),
        (last, malformed(numbers)),
        (anonymous, malformed("carried record without an identity")),
    ];
    for (batch, refusal) in cases {
        assert_eq!(
            Receiver::default().batch(&row(), &batch.head()),
            Err(refusal)
        );
    }
}

#[test]
fn only_carried_records_are_looked_up() {
    let mut batch = batch(10..=12);
    batch.records[2] = Record {
        carried: true,
        unique_id: Some(Uuid::nil()),
        ..record(12)
    };
    let accept = Receiver::default().batch(&row(), &batch.head()).unwrap();
    assert_eq!((accept.skip, accept.look_up), (1, vec![2]));
}

#[test]
fn a_gap_is_cut_to_what_the_server_lacks() {
    let gap = Gap {
        epoch: 3,
        from: 8,
        to: 12,
        count: 5,
        class: Class::P2,
        reason: GapReason::SpoolFull,
    };
    assert_eq!(gap.after(7), Some(gap));
    assert_eq!(
        gap.after(10),
        Some(Gap {
            from: 11,
            count: 2,
            ..gap
        })
    );
    assert_eq!(gap.after(12), None);
    assert_eq!(Gap::decode(&gap.encode()), Some(gap));
    assert_eq!(Gap::decode(b"something else"), None);
}

#[test]
fn clones_are_suspected_by_their_differences_only() {
    let clash = |at_ms, machine| Clash {
        at_ms,
        boot_id: Uuid::from_u128(machine),
        fingerprint: vec![machine as u8],
    };
    // (name, machines that clashed and when, suspected at ten minutes?)
    type Case = (&'static str, &'static [(u64, u128)], bool);
    let cases: &[Case] = &[
        (
            "one machine with a bad network",
            &[(10, 1), (20, 1), (30, 1), (40, 1), (50, 1)],
            false,
        ),
        (
            "two in turn",
            &[(10_000, 1), (20_000, 2), (30_000, 1), (40_000, 2)],
            true,
        ),
        (
            "three times is tolerated",
            &[(10_000, 1), (20_000, 2), (30_000, 1)],
            false,
        ),
        (
            "two that wait a minute or two after each turn",
            &[(90_000, 1), (180_000, 2), (300_000, 1), (390_000, 2)],
            true,
        ),
        (
            "one machine with a bad network that reboots",
            &[(10, 1), (20, 1), (30, 1), (40, 2), (50, 2), (60, 2)],
            false,
        ),
        (
            "one of four is too old",
            &[(0, 1), (20_000, 2), (30_000, 1), (40_000, 2)],
            false,
        ),
    ];
    for (name, clashes, suspected) in cases {
        let clashes: Vec<Clash> = clashes.iter().map(|(at, who)| clash(*at, *who)).collect();
        assert_eq!(clone_suspected(&clashes, 600_000), *suspected, "{name}");
    }
}

#[test]
fn a_draft_over_the_limits_is_refused_with_its_size() {
    let draft = |payload, cursor| Draft {
        class: Class::P1,
        source: SourceId(1),
        mono_ns: 0,
        wall_ns: 0,
        unique_id: None,
        cursor: Some(vec![0; cursor]),
        payload: vec![0; payload],
    };
    assert_eq!(draft(64 * 1024, 4096).check(), Ok(()));
    let long = draft(64 * 1024 + 1, 1).check().unwrap_err();
    assert_eq!(long.to_string(), "payload of 65537 bytes is over 65536");
    assert!(draft(1, 4097).check().is_err());
}
