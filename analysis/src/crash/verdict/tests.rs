use super::{
    super::{CrashAsked, CrashFacts, crashes, testing::*},
    *,
};
use crate::{crash::stack::Stack, process::ExitStatus};

fn crash(sightings: Vec<Sighting>, log: Vec<LogLine>) -> Crash {
    let facts = CrashFacts {
        sightings,
        log,
        ..CrashFacts::default()
    };
    let mut report = crashes(facts, &CrashAsked::default(), at(1_000_000));
    assert_eq!(report.crashes.len(), 1, "{report:#?}");
    report.crashes.remove(0)
}

fn verdict(sightings: Vec<Sighting>) -> (Cause, Certainty) {
    let verdict = crash(sightings, Vec::new()).verdict;
    assert!(!verdict.evidence.is_empty());
    (verdict.cause, verdict.certainty)
}

fn page_fault(address: &str, ip: &str, error: &str) -> Sighting {
    let line = format!("app[7]: segfault at {address} ip {ip} sp 00007ffc64d10f70 error {error}");
    kernel(0, &line)
}

#[test]
fn page_faults_are_told_apart() {
    let ip = "0000561cd99a4220";
    // (address, instruction, error, cause, certainty)
    let cases = [
        ("4", ip, "4", Cause::NullDereference, Inferred),
        ("fff8", ip, "6", Cause::NullDereference, Inferred),
        ("7ffc64d10f68", ip, "6", Cause::StackOverflow, Inferred),
        ("561cd99a5000", ip, "7", Cause::WriteToReadOnly, Measured),
        ("561cd99a5000", ip, "5", Cause::MemoryAccess, Measured),
        ("7f0012345678", ip, "4", Cause::BadAddress, Measured),
        ("0", "0", "14", Cause::JumpToNoCode, Measured),
        (
            "7ffc64d10f70",
            "7ffc64d10f70",
            "15",
            Cause::JumpToNoCode,
            Measured,
        ),
    ];
    for (address, ip, error, cause, certainty) in cases {
        let told = verdict(vec![page_fault(address, ip, error)]);
        assert_eq!(told, (cause, certainty), "{address} {error}");
    }
}

#[test]
fn traps_and_filters_are_told_apart() {
    let trap = |what: &str| {
        let line = format!("traps: app[7] {what} ip:561c sp:7ffc error:0 in app[561c+1000]");
        verdict(vec![kernel(0, &line)])
    };
    assert_eq!(trap("trap divide error"), (Cause::DivisionByZero, Measured));
    assert_eq!(
        trap("trap invalid opcode"),
        (Cause::IllegalInstruction, Measured)
    );
    assert_eq!(trap("trap int3"), (Cause::DeliberateTrap, Measured));
    assert_eq!(
        trap("general protection fault"),
        (Cause::BadAddress, Inferred)
    );
    let seccomp = "audit: type=1326 audit(1.2:3): auid=0 uid=0 gid=0 ses=1 pid=7 comm=\"app\" \
                   exe=\"/opt/app\" sig=31 arch=c000003e syscall=110 compat=0 ip=0x1 code=0x0";
    let crash = crash(vec![kernel(0, seccomp)], Vec::new());
    assert_eq!(crash.verdict.cause, Cause::ForbiddenSystemCall);
    assert_eq!(crash.system_call, Some(110));
}

#[test]
fn reasons_in_the_core_count() {
    // (signal, si_code, cause, certainty)
    let cases = [
        (7, 2, Cause::MappedFileGone, Inferred),
        (7, 4, Cause::HardwareMemory, Measured),
        (7, 1, Cause::Misaligned, Measured),
        (8, 1, Cause::DivisionByZero, Measured),
        (8, 3, Cause::Arithmetic, Measured),
        (31, 1, Cause::ForbiddenSystemCall, Measured),
        (6, -6, Cause::Abort, Measured),
        (11, 0, Cause::SentByProcess, Measured),
        (11, 0x80, Cause::BadAddress, Inferred),
    ];
    for (signal, reason, cause, certainty) in cases {
        let told = verdict(vec![core(0, 7, signal, reason)]);
        assert_eq!(told, (cause, certainty), "{signal} {reason}");
    }
}

/// The kernel sends these as if the process had sent them to itself.
#[test]
fn a_limit_that_is_reached_is_no_signal_of_somebody() {
    let sent_by = |signal: u8, reason: i32, pid: u32| {
        let mut core = core(0, 7, signal, reason);
        if let Seen::Core(core) = &mut core.seen {
            core.sender = Some(Sender { pid, uid: 0 });
        }
        verdict(vec![core])
    };
    for signal in [24, 25] {
        assert_eq!(sent_by(signal, 0, 7), (Cause::ResourceLimit, Measured));
        assert_eq!(sent_by(signal, 0, 8), (Cause::SentByProcess, Measured));
    }
    assert_eq!(sent_by(11, 0, 7), (Cause::SentByProcess, Measured));
}

#[test]
fn a_signal_alone_may_be_somebodys_kill() {
    let told = verdict(vec![stopped(0, "app.service", dumped(11))]);
    assert_eq!(told, (Cause::MemoryAccess, Inferred));
    let told = verdict(vec![stopped(0, "app.service", dumped(3))]);
    assert_eq!(told, (Cause::SentByProcess, Inferred));
    let code = ExitStatus::Exited { code: 134 };
    let told = verdict(vec![stopped(0, "app.service", code)]);
    assert_eq!(told, (Cause::Abort, Inferred));
}

#[test]
fn the_watchdog_is_no_fault_of_memory() {
    let told = verdict(vec![
        stopped(0, "app.service", dumped(6)),
        result(1, "app.service", "watchdog"),
    ]);
    assert_eq!(told, (Cause::Watchdog, Measured));
}

#[test]
fn last_words_say_why_it_gave_up() {
    let line = |message: &str, pid: u32| LogLine {
        at: at(-100),
        source: "app".to_owned(),
        pid: Some(pid),
        priority: Some(6),
        message: message.to_owned(),
    };
    // (words, cause)
    let cases = [
        (
            "app: a.c:25: main: Assertion `n==77' failed.",
            Cause::Assertion,
        ),
        (
            "free(): double free detected in tcache 2",
            Cause::HeapCorruption,
        ),
        (
            "*** stack smashing detected ***: terminated",
            Cause::StackSmashing,
        ),
        (
            "terminate called after throwing an instance of 'int'",
            Cause::UncaughtException,
        ),
        (
            "thread 'main' panicked at src/main.rs:2:5:",
            Cause::UncaughtException,
        ),
    ];
    for (words, cause) in cases {
        let crash = crash(vec![core(0, 7, 6, -6)], vec![line(words, 7)]);
        let verdict = crash.verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty),
            (cause, Inferred),
            "{words}"
        );
    }
    let others = crash(vec![core(0, 7, 6, -6)], vec![line(cases[0].0, 8)]);
    assert_eq!(
        others.verdict.cause,
        Cause::Abort,
        "another process wrote it"
    );
}

#[test]
fn a_debugger_makes_sure() {
    let mut crash = crash(vec![core(0, 7, 6, -6)], Vec::new());
    let stack = "#0  raise ()\n#1  abort ()\n#2  __assert_fail ()\n#3  main () at a.c:25\n";
    let examined = Examined {
        stack: Stack::of_gdb(stack),
        ..Examined::default()
    };
    conclude_examined(&mut crash, &examined);
    let verdict = &crash.verdict;
    assert_eq!(
        (verdict.cause, verdict.certainty),
        (Cause::Assertion, Measured)
    );

    let line = "traps: app[7] trap invalid opcode ip:561c sp:7ffc error:0";
    let mut crash = self::crash(vec![kernel(0, line)], Vec::new());
    let examined = Examined {
        instruction: Some("ud2".to_owned()),
        ..Examined::default()
    };
    conclude_examined(&mut crash, &examined);
    assert_eq!(crash.verdict.cause, Cause::DeliberateTrap);
}

#[test]
fn causes_have_the_names_of_the_json() {
    for cause in Cause::ALL {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
    }
}
