//! The answer to a question about this host: facts are read, and `analysis` concludes.
//!
//! `aiops` and the agent's worker both call [`answer`], so that a report is the same wherever it
//! was asked for.

use analysis::{
    order::{Failure, Progress},
    question::Question,
    report::Report,
};

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NoAnswer {
    pub reason: Failure,
    /// What failed, on what, and why.
    pub detail: String,
}

/// Answers `question` about this host, and says how far it is.
///
/// Safe to drop at any await: nothing is changed on the host.
///
/// # Errors
///
/// [`NoAnswer`] if what was asked about is not there, or the host cannot say.
pub async fn answer(
    question: &Question,
    _progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, NoAnswer> {
    match question {
        Question::AnalyzePtree(_) | Question::DiagnoseStartFailure(_) => Err(NoAnswer {
            reason: Failure::NotPossible,
            detail: format!("this version cannot {}", question.analysis().name()),
        }),
    }
}
