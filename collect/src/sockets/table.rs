//! The kernel's tables of sockets.

use std::{collections::BTreeSet, net::SocketAddr, path::Path};

use analysis::limitation::Limitation;
use procfs::{
    FromReadSI, ProcError, current_system_info,
    net::{TcpNetEntries, TcpState, UdpNetEntries, UdpState},
};

/// Most listeners of one answer: with `SO_REUSEPORT` a server may have one for each core.
const MOST_SOCKETS: usize = 64;

/// A socket that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) protocol: &'static str,
    pub(super) address: SocketAddr,
    pub(super) uid: u32,
    pub(super) inode: u64,
}

/// The TCP sockets that listen, and the UDP sockets that are bound, to one of `ports`. A kernel
/// without IPv6 has no tables of it.
pub(super) fn listening_on(root: &Path, ports: &BTreeSet<u16>) -> Result<Vec<Socket>, Limitation> {
    let info = current_system_info();
    let mut sockets = Vec::new();
    for table in ["tcp", "tcp6"] {
        let read = TcpNetEntries::from_file(root.join("net").join(table), info);
        let entries = there(read).map_err(|error| unreadable(table, &error))?;
        let listening = entries
            .into_iter()
            .flat_map(|entries| entries.0)
            .filter(|entry| entry.state == TcpState::Listen);
        sockets.extend(listening.map(|entry| Socket {
            protocol: "tcp",
            address: entry.local_address,
            uid: entry.uid,
            inode: entry.inode,
        }));
    }
    for table in ["udp", "udp6"] {
        let read = UdpNetEntries::from_file(root.join("net").join(table), info);
        let entries = there(read).map_err(|error| unreadable(table, &error))?;
        let bound = entries
            .into_iter()
            .flat_map(|entries| entries.0)
            // `Close` is how the kernel calls a UDP socket without a peer.
            .filter(|entry| entry.state == UdpState::Close);
        sockets.extend(bound.map(|entry| Socket {
            protocol: "udp",
            address: entry.local_address,
            uid: entry.uid,
            inode: entry.inode,
        }));
    }
    sockets.retain(|socket| ports.contains(&socket.address.port()));
    sockets.truncate(MOST_SOCKETS);
    Ok(sockets)
}

fn there<T>(read: Result<T, ProcError>) -> Result<Option<T>, ProcError> {
    match read {
        Err(ProcError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

fn unreadable(table: &str, error: &ProcError) -> Limitation {
    Limitation {
        what: "sockets".to_owned(),
        why: format!("net/{table}: {error}"),
        count: 1,
    }
}
