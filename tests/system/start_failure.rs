//! Real units fail to start in real ways, and each way is told apart, on the host alone.

use std::time::Duration;

use analysis::{
    cause::Certainty,
    report::Report,
    start_failure::{Culprit, Holder, StartCause, StartFailure},
};
use anyhow::{Context, Result, bail, ensure};
use system::{
    Host, program,
    systemctl::{install, run, shown, until_shown},
    until,
};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// A unit that cannot start, and what is to be said of it.
struct Case {
    unit: &'static str,
    /// Its file.
    text: &'static str,
    /// Shell that starts it, or tries to.
    start: &'static str,
    /// What of `systemctl show` tells that it has failed.
    failed: &'static str,
    cause: StartCause,
    certainty: Certainty,
    culprit: Option<&'static str>,
}

const CASES: [Case; 15] = [
    Case {
        unit: "missing",
        text: "[Service]\nExecStart=/opt/none/app --flag\n",
        start: "systemctl start missing",
        failed: "ActiveState=failed",
        cause: StartCause::ExecNotFound,
        certainty: Certainty::Measured,
        culprit: Some("/opt/none/app"),
    },
    Case {
        unit: "script",
        text: "[Service]\nExecStart=/opt/script\n",
        start: "printf '#!/opt/interpreter\\n' > /opt/script; chmod 755 /opt/script; systemctl start script",
        failed: "ActiveState=failed",
        cause: StartCause::InterpreterMissing,
        certainty: Certainty::Measured,
        culprit: Some("/opt/interpreter"),
    },
    Case {
        unit: "plain",
        text: "[Service]\nExecStart=/opt/plain\n",
        start: "touch /opt/plain; systemctl start plain",
        failed: "ActiveState=failed",
        cause: StartCause::ExecNotExecutable,
        certainty: Certainty::Measured,
        culprit: Some("/opt/plain"),
    },
    Case {
        unit: "needs",
        text: "[Unit]\nRequires=missing.service\nAfter=missing.service\n[Service]\nExecStart=/bin/sleep infinity\n",
        // Only of `oneshot` the start fails with the program, so that others learn of it.
        start: "mkdir -p /etc/systemd/system/missing.service.d; printf '[Service]\\nType=oneshot\\n' > /etc/systemd/system/missing.service.d/once.conf; systemctl daemon-reload; systemctl start needs",
        failed: "ActiveState=inactive",
        cause: StartCause::DependencyFailed,
        certainty: Certainty::Measured,
        culprit: Some("missing.service"),
    },
    Case {
        unit: "loop",
        text: "[Service]\nExecStart=/bin/sh -c 'echo no database; exit 3'\nRestart=always\nRestartSec=20ms\n",
        start: "systemctl start loop",
        failed: "ActiveState=failed",
        cause: StartCause::ApplicationError,
        certainty: Certainty::Inferred,
        culprit: None,
    },
    Case {
        unit: "hurried",
        text: "[Service]\nExecStart=/bin/sleep infinity\n",
        start: "for n in 1 2 3 4 5 6 7; do systemctl restart hurried; done",
        failed: "Result=start-limit-hit",
        cause: StartCause::StartLimitHit,
        certainty: Certainty::Measured,
        culprit: None,
    },
    Case {
        unit: "slow",
        text: "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep infinity\n",
        start: "systemctl start slow",
        failed: "Result=timeout",
        cause: StartCause::ReadinessNotSignalled,
        certainty: Certainty::Inferred,
        culprit: None,
    },
    Case {
        unit: "mute",
        text: "[Service]\nType=notify\nExecStart=/bin/true\n",
        start: "systemctl start mute",
        failed: "Result=protocol",
        cause: StartCause::ReadinessNotSignalled,
        certainty: Certainty::Measured,
        culprit: None,
    },
    Case {
        unit: "condition",
        text: "[Unit]\nConditionPathExists=/etc/not-there\n[Service]\nExecStart=/bin/sleep infinity\n",
        start: "systemctl start condition",
        failed: "ActiveState=inactive",
        cause: StartCause::ConditionNotMet,
        certainty: Certainty::Measured,
        culprit: Some("/etc/not-there"),
    },
    Case {
        unit: "nobodys",
        text: "[Service]\nUser=nobody-knows\nExecStart=/bin/sleep infinity\n",
        start: "systemctl start nobodys",
        failed: "ActiveState=failed",
        cause: StartCause::UserMissing,
        certainty: Certainty::Measured,
        culprit: Some("nobody-knows"),
    },
    Case {
        unit: "poor",
        text: "[Service]\nEnvironmentFile=/etc/default/none\nExecStart=/bin/sleep infinity\n",
        start: "systemctl start poor",
        failed: "Result=resources",
        cause: StartCause::EnvironmentFileMissing,
        certainty: Certainty::Measured,
        culprit: Some("/etc/default/none"),
    },
    Case {
        unit: "masked",
        text: "",
        start: "ln -sf /dev/null /etc/systemd/system/masked.service; systemctl daemon-reload; systemctl start masked",
        failed: "LoadState=masked",
        cause: StartCause::UnitMasked,
        certainty: Certainty::Measured,
        culprit: Some("/etc/systemd/system/masked.service"),
    },
    Case {
        unit: "broken",
        text: "[Service]\nExecStart=relative/path\n",
        start: "systemctl start broken",
        failed: "LoadState=bad-setting",
        cause: StartCause::UnitFileInvalid,
        certainty: Certainty::Measured,
        culprit: Some("/etc/systemd/system/broken.service:2"),
    },
    Case {
        unit: "crash",
        text: "[Service]\nExecStart=/bin/sh -c 'kill -SEGV $$$$'\n",
        start: "systemctl start crash",
        failed: "ActiveState=failed",
        cause: StartCause::CrashAtStart,
        certainty: Certainty::Measured,
        culprit: None,
    },
    Case {
        unit: "steady",
        text: "[Service]\nExecStart=/bin/sleep infinity\n",
        start: "systemctl start steady",
        failed: "ActiveState=active",
        cause: StartCause::Healthy,
        certainty: Certainty::Measured,
        culprit: None,
    },
];

#[test]
fn causes_are_told_apart() -> Result<()> {
    let host = host()?;
    for case in &CASES {
        if !case.text.is_empty() {
            install(&host, case.unit, case.text)?;
        }
        // Most of these fail, as they shall.
        host.shell(case.start)?;
        until_shown(&host, case.unit, case.failed)?;
        let report = diagnose(&host, case.unit)?;
        let verdict = &report.verdict;
        let culprit = verdict.culprit.as_ref().map(Culprit::to_string);
        ensure!(
            (verdict.cause, verdict.certainty) == (case.cause, case.certainty)
                && culprit.as_deref() == case.culprit,
            "{}: {report:#?}",
            case.unit
        );
    }
    Ok(())
}

#[test]
fn who_holds_the_port_of_nginx_is_told_until_it_is_free() -> Result<()> {
    let host = host()?;
    let debs = testhost::debs::download(&["nginx-common", "nginx"])?;
    testhost::debs::unpack(&host, &debs)?;
    host.write(
        "/etc/nginx/sites-enabled/default",
        "server { listen 80; listen [::]:80; }\n",
    )?;
    install(
        &host,
        "holder",
        "[Service]\nExecStart=/usr/bin/systemd-socket-activate --listen=80 /bin/cat\n",
    )?;
    run(&host, "systemctl start holder")?;
    until("port 80 is held", SETTLED_WITHIN, || {
        let sockets = run(&host, "cat /proc/net/tcp /proc/net/tcp6")?;
        Ok(sockets.contains(":0050 ").then_some(()))
    })?;
    host.shell("systemctl start nginx")?;
    until_shown(&host, "nginx", "ActiveState=failed")?;

    let holder = blamed(&diagnose(&host, "nginx")?, Certainty::Measured)?;
    let pid: u32 = shown(&host, "holder", "MainPID")?.parse()?;
    ensure!(
        holder.process.map(|process| process.pid) == Some(pid),
        "{holder:?} is not {pid}"
    );
    ensure!(
        holder.unit.as_ref().map(|unit| unit.as_str()) == Some("holder.service"),
        "{holder:?}"
    );
    ensure!(holder.since.is_some(), "{holder:?}");

    // Somebody else may see the socket, and not whose it is, nor since when.
    run(&host, "useradd --groups systemd-journal reader")?;
    let seen = ask(&host, "runuser -u reader -- aiops", "nginx")?;
    let unknown = blamed(&seen, Certainty::Inferred)?;
    ensure!(
        unknown.port == 80 && unknown.process.is_none(),
        "{unknown:?}"
    );
    ensure!(
        seen.limits.iter().any(|limit| limit.what == "port-holder"),
        "{:?}",
        seen.limits
    );

    run(&host, "systemctl stop holder && systemctl start nginx")?;
    let report = diagnose(&host, "nginx")?;
    ensure!(report.verdict.cause == StartCause::Healthy, "{report:#?}");

    host.write(
        "/etc/nginx/sites-enabled/default",
        "server {\n  lisen 80;\n}\n",
    )?;
    host.shell("systemctl restart nginx")?;
    until_shown(&host, "nginx", "ActiveState=failed")?;
    let report = diagnose(&host, "nginx")?;
    let culprit = report.verdict.culprit.as_ref().map(Culprit::to_string);
    // Its own test runs only where the kernel keeps it from writing.
    let is_tested = !report
        .limits
        .iter()
        .any(|limit| limit.what == "config-test");
    let certainty = match is_tested {
        true => Certainty::Measured,
        false => Certainty::Inferred,
    };
    ensure!(
        report.verdict.cause == StartCause::ConfigSyntax
            && report.verdict.certainty == certainty
            && report.config_tests.len() == usize::from(is_tested)
            && culprit.as_deref() == Some("/etc/nginx/sites-enabled/default:2"),
        "{report:#?}"
    );
    Ok(())
}

#[test]
fn a_site_has_tests_of_its_own_which_change_nothing() -> Result<()> {
    let host = host()?;
    run(
        &host,
        "useradd --system shop && mkdir -p /etc/aiops/config-tests.d && touch /etc/shop.conf",
    )?;
    // What it could do to the host, the user and the complaint.
    let check = "#!/bin/sh\nchmod 777 /var/tmp/of-shop && touch /var/tmp/changed\n\
                 echo \"$2:7: unknown word (as $(id -un))\" >&2\nexit 4\n";
    host.write("/usr/bin/shop-check", check)?;
    run(
        &host,
        "chmod 755 /usr/bin/shop-check && install -o shop -m 600 /dev/null /var/tmp/of-shop",
    )?;
    let table = "[[test]]\nname = 'shop'\nprograms = ['shopd']\ninvalid = [4]\n\
                 command = ['shop-check', '--file', '{config}']\nconfig = { options = ['-f'] }\n\
                 blames = ['^(?<path>[^:]+):(?<line>\\d+): (?<message>.*)']\n";
    host.write("/etc/aiops/config-tests.d/shop.toml", table)?;
    run(&host, "ln -s /bin/false /usr/bin/shopd")?;
    let unit = "[Service]\nUser=shop\nEnvironment=FILE=/etc/shop.conf\nExecStart=/usr/bin/shopd -f $FILE\n";
    install(&host, "shop", unit)?;
    host.shell("systemctl start shop")?;
    until_shown(&host, "shop", "ActiveState=failed")?;

    let report = diagnose(&host, "shop")?;
    let culprit = report.verdict.culprit.as_ref().map(Culprit::to_string);
    ensure!(
        report.verdict.certainty == Certainty::Measured
            && culprit.as_deref() == Some("/etc/shop.conf:7"),
        "{report:#?}"
    );
    let test = report.config_tests.first().context("nothing was tested")?;
    ensure!(
        test.command == "runuser -u shop -- shop-check --file /etc/shop.conf"
            && test.output[0].contains("(as shop)"),
        "{test:#?}"
    );
    let mode = run(&host, "stat -c %a /var/tmp/of-shop; ls /var/tmp")?;
    ensure!(
        mode.starts_with("600") && !mode.contains("changed"),
        "{mode}"
    );

    // Root would run what others wrote.
    run(&host, "chmod 666 /etc/aiops/config-tests.d/shop.toml")?;
    let report = diagnose(&host, "shop")?;
    ensure!(
        report.config_tests.is_empty()
            && report
                .limits
                .iter()
                .any(|limit| limit.why.starts_with("others than root")),
        "{report:#?}"
    );
    Ok(())
}

#[test]
fn a_name_that_is_nearly_right_is_no_target_and_the_right_one_is_told() -> Result<()> {
    let host = host()?;
    install(&host, "shop", "[Service]\nExecStart=/bin/sleep infinity\n")?;
    // (asked, what is told)
    for (asked, told) in [("shopp", "shop.service"), ("qqqq", "qqqq.service")] {
        let answer = host.exec(&["aiops", "diagnose", "start-failure", asked])?;
        ensure!(
            answer.status == 3 && answer.stdout.contains(told),
            "{answer:?}"
        );
    }
    Ok(())
}

fn host() -> Result<Host> {
    testhost::requirements().map_err(|missing| anyhow::anyhow!("{missing}"))?;
    let host = Pool::new()?.boot(&["h1"])?.remove(0);
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    Ok(host)
}

fn diagnose(host: &Host, unit: &str) -> Result<StartFailure> {
    ask(host, "aiops", unit)
}

fn ask(host: &Host, aiops: &str, unit: &str) -> Result<StartFailure> {
    let answer = host.shell(&format!("{aiops} diagnose start-failure {unit} -o json"))?;
    let report = serde_json::from_str(&answer.stdout).with_context(|| format!("{answer:?}"))?;
    match report {
        Report::DiagnoseStartFailure(report) => Ok(*report),
        other => bail!("another report: {other:?}"),
    }
}

/// Who holds the port that is in use, by a verdict that is sure of it.
fn blamed(report: &StartFailure, certainty: Certainty) -> Result<Holder> {
    match (&report.verdict.cause, &report.verdict.culprit) {
        (StartCause::PortInUse, Some(Culprit::Process(holder)))
            if report.verdict.certainty == certainty =>
        {
            Ok(holder.clone())
        }
        _ => bail!("nobody is blamed: {report:#?}"),
    }
}
