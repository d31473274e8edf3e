//! What is done to the system. Which fault comes next depends on the seed alone.

use anyhow::{Context, Result};
use system::{Lab, Member};

use crate::{HOSTS, load, rng::Rng};

/// Services that run between two faults, so that every fault meets work.
const RUNS_BETWEEN: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    KillAgent,
    KillServer,
    StopPostgres,
    /// Pulls the cable, or plugs it in again.
    Cable,
    /// The spool's newest file loses its end.
    Tear,
    Flip,
    Wipe,
    /// Copies the spool, or puts the copy in its place.
    RollBack,
}

/// Each as often as it is to come in relation to the others.
const FAULTS: [Fault; 14] = [
    Fault::KillAgent,
    Fault::KillAgent,
    Fault::KillAgent,
    Fault::KillServer,
    Fault::StopPostgres,
    Fault::Cable,
    Fault::Cable,
    Fault::Cable,
    Fault::Tear,
    Fault::Flip,
    Fault::Flip,
    Fault::Wipe,
    Fault::RollBack,
    Fault::RollBack,
];

/// In which way each host is broken, and all that was done.
pub struct Faults {
    rng: Rng,
    is_cut: [bool; HOSTS.len()],
    has_copy: [bool; HOSTS.len()],
    pub history: Vec<String>,
}

impl Faults {
    pub fn of(seed: u64, lab: &Lab) -> Result<Self> {
        lab.members.iter().try_for_each(Member::restart_at_once)?;
        Ok(Self {
            rng: Rng(seed),
            is_cut: [false; HOSTS.len()],
            has_copy: [false; HOSTS.len()],
            history: Vec::new(),
        })
    }

    /// Does what comes next, and waits for more work on the host that it was done to.
    pub fn one_more(&mut self, lab: &mut Lab) -> Result<()> {
        let fault = self.rng.pick(&FAULTS);
        let at = (self.rng.next() % HOSTS.len() as u64) as usize;
        self.history.push(format!("{} {fault:?}", HOSTS[at]));
        self.apply(fault, at, lab)
            .with_context(|| format!("{fault:?} on {}", HOSTS[at]))?;
        load::until_more(lab.member(HOSTS[at]), RUNS_BETWEEN)
    }

    fn apply(&mut self, fault: Fault, at: usize, lab: &mut Lab) -> Result<()> {
        let (luck, part) = (self.rng.next() % 1_000, self.rng.next() % 1_000);
        match fault {
            Fault::KillServer => {
                lab.server.kill();
                load::until_more(lab.member(HOSTS[at]), RUNS_BETWEEN)?;
                lab.server.start_again()
            }
            Fault::StopPostgres => {
                lab.server.stop_postgres()?;
                lab.server.until_ended()?;
                lab.server.start_again()
            }
            Fault::KillAgent => kill_agent(lab.member(HOSTS[at])),
            Fault::Cable => self.cable(at, lab),
            Fault::Tear => damage(lab.member(HOSTS[at]), &tear(part)),
            Fault::Flip => damage(lab.member(HOSTS[at]), &flip(luck, part)),
            Fault::Wipe => damage(lab.member(HOSTS[at]), "rm -rf /var/lib/aiops/spool"),
            Fault::RollBack => self.roll_back(at, lab),
        }
    }

    fn cable(&mut self, at: usize, lab: &Lab) -> Result<()> {
        let host = lab.member(HOSTS[at]).host();
        self.is_cut[at] = !self.is_cut[at];
        if self.is_cut[at] {
            host.cut()
        } else {
            host.heal()
        }
    }

    fn roll_back(&mut self, at: usize, lab: &Lab) -> Result<()> {
        self.has_copy[at] = !self.has_copy[at];
        let script = if self.has_copy[at] {
            "rm -rf /var/tmp/spool && cp -a /var/lib/aiops/spool /var/tmp/spool"
        } else {
            "rm -rf /var/lib/aiops/spool && cp -a /var/tmp/spool /var/lib/aiops/spool"
        };
        damage(lab.member(HOSTS[at]), script)
    }

    /// Plugs all cables in.
    pub fn heal(&mut self, lab: &Lab) -> Result<()> {
        for (at, name) in HOSTS.iter().enumerate() {
            if std::mem::take(&mut self.is_cut[at]) {
                lab.member(name).host().heal()?;
            }
        }
        Ok(())
    }
}

fn kill_agent(member: &Member) -> Result<()> {
    member
        .run("systemctl kill --signal=KILL aiops-agent")
        .map(drop)
}

/// Kills the agent, does something to its spool, and starts it again.
fn damage(member: &Member, script: &str) -> Result<()> {
    kill_agent(member)?;
    member.run("systemctl stop aiops-agent")?;
    member.run(&format!("set -e; cd /var/lib/aiops/spool; {script}"))?;
    member.run("systemctl start aiops-agent").map(drop)
}

/// Cuts the newest file off, up to 4 KB before its written end.
fn tear(part: u64) -> String {
    let newest = "file=$(ls -t *.seg | head -n 1)";
    format!(
        "{newest}; {WRITTEN}; keep=$((end - {} - 1)); truncate -s $((keep < 0 ? 0 : keep)) $file",
        part * 4
    )
}

/// Flips one bit somewhere in what was written to one of the files.
fn flip(luck: u64, part: u64) -> String {
    let any = format!("set -- *.seg; shift $(({luck} % $#)); file=$1");
    let place = format!("at=$((end * {part} / 1000)); byte=$(od -An -tu1 -j$at -N1 $file)");
    let flipped = format!("printf \"\\\\x$(printf %x $((byte ^ 1 << {})))\"", luck % 8);
    let write = "dd of=$file bs=1 seek=$at conv=notrunc status=none";
    format!("{any}; {WRITTEN}; {place}; {flipped} | {write}")
}

/// Segments are reserved in full: behind what was written are zeros.
const WRITTEN: &str =
    "end=$(cmp -l $file /dev/zero 2> /dev/null | tail -n 1 | awk '{print $1}'); end=${end:-0}";
