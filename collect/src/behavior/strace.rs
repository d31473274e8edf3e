//! What `strace -f -T -yy` prints, line by line, into sums. Whatever is not understood is passed
//! over; contents of strings are not asked for.

use std::{collections::BTreeMap, time::Duration};

use analysis::behavior::{CallUse, Calls, FileUse, PeerUse};

use super::timed;
use crate::tool::{Tool, ToolError};

/// Different files, peers and programs that are kept.
const MOST: usize = 5000;

/// Calls whose first path is read or changed.
const CHANGES: &[&str] = &[
    "creat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "truncate",
    "chmod",
    "fchmodat",
    "chown",
    "lchown",
    "fchownat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "setxattr",
    "utimensat",
    "mknod",
    "mknodat",
];

pub(super) fn command(pid: u32, duration: Duration) -> Result<Tool, ToolError> {
    let pid = pid.to_string();
    // Of strings nothing is printed, but for paths: they may hold secrets.
    let words = ["-f", "-qq", "-T", "-y", "-yy", "-s", "0", "-p", &pid];
    Ok(timed("strace", duration)?.args(words))
}

pub(super) fn calls(text: &str) -> Calls {
    let mut calls = Calls::default();
    // The beginnings of calls during which another thread came in between.
    let mut begun: BTreeMap<u32, String> = BTreeMap::new();
    for line in text.lines() {
        let (pid, line) = pid(line);
        if let Some(start) = line.strip_suffix(" <unfinished ...>") {
            begun.insert(pid, start.to_owned());
            continue;
        }
        match line
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            Some((name, end)) => {
                if let Some(start) = begun.remove(&pid).or_else(|| taken(&mut begun, name)) {
                    add(&mut calls, &(start + end));
                }
            }
            None => add(&mut calls, line),
        }
    }
    calls
}

/// While a thread is alone it has no pid, so that a call may begin with one and end without.
fn taken(begun: &mut BTreeMap<u32, String>, name: &str) -> Option<String> {
    let is_it = |start: &str| {
        start
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('('))
    };
    let (pid, _) = begun.iter().find(|(_, start)| is_it(start))?;
    let pid = *pid;
    begun.remove(&pid)
}

/// `[pid  5214] read(...` or, of the first thread while it is alone, without.
fn pid(line: &str) -> (u32, &str) {
    let found = line
        .strip_prefix("[pid ")
        .and_then(|rest| rest.split_once("] "));
    match found {
        Some((pid, line)) => (pid.trim().parse().unwrap_or(0), line),
        None => (0, line),
    }
}

/// `read(3</etc/passwd>, ""..., 4096) = 120 <0.000010>`.
struct Call<'a> {
    name: &'a str,
    arguments: &'a str,
    /// `None`: it gives none (`?`), or an address.
    value: Option<i64>,
    error: Option<&'a str>,
    time_us: u64,
}

impl<'a> Call<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let (result, time_us) = match result.rsplit_once(" <") {
            Some((result, time)) => (result, microseconds(time.strip_suffix('>')?)?),
            None => (result, 0),
        };
        let mut words = result.split_whitespace();
        let value = words.next()?;
        let value = value
            .split('<')
            .next()
            .and_then(|number| number.parse().ok());
        let error = words
            .next()
            .filter(|word| value == Some(-1) && word.starts_with('E'));
        Some(Self {
            name,
            arguments: arguments.trim_end().trim_end_matches(')'),
            value,
            error,
            time_us,
        })
    }

    /// The first path among the arguments.
    fn path(&self) -> Option<String> {
        let (_, rest) = self.arguments.split_once('"')?;
        let end = rest.find('"')?;
        let path = &rest[..end];
        if path.starts_with('/') || path.is_empty() {
            return (!path.is_empty()).then(|| path.to_owned());
        }
        // Relative to the folder that stands before it.
        match self.arguments.split_once('<') {
            Some((before, folder)) if !before.contains('"') => {
                let (folder, _) = folder.split_once('>')?;
                Some(format!("{folder}/{path}"))
            }
            _ => Some(path.to_owned()),
        }
    }

    /// What its first argument, an open file, is: `3</etc/passwd>`, `4<TCP:[a->b]>`.
    fn file(&self) -> Option<&'a str> {
        let (fd, rest) = self.arguments.split_once('<')?;
        if fd.is_empty() || !fd.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // `->` in the name of a connection is no end.
        let ends = [">, ", ">)"].iter().filter_map(|end| rest.find(end)).min();
        Some(match ends {
            Some(end) => &rest[..end],
            None => rest.strip_suffix('>').unwrap_or(rest),
        })
    }
}

fn microseconds(time: &str) -> Option<u64> {
    let (seconds, part) = time.split_once('.')?;
    let part = format!("{part:0<6}");
    let us: u64 = part.get(..6)?.parse().ok()?;
    seconds
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(us)
}

fn add(calls: &mut Calls, line: &str) {
    let Some(call) = Call::read(line) else {
        return;
    };
    let used: &mut CallUse = calls.calls.entry(call.name.to_owned()).or_default();
    used.calls += 1;
    used.time_us = used.time_us.saturating_add(call.time_us);
    if let Some(error) = call.error {
        used.errors += 1;
        let key = (call.name.to_owned(), error.to_owned());
        *calls.errors.entry(key).or_default() += 1;
    }
    match call.name {
        "execve" | "execveat" => {
            if let Some(path) = call
                .path()
                .filter(|_| call.error.is_none() && calls.execs.len() < MOST)
            {
                *calls.execs.entry(path).or_default() += 1;
            }
        }
        "connect" => connect(calls, &call),
        _ => match call.file() {
            Some(file) => transfer(calls, &call, file),
            None => named(calls, &call),
        },
    }
}

/// Reads from and writes to an open file or connection.
fn transfer(calls: &mut Calls, call: &Call<'_>, file: &str) {
    let starts = |words: &[&str]| words.iter().any(|word| call.name.starts_with(word));
    let bytes = call
        .value
        .and_then(|value| u64::try_from(value).ok())
        .unwrap_or(0);
    let (is_read, is_write) = (
        starts(&["read", "pread", "recv"]),
        starts(&["write", "pwrite", "send"]),
    );
    if let Some((protocol, address)) = peer(file) {
        if let Some(peer) = peer_of(calls, protocol, address) {
            peer.received_bytes += if is_read { bytes } else { 0 };
            peer.sent_bytes += if is_write { bytes } else { 0 };
            peer.errors += u64::from(call.error.is_some_and(|error| error != "EAGAIN"));
        }
        return;
    }
    if !file.starts_with('/') || file.starts_with("/dev/") {
        return;
    }
    // `openat(3</dir>, "name")` and the like are about the path.
    if !is_read && !is_write {
        return named(calls, call);
    }
    if let Some(file) = file_of(calls, file.to_owned()) {
        file.reads += u64::from(is_read);
        file.writes += u64::from(is_write);
        file.read_bytes += if is_read { bytes } else { 0 };
        file.written_bytes += if is_write { bytes } else { 0 };
        file.is_changed |= is_write && bytes > 0;
    }
}

/// Calls that name a path.
fn named(calls: &mut Calls, call: &Call<'_>) {
    let is_open = matches!(call.name, "open" | "openat" | "openat2" | "creat");
    let is_change = CHANGES.contains(&call.name);
    let is_look = ["stat", "access", "readlink", "chdir"]
        .iter()
        .any(|word| call.name.contains(word));
    if !(is_open || is_change || is_look) {
        return;
    }
    let Some(path) = call.path().filter(|path| path.starts_with('/')) else {
        return;
    };
    if path.starts_with("/dev/") || path.starts_with("/proc/") && !path.starts_with("/proc/sys") {
        return;
    }
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"];
    let to_write = is_open && writes.iter().any(|flag| call.arguments.contains(flag));
    if let Some(file) = file_of(calls, path) {
        match call.error {
            Some(_) => file.errors += 1,
            None => {
                file.opens += u64::from(is_open);
                file.is_changed |= is_change || to_write;
            }
        }
    }
}

fn file_of(calls: &mut Calls, path: String) -> Option<&mut FileUse> {
    if calls.files.len() >= MOST && !calls.files.contains_key(&path) {
        return None;
    }
    let file = calls.files.entry(path.clone()).or_default();
    file.path = path;
    Some(file)
}

fn peer_of<'a>(calls: &'a mut Calls, protocol: &str, address: &str) -> Option<&'a mut PeerUse> {
    let key = (protocol.to_owned(), address.to_owned());
    if calls.peers.len() >= MOST && !calls.peers.contains_key(&key) {
        return None;
    }
    let peer = calls.peers.entry(key).or_default();
    peer.protocol = protocol.to_owned();
    peer.address = address.to_owned();
    Some(peer)
}

/// `TCP:[127.0.0.1:5->10.0.0.2:5432]`, `TCPv6:[...]`, `UDP:[...]`.
fn peer(file: &str) -> Option<(&'static str, &str)> {
    let protocol = match file.split(':').next()? {
        "TCP" | "TCPv6" => "tcp",
        "UDP" | "UDPv6" => "udp",
        _ => return None,
    };
    let (_, address) = file.split_once("->")?;
    Some((protocol, address.strip_suffix(']').unwrap_or(address)))
}

/// `connect(3<TCP:[7]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("1.2.3.4")}, 16)`.
fn connect(calls: &mut Calls, call: &Call<'_>) {
    let between = |start: &str, end: char| {
        let (_, rest) = call.arguments.split_once(start)?;
        rest.split_once(end).map(|(found, _)| found)
    };
    let protocol = match call.file().unwrap_or_default() {
        file if file.starts_with("UDP") => "udp",
        _ => "tcp",
    };
    let address = between("inet_addr(\"", '"').map(str::to_owned);
    let address = address.or_else(|| {
        let address = between("inet_pton(AF_INET6, \"", '"')?;
        Some(format!("[{address}]"))
    });
    let (protocol, address) = match (address, between("htons(", ')')) {
        (Some(address), Some(port)) => (protocol, format!("{address}:{port}")),
        _ => match between("sun_path=", '}') {
            Some(path) => ("unix", path.trim_matches('"').to_owned()),
            None => return,
        },
    };
    let has_failed = call.error.is_some_and(|error| error != "EINPROGRESS");
    if let Some(peer) = peer_of(calls, protocol, &address) {
        peer.connects += 1;
        peer.errors += u64::from(has_failed);
    }
}

#[cfg(test)]
mod tests;
