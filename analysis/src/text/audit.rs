//! The audit, an entry a line.

use serde_json::{Map, Value};

use super::{Catalogue, escape::one_line, fleet::Page, table::behind, time::moment};
use crate::{audit::Entry, question::Question};

/// Where the text of an entry goes on in the next line of a terminal.
const INDENT: usize = 8;

/// `    12  2026-11-21 08:07:04  user:ann  inquiry-created  h1  hosts: 1; question: analyze ptree`.
pub fn line(entry: &Entry, page: &Page<'_>) -> String {
    let detail = detail(&entry.detail, page.catalogue);
    let words = [&entry.actor, &entry.action, &entry.target, &detail];
    let words = words.into_iter().filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(|word| one_line(word)).collect();
    let head = format!("{:>6}  {}  ", entry.n, moment(entry.at, page.zone));
    let words = behind(head.len(), &words.join("  "), INDENT, page.width);
    head + &words
}

/// What an entry says besides, in words. What a newer server says stands under its own name.
pub fn detail(detail: &Value, catalogue: &Catalogue) -> String {
    match detail {
        Value::Object(named) => {
            let parts = named.iter().filter_map(|part| named_part(part, catalogue));
            parts
                .collect::<Vec<_>>()
                .join(&catalogue.say("mark-semicolon"))
        }
        other => word(other, catalogue),
    }
}

/// `role: operator`. `None`: there is nothing behind the name.
fn named_part((name, value): (&String, &Value), catalogue: &Catalogue) -> Option<String> {
    let value = if name == "question" {
        question(value, catalogue)
    } else {
        word(value, catalogue)
    };
    let id = format!("audit-{name}");
    let name = if catalogue.has(&id) {
        catalogue.say(&id)
    } else {
        name.clone()
    };
    let parameters = [("name", name.into()), ("value", value.as_str().into())];
    (!value.is_empty()).then(|| catalogue.say_with("audit-detail", &parameters))
}

/// As one would type it; one that a newer server knows in its parts.
fn question(value: &Value, catalogue: &Catalogue) -> String {
    serde_json::from_value(value.clone()).map_or_else(
        |_| word(value, catalogue),
        |question: Question| question.to_string(),
    )
}

fn word(value: &Value, catalogue: &Catalogue) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => catalogue.say("audit-yes"),
        Value::Bool(false) => catalogue.say("audit-no"),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let words: Vec<_> = list.iter().map(|one| word(one, catalogue)).collect();
            words.join(&catalogue.say("mark-list"))
        }
        Value::Object(named) => pairs(named, catalogue),
    }
}

fn pairs(named: &Map<String, Value>, catalogue: &Catalogue) -> String {
    let pairs = named.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={}", word(value, catalogue)))
        .collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, FixedOffset};
    use serde_json::json;

    use super::*;
    use crate::text::{Language, Style, table};

    fn lines(language: Language, width: Option<usize>) -> String {
        let catalogue = Catalogue::of(language);
        let page = Page {
            catalogue: &catalogue,
            style: Style::Plain,
            width,
            zone: FixedOffset::east_opt(0).unwrap(),
            now: DateTime::UNIX_EPOCH,
        };
        let entry = |n, action: &str, target: &str, detail| Entry {
            n,
            at: DateTime::UNIX_EPOCH,
            actor: "user:ann".into(),
            action: action.into(),
            target: target.into(),
            detail,
            previous: String::new(),
            hash: String::new(),
        };
        let question = json!({ "analysis": "diagnose-start-failure", "unit": "nginx" });
        let asked = json!({
            "question": question, "hosts": 2, "named": ["h1", "h\u{1b}2"], "wait_s": null,
        });
        let newer = json!({ "question": { "analysis": "guess" }, "colour": "red" });
        let inquiry = "01933e10-7e2c-7a10-8000-000000000001";
        let made = json!({ "uses": 1, "labels": { "role": "db" } });
        let entries = [
            entry(1, "logout", "", json!({})),
            entry(
                2,
                "account-changed",
                "bob",
                json!({ "role": "viewer", "disabled": true }),
            ),
            entry(3, "inquiry-created", inquiry, asked),
            entry(4, "inquiry-created", inquiry, newer),
            entry(5, "join-token-made", "", made),
        ];
        let lines = entries.iter().map(|entry| line(entry, &page) + "\n");
        lines.collect()
    }

    #[test]
    fn details_are_words_in_both_languages() {
        for language in Language::ALL {
            insta::assert_snapshot!(language.tag(), lines(language, None));
        }
    }

    #[test]
    fn entries_fit_a_terminal() {
        for language in Language::ALL {
            let lines = lines(language, Some(80));
            assert!(
                lines.lines().all(|line| table::width(line) <= 80),
                "{lines}"
            );
            insta::assert_snapshot!(format!("{}-80", language.tag()), lines);
        }
    }
}
