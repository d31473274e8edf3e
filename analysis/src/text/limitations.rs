//! What a report does without, as sentences.

use super::{escape::one_line, fleet::Page, reason::reason, table::wrapped};
use crate::limitation::Limitation;

/// A sentence for each limitation, and `as_root` behind them where more rights would help.
///
/// `family` begins the ids of the messages: `FAMILY-limit-WHAT-WHY`, else `FAMILY-limit-WHAT`, else
/// `FAMILY-limit-other`; `FAMILY-because-WHY` for a reason that is a word of ours.
pub(super) fn lines(
    limits: &[Limitation],
    family: &str,
    as_root: Option<&str>,
    page: &Page<'_>,
) -> String {
    let sentences = limits.iter().map(|limit| sentence(limit, family, page));
    sentences
        .chain(as_root.map(|id| page.catalogue.say(id)))
        .flat_map(|line| wrapped(&one_line(&line), page.width))
        .map(|line| page.style.doubtful(&line) + "\n")
        .collect()
}

fn sentence(limit: &Limitation, family: &str, page: &Page<'_>) -> String {
    let known = |id: String| page.catalogue.has(&id).then_some(id);
    let id = known(format!("{family}-limit-{}-{}", limit.what, limit.why))
        .or_else(|| known(format!("{family}-limit-{}", limit.what)))
        .unwrap_or_else(|| format!("{family}-limit-other"));
    let because = known(format!("{family}-because-{}", limit.why));
    let why = because.map_or_else(
        || reason(&limit.why, page.catalogue),
        |id| page.catalogue.say(&id),
    );
    let parameters = [
        ("what", limit.what.as_str().into()),
        ("why", why.into()),
        ("count", limit.count.into()),
    ];
    page.catalogue.say_with(&id, &parameters)
}
