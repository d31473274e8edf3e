//! What the sources hand to the spool: events, with what it takes to deliver and replay them.

use analysis::event::{Event, Fact};
use delivery::{Class, Draft, SourceId};

/// Events between the sources and the spool. When it is full the sources wait: the journal keeps
/// its entries, and the kernel's buffers count what they drop.
pub const EVENTS_IN_FLIGHT: usize = 4096;

/// Sees processes. Its events cannot be read again.
pub const PROCESS: SourceId = SourceId(1);
/// Reads the journal. Its events can be read again, from a cursor.
pub const JOURNAL: SourceId = SourceId(2);
/// Hears systemd over D-Bus. Its events cannot be read again.
pub const DBUS: SourceId = SourceId(3);
/// The agent about itself and its host.
pub const HOST: SourceId = SourceId(4);

/// What a source says to the spool.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    Event {
        source: SourceId,
        event: Box<Event>,
        /// Where the source goes on behind this event. `None`: it cannot be read again.
        cursor: Option<String>,
    },
    /// The journal was set to the place of this number (see `JournalPlace`): what follows was read
    /// from there, what came before is read again.
    Repositioned { place: u64 },
}

impl Observed {
    /// An event that exists only once.
    pub fn once(source: SourceId, event: Event) -> Self {
        Self::Event {
            source,
            event: Box::new(event),
            cursor: None,
        }
    }

    /// An event that can be read again behind `cursor`.
    pub fn replayable(source: SourceId, event: Event, cursor: String) -> Self {
        Self::Event {
            source,
            event: Box::new(event),
            cursor: Some(cursor),
        }
    }
}

/// The event as the spool takes it.
pub fn draft(source: SourceId, event: &Event, cursor: Option<String>) -> Draft {
    Draft {
        class: class(&event.fact),
        source,
        mono_ns: event.since_boot_ns.unwrap_or(0),
        wall_ns: event.at.timestamp_nanos_opt().unwrap_or(0),
        unique_id: None,
        cursor: cursor.map(String::into_bytes),
        payload: proto::event::to_bytes(event),
    }
}

/// What may be dropped last when the spool is full: what tells of failures and of losses.
fn class(fact: &Fact) -> Class {
    match fact {
        Fact::UnitStartFailed(_)
        | Fact::UnitStopped(_)
        | Fact::UnitCauseRevised(_)
        | Fact::UnitRequested(_)
        | Fact::OomKilled(_)
        | Fact::HostBooted(_)
        | Fact::Gap(_) => Class::P0,
        // The exec or the exit that follows says who it was; the state is said again by the
        // journal's facts.
        Fact::ProcessForked(_) | Fact::UnitState(_) => Class::P2,
        _ => Class::P1,
    }
}
