//! What a process has open.

use std::collections::BTreeMap;

use analysis::resources::{DescriptorUse, SocketUse};
use procfs::{
    ProcResult,
    net::TcpState,
    process::{FDTarget, Process},
};

/// Its descriptors by kind, and its sockets by state.
pub(super) fn of(process: &Process) -> ProcResult<(Option<DescriptorUse>, Option<SocketUse>)> {
    let mut files = DescriptorUse::default();
    let mut inodes = Vec::new();
    // One that is closed meanwhile is left out.
    for descriptor in process.fd()?.flatten() {
        files.open += 1;
        match descriptor.target {
            FDTarget::Path(_) => files.files += 1,
            FDTarget::Socket(inode) => {
                files.sockets += 1;
                inodes.push(inode);
            }
            FDTarget::Pipe(_) => files.pipes += 1,
            _ => files.other += 1,
        }
    }
    let sockets = if inodes.is_empty() {
        SocketUse::default()
    } else {
        sockets(process, &inodes)
    };
    Ok((Some(files), Some(sockets)))
}

/// As the tables of its own network have them.
fn sockets(process: &Process, inodes: &[u64]) -> SocketUse {
    let mut kinds: BTreeMap<u64, Kind> = BTreeMap::new();
    let tcp = [process.tcp(), process.tcp6()].into_iter().flatten();
    kinds.extend(
        tcp.flatten()
            .map(|entry| (entry.inode, Kind::Tcp(entry.state))),
    );
    let udp = [process.udp(), process.udp6()].into_iter().flatten();
    kinds.extend(udp.flatten().map(|entry| (entry.inode, Kind::Udp)));
    let unix = process.unix().into_iter().flatten();
    kinds.extend(unix.map(|entry| (entry.inode, Kind::Unix)));
    let mut sockets = SocketUse::default();
    for inode in inodes {
        let count = match kinds.get(inode) {
            Some(Kind::Tcp(TcpState::Established)) => &mut sockets.tcp_established,
            Some(Kind::Tcp(TcpState::Listen)) => &mut sockets.tcp_listening,
            Some(Kind::Tcp(TcpState::CloseWait)) => &mut sockets.tcp_close_wait,
            Some(Kind::Tcp(_)) => &mut sockets.tcp_other,
            Some(Kind::Udp) => &mut sockets.udp,
            Some(Kind::Unix) => &mut sockets.unix,
            None => &mut sockets.other,
        };
        *count += 1;
    }
    sockets
}

enum Kind {
    Tcp(TcpState),
    Udp,
    Unix,
}
