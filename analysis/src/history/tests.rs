//! Cases that no recording has: other versions of systemd, lines that come late or not at all.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::{
    cause::{Certainty, StopCause},
    identity::{BootId, InvocationId},
    run::StartReason,
};

mod boots;
mod oom;
mod requests;
mod stops;

/// Writes a journal, a line at a time, and keeps what the fold says of it.
struct Host {
    history: UnitHistory,
    boot: u128,
    now_ms: i64,
    clock_set_by_ms: i64,
    said: Vec<Event>,
}

impl Host {
    fn new(history: UnitHistory) -> Self {
        Self {
            history,
            boot: 1,
            now_ms: 100_000,
            clock_set_by_ms: 0,
            said: Vec::new(),
        }
    }

    fn after_ms(&mut self, ms: i64) -> &mut Self {
        self.now_ms += ms;
        self
    }

    fn writes(&mut self, fields: &[(&str, &str)]) -> &mut Self {
        self.now_ms += 1;
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let at = 1_700_000_000_000 + self.now_ms + self.clock_set_by_ms;
        let said = self.history.apply(&JournalEntry {
            cursor: String::new(),
            at: chrono::DateTime::from_timestamp_millis(at).unwrap(),
            monotonic_us: self.now_ms as u64 * 1000,
            boot: BootId(Uuid::from_u128(self.boot)),
            fields: fields.iter().map(own).collect::<BTreeMap<_, _>>(),
        });
        self.said.extend(said);
        self
    }

    fn manager(
        &mut self,
        id: uuid::Uuid,
        unit: &str,
        run: u128,
        more: &[(&str, &str)],
    ) -> &mut Self {
        let id = id.simple().to_string();
        let run = Uuid::from_u128(run).simple().to_string();
        let mut fields = vec![
            ("_PID", "1"),
            ("UNIT", unit),
            ("INVOCATION_ID", run.as_str()),
            ("MESSAGE_ID", id.as_str()),
        ];
        fields.extend_from_slice(more);
        self.writes(&fields)
    }

    fn starts(&mut self, unit: &str, run: u128) -> &mut Self {
        let done = [("JOB_TYPE", "start"), ("JOB_RESULT", "done")];
        self.manager(message_id::UNIT_STARTED, unit, run, &done)
    }

    fn is_killed(&mut self, unit: &str, run: u128, result: &str) -> &mut Self {
        let killed = [
            ("EXIT_CODE", "killed"),
            ("EXIT_STATUS", "9"),
            ("COMMAND", "ExecStart"),
        ];
        self.manager(message_id::PROCESS_EXITED, unit, run, &killed)
            .manager(
                message_id::UNIT_FAILED,
                unit,
                run,
                &[("UNIT_RESULT", result)],
            )
    }

    fn is_stopped(&mut self, unit: &str, run: u128, job: &str) -> &mut Self {
        let done = [
            ("JOB_ID", job),
            ("JOB_TYPE", "stop"),
            ("JOB_RESULT", "done"),
        ];
        self.manager(message_id::UNIT_STOPPING, unit, run, &[("JOB_ID", job)])
            .manager(message_id::UNIT_SUCCEEDED, unit, run, &[])
            .manager(message_id::UNIT_STOPPED, unit, run, &done)
    }

    fn kernel(&mut self, message: &str) -> &mut Self {
        self.writes(&[
            ("_TRANSPORT", "kernel"),
            ("SYSLOG_IDENTIFIER", "kernel"),
            ("MESSAGE", message),
        ])
    }

    fn oom_kill(&mut self, cgroup: &str) -> &mut Self {
        self.kernel(&format!(
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,\
             oom_memcg={cgroup},task_memcg={cgroup},task=db,pid=9,uid=0"
        ))
        .kernel(
            "Memory cgroup out of memory: Killed process 9 (db) total-vm:9kB, anon-rss:4kB, \
             file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:88kB oom_score_adj:0",
        )
    }

    /// The agent notes that a user asked for a stop.
    fn is_asked_to_stop(&mut self, unit: &str, uid: u32) {
        self.now_ms += 1;
        let at = chrono::DateTime::from_timestamp_millis(1_700_000_000_000 + self.now_ms).unwrap();
        let request = Request {
            verb: crate::event::Verb::Stop,
            units: vec![unit.parse().unwrap()],
            actor: crate::cause::Actor {
                uid,
                user: None,
                login_uid: None,
                login_user: None,
                command: vec!["systemctl".into(), "stop".into(), unit.into()],
                ancestors: Vec::new(),
            },
            at,
        };
        let id = message_id::AIOPS_REQUEST.simple().to_string();
        let json = serde_json::to_string(&request).unwrap();
        self.writes(&[("MESSAGE_ID", &id), ("_UID", "0"), ("AIOPS_REQUEST", &json)]);
    }

    /// The stops and what they were taken for, revisions included.
    fn stops(&self) -> Vec<(&'static str, String, StopCause, Certainty)> {
        let stop = |event: &Event| match &event.fact {
            Fact::UnitStopped(fact)
            | Fact::UnitStartFailed(fact)
            | Fact::UnitCauseRevised(fact) => Some((
                event.fact.kind(),
                fact.unit.stem().to_owned(),
                fact.stop.cause,
                fact.stop.certainty,
            )),
            _ => None,
        };
        self.said.iter().filter_map(stop).collect()
    }

    fn last_cause(&self) -> (StopCause, Certainty) {
        let (_, _, cause, certainty) = *self.stops().last().unwrap();
        (cause, certainty)
    }
}

fn host() -> Host {
    Host::new(UnitHistory::default())
}
