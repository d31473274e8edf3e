//! What happens on a host, and the truth about it: every service writes down that it runs, and as
//! which invocation, before anybody else can know.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use system::{Member, Running, until};

/// On a machine that is busy with everything else that this test does.
const MORE_WITHIN: Duration = Duration::from_secs(60);

const RECORD: &str = "/var/log/runs";

/// Writes unit, invocation, pid and time; then the service does what its name says.
const SCRIPT: &str = "#!/bin/bash
echo $1 $INVOCATION_ID $$ $EPOCHREALTIME >> /var/log/runs
case $1 in
brief) sleep 0.02 ;;
crash) kill -SEGV $$ ;;
wrong) exit 3 ;;
esac
";

/// The services, and what ends their runs.
pub const UNITS: [(&str, &str); 4] = [
    ("tick", "clean"),
    ("brief", "clean"),
    ("crash", "signal"),
    ("wrong", "exit-code"),
];
/// The service that runs once, last of all.
pub const LAST: &str = "last";

/// Starts all of them in turn until told to stop.
const LOOP: &str = "until [ -e /run/no-more ]; do
for unit in tick brief crash wrong; do systemctl start $unit || true; done
done 2> /dev/null";

/// One run of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub unit: String,
    pub invocation: String,
    pub pid: u32,
    /// Seconds since 1970, of the host's clock.
    pub at: f64,
}

/// Services that start and stop on a host, for as long as this value lives.
pub struct Load {
    looping: Running,
}

impl Load {
    pub fn start(member: &Member) -> Result<Self> {
        member.host().write("/usr/local/bin/lab", SCRIPT)?;
        for (unit, _) in UNITS.into_iter().chain([(LAST, "")]) {
            let kind = if unit == "brief" { "simple" } else { "oneshot" };
            let text = format!(
                "[Unit]\nStartLimitIntervalSec=0\n\
                 [Service]\nType={kind}\nLimitCORE=0\nExecStart=/bin/bash /usr/local/bin/lab {unit}\n"
            );
            member.unit(unit, &text)?;
        }
        Ok(Self {
            looping: member.host().spawn(&["bash", "-c", LOOP])?,
        })
    }

    /// Ends the loop, waits for what still runs, and marks the end with one run of [`LAST`].
    pub fn stop(mut self, member: &Member) -> Result<()> {
        member.run("touch /run/no-more")?;
        ensure!(self.looping.wait()?.success(), "the load failed");
        for (unit, _) in UNITS {
            until(&format!("{unit} has ended"), MORE_WITHIN, || {
                let state = member.property(unit, "ActiveState")?;
                Ok(["inactive", "failed"]
                    .contains(&state.as_str())
                    .then_some(()))
            })?;
        }
        member.run(&format!("systemctl start {LAST}")).map(drop)
    }
}

/// Waits till so many more services have run.
pub fn until_more(member: &Member, runs: usize) -> Result<()> {
    let goal = count(member)? + runs;
    until("more services run", MORE_WITHIN, || {
        Ok((count(member)? >= goal).then_some(()))
    })
}

fn count(member: &Member) -> Result<usize> {
    let counted = member.run(&format!("cat {RECORD} 2> /dev/null | wc -l"))?;
    counted.trim().parse().context("wc gives a number")
}

/// All runs there were.
pub fn truth(member: &Member) -> Result<Vec<Run>> {
    let parse = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [unit, invocation, pid, at] = words[..] else {
            return None;
        };
        Some(Run {
            unit: unit.to_owned(),
            invocation: invocation.to_owned(),
            pid: pid.parse().ok()?,
            at: at.parse().ok()?,
        })
    };
    let text = member.run(&format!("cat {RECORD}"))?;
    let runs = text
        .lines()
        .map(|line| parse(line).with_context(|| format!("{line:?} is no run")));
    runs.collect()
}
