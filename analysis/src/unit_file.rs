//! The text of a unit's files, as systemd reads it: sections, settings, and where each stands.
//!
//! Total: what is no setting is passed over, as systemd does (and says in its log).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file of a unit: the unit file itself, or a drop-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    pub path: String,
    pub text: String,
    /// Permission bits.
    pub mode: u32,
    pub owner_uid: u32,
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// One setting as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `Service`.
    pub section: String,
    /// `Restart`.
    pub key: String,
    pub value: String,
    pub place: Place,
}

impl UnitFile {
    /// The settings, from the top.
    pub fn settings(&self) -> Vec<Written> {
        let mut section = String::new();
        let mut found = Vec::new();
        for (line, text) in logical_lines(&self.text) {
            if let Some(name) = text
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                section = name.to_owned();
                continue;
            }
            let Some((key, value)) = text.split_once('=') else {
                continue;
            };
            found.push(Written {
                section: section.clone(),
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
                place: Place {
                    file: self.path.clone(),
                    line,
                },
            });
        }
        found
    }
}

/// The settings of a unit's files, in the order in which systemd reads them.
pub fn settings(files: &[UnitFile]) -> Vec<Written> {
    files.iter().flat_map(UnitFile::settings).collect()
}

/// Lines without comments, with those that a backslash joins as one, and the number of the first.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        // systemd lets comments, but no empty lines, stand between the pieces of a line.
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        let piece = line.strip_suffix('\\');
        let content = piece.unwrap_or(line).trim();
        match lines.last_mut().filter(|_| is_open) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(content);
            }
            None if trimmed.is_empty() => {}
            None => lines.push((number, content.to_owned())),
        }
        is_open = piece.is_some();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, String)> {
        let file = UnitFile {
            path: "/etc/systemd/system/db.service".into(),
            text: text.into(),
            mode: 0o644,
            owner_uid: 0,
        };
        let settings = file.settings().into_iter();
        let line = |one: Written| {
            let text = format!("[{}] {}={}", one.section, one.key, one.value);
            (one.place.line, text)
        };
        settings.map(line).collect()
    }

    #[test]
    fn settings_are_found_where_they_stand() {
        let text = "# a comment\n[Unit]\nDescription = A = b\n\n; another\n[Service]\n\
             ExecStart=/bin/a \\\n# in between\n  --flag \\\n  x\nRestart=\nUser=me";
        let expected = [
            (3, "[Unit] Description=A = b"),
            (7, "[Service] ExecStart=/bin/a --flag x"),
            (11, "[Service] Restart="),
            (12, "[Service] User=me"),
        ];
        assert_eq!(
            read(text),
            expected.map(|(line, text)| (line, text.to_owned()))
        );
    }

    #[test]
    fn whatever_is_no_setting_is_passed_over() {
        for text in [
            "",
            "\\",
            "[",
            "[]\n=\n",
            "no setting\n\\\n\\",
            "\u{0}\u{1b}[",
            "[Unit",
        ] {
            let found = read(text);
            assert!(found.len() <= 1, "{text:?}: {found:?}");
        }
    }
}
