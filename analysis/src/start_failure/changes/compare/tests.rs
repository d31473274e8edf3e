use super::*;
use crate::start_failure::{
    changes::package_log::PackageEvent,
    testing::{apache, at},
};

fn stamp(text: &str, modified: i64) -> FileStamp {
    FileStamp {
        mode: 0o644,
        uid: 0,
        gid: 0,
        bytes: text.len() as u64,
        modified_at: at(modified),
        changed_at: at(modified),
        sha256: Some(format!("sha of {text}")),
        text: Some(text.to_owned()),
    }
}

fn file(path: &str, role: FileRole, stamp: impl Into<Option<FileStamp>>) -> FileSeen {
    FileSeen {
        path: path.into(),
        role,
        stamp: stamp.into(),
    }
}

fn snapshot(seconds: i64, files: Vec<FileSeen>) -> Snapshot {
    Snapshot {
        started_at: at(seconds),
        taken_at: at(seconds + 2),
        files,
        folders: vec!["/etc".into()],
        ..Snapshot::default()
    }
}

/// A good start at second 0, by the journal.
fn journaled(now: Vec<FileSeen>) -> ChangeFacts {
    ChangeFacts {
        good_start: Some(GoodStart {
            at: at(0),
            known_from: StartRecord::Journal,
        }),
        journal_read: true,
        now: snapshot(100, now),
        ..ChangeFacts::default()
    }
}

fn told(facts: &ChangeFacts, culprit: Option<&Culprit>) -> Vec<(String, HowKnown)> {
    let changes = changes(facts, culprit).changes;
    let told = |change: &Change| {
        let what = match &change.what {
            Changed::File { path, how, .. } => format!("{path} {}", how.name()),
            Changed::Package { name, .. } => name.clone(),
            Changed::Setting { name, after, .. } => format!("{name} {after:?}"),
            Changed::Account { name, .. } => name.clone(),
            Changed::Boot { .. } => "boot".into(),
            Changed::Mount { point, .. } => point.clone(),
        };
        let mark = if change.concerns_culprit { "! " } else { "" };
        (format!("{mark}{what}"), change.how_known)
    };
    changes.iter().map(told).collect()
}

const CONF: FileRole = FileRole::Configuration;

#[test]
fn without_a_record_the_times_of_files_tell() {
    let mut moved = stamp("d", -900);
    moved.changed_at = at(20);
    let facts = journaled(vec![
        file("/etc/a", CONF, stamp("a", -10)),
        file("/etc/b", CONF, stamp("b", 10)),
        file("/etc/c", FileRole::DropIn, stamp("c", 30)),
        file("/etc/d", CONF, moved),
        file("/etc/e", CONF, None),
        file("/etc/f", FileRole::DropIn, None),
    ]);
    let by_time = |text: &str| (text.to_owned(), HowKnown::Timestamp);
    let expected = [
        "/etc/c modified",
        "/etc/b modified",
        "/etc/f deleted",
        "/etc/d replaced",
    ];
    assert_eq!(told(&facts, None), expected.map(by_time));
    let report = changes(&facts, None);
    assert_eq!(report.since, facts.good_start);
    assert!(report.copied_at.is_none() && report.changes.iter().all(|one| one.diff.is_none()));
}

#[test]
fn with_a_record_content_decides_and_is_shown() {
    let mut facts = journaled(vec![
        file("/etc/touched", CONF, stamp("same", 50)),
        file("/etc/edited", CONF, stamp("port 81\n", 50)),
        file("/etc/new", CONF, stamp("new\n", 50)),
        file("/etc/gone", CONF, None),
        file("/etc/late", CONF, stamp("late", 1)),
        file(
            "/etc/secret",
            CONF,
            FileStamp {
                text: None,
                ..stamp("y", 50)
            },
        ),
        file("/elsewhere/x", CONF, stamp("x", 50)),
    ]);
    let mut secret = stamp("x", -50);
    secret.text = None;
    facts.kept = Some(snapshot(
        0,
        vec![
            file("/etc/touched", CONF, stamp("same", -50)),
            file("/etc/edited", CONF, stamp("port 80\n", -50)),
            file("/etc/gone", CONF, stamp("gone\n", -50)),
            // Written after the start, before the copy.
            file("/etc/late", CONF, stamp("late", 1)),
            file("/etc/secret", CONF, secret),
        ],
    ));
    use HowKnown::{Recorded, Timestamp};
    let expected = [
        ("/etc/edited modified", Recorded),
        ("/etc/new created", Recorded),
        ("/etc/secret modified", Recorded),
        // Nobody had looked into its folder.
        ("/elsewhere/x modified", Timestamp),
        ("/etc/late modified", Timestamp),
        ("/etc/gone deleted", Recorded),
    ];
    assert_eq!(
        told(&facts, None),
        expected.map(|(text, how)| (text.to_owned(), how))
    );
    let report = changes(&facts, None);
    let diffs: Vec<_> = report
        .changes
        .iter()
        .map(|change| change.diff.as_ref().map(|diff| diff.lines.join("|")))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        text("@@ -1 +1 @@|-port 80|+port 81"),
        text("@@ -0,0 +1 @@|+new"),
        None,
        None,
        None,
        text("@@ -1 +0,0 @@|-gone"),
    ];
    assert_eq!(diffs, expected);
    assert_eq!(report.copied_at, Some(at(2)));
    assert_eq!(report.since.unwrap().known_from, StartRecord::Agent);
}

#[test]
fn a_record_of_an_older_start_tells_no_change_of_before() {
    let mut facts = journaled(vec![
        file("/etc/a", CONF, stamp("new", -50)),
        file("/etc/b", CONF, stamp("new", 50)),
    ]);
    let old = |path| file(path, CONF, stamp("old", -5000));
    let mut kept = snapshot(-1000, vec![old("/etc/a"), old("/etc/b")]);
    kept.settings = BTreeMap::from([("User".into(), "a".into())]);
    facts.kept = Some(kept);
    facts.now.settings = BTreeMap::from([("User".into(), "b".into())]);
    let expected = [("/etc/b modified".to_owned(), HowKnown::Recorded)];
    assert_eq!(told(&facts, None), expected);
    assert_eq!(changes(&facts, None).since, facts.good_start);
}

#[test]
fn settings_accounts_mounts_and_the_kernel_are_compared() {
    let map = |pairs: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect::<BTreeMap<_, _>>()
    };
    let mut facts = journaled(vec![]);
    let mut kept = snapshot(0, vec![]);
    kept.settings = map(&[("Environment DB_PASSWORD", "old"), ("LimitNOFILE", "1024")]);
    kept.accounts = map(&[("user www", "33:33 /var/www")]);
    kept.mounts = map(&[("/data", "/dev/sdb1 ext4 rw")]);
    facts.now.settings = map(&[("Environment DB_PASSWORD", "new"), ("LimitNOFILE", "64")]);
    facts.now.mounts = map(&[("/", "/dev/sda1 ext4 rw")]);
    kept.mounts.extend(facts.now.mounts.clone());
    facts.kept = Some(kept);
    facts.booted_at = Some(at(40));
    let path = Culprit::path("/data/db");
    let limit = Culprit::Limit {
        name: "LimitNOFILE".into(),
    };
    use HowKnown::{Logged, Recorded};
    let expected = [
        ("! LimitNOFILE Some(\"64\")", Recorded),
        ("Environment DB_PASSWORD Some(\"[scrubbed]\")", Recorded),
        ("user www", Recorded),
        ("/data", Recorded),
        ("boot", Logged),
    ];
    assert_eq!(
        told(&facts, Some(&limit)),
        expected.map(|(text, how)| (text.to_owned(), how))
    );
    let first = told(&facts, Some(&path)).remove(0);
    assert_eq!(first, ("! /data".to_owned(), Recorded));
}

#[test]
fn packages_that_the_unit_has_something_of_come_first_and_others_are_counted() {
    let event = |seconds, name: &str| PackageEvent {
        at: at(seconds),
        name: name.into(),
        before: Some("1".into()),
        after: Some("2".into()),
    };
    let mut facts = journaled(vec![]);
    facts.packages = (0..50)
        .map(|n| event(50 + n, &format!("other-{n}")))
        .collect();
    facts.packages.extend([
        event(-5, "before"),
        event(5, "libssl3:amd64"),
        event(6, "nginx"),
        PackageEvent {
            before: None,
            ..event(7, "apache2")
        },
    ]);
    facts.brings = BTreeMap::from([
        ("libssl3:amd64".into(), PackagePart::Library),
        ("nginx".into(), PackagePart::Program),
    ]);
    let holder = Culprit::Process(apache("0.0.0.0:80", 80));
    let found = told(&facts, Some(&holder));
    let names: Vec<_> = found.iter().take(4).map(|(name, _)| &**name).collect();
    assert_eq!(names, ["! apache2", "nginx", "libssl3:amd64", "other-49"]);
    assert_eq!(found.len(), 23);
    assert_eq!(changes(&facts, None).omitted, 31);
}

#[test]
fn without_a_good_start_nothing_is_compared() {
    let mut facts = journaled(vec![file("/etc/b", CONF, stamp("b", 10))]);
    facts.good_start = None;
    let report = changes(&facts, None);
    assert_eq!(report.no_good_start, Some(NoGoodStart::NoneOnRecord));
    assert!(report.changes.is_empty());
    facts.journal_read = false;
    let report = changes(&facts, None);
    assert_eq!(report.no_good_start, Some(NoGoodStart::JournalNotRead));
}
