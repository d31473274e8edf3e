//! Finds the start that failed in what process 1 journaled of a unit.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Attempt, facts::START_LIMIT_HIT};
use crate::{
    Timestamp,
    identity::InvocationId,
    journal::{JournalEntry, message_id},
    log::Excerpt,
    process::ExitStatus,
};

/// A start that failed, as systemd's lines have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedStart {
    /// `None`: systemd did not come to run anything (a dependency failed).
    pub invocation: Option<InvocationId>,
    pub began_at: Option<Timestamp>,
    /// When systemd held it for started.
    pub started_at: Option<Timestamp>,
    pub failed_at: Timestamp,
    /// The unit's result, or that of the start job: `exit-code`, `dependency`.
    pub result: String,
    /// The setting whose process failed: `ExecStartPre`.
    pub step: Option<String>,
    pub status: Option<ExitStatus>,
    /// Whether the unit started, or ended well, after it.
    pub went_well_since: bool,
}

impl FailedStart {
    /// Adds when the run began, from lines about it that are older than those it was found in.
    #[must_use]
    pub fn with_beginning<'a>(self, entries: impl IntoIterator<Item = &'a JournalEntry>) -> Self {
        let Some(invocation) = self.invocation else {
            return self;
        };
        let seen = Seen::of(entries);
        Self {
            began_at: self.began_at.or(seen.began.get(&invocation).copied()),
            started_at: self.started_at.or(seen.started.get(&invocation).copied()),
            ..self
        }
    }

    /// The attempt, with the log of it.
    pub fn with_log(self, log: Excerpt) -> Attempt {
        let (log, log_omitted) = log.into_lines();
        Attempt {
            invocation_id: self.invocation,
            began_at: self.began_at,
            started_at: self.started_at,
            failed_at: Some(self.failed_at),
            result: self.result,
            step: self.step,
            command: None,
            status: self.status,
            log,
            log_omitted,
        }
    }
}

/// A unit that has run for this long counts as running; what ends before failed at its start.
pub const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(30);

impl Attempt {
    /// Whether it failed long after it had started.
    ///
    /// That it had started says little alone: with `Type=simple` systemd says so of every program
    /// that it could execute.
    pub fn failed_while_running(&self) -> bool {
        let ran = self.started_at.zip(self.failed_at);
        ran.is_some_and(|(started_at, failed_at)| failed_at - started_at >= SETTLED_AFTER)
    }
}

/// The last failed start among lines of process 1 about one unit, the oldest first.
pub fn last_failed<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>) -> Option<FailedStart> {
    Seen::of(entries).failed
}

#[derive(Default)]
struct Seen {
    began: BTreeMap<InvocationId, Timestamp>,
    started: BTreeMap<InvocationId, Timestamp>,
    ended: BTreeMap<InvocationId, (Option<String>, ExitStatus)>,
    failed: Option<FailedStart>,
}

impl Seen {
    fn of<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>) -> Self {
        let mut seen = Self::default();
        for entry in entries.into_iter().filter(|entry| entry.is_of_manager()) {
            seen.take(entry);
        }
        seen
    }

    fn take(&mut self, entry: &JournalEntry) {
        let Some(id) = entry.message_id() else {
            return;
        };
        let invocation = entry.invocation();
        match id {
            message_id::UNIT_STARTING => {
                if let Some(invocation) = invocation {
                    self.began.entry(invocation).or_insert(entry.at);
                }
            }
            message_id::PROCESS_EXITED => self.process_exited(entry, invocation),
            message_id::UNIT_FAILED => {
                let result = entry.field("UNIT_RESULT").unwrap_or_default();
                self.unit_failed(entry.at, invocation, result);
            }
            message_id::UNIT_START_FAILED => {
                let result = entry.field("JOB_RESULT").unwrap_or_default();
                self.job_failed(entry.at, invocation, result);
            }
            message_id::UNIT_SKIPPED => {
                let result = entry.field("UNIT_RESULT").unwrap_or_default();
                self.unit_failed(entry.at, invocation, result);
            }
            // The job is "done" as well where a condition did not hold; only the text differs.
            message_id::UNIT_STARTED if is_skip(entry.message()) && !self.is_last(invocation) => {
                self.job_failed(entry.at, None, "condition");
            }
            message_id::UNIT_STARTED => {
                if let Some(invocation) = invocation {
                    self.began.entry(invocation).or_insert(entry.at);
                    self.started.entry(invocation).or_insert(entry.at);
                }
                self.went_well(invocation);
            }
            message_id::UNIT_SUCCEEDED => self.went_well(invocation),
            _ => {}
        }
    }

    fn process_exited(&mut self, entry: &JournalEntry, invocation: Option<InvocationId>) {
        let (Some(invocation), Some(status)) = (invocation, entry.exit_status()) else {
            return;
        };
        // Of several the first is the cause: what follows ends because of it.
        if !status.is_success() {
            let step = entry.field("COMMAND").map(str::to_owned);
            self.ended.entry(invocation).or_insert((step, status));
        }
    }

    fn unit_failed(&mut self, at: Timestamp, invocation: Option<InvocationId>, result: &str) {
        // The limit stops the next start; what went wrong is what is known of this one already.
        if result == START_LIMIT_HIT && self.is_last(invocation) {
            return;
        }
        let began_at = invocation.and_then(|invocation| self.began.get(&invocation).copied());
        let started_at = invocation.and_then(|invocation| self.started.get(&invocation).copied());
        let ended = invocation.and_then(|invocation| self.ended.get(&invocation).cloned());
        let (step, status) = ended.map_or((None, None), |(step, status)| (step, Some(status)));
        self.failed = Some(FailedStart {
            invocation,
            began_at,
            started_at,
            failed_at: at,
            result: result.to_owned(),
            step,
            status,
            went_well_since: false,
        });
    }

    /// The end of a start job, which follows that of the unit if the unit itself failed.
    fn job_failed(&mut self, at: Timestamp, invocation: Option<InvocationId>, result: &str) {
        // `failed` and `timeout` are those of the unit, which says more.
        let of_unit = matches!(result, "failed" | "timeout" | "canceled");
        if of_unit && (self.is_last(invocation) || result == "canceled") {
            return;
        }
        self.failed = Some(FailedStart {
            invocation: invocation.filter(|_| of_unit),
            began_at: None,
            started_at: None,
            failed_at: at,
            result: if result == "failed" { "" } else { result }.to_owned(),
            step: None,
            status: None,
            went_well_since: false,
        });
    }

    fn went_well(&mut self, invocation: Option<InvocationId>) {
        let is_last = self.is_last(invocation);
        if let Some(failed) = &mut self.failed
            && !is_last
        {
            failed.went_well_since = true;
        }
    }

    fn is_last(&self, invocation: Option<InvocationId>) -> bool {
        let last = self.failed.as_ref().and_then(|failed| failed.invocation);
        last.is_some() && last == invocation
    }
}

pub(super) fn is_skip(message: &str) -> bool {
    message.contains(" was skipped because ") || message.starts_with("Condition check resulted in")
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{at, entry},
        *,
    };

    const FIRST: &str = "11111111111111111111111111111111";
    const SECOND: &str = "22222222222222222222222222222222";

    fn line(id: uuid::Uuid, invocation: &str, more: &[(&str, &str)]) -> JournalEntry {
        let id = id.simple().to_string();
        let mut fields = vec![("_PID", "1"), ("MESSAGE_ID", &id)];
        if !invocation.is_empty() {
            fields.push(("INVOCATION_ID", invocation));
        }
        fields.extend(more);
        entry(&fields)
    }

    fn exited(invocation: &str, step: &str, code: &str) -> JournalEntry {
        let more = [
            ("COMMAND", step),
            ("EXIT_CODE", "exited"),
            ("EXIT_STATUS", code),
        ];
        line(message_id::PROCESS_EXITED, invocation, &more)
    }

    fn failed(invocation: &str, result: &str) -> JournalEntry {
        line(
            message_id::UNIT_FAILED,
            invocation,
            &[("UNIT_RESULT", result)],
        )
    }

    fn job(invocation: &str, result: &str) -> JournalEntry {
        line(
            message_id::UNIT_START_FAILED,
            invocation,
            &[("JOB_RESULT", result)],
        )
    }

    #[test]
    fn the_start_limit_does_not_hide_the_failure_before_it() {
        let lines = [
            line(message_id::UNIT_STARTING, FIRST, &[]),
            exited(FIRST, "ExecStartPre", "3"),
            failed(FIRST, "exit-code"),
            job(FIRST, "failed"),
            failed(FIRST, START_LIMIT_HIT),
            job(FIRST, "failed"),
        ];
        let found = last_failed(&lines).unwrap();
        assert_eq!(found.result, "exit-code");
        assert_eq!(found.step.as_deref(), Some("ExecStartPre"));
        assert_eq!(found.status, Some(ExitStatus::Exited { code: 3 }));
        assert!(found.began_at.is_some() && !found.went_well_since);
    }

    #[test]
    fn the_last_failure_counts_and_whether_it_went_well_since() {
        // (lines, result, whether it went well since)
        let cases: &[(&[JournalEntry], &str, bool)] = &[
            (
                &[failed(FIRST, "signal"), failed(SECOND, "timeout")],
                "timeout",
                false,
            ),
            (
                &[
                    failed(FIRST, "signal"),
                    line(message_id::UNIT_STARTED, SECOND, &[]),
                ],
                "signal",
                true,
            ),
            (
                &[
                    failed(FIRST, "signal"),
                    line(message_id::UNIT_STARTED, FIRST, &[]),
                ],
                "signal",
                false,
            ),
            (
                &[failed(FIRST, "signal"), job("", "dependency")],
                "dependency",
                false,
            ),
            (
                &[failed(FIRST, "signal"), job("", "canceled")],
                "signal",
                false,
            ),
            (&[failed(FIRST, START_LIMIT_HIT)], START_LIMIT_HIT, false),
        ];
        for (lines, result, well) in cases {
            let found = last_failed(*lines).unwrap();
            assert_eq!(
                (found.result.as_str(), found.went_well_since),
                (*result, *well)
            );
        }
    }

    #[test]
    fn a_run_that_had_started_is_told_from_a_start() {
        let late = |seconds, entry| JournalEntry {
            at: at(seconds),
            ..entry
        };
        let weeks = 21 * 86_400;
        let beginning = [
            line(message_id::UNIT_STARTING, FIRST, &[]),
            late(2, line(message_id::UNIT_STARTED, FIRST, &[])),
        ];
        let end = late(weeks, failed(FIRST, "signal"));
        let whole = [beginning[0].clone(), beginning[1].clone(), end.clone()];
        // The lines of its beginning are found apart where they are older than others.
        let apart = last_failed([&end]).unwrap();
        assert_eq!((apart.began_at, apart.started_at), (None, None));
        let of_both = [
            last_failed(&whole).unwrap(),
            apart.with_beginning(&beginning),
        ];
        for found in of_both {
            let times = (found.began_at, found.started_at);
            assert_eq!(times, (Some(at(0)), Some(at(2))));
            let attempt = found.with_log(Excerpt::default());
            assert!(attempt.failed_while_running());
        }
        let other = line(message_id::UNIT_STARTED, SECOND, &[]);
        let apart = last_failed([&end]).unwrap().with_beginning([&other]);
        assert_eq!((apart.began_at, apart.started_at), (None, None));
    }

    #[test]
    fn a_start_that_was_skipped_is_none_that_went_well() {
        let text = "db.service was skipped because of an unmet condition check (ConditionHost=x).";
        let skip = line(message_id::UNIT_STARTED, "", &[("MESSAGE", text)]);
        let found = last_failed(&[failed(FIRST, "signal"), skip]).unwrap();
        assert_eq!(
            (found.result.as_str(), found.invocation),
            ("condition", None)
        );
        let text = "Condition check resulted in db.service being skipped.";
        let by_command = [
            line(
                message_id::UNIT_SKIPPED,
                FIRST,
                &[("UNIT_RESULT", "exec-condition")],
            ),
            line(message_id::UNIT_STARTED, FIRST, &[("MESSAGE", text)]),
        ];
        let found = last_failed(&by_command).unwrap();
        assert_eq!(
            (found.result.as_str(), found.went_well_since),
            ("exec-condition", false)
        );
    }

    #[test]
    fn lines_of_others_are_no_failures() {
        let id = message_id::UNIT_FAILED.simple().to_string();
        let forged = entry(&[
            ("_PID", "7"),
            ("MESSAGE_ID", &id),
            ("UNIT_RESULT", "signal"),
        ]);
        assert_eq!(last_failed(&[forged]), None);
    }
}
