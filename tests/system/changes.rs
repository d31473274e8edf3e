//! What changed since a real service started well: with the agent line by line, and without it by
//! the dates of files.

use std::time::Duration;

use analysis::{
    report::Report,
    start_failure::{
        StartCause, StartFailure,
        changes::{Change, Changed, Changes, FileRole, HowKnown, PackagePart, StartRecord},
    },
};
use anyhow::{Context, Result, bail, ensure};
use system::{Lab, Member, until};

/// Some seconds after it became active; the limit is for machines that are busy with other tests.
const KEPT_WITHIN: Duration = Duration::from_secs(60);

const CONFIG: &str = "/etc/shop/shop.conf";
const DROP_IN: &str = "/etc/systemd/system/shop.service.d/limits.conf";
const KEPT: &str = "/var/lib/aiops/good-starts/shop.service";

/// Says that it is ready, unless its configuration has a word that it does not know.
const PROGRAM: &str = "#!/bin/sh\nif grep -n lisen $1; then\n\
    echo \"$1:2: unknown directive \\\"lisen\\\"\" >&2; exit 1\nfi\n\
    systemd-notify --ready\nexec sleep infinity\n";

#[test]
fn what_changed_is_told_with_the_agents_copies_and_without_them() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    let host = h1.host();
    host.write("/usr/bin/shopd", PROGRAM)?;
    host.write(CONFIG, "# the shop\nlisten 80\npassword first\n")?;
    host.write("/etc/shop/other.conf", "unchanged\n")?;
    h1.run("chmod 755 /usr/bin/shopd; adduser --system shop 2>/dev/null || useradd -r shop")?;
    h1.unit(
        "shop",
        &format!("[Service]\nType=notify\nNotifyAccess=all\nExecStart=/usr/bin/shopd {CONFIG}\n"),
    )?;
    h1.run("systemctl start shop")?;
    until("the agent has kept it", KEPT_WITHIN, || {
        let kept = host.shell(&format!("stat -c %a {KEPT}"))?;
        Ok((kept.stdout.trim() == "600").then_some(()))
    })
    .with_context(|| h1.agent_log())?;

    host.write(CONFIG, "# the shop\nlisen 80\npassword second\n")?;
    host.write(DROP_IN, "[Service]\nLimitNOFILE=512\n")?;
    h1.run("touch /etc/shop/other.conf; systemctl daemon-reload")?;
    package_changes(h1)?;
    host.shell("systemctl restart shop")?;
    h1.until("shop", "ActiveState", "failed")?;

    let report = ask(h1, "aiops")?;
    let changes = told(&report)?;
    ensure!(changes.copied_at.is_some(), "{changes:#?}");
    ensure!(changes.since.map(|since| since.known_from) == Some(StartRecord::Agent));
    use HowKnown::{Logged, Recorded, Timestamp};
    let shop = "package shop";
    let expected = [
        (CONFIG, Recorded),
        (DROP_IN, Recorded),
        (shop, Logged),
        ("setting LimitNOFILE", Recorded),
    ];
    ensure!(names(changes) == expected, "{changes:#?}");
    let first = &changes.changes[0];
    ensure!(first.concerns_culprit == (report.verdict.culprit.is_some()));
    let diff = first.diff.as_ref().context("no difference is shown")?;
    let lines = ["@@ -1,3 +1,3 @@", " # the shop", "-listen 80"];
    ensure!(diff.lines.starts_with(&lines.map(String::from)), "{diff:?}");
    let has_secret = diff.lines.iter().any(|line| line.contains("second"));
    ensure!(!has_secret && diff.lines.len() == 6, "{diff:?}");

    // From afar it is the same, though the worker has less rights than root has.
    let asked = [
        "--host",
        "h1",
        "diagnose",
        "start-failure",
        "shop",
        "-o",
        "json",
    ];
    let answer = lab.aiops.ask(&asked)?;
    let from_afar = parse(&answer.stdout)?;
    ensure!(names(told(&from_afar)?) == expected, "{from_afar:#?}");

    // Somebody else sees dates, and hears that there is more.
    let by_other = ask(h1, "runuser -u shop -- aiops")?;
    let is_told = by_other
        .limits
        .iter()
        .any(|limit| limit.what == "kept-copies");
    ensure!(is_told, "{by_other:#?}");

    h1.run(&format!("systemctl stop aiops-agent; rm {KEPT}"))?;
    let report = ask(h1, "aiops")?;
    let changes = told(&report)?;
    ensure!(changes.copied_at.is_none(), "{changes:#?}");
    ensure!(changes.since.map(|since| since.known_from) == Some(StartRecord::Journal));
    let mut found = names(changes);
    found.sort();
    let mut expected = [
        (CONFIG, Timestamp),
        (DROP_IN, Timestamp),
        // Without a copy nobody can know that its content is the same.
        ("/etc/shop/other.conf", Timestamp),
        (shop, Logged),
    ]
    .to_vec();
    expected.sort();
    ensure!(found == expected, "{changes:#?}");

    h1.run(&format!(
        "sed -i s/lisen/listen/ {CONFIG}; systemctl start shop"
    ))?;
    let report = ask(h1, "aiops")?;
    ensure!(
        report.verdict.cause == StartCause::Healthy && report.changes.is_none(),
        "{report:#?}"
    );
    Ok(())
}

/// As dpkg writes it when it upgrades the package of the program.
fn package_changes(h1: &Member) -> Result<()> {
    let list = "/var/lib/dpkg/info/shop.list";
    h1.host().write(list, "/.\n/usr/bin/shopd\n")?;
    h1.run("date '+%F %T upgrade shop:all 1.0 1.1' >> /var/log/dpkg.log")
        .map(drop)
}

fn told(report: &StartFailure) -> Result<&Changes> {
    report.changes.as_ref().context("no changes are told")
}

fn names(changes: &Changes) -> Vec<(&str, HowKnown)> {
    let name = |change: &Change| match &change.what {
        Changed::File { path, role, .. } if *role != FileRole::Accounts => match path.as_str() {
            CONFIG => CONFIG,
            DROP_IN => DROP_IN,
            "/etc/shop/other.conf" => "/etc/shop/other.conf",
            _ => "another file",
        },
        Changed::Package {
            name,
            brings: PackagePart::Program,
            ..
        } if name == "shop:all" => "package shop",
        Changed::Setting { name, .. } if name == "LimitNOFILE" => "setting LimitNOFILE",
        _ => "something else",
    };
    let changes = changes.changes.iter();
    changes
        .map(|change| (name(change), change.how_known))
        .collect()
}

fn ask(member: &Member, aiops: &str) -> Result<StartFailure> {
    let line = format!("{aiops} diagnose start-failure shop -o json");
    let answer = member.host().shell(&line)?;
    parse(&answer.stdout).with_context(|| format!("{answer:?}"))
}

fn parse(text: &str) -> Result<StartFailure> {
    match serde_json::from_str(text)? {
        Report::DiagnoseStartFailure(report) => Ok(*report),
        other => bail!("another report: {other:?}"),
    }
}
