//! Process facts: of trees that a test wrote, and of the real procfs.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use analysis::process_tree::ProcessFacts;
use collect::{
    CollectError,
    host::Host,
    process::{CommandLine, Procfs, State, Withheld},
};
use rustix::{
    param::page_size,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use tempfile::TempDir;

fn write_process(root: &Path, pid: u32, parent: u32, comm: &str, state: char) {
    let directory = root.join(pid.to_string());
    fs::create_dir(&directory).unwrap();
    let write = |file: &str, text: &[u8]| fs::write(directory.join(file), text).unwrap();
    let stat =
        format!("{pid} ({comm}) {state} {parent} 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 900 0 5 0\n");
    write("stat", stat.as_bytes());
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let name = own.lines().next().unwrap();
    write("status", own.replace(name, "Name:\tx").as_bytes());
    write("loginuid", b"4294967295");
    write("sessionid", b"7");
    write("cgroup", b"0::/system.slice/db.service\n");
    write("cmdline", b"db\0--data\0\0/x y\0");
}

fn tree() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("uptime"), "1 1").unwrap();
    fs::create_dir(root.path().join("sys")).unwrap();
    write_process(root.path(), 1, 0, "systemd", 'S');
    write_process(root.path(), 30, 1, "sshd", 'S');
    write_process(root.path(), 31, 30, "bash", 'S');
    write_process(root.path(), 32, 31, "systemctl", 'D');
    root
}

/// Makes a file a pipe that nobody writes: to open it hangs.
fn hang(file: &Path) {
    fs::remove_file(file).unwrap();
    let status = Command::new("mkfifo").arg(file).status().unwrap();
    assert!(status.success());
}

fn withheld(procfs: &Procfs, pid: u32) -> Option<Withheld> {
    match procfs.details(pid).unwrap().command_line {
        CommandLine::Withheld(why) => Some(why),
        CommandLine::Arguments { .. } => None,
    }
}

#[test]
fn a_scan_finds_processes_and_nothing_else() {
    let root = tree();
    // A process that is gone when its file is opened, and one whose file is damaged.
    fs::create_dir(root.path().join("40")).unwrap();
    fs::create_dir(root.path().join("41")).unwrap();
    fs::write(root.path().join("41/stat"), "41 (x").unwrap();
    let mut found = Vec::new();
    Procfs::at(root.path()).scan(&mut found).unwrap();
    found.sort_by_key(|stat| stat.pid);
    let pids: Vec<_> = found.iter().map(|stat| stat.pid).collect();
    assert_eq!(pids, [1, 30, 31, 32]);
}

#[test]
fn details_of_a_process_are_all_there() {
    let root = tree();
    let details = Procfs::at(root.path()).details(31).unwrap();
    assert_eq!(details.login_uid, None);
    assert_eq!(details.session, Some(7));
    assert_eq!(details.placement.unit.unwrap().as_str(), "db.service");
    let argv = ["db", "--data", "", "/x y"].map(str::to_owned).to_vec();
    let expected = CommandLine::Arguments {
        argv,
        truncated: false,
    };
    assert_eq!(details.command_line, expected);
}

#[test]
fn ancestors_are_named_nearest_first_without_process_1() {
    let root = tree();
    assert_eq!(Procfs::at(root.path()).ancestors(32), ["bash", "sshd"]);
}

#[test]
fn a_process_that_is_not_there_is_gone() {
    let root = tree();
    let outcome = Procfs::at(root.path()).details(99);
    assert!(matches!(outcome, Err(CollectError::Gone(99))));
}

#[test]
fn memory_of_a_process_that_cannot_be_interrupted_is_left_alone() {
    let root = tree();
    let procfs = Procfs::at(root.path());
    assert_eq!(withheld(&procfs, 32), Some(Withheld::Uninterruptible));
}

#[test]
fn a_command_line_that_hangs_costs_its_deadline_and_after_four_nothing() {
    let root = tree();
    hang(&root.path().join("31/cmdline"));
    let procfs = Procfs::at(root.path()).with_deadline(Duration::from_millis(20));
    for _ in 0..4 {
        assert_eq!(withheld(&procfs, 31), Some(Withheld::Deadline));
    }
    assert_eq!(withheld(&procfs, 31), Some(Withheld::TooManyStuck));
    assert_eq!(
        withheld(&procfs, 30),
        Some(Withheld::TooManyStuck),
        "whoever it is"
    );
}

fn tree_facts(procfs: &Procfs) -> ProcessFacts {
    procfs.tree_facts(&mut Host::at("/").users()).unwrap()
}

fn limits(facts: &ProcessFacts) -> Vec<(&str, &str, u32)> {
    let limits = facts.limits.iter();
    limits
        .map(|limit| (limit.what.as_str(), limit.why.as_str(), limit.count))
        .collect()
}

#[test]
fn facts_of_the_tree_say_what_they_do_without() {
    let root = tree();
    // A process that is gone when it is looked at.
    fs::create_dir(root.path().join("40")).unwrap();
    symlink("/usr/sbin/sshd (deleted)", root.path().join("30/exe")).unwrap();
    fs::remove_file(root.path().join("31/cgroup")).unwrap();
    let facts = tree_facts(&Procfs::at(root.path()));
    let mut processes = facts.processes.clone();
    processes.sort_by_key(|fact| fact.process.pid);
    let pids: Vec<_> = processes.iter().map(|fact| fact.process.pid).collect();
    assert_eq!(pids, [1, 30, 31, 32]);
    let sshd = &processes[1];
    assert_eq!(sshd.deleted_program.as_deref(), Some("/usr/sbin/sshd"));
    assert_eq!(sshd.unit.as_ref().unwrap().as_str(), "db.service");
    assert_eq!(sshd.argv, ["db", "--data", "", "/x y"]);
    assert_eq!(
        (sshd.parent_pid, sshd.state, sshd.cpu_ns),
        (1, 'S', 30_000_000)
    );
    assert_eq!(
        processes[2].unit, None,
        "it ended before its cgroup was read"
    );
    assert_eq!(processes[3].argv.len(), 0, "uninterruptible");
    assert_eq!(limits(&facts), [("argv", "uninterruptible", 1)]);
}

#[test]
fn a_tree_is_read_around_command_lines_that_hang() {
    let root = tree();
    for pid in 100..110 {
        write_process(root.path(), pid, 1, "hangs", 'S');
        hang(&root.path().join(format!("{pid}/cmdline")));
    }
    write_process(root.path(), 200, 1, "last", 'S');
    let procfs = Procfs::at(root.path()).with_deadline(Duration::from_millis(20));
    let facts = tree_facts(&procfs);
    assert_eq!(
        facts.processes.len(),
        15,
        "all are there, but for their command lines"
    );
    // What else has no command line depends on the order in which the directory is listed.
    let missing = |why: &str| {
        limits(&facts)
            .iter()
            .find(|limit| limit.1 == why)
            .map(|limit| limit.2)
    };
    assert_eq!(missing("deadline"), Some(4));
    assert!(missing("too-many-stuck") >= Some(6), "{:?}", facts.limits);
}

/// Takes the address space for another thread from this process, which is of this test alone.
fn leave_no_room_for_a_thread() {
    const LESS_THAN_A_STACK: u64 = 1024 * 1024;
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let limit = Rlimit {
        current: Some(pages * page_size() as u64 + LESS_THAN_A_STACK),
        ..getrlimit(Resource::As)
    };
    setrlimit(Resource::As, limit).unwrap();
}

#[test]
fn a_tree_is_read_without_command_lines_where_there_is_no_thread() {
    let root = tree();
    let procfs = Procfs::at(root.path());
    leave_no_room_for_a_thread();
    let facts = tree_facts(&procfs);
    assert_eq!(facts.processes.len(), 4);
    assert!(limits(&facts).contains(&("argv", "no-thread", 3)));
}

#[test]
fn a_tree_without_process_1_is_of_a_procfs_that_hides() {
    let root = tree();
    fs::remove_dir_all(root.path().join("1")).unwrap();
    let facts = tree_facts(&Procfs::at(root.path()));
    assert!(limits(&facts).contains(&("processes", "hidepid", 1)));
}

#[test]
fn the_tree_of_this_machine_has_this_test_below_its_parent() {
    let sleeper = Sleeper::start();
    let facts = tree_facts(&Procfs::at("/proc"));
    let of = |pid: u32| {
        let mut all = facts.processes.iter();
        all.find(|fact| fact.process.pid == pid).unwrap()
    };
    let (me, child) = (of(std::process::id()), of(sleeper.0.id()));
    assert_eq!(child.parent_pid, me.process.pid);
    assert_eq!(child.argv, ["sleep", "1000"]);
    assert_eq!(child.uid, Some(rustix::process::geteuid().as_raw()));
    // 0 for both where the leader of the session is outside of this PID
    // namespace.
    assert_eq!(child.session, me.session);
    assert_eq!(child.deleted_program, None);
}

struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let child = Command::new("sleep")
            .arg("1000")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_process_is_found_with_its_real_facts() {
    let sleeper = Sleeper::start();
    let pid = sleeper.0.id();
    let procfs = Procfs::at("/proc");
    let mut found = Vec::new();
    procfs.scan(&mut found).unwrap();
    let stat = found.into_iter().find(|stat| stat.pid == pid).unwrap();
    assert_eq!(stat.parent_pid, std::process::id());
    assert!(stat.threads == 1 && stat.start_ns > 0, "{stat:?}");
    let details = procfs.details(pid).unwrap();
    assert_eq!(details.stat.id(), stat.id());
    assert_ne!(details.stat.state, State::Zombie);
    assert_eq!(details.uid, rustix::process::getuid().as_raw());
    assert_eq!(details.pid_in_namespace, Some(pid));
    let argv = vec!["sleep".to_owned(), "1000".to_owned()];
    assert_eq!(
        details.command_line,
        CommandLine::Arguments {
            argv,
            truncated: false
        }
    );
    drop(sleeper);
    assert!(matches!(procfs.details(pid), Err(CollectError::Gone(_))));
}
