//! `aiops analyze service`.

use analysis::{question::Question, service::ServiceAsked};
use clap::Args as ClapArgs;
use clap_complete::ArgValueCandidates;

use crate::complete;

#[derive(Debug, ClapArgs)]
pub struct ServiceWanted {
    /// The unit: `nginx` means `nginx.service`; also timers, sockets, mounts
    #[arg(
        value_name = "NAME",
        required_unless_present_any = ["name", "service"],
        add = ArgValueCandidates::new(complete::units)
    )]
    pub unit: Option<String>,
    /// The unit, as an option
    #[arg(
        long,
        conflicts_with_all = ["unit", "service"],
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::units)
    )]
    pub name: Option<String>,
    /// The same
    #[arg(
        long,
        conflicts_with_all = ["unit", "name"],
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::units)
    )]
    pub service: Option<String>,
    /// All events, log lines, dependencies and findings
    #[arg(short, long)]
    pub detail: bool,
}

impl From<ServiceWanted> for Question {
    fn from(wanted: ServiceWanted) -> Self {
        let unit = wanted.unit.or(wanted.name).or(wanted.service);
        Self::AnalyzeService(ServiceAsked {
            // clap has seen to it that there is one.
            unit: unit.unwrap_or_default(),
            detail: wanted.detail,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{AnalyzeCommand, Args, Command};

    #[test]
    fn all_spellings_of_a_service_ask_the_same() {
        let read = |words: &[&str]| {
            let line = ["aiops", "analyze", "service"].iter().chain(words);
            Args::try_parse_from(line)
        };
        for words in [&["nginx"][..], &["--name", "nginx"], &["--service=nginx"]] {
            let asked = read(&[words, &["--detail"]].concat()).unwrap();
            let Command::Analyze(AnalyzeCommand::Service(wanted)) = asked.command else {
                panic!("{words:?}")
            };
            let expected = ServiceAsked {
                unit: "nginx".to_owned(),
                detail: true,
            };
            assert_eq!(Question::from(wanted), Question::AnalyzeService(expected));
        }
        assert!(read(&[]).is_err());
        assert!(read(&["nginx", "--name", "apache2"]).is_err());
    }
}
