//! Finds the two ends of each channel.

use std::collections::{BTreeMap, BTreeSet};

use super::{Channel, Ipc, IpcEdge, IpcEnd, IpcFacts, Memory, Pipe, TcpSocket, UnixSocket};
use crate::{process::ProcessId, process_tree::ProcessFact};

/// Most edges of a report; what is left out is counted.
pub const MOST_EDGES: usize = 2000;
/// Of one channel: whoever inherits both ends of a pipe is connected with all others that did.
const MOST_OF_ONE: usize = 64;

/// The edges of which at least one end is among `members`.
pub(in crate::process_tree) fn ipc(
    facts: &IpcFacts,
    processes: &[ProcessFact],
    members: &BTreeSet<u32>,
) -> Ipc {
    let by_pid = processes.iter().map(|fact| (fact.pid(), fact)).collect();
    let mut found = Found {
        by_pid,
        members,
        edges: BTreeMap::new(),
        omitted: 0,
    };
    found.pipes(facts);
    let holders = holders(facts);
    found.unix(&facts.unix, &holders);
    found.tcp(&facts.tcp, &holders);
    found.memory(facts);
    let count = found.edges.len();
    let edges = found.edges.into_values().take(MOST_EDGES);
    let omitted = found.omitted + count.saturating_sub(MOST_EDGES);
    Ipc {
        edges: edges.collect(),
        omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
    }
}

/// Those who have a socket open. Process 1 only if nobody else has: it keeps sockets for services,
/// to hand them to the next run.
fn holders(facts: &IpcFacts) -> BTreeMap<u64, BTreeSet<u32>> {
    let mut holders: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
    for holder in &facts.holders {
        holders.entry(holder.inode).or_default().insert(holder.pid);
    }
    for pids in holders.values_mut().filter(|pids| pids.len() > 1) {
        pids.remove(&1);
    }
    holders
}

/// What makes channels of two processes the same to a reader: the kind and where it leads.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike(u8, String);

struct Found<'a> {
    by_pid: BTreeMap<u32, &'a ProcessFact>,
    members: &'a BTreeSet<u32>,
    edges: BTreeMap<(Alike, ProcessId, ProcessId), IpcEdge>,
    omitted: usize,
}

impl Found<'_> {
    fn pipes(&mut self, facts: &IpcFacts) {
        let mut ends: BTreeMap<&Pipe, [BTreeSet<u32>; 2]> = BTreeMap::new();
        for end in &facts.pipes {
            let [writers, readers] = ends.entry(&end.pipe).or_default();
            writers.extend(end.writes.then_some(end.pid));
            readers.extend(end.reads.then_some(end.pid));
        }
        for (pipe, [writers, readers]) in ends {
            let channel = match pipe {
                Pipe::Unnamed { inode } => Channel::Pipe { inode: *inode },
                Pipe::Named { path, .. } => Channel::NamedPipe { path: path.clone() },
            };
            self.connect(&writers, &readers, &channel);
        }
    }

    fn unix(&mut self, sockets: &[UnixSocket], holders: &BTreeMap<u64, BTreeSet<u32>>) {
        let by_inode: BTreeMap<u64, &UnixSocket> = sockets
            .iter()
            .map(|socket| (socket.inode, socket))
            .collect();
        for socket in sockets {
            let Some(peer) = socket.peer_inode else {
                continue;
            };
            let other = by_inode.get(&peer);
            let is_mutual = other.is_some_and(|other| other.peer_inode == Some(socket.inode));
            let path = other.and_then(|other| other.path.clone());
            // Of two that know each other, the one that is called is seen from the one that calls.
            let is_seen_from_there = is_mutual
                && match (&socket.path, &path) {
                    (Some(_), None) => true,
                    (None, Some(_)) => false,
                    _ => socket.inode > peer,
                };
            if is_seen_from_there {
                continue;
            }
            let channel = Channel::UnixSocket {
                path,
                from_inode: socket.inode,
                to_inode: peer,
            };
            self.between(holders, (socket.inode, peer), &channel);
        }
    }

    fn tcp(&mut self, sockets: &[TcpSocket], holders: &BTreeMap<u64, BTreeSet<u32>>) {
        let listening: BTreeSet<(u64, u16)> = sockets
            .iter()
            .filter(|socket| socket.listens)
            .map(|socket| (socket.namespace, socket.local.port()))
            .collect();
        let connected = sockets.iter().filter(|socket| !socket.listens);
        let ends: BTreeMap<_, &TcpSocket> = connected
            .map(|socket| ((socket.namespace, socket.local, socket.peer), socket))
            .collect();
        for ((namespace, local, peer), socket) in &ends {
            let Some(other) = ends.get(&(*namespace, *peer, *local)) else {
                continue;
            };
            // Whose port is listened on was called; else, by custom, the lower one.
            let rank = |port: u16| (!listening.contains(&(*namespace, port)), port);
            if rank(local.port()) <= rank(peer.port()) {
                continue;
            }
            let channel = Channel::Tcp {
                from_address: local.to_string(),
                to_address: peer.to_string(),
            };
            self.between(holders, (socket.inode, other.inode), &channel);
        }
    }

    fn memory(&mut self, facts: &IpcFacts) {
        let mut sharing: BTreeMap<(u64, &Memory), (BTreeSet<u32>, u64)> = BTreeMap::new();
        for mapped in &facts.memory {
            let key = (mapped.device, &mapped.memory);
            let (pids, bytes) = sharing.entry(key).or_default();
            pids.insert(mapped.pid);
            *bytes = (*bytes).max(mapped.bytes);
        }
        for ((_, memory), (pids, bytes)) in sharing {
            let started = |pid: &u32| self.by_pid.get(pid).map(|fact| fact.process.start_ns);
            // Each with the oldest, which mostly made it: of 100 that share it, 99 edges.
            let oldest = pids.iter().filter(|pid| started(pid).is_some());
            let Some(oldest) = oldest.min_by_key(|pid| started(pid)).copied() else {
                continue;
            };
            let channel = Channel::SharedMemory {
                memory: memory.clone(),
                bytes,
            };
            for pid in pids {
                self.add(oldest, pid, &channel);
            }
        }
    }

    /// Connects all that have the one socket with all that have the other.
    fn between(
        &mut self,
        holders: &BTreeMap<u64, BTreeSet<u32>>,
        (from, to): (u64, u64),
        channel: &Channel,
    ) {
        if let (Some(from), Some(to)) = (holders.get(&from), holders.get(&to)) {
            self.connect(from, to, channel);
        }
    }

    fn connect(&mut self, from: &BTreeSet<u32>, to: &BTreeSet<u32>, channel: &Channel) {
        let mut room = MOST_OF_ONE;
        for one in from {
            for other in to {
                if room == 0 {
                    self.omitted += self.of_the_tree(from, to).saturating_sub(MOST_OF_ONE);
                    return;
                }
                room -= usize::from(self.add(*one, *other, channel));
            }
        }
    }

    /// How many pairs have an end in the tree.
    fn of_the_tree(&self, from: &BTreeSet<u32>, to: &BTreeSet<u32>) -> usize {
        let outside = |pids: &BTreeSet<u32>| pids.difference(self.members).count();
        let with_itself = from
            .intersection(to)
            .filter(|pid| self.members.contains(pid));
        from.len() * to.len() - outside(from) * outside(to) - with_itself.count()
    }

    fn is_of_the_tree(&self, from: u32, to: u32) -> bool {
        from != to && (self.members.contains(&from) || self.members.contains(&to))
    }

    /// Whether it is an edge of this tree.
    fn add(&mut self, from: u32, to: u32, channel: &Channel) -> bool {
        if !self.is_of_the_tree(from, to) {
            return false;
        }
        let (Some(from), Some(to)) = (self.end(from), self.end(to)) else {
            return false;
        };
        let is_turned = !channel.is_directed()
            && (from.process.start_ns, from.process.pid) > (to.process.start_ns, to.process.pid);
        let (from, to) = if is_turned { (to, from) } else { (from, to) };
        let key = (alike(channel), from.process, to.process);
        let edge = self.edges.entry(key).or_insert_with(|| IpcEdge {
            from,
            to,
            channel: channel.clone(),
            channels: 0,
        });
        edge.channels += 1;
        true
    }

    fn end(&self, pid: u32) -> Option<IpcEnd> {
        let fact = self.by_pid.get(&pid)?;
        Some(IpcEnd {
            process: fact.process,
            comm: fact.comm.clone(),
        })
    }
}

fn alike(channel: &Channel) -> Alike {
    match channel {
        Channel::Pipe { .. } => Alike(0, String::new()),
        Channel::NamedPipe { path } => Alike(1, path.clone()),
        Channel::UnixSocket { path, .. } => Alike(2, path.clone().unwrap_or_default()),
        Channel::Tcp { to_address, .. } => Alike(3, to_address.clone()),
        // Which of them it is matters: `ipcs`, `ls /dev/shm`.
        Channel::SharedMemory { memory, .. } => Alike(
            4,
            match memory {
                Memory::SysV { id } => format!("{id}"),
                Memory::Posix { path, .. } => path.clone(),
                Memory::Memfd { name, .. } => name.clone(),
                Memory::Anonymous { .. } => String::new(),
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_tree::{MappedMemory, PipeEnd, SocketHolder};

    #[test]
    fn a_pipe_leads_from_those_who_write_to_those_who_read() {
        let facts = IpcFacts {
            pipes: vec![
                end(10, 7, "w"),
                end(20, 7, "r"),
                end(10, 8, "w"),
                end(20, 8, "r"),
                // Has both ends, and talks with nobody.
                end(30, 9, "rw"),
                // The shell that made it is gone.
                end(99, 7, "w"),
            ],
            ..IpcFacts::default()
        };
        let found = edges(&facts, &[10, 20, 30]);
        assert_eq!(found, ["10 > 20: 2 x Pipe { inode: 7 }"]);
    }

    #[test]
    fn a_part_of_the_tree_has_the_edges_that_lead_out_of_it_and_no_others() {
        let facts = IpcFacts {
            pipes: vec![
                end(10, 1, "w"),
                end(20, 1, "r"),
                end(20, 2, "w"),
                end(30, 2, "r"),
            ],
            ..IpcFacts::default()
        };
        assert_eq!(edges(&facts, &[10]), ["10 > 20: 1 x Pipe { inode: 1 }"]);
    }

    #[test]
    fn who_connects_to_a_path_is_at_the_beginning() {
        let socket = |inode, peer: u64, path: Option<&str>| UnixSocket {
            inode,
            peer_inode: (peer != 0).then_some(peer),
            path: path.map(str::to_owned),
        };
        let facts = IpcFacts {
            // 1 keeps the accepted socket of 10 as well.
            holders: holders(&[
                (100, 10),
                (100, 1),
                (101, 20),
                (102, 10),
                (103, 10),
                (104, 30),
            ]),
            unix: vec![
                socket(100, 101, Some("/run/bus")),
                socket(101, 100, None),
                // Datagrams: the one that is called knows none of the callers.
                socket(102, 0, Some("/run/log")),
                socket(104, 102, None),
                // A pair, of which another process is gone.
                socket(103, 999, None),
            ],
            ..IpcFacts::default()
        };
        let found = edges(&facts, &[10, 20, 30]);
        assert_eq!(
            found,
            [
                "20 > 10: 1 x UnixSocket { path: Some(\"/run/bus\"), from_inode: 101, to_inode: 100 }",
                "30 > 10: 1 x UnixSocket { path: Some(\"/run/log\"), from_inode: 104, to_inode: 102 }",
            ]
        );
    }

    #[test]
    fn tcp_leads_to_the_port_that_is_listened_on_in_the_same_namespace() {
        let socket = |namespace, inode, local: &str, peer: &str| TcpSocket {
            namespace,
            inode,
            local: local.parse().unwrap(),
            peer: peer.parse().unwrap(),
            listens: peer.ends_with(":0"),
        };
        let facts = IpcFacts {
            holders: holders(&[(1, 10), (2, 10), (3, 20), (4, 30), (5, 20)]),
            tcp: vec![
                socket(1, 1, "0.0.0.0:55432", "0.0.0.0:0"),
                socket(1, 2, "127.0.0.1:55432", "127.0.0.1:40000"),
                socket(1, 3, "127.0.0.1:40000", "127.0.0.1:55432"),
                // The same numbers in a container.
                socket(2, 4, "127.0.0.1:40000", "127.0.0.1:55432"),
                // Somebody elsewhere.
                socket(1, 5, "10.0.0.1:40000", "10.0.0.2:443"),
            ],
            ..IpcFacts::default()
        };
        let expected = "20 > 10: 1 x Tcp { from_address: \"127.0.0.1:40000\", \
                        to_address: \"127.0.0.1:55432\" }";
        assert_eq!(edges(&facts, &[10, 20, 30]), [expected]);
    }

    #[test]
    fn memory_is_shared_with_the_oldest_that_has_it() {
        let mapped = |pid, device| MappedMemory {
            pid,
            memory: Memory::SysV { id: 3 },
            device,
            bytes: 4096,
        };
        let facts = IpcFacts {
            memory: vec![mapped(30, 1), mapped(20, 1), mapped(10, 1), mapped(40, 2)],
            ..IpcFacts::default()
        };
        let what = "1 x SharedMemory { memory: SysV { id: 3 }, bytes: 4096 }";
        let found = edges(&facts, &[20, 30, 40]);
        assert_eq!(
            found,
            [format!("10 > 20: {what}"), format!("10 > 30: {what}")]
        );
    }

    #[test]
    fn a_pipe_that_all_have_does_not_fill_the_report() {
        let pids: Vec<u32> = (1..=500).collect();
        let facts = IpcFacts {
            pipes: pids.iter().map(|pid| end(*pid, 7, "rw")).collect(),
            ..IpcFacts::default()
        };
        let processes: Vec<_> = pids.iter().map(|pid| process(*pid)).collect();
        let found = ipc(&facts, &processes, &pids.iter().copied().collect());
        assert_eq!(found.edges.len(), MOST_OF_ONE);
        assert_eq!(found.edges.len() + found.omitted as usize, 500 * 499);
    }

    fn process(pid: u32) -> ProcessFact {
        ProcessFact::example(pid, 0, "x")
    }

    fn end(pid: u32, inode: u64, mode: &str) -> PipeEnd {
        PipeEnd {
            pid,
            pipe: Pipe::Unnamed { inode },
            reads: mode.contains('r'),
            writes: mode.contains('w'),
        }
    }

    fn holders(all: &[(u64, u32)]) -> Vec<SocketHolder> {
        let holder = |(inode, pid): &(u64, u32)| SocketHolder {
            inode: *inode,
            pid: *pid,
        };
        all.iter().map(holder).collect()
    }

    /// The edges of `members` among processes 1, 10, 20, 30 and 40.
    fn edges(facts: &IpcFacts, members: &[u32]) -> Vec<String> {
        let processes = [1, 10, 20, 30, 40].map(process);
        let found = ipc(facts, &processes, &members.iter().copied().collect());
        assert_eq!(found.omitted, 0);
        let line = |edge: &IpcEdge| {
            let (from, to) = (edge.from.process.pid, edge.to.process.pid);
            format!("{from} > {to}: {} x {:?}", edge.channels, edge.channel)
        };
        found.edges.iter().map(line).collect()
    }
}
