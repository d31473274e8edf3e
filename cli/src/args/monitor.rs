//! `aiops monitor`.

use analysis::{identity::UnitName, period::Period};
use clap::{Args as ClapArgs, Subcommand};
use clap_complete::ArgValueCandidates;

use crate::complete;

#[derive(Debug, Subcommand)]
pub enum MonitorCommand {
    /// Watch the processes of this machine: who ends, who changes suddenly, who grows
    ///
    /// On a terminal a table that is drawn again and again, in a pipe a line for what happens.
    /// The exit code is 1 if something critical ended.
    Processes(MonitorWanted),
}

#[derive(Debug, ClapArgs)]
pub struct MonitorWanted {
    /// How often to look: 10, 10s, 1m
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = interval)]
    pub interval: Period,
    /// What must not end: pids and units (812,nginx.service)
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "PID|UNIT",
        value_parser = critical,
        add = ArgValueCandidates::new(complete::units)
    )]
    pub critical: Vec<Wanted>,
    /// End after so many looks [default: go on till Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Watch in the background: says whether the agent does, and how to start it
    #[arg(long)]
    pub daemon: bool,
}

/// A process or a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Pid(u32),
    Unit(UnitName),
}

/// A bare number is seconds, as the specification has it.
fn interval(text: &str) -> Result<Period, String> {
    let seconds = text.parse::<u32>();
    let text = seconds.map_or_else(|_| text.to_owned(), |seconds| format!("{seconds}s"));
    text.parse().map_err(|_| "write 10, 10s or 1m".to_owned())
}

fn critical(text: &str) -> Result<Wanted, String> {
    if let Ok(pid) = text.parse() {
        return match pid {
            0 => Err("there is no process 0".to_owned()),
            pid => Ok(Wanted::Pid(pid)),
        };
    }
    let unit = UnitName::from_user(text).map_err(|error| error.to_string())?;
    Ok(Wanted::Unit(unit))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn what_is_watched_is_typed_as_in_the_specification() {
        let read = |words: &[&str]| {
            let line = ["aiops", "monitor", "processes"].iter().chain(words);
            Args::try_parse_from(line).map(|args| match args.command {
                Command::Monitor(MonitorCommand::Processes(wanted)) => wanted,
                other => panic!("{other:?}"),
            })
        };
        let wanted = read(&["--interval", "10", "--critical", "812,nginx"]).unwrap();
        assert_eq!(wanted.interval, Period::from_secs(10));
        let unit = "nginx.service".parse().unwrap();
        assert_eq!(wanted.critical, [Wanted::Pid(812), Wanted::Unit(unit)]);
        assert_eq!(
            read(&["--interval=2m"]).unwrap().interval,
            Period::from_secs(120)
        );
        for wrong in [
            "--interval=0",
            "--critical=0",
            "--critical=a/b",
            "--count=0",
        ] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
