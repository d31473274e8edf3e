use super::*;

#[test]
fn lines_are_read_as_kernels_write_them() {
    let cgroup = "/hist/rec/system.slice/hog.service";
    let chosen = |constraint, cgroup: &str, comm: &str| {
        Some(KernelLine::OomChosen {
            constraint,
            cgroup: cgroup.into(),
            comm: comm.into(),
            pid: 23056,
        })
    };
    let killed = |constraint, comm: &str, rss_kib: u64| {
        Some(KernelLine::OomKilled {
            constraint,
            pid: 23056,
            comm: comm.into(),
            rss_bytes: rss_kib << 10,
        })
    };
    let fault = |comm: &str| {
        Some(KernelLine::Fault {
            pid: 2736,
            comm: comm.into(),
        })
    };
    let cases = [
        (
            "memory: usage 20480kB, limit 20480kB, failcnt 44",
            Some(KernelLine::OomLimit {
                limit_bytes: 20 << 20,
            }),
        ),
        (
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,\
             oom_memcg=/hist/rec/system.slice/hog.service,\
             task_memcg=/hist/rec/system.slice/hog.service,task=tail,pid=23056,uid=0",
            chosen(OomConstraint::Cgroup, cgroup, "tail"),
        ),
        (
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,\
             global_oom,task_memcg=/system.slice/db.service,task=db,pid=23056,uid=7",
            chosen(OomConstraint::System, "/system.slice/db.service", "db"),
        ),
        (
            "Memory cgroup out of memory: Killed process 23056 (tail) total-vm:23004kB, \
             anon-rss:20224kB, file-rss:1656kB, shmem-rss:0kB, UID:0 pgtables:88kB \
             oom_score_adj:0",
            killed(OomConstraint::Cgroup, "tail", 21880),
        ),
        (
            "Out of memory: Killed process 23056 (db) total-vm:9kB, anon-rss:5kB, file-rss:2kB, \
             shmem-rss:1kB, UID:7 pgtables:88kB oom_score_adj:0",
            killed(OomConstraint::System, "db", 8),
        ),
        (
            "crasher[2736]: segfault at 0 ip 000055 sp 00007f error 6 in crasher[55+1000] likely on CPU 1",
            fault("crasher"),
        ),
        (
            "traps: crasher[2736] trap invalid opcode ip:55 sp:7f error:0 in crasher[55+1000]",
            fault("crasher"),
        ),
        (
            "traps: crasher[2736] general protection fault ip:55 sp:7f error:0",
            fault("crasher"),
        ),
        ("usb 1-1: new high-speed USB device number 2", None),
        (
            "oom_reaper: reaped process 23056 (tail), now anon-rss:0kB",
            None,
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(KernelLine::parse(line), expected, "{line}");
    }
}

#[test]
fn names_that_look_like_the_line_do_not_change_it() {
    // A process may call itself anything, in 15 bytes.
    let line = "Out of memory: Killed process 7 (x) total-vm:1kB) total-vm:9kB, anon-rss:5kB, \
                file-rss:0kB, shmem-rss:0kB";
    let Some(KernelLine::OomKilled {
        pid,
        comm,
        rss_bytes,
        ..
    }) = KernelLine::parse(line)
    else {
        panic!("not read");
    };
    assert_eq!(
        (pid, comm.as_str(), rss_bytes),
        (7, "x) total-vm:1kB", 5 << 10)
    );
    let line = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,\
                oom_memcg=/,task_memcg=/system.slice/a.service,task=a,pid=1,uid=0,pid=7,uid=5";
    let Some(KernelLine::OomChosen { pid, cgroup, .. }) = KernelLine::parse(line) else {
        panic!("not read");
    };
    assert_eq!((pid, cgroup.as_str()), (7, "/system.slice/a.service"));
    for forged in [
        "ann says: Out of memory: Killed process 7 (x) total-vm:9kB, anon-rss:5kB, file-rss:0kB",
        "a very long name of a driver[7]: segfault at ",
        "Out of memory: Killed process 7 (x) total-vm:9kB, anon-rss:99999999999999999999kB",
    ] {
        assert_eq!(KernelLine::parse(forged), None, "{forged}");
    }
}
