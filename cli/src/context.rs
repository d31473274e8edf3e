//! What every command has: where to print, and whom to ask.

use std::collections::BTreeMap;

use crate::{
    args::Global,
    config::Place,
    exit::{Exit, Failure},
    message::say,
    output::Printer,
    server::Server,
};

/// What every command has.
pub struct Context {
    pub printer: Printer,
    pub target: Target,
    pub place: Place,
    /// How long to wait for hosts that are off, and how long an analysis may run there.
    pub patience: Patience,
}

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

/// How long a question may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// `None`: hosts that are off are told at once.
    pub when_online_s: Option<u64>,
    /// `None`: the limit of the catalogue.
    pub time_limit_ms: Option<u64>,
}

impl Context {
    /// # Errors
    ///
    /// [`Failure`] if the options make no sense.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let asked = &global.asked;
        let seconds = |period: analysis::period::Period| period.as_duration().as_secs();
        Ok(Self {
            printer: Printer::new(global)?,
            target: Target::of(&asked.hosts, &asked.labels)?,
            place: global.place(),
            patience: Patience {
                when_online_s: asked.when_online.map(seconds),
                time_limit_ms: asked.time_limit.map(|limit| seconds(limit) * 1000),
            },
        })
    }

    /// The server that is configured. Commands about this machine alone never ask for it.
    pub fn server(&self) -> Result<Server, Failure> {
        Server::new(self.place.connection()?)
    }
}

impl Target {
    fn of(hosts: &[String], labels: &[String]) -> Result<Self, Failure> {
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
