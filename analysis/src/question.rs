//! What a host can be asked: the catalogue of analyses.
//!
//! Typed, and closed: there is no way to ask for a command line. A new analysis adds a variant to
//! [`Question`], one to [`Analysis`], and one to [`crate::report::Report`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{process_tree::ProcessTreeAsked, start_failure::StartFailureAsked};

/// An analysis with its parameters. In JSON: `{"analysis": "analyze-ptree", "pid": 7}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "analysis", rename_all = "kebab-case")]
pub enum Question {
    AnalyzePtree(ProcessTreeAsked),
    DiagnoseStartFailure(StartFailureAsked),
}

/// An analysis without parameters: an entry of the catalogue. Named as on the command line,
/// `VERB-NOUN`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Analysis {
    AnalyzePtree,
    DiagnoseStartFailure,
}

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

impl Question {
    pub fn analysis(&self) -> Analysis {
        match self {
            Self::AnalyzePtree(_) => Analysis::AnalyzePtree,
            Self::DiagnoseStartFailure(_) => Analysis::DiagnoseStartFailure,
        }
    }
}

impl Analysis {
    /// The catalogue.
    pub const ALL: [Self; 2] = [Self::AnalyzePtree, Self::DiagnoseStartFailure];

    /// The stable name, on the wire and in a policy: `analyze-ptree`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnalyzePtree => "analyze-ptree",
            Self::DiagnoseStartFailure => "diagnose-start-failure",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    pub fn tier(self) -> Tier {
        match self {
            Self::AnalyzePtree | Self::DiagnoseStartFailure => Tier::D0,
        }
    }

    /// How long it may run on the host unless the one who asks sets less.
    pub fn time_limit(self) -> Duration {
        match self {
            Self::AnalyzePtree => Duration::from_secs(15),
            Self::DiagnoseStartFailure => Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_those_of_the_catalogue() {
        for analysis in Analysis::ALL {
            let json = serde_json::to_value(analysis).unwrap();
            assert_eq!(json, analysis.name());
            assert_eq!(Analysis::from_name(analysis.name()), Some(analysis));
        }
        let question = Question::AnalyzePtree(ProcessTreeAsked::default());
        let json = serde_json::to_value(&question).unwrap();
        assert_eq!(json["analysis"], question.analysis().name());
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
