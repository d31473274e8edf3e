//! What is wrong with the settings, in the light of what happened.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ExitUnderPolicy, RestartPolicy, RestartRule};
use crate::{
    Timestamp,
    cause::{Evidence, StopCause},
    process::ExitStatus,
    restarts::{StopRow, advice::LEAVE_CORE},
    run::StartReason,
};

/// Automatic restarts within an hour that no operator wants to go unseen.
const LOOP_OF: usize = 10;

/// Something about the settings that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub enum PolicyFinding {
    /// It ended so, and the settings leave it dead.
    StaysDead {
        cause: StopCause,
        result: String,
        count: u32,
        because: RestartRule,
        /// The mildest `Restart=` that would bring it back. `None`: no such setting does.
        restart_that_helps: Option<String>,
    },
    /// The start limit was hit: systemd refused to start it any more.
    StartLimitHit {
        times: u32,
        burst: u32,
        interval_ms: u64,
    },
    /// With the settings of now, the starts that are on record would hit the limit.
    StartLimitWouldHit {
        at: Timestamp,
        burst: u32,
        interval_ms: u64,
    },
    /// It was restarted over and over, and the limit cannot stop that: so many restarts take longer
    /// than the limit looks back. The unit looks active, and is not.
    RestartsForEver {
        restarts_in_an_hour: u32,
        delay_ms: u64,
        burst: u32,
        /// `None`: the limit is off.
        interval_ms: Option<u64>,
    },
    /// What an out-of-memory kill does beyond the process that it hits.
    OutOfMemory {
        count: u32,
        /// `stop`, `continue`, `kill`.
        oom_policy: String,
        takes_whole_unit: bool,
        would_restart: bool,
    },
    /// The watchdog killed it.
    WatchdogKilled {
        count: u32,
        watchdog_ms: u64,
        would_restart: bool,
    },
    /// `RestartSteps=` makes it wait longer each time. systemd counts on, however long the unit ran
    /// well in between, until somebody starts it.
    BackOff {
        restarts: u32,
        next_delay_ms: u64,
        max_delay_ms: u64,
    },
    /// It crashed, and no core file may be as large as one byte.
    NoCoreFiles { crashes: u32 },
    /// The unit's file has settings that systemd has not read.
    NeedsReload,
}

pub(super) fn findings(
    policy: &RestartPolicy,
    stops: &[StopRow],
    starts: &[Timestamp],
    exits: &[ExitUnderPolicy],
) -> Vec<PolicyFinding> {
    let mut findings = Vec::from_iter(start_limit(policy, stops, starts));
    findings.extend(stays_dead(policy, exits));
    findings.extend(restarts_for_ever(policy, stops));
    findings.extend(out_of_memory(policy, exits));
    findings.extend(watchdog(policy, exits));
    findings.extend(back_off(policy, stops));
    findings.extend(no_core_files(policy, exits));
    findings.extend(policy.needs_reload.then_some(PolicyFinding::NeedsReload));
    findings
}

fn stays_dead(policy: &RestartPolicy, exits: &[ExitUnderPolicy]) -> Vec<PolicyFinding> {
    // A task that failed is tried again by its timer.
    if policy.service_type == "oneshot" {
        return Vec::new();
    }
    let dead = |exit: &&ExitUnderPolicy| {
        !exit.would_restart && exit.cause.is_failure() && exit.because != RestartRule::StartLimit
    };
    let mut found: Vec<PolicyFinding> = Vec::new();
    for exit in exits.iter().filter(dead) {
        // Two exit codes are one matter.
        let same = found.iter_mut().find_map(|one| match one {
            PolicyFinding::StaysDead {
                cause,
                result,
                count,
                because,
                ..
            } if (*cause, &*result, *because) == (exit.cause, &exit.result, exit.because) => {
                Some(count)
            }
            _ => None,
        });
        if let Some(count) = same {
            *count += exit.count;
            continue;
        }
        let helps = exit.because == RestartRule::Restart;
        found.push(PolicyFinding::StaysDead {
            cause: exit.cause,
            result: exit.result.clone(),
            count: exit.count,
            because: exit.because,
            restart_that_helps: helps.then(|| "on-failure".to_owned()),
        });
    }
    found
}

fn start_limit(
    policy: &RestartPolicy,
    stops: &[StopRow],
    starts: &[Timestamp],
) -> Option<PolicyFinding> {
    let interval_ms = policy.start_limit_interval_ms?;
    let burst = policy.start_limit_burst;
    let times = stops.iter().filter(|row| hit_limit(row)).count() as u32;
    if times > 0 {
        return Some(PolicyFinding::StartLimitHit {
            times,
            burst,
            interval_ms,
        });
    }
    refused_at(starts, burst, interval_ms).map(|at| PolicyFinding::StartLimitWouldHit {
        at,
        burst,
        interval_ms,
    })
}

fn hit_limit(row: &StopRow) -> bool {
    row.evidence.iter().any(|evidence| match evidence {
        Evidence::UnitResult { result } => result == "start-limit-hit",
        Evidence::ManagerLine { message } => message.contains("Start request repeated too quickly"),
        _ => false,
    })
}

/// The first start that the limit would refuse. systemd counts in windows that begin with a start
/// (`ratelimit_below`), not over the last so many seconds.
fn refused_at(starts: &[Timestamp], burst: u32, interval_ms: u64) -> Option<Timestamp> {
    let interval = TimeDelta::milliseconds(i64::try_from(interval_ms).ok()?);
    if burst == 0 || interval.is_zero() {
        return None;
    }
    let mut window: Option<(Timestamp, u32)> = None;
    for &at in starts {
        window = match window {
            Some((begin, count)) if at - begin <= interval => {
                if count == burst {
                    return Some(at);
                }
                Some((begin, count + 1))
            }
            _ => Some((at, 1)),
        };
    }
    None
}

fn restarts_for_ever(policy: &RestartPolicy, stops: &[StopRow]) -> Option<PolicyFinding> {
    let interval_ms = policy.start_limit_interval_ms;
    let least_ms = policy
        .restart_delay_ms
        .saturating_mul(policy.start_limit_burst.into());
    let is_bounded =
        policy.start_limit_burst > 0 && interval_ms.is_some_and(|interval| least_ms < interval);
    if is_bounded {
        return None;
    }
    let mut times: Vec<Timestamp> = stops
        .iter()
        .filter(|row| matches!(row.next_start, Some(StartReason::Automatic { .. })))
        .map(|row| row.stopped_at)
        .collect();
    times.sort_unstable();
    let hour = TimeDelta::hours(1);
    let within_hour = |last: usize| {
        let first = times.partition_point(|at| times[last] - *at > hour);
        last + 1 - first
    };
    let most = (0..times.len()).map(within_hour).max()?;
    (most >= LOOP_OF).then_some(PolicyFinding::RestartsForEver {
        restarts_in_an_hour: most as u32,
        delay_ms: policy.restart_delay_ms,
        burst: policy.start_limit_burst,
        interval_ms,
    })
}

fn out_of_memory(policy: &RestartPolicy, exits: &[ExitUnderPolicy]) -> Option<PolicyFinding> {
    let (count, would_restart) = of_cause(exits, |cause| {
        matches!(cause, StopCause::OomCgroup | StopCause::OomSystem)
    })?;
    Some(PolicyFinding::OutOfMemory {
        count,
        oom_policy: policy.oom_policy.clone(),
        takes_whole_unit: policy.oom_policy != "continue",
        would_restart,
    })
}

fn watchdog(policy: &RestartPolicy, exits: &[ExitUnderPolicy]) -> Option<PolicyFinding> {
    let (count, would_restart) = of_cause(exits, |cause| cause == StopCause::Watchdog)?;
    Some(PolicyFinding::WatchdogKilled {
        count,
        watchdog_ms: policy.watchdog_ms?,
        would_restart,
    })
}

/// How often, and whether it would be restarted each time.
fn of_cause(exits: &[ExitUnderPolicy], is_meant: fn(StopCause) -> bool) -> Option<(u32, bool)> {
    let meant = || exits.iter().filter(|exit| is_meant(exit.cause));
    let count = meant().map(|exit| exit.count).sum();
    (count > 0).then(|| (count, meant().all(|exit| exit.would_restart)))
}

fn back_off(policy: &RestartPolicy, stops: &[StopRow]) -> Option<PolicyFinding> {
    let max_delay_ms = policy.restart_max_delay_ms?;
    if policy.restart_steps == 0 {
        return None;
    }
    let restarts = stops.iter().find_map(|row| match row.next_start {
        Some(StartReason::Automatic { restarts }) => Some(restarts),
        _ => None,
    })?;
    Some(PolicyFinding::BackOff {
        restarts,
        next_delay_ms: policy.delay_ms(restarts + 1),
        max_delay_ms,
    })
}

fn no_core_files(policy: &RestartPolicy, exits: &[ExitUnderPolicy]) -> Option<PolicyFinding> {
    if policy.core_limit_bytes != Some(0) {
        return None;
    }
    let crashes = exits
        .iter()
        .filter(|exit| exit.result == "core-dump" || exit.exit.is_some_and(leaves_core))
        .map(|exit| exit.count)
        .sum();
    (crashes > 0).then_some(PolicyFinding::NoCoreFiles { crashes })
}

fn leaves_core(exit: ExitStatus) -> bool {
    match exit {
        ExitStatus::Signaled { signal, .. } => LEAVE_CORE.contains(&signal.0),
        ExitStatus::Exited { .. } => false,
    }
}
