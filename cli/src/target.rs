//! Whom a command is about.

use std::collections::BTreeMap;

use crate::{
    args::{Command, HostCommand, InquiryCommand},
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

/// Whom a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This machine.
    Here,
    /// One host, by name: it answers as this machine would.
    One(String),
    /// Those named, and those with all of the labels: each gets a line.
    Many {
        hosts: Vec<String>,
        labels: BTreeMap<String, String>,
    },
}

impl Target {
    pub fn of(hosts: &[String], labels: &[String]) -> Result<Self, Failure> {
        if hosts.iter().any(String::is_empty) {
            return Err(Failure::new(Exit::Usage, say("cli-empty-host")));
        }
        match (hosts, labels) {
            ([], []) => Ok(Self::Here),
            ([one], []) => Ok(Self::One(one.clone())),
            _ => Ok(Self::Many {
                hosts: hosts.to_vec(),
                labels: labels
                    .iter()
                    .map(|label| pair(label))
                    .collect::<Result<_, _>>()?,
            }),
        }
    }

    fn is_without_names(&self) -> bool {
        match self {
            Self::Here => true,
            Self::One(_) => false,
            Self::Many { hosts, .. } => hosts.is_empty(),
        }
    }
}

/// Refuses options that the command would pass over: who names a host means it.
///
/// # Errors
///
/// [`Failure`] if the command asks no hosts, or asks this machine, which is not waited for.
pub fn check(context: &Context, command: &Command) -> Result<(), Failure> {
    let target = &context.target;
    let is_meant = match command {
        Command::Analyze(_)
        | Command::Collect(_)
        | Command::Diagnose(_)
        | Command::Inspect(_)
        | Command::Profile(_)
        | Command::Events(_)
        | Command::Inquiry(InquiryCommand::Show { .. })
        | Command::Help { .. } => true,
        Command::Host(HostCommand::List(_) | HostCommand::Add(_)) => target.is_without_names(),
        _ => *target == Target::Here,
    };
    if !is_meant {
        return Err(Failure::new(Exit::Usage, say("cli-no-hosts-here")));
    }
    let is_question = matches!(command, Command::Analyze(_) | Command::Diagnose(_));
    if context.watch.is_some() && !is_question {
        return Err(Failure::new(Exit::Usage, say("cli-nothing-to-watch")));
    }
    if context.watch.is_some() && context.patience.when_online_s.is_some() {
        return Err(Failure::new(Exit::Usage, say("cli-watch-of-orders")));
    }
    let patience = &context.patience;
    let is_patient = patience.when_online_s.is_some() || patience.time_limit_ms.is_some();
    if is_patient && *target == Target::Here {
        let failure = Failure::new(Exit::Usage, say("cli-patience-without-host"));
        return Err(failure.hint(say("cli-patience-without-host-hint")));
    }
    Ok(())
}

fn pair(label: &str) -> Result<(String, String), Failure> {
    match label.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => {
            let message = say("cli-no-label").with("label", label);
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_answers_as_this_machine_does_and_several_in_lines() {
        let of = |hosts: &[&str], labels: &[&str]| {
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let (hosts, labels): (Vec<String>, Vec<String>) = (owned(hosts), owned(labels));
            Target::of(&hosts, &labels)
        };
        assert_eq!(of(&[], &[]).unwrap(), Target::Here);
        assert_eq!(of(&["a"], &[]).unwrap(), Target::One("a".to_owned()));
        assert!(matches!(of(&["a", "b"], &[]).unwrap(), Target::Many { .. }));
        let labelled = Target::Many {
            hosts: Vec::new(),
            labels: BTreeMap::from([("role".to_owned(), "db=1".to_owned())]),
        };
        assert_eq!(of(&[], &["role=db=1"]).unwrap(), labelled);
        for wrong in ["role", "=db", ""] {
            assert_eq!(
                of(&[], &[wrong]).unwrap_err().exit,
                Exit::Usage,
                "{wrong:?}"
            );
        }
        assert_eq!(of(&["a", ""], &[]).unwrap_err().exit, Exit::Usage);
    }
}
