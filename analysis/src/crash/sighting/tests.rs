use super::{
    super::testing::{at, coredump, entry},
    *,
};

#[test]
fn only_systemd_coredump_is_believed() {
    let id = ("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1");
    let claim = [id, ("COREDUMP_PID", "7"), ("COREDUMP_SIGNAL", "11")];
    // (what journald adds, is it believed?)
    let cases: [(&[(&str, &str)], bool); 5] = [
        (&[("_UID", "0")], true),
        (
            &[
                ("_UID", "1000"),
                ("_SYSTEMD_UNIT", "systemd-coredump@0-12-0.service"),
            ],
            true,
        ),
        (
            &[
                ("_UID", "1000"),
                ("_EXE", "/usr/lib/systemd/systemd-coredump"),
                ("_SYSTEMD_UNIT", "session-2.scope"),
            ],
            false,
        ),
        (
            &[("_UID", "1000"), ("_SYSTEMD_UNIT", "user@1000.service")],
            false,
        ),
        (&[], false),
    ];
    for (added, is_believed) in cases {
        let fields: Vec<_> = claim.iter().chain(added).copied().collect();
        let entry = entry(0, &fields);
        assert!(claims_coredump(&entry));
        assert_eq!(sighting_of(&entry).is_some(), is_believed, "{added:?}");
    }
}

#[test]
fn a_core_is_only_where_systemd_coredump_keeps_them() {
    let of = |path: &str| {
        let fields = [
            ("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1"),
            ("_UID", "0"),
            ("COREDUMP_SIGNAL", "11"),
            ("COREDUMP_FILENAME", path),
        ];
        let Some(Seen::Coredump(dump)) = sighting_of(&entry(0, &fields)).map(|one| one.seen) else {
            panic!("no record")
        };
        (dump.path, dump.is_elsewhere)
    };
    let kept = "/var/lib/systemd/coredump/core.app.0.zst";
    assert_eq!(of(kept), (Some(kept.to_owned()), false));
    for path in [
        "/tmp/pipe",
        "/var/lib/systemd/coredump/../../../../tmp/pipe",
        "/var/lib/systemd/coredump/sub/core",
        "/var/lib/systemd/coredump/",
        "/var/lib/systemd/coredump/..",
        "core",
    ] {
        assert_eq!(of(path), (None, true), "{path}");
    }
}

#[test]
fn the_moment_is_that_of_the_crash_not_of_the_entry() {
    assert_eq!(coredump(1_000, 7).at, at(500));
    let later = (at(9_000).timestamp_micros()).to_string();
    let fields = [
        ("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1"),
        ("_UID", "0"),
        ("COREDUMP_TIMESTAMP", &*later),
    ];
    let odd = sighting_of(&entry(1_000, &fields)).unwrap();
    assert_eq!(odd.at, at(1_000), "a moment that is yet to come is none");
}

#[test]
fn modules_have_their_packages() {
    let json = r#"{"elfType":"coredump","elfArchitecture":"AMD x86-64",
        "/usr/bin/app":{"type":"deb","name":"app","version":"1.2-3","buildId":"ab12"},
        "libc.so.6":{"buildId":"cd34"}}"#;
    let found = modules(json);
    let app = found
        .iter()
        .find(|module| module.path == "/usr/bin/app")
        .unwrap();
    assert_eq!(app.package.as_deref(), Some("app"));
    assert_eq!((found.len(), app.version.as_deref()), (2, Some("1.2-3")));
    assert_eq!(modules("not json"), []);
}

#[test]
fn lines_about_units_come_from_process_1() {
    let ended = [
        ("MESSAGE_ID", "98e322203f7a4ed290d09fe03c09fe15"),
        ("UNIT", "app.service"),
        ("EXIT_CODE", "dumped"),
        ("EXIT_STATUS", "11"),
    ];
    assert_eq!(sighting_of(&entry(0, &ended)), None);
    let fields: Vec<_> = ended.iter().chain(&[("_PID", "1")]).copied().collect();
    let Some(Seen::UnitStop(stop)) = sighting_of(&entry(0, &fields)).map(|one| one.seen) else {
        panic!("no stop")
    };
    assert_eq!(stop.signal(), Some(Signal::SEGV));
}
