//! Both readers against real journal files, which `systemd-journal-remote` makes.
//! Debian packages: systemd-journal-remote (the maker), libsystemd0 and systemd (the readers).

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its journal has failed"
)]

mod made;

use std::time::Duration;

use analysis::{Timestamp, journal::JournalEntry};
use collect::{
    CollectError,
    journal::{
        Follower, Journal, JournalOptions, JournalSource, JournalctlChild, Match, Matches,
        Position, Seek, lifecycle_matches,
    },
};
use made::{BOOTS, Line, MadeJournal};

/// Five entries of two boots, one second apart.
const LINES: [Line; 5] = [
    (0, "_PID=1\nUNIT=db.service\nMESSAGE=first"),
    (0, "_PID=77\nMESSAGE=of a program"),
    (0, "_PID=1\nUNIT=web.service\nMESSAGE=third"),
    (1, "_TRANSPORT=kernel\nMESSAGE=fourth"),
    (1, "_PID=1\nUNIT=db.service\nMESSAGE=fifth\nINVENTED=1"),
];

fn time(second: i64) -> Timestamp {
    Timestamp::from_timestamp(made::START_S + second, 0).unwrap()
}

fn all(source: &mut dyn JournalSource) -> Vec<JournalEntry> {
    std::iter::from_fn(|| source.next())
        .map(Result::unwrap)
        .collect()
}

fn messages(source: &mut dyn JournalSource) -> Vec<String> {
    let entries = all(source).into_iter();
    entries.map(|entry| entry.message().to_owned()).collect()
}

/// Runs `test` with each reader of `options`.
fn with_both(options: &JournalOptions, test: impl Fn(&mut dyn JournalSource)) {
    test(&mut Journal::open(options).unwrap());
    test(&mut JournalctlChild::open(options).unwrap());
}

#[test]
fn both_readers_give_the_same_entries_of_all_boots() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let options = journal.options(Matches::everything());
    with_both(&options, |source| {
        let entries = all(source);
        assert_eq!(entries.len(), LINES.len());
        assert_eq!(entries[0].at, time(0));
        assert_eq!(entries[2].boot, BOOTS[0].parse().unwrap());
        assert_eq!(entries[3].boot, BOOTS[1].parse().unwrap());
        assert_eq!(entries[4].field("INVENTED"), None, "nobody wants it");
        assert!(entries[4].is_of_manager());
        assert_eq!(source.corrupt(), 0);
    });
    let mut library = Journal::open(&options).unwrap();
    let mut child = JournalctlChild::open(&options).unwrap();
    assert_eq!(all(&mut library), all(&mut child));
}

#[test]
fn matches_of_a_unit_leave_out_other_units_and_programs() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let unit = "db.service".parse().unwrap();
    with_both(&journal.options(lifecycle_matches(&[unit])), |source| {
        assert_eq!(messages(source), ["first", "fourth", "fifth"]);
    });
    with_both(&journal.options(lifecycle_matches(&[])), |source| {
        assert_eq!(messages(source), ["first", "third", "fourth", "fifth"]);
    });
}

#[test]
fn reading_goes_on_behind_the_cursor_or_at_the_time() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let cursors = journal.cursors();
    with_both(&journal.options(Matches::everything()), |source| {
        assert_eq!(
            source.seek(&Position::After(cursors[2].clone())).unwrap(),
            Seek::Done
        );
        assert_eq!(messages(source), ["fourth", "fifth"]);
        source.seek(&Position::Since(time(4))).unwrap();
        assert_eq!(messages(source), ["fifth"]);
        source.seek(&Position::Head).unwrap();
        assert_eq!(messages(source).len(), 5);
    });
}

#[test]
fn an_entry_that_the_matches_hide_is_not_gone() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let hidden = journal.cursors()[1].clone();
    let manager = Matches::everything().or([Match::new("_PID", "1")]);
    with_both(&journal.options(manager), |source| {
        assert_eq!(
            source.seek(&Position::After(hidden.clone())).unwrap(),
            Seek::Done
        );
        assert_eq!(messages(source), ["third", "fifth"]);
    });
}

#[test]
fn a_vacuumed_cursor_is_told_with_the_oldest_entry_that_is_left() {
    let Some(whole) = MadeJournal::of(&LINES) else {
        return;
    };
    let Some(vacuumed) = MadeJournal::later(3, &LINES[3..]) else {
        return;
    };
    let gone = whole.cursors()[1].clone();
    with_both(&vacuumed.options(Matches::everything()), |source| {
        let seek = source.seek(&Position::After(gone.clone())).unwrap();
        assert_eq!(
            seek,
            Seek::CursorGone {
                oldest: Some(time(3))
            }
        );
        assert_eq!(messages(source), ["fourth", "fifth"]);
    });
}

#[test]
fn a_text_that_is_no_cursor_is_refused() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    with_both(&journal.options(Matches::everything()), |source| {
        let outcome = source.seek(&Position::After("nonsense".into()));
        assert!(matches!(outcome, Err(CollectError::BadCursor(_))));
    });
}

#[test]
fn a_follower_gives_batches_and_sees_what_is_appended() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let options = JournalOptions {
        follow: true,
        ..journal.options(Matches::everything())
    };
    let limit = Duration::from_secs(10);
    with_both_followers(&options, &Position::Head, |follower| {
        let mut read = Vec::new();
        while read.len() < LINES.len() {
            let batch = some_of(follower, 3, limit);
            assert!(batch.len() <= 3);
            read.extend(batch);
        }
        assert_eq!(read.last().unwrap(), "fifth");
    });
    let mut second = 5;
    with_both_followers(&options, &Position::Tail, |follower| {
        journal.append(second, &[(1, "MESSAGE=later")]);
        assert_eq!(some_of(follower, 3, limit), ["later"]);
        second += 1;
    });
}

fn with_both_followers(
    options: &JournalOptions,
    position: &Position,
    mut test: impl FnMut(&mut Follower),
) {
    let sources: [Box<dyn JournalSource>; 2] = [
        Box::new(Journal::open(options).unwrap()),
        Box::new(JournalctlChild::open(options).unwrap()),
    ];
    for source in sources {
        // Sought after the entries of the test before were written.
        let (mut follower, seek) = Follower::with(source, None, position).unwrap();
        assert_eq!(seek, Seek::Done);
        test(&mut follower);
    }
}

/// The next messages. A wait may end for nothing: libsystemd only begins to watch in the first.
fn some_of(follower: &mut Follower, max: usize, limit: Duration) -> Vec<String> {
    let batches = std::iter::repeat_with(|| follower.next_batch(max, limit).unwrap().entries);
    let batch = batches.take(5).find(|entries| !entries.is_empty());
    let entries = batch.unwrap().into_iter();
    entries.map(|entry| entry.message().to_owned()).collect()
}

#[test]
fn a_damaged_journal_gives_no_entry_twice_and_no_error_without_end() {
    let Some(journal) = MadeJournal::of(&LINES) else {
        return;
    };
    let mut damaging = 0;
    for offset in journal.written_bytes().into_iter().step_by(11) {
        let damaged = journal.copy_with_flipped_byte(offset);
        let mut source = Journal::open(&damaged.options(Matches::everything())).unwrap();
        let given = all(&mut source).len();
        assert!(given <= LINES.len(), "byte {offset}: {given} entries");
        damaging += usize::from(given < LINES.len());
    }
    assert!(
        damaging > 0,
        "no byte mattered: the wrong ones were flipped"
    );
}
