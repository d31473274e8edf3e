//! What the server knows about its hosts: the shapes of the HTTP API that people's programs read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, event::Event, identity::AgentId};

/// One host of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Host {
    pub agent_id: AgentId,
    /// As the host calls itself; two hosts may have one name.
    pub host_name: String,
    pub labels: BTreeMap<String, String>,
    #[serde(flatten)]
    pub state: HostState,
    pub enrolled_at: Timestamp,
    pub last_heard_at: Option<Timestamp>,
    pub certificate_expires_at: Timestamp,
    /// `None`: it has never connected.
    pub facts: Option<HostFacts>,
    /// Events that the host has on its disk and the server has not stored. `None`: not known.
    pub event_lag: Option<u64>,
    /// Wall clock of the host minus the server's, when last heard.
    pub clock_offset_ms: Option<i64>,
}

/// Whether a host can be asked, and if not, why and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum HostState {
    /// It has joined, and its agent has not connected yet.
    Joined,
    Online {
        since: Timestamp,
    },
    Offline {
        since: Timestamp,
        reason: OfflineReason,
    },
    Revoked {
        since: Timestamp,
        reason: String,
    },
    /// Two machines speak with this identity; nothing is accepted from either.
    CloneSuspected {
        since: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfflineReason {
    /// The agent said goodbye: it was stopped.
    AgentStopped,
    /// The host said that it shuts down or reboots.
    HostShutDown,
    /// The connection broke, or nothing came for three heartbeats.
    Lost,
    /// The server it was connected to stopped.
    ServerStopped,
}

/// Whether a host's name may have this in it. People paste names into shells, lists of hosts have
/// commas, and labels equals signs.
pub fn is_of_host_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// What a host said of itself when it last connected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostFacts {
    pub agent_version: String,
    pub os: String,
    pub kernel: String,
    pub architecture: String,
    /// Empty: systemd does not run there.
    pub systemd_version: String,
    pub addresses: Vec<String>,
    pub capabilities: Vec<Capability>,
}

/// How one source of events runs on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capability {
    /// `process`, `journal`, `dbus`, `kernel`.
    pub source: String,
    /// The way it runs: `bpf`, `proc-connector`, ... `None`: it does not.
    pub runs: Option<String>,
    /// Why it does not run in the best way. `None`: it does.
    pub degraded: Option<String>,
}

/// An event as the server stored it. Order: (epoch, seq) within one agent.
///
/// Lists for people are in the order of `event.at`: who reads on behind such a list takes the
/// `cursor` of the event that came last, not that of the last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredEvent {
    /// Place in the server's order, for reading on behind it. Opaque.
    pub cursor: String,
    pub agent_id: AgentId,
    pub host_name: String,
    pub epoch: u64,
    pub seq: u64,
    /// The server's clock.
    pub received_at: Timestamp,
    /// `None`: this server is older than the agent and cannot read the record (it is stored).
    pub event: Option<Event>,
}

impl StoredEvent {
    /// When it happened, by the host's clock; of one that cannot be read, when it came.
    pub fn at(&self) -> Timestamp {
        self.event
            .as_ref()
            .map_or(self.received_at, |event| event.at)
    }
}

/// `GET /api/v1/hosts`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HostList {
    pub hosts: Vec<Host>,
}

/// `GET /api/v1/events`, in the order in which they came: a place in it stays where it is when a
/// host that was away brings old events.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    pub events: Vec<StoredEvent>,
    /// Ask with `after=` this for what follows. `None`: nothing does yet.
    pub next: Option<String>,
}

impl EventPage {
    /// As people read events: by the hosts' clocks. What happened at one moment stays in the order
    /// in which it came.
    pub fn by_host_time(&self) -> Vec<&StoredEvent> {
        let mut events: Vec<_> = self.events.iter().collect();
        events.sort_by_key(|event| event.at());
        events
    }
}

/// `POST /api/v1/join-tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewJoinToken {
    pub uses: u32,
    pub ttl_s: u64,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// The answer; the token is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinToken {
    pub token: String,
    pub expires_at: Timestamp,
    /// SHA-256 of the authority's public key, as `sha256:HEX`: how a host knows the server.
    pub ca_pin: String,
    /// The one line to run on the host.
    pub command: String,
}

/// Why a request was refused or failed, as RFC 9457 has it (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable name: `host-not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
