//! A question that somebody put to one or more hosts: the shapes of `/api/v1/inquiries`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    identity::{AgentId, InquiryId, OrderId},
    order::{OrderState, Outcome},
    question::{Analysis, Question, Tier},
    report::Health,
};

/// Most hosts of one inquiry.
pub const MOST_HOSTS: usize = 1_000;

/// `POST /inquiries`. The hosts are those in `hosts` and those that have all of `labels`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInquiry {
    pub question: Question,
    /// Names or agent ids.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Wait for hosts that are off for so many seconds. `None`: say at once that they are.
    #[serde(default)]
    #[schema(maximum = 604_800)]
    pub wait_s: Option<u64>,
    /// Longest run on a host, in milliseconds. `None`: that of the catalogue.
    #[serde(default)]
    #[schema(minimum = 100)]
    pub time_limit_ms: Option<u64>,
}

/// One question, and where it is on each host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Inquiry {
    pub inquiry_id: InquiryId,
    pub question: Question,
    /// The question as one would type it: `diagnose start-failure nginx`.
    pub command: String,
    pub requested_by: String,
    pub requested_at: Timestamp,
    /// In the order of the hosts' names.
    pub orders: Vec<HostOrder>,
}

/// One host's part of an inquiry. Also the data of each message of `GET /inquiries/{id}/stream`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HostOrder {
    pub order_id: OrderId,
    pub agent_id: AgentId,
    pub host_name: String,
    #[serde(flatten)]
    pub state: OrderState,
}

/// A line of `GET /inquiries`: the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InquirySummary {
    pub inquiry_id: InquiryId,
    pub question: Question,
    /// As one would type it.
    pub command: String,
    pub requested_by: String,
    pub requested_at: Timestamp,
    pub hosts: u32,
    pub answered: u32,
    pub ended: u32,
}

/// `GET /inquiries`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InquiryPage {
    pub inquiries: Vec<InquirySummary>,
    /// Ask with `before=` this for older ones.
    pub next: Option<String>,
}

/// An entry of `GET /analyses`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogueEntry {
    pub analysis: Analysis,
    pub tier: Tier,
    pub time_limit_ms: u64,
    /// JSON Schema of the question, without `analysis`: what a form has to ask.
    pub parameters: serde_json::Value,
}

/// `GET /analyses`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogueList {
    pub analyses: Vec<CatalogueEntry>,
}

/// What one host's part means for the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Answered(Health),
    NotAllowed,
    Unreachable,
    Failed,
}

impl Outcome {
    pub fn part(&self) -> Part {
        match self {
            Self::Answered { summary, .. } => Part::Answered(summary.health),
            Self::Refused { .. } => Part::NotAllowed,
            Self::Offline { .. } | Self::Expired => Part::Unreachable,
            Self::Failed { reason, .. } if *reason == crate::order::Failure::NoSuchTarget => {
                Part::Answered(Health::NoSuchTarget)
            }
            Self::Failed { .. } | Self::Lost | Self::Cancelled => Part::Failed,
        }
    }
}
