//! What could not be read of how many processes, and why.

use std::{collections::BTreeMap, io};

use analysis::{limitation::Limitation, process_tree::ProcessFact};
use rustix::io::Errno;

use super::reader::{Facts, Found};
use crate::process::{CommandLine, Withheld};

/// How often something could not be read, by what and why.
#[derive(Default)]
pub(super) struct Limits(BTreeMap<(&'static str, String), u32>);

impl Limits {
    pub(super) fn add(&mut self, what: &'static str, why: impl Into<String>) {
        *self.0.entry((what, why.into())).or_default() += 1;
    }

    /// Notes what is missing. `None`: everything is.
    pub(super) fn note(&mut self, found: Found) -> Option<ProcessFact> {
        let Facts {
            stat,
            uid,
            placement,
            deleted_program,
            command_line,
        } = match found {
            Found::Process(facts) => *facts,
            Found::Hidden => {
                self.add("processes", "hidepid");
                return None;
            }
        };
        let placement = self.or_default("unit", placement);
        Some(ProcessFact {
            process: stat.id(),
            parent_pid: stat.parent_pid,
            session: stat.session,
            comm: stat.comm,
            argv: self.argv(command_line),
            state: stat.state.letter(),
            is_kernel_thread: stat.is_kernel_thread,
            tty: stat.tty,
            nice: stat.nice,
            uid,
            user: None,
            unit: placement.unit.clone(),
            container: placement.container.clone(),
            threads: stat.threads,
            rss_bytes: stat.rss_bytes,
            virtual_bytes: stat.virtual_bytes,
            cpu_ns: stat.user_ns.saturating_add(stat.system_ns),
            deleted_program: self.or_default("program", deleted_program),
        })
    }

    fn argv(&mut self, command_line: CommandLine) -> Vec<String> {
        match command_line {
            CommandLine::Arguments {
                mut argv,
                truncated,
            } => {
                if let Some(last) = argv.last_mut().filter(|_| truncated) {
                    last.push('…');
                }
                // Programs that show a title leave the room of their arguments empty behind it.
                let kept = argv.iter().rposition(|argument| !argument.is_empty());
                argv.truncate(kept.map_or(0, |last| last + 1));
                argv
            }
            CommandLine::Withheld(why) => {
                self.add("argv", why_of(why));
                Vec::new()
            }
        }
    }

    fn or_default<T: Default>(&mut self, what: &'static str, read: Result<T, Errno>) -> T {
        read.unwrap_or_else(|errno| {
            // It ended meanwhile, and what was read before is all there will be.
            if !matches!(errno, Errno::NOENT | Errno::SRCH) {
                self.add(what, io::Error::from(errno).to_string());
            }
            T::default()
        })
    }
}

fn why_of(why: Withheld) -> String {
    match why {
        Withheld::Uninterruptible => "uninterruptible".to_owned(),
        Withheld::Deadline => "deadline".to_owned(),
        Withheld::TooManyStuck => "too-many-stuck".to_owned(),
        Withheld::NoThread => "no-thread".to_owned(),
        Withheld::Denied => io::Error::from(Errno::ACCESS).to_string(),
    }
}

impl From<Limits> for Vec<Limitation> {
    fn from(limits: Limits) -> Self {
        let limitation = |((what, why), count): ((&str, String), u32)| Limitation {
            what: what.to_owned(),
            why,
            count,
        };
        limits.0.into_iter().map(limitation).collect()
    }
}
