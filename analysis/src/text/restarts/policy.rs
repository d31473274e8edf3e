//! The unit's settings, against the exits that really happened.

use super::{of_ms, sentence, table};
use crate::{
    cause::StopCause,
    dictionary,
    restarts::{
        UnitRestarts,
        policy::{ExitUnderPolicy, PolicyFinding, RestartPolicy, RestartRule},
    },
    text::{
        Catalogue, Style,
        escape::one_line,
        fleet::Page,
        stop,
        table::{Cell, Table},
        time::moment,
    },
};

pub(super) fn render(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let Some(check) = &unit.policy else {
        return String::new();
    };
    if check.exits.is_empty() && check.findings.is_empty() {
        return String::new();
    }
    let heading = page.catalogue.say("restarts-policy");
    let mut text = format!("\n{heading}\n");
    text.push_str(&sentence(&settings(&check.policy), 2, page));
    if !check.exits.is_empty() {
        text.push_str(&table(&exits(&check.exits, page), 2, page));
    }
    let mut findings = Table::default();
    for finding in &check.findings {
        let mark = Cell::from("!").painted(Style::bad);
        findings.row([mark, Cell::from(said(finding, page))]);
    }
    text + &table(&findings, 2, page)
}

/// Those that matter, as they stand in a unit's file.
fn settings(policy: &RestartPolicy) -> String {
    let mut parts = vec![
        format!("Restart={}", one_line(&policy.restart)),
        format!("RestartSec={}", time(policy.restart_delay_ms)),
    ];
    parts.push(match policy.start_limit_interval_ms {
        Some(interval) => format!(
            "StartLimitBurst={} StartLimitIntervalSec={}",
            policy.start_limit_burst,
            time(interval)
        ),
        None => "StartLimitIntervalSec=0".to_owned(),
    });
    if let (1.., Some(most)) = (policy.restart_steps, policy.restart_max_delay_ms) {
        let steps = policy.restart_steps;
        parts.push(format!(
            "RestartSteps={steps} RestartMaxDelaySec={}",
            time(most)
        ));
    }
    parts.extend(
        policy
            .watchdog_ms
            .map(|ms| format!("WatchdogSec={}", time(ms))),
    );
    parts.push(format!("OOMPolicy={}", one_line(&policy.oom_policy)));
    parts.join(" ")
}

/// As systemd reads it, in any language: `100ms`, `90s`.
fn time(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

fn exits(exits: &[ExitUnderPolicy], page: &Page<'_>) -> Table {
    let headings = ["would-restart", "count", "restarted", "ended-by"];
    let heading = |column: &str| page.catalogue.say(&format!("restarts-heading-{column}"));
    let mut table = Table::with_headings(headings.map(heading));
    for exit in exits {
        let cause = stop::cause(exit.cause, page.catalogue);
        let how = match exit.exit {
            // `exit 1` says that it was an exit code.
            Some(status) if exit.cause == StopCause::ExitCode => dictionary::short(status),
            Some(status) => {
                let parameters = [
                    ("cause", cause.into()),
                    ("exit", dictionary::short(status).into()),
                ];
                page.catalogue
                    .say_with("restarts-policy-ended", &parameters)
            }
            None => cause,
        };
        let verdict = Cell::from(verdict(exit, page.catalogue));
        table.row([
            match exit.would_restart {
                true => verdict,
                false => verdict.painted(Style::doubtful),
            },
            Cell::from(exit.count.to_string()).right(),
            Cell::from(exit.restarted.to_string()).right(),
            Cell::from(how),
        ]);
    }
    table
}

/// With the setting that decides, if it is not `Restart=`, which stands above.
fn verdict(exit: &ExitUnderPolicy, catalogue: &Catalogue) -> String {
    let id = match exit.would_restart {
        true => "restarts-policy-yes",
        false => "restarts-policy-no",
    };
    let verdict = catalogue.say(id);
    match exit.because {
        RestartRule::Restart => verdict,
        RestartRule::Prevented => format!("{verdict} (RestartPreventExitStatus=)"),
        RestartRule::Forced => format!("{verdict} (RestartForceExitStatus=)"),
        RestartRule::StartLimit => format!("{verdict} (StartLimitBurst=)"),
    }
}

fn said(finding: &PolicyFinding, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let ms = |ms: u64| of_ms(ms, catalogue);
    match finding {
        PolicyFinding::StaysDead {
            cause,
            count,
            because,
            ..
        } => {
            let id = match because {
                RestartRule::Prevented => "restarts-policy-prevented",
                _ => "restarts-policy-stays-dead",
            };
            let cause = stop::cause(*cause, catalogue);
            catalogue.say_with(id, &[("cause", cause.into()), ("count", (*count).into())])
        }
        PolicyFinding::StartLimitHit {
            times,
            burst,
            interval_ms,
        } => {
            let parameters = [
                ("times", (*times).into()),
                ("burst", (*burst).into()),
                ("interval", ms(*interval_ms).into()),
            ];
            catalogue.say_with("restarts-policy-limit-hit", &parameters)
        }
        PolicyFinding::StartLimitWouldHit {
            at,
            burst,
            interval_ms,
        } => {
            let parameters = [
                ("at", moment(*at, page.zone).into()),
                ("burst", (*burst).into()),
                ("interval", ms(*interval_ms).into()),
            ];
            catalogue.say_with("restarts-policy-limit-would-hit", &parameters)
        }
        PolicyFinding::RestartsForEver {
            restarts_in_an_hour,
            delay_ms,
            burst,
            interval_ms,
        } => {
            let parameters = [
                ("restarts", (*restarts_in_an_hour).into()),
                ("delay", ms(*delay_ms).into()),
                ("burst", (*burst).into()),
                ("interval", interval_ms.map_or_else(String::new, ms).into()),
            ];
            let id = match interval_ms {
                Some(_) => "restarts-policy-for-ever",
                None => "restarts-policy-no-limit",
            };
            catalogue.say_with(id, &parameters)
        }
        PolicyFinding::OutOfMemory {
            oom_policy,
            would_restart,
            ..
        } => {
            let id = match oom_policy.as_str() {
                "continue" => "restarts-policy-oom-continue",
                "kill" => "restarts-policy-oom-kill",
                _ => "restarts-policy-oom-stop",
            };
            catalogue.say(id) + &back(*would_restart, catalogue)
        }
        PolicyFinding::WatchdogKilled {
            count,
            watchdog_ms,
            would_restart,
        } => {
            let parameters = [
                ("count", (*count).into()),
                ("watchdog", ms(*watchdog_ms).into()),
            ];
            catalogue.say_with("restarts-policy-watchdog", &parameters)
                + &back(*would_restart, catalogue)
        }
        PolicyFinding::BackOff {
            restarts,
            next_delay_ms,
            max_delay_ms,
        } => {
            let parameters = [
                ("restarts", (*restarts).into()),
                ("next", ms(*next_delay_ms).into()),
                ("most", ms(*max_delay_ms).into()),
            ];
            catalogue.say_with("restarts-policy-back-off", &parameters)
        }
        PolicyFinding::NoCoreFiles { crashes } => {
            catalogue.say_with("restarts-policy-no-core", &[("crashes", (*crashes).into())])
        }
        PolicyFinding::NeedsReload => catalogue.say("restarts-policy-needs-reload"),
    }
}

fn back(would_restart: bool, catalogue: &Catalogue) -> String {
    catalogue.say(match would_restart {
        true => "restarts-policy-comes-back",
        false => "restarts-policy-does-not-come-back",
    })
}
