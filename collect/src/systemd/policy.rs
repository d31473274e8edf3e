//! The settings of a service that decide what becomes of it when it ends.

use analysis::{
    identity::UnitName,
    restarts::policy::{ExitSet, RestartPolicy},
};
use zbus::Variant;

use super::{calls::UNIT, manager::Manager, properties::Properties};
use crate::CollectError;

/// systemd's word for "infinity".
const NO_LIMIT: u64 = u64::MAX;

/// What systemd calls a unit, and what it knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUnit {
    /// Its name; the one that was asked for may be an alias.
    pub name: UnitName,
    /// Whether there is such a unit, now.
    pub is_there: bool,
    /// `None`: it is no service, or not there.
    pub policy: Option<RestartPolicy>,
}

impl Manager {
    /// The real name of a unit, and its settings; three calls.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn known_unit(&self, asked: &UnitName) -> Result<KnownUnit, CollectError> {
        let path = self.load(asked).await?;
        let of_unit = Properties::of(&self.connection, path.as_str(), UNIT).await?;
        let name: UnitName = of_unit.text("Id").parse().unwrap_or_else(|_| asked.clone());
        let is_there = of_unit.text("LoadState") != "not-found";
        let is_service = name.as_str().ends_with(".service");
        let policy = match is_there && is_service {
            true => {
                let of_service = self.properties_of_kind(&name, path.as_str()).await?;
                Some(policy(&of_unit, &of_service))
            }
            false => None,
        };
        Ok(KnownUnit {
            name,
            is_there,
            policy,
        })
    }
}

fn policy(unit: &Properties, service: &Properties) -> RestartPolicy {
    let limited = |value: u64| Some(value).filter(|value| *value != NO_LIMIT);
    let ms = |us: u64| us / 1000;
    // Of these times 0 is no time at all.
    let time_ms = |name| limited(service.number(name)).filter(|us| *us != 0).map(ms);
    RestartPolicy {
        service_type: service.text("Type"),
        restart: service.text("Restart"),
        restart_delay_ms: ms(service.number("RestartUSec")),
        // From systemd 254 on.
        restart_steps: u32::try_from(service.number("RestartSteps")).unwrap_or(0),
        restart_max_delay_ms: time_ms("RestartMaxDelayUSec"),
        start_limit_interval_ms: limited(unit.number("StartLimitIntervalUSec"))
            .filter(|us| *us != 0)
            .map(ms),
        start_limit_burst: u32::try_from(unit.number("StartLimitBurst")).unwrap_or(0),
        watchdog_ms: time_ms("WatchdogUSec"),
        start_timeout_ms: time_ms("TimeoutStartUSec"),
        stop_timeout_ms: time_ms("TimeoutStopUSec"),
        oom_policy: service.text("OOMPolicy"),
        memory_max_bytes: limited(service.number("MemoryMax")),
        core_limit_bytes: limited(service.number("LimitCORESoft")),
        prevented_by: exit_set(service.fields("RestartPreventExitStatus")),
        forced_by: exit_set(service.fields("RestartForceExitStatus")),
        needs_reload: unit.flag("NeedDaemonReload"),
    }
}

/// Codes, then signals: an array of numbers each.
fn exit_set(fields: &[Variant<'_>]) -> ExitSet {
    let numbers = |at: usize| match fields.get(at) {
        Some(Variant::Array(values)) => {
            let number = |value: &Variant<'_>| match value {
                Variant::I32(number) => u8::try_from(*number).ok(),
                _ => None,
            };
            values.inner().iter().filter_map(number).collect()
        }
        _ => Vec::new(),
    };
    ExitSet {
        codes: numbers(0),
        signals: numbers(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_no_limit_and_what_old_versions_lack_is_none() {
        let unit = Properties::made([
            ("StartLimitIntervalUSec", Variant::new(10_000_000_u64)),
            ("StartLimitBurst", Variant::new(5_u32)),
        ]);
        let service = Properties::made([
            ("Restart", Variant::new("on-failure")),
            ("RestartUSec", Variant::new(100_000_u64)),
            ("MemoryMax", Variant::new(u64::MAX)),
            ("LimitCORESoft", Variant::new(0_u64)),
            ("WatchdogUSec", Variant::new(0_u64)),
        ]);
        let policy = policy(&unit, &service);
        assert_eq!(policy.restart_delay_ms, 100);
        assert_eq!(policy.start_limit_interval_ms, Some(10_000));
        assert_eq!(policy.memory_max_bytes, None);
        assert_eq!(policy.core_limit_bytes, Some(0));
        assert_eq!(
            (policy.watchdog_ms, policy.restart_max_delay_ms),
            (None, None)
        );
        assert_eq!(policy.prevented_by, ExitSet::default());
    }
}
