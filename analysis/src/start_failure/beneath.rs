//! Why a unit that another needs did not start: the cause beneath the cause.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Culprit, StartCause, StartFailure, Verdict};
use crate::{identity::UnitName, report::Health};

/// What the same diagnosis says of the unit that is to blame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Beneath {
    pub unit: UnitName,
    pub verdict: Verdict,
}

impl StartFailure {
    /// The unit that did not start before this one could, where that is why.
    pub fn failed_dependency(&self) -> Option<&UnitName> {
        match &self.verdict.culprit {
            Some(Culprit::Unit { unit })
                if self.verdict.cause == StartCause::DependencyFailed && *unit != self.unit =>
            {
                Some(unit)
            }
            _ => None,
        }
    }

    /// Adds what is known of that unit. What mends it comes first, and starts this one then.
    #[must_use]
    pub fn with_beneath(mut self, below: Self) -> Self {
        if below.health() != Health::Problem || below.verdict.cause == StartCause::Unknown {
            return self;
        }
        let mends = below.verdict.fixes.first().filter(|fix| fix.what.mends());
        if let Some(fix) = mends {
            let mut fix = fix.clone();
            fix.commands.push(format!(
                "systemctl start {}",
                super::commands::name(&self.unit)
            ));
            self.verdict.fixes.insert(0, fix);
        }
        self.beneath = Some(Beneath {
            unit: below.unit,
            verdict: below.verdict,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use crate::start_failure::{DependencyState, StartFacts, diagnose};

    /// A unit whose socket failed.
    fn above() -> StartFacts {
        let mut facts = resting();
        facts.asked = unit("shop");
        facts.unit.as_mut().unwrap().name = unit("shop");
        let said = "Dependency failed for shop.service - Shop.";
        facts.attempt = failed("dependency", None, vec![line("systemd", said)]).attempt;
        facts.dependencies = vec![DependencyState {
            unit: unit("nginx"),
            relation: "Requires".into(),
            load_state: "loaded".into(),
            active_state: "failed".into(),
            since: Some(at(0)),
            result: None,
            needed_by: None,
        }];
        facts
    }

    #[test]
    fn the_cause_of_the_dependency_is_told_and_mended_first() {
        let bind = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
        let mut below = failed("exit-code", exited(1), vec![line("nginx", bind)]);
        below.sockets = vec![apache("0.0.0.0:80", 80)];
        let report = diagnose(above());
        assert_eq!(report.failed_dependency(), Some(&unit("nginx")));
        let report = report.with_beneath(diagnose(below));
        assert_eq!(report.verdict.cause, StartCause::DependencyFailed);
        let beneath = report.beneath.unwrap();
        assert_eq!(beneath.verdict.cause, StartCause::PortInUse);
        let commands = [
            "systemctl stop apache2",
            "systemctl start nginx",
            "systemctl start shop",
        ];
        assert_eq!(report.verdict.fixes[0].commands, commands);
    }

    #[test]
    fn what_runs_by_now_or_is_not_understood_is_not_told() {
        let mut runs = resting();
        runs.unit.as_mut().unwrap().status.active_state = "active".into();
        let mute = failed("exit-code", exited(1), vec![]);
        let report = diagnose(above()).with_beneath(diagnose(runs));
        assert_eq!(report.beneath, None);
        let mute = diagnose(mute);
        let is_unknown = mute.verdict.cause == StartCause::Unknown;
        let report = diagnose(above()).with_beneath(mute);
        assert_eq!(report.beneath.is_none(), is_unknown);
    }
}
