//! What every command has: where to print, and whom to ask.

use std::{path::PathBuf, time::Duration};

use crate::{
    args::Global, config::Place, exit::Failure, output::Printer, server::Server, target::Target,
};

/// What every command has.
pub struct Context {
    pub printer: Printer,
    pub target: Target,
    pub place: Place,
    /// How long to wait for hosts that are off, and how long an analysis may run there.
    pub patience: Patience,
    /// Pause before the question is asked again. `None`: it is asked once.
    pub watch: Option<Duration>,
    /// Where to write the picture of a report that has one.
    pub picture: Option<PathBuf>,
}

/// Pause between questions to this machine, and to other hosts: of those each is an order.
const WATCH_HERE: Duration = Duration::from_secs(2);
const WATCH_ELSEWHERE: Duration = Duration::from_secs(10);

/// How long a question may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// `None`: hosts that are off are told at once.
    pub when_online_s: Option<u64>,
    /// `None`: the limit of the catalogue.
    pub time_limit_ms: Option<u64>,
}

impl Context {
    /// # Errors
    ///
    /// [`Failure`] if the options make no sense.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let asked = &global.asked;
        let seconds = |period: analysis::period::Period| period.as_duration().as_secs();
        let target = Target::of(&asked.hosts, &asked.labels)?;
        let usual = if target == Target::Here {
            WATCH_HERE
        } else {
            WATCH_ELSEWHERE
        };
        let watch = asked.watch.map(|pause| pause.map(seconds));
        Ok(Self {
            watch: watch.map(|pause| pause.map_or(usual, Duration::from_secs)),
            picture: None,
            printer: Printer::new(global)?,
            target,
            place: global.place(),
            patience: Patience {
                when_online_s: asked.when_online.map(seconds),
                time_limit_ms: asked.timeout.map(|limit| seconds(limit) * 1000),
            },
        })
    }

    /// The server that is configured. Commands about this machine alone never ask for it.
    pub fn server(&self) -> Result<Server, Failure> {
        Server::new(self.place.connection()?)
    }
}
