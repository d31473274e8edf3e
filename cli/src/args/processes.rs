//! `aiops collect`.

use analysis::{
    period::{NotAPeriod, Period},
    processes::{LONGEST_S, ProcessOrder, ProcessesAsked},
    question::Question,
};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum CollectCommand {
    /// The processes: state, CPU, memory and I/O over a while, what began and ended meanwhile
    Processes(ProcessesWanted),
}

#[derive(Debug, ClapArgs)]
pub struct ProcessesWanted {
    /// How long to watch: what CPU and I/O are measured over (at most 10m)
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = duration)]
    pub duration: Period,
    /// Only so many, the first in the order [default: 25 in the text, all in JSON and YAML]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub top: Option<u32>,
    /// The order of the list
    #[arg(long, value_enum, default_value_t)]
    pub sort: Order,
}

/// An order of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// The busiest first
    #[default]
    Cpu,
    /// The largest first
    Memory,
    /// Those that read and write most first
    Io,
    /// Those with the most threads first
    Threads,
    /// The youngest first
    Age,
    Pid,
}

impl From<Order> for ProcessOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Cpu => Self::Cpu,
            Order::Memory => Self::Memory,
            Order::Io => Self::Io,
            Order::Threads => Self::Threads,
            Order::Age => Self::Age,
            Order::Pid => Self::Pid,
        }
    }
}

impl From<ProcessesWanted> for Question {
    fn from(wanted: ProcessesWanted) -> Self {
        let seconds = wanted.duration.as_duration().as_secs();
        Self::CollectProcesses(ProcessesAsked {
            duration_s: u32::try_from(seconds).unwrap_or(LONGEST_S),
            top: wanted.top,
            sort: wanted.sort.into(),
        })
    }
}

fn duration(text: &str) -> Result<Period, String> {
    let period: Period = text
        .parse()
        .map_err(|error: NotAPeriod| error.to_string())?;
    match period.as_duration().as_secs() > u64::from(LONGEST_S) {
        true => Err("at most 10m".to_owned()),
        false => Ok(period),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn what_is_collected_is_typed_as_in_the_specification() {
        let asked = |words: &[&str]| {
            let line = ["aiops", "collect", "processes"].iter().chain(words);
            let Command::Collect(CollectCommand::Processes(wanted)) =
                Args::try_parse_from(line).unwrap().command
            else {
                panic!("{words:?}")
            };
            Question::from(wanted).to_string()
        };
        assert_eq!(asked(&[]), "collect processes --duration 1s");
        assert_eq!(
            asked(&["--duration", "1m", "--top", "5", "--sort", "memory"]),
            "collect processes --duration 60s --top 5 --sort memory"
        );
        for wrong in ["--duration=11m", "--duration=0s", "--top=0", "--sort=name"] {
            let line = ["aiops", "collect", "processes", wrong];
            assert!(Args::try_parse_from(line).is_err(), "{wrong}");
        }
    }
}
