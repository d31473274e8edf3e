//! Labels as one types them: `KEY=VALUE`.

use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    key: String,
    value: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not KEY=VALUE")]
pub struct NotALabel(String);

impl Label {
    pub fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

impl FromStr for Label {
    type Err = NotALabel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(NotALabel(text.to_owned())),
        }
    }
}
