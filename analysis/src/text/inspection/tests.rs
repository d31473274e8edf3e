use chrono::{DateTime, FixedOffset};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    inspection::{
        EndFact, FileFact, Frame, InspectionFacts, LockFact, Mount, SocketFact, Stack, Stacks,
        SyscallFact, TaskFact, inspection,
        testing::{facts, file, named, waits},
    },
    limitation::Limitation,
    text::Language,
};

#[test]
fn a_process_fits_80_columns_in_both_languages() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        let text = inspection(blocked()).render(&page(&catalogue));
        for line in text.lines() {
            // Commands to copy are not broken.
            assert!(
                line.width() <= 80 || line.starts_with("    aiops"),
                "{line}"
            );
        }
        assert!(
            !text.contains("hunter2") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(!text.contains("inspect-"), "a message is missing: {text}");
        insta::assert_snapshot!(language.tag(), text);
    }
}

#[test]
fn every_storage_and_state_has_its_words() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for (function, _) in [
            ("nfs_wait", 0),
            ("fuse_get_req", 1),
            ("jbd2_x", 2),
            ("io_schedule", 3),
        ] {
            let mut facts = facts(vec![TaskFact {
                state: 'D',
                ..waits("read", [3, 0, 0, 0, 0, 0], function)
            }]);
            facts.files = vec![FileFact {
                mount: Some(Mount {
                    point: "/srv".to_owned(),
                    fs_type: "nfs4".to_owned(),
                    source: "files:/srv".to_owned(),
                    ..Mount::default()
                }),
                ..file(3, "/srv/a")
            }];
            let text = inspection(facts).render(&page(&catalogue));
            assert!(!text.contains("inspect-"), "a message is missing: {text}");
            assert!(text.contains("files:/srv"), "{text}");
        }
    }
}

/// A process with one of everything.
fn blocked() -> InspectionFacts {
    let worker = |tid| TaskFact {
        tid,
        comm: "worker".to_owned(),
        ..waits("futex", [0x7fff, 0, 0, 0, 0, 0], "futex_wait_queue")
    };
    let reader = TaskFact {
        tid: 20,
        syscall: Some(SyscallFact {
            name: Some("recvfrom"),
            arguments: [5, 0, 0, 0, 0, 0],
            ..SyscallFact::default()
        }),
        ..worker(20)
    };
    let main = waits("flock", [3, 2, 0, 0, 0, 0], "locks_lock_inode_wait");
    let mut facts = facts(vec![main, worker(8), worker(9), reader]);
    facts.locks = vec![
        LockFact {
            number: 1,
            kind: "FLOCK".to_owned(),
            is_write: true,
            process: Some(named(4)),
            inode: 99,
            ..LockFact::default()
        },
        LockFact {
            number: 1,
            kind: "FLOCK".to_owned(),
            is_waiting: true,
            is_write: true,
            process: Some(named(7)),
            inode: 99,
            line: "1: -> FLOCK ADVISORY WRITE 7 fe:00:99 0 EOF".to_owned(),
            ..LockFact::default()
        },
    ];
    facts.files = vec![
        file(0, "/dev/null"),
        file(1, "pipe:[5]"),
        FileFact {
            inode: Some(99),
            ..file(3, "/数据/应用\u{1b}[31m.lock")
        },
        FileFact {
            socket: Some(SocketFact {
                protocol: "tcp",
                local: "10.0.0.1:50000".to_owned(),
                peer: Some("10.0.0.2:5432".to_owned()),
                state: "ESTAB".to_owned(),
                ..SocketFact::default()
            }),
            ..file(5, "socket:[6]")
        },
    ];
    facts.files[1].is_readable = false;
    facts.files[1].is_writable = true;
    facts.ends = vec![EndFact {
        target: "pipe:[5]".to_owned(),
        process: named(44),
        is_writable: false,
    }];
    facts.children = vec![named(50), named(51), named(52), named(53), named(54)];
    facts.stacks = Some(stacks_of_gdb());
    let limit = |what: &str, why: &str| Limitation {
        what: what.to_owned(),
        why: why.to_owned(),
        count: 2,
    };
    facts.limits = vec![
        limit("python-frames", "no-py-spy"),
        limit("other-ends", "Permission denied (os error 13)"),
        limit("kernel-stack", "Operation not permitted (os error 1)"),
    ];
    facts
}

fn stacks_of_gdb() -> Stacks {
    let frame = |function: &str, file: Option<&str>, module: Option<&str>| Frame {
        function: Some(function.to_owned()),
        module: module.map(str::to_owned),
        file: file.map(str::to_owned),
        line: file.map(|_| 42),
    };
    Stacks {
        tool: Some("gdb".to_owned()),
        took_ms: 390,
        stacks: vec![
            Stack {
                tids: vec![7],
                frames: vec![
                    frame("flock", None, Some("/lib/x86_64-linux-gnu/libc.so.6")),
                    frame("take_lock", Some("/src/app.c"), None),
                    frame("main", Some("/src/app.c"), None),
                ],
            },
            Stack {
                tids: vec![8, 9],
                frames: vec![
                    frame("pthread_cond_wait", None, Some("/lib/libc.so.6")),
                    Frame::default(),
                ],
            },
        ],
        omitted_frames: 0,
    }
}

fn page(catalogue: &Catalogue) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(80),
        zone: FixedOffset::east_opt(8 * 3600).unwrap(),
        now: DateTime::UNIX_EPOCH,
    }
}
