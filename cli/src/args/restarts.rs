//! `aiops analyze restarts`.

use std::path::PathBuf;

use analysis::period::Period;
use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::ArgValueCandidates;

use crate::complete;

#[derive(Debug, ClapArgs)]
pub struct RestartsWanted {
    /// The unit: `nginx` means `nginx.service`
    #[arg(
        required_unless_present_any = ["unit_name", "service", "all"],
        add = ArgValueCandidates::new(complete::units)
    )]
    pub name: Option<String>,
    /// The unit, as an option
    #[arg(
        long = "name",
        conflicts_with = "name",
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::units)
    )]
    pub unit_name: Option<String>,
    /// The same
    #[arg(
        long,
        conflicts_with_all = ["name", "unit_name"],
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::units)
    )]
    pub service: Option<String>,
    /// All units, the worst first
    #[arg(long, conflicts_with_all = ["name", "unit_name", "service"])]
    pub all: bool,
    /// How far to look back: 7d, 24h, 90m
    #[arg(long, default_value = "7d", value_name = "DURATION")]
    pub period: Period,
    /// Whose record answers for a host [default: the server's; the host's if that has none]
    #[arg(long, value_name = "RECORD")]
    pub record: Option<RecordWanted>,
    /// Read journal files in this folder instead of this machine's journal
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordWanted {
    /// The server's, which survives the host and its journal
    Ledger,
    /// The host's own journal, with its settings and what its programs logged
    Journal,
}

impl RestartsWanted {
    /// The unit as it was typed. `None`: all.
    pub fn unit(&self) -> Option<&str> {
        let name = self.name.as_ref().or(self.unit_name.as_ref());
        name.or(self.service.as_ref()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{AnalyzeCommand, Args, Command};

    #[test]
    fn all_spellings_of_a_unit_are_taken() {
        let read = |words: &[&str]| {
            let line = ["aiops", "analyze", "restarts"].iter().chain(words);
            Args::try_parse_from(line)
        };
        for words in [
            &["mysql", "--period", "7d"][..],
            &["--service", "mysql", "--period", "7d"],
            &["--name", "mysql"],
        ] {
            let args = read(words).unwrap();
            let Command::Analyze(AnalyzeCommand::Restarts(wanted)) = args.command else {
                panic!("{words:?}")
            };
            assert_eq!(wanted.unit(), Some("mysql"));
        }
        assert!(read(&["--all"]).is_ok());
        for words in [
            &[][..],
            &["mysql", "--service", "mysql"],
            &["mysql", "--all"],
            &["--name", "a", "--service", "b"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
