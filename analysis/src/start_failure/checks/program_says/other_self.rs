//! Whether the process is there that a program takes for its other self.

use super::{rights::Seen, *};
use crate::start_failure::claim::{Identity, identity};

/// `None`: nobody knows which process it means.
pub(super) fn by_facts(says: &Says, facts: &StartFacts) -> Option<Seen> {
    let claimed = facts.claimed.as_ref()?;
    if says.cause != StartCause::AlreadyRunning {
        return None;
    }
    let process = claimed.process.as_ref();
    let evidence = Evidence::ClaimedProcess {
        path: claimed.path.clone(),
        pid: claimed.pid,
        comm: process.map(|process| process.comm.clone()),
        unit: process.and_then(|process| process.unit.clone()),
    };
    let certainty = match (identity(claimed, facts), &claimed.path) {
        (Identity::Same, _) => Certainty::Measured,
        // Its number stands in the file, and it is not there: the next start fails as well.
        (Identity::Gone, Some(_)) => Certainty::Measured,
        _ => Certainty::Inferred,
    };
    let culprit = match &claimed.path {
        Some(path) => Some(Culprit::path(&**path)),
        None => says.culprit.clone(),
    };
    let says = Says {
        culprit,
        ..says.clone()
    };
    Some((says, certainty, vec![evidence]))
}

/// Removes a file that names a process which is not the program. `None`: it may be.
pub(super) fn remove_stale(facts: &StartFacts) -> Option<Fix> {
    let claimed = facts.claimed.as_ref()?;
    let path = claimed.path.as_ref()?;
    let mut remove = commands::then_start(format!("rm {}", crate::shell::word(path)), facts);
    // A program may run under another name than the unit starts: pg_ctl starts postgres.
    let is_other = match identity(claimed, facts) {
        Identity::Gone => false,
        Identity::Other => true,
        Identity::Same | Identity::Unclear => return None,
    };
    if is_other {
        remove.insert(0, format!("ps -fp {}", claimed.pid));
    }
    Some(Fix {
        what: FixKind::RemoveStaleFile { path: path.clone() },
        commands: remove,
        risky: is_other,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::claim::{ClaimedProcess, RunningProcess};

    #[test]
    fn a_pid_file_of_nobody_is_stale() {
        let process = |comm: &str| {
            Some(RunningProcess {
                comm: comm.into(),
                names: vec![],
                unit: None,
                since: Some(at(-60)),
            })
        };
        let file = Some("/run/nginx.pid");
        // (file, process, certainty, first command)
        let cases = [
            (file, None, Certainty::Measured, "rm /run/nginx.pid"),
            (file, process("sleep"), Certainty::Inferred, "ps -fp 42"),
            (
                file,
                process("nginx"),
                Certainty::Measured,
                "fuser -v /run/nginx.pid",
            ),
            (None, None, Certainty::Inferred, "fuser -v /run/nginx.pid"),
        ];
        for (path, process, certainty, command) in cases {
            let message = "already running (pid 42), see /run/nginx.pid";
            let mut facts = failed("exit-code", exited(1), vec![line("nginx", message)]);
            facts.claimed = Some(ClaimedProcess {
                pid: 42,
                path: path.map(Into::into),
                process,
            });
            let found = check(&facts).unwrap();
            assert_eq!(found.cause, StartCause::AlreadyRunning);
            assert_eq!(found.certainty, certainty);
            assert_eq!(found.culprit, Some(Culprit::path("/run/nginx.pid")));
            assert_eq!(found.fixes[0].commands[0], command);
        }
    }
}
