//! What the host remembers of one order.

use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, Order},
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// One order that this host has begun: a file below `orders` in the state directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub order_id: OrderId,
    pub issued_at: Timestamp,
    /// By the server's clock.
    pub not_after: Timestamp,
    /// By the host's clock.
    pub begun_at: Timestamp,
    /// `None`: it runs, or ran when the agent died.
    pub end: Option<End>,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// By the host's clock.
    pub at: Timestamp,
    #[serde(flatten)]
    pub outcome: HostOutcome,
    /// The report in the file beside, if there is one.
    pub report: Option<ReportFile>,
    /// The server has it: there is no report any more.
    pub stored: bool,
}

/// Tells a whole report from a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFile {
    /// Deflated.
    pub bytes: u64,
    pub sha256: String,
}

impl Record {
    pub(super) fn begun(order: &Order, at: Timestamp) -> Self {
        Self {
            order_id: order.order_id,
            issued_at: order.issued_at,
            not_after: order.not_after,
            begun_at: at,
            end: None,
        }
    }

    /// Nothing of it has to be sent any more.
    pub(super) fn is_stored(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.stored)
    }

    /// Bytes of its report that wait for the server.
    pub(super) fn waiting_bytes(&self) -> u64 {
        let end = self.end.as_ref().filter(|end| !end.stored);
        let report = end.and_then(|end| end.report.as_ref());
        report.map_or(0, |report| report.bytes)
    }
}

impl ReportFile {
    pub(super) fn of(report: &[u8]) -> Self {
        let hash = digest(&SHA256, report);
        let sha256 = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
        Self {
            bytes: report.len() as u64,
            sha256: sha256.collect(),
        }
    }
}
