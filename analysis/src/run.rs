//! One run of a unit: the row of the restart ledger.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    cause::{Actor, Stop},
    identity::{BootId, InvocationId, UnitName},
};

/// One run of a unit, from its start to its stop. Kept when the events it was made from are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    pub unit: UnitName,
    pub invocation: InvocationId,
    pub boot: BootId,
    /// `None`: it began before anything was recorded.
    pub started_at: Option<Timestamp>,
    /// When the start job was done. `None`: it never was ready, or that is not recorded.
    pub ready_at: Option<Timestamp>,
    /// `None`: it is running, as far as is known.
    pub stopped_at: Option<Timestamp>,
    /// `None` exactly when `stopped_at` is.
    pub stop: Option<Stop>,
    pub start: StartReason,
}

impl Run {
    /// How long it ran until it failed. `None`: it did not, or the times are not known.
    pub fn failed_after_ms(&self) -> Option<u64> {
        let failed = self
            .stop
            .as_ref()
            .is_some_and(|stop| stop.cause.is_failure());
        let length = self.stopped_at.filter(|_| failed)? - self.started_at?;
        u64::try_from(length.num_milliseconds()).ok()
    }
}

/// Why a run began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum StartReason {
    /// systemd restarted it by itself, for the `restarts`-th time in a row.
    Automatic { restarts: u32 },
    /// Somebody asked for it; `actor` is `None` where nobody saw who.
    Requested { actor: Option<Actor> },
    /// It was started while the host booted.
    Boot,
    #[default]
    Unknown,
}
