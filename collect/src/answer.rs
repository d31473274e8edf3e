//! The answer to a question about this host: facts are read, and `analysis` concludes.
//!
//! `aiops` and the agent's worker both call [`answer`], so that a report is the same wherever it
//! was asked for.

use std::error::Error;

use analysis::{
    behavior::TracedBehavior,
    inspection::StackInspection,
    order::{Failure, Progress, Step},
    process_tree::{NoSuchProcess, ProcessTree, ProcessTreeAsked, process_tree},
    question::Question,
    report::Report,
};

use crate::{
    behavior::{By, watch},
    crash::crash,
    host::Host,
    inspection::inspect,
    process::Procfs,
    profile,
    restarts::restarts,
    service::service,
    start_failure::start_failure,
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
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, NoAnswer> {
    match question {
        Question::AnalyzeService(asked) => Ok(service(asked, progress).await?.into()),
        Question::AnalyzeRestarts(asked) => restarts(asked, progress).await.map(Report::from),
        Question::AnalyzeCrash(asked) => crash(asked, progress).await.map(Report::from),
        Question::AnalyzeProcess(asked) => {
            let report = crate::resources::of_process(asked.clone(), progress).await?;
            Ok(report.into())
        }
        Question::AnalyzePtree(asked) => tree(asked.clone(), progress).await.map(Report::from),
        Question::AnalyzeBehavior(asked) => {
            let report = watch(asked.pid, asked.duration_s, By::Perf, progress).await?;
            Ok(report.into())
        }
        Question::AnalyzeBehaviorTraced(asked) => {
            let report = watch(asked.pid, asked.duration_s, By::Strace, progress).await?;
            Ok(TracedBehavior(report).into())
        }
        Question::ProfileProcess(asked) => {
            let report = profile::sample(asked, progress).await?;
            Ok(report.into())
        }
        Question::InspectProcess(asked) => {
            let report = inspect(asked.pid, false, progress).await?;
            Ok(report.into())
        }
        Question::InspectProcessStack(asked) => {
            let report = inspect(asked.pid, true, progress).await?;
            Ok(StackInspection(report).into())
        }
        Question::AnalyzeSystem(_) => {
            let report = crate::machine::look(progress).await?;
            Ok(report.into())
        }
        Question::AnalyzeZombies(_) => {
            let report = crate::zombies::find(progress).await?;
            Ok(report.into())
        }
        Question::CollectProcesses(asked) => {
            let report = crate::processes::watch(asked, progress).await?;
            Ok(report.into())
        }
        Question::DiagnoseStartFailure(asked) => {
            let report = start_failure(asked, progress).await?;
            Ok(report.into())
        }
    }
}

async fn tree(
    asked: ProcessTreeAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ProcessTree, NoAnswer> {
    progress(Progress {
        step: Step::ReadingProcesses,
        done: 0,
        of: 0,
    });
    let read = move || {
        let procfs = Procfs::at("/proc");
        let facts = procfs.tree_facts(&mut Host::at("/").users());
        let facts = facts.map_err(|error| no_answer(Failure::NotPossible, error))?;
        process_tree(procfs.closer(facts, &asked), &asked).map_err(|NoSuchProcess(pid)| NoAnswer {
            reason: Failure::NoSuchTarget,
            detail: format!("there is no process {pid}"),
        })
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(no_answer(Failure::Crashed, error)))
}

/// Says why, with all causes.
pub(crate) fn no_answer(reason: Failure, error: impl Error) -> NoAnswer {
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        detail = format!("{detail}: {error}");
        cause = error.source();
    }
    NoAnswer { reason, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CollectError;

    #[test]
    fn causes_are_told() {
        let error = CollectError::Read {
            path: "/proc".into(),
            source: std::io::ErrorKind::PermissionDenied.into(),
        };
        let none = no_answer(Failure::NotPossible, error);
        assert_eq!(none.detail, "cannot read /proc: permission denied");
    }

    #[tokio::test]
    async fn a_process_that_is_not_there_is_no_target() {
        let asked = ProcessTreeAsked {
            pid: Some(u32::MAX),
            ..ProcessTreeAsked::default()
        };
        let answer = answer(&Question::AnalyzePtree(asked), &|_| ()).await;
        assert_eq!(answer.unwrap_err().reason, Failure::NoSuchTarget);
    }
}
