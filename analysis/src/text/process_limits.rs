//! What could not be read of processes, in sentences: the same for all reports about them.

use super::{escape::one_line, fleet::Page, table::wrapped};
use crate::limitation::Limitation;

/// What could not be read, a sentence each.
pub fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let mut lines: Vec<_> = limits.iter().map(|limit| sentence(limit, page)).collect();
    let is_denied =
        |limit: &Limitation| limit.why.contains("(os error 13)") || limit.why == "hidepid";
    if limits.iter().any(is_denied) {
        lines.push(page.catalogue.say("ptree-as-root"));
    }
    let lines = lines
        .iter()
        .flat_map(|line| wrapped(&one_line(line), page.width))
        .map(|line| page.style.doubtful(&line) + "\n");
    format!("\n{}", lines.collect::<String>())
}

fn sentence(limit: &Limitation, page: &Page<'_>) -> String {
    let known = |id: String| page.catalogue.has(&id).then_some(id);
    let id = known(format!("ptree-limit-{}-{}", limit.what, limit.why))
        .or_else(|| known(format!("ptree-limit-{}", limit.what)))
        .unwrap_or_else(|| "ptree-limit-other".to_owned());
    let because = known(format!("ptree-because-{}", limit.why));
    let why = because.map_or_else(|| limit.why.clone(), |id| page.catalogue.say(&id));
    let parameters = [
        ("what", limit.what.as_str().into()),
        ("why", why.into()),
        ("count", limit.count.into()),
    ];
    page.catalogue.say_with(&id, &parameters)
}
