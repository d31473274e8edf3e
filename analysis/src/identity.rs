//! Names of the things that facts are about.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! uuid_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Accepts both spellings, with and without hyphens (systemd writes the latter).
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_name! {
    /// An agent, as the server named it at enrolment and its certificate says.
    ///
    /// Never the host name or the machine id: both are copied when a machine is cloned.
    AgentId
}
uuid_name! {
    /// One boot of a host. Source: `/proc/sys/kernel/random/boot_id`, `_BOOT_ID` in the journal.
    BootId
}
uuid_name! {
    /// One start of a unit, named by systemd. Source: `INVOCATION_ID` in the journal.
    InvocationId
}

uuid_name! {
    /// A question that somebody put to one or more hosts.
    InquiryId
}
uuid_name! {
    /// One host's part of an inquiry. A host obeys an id once.
    OrderId
}

/// The name of a systemd unit, with its suffix: `nginx.service`.
///
/// Holds what systemd allows (`[A-Za-z0-9:_.\\@-]`, at most 255 bytes, a known suffix), so that a
/// name is safe on a command line, in a path and on a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "nginx.service")]
pub struct UnitName(String);

/// The text is not the name of a unit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not the name of a systemd unit")]
pub struct NotAUnitName(pub String);

const UNIT_SUFFIXES: [&str; 11] = [
    ".service",
    ".socket",
    ".target",
    ".timer",
    ".mount",
    ".automount",
    ".swap",
    ".path",
    ".slice",
    ".scope",
    ".device",
];

impl UnitName {
    /// Reads a name as people write it: `nginx` means `nginx.service`.
    ///
    /// # Errors
    ///
    /// [`NotAUnitName`] if systemd would refuse the name too.
    pub fn from_user(text: &str) -> Result<Self, NotAUnitName> {
        let has_suffix = UNIT_SUFFIXES.iter().any(|suffix| text.ends_with(suffix));
        if has_suffix {
            text.parse()
        } else {
            format!("{text}.service").parse()
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its suffix: `nginx` of `nginx.service`.
    pub fn stem(&self) -> &str {
        self.0
            .rsplit_once('.')
            .map_or(self.0.as_str(), |(stem, _)| stem)
    }
}

impl FromStr for UnitName {
    type Err = NotAUnitName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ":_.\\@-".contains(c);
        let suffix = UNIT_SUFFIXES.iter().find(|suffix| text.ends_with(**suffix));
        let named = suffix.is_some_and(|suffix| text.len() > suffix.len());
        if named && text.len() <= 255 && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAUnitName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for UnitName {
    type Error = NotAUnitName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> Self {
        name.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_names_are_what_systemd_allows() {
        // (what a person typed, the unit, if it is one)
        let cases: &[(&str, Option<&str>)] = &[
            ("nginx", Some("nginx.service")),
            ("nginx.service", Some("nginx.service")),
            ("getty@tty1", Some("getty@tty1.service")),
            (
                r"dev-disk-by\x2duuid.mount",
                Some(r"dev-disk-by\x2duuid.mount"),
            ),
            ("php8.2-fpm", Some("php8.2-fpm.service")),
            ("", None),
            (".service", None),
            ("a b", None),
            ("../etc/passwd", None),
            ("x\u{1b}[31m", None),
        ];
        for (typed, expected) in cases {
            let unit = UnitName::from_user(typed).ok();
            assert_eq!(unit.as_ref().map(UnitName::as_str), *expected, "{typed:?}");
        }
        assert!(
            UnitName::from_user(&"a".repeat(250)).is_err(),
            "longer than a file name may be"
        );
    }

    #[test]
    fn ids_are_read_in_both_spellings() {
        let hyphens = "0b8d7e6f-1c7f-4e8d-9f8a-2d6b5c4a3b21";
        let id: BootId = hyphens.replace('-', "").parse().unwrap();
        assert_eq!(id.to_string(), hyphens);
    }
}
