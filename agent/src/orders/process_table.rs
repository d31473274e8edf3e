//! Who is whose child, straight from procfs: what it takes to leave no process behind.

use std::{collections::BTreeMap, fs};

use analysis::identity::OrderId;

/// Set in the environment of a worker, and inherited by what it starts.
pub(super) const MARKER: &str = "AIOPS_ORDER";

/// One process at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    /// Clock ticks after boot: with the pid, one process for ever.
    pub(super) start: u64,
    pub(super) is_zombie: bool,
}

/// All processes. One that ends meanwhile is not in it.
pub(super) fn read() -> BTreeMap<u32, Seen> {
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(one).map(|seen| (seen.pid, seen)).collect()
}

pub(super) fn one(pid: u32) -> Option<Seen> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(pid: u32, stat: &str) -> Option<Seen> {
    // The name may look like fields: they begin behind its last parenthesis, with the third.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Seen {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
    })
}

/// The order that a process was started for, if it says so.
pub(super) fn order_of(pid: u32) -> Option<OrderId> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|variable| {
        let (name, value) = std::str::from_utf8(variable).ok()?.split_once('=')?;
        (name == MARKER).then(|| value.parse().ok())?
    })
}

/// Whether it is the guard of a process that an analysis looked at.
pub(super) fn is_guard(pid: u32) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|variable| {
        let name = variable.strip_prefix(collect::GUARD_MARK.as_bytes());
        name.is_some_and(|rest| rest.starts_with(b"="))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_fields_does_not_deceive() {
        let stat = "7 (a) Z 1) S 3 5 7 0 -1 0 0 0 0 0 250 50 0 0 20 0 1 0 4711 0 0";
        let expected = Seen {
            pid: 7,
            parent: 3,
            group: 5,
            start: 4711,
            is_zombie: false,
        };
        assert_eq!(parse(7, stat), Some(expected));
        assert_eq!(parse(7, "7 (a) S 1"), None);
    }

    #[test]
    fn we_are_there() {
        let me = std::process::id();
        assert_eq!(read().get(&me).copied(), one(me));
        assert_eq!(order_of(me), None);
    }
}
