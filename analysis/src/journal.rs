//! One journal entry, with the fields that our analyses read.

use std::collections::BTreeMap;

use uuid::{Uuid, uuid};

use crate::{
    Timestamp,
    identity::{BootId, InvocationId, UnitName},
    process::{ExitStatus, Signal},
};

/// One entry of the systemd journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Names the place of the entry, for reading on behind it. Opaque.
    pub cursor: String,
    /// When journald received it.
    pub at: Timestamp,
    /// Since the boot, in microseconds (`CLOCK_MONOTONIC`).
    pub monotonic_us: u64,
    pub boot: BootId,
    /// Those of [`WANTED_FIELDS`] that it has. Bytes that are no UTF-8 have been replaced, and
    /// of a field that stands several times the first is kept.
    pub fields: BTreeMap<String, String>,
}

/// The fields that a reader picks out; all others are passed over.
pub const WANTED_FIELDS: [&str; 42] = [
    "MESSAGE",
    "MESSAGE_ID",
    "PRIORITY",
    "SYSLOG_IDENTIFIER",
    "CODE_FUNC",
    "UNIT",
    "USER_UNIT",
    "INVOCATION_ID",
    "JOB_ID",
    "JOB_TYPE",
    "JOB_RESULT",
    "EXIT_CODE",
    "EXIT_STATUS",
    "COMMAND",
    "UNIT_RESULT",
    "N_RESTARTS",
    "COREDUMP_PID",
    "COREDUMP_SIGNAL",
    "COREDUMP_UNIT",
    "COREDUMP_FILENAME",
    "COREDUMP_CMDLINE",
    "COREDUMP_COMM",
    "COREDUMP_EXE",
    "COREDUMP_PACKAGE_JSON",
    "COREDUMP_TID",
    "COREDUMP_TIMESTAMP",
    "COREDUMP_TRUNCATED",
    "COREDUMP_UID",
    "COREDUMP_USER_UNIT",
    "AIOPS_REQUEST",
    "_TRANSPORT",
    "_PID",
    "_UID",
    "_COMM",
    "_EXE",
    "_CMDLINE",
    "_SYSTEMD_UNIT",
    "_SYSTEMD_INVOCATION_ID",
    "_AUDIT_LOGINUID",
    "_AUDIT_SESSION",
    "_SOURCE_REALTIME_TIMESTAMP",
    "_SOURCE_MONOTONIC_TIMESTAMP",
];

impl JournalEntry {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.field(name)?.parse().ok()
    }

    pub fn message(&self) -> &str {
        self.field("MESSAGE").unwrap_or_default()
    }

    pub fn message_id(&self) -> Option<Uuid> {
        self.field("MESSAGE_ID")?.parse().ok()
    }

    /// The system unit that a line of systemd is about. Lines of user managers have none.
    pub fn unit(&self) -> Option<UnitName> {
        self.field("UNIT")?.parse().ok()
    }

    pub fn invocation(&self) -> Option<InvocationId> {
        self.field("INVOCATION_ID")?.parse().ok()
    }

    /// How a process ended, in systemd's line about it. `None`: it is no such line.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        let number = self.number("EXIT_STATUS")?;
        let signaled = |core_dumped| ExitStatus::Signaled {
            signal: Signal(number),
            core_dumped,
        };
        match self.field("EXIT_CODE")? {
            "exited" => Some(ExitStatus::Exited { code: number }),
            "killed" => Some(signaled(false)),
            "dumped" => Some(signaled(true)),
            _ => None,
        }
    }

    /// Whether process 1 wrote it. Anybody may write the other fields; journald itself adds this.
    pub fn is_of_manager(&self) -> bool {
        self.field("_PID") == Some("1")
    }

    pub fn is_of_kernel(&self) -> bool {
        self.field("_TRANSPORT") == Some("kernel")
    }
}

/// Message ids: systemd keeps them for ever, whatever the text and its language.
pub mod message_id {
    use super::{Uuid, uuid};

    pub const UNIT_STARTING: Uuid = uuid!("7d4958e842da4a758f6c1cdc7b36dcc5");
    pub const UNIT_STARTED: Uuid = uuid!("39f53479d3a045ac8e11786248231fbf");
    pub const UNIT_START_FAILED: Uuid = uuid!("be02cf6855d2428ba40df7e9d022f03d");
    pub const UNIT_STOPPING: Uuid = uuid!("de5b426a63be47a7b6ac3eaac82e2f6f");
    pub const UNIT_STOPPED: Uuid = uuid!("9d1aaa27d60140bd96365438aad20286");
    pub const UNIT_RELOADING: Uuid = uuid!("d34d037fff1847e6ae669a370e694725");
    pub const UNIT_RELOADED: Uuid = uuid!("7b05ebc668384222baa8881179cfda54");
    pub const PROCESS_EXITED: Uuid = uuid!("98e322203f7a4ed290d09fe03c09fe15");
    pub const UNIT_FAILED: Uuid = uuid!("d9b373ed55a64feb8242e02dbe79a49c");
    pub const UNIT_SUCCEEDED: Uuid = uuid!("7ad2d189f7e94e70a38c781354912448");
    pub const RESTART_SCHEDULED: Uuid = uuid!("5eb03494b6584870a536b337290809b3");
    pub const OOM_KILLED: Uuid = uuid!("fe6faa94e7774663a0da52717891d8ef");
    pub const COREDUMP: Uuid = uuid!("fc2e22bc6ee647b6b90729ab34a250b1");
    /// An `ExecCondition=` said that the unit need not run.
    pub const UNIT_SKIPPED: Uuid = uuid!("0e4284a0caca4bfc81c0bb6786972673");
    /// The host has booted: all that was to be started was.
    pub const STARTUP_FINISHED: Uuid = uuid!("b07a249cd024414a82dd00cd181378ff");
    /// The same, where neither kernel nor initrd said how long they took (containers).
    pub const USERSPACE_STARTED: Uuid = uuid!("eed00a68ffd84e31882105fd973abdd1");
    /// logind: the host is about to shut down or reboot.
    pub const SHUTDOWN: Uuid = uuid!("98268866d1d54a499c4e98921d93bc40");
    /// journald started: the first entry of its own in a boot.
    pub const JOURNAL_STARTED: Uuid = uuid!("f77379a8490b408bbe5f6940505a777b");
    /// journald stopped: an orderly shutdown ends with it.
    pub const JOURNAL_STOPPED: Uuid = uuid!("d93fb3c9c24d451a97cea615ce59c00b");
    /// Ours: the agent saw who asked systemd for something (`AIOPS_REQUEST`).
    pub const AIOPS_REQUEST: Uuid = uuid!("5f0d3a7bb0de4f6d8a6a9a2c0f1f6a11");
}
