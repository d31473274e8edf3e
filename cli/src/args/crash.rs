//! What can be typed behind `aiops analyze crash`.

use analysis::{crash::CrashAsked, period::Period, question::Question};
use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::complete;

#[derive(Debug, Args)]
pub struct CrashWanted {
    /// Only crashes of this unit or program: `nginx`, `/usr/sbin/nginx`
    #[arg(add = ArgValueCandidates::new(complete::units))]
    pub name: Option<String>,
    /// Only crashes of this unit
    #[arg(
        long,
        conflicts_with = "name",
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::units)
    )]
    pub service: Option<String>,
    /// Only crashes of the process that had this id
    #[arg(long)]
    pub pid: Option<u32>,
    /// The newest crash in full
    #[arg(long)]
    pub last: bool,
    /// With registers, all threads and all modules
    #[arg(long)]
    pub detail: bool,
    /// How far to look back: 7d, 24h, 90m
    #[arg(long, alias = "period", default_value = "7d", value_name = "DURATION")]
    pub since: Period,
}

impl From<CrashWanted> for Question {
    fn from(wanted: CrashWanted) -> Self {
        let seconds = wanted.since.as_duration().as_secs();
        let since_s = u32::try_from(seconds).ok();
        Self::AnalyzeCrash(CrashAsked {
            name: wanted.name,
            unit: wanted.service,
            pid: wanted.pid,
            last: wanted.last,
            detail: wanted.detail,
            since_s: since_s.filter(|seconds| *seconds != analysis::crash::DEFAULT_SINCE_S),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{AnalyzeCommand, Args, Command};

    #[test]
    fn all_spellings_ask_for_crashes() {
        let asked = |words: &[&str]| {
            let line = ["aiops", "analyze", "crash"].iter().chain(words);
            let args = Args::try_parse_from(line).unwrap();
            let Command::Analyze(AnalyzeCommand::Crash(wanted)) = args.command else {
                panic!("{words:?}")
            };
            let Question::AnalyzeCrash(asked) = Question::from(wanted) else {
                panic!("{words:?}")
            };
            asked
        };
        assert_eq!(asked(&[]), CrashAsked::default());
        let last = asked(&["--last", "--detail"]);
        assert!(last.last && last.detail && last.since_s.is_none());
        assert_eq!(asked(&["nginx"]).name.as_deref(), Some("nginx"));
        assert_eq!(
            asked(&["--service", "nginx"]).unit.as_deref(),
            Some("nginx")
        );
        assert_eq!(asked(&["--pid", "7", "--since", "1h"]).since_s, Some(3600));
    }
}
