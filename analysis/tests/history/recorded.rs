//! Journals that real hosts (systemd 252) wrote, and what the history says about them: each case
//! was made to happen once, and recorded with `journalctl -o json`.

use crate::support::{events, journal, told};

macro_rules! told_of {
    ($name:literal) => {
        told(&events(&journal(include_str!(concat!(
            "../journals/",
            $name,
            ".jsonl"
        )))))
    };
}

#[test]
fn a_restart_by_an_operator_is_manual() {
    assert_eq!(
        told_of!("restart"),
        [
            "ok ready",
            "ok stops",
            "ok stopped: manual inferred [success, restart job]",
            "ok ready, asked by somebody",
        ]
    );
}

#[test]
fn a_stop_by_an_operator_is_manual() {
    assert_eq!(
        told_of!("stop_root"),
        [
            "ok stops",
            "ok stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn sudo_says_who_but_only_roughly() {
    assert_eq!(
        told_of!("restart_sudo"),
        [
            "ok stops",
            "ok stopped: manual inferred by ann [success, restart job, asked by ann]",
            "ok ready, asked by ann",
        ]
    );
}

#[test]
fn the_note_of_the_agent_comes_late_and_says_who() {
    assert_eq!(
        told_of!("restart_noted"),
        [
            "ok stops",
            "ok stopped: manual inferred [success, restart job]",
            "ok ready, asked by somebody",
            "restart of ok asked by ann",
            "ok revised: manual measured by ann [success, restart job, asked by ann]",
        ]
    );
}

#[test]
fn a_package_manager_above_systemctl_makes_it_an_upgrade() {
    assert_eq!(
        told_of!("restart_dpkg"),
        [
            "ok stops",
            "ok stopped: manual inferred [success, restart job]",
            "ok ready, asked by somebody",
            "restart of ok asked by ann",
            "ok revised: package-upgrade measured by ann [success, restart job, asked by ann]",
        ]
    );
}

#[test]
fn a_unit_that_says_when_it_is_ready_starts_first() {
    assert_eq!(
        told_of!("notify_ready"),
        [
            "ready starts",
            "ready ready",
            "ready stops",
            "ready stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn a_reload_is_no_restart() {
    assert_eq!(told_of!("reload"), [""; 0]);
}

#[test]
fn a_fault_is_a_signal_and_systemd_restarts() {
    assert_eq!(
        told_of!("segv"),
        [
            "segv ready",
            "segv stopped: signal measured SIGSEGV [signal, ExecStart SIGSEGV]",
            "segv will restart, 1",
            "segv ready, restart 1",
            "segv stops",
            "segv stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn kill_9_is_a_signal() {
    assert_eq!(
        told_of!("kill_9"),
        [
            "ready starts",
            "ready ready",
            "ready stopped: signal measured SIGKILL [signal, ExecStart SIGKILL]",
        ]
    );
}

#[test]
fn systemctl_kill_leaves_its_line() {
    assert_eq!(
        told_of!("systemctl_kill"),
        [
            "ready starts",
            "ready ready",
            r#"ready stopped: signal measured SIGKILL [signal, ExecStart SIGKILL, "ready.service: Sent signal SIGKILL to main process 340 (sleep) on client request."]"#,
        ]
    );
}

#[test]
fn an_exit_code_is_one() {
    assert_eq!(
        told_of!("exit_code"),
        [
            "exit3 ready",
            "exit3 stopped: exit-code measured exit 3 [exit-code, ExecStart exit 3]",
        ]
    );
}

#[test]
fn a_memory_limit_is_an_oom_kill() {
    assert_eq!(
        told_of!("oom_cgroup"),
        [
            "hog ready",
            "oom killed tail of hog at Some(20971520)",
            "hog stopped: oom-cgroup measured SIGKILL [oom-kill, ExecStart SIGKILL, oom line Some(20971520)]",
        ]
    );
}

#[test]
fn a_killed_child_that_may_die_is_no_reason() {
    assert_eq!(
        told_of!("oom_child"),
        [
            "child-oom ready",
            "oom killed tail of child-oom at Some(20971520)",
            "child-oom stopped: clean inferred [success, oom notice]",
        ]
    );
}

#[test]
fn a_missed_watchdog_is_no_signal() {
    assert_eq!(
        told_of!("watchdog"),
        [
            "dog starts",
            "dog ready",
            r#"dog stopped: watchdog measured SIGABRT [watchdog, ExecStart SIGABRT, "dog.service: Watchdog timeout (limit 1s)!"]"#,
        ]
    );
}

#[test]
fn a_start_that_takes_too_long_is_a_timeout() {
    assert_eq!(
        told_of!("start_timeout"),
        [
            "slowstart starts",
            r#"slowstart failed: timeout measured [timeout, "slowstart.service: start operation timed out. Terminating."]"#,
        ]
    );
}

#[test]
fn a_stop_that_takes_too_long_is_a_timeout() {
    assert_eq!(
        told_of!("stop_timeout"),
        [
            "slowstop ready",
            "slowstop stops",
            r#"slowstop stopped: timeout measured SIGKILL [timeout, ExecStart SIGKILL, "slowstop.service: State 'stop-sigterm' timed out. Killing.", stop job]"#,
        ]
    );
}

#[test]
fn a_failing_command_before_the_start_fails_the_start() {
    assert_eq!(
        told_of!("start_pre"),
        [
            "pre starts",
            "pre failed: exit-code measured [exit-code, ExecStartPre exit 7]",
        ]
    );
}

#[test]
fn a_missing_program_started_and_exited() {
    assert_eq!(
        told_of!("missing"),
        [
            "missing ready",
            "missing stopped: exit-code measured exit 203 [exit-code, ExecStart exit 203]",
        ]
    );
}

#[test]
fn systemd_gives_up_at_the_start_limit() {
    assert_eq!(
        told_of!("start_limit"),
        [
            "loop ready",
            "loop stopped: exit-code measured exit 5 [exit-code, ExecStart exit 5]",
            "loop will restart, 1",
            "loop ready, restart 1",
            "loop stopped: exit-code measured exit 5 [exit-code, ExecStart exit 5]",
            "loop will restart, 2",
            "loop ready, restart 2",
            "loop stopped: exit-code measured exit 5 [exit-code, ExecStart exit 5]",
            "loop will restart, 3",
            r#"loop failed (no run): exit-code inferred ["loop.service: Start request repeated too quickly.", exit-code]"#,
        ]
    );
}

#[test]
fn a_failing_task_never_was_ready() {
    assert_eq!(
        told_of!("oneshot_fail"),
        [
            "badtask starts",
            "badtask failed: exit-code measured exit 9 [exit-code, ExecStart exit 9]",
        ]
    );
}

#[test]
fn a_stop_takes_along_what_needs_the_unit() {
    assert_eq!(
        told_of!("dependency_stop"),
        [
            "base ready",
            "rider ready",
            "bound ready",
            "bound stops",
            "rider stops",
            "rider stopped: manual inferred [success, stop job]",
            "bound stopped: manual inferred [success, stop job]",
            "base stops",
            "bound revised: dependency inferred [success, stop job, base stopped]",
            "rider revised: dependency inferred [success, stop job, base stopped]",
            "base stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn a_failure_takes_along_only_what_is_bound() {
    assert_eq!(
        told_of!("dependency_bound_kill"),
        [
            "base ready",
            "bound ready",
            "rider ready",
            "base stopped: signal measured SIGKILL [signal, ExecStart SIGKILL]",
            "bound stops",
            "bound stopped: dependency inferred [success, stop job, base stopped]",
            "rider stops",
            "rider stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn a_restart_takes_along_what_needs_the_unit() {
    assert_eq!(
        told_of!("dependency_restart"),
        [
            "base ready",
            "rider ready",
            "bound ready",
            "bound stops",
            "rider stops",
            "rider stopped: manual inferred [success, restart job]",
            "bound stopped: manual inferred [success, restart job]",
            "base stops",
            "bound revised: dependency inferred [success, restart job, base stopped]",
            "rider revised: dependency inferred [success, restart job, base stopped]",
            "base stopped: manual inferred [success, restart job]",
            "base ready, asked by somebody",
            "bound ready",
            "rider ready",
            "bound stops",
            "rider stops",
            "bound stopped: dependency inferred [success, stop job, base stopped]",
            "rider stopped: dependency inferred [success, stop job, base stopped]",
            "base stops",
            "base stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn a_failed_dependency_is_no_run() {
    assert_eq!(
        told_of!("dependency_failed_start"),
        [
            "badbase starts",
            "badbase failed: exit-code measured exit 1 [exit-code, ExecStart exit 1]",
            r#"needsbad failed (no run): dependency measured ["Dependency failed for needsbad.service.", badbase stopped]"#,
        ]
    );
}

#[test]
fn a_unit_that_was_skipped_never_ran() {
    assert_eq!(told_of!("condition"), [""; 0]);
}

#[test]
fn a_program_that_is_done_is_clean() {
    assert_eq!(
        told_of!("clean"),
        ["clean ready", "clean stopped: clean inferred [success]",]
    );
}

#[test]
fn a_clean_end_may_be_restarted_too() {
    assert_eq!(
        told_of!("clean_restart"),
        [
            "always ready",
            "always stopped: clean inferred [success]",
            "always will restart, 1",
            "always ready, restart 1",
            "always stopped: clean inferred [success]",
            "always will restart, 2",
            "always ready, restart 2",
            "always stops",
            "always stopped: manual inferred [success, stop job]",
        ]
    );
}

#[test]
fn a_task_is_done_before_it_is_ready() {
    assert_eq!(
        told_of!("oneshot"),
        [
            "task starts",
            "task stopped: clean inferred [success]",
            "task ready",
        ]
    );
}

#[test]
fn a_reboot_is_announced() {
    assert_eq!(
        told_of!("reboot"),
        [
            "ok ready",
            "multi-user stopped: reboot measured [stop job, boot ended, orderly true]",
            "systemd-tmpfiles-clean stopped: clean inferred [success]",
            "systemd-tmpfiles-clean revised: reboot measured [success, stop job, boot ended, orderly true]",
            "dbus stops",
            "ok stops",
            "dbus stopped: reboot measured [success, stop job, boot ended, orderly true]",
            "ok stopped: reboot measured [success, stop job, boot ended, orderly true]",
            "tmp stops",
            "tmp stopped: reboot measured [success, stop job, boot ended, orderly true]",
            "shutdown ready",
            "booted, orderly Some(true)",
            "systemd-journal-flush starts, boot",
            "systemd-journal-flush ready, boot",
            "systemd-tmpfiles-clean ready, boot",
            "dbus starts, boot",
            "dbus ready, boot",
            "multi-user ready, boot",
            "ok ready",
        ]
    );
}

#[test]
fn a_reboot_that_nobody_announced_is_known_by_its_targets() {
    assert_eq!(
        told_of!("reboot_isolated"),
        [
            "ok ready",
            "before ready",
            "before stops",
            "before stopped: manual inferred [success, stop job]",
            "multi-user stopped: unknown unknown [stop job]",
            "before revised: unknown unknown [success, stop job]",
            "systemd-tmpfiles-clean stopped: clean inferred [success]",
            "systemd-tmpfiles-clean revised: unknown unknown [success, stop job]",
            "dbus stops",
            "ok stops",
            "dbus stopped: unknown unknown [success, stop job]",
            "ok stopped: manual inferred [success, stop job]",
            "tmp stops",
            "tmp stopped: unknown unknown [success, stop job]",
            "umount ready",
            "tmp revised: reboot measured [success, stop job, boot ended, orderly true]",
            "shutdown ready",
            "dbus revised: reboot measured [success, stop job, boot ended, orderly true]",
            "multi-user revised: reboot measured [stop job, boot ended, orderly true]",
            "ok revised: reboot measured [success, stop job, boot ended, orderly true]",
            "systemd-tmpfiles-clean revised: reboot measured [success, stop job, boot ended, orderly true]",
            "reboot ready",
            "booted, orderly Some(true)",
            "systemd-tmpfiles-clean ready, boot",
            "dbus starts, boot",
            "dbus ready, boot",
            "multi-user ready, boot",
            "ok ready",
        ]
    );
}

#[test]
fn a_power_cut_is_not() {
    assert_eq!(
        told_of!("power_cut"),
        [
            "ok ready",
            "booted, orderly Some(false)",
            "systemd-journal-flush starts, boot",
            "systemd-journal-flush ready, boot",
            "systemd-tmpfiles-clean ready, boot",
            "dbus starts, boot",
            "dbus ready, boot",
            "multi-user ready, boot",
            "ok ready",
        ]
    );
}
