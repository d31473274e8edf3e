//! What only units of one kind have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, identity::UnitName};

/// What kind of unit it is, and what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum UnitKind {
    Service,
    Timer {
        /// `None`: it has no next time.
        next_at: Option<Timestamp>,
        last_at: Option<Timestamp>,
        /// When: `OnCalendar=*-*-* 06:00:00`, `OnBootUSec=15min`.
        when: Vec<String>,
        starts: Option<UnitName>,
        /// Whether a time that was missed while the host was off is made up for.
        persistent: bool,
    },
    Socket {
        /// `[::]:80 (Stream)`.
        addresses: Vec<String>,
        /// Connections since it listens, and now.
        accepted: u64,
        connections: u64,
        refused: u64,
        /// Whether each connection gets a service of its own.
        accept: bool,
    },
    Mount {
        what: String,
        at: String,
        file_system: String,
        options: String,
    },
    Path {
        /// `PathExists=/run/x`.
        watches: Vec<String>,
    },
    /// A script in `/etc/init.d`, on a host without systemd.
    Script {
        path: String,
    },
    /// A target, a slice, a device: nothing that only it has.
    Other,
}
