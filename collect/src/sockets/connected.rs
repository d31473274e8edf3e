//! Connections of which both ends may be on this host.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use analysis::process_tree::{TcpSocket, UnixSocket};
use procfs::{
    FromReadSI as _, ProcError, current_system_info,
    net::{TcpNetEntries, TcpState},
};

use super::unix_diag::unix_sockets;

/// Network namespaces, each with a process that is in it.
pub(crate) type Namespaces = BTreeMap<u64, u32>;

/// Namespaces whose tables are read. A host has as many as containers.
const MOST_NAMESPACES: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Connected {
    pub(crate) unix: Vec<UnixSocket>,
    pub(crate) tcp: Vec<TcpSocket>,
    /// What is missing, why, and how many times.
    pub(crate) limits: Vec<(&'static str, String, u32)>,
}

/// Looks for the connections of the sockets that are `held` by some process.
pub(crate) fn connected(root: &Path, namespaces: &Namespaces, held: &BTreeSet<u64>) -> Connected {
    let mut found = Connected::default();
    if held.is_empty() {
        return found;
    }
    match unix_sockets() {
        Ok(all) => {
            let is_of_use = |socket: &UnixSocket| {
                held.contains(&socket.inode)
                    || socket.peer_inode.is_some_and(|peer| held.contains(&peer))
            };
            found.unix = all.into_iter().filter(is_of_use).collect();
        }
        Err(errno) => {
            let why = std::io::Error::from(errno).to_string();
            found.limits.push(("ipc-unix", why, 1));
        }
    }
    let others = others(root, namespaces);
    if others > 0 {
        let why = "other-namespace".to_owned();
        found.limits.push(("ipc-unix-namespaces", why, others));
    }
    for (number, (namespace, pid)) in namespaces.iter().enumerate() {
        if number == MOST_NAMESPACES {
            let left = u32::try_from(namespaces.len() - number).unwrap_or(u32::MAX);
            found.limits.push(("ipc-tcp", "too-much".to_owned(), left));
            break;
        }
        if let Err(error) = found.tcp(&root.join(pid.to_string()), *namespace, held) {
            found.limits.push(("ipc-tcp", error.to_string(), 1));
        }
    }
    found
}

/// How many of them are not ours.
fn others(root: &Path, namespaces: &Namespaces) -> u32 {
    let own = fs::read_link(root.join("self/ns/net")).ok();
    let is_own = |namespace: &u64| {
        let name = format!("net:[{namespace}]");
        own.as_ref()
            .is_some_and(|own| own.as_os_str() == name.as_str())
    };
    let others = namespaces.keys().filter(|namespace| !is_own(namespace));
    u32::try_from(others.count()).unwrap_or(u32::MAX)
}

impl Connected {
    fn tcp(
        &mut self,
        process: &Path,
        namespace: u64,
        held: &BTreeSet<u64>,
    ) -> Result<(), ProcError> {
        for table in ["tcp", "tcp6"] {
            let path = process.join("net").join(table);
            let entries = match TcpNetEntries::from_file(path, current_system_info()) {
                Ok(entries) => entries.0,
                // A kernel without IPv6, or the process ended meanwhile.
                Err(ProcError::NotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            let of_use = entries
                .into_iter()
                .filter(|entry| held.contains(&entry.inode));
            self.tcp.extend(of_use.map(|entry| TcpSocket {
                namespace,
                inode: entry.inode,
                local: entry.local_address,
                peer: entry.remote_address,
                listens: entry.state == TcpState::Listen,
            }));
        }
        Ok(())
    }
}
