//! Whether a limit of the unit bears out that its program got no more of something.

use super::{
    rights::{Seen, is_root},
    *,
};
use crate::start_failure::checks::too_few_tasks;

/// More than most programs need; systemd's own default of 1024 is for those that use `select`.
const MANY_FILES: &str = "LimitNOFILE=65536";

/// `None`: it is not about a limit of the unit.
pub(super) fn by_facts(says: &Says, facts: &StartFacts) -> Option<Seen> {
    let Some(Culprit::Limit { name }) = &says.culprit else {
        return None;
    };
    let value = |name: &str| Some(property(name, facts.setting(name)?));
    let inferred = |says, evidence: Option<Evidence>| {
        Some((says, Certainty::Inferred, evidence.into_iter().collect()))
    };
    if name != too_few_tasks::LIMIT {
        return inferred(says.clone(), value(name));
    }
    let rejected = too_few_tasks::rejected(facts);
    match (rejected, value(name)) {
        (Some(line), Some(limit)) => {
            Some((says.clone(), Certainty::Measured, vec![said(line), limit]))
        }
        // The unit has no such limit; a user has one.
        (_, None) if !is_root(facts) && value("LimitNPROC").is_some() => {
            let name = "LimitNPROC".to_owned();
            let culprit = Some(Culprit::Limit { name });
            let says = Says {
                culprit,
                ..says.clone()
            };
            inferred(says, value("LimitNPROC"))
        }
        (_, limit) => inferred(says.clone(), limit),
    }
}

/// Raises a limit of the unit, or of the kernel.
pub(super) fn raise(name: &str, facts: &StartFacts) -> Fix {
    // `fs.inotify.max_user_watches`
    if name.contains('.') {
        return kernel_limit(name, facts);
    }
    let setting = match name {
        "LimitNOFILE" => MANY_FILES.to_owned(),
        "LimitMEMLOCK" => "LimitMEMLOCK=infinity".to_owned(),
        _ => format!("{name}=4096"),
    };
    Fix {
        what: FixKind::RaiseLimit {
            name: name.to_owned(),
        },
        commands: commands::set(&[setting], facts),
        risky: false,
    }
}

/// Doubles a limit of the kernel, and keeps it so: nobody knows here what it is.
fn kernel_limit(name: &str, facts: &StartFacts) -> Fix {
    let doubled = match name {
        // Semaphores of a set, of all sets, operations of a call, and sets.
        "kernel.sem" => {
            r#""$(sysctl -n kernel.sem | awk '{ print $1, 2 * $2, $3, 2 * $4 }')""#.to_owned()
        }
        _ => format!("$((2 * $(sysctl -n {name})))"),
    };
    let mut commands = vec![
        format!("sysctl -w {name}={doubled}"),
        format!("sysctl {name} >> /etc/sysctl.d/90-aiops.conf"),
    ];
    commands.extend(commands::start(facts));
    Fix {
        what: FixKind::RaiseLimit {
            name: name.to_owned(),
        },
        commands,
        risky: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::facts::Setting;

    #[test]
    fn the_kernel_tells_whether_it_was_the_units_limit() {
        use Certainty::{Inferred, Measured};
        let ours = "cgroup: fork rejected by pids controller in /system.slice/nginx.service";
        let other = "cgroup: fork rejected by pids controller in /system.slice/nginx.service2";
        let few = ("TasksMax", "2");
        let cgroup = ("ControlGroup", "/system.slice/nginx.service");
        let user = [("User", "nobody"), ("LimitNPROC", "9")];
        // (kernel, settings, culprit, certainty, first command sets)
        let cases = [
            (Some(ours), vec![cgroup, few], "TasksMax", Measured),
            (Some(other), vec![cgroup, few], "TasksMax", Inferred),
            (None, vec![cgroup, few], "TasksMax", Inferred),
            (Some(ours), vec![cgroup], "TasksMax", Inferred),
            (None, user.to_vec(), "LimitNPROC", Inferred),
            (None, vec![user[1]], "TasksMax", Inferred),
        ];
        for (kernel, settings, culprit, certainty) in cases {
            let message = "RuntimeError: can't start new thread";
            let mut facts = failed("exit-code", exited(1), vec![line("app", message)]);
            facts.kernel = kernel
                .map(|text| line("kernel", text))
                .into_iter()
                .collect();
            let setting = |(name, value): &(&str, &str)| Setting {
                name: (*name).into(),
                value: (*value).into(),
            };
            facts.unit.as_mut().unwrap().settings = settings.iter().map(setting).collect();
            let found = check(&facts).unwrap();
            assert_eq!(found.cause, StartCause::LimitTooLow);
            let named = found.culprit.unwrap().to_string();
            assert_eq!(
                (named.as_str(), found.certainty),
                (culprit, certainty),
                "{settings:?}"
            );
        }
    }
}
