//! What errors and hints say: messages of the catalogues, in the language of the reader.

use std::fmt;

use analysis::text::{Catalogue, Language, catalogue::Value, reason::reason};

/// Something to say to a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A message of the catalogues, with its parameters.
    Ours {
        id: &'static str,
        parameters: Vec<(&'static str, Value)>,
    },
    /// Words of somebody else: the server's answer, a library's error.
    Words(String),
}

/// The message `id` of `i18n/*/cli.ftl`.
pub fn say(id: &'static str) -> Message {
    Message::Ours {
        id,
        parameters: Vec::new(),
    }
}

impl Message {
    /// Sets a parameter of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        if let Self::Ours { parameters, .. } = &mut self {
            parameters.push((name, value.into()));
        }
        self
    }

    pub fn text(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Ours { id, parameters } => catalogue.say_with(id, parameters),
            Self::Words(words) => reason(words, catalogue),
        }
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<String> for Message {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

/// In English, for logs and tests.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&Catalogue::of(Language::English)))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Every `"cli-..."` of the sources below `folder`.
    fn ids(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                ids(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let strings = text.split('"').filter(|part| part.starts_with("cli-"));
            let is_id = |part: &&str| {
                !part.ends_with('-') && part.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')
            };
            found.extend(strings.filter(is_id).map(str::to_owned));
        }
    }

    #[test]
    fn every_message_that_is_used_stands_in_the_catalogues() {
        let mut used = Vec::new();
        ids(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
            &mut used,
        );
        assert!(used.len() > 10, "the ids are found at all");
        let catalogue = Catalogue::of(Language::English);
        for id in used {
            assert!(catalogue.has(&id), "{id}");
        }
    }
}
