//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use analysis::{period::Period, process_tree::ProcessTreeAsked, question::Question};

/// Explains why processes and services die, restart, hang or fail to start.
#[derive(Debug, Parser)]
#[command(name = "aiops", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 no such host or unit, 4 not allowed, \
5 server or host unreachable, 6 some hosts failed, 70 aiops itself failed.";

#[derive(Debug, Default, ClapArgs)]
pub struct Global {
    /// Ask about this host, through the server; without it, about this machine itself
    #[arg(long, global = true, value_name = "NAME")]
    pub host: Option<String>,
    /// How to print: for people, or for programs
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// Language of what is printed [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, global = true, value_name = "en|zh-CN")]
    pub lang: Option<String>,
    /// Which server to ask [default: $XDG_CONFIG_HOME/aiops/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "AIOPS_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for a person
    #[default]
    Table,
    /// One JSON document
    Json,
    /// A JSON document a line
    Jsonl,
    /// One YAML document
    Yaml,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hosts that report to the server
    #[command(subcommand)]
    Host(HostCommand),
    /// What happened on the hosts, the oldest first
    Events(EventFilter),
    /// Why something is as it is
    #[command(subcommand)]
    Analyze(AnalyzeCommand),
}

#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// All hosts, with state and what they can report
    List(HostFilter),
    /// Everything known about one host
    Show {
        /// Name or agent id
        host: String,
    },
    /// Print the one line with which a new host joins
    Add(JoinOptions),
    /// Refuse this host from now on; a live connection is cut
    Revoke {
        /// Name or agent id
        host: String,
        /// Why, for those who ask later
        #[arg(long, default_value = "revoked by an operator")]
        reason: String,
    },
}

#[derive(Debug, ClapArgs)]
pub struct HostFilter {
    /// Only hosts whose name contains this
    pub name: Option<String>,
    /// Only hosts with this label
    #[arg(short = 'l', long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct JoinOptions {
    /// How many hosts may join with the line
    #[arg(long, default_value_t = 1)]
    pub uses: u32,
    /// How long the line works
    #[arg(long, default_value = "1h", value_name = "DURATION")]
    pub ttl: Period,
    /// Label of the hosts that join with it
    #[arg(short = 'l', long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct EventFilter {
    /// Only events of this unit
    #[arg(long)]
    pub unit: Option<String>,
    /// Only events of this kind: unit-stopped, process-exited, gap, ...
    #[arg(long, value_delimiter = ',')]
    pub kind: Vec<String>,
    /// How far to look back
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Period>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// Go on with what happens from now
    #[arg(short, long)]
    pub follow: bool,
    /// Also single processes (there are many)
    #[arg(long)]
    pub processes: bool,
}

#[derive(Debug, Subcommand)]
pub enum AnalyzeCommand {
    /// How often a unit stopped, why, who did it, and how long it was away
    Restarts(RestartsAsked),
    /// The processes as a tree: what each subtree costs, and what is odd
    Ptree(PtreeAsked),
}

#[derive(Debug, ClapArgs)]
pub struct PtreeAsked {
    /// Only this process and its children; without it, all processes
    #[arg(value_name = "PID")]
    pub process: Option<u32>,
    /// The process, as an option
    #[arg(long, conflicts_with = "process", value_name = "PID")]
    pub pid: Option<u32>,
    /// Also what is below the children
    #[arg(short, long)]
    pub recursive: bool,
}

impl From<PtreeAsked> for Question {
    fn from(asked: PtreeAsked) -> Self {
        Self::AnalyzePtree(ProcessTreeAsked {
            pid: asked.process.or(asked.pid),
            recursive: asked.recursive,
        })
    }
}

#[derive(Debug, ClapArgs)]
pub struct RestartsAsked {
    /// The unit: `nginx` means `nginx.service`
    #[arg(required_unless_present_any = ["service", "all"])]
    pub name: Option<String>,
    /// The unit, as an option
    #[arg(long, conflicts_with = "name", value_name = "NAME")]
    pub service: Option<String>,
    /// All units, the worst first
    #[arg(long, conflicts_with_all = ["name", "service"])]
    pub all: bool,
    /// How far to look back: 7d, 24h, 90m
    #[arg(long, default_value = "7d", value_name = "DURATION")]
    pub period: Period,
    /// Read journal files in this folder instead of this machine's journal
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn both_spellings_of_a_unit_are_taken() {
        for line in [
            &["aiops", "analyze", "restarts", "mysql", "--period", "7d"][..],
            &[
                "aiops",
                "analyze",
                "restarts",
                "--service",
                "mysql",
                "--period",
                "7d",
            ],
        ] {
            let args = Args::try_parse_from(line).unwrap();
            let Command::Analyze(AnalyzeCommand::Restarts(asked)) = args.command else {
                panic!("{line:?}")
            };
            assert_eq!(asked.name.or(asked.service).as_deref(), Some("mysql"));
        }
        assert!(Args::try_parse_from(["aiops", "analyze", "restarts"]).is_err());
    }

    #[test]
    fn both_spellings_of_a_process_ask_the_same() {
        let asked = |words: &[&str]| {
            let line = ["aiops", "analyze", "ptree"].iter().chain(words);
            let args = Args::try_parse_from(line).unwrap();
            let Command::Analyze(AnalyzeCommand::Ptree(asked)) = args.command else {
                panic!("{words:?}")
            };
            Question::from(asked)
        };
        let question = |pid, recursive| Question::AnalyzePtree(ProcessTreeAsked { pid, recursive });
        assert_eq!(asked(&[]), question(None, false));
        assert_eq!(asked(&["7"]), question(Some(7), false));
        assert_eq!(
            asked(&["--pid", "7", "--recursive"]),
            question(Some(7), true)
        );
        assert!(Args::try_parse_from(["aiops", "analyze", "ptree", "7", "--pid", "8"]).is_err());
        assert!(Args::try_parse_from(["aiops", "analyze", "ptree", "-1"]).is_err());
    }
}
