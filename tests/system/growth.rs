//! A program that really leaks, seen by the recording of a real agent: a trend takes twenty readings,
//! one in five minutes, so that this is run by hand: `cargo nextest run -p system --test growth --run-ignored all`.

use std::time::{Duration, Instant};

use analysis::{
    report::Report,
    resources::{Resources, UseCause},
    trend::Course,
};
use anyhow::{Context, Result, ensure};
use system::{Lab, Member};
use testhost::until;

const TREND_WITHIN: Duration = Duration::from_secs(130 * 60);
/// A MiB each quarter of a minute, touched, and never given back: in all less than a test host has.
const LEAKS: &str = "ExecStart=/usr/bin/python3 -c \"import time\\nkept = []\\nwhile True: \
                     kept.append(bytes(range(256)) * 4096); time.sleep(15)\"\nMemoryMax=4G";
const STEADY: &str = "ExecStart=/usr/bin/python3 -c \"import time\\nkept = bytes(range(256)) * \
                      100000\\nwhile True: time.sleep(4)\"";

#[test]
#[ignore = "it takes the hundred minutes that a trend takes"]
fn a_leak_is_told_with_the_slope_that_ps_shows() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.service("leaks", LEAKS)?;
    h1.service("steady", STEADY)?;
    h1.run("systemctl start leaks steady")?;
    let begun = Instant::now();
    let first = rss_bytes(h1, "leaks")?;
    let report = until("memory grows, it says", TREND_WITHIN, || {
        let report = asked(h1, "leaks")?;
        let course = report.memory_trend.as_ref().map(|trend| trend.course);
        Ok((course != Some(Course::TooShort) && course.is_some()).then_some(report))
    })?;
    let last = rss_bytes(h1, "leaks")?;
    let hours = begun.elapsed().as_secs_f64() / 3600.0;
    let slope = (last - first) / hours;
    let trend = report.memory_trend.as_ref().context("a trend")?;
    println!("{trend:#?}\nps: {slope:.0} bytes an hour over {hours:.2} h");
    ensure!(trend.course == Course::Grows, "{trend:#?}");
    let apart = (trend.slope_bytes_per_hour - slope).abs() / slope;
    ensure!(apart < 0.1, "{trend:#?}: ps says {slope}");
    let is_told = |report: &Resources| {
        let mut causes = report.findings.iter().map(|finding| finding.cause);
        causes.any(|cause| cause == UseCause::MemoryGrows)
    };
    ensure!(is_told(&report), "{report:#?}");
    ensure!(!is_told(&asked(h1, "steady")?), "the other is steady");
    Ok(())
}

fn rss_bytes(member: &Member, unit: &str) -> Result<f64> {
    let pid = member.property(unit, "MainPID")?;
    let kib: f64 = member
        .run(&format!("ps -o rss= -p {pid}"))?
        .trim()
        .parse()?;
    Ok(kib * 1024.0)
}

fn asked(member: &Member, unit: &str) -> Result<Resources> {
    let pid = member.property(unit, "MainPID")?;
    // It ends with 1 where it finds something.
    let line = format!("aiops analyze process {pid} --resources -o json");
    let answer = member.host().shell(&line)?;
    let report = serde_json::from_str(&answer.stdout).with_context(|| format!("{answer:?}"))?;
    match report {
        Report::AnalyzeProcess(report) => Ok(*report),
        other => anyhow::bail!("another report: {other:?}"),
    }
}
