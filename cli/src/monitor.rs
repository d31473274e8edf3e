//! `aiops monitor processes`: looks again and again, and tells what happens.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal as _},
};

use analysis::{
    identity::UnitName,
    monitor::{Happening, Monitor},
    text::{
        self,
        monitor::{OwnCost, own_cost, screen},
    },
};
use collect::{
    monitor::{OwnUse, Sampler},
    systemd::Manager,
};
use terminal_size::{Height, terminal_size_of};
use tokio::{
    signal::ctrl_c,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    args::{MonitorCommand, MonitorWanted, Wanted},
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

/// What watches in the background.
const AGENT: &str = "aiops-agent.service";
/// Happenings that stay on the screen.
const KEPT: usize = 100;
/// Makes room: what stood there goes on standing above, where one can scroll to.
const CLEAR: &str = "\u{1b}[2J";
/// Begins at the top, and clears what is left of a line, and below. To clear everything before
/// each table would flicker.
const TOP: &str = "\u{1b}[H";
const LINE_END: &str = "\u{1b}[K";
const REST: &str = "\u{1b}[J";

pub async fn run(context: &Context, command: &MonitorCommand) -> Result<Exit, Failure> {
    let MonitorCommand::Processes(wanted) = command;
    match wanted.daemon {
        true => daemon(context).await,
        false => watch(context, wanted).await,
    }
}

async fn watch(context: &Context, wanted: &MonitorWanted) -> Result<Exit, Failure> {
    let (pids, units) = split(&wanted.critical);
    let prepared = Sampler::new(&pids, &units).await;
    let (mut sampler, critical) = prepared
        .map_err(|error| Failure::new(Exit::Broken, say("monitor-no-units")).because(error))?;
    let mut view = View::new(context);
    let mut monitor = Monitor::new(critical);
    let mut ticks = interval(wanted.interval.as_duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Ok(()) = ctrl_c() => break,
        }
        let (sample, own) = sampler
            .sample()
            .await
            .map_err(|error| Failure::broken(say("monitor-cannot-read"), error))?;
        let happened = monitor.take(&sample);
        looks += 1;
        view.show(&monitor, &happened, own, wanted)?;
        if wanted.count.is_some_and(|count| looks >= count) {
            break;
        }
    }
    view.end();
    Ok(match view.something_ended {
        true => Exit::ProblemFound,
        false => Exit::Fine,
    })
}

fn split(wanted: &[Wanted]) -> (Vec<u32>, Vec<UnitName>) {
    let mut pids = Vec::new();
    let mut units = Vec::new();
    for one in wanted {
        match one {
            Wanted::Pid(pid) => pids.push(*pid),
            Wanted::Unit(unit) => units.push(unit.clone()),
        }
    }
    (pids, units)
}

/// Where it is shown.
struct View<'a> {
    context: &'a Context,
    /// A table that is drawn again, or a line for what happens.
    is_live: bool,
    happened: VecDeque<Happening>,
    something_ended: bool,
    begun: Instant,
    first: Option<OwnUse>,
    cost: OwnCost,
}

impl<'a> View<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            is_live: io::stdout().is_terminal() && context.printer.is_for_people(),
            happened: VecDeque::new(),
            something_ended: false,
            begun: Instant::now(),
            first: None,
            cost: OwnCost::default(),
        }
    }

    fn show(
        &mut self,
        monitor: &Monitor,
        happened: &[Happening],
        own: OwnUse,
        wanted: &MonitorWanted,
    ) -> Result<(), Failure> {
        let printer = &self.context.printer;
        let is_first = self.first.is_none();
        self.count(own);
        self.something_ended |= happened
            .iter()
            .any(|one| one.is_critical && one.what.is_an_end());
        self.happened.extend(happened.iter().cloned());
        while self.happened.len() > KEPT {
            self.happened.pop_front();
        }
        if self.is_live {
            let rows = terminal_size_of(io::stdout()).map_or(24, |(_, Height(rows))| rows);
            let happened = self.happened.make_contiguous();
            let rows = usize::from(rows);
            let text = screen(monitor, happened, self.cost, rows, &printer.page());
            let text = text.replace('\n', &format!("{LINE_END}\n"));
            let clear = if is_first { CLEAR } else { "" };
            return printer.raw(&format!("{clear}{TOP}{text}{LINE_END}{REST}"));
        }
        if is_first && printer.is_for_people() {
            let every = wanted.interval.as_delta();
            let every = text::time::length(every, printer.catalogue());
            let begun = say("monitor-begun").with("count", monitor.processes());
            printer.note(&begun.with("length", every));
        }
        for one in happened {
            printer.item(one, |page| text::monitor::line(one, page))?;
        }
        Ok(())
    }

    /// What this has cost since the first look: beginning is dearer than going on.
    fn count(&mut self, own: OwnUse) {
        let first = *self.first.get_or_insert_with(|| {
            self.begun = Instant::now();
            own
        });
        let passed = self.begun.elapsed().as_nanos().max(1);
        let used = own.cpu_ns.saturating_sub(first.cpu_ns);
        self.cost = OwnCost {
            cpu_percent: used as f64 / passed as f64 * 100.0,
            rss_bytes: own.rss_bytes,
        };
    }

    /// What it cost, beside what happened.
    fn end(&self) {
        let printer = &self.context.printer;
        if self.is_live {
            // The cursor is at the end of the last line.
            let _ = printer.raw("\n");
        }
        if printer.is_for_people() {
            printer.note(&own_cost(self.cost, &printer.page()).into());
        }
    }
}

/// Whether the agent watches: this command itself never goes into the background.
async fn daemon(context: &Context) -> Result<Exit, Failure> {
    let unit: UnitName = AGENT.parse().map_err(|error| {
        Failure::broken(say("monitor-daemon-unknown").with("unit", AGENT), error)
    })?;
    let state = match Manager::connect().await {
        Ok(manager) => manager.unit_state(&unit).await,
        Err(error) => Err(error),
    };
    let state = state.map_err(|error| {
        let unknown = say("monitor-daemon-unknown").with("unit", AGENT);
        Failure::new(Exit::NoSuchTarget, unknown).because(error)
    })?;
    let runs = state.active == "active";
    let id = if runs {
        "monitor-daemon-runs"
    } else {
        "monitor-daemon-down"
    };
    let told = say(id).with("unit", AGENT);
    let told = told.with("state", format!("{}/{}", state.active, state.sub));
    let printer = &context.printer;
    printer.report(&state, |page| told.text(page.catalogue) + "\n")?;
    if runs {
        return Ok(Exit::Fine);
    }
    printer.hint(&say("monitor-daemon-hint"));
    printer.hint(&say("monitor-daemon-join"));
    Ok(Exit::ProblemFound)
}
