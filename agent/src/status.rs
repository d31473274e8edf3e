//! What `aiops-agent status` shows, and how it gets out of the daemon: a socket in the state
//! directory that answers every connection with JSON, and a file for when nobody answers.

mod board;
mod serve;
mod text;

use analysis::{Timestamp, fleet::Capability, identity::AgentId};
use serde::{Deserialize, Serialize};

use crate::manners::Cost;

pub use self::{
    board::Board,
    serve::{StatusError, read, serve, write_down},
    text::render,
};

/// How the agent is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub agent_id: AgentId,
    pub server: String,
    pub version: String,
    pub pid: u32,
    pub started_at: Timestamp,
    /// When this was written.
    pub at: Timestamp,
    pub connection: Connection,
    pub sources: Vec<Capability>,
    pub spool: SpoolView,
    pub certificate: CertificateView,
    pub cost: Cost,
}

/// Whether the server can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Connection {
    Connecting,
    Online {
        since: Timestamp,
        address: String,
    },
    /// `reason` is why the last attempt or stream ended.
    Offline {
        since: Timestamp,
        reason: String,
    },
}

/// How far the events are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolView {
    pub epoch: u64,
    /// Last number that survives a power cut.
    pub durable: u64,
    /// Last number that the server has stored, as far as it told us.
    pub acked: u64,
    /// Numbers in between.
    pub lag: u64,
    pub bytes: u64,
    /// Records declared lost since the agent started.
    pub dropped: u64,
    /// The disk takes nothing.
    pub stuck: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    pub expires_at: Timestamp,
    /// When it will be renewed.
    pub renew_at: Option<Timestamp>,
}

impl Status {
    /// Whether everything is as it should be: exit status 0 of `aiops-agent status`.
    pub fn is_well(&self) -> bool {
        matches!(self.connection, Connection::Online { .. })
            && !self.spool.stuck
            && self.certificate.expires_at > self.at
    }
}
