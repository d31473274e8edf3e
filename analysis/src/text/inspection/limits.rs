//! What could not be read, a sentence each, and how to get it.

use super::heading;
use crate::{
    limitation::Limitation,
    text::{escape::one_line, fleet::Page, table::wrapped},
};

pub(in crate::text) fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let mut lines: Vec<_> = limits.iter().map(|limit| sentence(limit, page)).collect();
    let is_denied = |limit: &Limitation| {
        // That one says itself what it takes.
        if limit.what == "kernel-stack" {
            return false;
        }
        limit.why.contains("(os error 13)") || limit.why.contains("(os error 1)")
    };
    if limits.iter().any(is_denied) {
        lines.push(page.catalogue.say("inspect-as-root"));
    }
    let lines = lines
        .iter()
        .flat_map(|line| wrapped(&one_line(line), page.width))
        .map(|line| page.style.doubtful(&line) + "\n");
    heading("inspect-limits", page) + &lines.collect::<String>()
}

fn sentence(limit: &Limitation, page: &Page<'_>) -> String {
    let known = |id: String| page.catalogue.has(&id).then_some(id);
    let id = known(format!("inspect-limit-{}-{}", limit.what, limit.why))
        .or_else(|| known(format!("inspect-limit-{}", limit.what)))
        .unwrap_or_else(|| "inspect-limit-other".to_owned());
    let because = known(format!("inspect-because-{}", limit.why));
    let why = because.map_or_else(|| limit.why.clone(), |id| page.catalogue.say(&id));
    let parameters = [
        ("what", limit.what.as_str().into()),
        ("why", why.into()),
        ("count", limit.count.into()),
    ];
    page.catalogue.say_with(&id, &parameters)
}
