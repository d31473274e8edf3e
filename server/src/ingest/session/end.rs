//! How a stream ends, and who is told why.

use delivery::Refusal;
use proto::v1;
use proto::v1::from_server::Message as Answer;
use proto::v1::refused::Reason;
use tracing::{debug, info, warn};

use super::Session;
use crate::db::hosts;

/// Why a stream ended.
pub(in crate::ingest) enum End {
    /// The agent hung up, or its connection broke.
    Lost,
    /// It said goodbye, for this reason.
    Goodbye(String),
    /// It was told why.
    Refused(Reason, String),
    ServerStops,
    /// It shall come back, perhaps to another replica.
    TooOld,
}

impl Session {
    pub(super) async fn say_why(&self, end: &End) {
        let End::Refused(reason, detail) = end else {
            return;
        };
        self.app.metrics.ingest.refused(name(*reason));
        warn!(agent = %self.agent, reason = name(*reason), "refused agent {}: {detail}", self.agent);
        let refused = v1::Refused {
            reason: (*reason).into(),
            detail: detail.clone(),
        };
        // The agent may be gone by now; it will hear it the next time.
        let _ = self.send(Answer::Refused(refused)).await;
    }

    pub(super) async fn note_end(&self, end: &End) {
        let reason = match end {
            End::Goodbye(reason) if reason == "host-shut-down" => "host-shut-down",
            End::Goodbye(_) => "agent-stopped",
            End::ServerStops => "server-stopped",
            End::Lost | End::Refused(..) => "lost",
            // Back within seconds; if not, upkeep notes that it was lost.
            End::TooOld => return,
        };
        let Some(open) = self.open else {
            return;
        };
        info!(agent = %self.agent, session = open.session, reason,
            "agent {} disconnected: {reason}", self.agent);
        let noted =
            hosts::disconnected(&self.app.ingest_db, self.agent, open.session, reason).await;
        if let Err(error) = noted {
            debug!(agent = %self.agent, %error, "cannot note the end of a stream: {error}");
        }
    }
}

pub(super) fn revoked() -> End {
    End::Refused(Reason::Revoked, "this agent was revoked".to_owned())
}

pub(super) fn clone_suspected() -> End {
    let detail = "two machines speak with this identity; enrol one of them again";
    End::Refused(Reason::CloneSuspected, detail.to_owned())
}

pub(super) fn malformed(error: proto::Malformed) -> End {
    End::Refused(Reason::Malformed, error.to_string())
}

pub(super) fn refused(refusal: &Refusal) -> End {
    let reason = match refusal {
        Refusal::Fenced { .. } => Reason::Fenced,
        Refusal::WrongEpoch { .. } => Reason::WrongEpoch,
        Refusal::Gap { .. } => Reason::Gap,
        Refusal::Malformed(_) => Reason::Malformed,
    };
    End::Refused(reason, refusal.to_string())
}

pub(super) fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Unspecified => "unspecified",
        Reason::Fenced => "fenced",
        Reason::WrongEpoch => "wrong-epoch",
        Reason::Gap => "gap",
        Reason::Malformed => "malformed",
        Reason::Revoked => "revoked",
        Reason::Protocol => "protocol",
        Reason::CloneSuspected => "clone-suspected",
    }
}
