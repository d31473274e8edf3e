//! The stream of an agent, stored exactly once.
//!
//! A batch is one transaction: lock the agent's watermark, let `delivery` decide, copy the rows,
//! derive gaps and ledger, move watermark and cursors, commit. Only then the agent is told.

mod backoff;
mod budget;
mod carried;
mod copy;
mod facts;
mod glance;
mod hello;
mod hello_facts;
mod ledger;
mod metrics;
mod revoked;
mod rows;
mod service;
mod session;
mod store;
mod trouble;

use analysis::order::MAX_DEFLATED_BYTES;
use proto::v1::agent_stream_server::{AgentStream, AgentStreamServer};

use crate::app::App;

pub use hello::{HelloAnswer, hello};
pub use metrics::IngestMetrics;
pub use session::HEARTBEAT;
pub use store::{Outcome, Speaker, Stored, store};

/// Largest message of an agent: a report, and what is around it. Batches are smaller.
const MAX_MESSAGE_BYTES: usize = MAX_DEFLATED_BYTES + 64 * 1024;

/// The gRPC service that agents speak to.
pub fn service(app: App) -> AgentStreamServer<impl AgentStream> {
    AgentStreamServer::new(service::Ingest::new(app)).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

/// Whether an error of Postgres passes by itself, so that nobody has to act.
pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    trouble::trouble(error) == trouble::Trouble::Passing
}
