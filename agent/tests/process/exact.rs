//! 20,000 short processes: none lost, none wrong.

use std::process::Command;

use crate::support::{
    Ends, best_way, die_of, ends_of_children, exit_group, fork, forks, gaps, wait, watch,
};
use agent::process::Way;

const FORKED: u32 = 18_500;
const EXECUTED: u32 = 1_500;
const AT_ONCE: usize = 50;
/// Signals 1 to 15, all of which end a process by default.
const SIGNALS: u32 = 15;

#[test]
fn no_process_is_lost_and_no_end_is_wrong() {
    let (ends, events) = watch(best_way(), short_processes);
    if best_way().is_none() && !gaps(&events).is_empty() {
        return; // A fall-back may lose, if it says so.
    }
    assert_eq!(gaps(&events), Vec::<&analysis::event::Gap>::new());
    assert_same(&ends, &ends_of_children(&events));
    let own = std::process::id();
    let forked = forks(&events).filter(|fork| fork.parent_pid == own).count();
    assert_eq!(forked as u32, FORKED + EXECUTED);
}

#[test]
fn the_process_connector_sees_the_same_or_declares_a_loss() {
    let (ends, events) = watch(Some(Way::ProcConnector), short_processes);
    if gaps(&events).is_empty() {
        assert_same(&ends, &ends_of_children(&events));
    }
}

/// Makes the processes, some at a time. Returns what `wait` said.
fn short_processes() -> Ends {
    let mut ends = Ends::new();
    for first in (0..FORKED).step_by(AT_ONCE) {
        let numbers = first..FORKED.min(first + AT_ONCE as u32);
        wait_for_all(numbers.map(|number| fork(|| end_as(number))), &mut ends);
    }
    for first in (0..EXECUTED).step_by(AT_ONCE) {
        let numbers = first..EXECUTED.min(first + AT_ONCE as u32);
        wait_for_all(numbers.map(run_shell), &mut ends);
    }
    ends
}

fn wait_for_all(pids: impl Iterator<Item = u32>, ends: &mut Ends) {
    let pids: Vec<u32> = pids.collect();
    for pid in pids {
        ends.entry(pid).or_default().push(Some(wait(pid)));
    }
}

/// Every exit code from 0 to 255, and between them signals.
fn end_as(number: u32) {
    if number.is_multiple_of(4) {
        no_core_file();
        die_of((number / 4 % SIGNALS + 1).cast_signed());
    }
    exit_group((number % 256).cast_signed());
}

/// Starts a program that ends with a code or a signal.
fn run_shell(number: u32) -> u32 {
    let script = match number % 4 {
        0 => format!("kill -{} $$", [1, 9, 15][number as usize / 4 % 3]),
        _ => format!("exit {}", number % 256),
    };
    // Waited for by its number, for the kernel's own status.
    Command::new("sh")
        .args(["-c", &script])
        .spawn()
        .unwrap()
        .id()
}

fn no_core_file() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
}

/// Compares without printing 20,000 lines.
fn assert_same(waited: &Ends, seen: &Ends) {
    let wrong = |(pid, ends): &(&u32, &Vec<_>)| seen.get(*pid) != Some(*ends);
    let wrong: Vec<_> = waited
        .iter()
        .filter(wrong)
        .map(|(pid, ends)| (pid, ends, seen.get(pid)))
        .take(10)
        .collect();
    assert!(wrong.is_empty(), "(pid, waited, seen): {wrong:?}");
    assert_eq!(waited.len(), seen.len());
}
