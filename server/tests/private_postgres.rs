//! The Postgres that the server runs for itself: the real programs, as root or not.

#![expect(clippy::unwrap_used, reason = "a panic here is a failing test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use server::private_postgres::{PrivatePostgres, PrivatePostgresError};
use sqlx::{ConnectOptions as _, Connection as _};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_its_data_over_a_restart_and_leaves_no_process() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::start(folder.path()).await.unwrap();
    query(&postgres, "create table kept as select 42 as answer").await;
    assert!(!processes(folder.path()).is_empty());
    postgres.stop().await;
    assert_eq!(processes(folder.path()), Vec::<String>::new());

    let postgres = PrivatePostgres::start(folder.path()).await.unwrap();
    query(&postgres, "select answer from kept").await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_cannot_share_a_folder_but_a_command_finds_the_one_that_runs() {
    let folder = Folder::new();
    assert!(PrivatePostgres::running(folder.path()).is_none());
    let postgres = PrivatePostgres::start(folder.path()).await.unwrap();
    let second = PrivatePostgres::start(folder.path()).await.err().unwrap();
    assert!(matches!(second, PrivatePostgresError::InUse(_)), "{second}");
    assert!(second.hint().is_some());
    let found = PrivatePostgres::running(folder.path()).unwrap();
    found.connect().await.unwrap().close().await.unwrap();
    postgres.stop().await;
    assert!(PrivatePostgres::running(folder.path()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pid_file_that_names_another_process_does_not_stop_it() {
    let folder = Folder::new();
    PrivatePostgres::start(folder.path())
        .await
        .unwrap()
        .stop()
        .await;
    let data = fs::canonicalize(folder.path())
        .unwrap()
        .join("postgres/data");
    // As after a power cut, when the pid has gone to somebody else: here, to a child of ours. It
    // runs as root like we do, so Postgres would take it for alive.
    let mut other = Command::new("sleep").arg("600").spawn().unwrap();
    fs::write(
        data.join("postmaster.pid"),
        format!("{}\n{}\n", other.id(), data.display()),
    )
    .unwrap();
    let postgres = PrivatePostgres::start(folder.path()).await;
    assert!(
        other.try_wait().unwrap().is_none(),
        "it was not ours to end"
    );
    other.kill().unwrap();
    other.wait().unwrap();
    postgres.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_for_a_socket_is_no_obstacle() {
    let folder = Folder::new();
    let deep = folder.path().join("a".repeat(60)).join("b".repeat(60));
    let postgres = PrivatePostgres::start(&deep).await.unwrap();
    query(&postgres, "select 1").await;
    let socket = postgres.options().get_socket().unwrap().clone();
    assert!(socket.exists());
    postgres.stop().await;
    assert!(!socket.exists(), "{} stays behind", socket.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_loses_nothing_and_is_noticed() {
    let folder = Folder::new();
    let mut postgres = PrivatePostgres::start(folder.path()).await.unwrap();
    query(&postgres, "create table kept as select 42 as answer").await;
    let data = folder.path().join("postgres/data/postmaster.pid");
    let pid = fs::read_to_string(data)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert!(
        Command::new("kill")
            .args(["-KILL", &pid])
            .status()
            .unwrap()
            .success()
    );
    let status = postgres.ended().await.unwrap();
    assert!(!status.success());
    drop(postgres);

    let postgres = PrivatePostgres::start(folder.path()).await.unwrap();
    query(&postgres, "select answer from kept").await;
    postgres.stop().await;
}

#[test]
fn a_server_that_was_killed_takes_its_postgres_along() {
    let folder = Folder::new();
    let mut server = start_server(folder.path());
    server.kill().unwrap();
    server.wait().unwrap();
    wait_until("its Postgres is gone", || {
        processes(folder.path()).is_empty()
    });

    let mut server = start_server(folder.path());
    let term = Command::new("kill")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert!(term.success());
    assert!(
        server.wait().unwrap().success(),
        "SIGTERM is a stop in order"
    );
    assert_eq!(processes(folder.path()), Vec::<String>::new());
}

async fn query(postgres: &PrivatePostgres, sql: &'static str) {
    let mut connection = postgres.options().connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A server that is ready.
fn start_server(folder: &Path) -> Child {
    let config = folder.join("server.toml");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = format!(
        "data_dir = {folder:?}\n[listen]\nhttp = '127.0.0.1:{port}'\nagents = '127.0.0.1:0'\n"
    );
    fs::write(&config, text).unwrap();
    let aiops_server = |command: &str| {
        let mut server = Command::new(env!("CARGO_BIN_EXE_aiops-server"));
        server.arg(command).arg("--config").arg(&config);
        server
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env_remove("AIOPS_DATABASE_URL");
        server
    };
    let mut server = aiops_server("run").spawn().unwrap();
    wait_until("the server is ready", || {
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
        aiops_server("health").status().unwrap().success()
    });
    server
}

/// Waits for a condition, and fails after a minute.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "a minute went by before {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The command lines of all processes that were told of `folder`, but ours.
fn processes(folder: &Path) -> Vec<String> {
    let folder = fs::canonicalize(folder).unwrap().display().to_string();
    let own = std::process::id().to_string();
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter(|entry| entry.file_name().to_string_lossy() != own)
        .filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|command_line| command_line.contains(&folder))
        .collect()
}

/// A folder that also an unprivileged Postgres may enter, removed at the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}
