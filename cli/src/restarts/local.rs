//! The report from this machine's own journal: no server, no agent.

use analysis::{
    identity::UnitName,
    limitation::Limitation,
    restarts::{RestartQuestion, RestartReport, restart_report},
};
use chrono::Utc;
use collect::{
    CollectError, Hint,
    history::{HistoryAsked, history},
};

use crate::{
    args::RestartsAsked,
    context::Context,
    exit::{Exit, Failure},
    message::{Message, say},
};

/// Reports from the journal, and from systemd what the units do now.
pub async fn report(
    context: &Context,
    unit: Option<&UnitName>,
    asked: &RestartsAsked,
) -> Result<RestartReport, Failure> {
    let now = Utc::now();
    let since = now - asked.period.as_delta();
    let wanted = HistoryAsked {
        unit: unit.cloned(),
        since,
        journal: asked.journal.clone(),
    };
    let history = history(wanted).await.map_err(journal_failure)?;
    for limit in &history.limits {
        context.printer.warn(&warning(limit));
    }
    let question = RestartQuestion {
        unit: unit.cloned(),
        since,
        now,
    };
    Ok(restart_report(&history.runs, &question, &history.record))
}

fn warning(limit: &Limitation) -> Message {
    match limit.what.as_str() {
        "journal-reader" => say("cli-journal-slow").with("why", limit.why.as_str()),
        "journal-entries" => say("cli-journal-corrupt").with("entries", limit.count),
        _ => say("cli-no-dependencies").with("why", limit.why.as_str()),
    }
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
