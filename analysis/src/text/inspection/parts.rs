//! Threads, children, locks and files of a process.

use std::collections::BTreeMap;

use super::{doing, heading, indented, milliseconds, names, paint};
use crate::{
    inspection::{Doing, FileKind, Inspection, OpenFile, Thread},
    text::{
        fleet::Page,
        table::{Cell, Table},
    },
};

/// Most lines of threads; those alike share one.
const MOST_THREADS: usize = 30;
/// Most lines of open files; JSON has all.
const MOST_FILES: usize = 40;
const MOST_KERNEL_FRAMES: usize = 20;

/// Threads that do the same share a line.
pub(super) fn threads(report: &Inspection, page: &Page<'_>) -> String {
    if report.threads.len() <= 1 && report.omitted_threads == 0 {
        return String::new();
    }
    let mut alike: BTreeMap<_, Vec<&Thread>> = BTreeMap::new();
    for thread in &report.threads {
        let key = (
            thread.verdict.cause,
            &thread.syscall,
            &thread.wchan,
            thread.state,
        );
        alike.entry(key).or_default().push(thread);
    }
    let column = |name: &str| page.catalogue.say(&format!("inspect-heading-{name}"));
    let headings = [
        column("thread"),
        column("state"),
        column("asleep"),
        column("cpu"),
        column("does"),
    ];
    let mut table = Table::with_headings(headings);
    for group in alike.values().take(MOST_THREADS) {
        table.row(thread_row(group, page));
    }
    let mut text = heading("inspect-threads", page);
    text.push_str(&table.render(page.width, page.style));
    let shown: usize = alike.values().take(MOST_THREADS).map(Vec::len).sum();
    let left = report.threads.len() - shown + report.omitted_threads as usize;
    text + &more(left, page)
}

fn thread_row(group: &[&Thread], page: &Page<'_>) -> [Cell; 5] {
    let one = group[0];
    let mut name = one.tid.to_string();
    if group.len() > 1 {
        name.push_str(&format!(" +{}", group.len() - 1));
    }
    let asleep = group.iter().filter_map(|thread| thread.asleep_ms).max();
    let asleep = asleep.map_or_else(|| "-".to_owned(), |ms| milliseconds(ms, page.catalogue));
    let cpu: f64 = group.iter().filter_map(|thread| thread.cpu_percent).sum();
    let mut does = doing(one.verdict.cause, page.catalogue);
    // The call names the file; the function of the kernel only says the same in other words.
    if let Some(place) = one.syscall.as_ref().or(one.wchan.as_ref()) {
        let separator = page.catalogue.say("inspect-colon");
        does.push_str(&format!("{separator}{place}"));
    }
    [
        Cell::from(name),
        Cell::from(one.state.to_string()),
        Cell::from(asleep).right(),
        Cell::from(format!("{cpu:.1}")).right(),
        Cell::from(does).painted(paint(one.verdict.cause)),
    ]
}

/// Of the thread that the verdict is about, unless it just sleeps.
pub(super) fn kernel_stack(report: &Inspection, page: &Page<'_>) -> String {
    let thread = report
        .threads
        .iter()
        .find(|thread| Some(thread.tid) == report.verdict_tid);
    let thread = thread.filter(|thread| {
        !matches!(thread.verdict.cause, Doing::Idle | Doing::Working)
            && !thread.kernel_stack.is_empty()
    });
    let Some(thread) = thread else {
        return String::new();
    };
    let tid = [("tid", thread.tid.to_string().into())];
    let title = page.catalogue.say_with("inspect-kernel-stack", &tid);
    let mut text = format!("\n{}\n", page.style.strong(&title));
    for function in thread.kernel_stack.iter().take(MOST_KERNEL_FRAMES) {
        text.push_str(&indented(function, page));
    }
    text
}

pub(super) fn children(report: &Inspection, page: &Page<'_>) -> String {
    if report.children.is_empty() {
        return String::new();
    }
    let children = names(&report.children, page.catalogue);
    heading("inspect-children", page) + &indented(&children, page)
}

pub(super) fn locks(report: &Inspection, page: &Page<'_>) -> String {
    if report.locks.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(id);
    let mut table = Table::default();
    for lock in &report.locks {
        let what = match (lock.is_waited_for, lock.is_write) {
            (true, _) => "inspect-lock-waits",
            (false, true) => "inspect-lock-write",
            (false, false) => "inspect-lock-read",
        };
        let path = lock.path.clone();
        let mut path = path.unwrap_or_else(|| say("inspect-some-file"));
        if !lock.holders.is_empty() {
            let holders = [("holders", names(&lock.holders, page.catalogue).into())];
            path.push_str(&page.catalogue.say_with("inspect-lock-held-by", &holders));
        }
        table.row([
            Cell::from(format!("  {}", lock.kind)),
            Cell::from(say(what)),
            Cell::from(path),
        ]);
    }
    heading("inspect-locks", page) + &table.render(page.width, page.style)
}

/// Sockets and pipes first: they lead to whom it talks to.
pub(super) fn files(report: &Inspection, page: &Page<'_>) -> String {
    if report.files.is_empty() {
        return String::new();
    }
    let rank = |file: &&OpenFile| match file.kind {
        FileKind::Socket => 0,
        FileKind::Pipe => 1,
        FileKind::File => 2,
        FileKind::Terminal => 3,
        FileKind::Device | FileKind::Anonymous => 4,
    };
    let mut files: Vec<&OpenFile> = report.files.iter().collect();
    files.sort_by_key(rank);
    let column = |name: &str| page.catalogue.say(&format!("inspect-heading-{name}"));
    let mut table = Table::with_headings([column("fd"), column("kind"), column("what")]);
    for file in files.iter().take(MOST_FILES) {
        table.row([
            Cell::from(file.fd.to_string()).right(),
            Cell::from(kind(file.kind, page)),
            Cell::from(what(file, page)),
        ]);
    }
    let left = files.len().saturating_sub(MOST_FILES) + report.omitted_files as usize;
    let count = [(
        "count",
        (report.files.len() + report.omitted_files as usize).into(),
    )];
    let title = page.catalogue.say_with("inspect-files", &count);
    let mut text = format!("\n{}\n", page.style.strong(&title));
    text.push_str(&table.render(page.width, page.style));
    text + &more(left, page)
}

fn kind(kind: FileKind, page: &Page<'_>) -> String {
    page.catalogue.say(match kind {
        FileKind::File => "inspect-kind-file",
        FileKind::Pipe => "inspect-kind-pipe",
        FileKind::Socket => "inspect-kind-socket",
        FileKind::Terminal => "inspect-kind-terminal",
        FileKind::Device => "inspect-kind-device",
        FileKind::Anonymous => "inspect-kind-anonymous",
    })
}

fn what(file: &OpenFile, page: &Page<'_>) -> String {
    let mut text = match &file.socket {
        None => file.target.clone(),
        Some(socket) => {
            let peer = socket.peer.as_ref();
            let peer = peer.map_or_else(String::new, |peer| format!(" -> {peer}"));
            let (protocol, local, state) = (&socket.protocol, &socket.local, &socket.state);
            format!("{protocol} {local}{peer} {state}")
        }
    };
    let socket = file.socket.iter();
    let others: Vec<_> = file
        .others
        .iter()
        .chain(socket.flat_map(|socket| &socket.others))
        .cloned()
        .collect();
    if !others.is_empty() {
        let others = [("others", names(&others, page.catalogue).into())];
        text.push_str(&page.catalogue.say_with("inspect-other-end", &others));
    }
    text
}

fn more(count: usize, page: &Page<'_>) -> String {
    match count {
        0 => String::new(),
        count => {
            let count = [("count", count.into())];
            let more = page.catalogue.say_with("inspect-more", &count);
            format!("  {}\n", page.style.faint(&more))
        }
    }
}
