//! What systemd does when a service ends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The settings in force, as systemd has them loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServicePolicy {
    /// `Type=`: `simple`, `notify`, ...
    pub service_type: String,
    /// `Restart=`: `no`, `on-failure`, ...
    pub restart: String,
    /// `RestartSec=`.
    pub restart_delay_ms: u64,
    /// `RestartSteps=` between that and `restart_delay_max_ms`. 0: the delay is always the same.
    pub restart_steps: u32,
    pub restart_delay_max_ms: Option<u64>,
    /// `StartLimitIntervalSec=`. 0: no limit.
    pub start_limit_interval_ms: u64,
    /// `StartLimitBurst=`.
    pub start_limit_burst: u32,
    /// `WatchdogSec=`. `None`: no watchdog.
    pub watchdog_ms: Option<u64>,
    /// `None`: for ever.
    pub start_timeout_ms: Option<u64>,
    /// `None`: for ever.
    pub stop_timeout_ms: Option<u64>,
    pub kill_mode: String,
    /// `OOMPolicy=`. Empty: systemd is too old to have one.
    pub oom_policy: String,
    /// Empty: root.
    pub user: String,
    pub dynamic_user: bool,
    pub remain_after_exit: bool,
    pub guess_main_pid: bool,
    pub pid_file: String,
    /// What happens if it fails at once, each time.
    pub outlook: Outlook,
}

/// What happens to a service that fails at once whenever it is started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "then", rename_all = "kebab-case")]
pub enum Outlook {
    /// Nobody starts it again.
    #[default]
    StaysDown,
    /// It is started again for ever.
    NeverGivesUp,
    /// The start limit is hit.
    GivesUp { starts: u32, after_ms: u64 },
}

impl ServicePolicy {
    /// Whether it is started again if it ends in one of the ways in which a program fails.
    pub fn restarts_after_failure(&self) -> bool {
        matches!(
            self.restart.as_str(),
            "always" | "on-failure" | "on-abnormal" | "on-abort"
        )
    }

    /// Whether it is meant to run on, as a daemon does.
    pub fn is_long_running(&self) -> bool {
        !matches!(self.service_type.as_str(), "oneshot" | "")
    }

    pub(super) fn with_outlook(mut self) -> Self {
        self.outlook = self.outlook();
        self
    }

    /// What happens if it fails at once, each time. A program that takes its time to fail makes
    /// the starts rarer, so that the limit is hit later or never.
    pub fn outlook(&self) -> Outlook {
        if !self.restarts_after_failure() {
            return Outlook::StaysDown;
        }
        let starts = self.start_limit_burst;
        if self.start_limit_interval_ms == 0 || starts == 0 {
            return Outlook::NeverGivesUp;
        }
        // The first start of a burst, then `starts - 1` more are allowed; the next is refused.
        let mut after_ms: u64 = 0;
        for restart in 0..starts {
            after_ms = after_ms.saturating_add(self.delay_ms(restart));
            if after_ms >= self.start_limit_interval_ms {
                return Outlook::NeverGivesUp;
            }
        }
        Outlook::GivesUp { starts, after_ms }
    }

    /// The delay before a restart, the first being number 0. With `RestartSteps=` it grows by the
    /// same factor each time.
    fn delay_ms(&self, restart: u32) -> u64 {
        let first = self.restart_delay_ms;
        let Some(last) = self.restart_delay_max_ms.filter(|_| self.restart_steps > 0) else {
            return first;
        };
        if restart >= self.restart_steps {
            return last.max(first);
        }
        let factor = last as f64 / first.max(1) as f64;
        let share = f64::from(restart) / f64::from(self.restart_steps);
        (first as f64 * factor.powf(share)) as u64
    }
}

/// A `StartLimitIntervalSec=` in which a service that fails again and again is given up after `burst`
/// starts: twice the time that so many take, if each runs for `run_ms` before it fails.
pub(crate) fn interval_that_limits_s(delay_ms: u64, burst: u32, run_ms: u64) -> u64 {
    const LEAST_S: u64 = 60;
    let once_ms = delay_ms.saturating_add(run_ms);
    let all_ms = once_ms.saturating_mul(u64::from(burst.max(1)));
    (all_ms.saturating_mul(2).div_ceil(1000)).max(LEAST_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With this delay, interval and burst.
    fn policy(restart: &str, delay_ms: u64, interval_ms: u64, burst: u32) -> ServicePolicy {
        ServicePolicy {
            restart: restart.into(),
            restart_delay_ms: delay_ms,
            start_limit_interval_ms: interval_ms,
            start_limit_burst: burst,
            ..ServicePolicy::default()
        }
    }

    #[test]
    fn what_happens_to_a_service_that_fails_at_once() {
        let gives_up = |after_ms| Outlook::GivesUp {
            starts: 5,
            after_ms,
        };
        let cases = [
            ("no", 100, 10_000, 5, Outlook::StaysDown),
            ("on-success", 100, 10_000, 5, Outlook::StaysDown),
            ("on-failure", 100, 10_000, 5, gives_up(500)),
            ("always", 1999, 10_000, 5, gives_up(9995)),
            ("always", 2000, 10_000, 5, Outlook::NeverGivesUp),
            ("always", 100, 0, 5, Outlook::NeverGivesUp),
            ("always", 100, 10_000, 0, Outlook::NeverGivesUp),
        ];
        for (restart, delay, interval, burst, expected) in cases {
            let outlook = policy(restart, delay, interval, burst).outlook();
            assert_eq!(outlook, expected, "{restart} {delay} {interval} {burst}");
        }
        let growing = ServicePolicy {
            restart_steps: 4,
            restart_delay_max_ms: Some(60_000),
            ..policy("always", 100, 10_000, 5)
        };
        assert_eq!(growing.outlook(), Outlook::NeverGivesUp);
    }

    #[test]
    fn an_interval_that_limits_has_room_for_all_starts() {
        // (delay, burst, how long it runs, interval)
        let cases = [
            (100, 5, 0, 60),
            (10_000, 5, 0, 100),
            (5000, 5, 100_000, 1050),
        ];
        for (delay_ms, burst, run_ms, interval_s) in cases {
            let found = interval_that_limits_s(delay_ms, burst, run_ms);
            assert_eq!(found, interval_s);
        }
    }
}
