//! The program ends when it is told to, whatever hangs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{fs, process::Stdio, sync::Arc, time::Duration};

use support::{
    authority::{Authority, Life},
    joined, soon,
};
use tokio::process::Command;

#[tokio::test]
async fn a_journal_that_hangs_does_not_keep_the_agent_from_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let (state, journal) = (folder.path().join("state"), folder.path().join("journal"));
    fs::create_dir(&journal).unwrap();
    // Nobody ever writes to it, so that opening it never ends.
    let pipe = journal.join("system.journal");
    let made = Command::new("mkfifo").arg(pipe).status().await.unwrap();
    assert!(made.success());
    joined(&state, &Arc::new(Authority::new()), Life::WEEK, Vec::new());
    let config = format!(
        "state_dir = {state:?}\n[sources]\nprocess = 'off'\ndbus = false\n\
         [journal]\ndirectory = {journal:?}\n"
    );
    fs::write(folder.path().join("agent.toml"), config).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_aiops-agent"))
        .args(["run", "--config"])
        .arg(folder.path().join("agent.toml"))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    soon("the agent runs", async {
        while !state.join("status.json").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;

    let pid = agent.id().unwrap().to_string();
    let told = Command::new("kill").arg(pid).status().await.unwrap();
    assert!(told.success());
    let ended = soon("the agent ends", agent.wait()).await;
    assert!(ended.unwrap().success());
}
