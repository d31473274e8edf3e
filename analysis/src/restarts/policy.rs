//! What a unit's settings do to the exits that really happened.

mod lint;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StopRow;
use crate::{
    Timestamp,
    cause::{Evidence, StopCause},
    process::ExitStatus,
};

pub use lint::PolicyFinding;

/// The settings that decide what becomes of a service that ends, as systemd has them loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestartPolicy {
    /// `Type=`.
    pub service_type: String,
    /// `Restart=`: `no`, `on-failure`, `always`, ...
    pub restart: String,
    /// `RestartSec=`.
    pub restart_delay_ms: u64,
    /// `RestartSteps=`; 0: every restart waits as long as the first.
    pub restart_steps: u32,
    /// `RestartMaxDelaySec=`.
    pub restart_max_delay_ms: Option<u64>,
    /// `StartLimitIntervalSec=`. `None`: no limit.
    pub start_limit_interval_ms: Option<u64>,
    /// `StartLimitBurst=`.
    pub start_limit_burst: u32,
    /// `WatchdogSec=`. `None`: none.
    pub watchdog_ms: Option<u64>,
    pub start_timeout_ms: Option<u64>,
    pub stop_timeout_ms: Option<u64>,
    /// `OOMPolicy=`: `stop`, `continue`, `kill`.
    pub oom_policy: String,
    /// `MemoryMax=`. `None`: no limit.
    pub memory_max_bytes: Option<u64>,
    /// `LimitCORE=`. `None`: no limit.
    pub core_limit_bytes: Option<u64>,
    /// `RestartPreventExitStatus=`.
    pub prevented_by: ExitSet,
    /// `RestartForceExitStatus=`.
    pub forced_by: ExitSet,
    /// The unit's file was changed, and systemd was not told: what is here is what still holds.
    pub needs_reload: bool,
}

/// Exit codes and signals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitSet {
    pub codes: Vec<u8>,
    pub signals: Vec<u8>,
}

impl ExitSet {
    fn has(&self, exit: Option<ExitStatus>) -> bool {
        match exit {
            Some(ExitStatus::Exited { code }) => self.codes.contains(&code),
            Some(ExitStatus::Signaled { signal, .. }) => self.signals.contains(&signal.0),
            None => false,
        }
    }
}

/// The settings, against the exits that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyCheck {
    pub policy: RestartPolicy,
    /// Ends that nobody asked for, the most frequent first.
    pub exits: Vec<ExitUnderPolicy>,
    pub findings: Vec<PolicyFinding>,
}

/// One way in which the unit ended, and what the settings, as they are now, make of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitUnderPolicy {
    pub cause: StopCause,
    /// systemd's word for it: `exit-code`, `core-dump`, `oom-kill`, ...
    pub result: String,
    pub exit: Option<ExitStatus>,
    pub count: u32,
    /// How often systemd really started it again by itself.
    pub restarted: u32,
    pub would_restart: bool,
    pub because: RestartRule,
}

/// The setting that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartRule {
    /// `Restart=`
    Restart,
    /// `RestartPreventExitStatus=`
    Prevented,
    /// `RestartForceExitStatus=`
    Forced,
    /// `StartLimitBurst=` was used up: whatever `Restart=` says, it stays down.
    StartLimit,
}

/// `starts`: of all runs in the period, also of the one that still goes on.
pub(super) fn check(
    policy: &RestartPolicy,
    stops: &[StopRow],
    starts: &[Timestamp],
) -> PolicyCheck {
    let exits = exits(policy, stops);
    PolicyCheck {
        findings: lint::findings(policy, stops, starts, &exits),
        exits,
        policy: policy.clone(),
    }
}

fn exits(policy: &RestartPolicy, stops: &[StopRow]) -> Vec<ExitUnderPolicy> {
    let mut exits: Vec<ExitUnderPolicy> = Vec::new();
    for row in stops.iter().filter(|row| is_own(row)) {
        let result = result_of(row);
        let known = exits.iter_mut().find(|known| {
            (known.cause, known.exit, known.result.as_str()) == (row.cause, row.exit, &*result)
        });
        let restarted = u32::from(matches!(
            row.next_start,
            Some(crate::run::StartReason::Automatic { .. })
        ));
        if let Some(known) = known {
            known.count += 1;
            known.restarted += restarted;
            continue;
        }
        let (would_restart, because) = would_restart(policy, &result, row.exit);
        exits.push(ExitUnderPolicy {
            cause: row.cause,
            result,
            exit: row.exit,
            count: 1,
            restarted,
            would_restart,
            because,
        });
    }
    exits.sort_by_key(|exit| std::cmp::Reverse(exit.count));
    exits
}

/// Whether it ended by itself: what a job stops is never restarted by these settings.
fn is_own(row: &StopRow) -> bool {
    let by_job = |evidence: &Evidence| matches!(evidence, Evidence::StopJob { .. });
    let is_end = row.cause.is_failure() || row.cause == StopCause::Clean;
    is_end && !row.evidence.iter().any(by_job)
}

/// systemd's word for how the run ended.
fn result_of(row: &StopRow) -> String {
    let said = row.evidence.iter().find_map(|evidence| match evidence {
        Evidence::UnitResult { result } => Some(result.clone()),
        _ => None,
    });
    said.unwrap_or_else(|| {
        let usual = match row.cause {
            StopCause::ExitCode => "exit-code",
            StopCause::Signal => "signal",
            StopCause::OomCgroup | StopCause::OomSystem => "oom-kill",
            StopCause::Watchdog => "watchdog",
            StopCause::Timeout => "timeout",
            _ => "success",
        };
        usual.to_owned()
    })
}

/// What systemd does with a service that ended so (`service_shall_restart` of its service.c, and
/// the table of `Restart=` in systemd.service(5)).
fn would_restart(
    policy: &RestartPolicy,
    result: &str,
    exit: Option<ExitStatus>,
) -> (bool, RestartRule) {
    if result == "start-limit-hit" {
        return (false, RestartRule::StartLimit);
    }
    if policy.prevented_by.has(exit) {
        return (false, RestartRule::Prevented);
    }
    if policy.forced_by.has(exit) {
        return (true, RestartRule::Forced);
    }
    let is_success = result == "success";
    let restarts = match policy.restart.as_str() {
        "always" => true,
        "on-success" => is_success,
        "on-failure" => !is_success,
        "on-abnormal" => !is_success && result != "exit-code",
        "on-watchdog" => result == "watchdog",
        "on-abort" => matches!(result, "signal" | "core-dump"),
        _ => false,
    };
    (restarts, RestartRule::Restart)
}

impl RestartPolicy {
    /// How long systemd waits before the `restarts`-th restart in a row (`service_restart_usec_next`).
    pub fn delay_ms(&self, restarts: u32) -> u64 {
        let first = self.restart_delay_ms;
        let Some(most) = self.restart_max_delay_ms.filter(|most| *most > first) else {
            return first;
        };
        if restarts <= 1 || self.restart_steps == 0 || first == 0 {
            return first;
        }
        if restarts > self.restart_steps {
            return most;
        }
        let share = f64::from(restarts - 1) / f64::from(self.restart_steps);
        (first as f64 * (most as f64 / first as f64).powf(share)) as u64
    }
}

#[cfg(test)]
mod tests;
