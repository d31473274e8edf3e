//! How processes talk with each other: pipes, sockets and shared memory, as edges between them.

mod facts;
mod pair;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::process::ProcessId;

pub(super) use self::pair::ipc;
pub use self::{
    facts::{IpcFacts, MappedMemory, Memory, Pipe, PipeEnd, SocketHolder, TcpSocket, UnixSocket},
    pair::MOST_EDGES,
};

/// The connections that processes of the tree have with each other and with others of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ipc {
    /// By kind, then by the two ends.
    pub edges: Vec<IpcEdge>,
    /// Edges that were found and are not in the list.
    pub omitted: u32,
}

/// Two processes that have the two ends of something open, or the same memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IpcEdge {
    /// The one that writes, or that asked for the connection. Where neither can be said, the one
    /// that started first.
    pub from: IpcEnd,
    pub to: IpcEnd,
    pub channel: Channel,
    /// How many such channels the two share; `channel` is one of them.
    pub channels: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct IpcEnd {
    pub process: ProcessId,
    pub comm: String,
}

/// What two processes share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Channel {
    Pipe {
        inode: u64,
    },
    NamedPipe {
        path: String,
    },
    UnixSocket {
        /// Where the one that was called listens; an abstract name begins with `@`. `None`: a pair
        /// that was made at once (`socketpair`), and nobody called.
        path: Option<String>,
        from_inode: u64,
        to_inode: u64,
    },
    /// Both ends are on this host.
    Tcp {
        from_address: String,
        to_address: String,
    },
    SharedMemory {
        memory: Memory,
        bytes: u64,
    },
}

impl Channel {
    /// Whether one end is known to be the one that writes or asked.
    pub fn is_directed(&self) -> bool {
        !matches!(
            self,
            Self::SharedMemory { .. } | Self::UnixSocket { path: None, .. }
        )
    }
}
