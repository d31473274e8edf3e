//! What a program's own test says of its configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, process::ExitStatus};

/// A program's own test of its configuration, which was run for the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigTest {
    /// Of the table of tests: `nginx`.
    pub name: String,
    /// To copy into a shell of root.
    pub command: String,
    /// Who ran it.
    pub user: String,
    pub outcome: TestOutcome,
    /// `None`: it did not end by itself.
    pub status: Option<ExitStatus>,
    /// The lines that tell, scrubbed. Empty if it passed.
    pub output: Vec<String>,
    /// The first place that it blames.
    pub blames: Option<BlamedPlace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// The program accepts its configuration as it is now.
    Passed,
    Failed,
    /// It could not be run to its end, or ended in a way that says nothing of the configuration.
    Inconclusive,
}

/// A place in a file, in the words of the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlamedPlace {
    pub path: String,
    pub line: Option<u32>,
    pub message: Option<String>,
    /// `None`: the words have to tell.
    pub fault: Option<ConfigFault>,
    /// When the file was changed last.
    pub changed_at: Option<Timestamp>,
    /// Whether the program itself may see it otherwise: it has variables that the test had not, is
    /// another version, or goes on in spite of it. For the verdict, which tells how sure it is.
    #[serde(skip)]
    pub is_doubtful: bool,
}

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigFault {
    Syntax,
    InvalidValue,
    Missing,
}
