//! Whether the unit's user and capabilities bear out that its program was not permitted something.

use super::*;
use crate::start_failure::{
    sandbox::{Wants, forbids},
    says::{first_path, port_of},
};

/// What it comes to, how certain that is, and what was seen.
pub(super) type Seen = (Says, Certainty, Vec<Evidence>);

const BOUNDING_SET: &str = "CapabilityBoundingSet";
const BIND_SERVICE: &str = "CAP_NET_BIND_SERVICE";
/// From here on anybody may listen.
const PORTS_OF_ALL: &str = "net.ipv4.ip_unprivileged_port_start";
/// With either of them root reads what is not its own.
const READ_ALL: [&str; 2] = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"];
/// A longer list of capabilities is told by what is missing.
const MOST_NAMES: usize = 4;

/// `None`: it is not about rights.
pub(super) fn by_facts(says: &Says, line: &LogLine, facts: &StartFacts) -> Option<Seen> {
    match (says.cause, &says.culprit) {
        (StartCause::CapabilityMissing, Some(Culprit::Capability { name })) => {
            Some(capability(name, says, line, facts))
        }
        (StartCause::PrivilegedPort, Some(Culprit::Address { address })) => {
            Some(port(port_of(address)?, says, facts))
        }
        (StartCause::PermissionDenied, _) => lost(says, line, facts),
        _ => None,
    }
}

fn capability(name: &str, says: &Says, line: &LogLine, facts: &StartFacts) -> Seen {
    match lacks(name, facts) {
        Some(evidence) => (says.clone(), Certainty::Inferred, evidence),
        // It has it: something else did not permit it.
        None => {
            let culprit = first_path(&line.message).map(Culprit::path);
            (denied(culprit), Certainty::Inferred, Vec::new())
        }
    }
}

fn port(port: u16, says: &Says, facts: &StartFacts) -> Seen {
    let from = facts.unprivileged_ports_from;
    let mut evidence: Vec<_> = from
        .map(|from| property(PORTS_OF_ALL, from.to_string()))
        .into_iter()
        .collect();
    let is_for_all = from.is_some_and(|from| port >= from);
    match lacks(BIND_SERVICE, facts).filter(|_| !is_for_all) {
        Some(seen) => {
            evidence.splice(0..0, seen);
            let certainty = match from {
                Some(_) => Certainty::Measured,
                None => Certainty::Inferred,
            };
            (says.clone(), certainty, evidence)
        }
        None => (denied(says.culprit.clone()), Certainty::Inferred, evidence),
    }
}

/// What root may not do because its unit took capabilities from it.
fn lost(says: &Says, line: &LogLine, facts: &StartFacts) -> Option<Seen> {
    let held = facts.setting(BOUNDING_SET).filter(|_| is_root(facts))?;
    let has = |name: &&str| held.split(' ').any(|one| one == *name);
    let text = line.message.to_ascii_lowercase();
    let is_of_capability = text.contains("operation not permitted") || text.contains("eperm");
    let settings = facts.unit.as_ref().map_or(&[][..], |unit| &unit.settings);
    let culprit = match &says.culprit {
        _ if is_of_capability => Culprit::Limit {
            name: BOUNDING_SET.to_owned(),
        },
        Some(Culprit::Path { path, .. })
            if !READ_ALL.iter().any(has) && forbids(settings, path, Wants::Read).is_none() =>
        {
            Culprit::Capability {
                name: READ_ALL[0].to_owned(),
            }
        }
        _ => return None,
    };
    let says = Says {
        cause: StartCause::CapabilityMissing,
        culprit: Some(culprit),
    };
    let evidence = bounding_set(held, None);
    Some((says, Certainty::Inferred, vec![evidence]))
}

fn denied(culprit: Option<Culprit>) -> Says {
    Says {
        cause: StartCause::PermissionDenied,
        culprit,
    }
}

/// Why the unit's programs lack a capability. `None`: they have it.
fn lacks(name: &str, facts: &StartFacts) -> Option<Vec<Evidence>> {
    let has = |set: &str| set.split(' ').any(|one| one == name);
    if let Some(held) = facts.setting(BOUNDING_SET).filter(|held| !has(held)) {
        return Some(vec![bounding_set(held, Some(name))]);
    }
    let is_given = facts.setting("AmbientCapabilities").is_some_and(has);
    if is_given || is_root(facts) {
        return None;
    }
    let of_user = ["User", "DynamicUser"].into_iter().find_map(|name| {
        let value = facts.setting(name)?;
        Some(property(name, value))
    });
    Some(of_user.into_iter().collect())
}

fn bounding_set(held: &str, name: Option<&str>) -> Evidence {
    match name {
        Some(name) if held.split(' ').count() > MOST_NAMES => {
            property(BOUNDING_SET, format!("~{name}"))
        }
        _ => property(BOUNDING_SET, held),
    }
}

/// Whether its programs begin as root.
pub(super) fn is_root(facts: &StartFacts) -> bool {
    let is_other = facts
        .setting("User")
        .is_some_and(|user| !matches!(user, "root" | "0"));
    !is_other && facts.setting("DynamicUser").is_none()
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::facts::Setting;

    fn found(
        message: &str,
        settings: &[(&str, &str)],
        from: Option<u16>,
    ) -> (StartCause, Certainty, Option<String>) {
        let mut facts = failed("exit-code", exited(1), vec![line("app", message)]);
        facts.unprivileged_ports_from = from;
        let setting = |(name, value): &(&str, &str)| Setting {
            name: (*name).into(),
            value: (*value).into(),
        };
        facts.unit.as_mut().unwrap().settings = settings.iter().map(setting).collect();
        let finding = check(&facts).unwrap();
        let culprit = finding.culprit.map(|culprit| culprit.to_string());
        (finding.cause, finding.certainty, culprit)
    }

    #[test]
    fn only_who_has_no_right_to_a_low_port_lacks_it() {
        use Certainty::{Inferred, Measured};
        use StartCause::{PermissionDenied, PrivilegedPort};
        let message = "bind() to 0.0.0.0:81 failed (13: Permission denied)";
        let nobody = ("User", "nobody");
        let given = ("AmbientCapabilities", "CAP_NET_BIND_SERVICE");
        let taken = ("CapabilityBoundingSet", "CAP_CHOWN CAP_KILL");
        // (settings, ports of all, cause)
        let cases = [
            (vec![nobody], Some(1024), (PrivilegedPort, Measured)),
            (vec![nobody], None, (PrivilegedPort, Inferred)),
            (vec![nobody], Some(80), (PermissionDenied, Inferred)),
            (
                vec![nobody, given],
                Some(1024),
                (PermissionDenied, Inferred),
            ),
            (vec![], Some(1024), (PermissionDenied, Inferred)),
            (vec![taken], Some(1024), (PrivilegedPort, Measured)),
            (
                vec![("DynamicUser", "yes")],
                Some(1024),
                (PrivilegedPort, Measured),
            ),
        ];
        for (settings, from, expected) in cases {
            let (cause, certainty, _) = found(message, &settings, from);
            assert_eq!((cause, certainty), expected, "{settings:?} {from:?}");
        }
    }

    #[test]
    fn what_the_unit_took_from_root_is_named() {
        use StartCause::{CapabilityMissing, PermissionDenied};
        let empty = ("CapabilityBoundingSet", "");
        let few = ("CapabilityBoundingSet", "CAP_CHOWN");
        let plain = "PermissionError: [Errno 1] Operation not permitted: '/srv/x'";
        let chown = "chown: changing ownership of '/srv/x': Operation not permitted";
        let fchown = "error: fchown /srv/x: Operation not permitted";
        let read = "cat: /srv/x: Permission denied";
        // (message, settings, cause, culprit)
        let cases = [
            (
                plain,
                vec![empty],
                CapabilityMissing,
                Some("CapabilityBoundingSet"),
            ),
            (plain, vec![], PermissionDenied, Some("/srv/x")),
            (
                plain,
                vec![empty, ("User", "nobody")],
                PermissionDenied,
                Some("/srv/x"),
            ),
            (fchown, vec![empty], CapabilityMissing, Some("CAP_CHOWN")),
            (fchown, vec![few], PermissionDenied, Some("/srv/x")),
            (chown, vec![], PermissionDenied, Some("/srv/x")),
            (read, vec![few], CapabilityMissing, Some("CAP_DAC_OVERRIDE")),
            (read, vec![], PermissionDenied, Some("/srv/x")),
        ];
        for (message, settings, cause, culprit) in cases {
            let (found, certainty, named) = found(message, &settings, None);
            assert_eq!(
                (found, named.as_deref()),
                (cause, culprit),
                "{message} {settings:?}"
            );
            assert_eq!(certainty, Certainty::Inferred);
        }
    }
}
