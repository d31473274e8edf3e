//! What can be typed.

mod crash;
mod inquiries;
mod inspect;
mod monitor;
mod people;
mod processes;
mod resources;
mod restarts;
mod service;
mod watch;

pub use crash::CrashWanted;
pub use inquiries::InquiryCommand;
pub use inspect::InspectCommand;
pub use monitor::{MonitorCommand, MonitorWanted, Wanted};
pub use people::{AccountCommand, ApiCall, AuditCommand, ContextCommand, Login, TokenCommand};
pub use processes::CollectCommand;
pub use resources::ResourcesWanted;
pub use restarts::{RecordWanted, RestartsWanted};
pub use service::ServiceWanted;
pub use watch::{BehaviorWanted, ProfileWanted};

use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use analysis::{
    period::Period, process_tree::ProcessTreeAsked, question::Question,
    start_failure::StartFailureAsked,
};

use crate::{complete, config::Place};

/// Explains why processes and services die, restart, hang or fail to start.
#[derive(Debug, Parser)]
#[command(
    name = "aiops",
    version,
    after_help = EXIT_CODES,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Commands that ask no host.
const HERE: [&str; 12] = [
    "account",
    "api",
    "audit",
    "completions",
    "context",
    "explain",
    "login",
    "logout",
    "man",
    "monitor",
    "schema",
    "token",
];
/// What says which hosts to ask, and how.
const OF_HOSTS: [&str; 5] = ["hosts", "labels", "when_online", "watch", "timeout"];

/// The command line. Options for hosts are offered where hosts can be asked; elsewhere they are
/// still read, and refused with a word of why.
pub fn command() -> clap::Command {
    let mut command = Args::command();
    // Only now has each command the options that all have.
    command.build();
    HERE.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, without_hosts)
    })
}

fn without_hosts(command: clap::Command) -> clap::Command {
    let hide = |option: clap::Arg| {
        let is_of_hosts = OF_HOSTS.contains(&option.get_id().as_str());
        option.hide(is_of_hosts)
    };
    command.mut_args(hide).mut_subcommands(without_hosts)
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 no such host or unit, 4 not allowed, \
5 server or host unreachable, 6 some hosts failed, 70 aiops itself failed. \
More: aiops help exit-codes";

#[derive(Debug, Default, ClapArgs)]
pub struct Global {
    #[command(flatten)]
    pub asked: Asked,
    /// How to print: for people, or for programs
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// Language of what is printed [default: from LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, global = true, value_name = "en|zh-CN")]
    pub lang: Option<String>,
    /// Where the contexts are kept [default: $XDG_CONFIG_HOME/aiops/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "AIOPS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Which server to ask [default: the context that `aiops context use` chose]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AIOPS_CONTEXT",
        add = ArgValueCandidates::new(complete::contexts)
    )]
    pub context: Option<String>,
}

impl Global {
    pub fn place(&self) -> Place {
        Place {
            file: self.config.clone(),
            context: self.context.clone().filter(|name| !name.is_empty()),
        }
    }
}

/// Which hosts to ask, and how patiently.
#[derive(Debug, Default, ClapArgs)]
pub struct Asked {
    /// Ask this host, or several (a,b), through the server; without it, this machine itself
    #[arg(
        long = "host",
        global = true,
        value_name = "NAME",
        value_delimiter = ',',
        add = ArgValueCandidates::new(complete::hosts)
    )]
    pub hosts: Vec<String>,
    /// Ask the hosts that have this label; given twice, those that have both
    #[arg(short = 'l', long = "label", global = true, value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
    /// Let the question wait for hosts that are off, and do not wait for it here
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1d"
    )]
    pub when_online: Option<Period>,
    /// Ask again and again, so many seconds after each answer [default: 2s, of other hosts 10s]
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true
    )]
    pub watch: Option<Option<Period>>,
    /// How long an analysis may run on a host [default: that of the analysis]
    #[arg(long, global = true, value_name = "DURATION")]
    pub timeout: Option<Period>,
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
    /// What happens to processes, as it happens (this machine only)
    #[command(subcommand)]
    Monitor(MonitorCommand),
    /// What is there now, measured for a while
    #[command(subcommand)]
    Collect(CollectCommand),
    /// What is wrong, and what to do about it
    #[command(subcommand)]
    Diagnose(DiagnoseCommand),
    /// What something does at the moment
    #[command(subcommand)]
    Inspect(InspectCommand),
    /// Where a process spends its CPU time: functions, stacks, and a flame graph
    Profile(ProfileWanted),
    /// Questions that were put to hosts, and their answers
    #[command(subcommand)]
    Inquiry(InquiryCommand),
    /// Log in to a server, and keep it as a context
    Login(Login),
    /// Remove the token of a context on the server, and the context
    Logout {
        /// The context [default: the current one]
        name: Option<String>,
    },
    /// Servers that are known, and which of them is asked
    #[command(subcommand)]
    Context(ContextCommand),
    /// Who can log in (for administrators)
    #[command(subcommand)]
    Account(AccountCommand),
    /// Tokens with which programs ask the server
    #[command(subcommand)]
    Token(TokenCommand),
    /// Who did what, in a chain that shows any change (for administrators)
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Ask the HTTP API directly
    Api(ApiCall),
    /// Print the JSON Schema of a report: what `-o json` gives
    Schema {
        /// As `aiops schema` lists them: analyze-ptree
        report: Option<String>,
    },
    /// Print what a shell needs to complete words, host and unit names too
    ///
    /// bash and zsh: `source <(aiops completions bash)` in .bashrc or .zshrc;
    /// fish: `aiops completions fish | source` in config.fish.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the man pages into a folder: `aiops man /usr/local/share/man/man1`
    Man { folder: PathBuf },
    /// What an exit code, a signal, its reason or a unit's result means: 137, SIGSEGV, 203/EXEC
    Explain {
        /// As it stands in a log or a report: `137`, `11/SEGV`, `SEGV_MAPERR`, `core-dump`
        #[arg(required = true, allow_negative_numbers = true, value_name = "CODE")]
        code: Vec<String>,
    },
    /// Explain a command, or the exit codes: `aiops help exit-codes`
    Help { words: Vec<String> },
}

/// A shell that can be told how to complete words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Subcommand)]
pub enum DiagnoseCommand {
    /// Why a unit did not start: the cause, who is to blame, and commands that help
    StartFailure(StartFailureWanted),
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct StartFailureWanted {
    /// The unit: `nginx` means `nginx.service`
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::units))]
    pub unit: Option<String>,
    /// The unit, as an option
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::units))]
    pub name: Option<String>,
    /// The same
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::units))]
    pub service: Option<String>,
}

impl From<StartFailureWanted> for Question {
    fn from(wanted: StartFailureWanted) -> Self {
        let unit = wanted.unit.or(wanted.name).or(wanted.service);
        Self::DiagnoseStartFailure(StartFailureAsked {
            // clap has seen to it that there is one.
            unit: unit.unwrap_or_default(),
        })
    }
}

#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// All hosts, or those with the labels, with state and what they can report
    List(HostFilter),
    /// Everything known about one host
    Show {
        /// Name or agent id
        #[arg(add = ArgValueCandidates::new(complete::hosts))]
        host: String,
    },
    /// Print the one line with which a new host joins; `-l` labels the hosts that use it
    Add(JoinOptions),
    /// Refuse this host from now on; a live connection is cut
    Revoke {
        /// Name or agent id
        #[arg(add = ArgValueCandidates::new(complete::hosts))]
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
}

#[derive(Debug, ClapArgs)]
pub struct JoinOptions {
    /// How many hosts may join with the line
    #[arg(long, default_value_t = 1)]
    pub uses: u32,
    /// How long the line works
    #[arg(long, default_value = "1h", value_name = "DURATION")]
    pub ttl: Period,
}

#[derive(Debug, ClapArgs)]
pub struct EventFilter {
    /// Only events of this unit
    #[arg(long, add = ArgValueCandidates::new(complete::units))]
    pub unit: Option<String>,
    /// Only events of this kind: unit-stopped, process-exited, gap, ...
    #[arg(long, value_delimiter = ',')]
    pub kind: Vec<String>,
    /// How far to look back; without it the newest are shown
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
    /// Which processes crashed, why and where: the kinds of crashes, and one in full
    Crash(CrashWanted),
    /// How often a unit stopped, why, who did it, and how long it was away
    Restarts(RestartsWanted),
    /// How a unit is: state, limits, last starts and stops, log, dependencies, how it is set up
    Service(ServiceWanted),
    /// What one process uses, against its limits, its like and its past
    Process(ResourcesWanted),
    /// The processes as a tree: what each subtree costs, and what is odd
    Ptree(PtreeAsked),
    /// Processes that have ended and were not reaped: whose they are, why, and what to do
    Zombies,
    /// CPU, memory, disks, network and pressure against thresholds, and who uses what is short
    System,
    /// What a process does for a while: system calls, files, peers, children, and what is unusual
    Behavior(BehaviorWanted),
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
    /// Also how they talk: pipes, unix sockets, TCP within the host, shared memory
    #[arg(long)]
    pub ipc: bool,
}

impl From<PtreeAsked> for Question {
    fn from(asked: PtreeAsked) -> Self {
        Self::AnalyzePtree(ProcessTreeAsked {
            pid: asked.process.or(asked.pid),
            recursive: asked.recursive,
            ipc: asked.ipc,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
        command().debug_assert();
    }

    #[test]
    fn hosts_are_offered_where_they_can_be_asked_and_refused_elsewhere() {
        let help = |words: &[&str]| {
            let line = ["aiops"].iter().chain(words).chain(&["--help"]);
            command()
                .try_get_matches_from(line)
                .unwrap_err()
                .to_string()
        };
        assert!(help(&["analyze", "ptree"]).contains("--host"));
        for words in [
            &["monitor", "processes"][..],
            &["explain"],
            &["audit", "list"],
        ] {
            let help = help(words);
            assert!(
                !help.contains("--host") && help.contains("--lang"),
                "{help}"
            );
        }
        let line = ["aiops", "--host", "a", "monitor", "processes"];
        let read = command().try_get_matches_from(line).unwrap();
        let read = Args::from_arg_matches(&read).unwrap();
        assert_eq!(read.global.asked.hosts, ["a"]);
    }

    #[test]
    fn hosts_are_named_with_commas_and_again() {
        let line = [
            "aiops", "--host", "a,b", "analyze", "restarts", "x", "--host", "c", "-l", "role=db",
        ];
        let asked = Args::try_parse_from(line).unwrap().global.asked;
        assert_eq!(asked.labels, ["role=db"]);
        // What stands behind the command replaces what stands before it: clap's rule.
        assert_eq!(asked.hosts, ["c"]);
        let line = ["aiops", "--host", "a,b", "--host", "c", "host", "list"];
        let asked = Args::try_parse_from(line).unwrap().global.asked;
        assert_eq!(asked.hosts, ["a", "b", "c"]);
    }

    #[test]
    fn waiting_for_hosts_takes_no_word_of_the_command() {
        let line = ["aiops", "--host", "a", "--when-online", "host", "list"];
        let asked = Args::try_parse_from(line).unwrap().global.asked;
        assert_eq!(asked.when_online, Some(Period::from_days(1)));
        let line = ["aiops", "--when-online=2h", "host", "list"];
        let asked = Args::try_parse_from(line).unwrap().global.asked;
        assert_eq!(asked.when_online, Some(Period::from_secs(7200)));
    }

    #[test]
    fn all_spellings_of_a_failed_start_ask_the_same() {
        let read = |words: &[&str]| {
            let line = ["aiops", "diagnose", "start-failure"].iter().chain(words);
            Args::try_parse_from(line)
        };
        for words in [&["nginx"][..], &["--name", "nginx"], &["--service=nginx"]] {
            let Command::Diagnose(DiagnoseCommand::StartFailure(wanted)) =
                read(words).unwrap().command
            else {
                panic!("{words:?}")
            };
            let unit = "nginx".to_owned();
            let expected = Question::DiagnoseStartFailure(StartFailureAsked { unit });
            assert_eq!(Question::from(wanted), expected);
        }
        assert!(read(&[]).is_err());
        assert!(read(&["nginx", "--name", "apache2"]).is_err());
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
        let question = |pid, recursive, ipc| {
            Question::AnalyzePtree(ProcessTreeAsked {
                pid,
                recursive,
                ipc,
            })
        };
        assert_eq!(asked(&[]), question(None, false, false));
        assert_eq!(asked(&["7"]), question(Some(7), false, false));
        assert_eq!(
            asked(&["--pid", "7", "--recursive"]),
            question(Some(7), true, false)
        );
        assert_eq!(asked(&["--ipc"]), question(None, false, true));
        assert!(Args::try_parse_from(["aiops", "analyze", "ptree", "7", "--pid", "8"]).is_err());
        assert!(Args::try_parse_from(["aiops", "analyze", "ptree", "-1"]).is_err());
    }
}
