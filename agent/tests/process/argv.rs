//! What an exec tells.

use std::process::Command;

use crate::support::{Collected, best_way, execs, options, started, watch};

#[test]
fn secrets_do_not_leave_the_host_in_arguments() {
    let ((), events) = watch(best_way(), || {
        let script = "true --token hunter2";
        let command = ["-c", script, "app", "--password=hunter2", "--user", "me"];
        assert!(Command::new("sh").args(command).status().unwrap().success());
    });
    let own = std::process::id();
    let exec = execs(&events).find(|exec| exec.parent_pid == own).unwrap();
    let expected = [
        "sh",
        "-c",
        "true --token [scrubbed]",
        "app",
        "--password=[scrubbed]",
        "--user",
        "me",
    ];
    assert_eq!(exec.argv, expected);
    assert!(!exec.argv_truncated);
}

#[test]
fn long_arguments_are_cut_and_the_environment_is_never_read() {
    let long = "x".repeat(3000);
    let ((), events) = watch(best_way(), || {
        let mut command = Command::new("true");
        assert!(
            command
                .arg(&long)
                .env("CANARY", "bird")
                .status()
                .unwrap()
                .success()
        );
        let mut command = Command::new("true");
        assert!(command.env("CANARY", "bird").status().unwrap().success());
    });
    let own = std::process::id();
    let seen: Vec<_> = execs(&events)
        .filter(|exec| exec.parent_pid == own)
        .collect();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].argv_truncated);
    assert!((256..1100).contains(&seen[0].argv.concat().len()));
    assert_eq!(
        (&seen[1].argv[..], seen[1].argv_truncated),
        (&["true".to_owned()][..], false)
    );
    assert!(!format!("{seen:?}").contains("CANARY"));
}

#[test]
fn who_asks_systemd_is_told_with_its_ancestors() {
    let folder = tempfile::tempdir().unwrap();
    let systemctl = folder.path().join("systemctl");
    std::os::unix::fs::symlink("/bin/true", &systemctl).unwrap();
    let collected = Collected::default();
    let (running, _) = started(&options(best_way()), collected.clone());
    // `:` keeps the shell from becoming systemctl itself.
    let script = format!("{} restart nginx; :", systemctl.display());
    let shell = Command::new("sh").args(["-c", &script]).status().unwrap();
    assert!(shell.success());
    running.stop().unwrap();
    let execs = collected.execs.lock().unwrap();
    let path = systemctl.to_str().unwrap();
    let seen = execs
        .iter()
        .find(|seen| seen.event.argv[0] == path)
        .unwrap();
    assert_eq!(seen.event.argv[1..], ["restart", "nginx"]);
    assert_eq!(seen.ancestors[0], "sh");
    assert!(seen.ancestors.len() >= 2, "{:?}", seen.ancestors);
}
