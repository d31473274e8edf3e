//! What a host says is printed, never obeyed.
//!
//! A unit's log, a process name or an argument may hold control sequences that would move the
//! cursor, set the title or hide text. They are shown as what they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Shows control and invisible characters of one line of text: `\u{1b}` for escape.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_harmful)
}

/// The same for text of several lines, which stay lines.
pub fn keep_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_harmful(c))
}

/// The same for JSON, which stays the same value: only strings can hold such characters.
pub fn json(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != '\n' && is_harmful(c);
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !harmful(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Cow::Owned(safe)
}

fn escaped(text: &str, harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if harmful(c) => safe.push_str("\\n"),
            '\t' if harmful(c) => safe.push_str("\\t"),
            c if harmful(c) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "{}", c.escape_unicode());
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Control characters (C0, DEL, C1), and characters that reorder or hide what stands beside them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "said": "a\u{9b}b\u{202e}c\u{e0001}d, 中文\n" });
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let safe = json(&pretty);
        assert!(
            safe.contains("a\\u009bb\\u202ec\\udb40\\udc01d, 中文"),
            "{safe}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
            value
        );
    }

    #[test]
    fn what_would_act_on_a_terminal_is_shown() {
        // (what a host said, what is printed)
        let cases = [
            ("plain, 中文 and é", "plain, 中文 and é"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("x\u{202e}cod.exe", "x\\u{202e}cod.exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("two\nlines\tand\rmore", "two\\nlines\\tand\\u{d}more"),
        ];
        for (said, printed) in cases {
            assert_eq!(one_line(said), printed);
        }
        assert_eq!(keep_lines("two\nlines\u{7}"), "two\nlines\\u{7}");
    }
}
