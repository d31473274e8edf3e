//! `aiops analyze service X` against `systemctl status X`, in a host with a service that has said
//! 1,000 lines and was started again ten times.

use anyhow::{Context, Result, ensure};
use bench::figures::{beside, figure, load, median};
use system::{Host, program};
use testhost::Pool;

const ROUNDS: usize = 25;
const SERVICE: &str = "[Service]
ExecStart=/bin/sh -c 'i=0; while [ $$i -lt 100 ]; do echo line $$i; i=$$((i + 1)); done; \
    exec sleep infinity'
Restart=always
";
/// Prints how long one and the other took, in nanoseconds, in turns: what it takes to get into the
/// host does not count. 1 says that there is something to look at, of a unit that stopped often.
const IN_TURNS: &str = "t() { s=$(date +%s%N); \"$@\" >/dev/null; r=$?; e=$(date +%s%N); \
    [ $r -le 1 ] || exit $r; printf '%s ' $((e - s)); }; \
    for i in $(seq $ROUNDS); do t aiops analyze service talks -o $FORMAT; \
    t systemctl status talks; echo; done";

fn main() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    host.write("/etc/systemd/system/talks.service", SERVICE)?;
    host.shell(
        "systemctl daemon-reload; for i in $(seq 10); do systemctl restart talks; \
         systemctl reset-failed talks; done",
    )?
    .stdout()?;
    load("before");
    for format in ["table", "json"] {
        // The first of each fills caches.
        turns(host, format, 1)?;
        compare(format, &turns(host, format, ROUNDS)?);
    }
    load("after");
    Ok(())
}

/// Milliseconds of ours and of theirs, pair by pair.
fn turns(host: &Host, format: &str, rounds: usize) -> Result<Vec<(f64, f64)>> {
    let line = format!("ROUNDS={rounds}; FORMAT={format}; {IN_TURNS}");
    let text = host.shell(&line)?.stdout()?;
    let pairs: Vec<(f64, f64)> = text.lines().map(pair).collect::<Result<_>>()?;
    ensure!(pairs.len() == rounds, "{text}");
    Ok(pairs)
}

fn pair(line: &str) -> Result<(f64, f64)> {
    let (ours, theirs) = line.trim().split_once(' ').context("two times")?;
    let millis = |nanos: &str| nanos.parse::<f64>().map(|nanos| nanos / 1e6);
    Ok((millis(ours)?, millis(theirs)?))
}

fn compare(format: &str, pairs: &[(f64, f64)]) {
    let side = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).collect::<Vec<f64>>();
    let millis = |times: &[f64]| format!("{:.1} ms", median(times));
    beside(
        &format!("aiops analyze service -o {format}"),
        &millis(&side(|pair| pair.0)),
    );
    beside("systemctl status", &millis(&side(|pair| pair.1)));
    let ratio = median(&side(|pair| pair.0 / pair.1));
    figure("ratio (median of pairs)", &format!("{ratio:.2}"), "<= 2.0");
}
