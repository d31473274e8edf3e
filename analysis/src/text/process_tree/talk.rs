//! How processes talk with each other: a line for each channel that leads to the same place.

use std::collections::BTreeMap;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{WIDE, bytes};
use crate::{
    process_tree::{Channel, Ipc, IpcEdge, IpcEnd, Memory, ProcessTree},
    text::{
        Catalogue,
        escape::one_line,
        fleet::Page,
        table::{Cell, Table, cut},
    },
};

/// Most lines; the report has more.
const MOST_LINES: usize = 40;
/// Columns for each of the ends, and for what is between them, on a narrow terminal.
const NARROW: (usize, usize) = (20, 20);
/// On a wide one. A line in a pipe is as long as it is.
const ROOMY: (usize, usize) = (40, 80);

/// What stands below the tree if it was asked how they talk.
pub(super) fn talk(report: &ProcessTree, page: &Page<'_>) -> String {
    let Some(ipc) = &report.ipc else {
        return String::new();
    };
    let lines = lines(ipc);
    if lines.is_empty() {
        let is_seen = report.limits.iter().all(|limit| limit.what != "ipc");
        let none = if is_seen { "none" } else { "none-seen" };
        let none = page.catalogue.say(&format!("ptree-ipc-{none}"));
        return format!("\n{none}\n");
    }
    let mut table = Table::default();
    for line in lines.values().take(MOST_LINES) {
        table.cells(line.cells(page));
    }
    let mut text = format!("\n{}\n", page.catalogue.say("ptree-ipc"));
    text.push_str(&table.render(page.width, page.style));
    let hidden = lines.values().skip(MOST_LINES);
    let hidden = hidden.map(|line| line.edges.len()).sum::<usize>() + ipc.omitted as usize;
    if hidden > 0 {
        let more = page
            .catalogue
            .say_with("ptree-ipc-more", &[("count", hidden.into())]);
        text.push_str(&format!("  {}\n", page.style.faint(&more)));
    }
    text
}

/// Edges that lead to the same place: the clients of one server, those who share one memory.
struct Line<'a> {
    edges: Vec<&'a IpcEdge>,
}

/// By kind, the other end, and what it is.
fn lines(ipc: &Ipc) -> BTreeMap<(u8, u32, String), Line<'_>> {
    let mut lines: BTreeMap<_, Line<'_>> = BTreeMap::new();
    for edge in &ipc.edges {
        let hub = if edge.channel.is_directed() {
            &edge.to
        } else {
            &edge.from
        };
        let (kind, name) = match &edge.channel {
            Channel::Pipe { .. } => (0, String::new()),
            Channel::NamedPipe { path } => (1, path.clone()),
            Channel::UnixSocket { path, .. } => (2, path.clone().unwrap_or_default()),
            Channel::Tcp { to_address, .. } => (3, to_address.clone()),
            Channel::SharedMemory { memory, .. } => (4, format!("{memory:?}")),
        };
        let line = lines.entry((kind, hub.process.pid, name));
        line.or_insert_with(|| Line { edges: Vec::new() })
            .edges
            .push(edge);
    }
    lines
}

impl Line<'_> {
    /// `pipe  4711 yes  → 4712 head  pipe:[8812]`.
    fn cells(&self, page: &Page<'_>) -> Vec<Cell> {
        let first = self.edges[0];
        let room = page
            .width
            .map(|width| if width < WIDE { NARROW } else { ROOMY });
        let ends = |of: fn(&IpcEdge) -> &IpcEnd| {
            let names = names(self.edges.iter().map(|edge| of(edge)), page.catalogue);
            match room {
                Some((most, _)) => cut(&names, most).into_owned(),
                None => names,
            }
        };
        let arrow = if first.channel.is_directed() {
            "→"
        } else {
            "↔"
        };
        let kind = match first.channel {
            Channel::Pipe { .. } => "pipe",
            Channel::NamedPipe { .. } => "named-pipe",
            Channel::UnixSocket { .. } => "unix",
            Channel::Tcp { .. } => "tcp",
            Channel::SharedMemory { .. } => "memory",
        };
        let kind = page.catalogue.say(&format!("ptree-ipc-{kind}"));
        vec![
            Cell::from(format!("  {kind}")),
            Cell::from(ends(|edge| &edge.from)),
            Cell::from(format!("{arrow} {}", ends(|edge| &edge.to))),
            Cell::from(self.what(page.catalogue, room.map(|(_, what)| what))),
        ]
    }

    fn what(&self, catalogue: &Catalogue, most: Option<usize>) -> String {
        let channels: u32 = self.edges.iter().map(|edge| edge.channels).sum();
        let name = match &self.edges[0].channel {
            Channel::Pipe { inode } if channels == 1 => format!("pipe:[{inode}]"),
            Channel::Pipe { .. } => String::new(),
            Channel::NamedPipe { path } => path.clone(),
            Channel::UnixSocket { path, .. } => match path {
                Some(path) => path.clone(),
                None => catalogue.say("ptree-ipc-pair"),
            },
            Channel::Tcp { to_address, .. } => to_address.clone(),
            Channel::SharedMemory {
                memory,
                bytes: size,
            } => {
                let name = match memory {
                    Memory::SysV { id } => format!("SysV {id}"),
                    Memory::Posix { path, .. } => path.clone(),
                    Memory::Memfd { name, .. } => format!("memfd:{name}"),
                    Memory::Anonymous { .. } => catalogue.say("ptree-ipc-anonymous"),
                };
                return format!("{name} ({})", bytes(*size));
            }
        };
        let name = most.map_or(name.clone(), |most| last(&name, most));
        match channels {
            1 => name,
            _ if name.is_empty() => format!("×{channels}"),
            _ => format!("{name} ×{channels}"),
        }
    }
}

/// The last columns of a path, which tell more than its first.
fn last(path: &str, most: usize) -> String {
    let path = one_line(path);
    let mut left = path.width();
    if left <= most {
        return path.into_owned();
    }
    let skipped = path.chars().take_while(|c| {
        let is_too_much = left >= most;
        left -= c.width().unwrap_or(0);
        is_too_much
    });
    let begin: usize = skipped.map(char::len_utf8).sum();
    format!("…{}", &path[begin..])
}

/// `812 nginx`, `812 nginx, 813 nginx`, or the first of them and how many more there are.
fn names<'a>(ends: impl Iterator<Item = &'a IpcEnd>, catalogue: &Catalogue) -> String {
    let mut all: Vec<&IpcEnd> = ends.collect();
    all.sort();
    all.dedup();
    let name = |end: &IpcEnd| format!("{} {}", end.process.pid, end.comm);
    match all.as_slice() {
        [] => String::new(),
        [one] => name(one),
        [first, others @ ..] => {
            let parameters = [
                ("first", name(first).into()),
                ("count", others.len().into()),
            ];
            catalogue.say_with("ptree-ipc-and-more", &parameters)
        }
    }
}
