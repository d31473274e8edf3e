//! What changed since the last good start.

use super::{INDENT, indented};
use crate::{
    Timestamp,
    start_failure::{
        StartFailure,
        changes::{Change, Changed, Changes, Diff, FileChange, GoodStart, HowKnown},
    },
    text::{
        Style,
        escape::one_line,
        fleet::Page,
        table::{Cell, Table, cut, wrapped},
        time::{ago, brief_moment, moment},
    },
};

/// Changes that are shown. `-o json` has more.
const MOST_CHANGES: usize = 8;
/// Lines of a difference that are shown: of what is blamed, and of the rest.
const MOST_BLAMED_LINES: usize = 20;
const MOST_LINES: usize = 8;

pub(super) fn render(report: &StartFailure, page: &Page<'_>) -> String {
    let Some(changes) = &report.changes else {
        return String::new();
    };
    let Some(since) = &changes.since else {
        let why = changes.no_good_start.map(|why| {
            let id = format!("start-changes-no-start-{}", why.name());
            page.style.faint(&page.catalogue.say(&id))
        });
        return why.map_or_else(String::new, |why| format!("{why}\n"));
    };
    if changes.changes.is_empty() {
        let line = titled("start-changes-none", since, page);
        return format!("{}\n", page.style.faint(&line));
    }
    let mut text = format!(
        "{}\n",
        page.style.strong(&titled("start-changes", since, page))
    );
    let shown = &changes.changes[..changes.changes.len().min(MOST_CHANGES)];
    for change in shown {
        text.push_str(&one(change, report.at, page));
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    for line in notes(changes, shown, page) {
        for piece in wrapped(&line, room) {
            text.push_str(&indented(&page.style.faint(&piece)));
        }
    }
    text
}

fn titled(id: &str, since: &GoodStart, page: &Page<'_>) -> String {
    let parameters = [
        ("at", moment(since.at, page.zone).into()),
        ("ago", ago(since.at, page.now, page.catalogue).into()),
    ];
    page.catalogue.say_with(id, &parameters)
}

/// What was left out, and what all this is worth.
fn notes(changes: &Changes, shown: &[Change], page: &Page<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let omitted = changes.changes.len() - shown.len() + changes.omitted as usize;
    if omitted > 0 {
        let omitted = [("changes", omitted.into())];
        lines.push(page.catalogue.say_with("start-changes-omitted", &omitted));
    }
    if shown.iter().any(|change| !change.is_sure()) {
        lines.push(page.catalogue.say("start-changes-by-dates"));
    }
    lines.push(page.catalogue.say("start-changes-no-cause"));
    lines
}

fn one(change: &Change, now: Timestamp, page: &Page<'_>) -> String {
    let at = change
        .at
        .map(|at| brief_moment(at, now, page.zone))
        .unwrap_or_default();
    let mut words = what(change, page);
    if !change.is_sure() {
        let change = [("change", words.into())];
        words = page.catalogue.say_with("start-change-by-date", &change);
    }
    if change.concerns_culprit {
        let change = [("change", words.into())];
        words = page.catalogue.say_with("start-change-blamed", &change);
    }
    let cell = match change.concerns_culprit {
        true => Cell::from(words).painted(Style::strong),
        false => Cell::from(words),
    };
    let mut table = Table::default();
    table.row([Cell::from(format!("{at:>5}")), cell]);
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    let mut text = indented(&table.render(room, page.style));
    if let Some(found) = &change.diff {
        let most = match change.concerns_culprit {
            true => MOST_BLAMED_LINES,
            false => MOST_LINES,
        };
        text.push_str(&diff(found, most, page));
    }
    text
}

fn what(change: &Change, page: &Page<'_>) -> String {
    let versus = |id: &str, of: [&str; 2], before: &Option<String>, after: &Option<String>| {
        let or_nothing = |text: &Option<String>| match text {
            Some(text) if !text.is_empty() => text.clone(),
            _ => page.catalogue.say("start-change-nothing"),
        };
        let [name, subject] = of;
        let parameters = [
            (name, subject.into()),
            ("before", or_nothing(before).into()),
            ("after", or_nothing(after).into()),
        ];
        page.catalogue.say_with(id, &parameters)
    };
    match &change.what {
        Changed::File {
            path,
            role,
            how,
            as_packaged,
        } => {
            let role = page.catalogue.say(&format!("start-role-{}", role.name()));
            let mut how = file(how, change.how_known, page);
            if *as_packaged == Some(true) {
                let plain = [("how", how.into())];
                how = page.catalogue.say_with("start-file-as-packaged", &plain);
            }
            let path = path.as_str().into();
            let parameters = [("role", role.into()), ("path", path), ("how", how.into())];
            page.catalogue.say_with("start-change-file", &parameters)
        }
        Changed::Package { .. } => package(&change.what, page),
        Changed::Setting {
            name,
            before,
            after,
        } => versus("start-change-setting", ["name", name], before, after),
        Changed::Account {
            name,
            before,
            after,
        } => versus("start-change-account", ["name", name], before, after),
        Changed::Mount {
            point,
            before,
            after,
        } => versus("start-change-mount", ["point", point], before, after),
        Changed::Boot {
            kernel_before: before @ Some(_),
            kernel: after @ Some(_),
        } if before != after => versus("start-change-kernel", ["name", ""], before, after),
        Changed::Boot { .. } => page.catalogue.say("start-change-boot"),
    }
}

fn package(what: &Changed, page: &Page<'_>) -> String {
    let Changed::Package {
        name,
        before,
        after,
        brings,
    } = what
    else {
        return String::new();
    };
    let id = match (before, after) {
        (None, _) => "start-package-installed",
        (_, None) => "start-package-removed",
        _ => "start-package-upgraded",
    };
    let version = |version: &Option<String>| version.clone().unwrap_or_default().into();
    let versions = [("before", version(before)), ("after", version(after))];
    let versions = page.catalogue.say_with(id, &versions);
    let part = page.catalogue.say(&format!("start-part-{}", brings.name()));
    let parameters = [
        ("name", name.as_str().into()),
        ("versions", versions.into()),
        ("part", part.into()),
    ];
    page.catalogue.say_with("start-change-package", &parameters)
}

fn file(how: &FileChange, how_known: HowKnown, page: &Page<'_>) -> String {
    match how {
        FileChange::Permissions { before, after } => {
            let parameters = [
                ("before", before.as_str().into()),
                ("after", after.as_str().into()),
            ];
            page.catalogue
                .say_with("start-file-permissions", &parameters)
        }
        // A file that was never seen before has a date as well.
        FileChange::Modified if how_known == HowKnown::Timestamp => {
            page.catalogue.say("start-file-modified-date")
        }
        how => page.catalogue.say(&format!("start-file-{}", how.name())),
    }
}

/// Below the words, and cut at the edge: a line of a file is no prose.
fn diff(diff: &Diff, most: usize, page: &Page<'_>) -> String {
    let indent = format!("{INDENT}       ");
    let mut text = String::new();
    for line in diff.lines.iter().take(most) {
        let line = one_line(line);
        let room = page.width.map(|width| width.saturating_sub(indent.len()));
        let line = room.map_or(line.as_ref().into(), |room| cut(&line, room));
        let line = match line.as_bytes().first() {
            Some(b'+') => page.style.good(&line),
            Some(b'-') => page.style.bad(&line),
            _ => page.style.faint(&line),
        };
        text.push_str(&format!("{indent}{line}\n"));
    }
    let omitted = diff.lines.len().saturating_sub(most) + diff.lines_omitted as usize;
    if omitted > 0 {
        let lines = [("lines", omitted.into())];
        let line = page.catalogue.say_with("start-diff-omitted", &lines);
        text.push_str(&format!("{indent}{}\n", page.style.faint(&line)));
    }
    text
}
