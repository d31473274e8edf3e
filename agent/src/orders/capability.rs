//! How the registry and `aiops-agent status` show what this host may be asked.

use analysis::{fleet::Capability, order::Refusal};

use super::{keys::OrderKeys, policy::Policy};
use crate::state_dir::StateDirError;

/// The name among the sources.
const ORDERS: &str = "orders";

/// What runs: the tiers, and single analyses, that the policy allows.
pub(super) fn capability(
    keys: &Result<Option<OrderKeys>, StateDirError>,
    policy: &Result<Policy, (Refusal, String)>,
) -> Capability {
    let (runs, degraded) = match (keys, policy) {
        (Err(error), _) => (None, Some(error.to_string())),
        (Ok(None), _) => (
            None,
            Some("the server has not told which key signs orders".to_owned()),
        ),
        (Ok(Some(_)), Err((_, detail))) => (None, Some(detail.clone())),
        (Ok(Some(_)), Ok(policy)) => (allowed(policy), restrictions(policy)),
    };
    Capability {
        source: ORDERS.to_owned(),
        runs,
        degraded,
    }
}

fn allowed(policy: &Policy) -> Option<String> {
    let tiers = policy.tiers.iter().map(|tier| format!("{tier:?}"));
    let single = policy.allow.difference(&policy.deny);
    let single = single.filter(|analysis| !policy.tiers.contains(&analysis.tier()));
    let all: Vec<String> = tiers
        .chain(single.map(|analysis| analysis.name().to_owned()))
        .collect();
    (!all.is_empty() && policy.max_running > 0 && policy.per_minute > 0).then(|| all.join(" "))
}

fn restrictions(policy: &Policy) -> Option<String> {
    if allowed(policy).is_none() {
        return Some("the policy allows nothing".to_owned());
    }
    let denied: Vec<&str> = policy.deny.iter().map(|analysis| analysis.name()).collect();
    let people: Vec<&str> = policy.requesters.iter().map(String::as_str).collect();
    let mut all = Vec::new();
    if !denied.is_empty() {
        all.push(format!("not {}", denied.join(", ")));
    }
    if !people.is_empty() {
        all.push(format!("only for {}", people.join(", ")));
    }
    (!all.is_empty()).then(|| format!("the policy: {}", all.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_shown_and_why_not_all() {
        let keys = || Ok(Some(OrderKeys::new([[1; 32]])));
        let policy = |text: &str| Ok(Policy::parse(text).unwrap());
        let unusable = Err((Refusal::PolicyUnusable, "mode 666".to_owned()));
        let cases = [
            (keys(), policy(""), Some("D0 D1"), None),
            (Ok(None), policy(""), None, Some("which key")),
            (keys(), unusable, None, Some("mode 666")),
            (keys(), policy("tiers = []"), None, Some("allows nothing")),
            (
                keys(),
                policy("max_running = 0"),
                None,
                Some("allows nothing"),
            ),
            (
                keys(),
                policy("tiers = []\nallow = ['analyze-ptree']"),
                Some("analyze-ptree"),
                None,
            ),
            (
                keys(),
                policy("deny = ['analyze-ptree']\nrequesters = ['ann']"),
                Some("D0 D1"),
                Some("not analyze-ptree; only for ann"),
            ),
        ];
        for (keys, policy, runs, degraded) in cases {
            let found = capability(&keys, &policy);
            assert_eq!(found.runs.as_deref(), runs, "{policy:?}");
            let told = found.degraded.unwrap_or_default();
            assert!(told.contains(degraded.unwrap_or_default()), "{told}");
            assert_eq!(told.is_empty(), degraded.is_none(), "{told}");
        }
    }
}
