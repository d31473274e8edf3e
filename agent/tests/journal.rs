//! What the journal tells arrives once, whatever happens to the agent in between. The journals are
//! real files, made with the package systemd-journal-remote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::Arc,
};

use agent::config::Config;
use analysis::{cause::StopCause, event::Fact};
use support::{
    Running,
    authority::{Authority, Life},
    joined,
    made_journal::{MadeJournal, failed, started},
    quiet,
    stream::{Stored, StreamServer},
};
use tempfile::TempDir;

struct Scene {
    server: StreamServer,
    journal: MadeJournal,
    state: TempDir,
}

impl Scene {
    async fn new(journal: MadeJournal) -> Self {
        let authority = Arc::new(Authority::new());
        let server = StreamServer::start(Arc::clone(&authority)).await;
        let state = tempfile::tempdir().unwrap();
        joined(
            state.path(),
            &authority,
            Life::WEEK,
            vec![server.address.clone()],
        );
        Self {
            server,
            journal,
            state,
        }
    }

    fn config(&self) -> Config {
        let mut config = quiet(self.state.path());
        config.sources.journal = true;
        config.journal.directory = Some(self.journal.path().to_owned());
        config
    }
}

/// What the units did, in order: the name, and the cause if it stopped.
fn told(stored: &Stored) -> Vec<(String, Option<StopCause>)> {
    let facts = stored.events.iter().filter_map(|event| match &event.fact {
        Fact::UnitStarted(started) => Some((started.unit.stem().to_owned(), None)),
        Fact::UnitStopped(stopped) => {
            Some((stopped.unit.stem().to_owned(), Some(stopped.stop.cause)))
        }
        _ => None,
    });
    facts.collect()
}

fn gaps(stored: &Stored) -> usize {
    let is_gap = |fact: &Fact| matches!(fact, Fact::Gap(gap) if gap.source == "journal");
    stored
        .events
        .iter()
        .filter(|event| is_gap(&event.fact))
        .count()
}

#[tokio::test]
async fn an_agent_that_was_away_tells_what_happened_meanwhile_and_nothing_twice() {
    let Some(journal) = MadeJournal::of(0, &[started("a"), failed("a"), started("b")].concat())
    else {
        return;
    };
    let scene = Scene::new(journal).await;
    let agent = Running::start(scene.config());
    scene
        .server
        .until("three facts", |stored| told(stored).len() == 3)
        .await;
    agent.stop().await;

    scene
        .journal
        .append(60, &[failed("b"), started("c")].concat());
    let agent = Running::start(scene.config());
    let stored = scene
        .server
        .until("five facts", |stored| told(stored).len() >= 5)
        .await;
    agent.stop().await;

    let expected = [
        ("a", false),
        ("a", true),
        ("b", false),
        ("b", true),
        ("c", false),
    ]
    .map(|(unit, stopped)| (unit.to_owned(), stopped.then_some(StopCause::ExitCode)));
    assert_eq!(told(&stored), expected);
    assert_eq!(told(&scene.server.stored.borrow()), expected);
    assert_eq!(gaps(&stored), 0);
}

#[tokio::test]
async fn a_spool_that_was_wiped_is_filled_again_from_the_servers_cursor() {
    let Some(journal) = MadeJournal::of(0, &[started("a"), failed("a")].concat()) else {
        return;
    };
    let scene = Scene::new(journal).await;
    let agent = Running::start(scene.config());
    scene
        .server
        .until("two facts", |stored| told(stored).len() == 2)
        .await;
    agent.stop().await;

    fs::remove_dir_all(scene.state.path().join("spool")).unwrap();
    scene.journal.append(60, &started("b"));
    let agent = Running::start(scene.config());
    let stored = scene
        .server
        .until("three facts", |stored| told(stored).len() >= 3)
        .await;
    agent.stop().await;

    assert_eq!(
        stored.hellos.last().map(|hello| hello.epoch),
        Some(0),
        "the spool was empty"
    );
    let units: Vec<String> = told(&scene.server.stored.borrow())
        .into_iter()
        .map(|(unit, _)| unit)
        .collect();
    assert_eq!(units, ["a", "a", "b"]);
}

#[tokio::test]
async fn a_journal_that_was_vacuumed_leaves_a_gap() {
    let Some(journal) = MadeJournal::of(0, &started("a")) else {
        return;
    };
    let mut scene = Scene::new(journal).await;
    let agent = Running::start(scene.config());
    scene
        .server
        .until("the first fact", |stored| told(stored).len() == 1)
        .await;
    agent.stop().await;

    scene.journal = MadeJournal::of(600, &started("b")).unwrap();
    let agent = Running::start(scene.config());
    let stored = scene
        .server
        .until("the gap, and what came after it", |stored| {
            gaps(stored) == 1 && told(stored).len() == 2
        })
        .await;
    agent.stop().await;

    assert_eq!(told(&stored)[1].0, "b");
}

#[tokio::test]
async fn a_host_without_a_journal_says_so() {
    let empty = tempfile::tempdir().unwrap();
    let authority = Arc::new(Authority::new());
    let server = StreamServer::start(Arc::clone(&authority)).await;
    let state = tempfile::tempdir().unwrap();
    joined(
        state.path(),
        &authority,
        Life::WEEK,
        vec![server.address.clone()],
    );
    let mut config = quiet(state.path());
    config.sources.journal = true;
    config.journal.directory = Some(empty.path().to_owned());

    let agent = Running::start(config);
    let stored = server
        .until("the source says how it is", |stored| {
            stored.events.iter().any(|event| match &event.fact {
                Fact::SourceStarted(source) => source.source == "journal",
                _ => false,
            })
        })
        .await;
    agent.stop().await;

    let source = stored.events.iter().find_map(|event| match &event.fact {
        Fact::SourceStarted(source) if source.source == "journal" => Some(source),
        _ => None,
    });
    assert_eq!(source.unwrap().runs, "none");
}

/// The agent without libsystemd, ended also when the test fails.
struct WithoutLibrary(Child);

impl WithoutLibrary {
    fn start(scene: &Scene, folder: &Path) -> Self {
        // The loader finds this one first, and cannot load it.
        fs::write(folder.join("libsystemd.so.0"), "").unwrap();
        let config = format!(
            "state_dir = {:?}\n[sources]\nprocess = 'off'\ndbus = false\n[journal]\ndirectory = {:?}\n",
            scene.state.path(),
            scene.journal.path()
        );
        fs::write(folder.join("agent.toml"), config).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_aiops-agent"))
            .env("LD_LIBRARY_PATH", folder)
            .args(["run", "--config"])
            .arg(folder.join("agent.toml"))
            .spawn();
        Self(child.unwrap())
    }

    /// Ends the `journalctl` that the agent reads.
    fn kill_reader(&self) {
        let threads = format!("/proc/{}/task", self.0.id());
        let children = |thread: PathBuf| fs::read_to_string(thread.join("children"));
        let threads = fs::read_dir(threads)
            .unwrap()
            .map(|one| one.unwrap().path());
        let children: String = threads.filter_map(|thread| children(thread).ok()).collect();
        let readers = children.split_whitespace().filter(|pid| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "journalctl\n")
        });
        let readers: Vec<&str> = readers.collect();
        assert_eq!(readers.len(), 1, "of {children:?}");
        let killed = Command::new("kill").args(["-9", readers[0]]).status();
        assert!(killed.unwrap().success());
    }
}

impl Drop for WithoutLibrary {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_reader_that_dies_is_replaced_and_nothing_is_told_twice() {
    let Some(journal) = MadeJournal::of(0, &started("a")) else {
        return;
    };
    let scene = Scene::new(journal).await;
    let agent = Running::start(scene.config());
    scene
        .server
        .until("the first fact", |stored| told(stored).len() == 1)
        .await;
    agent.stop().await;

    let folder = tempfile::tempdir().unwrap();
    let agent = WithoutLibrary::start(&scene, folder.path());
    scene.journal.append(10, &failed("a"));
    scene
        .server
        .until("the second fact", |stored| told(stored).len() == 2)
        .await;

    agent.kill_reader();
    scene.journal.append(60, &started("b"));
    let stored = scene
        .server
        .until("what came after", |stored| {
            told(stored).iter().any(|(unit, _)| unit == "b")
        })
        .await;

    let units: Vec<String> = told(&stored).into_iter().map(|(unit, _)| unit).collect();
    assert_eq!(units, ["a", "a", "b"]);
}
