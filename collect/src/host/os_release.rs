//! Which distribution this is: os-release(5).

use std::path::Path;

use super::read_text;

/// Which distribution a host runs. Fields that the file lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `debian`
    pub id: String,
    /// `12`; empty for distributions that have no versions.
    pub version_id: String,
    /// `Debian GNU/Linux 12 (bookworm)`
    pub pretty_name: String,
}

impl OsRelease {
    pub(super) fn below(root: &Path) -> Self {
        ["etc/os-release", "usr/lib/os-release"]
            .iter()
            .find_map(|file| read_text(&root.join(file)).ok())
            .map(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut release = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let place = match name.trim() {
                "ID" => &mut release.id,
                "VERSION_ID" => &mut release.version_id,
                "PRETTY_NAME" => &mut release.pretty_name,
                _ => continue,
            };
            *place = unquoted(value.trim());
        }
        release
    }
}

/// The value as a shell would read it: in quotes or not, with backslashes.
fn unquoted(value: &str) -> String {
    let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let inner = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_a_shell_reads_them() {
        let text =
            "# a comment\nID=debian\nVERSION_ID='12'\nPRETTY_NAME=\"A \\\"B\\\" 12\"\nID_LIKE=x\n";
        let expected = OsRelease {
            id: "debian".to_owned(),
            version_id: "12".to_owned(),
            pretty_name: "A \"B\" 12".to_owned(),
        };
        assert_eq!(OsRelease::parse(text), expected);
        assert_eq!(OsRelease::parse("\"\n=\nID=\"\n").id, "\"");
    }
}
