//! Chooses the way: the best that works here, and says why it is not a better one.

use analysis::{event::SourceStarted, identity::BootId};

use super::{Running, Sink, Way, bpf, connector, running::Source, scan, tracker::Tracker};

/// How process events are wanted.
#[derive(Clone, Debug)]
pub struct Options {
    /// The boot that is running, for the events.
    pub boot: BootId,
    /// The only way to try. `None`: the best that works.
    pub only: Option<Way>,
    /// Size of the kernel's buffer, a power of two. Small ones are for tests of loss.
    pub buffer_bytes: u32,
}

impl Options {
    /// 0.4 s of the most events that a machine of two cores makes; it costs twice its size in
    /// resident memory, because it is mapped twice.
    pub const BUFFER_BYTES: u32 = 2 << 20;

    pub fn new(boot: BootId) -> Self {
        Self {
            boot,
            only: None,
            buffer_bytes: Self::BUFFER_BYTES,
        }
    }
}

/// No way works here.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// One line per way that was tried.
    #[error("no source of process events works here: {0}")]
    NoWay(String),
    #[error("cannot start the thread of the process source")]
    Thread(#[source] std::io::Error),
}

/// A way that works.
pub(super) struct Opened {
    pub(super) source: Box<dyn Source>,
    /// What it cannot tell, if anything.
    pub(super) lacks: Option<String>,
}

/// Why a way does not work, for people.
pub(super) type Refusal = String;

/// Starts the best source that works. Every process that starts after this returned is seen, as
/// far as the source sees it.
///
/// # Errors
///
/// [`StartError`] if none of the ways works.
pub fn start(
    options: &Options,
    sink: impl Sink + 'static,
) -> Result<(Running, SourceStarted), StartError> {
    let (way, opened, refusals) = first_that_opens(options)?;
    let degraded: Vec<String> = opened.lacks.into_iter().chain(refusals).collect();
    let running = Running::start(way, opened.source, sink).map_err(StartError::Thread)?;
    let started = SourceStarted {
        source: "process".to_owned(),
        runs: way.name().to_owned(),
        degraded: (!degraded.is_empty()).then(|| degraded.join("; ")),
    };
    Ok((running, started))
}

fn first_that_opens(options: &Options) -> Result<(Way, Opened, Vec<Refusal>), StartError> {
    let mut refusals = Vec::new();
    for way in Way::ALL {
        if options.only.is_some_and(|only| only != way) {
            continue;
        }
        match open(way, options) {
            Ok(opened) => return Ok((way, opened, refusals)),
            Err(refusal) => refusals.push(format!("{way} does not work: {refusal}")),
        }
    }
    Err(StartError::NoWay(refusals.join("; ")))
}

fn open(way: Way, options: &Options) -> Result<Opened, Refusal> {
    let tracker = || Tracker::of_running(options.boot);
    match way {
        Way::Bpf => bpf::open(options.buffer_bytes, tracker),
        Way::ProcConnector => connector::open(options.buffer_bytes, tracker),
        Way::ProcScan => scan::open(tracker),
    }
}
