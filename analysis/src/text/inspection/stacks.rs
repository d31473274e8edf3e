//! User stacks, those alike together.

use super::{indented, milliseconds};
use crate::{
    inspection::{Frame, Stack, Stacks},
    text::{
        fleet::Page,
        table::{Cell, Table},
    },
};

const MOST_STACKS: usize = 20;
const MOST_FRAMES: usize = 30;

pub(in crate::text) fn stacks(read: &Stacks, page: &Page<'_>) -> String {
    let Some(tool) = &read.tool else {
        return String::new();
    };
    let parameters = [
        ("tool", tool.as_str().into()),
        ("time", milliseconds(read.took_ms, page.catalogue).into()),
    ];
    let title = page.catalogue.say_with("inspect-stacks", &parameters);
    let mut text = format!("\n{}\n", page.style.strong(&title));
    for stack in read.stacks.iter().take(MOST_STACKS) {
        text.push_str(&indented(&threads(stack, page), page));
        text.push_str(&frames(stack, page));
    }
    if read.stacks.len() > MOST_STACKS {
        let count = [("count", (read.stacks.len() - MOST_STACKS).into())];
        text.push_str(&indented(
            &page.catalogue.say_with("inspect-more-stacks", &count),
            page,
        ));
    }
    text
}

fn threads(stack: &Stack, page: &Page<'_>) -> String {
    const MOST: usize = 6;
    let mut tids: Vec<_> = stack.tids.iter().take(MOST).map(u32::to_string).collect();
    if stack.tids.len() > MOST {
        tids.push("…".to_owned());
    }
    let parameters = [
        ("count", stack.tids.len().into()),
        ("tids", tids.join(" ").into()),
    ];
    page.catalogue.say_with("inspect-stack-of", &parameters)
}

fn frames(stack: &Stack, page: &Page<'_>) -> String {
    let mut table = Table::default();
    for (number, frame) in stack.frames.iter().take(MOST_FRAMES).enumerate() {
        let function = frame.function.as_deref().unwrap_or("??");
        let place = place(frame);
        let text = match place.is_empty() {
            true => function.to_owned(),
            false => format!("{function}  {place}"),
        };
        table.row([Cell::from(format!("    #{number}")), Cell::from(text)]);
    }
    let left = stack.frames.len().saturating_sub(MOST_FRAMES);
    if left > 0 {
        let count = [("count", left.into())];
        let more = page.catalogue.say_with("inspect-more", &count);
        table.row([Cell::from(""), Cell::from(more)]);
    }
    table.render(page.width, page.style)
}

/// `app.py:12`, or the module where no line is known.
fn place(frame: &Frame) -> String {
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("{}:{line}", base(file)),
        (Some(file), None) => base(file),
        (None, _) => frame.module.as_deref().map_or_else(String::new, base),
    }
}
