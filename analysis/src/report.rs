//! What a host answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[cfg(test)]
use utoipa::openapi::{RefOr, Schema};

use crate::{
    behavior::{Behavior, TracedBehavior},
    catalogue::with_catalogue,
    crash::CrashReport,
    inspection::{Inspection, StackInspection},
    process_tree::ProcessTree,
    profile::Profile,
    question::Analysis,
    restarts::RestartReport,
    service::ServiceReport,
    start_failure::StartFailure,
    text::{Catalogue, Language, fleet::Page, inquiry, report::AsText},
};

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

/// What a report comes to, for those who do not read all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    pub health: Health,
    /// The same for hosts with the same problem, by language: `{"en": "port-in-use by apache2"}`.
    pub headline: BTreeMap<String, String>,
}

impl Summary {
    pub fn of(report: &Report) -> Self {
        let headline = |language: Language| {
            let headline = inquiry::headline(report, Catalogue::built_in(language));
            (language.tag().to_owned(), headline)
        };
        Self {
            health: report.health(),
            headline: Language::ALL.into_iter().map(headline).collect(),
        }
    }
}

macro_rules! reports {
    ($($name:ident($asked:ty) -> $report:ty: $word:literal, $tier:ident, $seconds:literal;)*) => {
        /// The answer to a [`crate::question::Question`], the same on the host and from afar.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(tag = "analysis", rename_all = "kebab-case")]
        pub enum Report {
            $($name(Box<$report>),)*
        }

        impl Report {
            pub fn analysis(&self) -> Analysis {
                match self {
                    $(Self::$name(_) => Analysis::$name,)*
                }
            }

            pub fn health(&self) -> Health {
                match self {
                    $(Self::$name(report) => report.health(),)*
                }
            }

            /// The report for a person.
            pub fn render(&self, page: &Page<'_>) -> String {
                match self {
                    $(Self::$name(report) => report.render(page),)*
                }
            }

            /// What it comes to if there is a problem, in a few words that are the same for hosts
            /// with the same problem: `port-in-use by apache2`.
            pub fn headline(&self, catalogue: &Catalogue) -> String {
                match self {
                    $(Self::$name(report) => report.headline(catalogue),)*
                }
            }
        }

        $(
            impl From<$report> for Report {
                fn from(report: $report) -> Self {
                    Self::$name(Box::new(report))
                }
            }
        )*

        #[cfg(test)]
        impl Analysis {
            /// The schemas of its report, and of all that it names.
            pub(crate) fn named_report_schemas(self) -> Vec<(String, RefOr<Schema>)> {
                let mut named = Vec::new();
                match self {
                    $(Self::$name => {
                        <$report>::schemas(&mut named);
                    })*
                }
                named
            }
        }

        impl Analysis {
            /// JSON Schema of its report, without `analysis`.
            pub fn report_schema(self) -> serde_json::Value {
                match self {
                    $(Self::$name => crate::schema::of::<$report>(),)*
                }
            }
        }
    };
}

with_catalogue!(reports);
