//! The sockets that a process has open, with their peers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
};

use analysis::inspection::SocketFact;
use procfs::{
    FromRead as _, FromReadSI as _, ProcError, current_system_info,
    net::{TcpNetEntries, TcpState, UdpNetEntries, UdpState, UnixNetEntries, UnixState},
};

/// Sockets of a process, in the network namespace of that process.
#[derive(Debug, Default)]
pub(crate) struct InUse {
    /// By inode; with the inode of the socket at the other end, if that is in the namespace too.
    pub(crate) sockets: Vec<(u64, SocketFact, Option<u64>)>,
    pub(crate) unreadable: Vec<String>,
}

impl InUse {
    /// Looks for `inodes` in the tables below `process`, a folder of procfs.
    pub(crate) fn of(process: &Path, inodes: &BTreeSet<u64>) -> Self {
        let mut found = Self::default();
        for table in ["tcp", "tcp6"] {
            found.tcp(process, table, inodes);
        }
        for table in ["udp", "udp6"] {
            found.udp(process, table, inodes);
        }
        found.unix(process, inodes);
        found
    }

    fn tcp(&mut self, process: &Path, table: &str, inodes: &BTreeSet<u64>) {
        let path = process.join("net").join(table);
        let read = TcpNetEntries::from_file(path, current_system_info());
        let Some(entries) = self.there(table, read) else {
            return;
        };
        let ends: BTreeMap<(SocketAddr, SocketAddr), u64> = entries
            .0
            .iter()
            .map(|entry| ((entry.local_address, entry.remote_address), entry.inode))
            .collect();
        for entry in entries
            .0
            .iter()
            .filter(|entry| inodes.contains(&entry.inode))
        {
            let listens = entry.state == TcpState::Listen;
            let socket = SocketFact {
                protocol: "tcp",
                local: entry.local_address.to_string(),
                peer: (!listens).then(|| entry.remote_address.to_string()),
                state: tcp_state(&entry.state).to_owned(),
                // Of one that listens, it is the number of those who wait to be let in.
                received_bytes: if listens { 0 } else { entry.rx_queue },
                unacknowledged_bytes: if listens { 0 } else { entry.tx_queue },
                others: Vec::new(),
            };
            let other = ends.get(&(entry.remote_address, entry.local_address));
            let other = other.copied().filter(|other| *other != 0 && !listens);
            self.sockets.push((entry.inode, socket, other));
        }
    }

    fn udp(&mut self, process: &Path, table: &str, inodes: &BTreeSet<u64>) {
        let path = process.join("net").join(table);
        let read = UdpNetEntries::from_file(path, current_system_info());
        let Some(entries) = self.there(table, read) else {
            return;
        };
        for entry in entries
            .0
            .iter()
            .filter(|entry| inodes.contains(&entry.inode))
        {
            let is_connected = entry.state == UdpState::Established;
            let socket = SocketFact {
                protocol: "udp",
                local: entry.local_address.to_string(),
                peer: is_connected.then(|| entry.remote_address.to_string()),
                state: if is_connected { "ESTAB" } else { "UNCONN" }.to_owned(),
                received_bytes: entry.rx_queue,
                unacknowledged_bytes: entry.tx_queue,
                others: Vec::new(),
            };
            self.sockets.push((entry.inode, socket, None));
        }
    }

    fn unix(&mut self, process: &Path, inodes: &BTreeSet<u64>) {
        let read = UnixNetEntries::from_file(process.join("net/unix"));
        let Some(entries) = self.there("unix", read) else {
            return;
        };
        for entry in entries
            .0
            .iter()
            .filter(|entry| inodes.contains(&entry.inode))
        {
            let path = entry.path.as_ref();
            let path = path.map(|path| path.to_string_lossy().into_owned());
            // The table calls one that listens unconnected, and so one that waits for datagrams.
            let listens = entry.state == UnixState::UNCONNECTED;
            let socket = SocketFact {
                protocol: "unix",
                local: path.unwrap_or_else(|| "*".to_owned()),
                state: if listens { "LISTEN" } else { "ESTAB" }.to_owned(),
                ..SocketFact::default()
            };
            self.sockets.push((entry.inode, socket, None));
        }
    }

    fn there<T>(&mut self, table: &str, read: Result<T, ProcError>) -> Option<T> {
        match read {
            Ok(entries) => Some(entries),
            // A kernel without IPv6.
            Err(ProcError::NotFound(_)) => None,
            Err(error) => {
                self.unreadable.push(format!("net/{table}: {error}"));
                None
            }
        }
    }
}

/// As `ss` calls it.
fn tcp_state(state: &TcpState) -> &'static str {
    match state {
        TcpState::Established => "ESTAB",
        TcpState::SynSent => "SYN-SENT",
        TcpState::SynRecv | TcpState::NewSynRecv => "SYN-RECV",
        TcpState::FinWait1 => "FIN-WAIT-1",
        TcpState::FinWait2 => "FIN-WAIT-2",
        TcpState::TimeWait => "TIME-WAIT",
        TcpState::Close => "UNCONN",
        TcpState::CloseWait => "CLOSE-WAIT",
        TcpState::LastAck => "LAST-ACK",
        TcpState::Listen => "LISTEN",
        TcpState::Closing => "CLOSING",
    }
}
