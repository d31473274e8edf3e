//! Sockets: who listens on a port of this host's network namespace, and who is connected.

mod connected;
mod holders;
mod in_use;
mod table;
mod unix_diag;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Instant,
};

use analysis::{limitation::Limitation, start_failure::Holder};
use chrono::SubsecRound;

use crate::{
    host::{ClockReading, Host},
    process::{CommandLine, Procfs},
};

pub(crate) use self::{
    connected::{Namespaces, connected},
    in_use::InUse,
};

/// Reads sockets and their holders below `root`: procfs of this host.
pub struct Sockets {
    root: PathBuf,
    procfs: Procfs,
}

/// The listeners of some ports, and what could not be seen of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listening {
    pub holders: Vec<Holder>,
    pub limits: Vec<Limitation>,
}

impl Sockets {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            procfs: Procfs::at(&root),
            root,
        }
    }

    /// All sockets that listen on one of `ports`, each with the process that holds it; of several
    /// (workers of one server) the first, and process 1 before all others, which keeps the socket
    /// open for a unit whatever becomes of that.
    ///
    /// Looks into the folders of processes until `until`; whoever was not found by then, or may
    /// not be looked at, is counted in the limits.
    pub fn listening_on(&self, ports: &BTreeSet<u16>, until: Instant) -> Listening {
        let mut found = Listening::default();
        let sockets = match table::listening_on(&self.root, ports) {
            Ok(sockets) => sockets,
            Err(limit) => {
                found.limits.push(limit);
                return found;
            }
        };
        if sockets.is_empty() {
            return found;
        }
        let inodes = sockets.iter().map(|socket| socket.inode).collect();
        let held = holders::of(&self.root, &inodes, until);
        let clock = ClockReading::now();
        let mut users = Host::at("/").users();
        let mut unseen = 0;
        for socket in sockets {
            let pids = held.pids.get(&socket.inode).map(Vec::as_slice);
            let process = pids.and_then(|pids| self.first(pids));
            unseen += u32::from(process.is_none());
            let mut holder = Holder {
                protocol: socket.protocol.to_owned(),
                address: socket.address.to_string(),
                port: socket.address.port(),
                process: None,
                comm: None,
                argv: Vec::new(),
                user: None,
                unit: None,
                container: None,
                since: None,
            };
            let mut uid = socket.uid;
            if let Some(details) = process {
                uid = details.uid;
                holder.process = Some(details.stat.id());
                let started = clock.wall_at(details.stat.start_ns);
                // The kernel tells starts in ticks of 10 ms: what is finer is when the clocks were
                // read, and two reports about one process would differ by it.
                holder.since = Some(started.round_subsecs(2));
                if let CommandLine::Arguments { argv, .. } = details.command_line {
                    holder.argv = analysis::scrub::scrub_arguments(argv);
                }
                holder.comm = Some(details.stat.comm);
                holder.unit = details.placement.unit;
                holder.container = details.placement.container;
            }
            holder.user = users.name(uid).map(str::to_owned);
            found.holders.push(holder);
        }
        if unseen > 0 {
            found.limits.push(Limitation {
                what: "port-holder".to_owned(),
                why: held.why_not().to_owned(),
                count: unseen,
            });
        }
        found
    }

    /// The process that a reader should be shown of those that hold one socket.
    fn first(&self, pids: &[u32]) -> Option<crate::process::Details> {
        let mut there: Vec<_> = pids
            .iter()
            .filter_map(|pid| self.procfs.stat(*pid).ok())
            .collect();
        there.sort_by_key(|stat| (stat.pid != 1, stat.start_ns, stat.pid));
        there
            .iter()
            .find_map(|stat| self.procfs.details(stat.pid).ok())
    }
}

/// A folder of procfs that belongs to a process, and its pid.
fn process_folders(root: &Path) -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, entry.path()))
    })
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, time::Duration};

    use super::*;

    #[test]
    fn a_listener_is_found_with_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let ports = [address.port()].into();
        let found = Sockets::at("/proc").listening_on(&ports, until);
        let [holder] = &found.holders[..] else {
            panic!("{found:?}")
        };
        assert_eq!(holder.address, address.to_string());
        assert_eq!((holder.port, &*holder.protocol), (address.port(), "tcp"));
        assert_eq!(holder.process.unwrap().pid, std::process::id());
        assert_eq!(holder.argv.first(), std::env::args().next().as_ref());
        let age = ClockReading::now().wall - holder.since.unwrap();
        assert!(age.num_seconds() >= 0 && age.num_hours() < 1, "{age:?}");
        assert_eq!(found.limits, []);

        drop(listener);
        let found = Sockets::at("/proc").listening_on(&ports, until);
        assert_eq!(found, Listening::default());
    }

    #[test]
    fn without_time_the_socket_is_still_told() {
        let listener = TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found = Sockets::at("/proc").listening_on(&[address.port()].into(), Instant::now());
        assert_eq!(found.holders[0].address, address.to_string());
        assert_eq!(found.holders[0].process, None);
        assert_eq!(
            (&*found.limits[0].what, found.limits[0].count),
            ("port-holder", 1)
        );
    }
}
