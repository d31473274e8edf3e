//! Cases that no recording has: other versions of systemd, lines that come late or not at all.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::{
    cause::{Certainty, StopCause},
    identity::{BootId, InvocationId},
    run::StartReason,
};

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

#[test]
fn old_systemd_says_signal_and_the_kernel_says_oom() {
    let mut before = host();
    before
        .starts("db.service", 1)
        .oom_kill("/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        before.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );

    // journald reads the kernel's log by itself, and may be later with it than systemd.
    let mut late = host();
    late.starts("db.service", 1)
        .is_killed("db.service", 1, "signal")
        .oom_kill("/system.slice/db.service");
    let causes: Vec<_> = late
        .stops()
        .iter()
        .map(|(kind, _, cause, _)| (*kind, *cause))
        .collect();
    assert_eq!(
        causes,
        [
            ("unit-stopped", StopCause::Signal),
            ("unit-cause-revised", StopCause::OomCgroup)
        ]
    );
    assert_eq!(
        late.said.first().unwrap().boot,
        late.said.last().unwrap().boot
    );
}

#[test]
fn an_oom_kill_elsewhere_or_long_ago_is_no_reason() {
    let mut elsewhere = host();
    elsewhere
        .starts("db.service", 1)
        .oom_kill("/system.slice/other.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        elsewhere.last_cause(),
        (StopCause::Signal, Certainty::Measured)
    );

    let mut long_ago = host();
    long_ago
        .starts("db.service", 1)
        .oom_kill("/system.slice/db.service")
        .after_ms(60_000)
        .is_killed("db.service", 1, "signal");
    assert_eq!(
        long_ago.last_cause(),
        (StopCause::Signal, Certainty::Measured)
    );
}

#[test]
fn oom_kills_of_other_hosts_on_the_same_kernel_are_theirs() {
    let mut host = Host::new(UnitHistory::default().with_cgroup_root("/pool/web1"));
    host.starts("db.service", 1)
        .oom_kill("/pool/web2/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(host.last_cause(), (StopCause::Signal, Certainty::Measured));
    assert!(
        host.said
            .iter()
            .all(|event| event.fact.kind() != "oom-killed")
    );
    host.starts("db.service", 3)
        .oom_kill("/pool/web10/system.slice/db.service")
        .is_killed("db.service", 3, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::Signal, Certainty::Measured),
        "web10 is another host"
    );
    host.starts("db.service", 2)
        .oom_kill("/pool/web1/system.slice/db.service")
        .is_killed("db.service", 2, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );
}

#[test]
fn a_unit_in_a_container_is_not_the_hosts_unit_of_that_name() {
    let mut host = host();
    host.starts("db.service", 1)
        .oom_kill("/machine.slice/machine-web.scope/payload/system.slice/db.service")
        .is_killed("db.service", 1, "signal");
    assert_eq!(host.last_cause(), (StopCause::Signal, Certainty::Measured));
    let killed = host.said.iter().find_map(|event| match &event.fact {
        Fact::OomKilled(killed) => killed.unit.as_ref(),
        _ => None,
    });
    assert_eq!(killed.unwrap().as_str(), "machine-web.scope");
}

/// systemd 257 does not write that it stopped a unit that it restarts by itself.
#[test]
fn an_automatic_restart_of_systemd_257_is_told_the_same() {
    let mut host = host();
    host.starts("db.service", 1)
        .is_killed("db.service", 1, "signal")
        .manager(
            message_id::RESTART_SCHEDULED,
            "db.service",
            1,
            &[("N_RESTARTS", "4")],
        )
        .starts("db.service", 2);
    let kinds: Vec<_> = host.said.iter().map(|event| event.fact.kind()).collect();
    assert_eq!(
        kinds,
        [
            "unit-started",
            "unit-stopped",
            "unit-restart-scheduled",
            "unit-started"
        ]
    );
    let Fact::UnitStarted(started) = &host.said.last().unwrap().fact else {
        panic!("not started");
    };
    assert_eq!(started.start, Some(StartReason::Automatic { restarts: 4 }));
    assert_eq!(started.invocation, Some(InvocationId(Uuid::from_u128(2))));
}

#[test]
fn a_stop_in_company_is_not_called_manual_where_nothing_is_known() {
    let mut unknown = host();
    unknown
        .starts("a.service", 1)
        .starts("b.service", 2)
        .is_stopped("a.service", 1, "8")
        .is_stopped("b.service", 2, "9");
    let last = |unit: &str| {
        let stops = unknown.stops();
        let (_, _, cause, _) = *stops.iter().rfind(|(_, name, ..)| name == unit).unwrap();
        cause
    };
    assert_eq!(
        (last("a"), last("b")),
        (StopCause::Unknown, StopCause::Unknown)
    );

    // Two seconds later it is another story.
    let mut apart = host();
    apart
        .starts("a.service", 1)
        .starts("b.service", 2)
        .is_stopped("a.service", 1, "8")
        .after_ms(3000)
        .is_stopped("b.service", 2, "9");
    let causes: Vec<_> = apart
        .stops()
        .iter()
        .map(|(_, _, cause, _)| *cause)
        .collect();
    assert_eq!(causes, [StopCause::Manual, StopCause::Manual]);
}

#[test]
fn a_dependency_that_takes_its_time_is_still_the_reason() {
    let needs = Needs {
        stopped_with: ["base.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let known = [
        ("slow.service".parse().unwrap(), needs),
        ("base.service".parse().unwrap(), Needs::default()),
    ];
    let mut host = Host::new(UnitHistory::new(known.into_iter().collect()));
    host.starts("base.service", 1).starts("slow.service", 2);
    // What needs the unit is stopped first, however long that takes.
    let job = [("JOB_ID", "8")];
    let done = [("JOB_ID", "8"), ("JOB_TYPE", "stop")];
    host.manager(message_id::UNIT_STOPPING, "slow.service", 2, &job)
        .after_ms(30_000)
        .manager(message_id::UNIT_SUCCEEDED, "slow.service", 2, &[])
        .manager(message_id::UNIT_STOPPED, "slow.service", 2, &done)
        .is_stopped("base.service", 1, "7");
    let stops: Vec<_> = host
        .stops()
        .into_iter()
        .map(|(_, unit, cause, _)| (unit, cause))
        .collect();
    assert_eq!(
        stops,
        [
            ("slow".to_owned(), StopCause::Manual),
            ("slow".to_owned(), StopCause::Dependency),
            ("base".to_owned(), StopCause::Manual),
        ]
    );
}

#[test]
fn a_set_clock_moves_no_fact_of_the_journal() {
    let mut host = host();
    host.starts("db.service", 1)
        .oom_kill("/system.slice/db.service");
    host.clock_set_by_ms = -86_400_000;
    host.is_killed("db.service", 1, "signal");
    assert_eq!(
        host.last_cause(),
        (StopCause::OomCgroup, Certainty::Inferred)
    );
}

#[test]
fn a_core_dump_comes_after_the_next_start() {
    let mut host = host();
    let dump = message_id::COREDUMP.simple().to_string();
    host.starts("db.service", 1)
        .is_killed("db.service", 1, "core-dump")
        .manager(
            message_id::RESTART_SCHEDULED,
            "db.service",
            1,
            &[("N_RESTARTS", "1")],
        )
        .starts("db.service", 2)
        .after_ms(3000);
    let fields = |unit: &'static str| {
        [
            ("MESSAGE_ID", dump.clone()),
            ("_SYSTEMD_UNIT", unit.to_owned()),
            ("COREDUMP_UNIT", "db.service".to_owned()),
            ("COREDUMP_PID", "77".to_owned()),
            (
                "COREDUMP_FILENAME",
                "/var/lib/systemd/coredump/core.db".to_owned(),
            ),
        ]
    };
    let write = |host: &mut Host, unit| {
        let fields = fields(unit);
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        host.writes(&fields);
    };
    let before = host.said.len();
    write(&mut host, "user@1000.service");
    assert_eq!(host.said.len(), before, "anybody can send such fields");
    write(&mut host, "systemd-coredump@4-77-0.service");
    let Fact::UnitCauseRevised(revised) = &host.said.last().unwrap().fact else {
        panic!("not revised");
    };
    assert_eq!(revised.invocation, Some(InvocationId(Uuid::from_u128(1))));
    let path = Some("/var/lib/systemd/coredump/core.db".to_owned());
    let core = crate::cause::Evidence::CoreDump { pid: 77, path };
    assert!(revised.stop.evidence.contains(&core));
}

#[test]
fn a_late_line_of_an_older_boot_does_not_reboot_the_host() {
    let mut host = host();
    host.starts("db.service", 1);
    for boot in [2, 1, 2, 1] {
        host.boot = boot;
        host.starts("other.service", boot);
    }
    let boots = host
        .said
        .iter()
        .filter(|event| event.fact.kind() == "host-booted");
    assert_eq!(boots.count(), 1);
}

#[test]
fn a_restarted_journald_is_no_shutdown() {
    let mut host = host();
    let journald = |host: &mut Host, id: Uuid| {
        let id = id.simple().to_string();
        host.writes(&[("MESSAGE_ID", &id), ("_UID", "0"), ("_TRANSPORT", "driver")]);
    };
    journald(&mut host, message_id::JOURNAL_STOPPED);
    journald(&mut host, message_id::JOURNAL_STARTED);
    host.starts("db.service", 1);
    host.boot = 2;
    host.starts("db.service", 2);
    let booted = host.said.iter().find_map(|event| match &event.fact {
        Fact::HostBooted(fact) => Some(fact.clone()),
        _ => None,
    });
    let booted = booted.unwrap();
    assert_eq!(booted.previous_orderly, Some(false));
    assert_eq!(
        booted.previous_ended_at,
        Some(host.said[0].at),
        "the last line of that boot"
    );
}

/// `systemctl soft-reboot` starts all of user space anew, in the same boot.
#[test]
fn after_a_soft_reboot_the_host_shuts_down_no_more() {
    let mut host = host();
    let shutdown = message_id::SHUTDOWN.simple().to_string();
    host.starts("db.service", 1)
        .writes(&[("MESSAGE_ID", &shutdown), ("_UID", "0")])
        .is_stopped("db.service", 1, "8");
    assert_eq!(host.last_cause(), (StopCause::Reboot, Certainty::Measured));
    let finished = message_id::STARTUP_FINISHED.simple().to_string();
    host.starts("db.service", 2)
        .writes(&[("MESSAGE_ID", &finished), ("_PID", "1")])
        .after_ms(60_000)
        .is_stopped("db.service", 2, "9");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Inferred));
}

/// Anybody may run `systemctl`, and systemd may refuse.
#[test]
fn a_user_who_may_have_been_refused_does_not_hide_root() {
    let mut host = host();
    let actor = |host: &Host| match &host.said.last().unwrap().fact {
        Fact::UnitStopped(stopped) => stopped.stop.actor.as_ref().map(|actor| actor.uid),
        other => panic!("{other:?}"),
    };
    host.starts("db.service", 1);
    host.is_asked_to_stop("db.service", 1000);
    host.is_stopped("db.service", 1, "8");
    assert_eq!(
        host.last_cause(),
        (StopCause::Manual, Certainty::Inferred),
        "polkit may have said no"
    );
    host.after_ms(60_000).starts("db.service", 2);
    host.is_asked_to_stop("db.service", 0);
    host.is_asked_to_stop("db.service", 1000);
    host.is_stopped("db.service", 2, "9");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Measured));
    assert_eq!(actor(&host), Some(0));
}

#[test]
fn a_request_by_another_name_of_the_unit_is_one_for_it() {
    let needs = Needs {
        aliases: ["mysql.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let known = [("mariadb.service".parse().unwrap(), needs)];
    let mut host = Host::new(UnitHistory::new(known.into_iter().collect()));
    host.starts("mariadb.service", 1);
    host.is_asked_to_stop("mysql.service", 0);
    host.is_stopped("mariadb.service", 1, "8");
    assert_eq!(host.last_cause(), (StopCause::Manual, Certainty::Measured));
}
