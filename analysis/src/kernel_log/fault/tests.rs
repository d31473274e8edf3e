use super::*;

/// A line of each kind, as Linux 6.18 and 4.19 wrote it.
#[test]
fn lines_of_real_crashes_are_read() {
    let read = |line: &str| {
        let fault = Fault::parse(line).unwrap();
        (fault.tid, fault.kind.clone(), fault)
    };
    let (tid, kind, fault) = read(
        "a[29434]: segfault at 4 ip 0000561cd99a4220 sp 00007ffc64d10f70 error 4 in \
         a[1220,561cd99a4000+1000] likely on CPU 0 (core 0, socket 0)",
    );
    let FaultKind::PageFault { address, error } = kind else {
        panic!("{kind:?}")
    };
    assert_eq!((tid, address), (29434, 4));
    assert!(!error.is_forbidden() && !error.is_write() && !error.is_instruction());
    assert_eq!(fault.stack_pointer, Some(0x7ffc64d10f70));
    let module = fault.module.unwrap();
    assert_eq!(
        (module.name.as_str(), module.file_offset),
        ("a", Some(0x1220))
    );
    assert_eq!(module.map_offset, Some(0x220));

    let (_, kind, fault) = read(
        "a[29453]: segfault at 0 ip 0000000000000000 sp 00007ffeab1a6f08 error 14 likely on CPU 0 \
         (core 0, socket 0)",
    );
    let FaultKind::PageFault { error, .. } = kind else {
        panic!("{kind:?}")
    };
    assert!(error.is_instruction() && fault.module.is_none());

    let (_, kind, fault) = read(
        "traps: a[29448] general protection fault ip:555a151702e4 sp:7fff9b453630 error:0 in \
         a[12e4,555a15170000+1000]",
    );
    assert_eq!(kind, FaultKind::GeneralProtection);
    assert_eq!(fault.instruction_pointer, Some(0x555a151702e4));
    for (what, kind) in [
        ("divide error", FaultKind::DivideError),
        ("invalid opcode", FaultKind::InvalidOpcode),
        ("int3", FaultKind::Breakpoint),
    ] {
        let line = format!("traps: a[1] trap {what} ip:561 sp:7ff error:0 in a[561000+1000]");
        assert_eq!(read(&line).1, kind);
    }
    let (tid, kind, fault) = read(
        "audit: type=1326 audit(1795290864.409:2): auid=4294967295 uid=0 gid=0 ses=4294967295 \
         pid=29496 comm=\"a\" exe=\"/opt/a\" sig=31 arch=c000003e syscall=110 compat=0 \
         ip=0x7f8183d15829 code=0x80000000",
    );
    let seccomp = FaultKind::Seccomp {
        signal: Signal(31),
        system_call: 110,
        architecture: 0xc000_003e,
    };
    assert_eq!((tid, kind), (29496, seccomp));
    assert_eq!(fault.exe.as_deref(), Some("/opt/a"));
    let (tid, kind, fault) = read(
        "audit: type=1701 audit(1.2:3): auid=0 uid=0 gid=0 ses=1 pid=7 comm=612062 \
         exe=\"/opt/a b\" sig=6 res=1",
    );
    let abort = FaultKind::AbnormalEnd {
        signal: Signal::ABRT,
    };
    assert_eq!((tid, kind, fault.comm.as_str()), (7, abort, "a b"));
}

#[test]
fn a_name_cannot_forge_another_process() {
    let line = "x[1]: segfault[77]: segfault at 0 ip 0 sp 0 error 4";
    assert_eq!(Fault::parse(line).map(|fault| fault.tid), Some(77));
    let line = "traps: a[1] trap int3[7] trap divide error ip:561 sp:7ff error:0 in b[561+1000]";
    assert_eq!(Fault::parse(line).map(|fault| fault.tid), Some(7));
    for line in [
        "",
        "]: segfault at ",
        "traps: ",
        "audit: type=1326 pid=",
        "a[1]: segfault at zz ip",
    ] {
        assert_eq!(Fault::parse(line), None, "{line:?}");
    }
}
