//! What was logged during a failed start.

use super::{INDENT, evidence::source, indented};
use crate::{
    log::LogLine,
    start_failure::{Attempt, LogFileExcerpt},
    text::{
        Style,
        escape::one_line,
        fleet::Page,
        table::{Cell, Table},
    },
};

/// Lines of the log that are shown: the beginning and the end. `-o json` has more.
const FIRST_LINES: usize = 4;
const LAST_LINES: usize = 8;

/// A line, and how often it was said.
struct Said<'a> {
    line: &'a LogLine,
    times: usize,
}

pub(super) fn render(attempt: &Attempt, page: &Page<'_>) -> String {
    excerpt(said(&attempt.log), attempt.log_omitted, page)
}

/// What the program wrote into files of its own.
pub(super) fn files(files: &[LogFileExcerpt], page: &Page<'_>) -> String {
    let parts = files.iter().map(|file| {
        let title = page.style.strong(&one_line(&file.path));
        let lines = excerpt(said(&file.lines), file.lines_omitted, page);
        format!("{title}\n{lines}")
    });
    parts.collect()
}

fn excerpt(lines: Vec<Said<'_>>, omitted: u32, page: &Page<'_>) -> String {
    let is_cut = lines.len() > FIRST_LINES + LAST_LINES || omitted > 0;
    let first = if is_cut {
        FIRST_LINES.min(lines.len())
    } else {
        lines.len()
    };
    let last = lines.len().saturating_sub(LAST_LINES).max(first);
    let left_out = lines[first..last].iter().map(|said| said.times as u64);
    let left_out = left_out.sum::<u64>() + u64::from(omitted);
    let mut text = rows(&lines[..first], page);
    if left_out > 0 {
        let omitted = page
            .catalogue
            .say_with("start-log-omitted", &[("lines", left_out.into())]);
        text.push_str(&indented(&page.style.faint(&omitted)));
    }
    text.push_str(&rows(&lines[last..], page));
    text
}

/// Each line of a program once, where it was said first: servers try a port five times. Those of
/// systemd stand where they were said: they tell one run from the next.
fn said(log: &[LogLine]) -> Vec<Said<'_>> {
    let mut lines: Vec<Said<'_>> = Vec::new();
    for line in log {
        let is_same = |known: &&mut Said<'_>| {
            known.line.message == line.message
                && known.line.source == line.source
                && known.line.pid == line.pid
        };
        match lines.iter_mut().find(is_same) {
            Some(known) if !line.is_of_manager() => known.times += 1,
            _ => lines.push(Said { line, times: 1 }),
        }
    }
    lines
}

fn rows(lines: &[Said<'_>], page: &Page<'_>) -> String {
    let mut table = Table::default();
    for Said { line, times } in lines {
        let clock = line.at.with_timezone(&page.zone).format("%H:%M:%S");
        // The title has the name of the file already.
        let mut message = match line.source.starts_with('/') {
            true => line.message.clone(),
            false => format!("{}: {}", source(line), line.message),
        };
        if *times > 1 {
            let again = page
                .catalogue
                .say_with("start-log-times", &[("times", (*times as u64).into())]);
            message.push_str(&again);
        }
        let message = Cell::from(message);
        let message = match line.priority {
            Some(priority) if priority <= 3 => message.painted(Style::bad),
            _ => message,
        };
        table.row([Cell::from(clock.to_string()), message]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    indented(&table.render(room, page.style))
}
