//! Workers that break, hang, run away and flood, and what is left of them.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use agent::orders::{
    Program,
    worker::{Ended, Live, adopt_orphans, clear, run},
};
use analysis::{
    order::{Failure, Order, Progress, Step},
    report::Report,
};
use chrono::Utc;
use flate2::read::DeflateDecoder;
use tokio_util::sync::CancellationToken;

use crate::support::{
    LIMIT,
    orders::{order, script},
    soon,
};

const AGENT: &str = env!("CARGO_BIN_EXE_aiops-agent");
/// For what a worker left to be gone.
const CLEAR_LIMIT: Duration = Duration::from_secs(2);

async fn run_script(text: &str, time_limit_ms: u64) -> (Order, Ended) {
    let mut order = order(Utc::now());
    order.time_limit_ms = time_limit_ms;
    let never = CancellationToken::new();
    let ended = run(&script(text), &Live::default(), &order, &|_| {}, &never).await;
    (order, ended)
}

fn inflate(report: &[u8]) -> String {
    let mut text = String::new();
    DeflateDecoder::new(report)
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn failure(ended: &Ended) -> Option<Failure> {
    match ended {
        Ended::Failed { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[tokio::test]
async fn a_runaway_is_gone_two_seconds_after_its_limit_with_everything_it_started() {
    adopt_orphans();
    let root = tempfile::tempdir().unwrap();
    let pids = root.path().join("pids");
    // Children that leave the session, ignore signals, forget their environment and their parent.
    let text = format!(
        "stubborn='trap \"\" TERM HUP INT; echo $$ >> {pids}; while :; do sleep 0.1; done'
         setsid sh -c \"$stubborn\" &
         setsid setsid sh -c \"$stubborn\" &
         env -i setsid /bin/sh -c \"$stubborn\" &
         (env -i setsid /bin/sh -c \"$stubborn & $stubborn\" &) &
         eval \"$stubborn\"",
        pids = pids.display(),
    );
    let limit = Duration::from_secs(2);
    let started = Instant::now();
    let (order, ended) = run_script(&text, limit.as_millis() as u64).await;
    assert_eq!(failure(&ended), Some(Failure::TimeLimit), "{ended:?}");
    assert_eq!(clear(order.order_id, &Live::default(), CLEAR_LIMIT), 0);
    let took = started.elapsed();

    let pids = fs::read_to_string(pids).unwrap();
    let pids: Vec<&str> = pids.lines().collect();
    assert!(pids.len() >= 5, "it did not run away: {pids:?}");
    for pid in pids {
        let left = PathBuf::from(format!("/proc/{pid}/stat"));
        assert!(!left.exists(), "{:?}", fs::read_to_string(left));
    }
    assert!(took < limit + Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn clearing_up_after_one_order_leaves_the_others_alone() {
    adopt_orphans();
    let root = tempfile::tempdir().unwrap();
    let (begun, go) = (root.path().join("begun"), root.path().join("go"));
    // Its work is done by an orphan in a session of its own.
    let text = format!(
        "exec 3>&1
         (setsid sh -c 'touch {begun}; until [ -e {go} ]; do sleep 0.02; done; echo \"report 1\" >&3' &)
         while :; do sleep 1; done",
        begun = begun.display(),
        go = go.display(),
    );
    let (other, live, never) = (order(Utc::now()), Live::default(), CancellationToken::new());
    let program = script(&text);
    let runs = run(&program, &live, &other, &|_| {}, &never);
    let clears = async {
        until(&begun).await;
        let (order, ended) = run_script("setsid sleep 1000 & sleep 0.1; exit 1", 5_000).await;
        assert_eq!(failure(&ended), Some(Failure::Crashed), "{ended:?}");
        let live = live.clone();
        let cleared = move || clear(order.order_id, &live, CLEAR_LIMIT);
        assert_eq!(tokio::task::spawn_blocking(cleared).await.unwrap(), 0);
        fs::write(&go, "").unwrap();
    };
    let (ended, ()) = tokio::join!(runs, clears);
    assert!(matches!(ended, Ended::Report(_)), "{ended:?}");
    assert_eq!(clear(other.order_id, &live, CLEAR_LIMIT), 0);
}

#[tokio::test]
async fn a_flood_is_cut_off_long_before_the_time_limit() {
    let (order, ended) = run_script("exec yes 'progress and no end of it'", 20_000).await;
    assert_eq!(failure(&ended), Some(Failure::TooLarge), "{ended:?}");
    assert_eq!(clear(order.order_id, &Live::default(), CLEAR_LIMIT), 0);
}

#[tokio::test]
async fn a_report_that_does_not_deflate_is_too_large() {
    let text = "printf 'report '; head -c 3000000 /dev/urandom | base64 -w0; echo";
    let (_, ended) = run_script(text, 20_000).await;
    assert_eq!(failure(&ended), Some(Failure::TooLarge), "{ended:?}");
}

#[tokio::test]
async fn the_question_goes_in_and_progress_and_report_come_out() {
    let text = r#"read -r question
        echo 'progress {"step":"reading-unit","done":1,"of":2}'
        echo 'progress nonsense'
        echo 'something else'
        echo "report $question""#;
    let (order, steps) = (order(Utc::now()), Mutex::new(Vec::new()));
    let never = CancellationToken::new();
    let progress = |step| steps.lock().unwrap().push(step);
    let ended = run(&script(text), &Live::default(), &order, &progress, &never).await;
    let Ended::Report(report) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(
        inflate(&report),
        serde_json::to_string(&order.question).unwrap()
    );
    let expected = Progress {
        step: Step::ReadingUnit,
        done: 1,
        of: 2,
    };
    assert_eq!(*steps.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn a_worker_that_ends_without_a_report_has_crashed_and_says_how() {
    let cases = [
        ("exit 3", Failure::Crashed, "exit status: 3"),
        ("kill -9 $$", Failure::Crashed, "signal: 9"),
        ("printf 'report {'", Failure::Crashed, "without a report"),
        (
            r#"echo 'failed {"reason":"no-such-target","detail":"no process 7"}'; sleep 9"#,
            Failure::NoSuchTarget,
            "no process 7",
        ),
    ];
    for (text, reason, told) in cases {
        let (_, ended) = run_script(text, 5_000).await;
        match ended {
            Ended::Failed {
                reason: found,
                detail,
            } => {
                assert_eq!(found, reason, "{text}: {detail}");
                assert!(detail.contains(told), "{text}: {detail}");
            }
            ended => panic!("{text}: {ended:?}"),
        }
    }
    let nothing = Program::at("/nothing/there");
    let never = CancellationToken::new();
    let ended = run(
        &nothing,
        &Live::default(),
        &order(Utc::now()),
        &|_| {},
        &never,
    )
    .await;
    assert_eq!(failure(&ended), Some(Failure::Crashed), "{ended:?}");
}

#[tokio::test]
async fn the_agents_own_program_answers() {
    let never = CancellationToken::new();
    let order = order(Utc::now());
    let ended = run(
        &Program::at(AGENT),
        &Live::default(),
        &order,
        &|_| {},
        &never,
    )
    .await;
    let Ended::Report(report) = ended else {
        panic!("{ended:?}");
    };
    let report: Report = serde_json::from_str(&inflate(&report)).unwrap();
    assert_eq!(report.analysis(), order.question.analysis());
}

#[tokio::test]
async fn a_worker_bounds_itself_and_ends_when_the_agent_does() {
    let mut worker = Command::new(AGENT)
        .args(["answer", "--cpu-seconds=7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let limits = PathBuf::from(format!("/proc/{}/limits", worker.id()));
    let lines = [
        ("Max cpu time", "7"),
        ("Max core file size", "0"),
        ("Max data size", "201326592"),
    ];
    soon("the worker is bounded", async {
        let is_bounded = || {
            let text = fs::read_to_string(&limits).unwrap();
            lines.iter().all(|(name, limit)| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.is_some_and(|line| line.split_whitespace().next() == Some(limit))
            })
        };
        while !is_bounded() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // As when the agent dies.
    drop(worker.stdin.take());
    let ended = tokio::task::spawn_blocking(move || worker.wait());
    soon("the worker ends", ended).await.unwrap().unwrap();
}

async fn until(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < LIMIT, "{} did not come", path.display());
        tokio::task::yield_now().await;
    }
}
