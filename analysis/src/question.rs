//! What a host can be asked.
//!
//! Typed, and closed: there is no way to ask for a command line. The entries stand in
//! [`crate::catalogue`].

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[cfg(test)]
use utoipa::openapi::{RefOr, Schema};

use crate::{
    behavior::{BehaviorAsked, TracedBehaviorAsked},
    catalogue::with_catalogue,
    crash::CrashAsked,
    identity::{NotAUnitName, UnitName},
    inspection::{InspectionAsked, StackInspectionAsked},
    process_tree::ProcessTreeAsked,
    profile::ProfileAsked,
    restarts::RestartsAsked,
    service::ServiceAsked,
    start_failure::StartFailureAsked,
};

/// What an analysis may do to the host, the mildest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Tier {
    /// Reads what is there.
    D0,
    /// Samples: the target runs on, a little slower.
    D1,
    /// Stops the target while it looks.
    D2,
}

/// A question that no host could answer as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {why}")]
pub struct BadQuestion {
    pub parameter: &'static str,
    pub why: String,
}

macro_rules! questions {
    ($($name:ident($asked:ty) -> $report:ty: $word:literal, $tier:ident, $seconds:literal;)*) => {
        /// An analysis with its parameters. In JSON: `{"analysis": "analyze-ptree", "pid": 7}`.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(tag = "analysis", rename_all = "kebab-case")]
        pub enum Question {
            $($name($asked),)*
        }

        /// An analysis without parameters: an entry of the catalogue. Named as on the command
        /// line, `VERB-NOUN`.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            ToSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum Analysis {
            $($name,)*
        }

        impl Question {
            pub fn analysis(&self) -> Analysis {
                match self {
                    $(Self::$name(_) => Analysis::$name,)*
                }
            }

            /// Whether what stays text in it, and its numbers, are such that a host could answer.
            ///
            /// # Errors
            ///
            /// [`BadQuestion`] names the parameter.
            pub fn check(&self) -> Result<(), BadQuestion> {
                match self {
                    $(Self::$name(asked) => asked.check(),)*
                }
            }
        }

        /// As one would type it: `diagnose start-failure nginx`.
        impl fmt::Display for Question {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(asked) => asked.fmt(f),)*
                }
            }
        }

        #[cfg(test)]
        impl Analysis {
            /// The schemas of its question, and of all that it names.
            pub(crate) fn named_question_schemas(self) -> Vec<(String, RefOr<Schema>)> {
                let mut named = Vec::new();
                match self {
                    $(Self::$name => <$asked>::schemas(&mut named),)*
                }
                named
            }
        }

        impl Analysis {
            /// The catalogue.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name, on the wire and in a policy: `analyze-ptree`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            pub fn tier(self) -> Tier {
                match self {
                    $(Self::$name => Tier::$tier,)*
                }
            }

            /// How long it may run on the host unless the one who asks sets less.
            pub fn time_limit(self) -> Duration {
                match self {
                    $(Self::$name => Duration::from_secs($seconds),)*
                }
            }

            /// JSON Schema of its question, without `analysis`: what a form has to ask.
            pub fn question_schema(self) -> serde_json::Value {
                match self {
                    $(Self::$name => crate::schema::of::<$asked>(),)*
                }
            }
        }
    };
}

with_catalogue!(questions);

/// Whether `text` names a unit.
pub(crate) fn unit(text: &str) -> Result<(), BadQuestion> {
    let bad = |error: NotAUnitName| BadQuestion {
        parameter: "unit",
        why: error.to_string(),
    };
    UnitName::from_user(text).map(drop).map_err(bad)
}

impl Analysis {
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_those_of_the_catalogue() {
        for &analysis in Analysis::ALL {
            let json = serde_json::to_value(analysis).unwrap();
            assert_eq!(json, analysis.name());
            assert_eq!(Analysis::from_name(analysis.name()), Some(analysis));
        }
        let question = Question::AnalyzePtree(ProcessTreeAsked::default());
        let json = serde_json::to_value(&question).unwrap();
        assert_eq!(json["analysis"], question.analysis().name());
    }

    #[test]
    fn lengths_of_time_are_whole_seconds_everywhere() {
        for &analysis in Analysis::ALL {
            let schema = analysis.question_schema();
            let no_parameters = serde_json::Map::new();
            let parameters = schema["properties"].as_object().unwrap_or(&no_parameters);
            for name in parameters.keys() {
                let is_a_time = ["duration", "period", "since", "second", "_ms", "_s"]
                    .iter()
                    .any(|part| name.contains(part));
                let is_known = ["duration_s", "period_s", "since_s"].contains(&name.as_str());
                assert_eq!(is_a_time, is_known, "{analysis:?}: {name}");
            }
        }
    }

    #[test]
    fn what_was_stored_under_the_older_name_is_still_read() {
        let read = serde_json::from_str::<Question>;
        let now = read(r#"{"analysis":"profile-process","pid":7,"duration_s":5}"#).unwrap();
        let then = read(r#"{"analysis":"profile-process","pid":7,"seconds":5}"#).unwrap();
        assert_eq!(now, then);
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        let read = serde_json::from_str::<Question>;
        assert!(read(r#"{"analysis":"analyze-ptree","pid":7}"#).is_ok());
        for text in [
            r#"{"analysis":"analyze-ptree","command":"reboot"}"#,
            r#"{"analysis":"run-shell"}"#,
            r#"{"analysis":"analyze-ptree","pid":-1}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
