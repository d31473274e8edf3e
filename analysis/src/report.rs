//! What a host answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{process_tree::ProcessTree, question::Analysis, start_failure::StartFailure};

/// The answer to a [`crate::question::Question`], the same on the host and from afar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "analysis", rename_all = "kebab-case")]
pub enum Report {
    AnalyzePtree(ProcessTree),
    DiagnoseStartFailure(Box<StartFailure>),
}

/// What an operator has to think of a report: the exit code of the command, and the colour of a
/// line among many hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Nothing to do.
    Fine,
    /// A problem was found.
    Problem,
    /// What was asked about does not exist there.
    NoSuchTarget,
}

impl Report {
    pub fn analysis(&self) -> Analysis {
        match self {
            Self::AnalyzePtree(_) => Analysis::AnalyzePtree,
            Self::DiagnoseStartFailure(_) => Analysis::DiagnoseStartFailure,
        }
    }

    pub fn health(&self) -> Health {
        match self {
            Self::AnalyzePtree(report) => report.health(),
            Self::DiagnoseStartFailure(report) => report.health(),
        }
    }
}
