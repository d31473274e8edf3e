//! What is read of the open files and the memory of processes.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ends of channels, in any order. Processes that ended meanwhile may be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpcFacts {
    pub pipes: Vec<PipeEnd>,
    pub holders: Vec<SocketHolder>,
    pub unix: Vec<UnixSocket>,
    pub tcp: Vec<TcpSocket>,
    pub memory: Vec<MappedMemory>,
}

/// A pipe that a process has open. One with both ends open is noted once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeEnd {
    pub pid: u32,
    pub pipe: Pipe,
    pub reads: bool,
    pub writes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pipe {
    Unnamed {
        inode: u64,
    },
    Named {
        /// Of the file system, which paths alone do not tell.
        device: u64,
        inode: u64,
        path: String,
    },
}

/// A process that has a socket open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketHolder {
    pub inode: u64,
    pub pid: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixSocket {
    pub inode: u64,
    /// `None`: it is connected with none.
    pub peer_inode: Option<u64>,
    /// Where it was bound, or the socket that accepted it.
    pub path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSocket {
    /// Of the network namespace: the same addresses mean others in another.
    pub namespace: u64,
    pub inode: u64,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub listens: bool,
}

/// Memory that a process shares, if another has it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedMemory {
    pub pid: u32,
    pub memory: Memory,
    /// Of the file system it lies in, which inodes alone do not tell.
    pub device: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "made_by", rename_all = "kebab-case")]
pub enum Memory {
    /// `shmget`; `ipcs -m -i ID` says more.
    SysV { id: u64 },
    /// `shm_open`, or a file below `/dev/shm`.
    Posix { path: String, inode: u64 },
    /// `memfd_create`.
    Memfd { name: String, inode: u64 },
    /// Without a name: a child has it from its parent.
    Anonymous { inode: u64 },
}
