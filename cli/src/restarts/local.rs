//! The report from this machine's own journal: no server, no agent.

use analysis::{identity::UnitName, restarts::RestartReport};
use collect::{
    CollectError, Hint,
    restarts::{JournalAsked, report_from_journal},
};

use crate::{
    args::RestartsWanted,
    exit::{Exit, Failure},
    message::say,
};

/// Reports from the journal, and from systemd what the units do now.
pub async fn report(
    unit: Option<&UnitName>,
    wanted: &RestartsWanted,
) -> Result<RestartReport, Failure> {
    let asked = JournalAsked {
        unit: unit.cloned(),
        period: wanted.period.as_delta(),
        journal: wanted.journal.clone(),
        within: None,
    };
    report_from_journal(asked).await.map_err(journal_failure)
}

fn journal_failure(error: CollectError) -> Failure {
    let exit = match &error {
        CollectError::JournalDenied { .. } => Exit::NotAllowed,
        CollectError::NoJournal => Exit::NoSuchTarget,
        _ => Exit::Broken,
    };
    let hint = match error.hint() {
        Some(Hint::JoinJournalGroup { groups }) => {
            say("cli-journal-groups").with("groups", groups.join(", "))
        }
        _ => say("cli-journal-elsewhere"),
    };
    Failure::new(exit, say("cli-no-journal"))
        .because(error)
        .hint(hint)
}
