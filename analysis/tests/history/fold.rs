//! What the fold promises whatever it reads: it does not depend on what is unrelated, nor on where
//! it began, it forgets, and no field of an entry can stop it.

use std::collections::BTreeMap;

use analysis::{
    event::{Event, Fact},
    history::{MAX_UNITS, UnitHistory},
    journal::{JournalEntry, WANTED_FIELDS},
};
use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*, sample::Index};
use uuid::Uuid;

use crate::support::{dependencies, events, history, journal, told, whole_journal};

/// Entries that say nothing about units, or pretend to.
fn unrelated() -> impl Strategy<Value = BTreeMap<String, String>> {
    let fields: [&[(&str, &str)]; 7] = [
        &[("MESSAGE", "hello"), ("_PID", "77")],
        &[("MESSAGE", "usb 1-1: new device"), ("_TRANSPORT", "kernel")],
        &[
            ("MESSAGE_ID", "39f53479d3a045ac8e11786248231fbf"),
            ("UNIT", "ok.service"),
        ],
        &[
            ("MESSAGE_ID", "98268866d1d54a499c4e98921d93bc40"),
            ("_UID", "1001"),
        ],
        &[("AIOPS_REQUEST", "{}"), ("_UID", "0")],
        &[
            ("MESSAGE", "ann : COMMAND=/bin/systemctl stop ok"),
            ("_COMM", "sudo"),
        ],
        &[
            (
                "MESSAGE",
                "Memory cgroup out of memory: Killed process 1 (a) total-vm:1kB, \
              anon-rss:1kB, file-rss:1kB, shmem-rss:0kB",
            ),
            ("_UID", "1001"),
        ],
    ];
    prop::sample::select(fields.to_vec()).prop_map(|fields| {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        fields.iter().map(own).collect()
    })
}

proptest! {
    #[test]
    fn unrelated_entries_change_nothing(
        others in vec((any::<Index>(), unrelated()), 0..60)
    ) {
        let plain = whole_journal();
        let mut mixed = plain.clone();
        for (place, fields) in others {
            // At the time of a neighbour: when a boot was last heard of is not unrelated.
            let place = place.index(mixed.len());
            let neighbour = mixed[place].clone();
            mixed.insert(place + 1, JournalEntry { fields, ..neighbour });
        }
        prop_assert_eq!(told(&events(&mixed)), told(&events(&plain)));
    }

    #[test]
    fn no_field_stops_it(
        entries in vec(
            vec((prop::sample::select(WANTED_FIELDS.to_vec()), hostile_value()), 0..12),
            0..40,
        ),
        jumps in vec((any::<u64>(), -4_000_000_000_000_i64..4_000_000_000_000), 40),
    ) {
        let mut history = UnitHistory::new(dependencies());
        for (fields, (monotonic_us, second)) in entries.into_iter().zip(jumps) {
            history.apply(&JournalEntry {
                cursor: String::new(),
                at: chrono::DateTime::from_timestamp(second, 0).unwrap_or_default(),
                monotonic_us,
                boot: analysis::identity::BootId(Uuid::from_u128(u128::from(monotonic_us % 3))),
                fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            });
        }
    }
}

/// Values that mean something in some field, and garbage.
fn hostile_value() -> impl Strategy<Value = String> {
    let known = [
        "1",
        "0",
        "",
        "kernel",
        "ok.service",
        "base.service",
        "rider.service",
        "stop",
        "restart",
        "killed",
        "9",
        "256",
        "-1",
        "timeout",
        "oom-kill",
        "signal",
        "39f53479d3a045ac8e11786248231fbf",
        "de5b426a63be47a7b6ac3eaac82e2f6f",
        "9d1aaa27d60140bd96365438aad20286",
        "98e322203f7a4ed290d09fe03c09fe15",
        "d9b373ed55a64feb8242e02dbe79a49c",
        "be02cf6855d2428ba40df7e9d022f03d",
        "5eb03494b6584870a536b337290809b3",
        "7ad2d189f7e94e70a38c781354912448",
        "7d4958e842da4a758f6c1cdc7b36dcc5",
        "5f0d3a7bb0de4f6d8a6a9a2c0f1f6a11",
        "oom-kill:constraint=,task_memcg=/ok.service,task=a,pid=1,uid=0",
        "Memory cgroup out of memory: Killed process 99999999999 (a) total-vm:1kB, anon-rss:1kB",
        "Out of memory: Killed process 1 () total-vm:1kB, anon-rss:18446744073709551615kB, file-rss:1kB",
        "a : USER=root ; COMMAND=/bin/systemctl stop ok",
        " ; COMMAND=",
        "[]: segfault at ",
        "traps: [1] trap ",
    ];
    prop_oneof![
        3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// An agent that starts again replays some time before its cursor. From there on it must say
/// what it would have said had it never stopped.
#[test]
fn what_is_said_does_not_depend_on_where_the_fold_began() {
    says_the_same_from_any_cursor(&whole_journal());
    let of_another_host = include_str!("../journals/reboot_isolated.jsonl");
    says_the_same_from_any_cursor(&journal(of_another_host));
}

fn says_the_same_from_any_cursor(entries: &[JournalEntry]) {
    let all = by_entry(entries);
    let replayed = TimeDelta::seconds(10);
    for cursor in 0..entries.len() {
        let from = entries[cursor].at - replayed;
        let start = entries.iter().position(|entry| entry.at >= from).unwrap();
        let again = by_entry(&entries[start..]);
        for (at, events) in again.iter().enumerate().skip(cursor - start) {
            let before = told(&all[start + at]);
            assert_eq!(
                told(events),
                before,
                "cursor {cursor}, entry {}",
                start + at
            );
        }
    }
}

fn by_entry(entries: &[JournalEntry]) -> Vec<Vec<Event>> {
    let mut history = history();
    entries.iter().map(|entry| history.apply(entry)).collect()
}

#[test]
fn it_remembers_no_more_units_than_it_may() {
    let template = whole_journal()[0].clone();
    let mut history = UnitHistory::default();
    let mut said = 0;
    for number in 0..MAX_UNITS as u64 + 500 {
        let mut entry = template.clone();
        entry.monotonic_us += number;
        entry
            .fields
            .insert("UNIT".into(), format!("job@{number}.service"));
        said += history.apply(&entry).len();
    }
    assert_eq!(said, MAX_UNITS + 500, "a start each");
    assert_eq!(history.remembered_units(), MAX_UNITS);
}

#[test]
fn a_start_that_systemd_did_not_name_has_the_same_name_each_time() {
    let mut entries = whole_journal();
    for entry in &mut entries {
        entry.fields.remove("INVOCATION_ID");
    }
    let invocations = |events: Vec<Event>| -> Vec<_> {
        let started = events.into_iter().filter_map(|event| match event.fact {
            Fact::UnitStarted(fact) => Some((fact.unit, fact.invocation.unwrap())),
            _ => None,
        });
        started.collect()
    };
    let once = invocations(events(&entries));
    assert!(once.len() > 30);
    assert_eq!(invocations(events(&entries)), once);
    let mut names: Vec<_> = once.iter().map(|(_, invocation)| invocation).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), once.len(), "each start has its own");
}
