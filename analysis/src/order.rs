//! A question on its way to one host, and what becomes of it.
//!
//! An order is signed by the server and obeyed at most once: the host writes down that it begins
//! before it begins, and an order whose end it cannot tell is [`Outcome::Lost`], never run again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    fleet::OfflineReason,
    identity::{AgentId, InquiryId, OrderId},
    question::Question,
    report::{Report, Summary},
};

/// Largest report, as JSON, in bytes. Analyses shorten their lists before, and say so.
pub const MAX_REPORT_BYTES: usize = 16 * 1024 * 1024;
/// The same, deflated, as it travels.
pub const MAX_DEFLATED_BYTES: usize = 2 * 1024 * 1024;
/// An order of today begins within this, or not at all.
pub const BEGIN_WITHIN: Duration = Duration::from_secs(60);
/// Longest wait for a host that is off.
pub const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is signed. It travels as these bytes, which are never written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub order_id: OrderId,
    pub inquiry_id: InquiryId,
    /// The only host that may obey.
    pub agent_id: AgentId,
    pub question: Question,
    /// Name of the account that asks, or `token:NAME`, for the host's log and policy.
    pub requested_by: String,
    pub issued_at: Timestamp,
    /// It does not begin after this, by the server's clock.
    pub not_after: Timestamp,
    pub time_limit_ms: u64,
}

/// The bytes that are signed begin with this, so that a signature means nothing else.
pub const SIGNED_PREFIX: &[u8] = b"aiops order v1\n";

/// Where an order is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum OrderState {
    /// The host is off; the order waits for it.
    Queued { until: Timestamp },
    /// On its way. Nothing was heard of it yet.
    Sent,
    /// The host has begun.
    Running {
        since: Timestamp,
        progress: Option<Progress>,
    },
    /// The end; nothing follows.
    Ended {
        at: Timestamp,
        #[serde(flatten)]
        outcome: Outcome,
    },
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    Answered {
        report: Box<Report>,
        summary: Summary,
    },
    /// Nothing ran.
    Refused {
        by: Refuser,
        reason: Refusal,
        detail: String,
    },
    /// It ran, and there is no report.
    Failed {
        reason: Failure,
        detail: String,
    },
    /// The host may have begun, and nobody can tell how it ended: the host does not know, or has
    /// not come back.
    Lost,
    Cancelled,
    /// It never reached the host, and is too old to begin.
    Expired,
    /// The host was off, and the order was not to wait for it.
    Offline {
        since: Option<Timestamp>,
        /// `None`: it has never connected.
        why: Option<OfflineReason>,
    },
}

impl Outcome {
    pub fn answered(report: Report) -> Self {
        Self::Answered {
            summary: Summary::of(&report),
            report: Box::new(report),
        }
    }
}

/// The part of [`Outcome`] that a host may say of itself; its report travels beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum HostOutcome {
    Answered,
    Refused { reason: Refusal, detail: String },
    Failed { reason: Failure, detail: String },
    Lost,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refuser {
    Server,
    Host,
}

/// Why nothing ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Not signed by a key that the host trusts.
    BadSignature,
    /// Not an order, or not one that this version of the agent understands.
    NotUnderstood,
    /// For another host.
    WrongHost,
    /// Came after its end.
    Expired,
    /// Came a second time.
    Replayed,
    /// The host's policy does not allow it.
    Policy,
    /// The host accepts no orders at all.
    Disabled,
    /// The host's policy cannot be trusted or read, so nothing is allowed.
    PolicyUnusable,
    /// Too many orders at once, or in a minute.
    TooMany,
    /// The host cannot write down that it begins, which keeps it from running twice: its disk is
    /// full or broken.
    CannotRemember,
    /// The host's agent is too old to take orders.
    NotSupported,
    /// The host was revoked, or two machines use its identity.
    NotTrusted,
}

/// Why there is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It took longer than it may.
    TimeLimit,
    /// The report is larger than it may be.
    TooLarge,
    /// What was asked about is not there: no such process.
    NoSuchTarget,
    /// The host cannot answer this: no systemd, not enough rights.
    NotPossible,
    /// The analysis broke.
    Crashed,
    /// The agent stopped.
    AgentStopped,
    /// The server that the answer came to cannot read what was asked: another version asked it.
    QuestionUnknown,
}

/// How far an analysis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    pub step: Step,
    /// Parts that are done, of `of`. Zero: nobody counted.
    pub done: u32,
    pub of: u32,
}

/// What an analysis is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    ReadingProcesses,
    ReadingUnit,
    ReadingJournal,
    ReadingSockets,
    ReadingStacks,
    /// Waits between two readings; the parts are seconds.
    Watching,
    Concluding,
}

impl OrderState {
    /// Whether `next` may follow: an end is the end, and nothing goes back.
    pub fn may_become(&self, next: &Self) -> bool {
        self.rank() < 3 && self.rank() <= next.rank()
    }

    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Queued { .. } => 0,
            Self::Sent => 1,
            Self::Running { .. } => 2,
            Self::Ended { .. } => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn an_end_is_the_end_and_nothing_goes_back() {
        let at = DateTime::UNIX_EPOCH;
        let states = [
            OrderState::Queued { until: at },
            OrderState::Sent,
            OrderState::Running {
                since: at,
                progress: None,
            },
            OrderState::Ended {
                at,
                outcome: Outcome::Lost,
            },
        ];
        for (from, state) in states.iter().enumerate() {
            for (to, next) in states.iter().enumerate() {
                let expected = from <= to && from < 3;
                assert_eq!(state.may_become(next), expected, "{state:?} -> {next:?}");
            }
        }
    }

    #[test]
    fn an_end_is_read_as_it_was_written() {
        let ended = OrderState::Ended {
            at: DateTime::UNIX_EPOCH,
            outcome: Outcome::Refused {
                by: Refuser::Host,
                reason: Refusal::Policy,
                detail: "D2 is off".to_owned(),
            },
        };
        let json = serde_json::to_string(&ended).unwrap();
        assert!(json.contains(r#""outcome":"refused""#), "{json}");
        assert_eq!(serde_json::from_str::<OrderState>(&json).unwrap(), ended);
    }
}
