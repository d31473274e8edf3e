//! How a text differs.

use similar::{Algorithm, TextDiff};

use super::Diff;
use crate::scrub::scrub_config_line;

/// Lines around what differs.
const CONTEXT: usize = 2;
const MOST_LINES: usize = 200;
const MOST_LINE_BYTES: usize = 400;

/// How `after` differs from `before`, scrubbed. `None`: in nothing that matters.
pub(super) fn diff(before: &str, after: &str) -> Option<Diff> {
    let (before, after) = (ended(before), ended(after));
    // Not Myers: it takes long where nothing is the same.
    let compared = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(&before, &after);
    let mut unified = compared.unified_diff();
    let text = unified
        .context_radius(CONTEXT)
        .missing_newline_hint(false)
        .to_string();
    let lines: Vec<String> = text.lines().map(shown).collect();
    let lines_omitted = lines.len().saturating_sub(MOST_LINES);
    (!lines.is_empty()).then(|| Diff {
        lines: lines.into_iter().take(MOST_LINES).collect(),
        lines_omitted: u32::try_from(lines_omitted).unwrap_or(u32::MAX),
    })
}

/// A last line without an end differs in nothing that matters.
fn ended(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

fn shown(line: &str) -> String {
    // The mark is no part of a word that may be a secret.
    let at = usize::from(line.starts_with(['+', '-', ' ']));
    let (mark, rest) = line.split_at(at);
    let mut rest = scrub_config_line(rest);
    if rest.len() > MOST_LINE_BYTES {
        rest.truncate(rest.floor_char_boundary(MOST_LINE_BYTES));
        rest.push('…');
    }
    format!("{mark}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_what_is_around_it_and_without_secrets() {
        let before = "a\nb\nc\nlisten 80;\nd\ne\nf\n";
        let after = "a\nb\nc\nlisten 81;\npassword = hunter2\nd\ne\nf";
        let found = diff(before, after).unwrap();
        insta::assert_snapshot!(found.lines.join("\n"), @"
        @@ -2,5 +2,6 @@
         b
         c
        -listen 80;
        +listen 81;
        +password = [scrubbed]
         d
         e
        ");
        assert_eq!(found.lines_omitted, 0);
        assert_eq!(diff("a\n", "a"), None);
    }

    #[test]
    fn a_long_one_is_cut() {
        let lines = |word: &str| {
            (0..300)
                .map(|n| format!("{word} {n}\n"))
                .collect::<String>()
        };
        let found = diff(&lines("a"), &lines("b")).unwrap();
        assert_eq!((found.lines.len(), found.lines_omitted), (200, 401));
    }
}
