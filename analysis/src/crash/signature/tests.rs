use super::{
    super::{CrashAsked, CrashFacts, CrashReport, Sighting, crashes, testing::*},
    *,
};

fn report(sightings: Vec<Sighting>) -> CrashReport {
    let facts = CrashFacts {
        sightings,
        ..CrashFacts::default()
    };
    crashes(facts, &CrashAsked::default(), at(1_000_000))
}

#[test]
fn the_same_fault_is_one_group_whatever_pid_and_time() {
    let told = report(vec![
        coredump(0, 7),
        coredump(60_000, 8),
        coredump(90_000, 9),
    ]);
    let [group] = &told.groups[..] else {
        panic!("{told:#?}")
    };
    assert_eq!(
        (group.count, group.signature.basis),
        (3, SignatureBasis::Frames)
    );
    assert_eq!(group.place.as_deref(), Some("parse"));
    assert_eq!((group.first_at, group.last_at), (at(-500), at(89_500)));
}

#[test]
fn a_core_that_was_kept_changes_no_group() {
    let alone = report(vec![segfault(0, 7)]);
    let mut with_core = core(100, 7, 11, 1);
    if let super::super::sighting::Seen::Core(core) = &mut with_core.seen {
        core.place = Some(CodePlace {
            module: "/opt/app".to_owned(),
            offset: crate::crash::Address(0x1220),
            build_id: Some("ab12".to_owned()),
        });
    }
    let both = report(vec![segfault(0, 7), with_core]);
    assert_eq!(alone.groups[0].signature, both.groups[0].signature);
    assert_eq!(alone.groups[0].signature.basis, SignatureBasis::Place);
}

#[test]
fn what_compilers_add_to_names_does_not_count() {
    // (name, what counts)
    let cases = [
        ("parse.isra.0", "parse"),
        ("parse.constprop.0.cold", "parse"),
        ("parse [clone .part.3]", "parse"),
        ("app::run::h0123456789abcdef", "app::run"),
        ("app::run::hello", "app::run::hello"),
    ];
    for (name, counts) in cases {
        let frame = Frame {
            function: Some(name.to_owned()),
            ..Frame::default()
        };
        assert_eq!(normalised(&frame).as_deref(), Some(counts));
    }
}

#[test]
fn frames_of_giving_up_and_of_recursion_count_little() {
    let names = |text: &str| names(&Stack::of_gdb(text).unwrap());
    let text = "#0  raise ()\n#1  abort ()\n#2  f ()\n#3  f ()\n#4  f ()\n#5  main ()\n";
    assert_eq!(names(text), ["f", "main"]);
}
