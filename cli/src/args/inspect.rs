//! What `inspect` takes.

use analysis::{
    inspection::{InspectionAsked, StackInspectionAsked},
    question::Question,
};
use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub enum InspectCommand {
    /// What a process does at the moment: what each thread waits for, and who holds that up
    Process(InspectionWanted),
}

#[derive(Debug, ClapArgs)]
pub struct InspectionWanted {
    #[command(flatten)]
    pub target: ProcessWanted,
    /// Also the stacks of all threads: a debugger stops the process for a moment
    #[arg(long)]
    pub stack: bool,
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct ProcessWanted {
    /// The process
    #[arg(value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub process: Option<u32>,
    /// The process, as an option
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub pid: Option<u32>,
}

impl ProcessWanted {
    pub fn pid(&self) -> u32 {
        // clap has seen to it that there is one.
        self.process.or(self.pid).unwrap_or_default()
    }
}

impl From<InspectionWanted> for Question {
    fn from(wanted: InspectionWanted) -> Self {
        let pid = wanted.target.pid();
        match wanted.stack {
            true => Self::InspectProcessStack(StackInspectionAsked { pid }),
            false => Self::InspectProcess(InspectionAsked { pid }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn the_stack_is_a_question_of_its_own() {
        let asked = |words: &[&str]| {
            let line = ["aiops", "inspect", "process"].iter().chain(words);
            let args = Args::try_parse_from(line).unwrap();
            let Command::Inspect(InspectCommand::Process(wanted)) = args.command else {
                panic!("{words:?}")
            };
            Question::from(wanted)
        };
        let plain = Question::InspectProcess(InspectionAsked { pid: 7 });
        assert_eq!(asked(&["7"]), plain);
        assert_eq!(asked(&["--pid", "7"]), plain);
        let stack = Question::InspectProcessStack(StackInspectionAsked { pid: 7 });
        assert_eq!(asked(&["7", "--stack"]), stack);
        for words in [&["0"][..], &[], &["7", "--pid", "8"]] {
            let line = ["aiops", "inspect", "process"].iter().chain(words);
            assert!(Args::try_parse_from(line).is_err(), "{words:?}");
        }
    }
}
