//! Orders are obeyed at most once, and each comes to an end, whoever is killed meanwhile.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use system::{Lab, Member, until};

#[path = "chaos/rng.rs"]
#[expect(dead_code, reason = "the other test picks from lists too")]
mod rng;

use rng::Rng;

const SEED: u64 = 0x5eed_0003;
const HOSTS: [&str; 2] = ["h1", "h2"];
const KILLS: usize = 24;
/// From the reconnect of the last agent.
const ENDED_WITHIN: Duration = Duration::from_secs(60);
/// A refused order is not worth killing for.
const MANY: &str = "max_running = 8\nper_minute = 10000\n";
/// What an agent logs when it begins an order, with the order's id.
const BEGUN: &str = "order begins";

#[test]
fn none_is_obeyed_twice_and_all_come_to_an_end() -> Result<()> {
    let mut lab = Lab::start(&HOSTS)?;
    lab.members.iter().try_for_each(Member::restart_at_once)?;
    for member in &lab.members {
        member.host().write("/etc/aiops/policy.toml", MANY)?;
    }
    let mut rng = Rng(SEED);
    let mut asking = Vec::new();
    for _ in 0..KILLS {
        // Three at once, of which some meet the fault on their way, some running, some ending.
        for _ in 0..3 {
            let mut ask = lab
                .aiops
                .command(&["--host", "h1,h2", "analyze", "ptree", "-o", "json"])?;
            asking.push(ask.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        }
        if rng.next().is_multiple_of(4) {
            lab.server.kill();
            lab.server.start_again()?;
        } else {
            let host = HOSTS[usize::try_from(rng.next() % 2)?];
            lab.member(host).run("systemctl kill -s KILL aiops-agent")?;
        }
    }
    for name in HOSTS {
        lab.until_online(name)?;
    }
    until("all orders have ended", ENDED_WITHIN, || {
        let open = lab
            .server
            .sql("select count(*) from host_order where state <> 'ended'")?;
        Ok((open.trim() == "0").then_some(()))
    })
    .with_context(|| outcomes(&lab).unwrap_or_default())?;
    for ask in &mut asking {
        ask.wait()?;
    }

    let told = outcomes(&lab)?;
    println!("{told}");
    ensure!(told.contains("answered"), "nothing was answered:\n{told}");
    let answered = lab
        .server
        .sql("select order_id from host_order where outcome ->> 'outcome' = 'answered'")?;
    let mut begun = BTreeMap::new();
    for member in &lab.members {
        for id in obeyed(member)? {
            *begun.entry(id).or_insert(0) += 1;
        }
        let left = left_over(member)?;
        ensure!(left.is_empty(), "a worker is left: {left}");
    }
    let twice: Vec<_> = begun.iter().filter(|(_, times)| **times > 1).collect();
    ensure!(twice.is_empty(), "obeyed twice: {twice:?}");
    for id in answered.lines() {
        ensure!(begun.contains_key(id), "{id} was answered and never begun");
    }
    Ok(())
}

/// The ids of the orders that an agent began, over all its lives: its log is another memory than
/// the one that is tested.
fn obeyed(member: &Member) -> Result<Vec<String>> {
    let log = member.run("journalctl -u aiops-agent --no-pager -o cat")?;
    let lines = log.lines().filter(|line| line.contains(BEGUN));
    lines
        .map(|line| {
            let mut words = line.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
            let id = words.rfind(|word| word.len() == 36);
            id.map(str::to_owned)
                .with_context(|| format!("no id in {line:?}"))
        })
        .collect()
}

fn left_over(member: &Member) -> Result<String> {
    // The brackets keep the shell of this line from being found.
    let line = "pgrep -af '[a]iops-agent answer' || true";
    Ok(member.run(line)?.trim().to_owned())
}

fn outcomes(lab: &Lab) -> Result<String> {
    lab.server.sql(
        "select state, outcome ->> 'outcome', outcome ->> 'reason', count(*) from host_order \
         group by 1, 2, 3 order by 4 desc",
    )
}
