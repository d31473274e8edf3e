//! A host as the server sees it: its identity, its records, and what the database holds of it.
#![expect(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analysis::Timestamp;
use analysis::cause::{Certainty, Stop, StopCause};
use analysis::event::{Event, Fact, Placement, ProcessExited, UnitMoment, UnitStopped};
use analysis::identity::{BootId, InvocationId};
use analysis::process::{ExitStatus, ProcessId};
use chrono::TimeDelta;
use delivery::{Batch, Class, Hello, Kind, Record, SourceId, SpoolStats, Welcome};
use server::app::{Addresses, App};
use server::config::Config;
use server::identity::authority::Authority;
use server::ingest::{self, HelloAnswer, Outcome, Speaker};
use server::orders::Orders;
use server::upkeep::partitions;
use sqlx::PgPool;
use uuid::Uuid;

/// A server without listeners, with today's partitions.
pub async fn app(db: &PgPool) -> App {
    partitions::ensure(db).await.unwrap();
    let authority = Authority::open(db, chrono::Utc::now()).await.unwrap();
    let nowhere = ([127, 0, 0, 1], 1).into();
    App {
        db: db.clone(),
        ingest_db: db.clone(),
        authority: Arc::new(authority),
        orders: Orders::open(db, &key_file(db), chrono::Utc::now())
            .await
            .unwrap(),
        config: Arc::new(Config::default()),
        live: Default::default(),
        login_limits: Arc::default(),
        metrics: Arc::default(),
        replica: Uuid::now_v7(),
        addresses: Addresses {
            http: nowhere,
            agents: nowhere,
        },
        stop: Default::default(),
        tasks: Default::default(),
    }
}

/// Where the servers of this database have their order key.
pub fn key_file(db: &PgPool) -> PathBuf {
    let options = db.connect_options();
    let database = options.get_database().unwrap_or_default();
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{database}.pem"))
}

/// A host that has joined.
#[derive(Clone, Copy)]
pub struct Host {
    pub agent: Uuid,
    pub boot: Uuid,
}

impl Host {
    pub async fn join(db: &PgPool, name: &str) -> Self {
        partitions::ensure(db).await.unwrap();
        let agent = Uuid::now_v7();
        sqlx::query(
            "insert into agent (agent_id, host_name, machine_id, enrolled_at, key_sha256,
                certificate_serial, certificate_expires_at)
            values ($1, $2, '', '2026-01-01Z', sha256('key'), '01', '2036-01-01Z')",
        )
        .bind(agent)
        .bind(name)
        .execute(db)
        .await
        .unwrap();
        Self {
            agent,
            boot: Uuid::from_u128(0xb007),
        }
    }

    pub fn speaker(&self) -> Speaker {
        Speaker {
            agent: self.agent,
            boot: self.boot,
            clock_offset_ms: 0,
        }
    }

    pub fn hello(&self, epoch: u64, last_durable_seq: u64) -> Hello {
        Hello {
            epoch,
            last_durable_seq,
            force_new_epoch: None,
            boot_id: self.boot,
            fingerprint: b"machine".to_vec(),
            spool: SpoolStats::default(),
        }
    }

    /// Says Hello and is welcome.
    pub async fn say_hello(&self, db: &PgPool, hello: &Hello) -> Welcome {
        match self.try_hello(db, hello).await {
            HelloAnswer::Welcome(welcome) => welcome,
            other => panic!("not welcome: {other:?}"),
        }
    }

    pub async fn try_hello(&self, db: &PgPool, hello: &Hello) -> HelloAnswer {
        let mut wire = proto::v1::Hello::from(hello);
        wire.host = Some(proto::v1::HostFacts {
            host_name: "db-01".to_owned(),
            agent_version: "1.2.3".to_owned(),
            ..Default::default()
        });
        wire.wall_clock_ns = chrono::Utc::now().timestamp_nanos_opt().unwrap();
        ingest::hello(db, self.agent, hello, &wire).await.unwrap()
    }

    /// Stores a batch that has to be taken, and answers what is acknowledged.
    pub async fn store(&self, db: &PgPool, batch: &Batch) -> ingest::Stored {
        match ingest::store(db, self.speaker(), batch).await.unwrap() {
            Outcome::Stored(stored) => stored,
            other => panic!("not stored: {other:?}"),
        }
    }

    /// The numbers that are stored, in the order of the server.
    pub async fn stored(&self, db: &PgPool) -> Vec<(i64, i64)> {
        sqlx::query_as("select epoch, seq from event where agent_id = $1 order by epoch, seq")
            .bind(self.agent)
            .fetch_all(db)
            .await
            .unwrap()
    }
}

/// Records `first_seq..` with these payloads. Their chain is their number.
pub fn batch(session: u64, epoch: u64, first_seq: u64, payloads: Vec<Vec<u8>>) -> Batch {
    let record = |(seq, payload): (u64, Vec<u8>)| record(seq, payload);
    let records = (first_seq..).zip(payloads).map(record).collect();
    Batch {
        session,
        epoch,
        first_seq,
        records,
    }
}

pub fn record(seq: u64, payload: Vec<u8>) -> Record {
    Record {
        seq,
        covers: 1,
        chain: seq,
        kind: Kind::Event,
        class: Class::P1,
        source: SourceId(1),
        mono_ns: seq,
        wall_ns: wall_ns(),
        unique_id: Some(Uuid::from_u128(seq.into())),
        carried: false,
        cursor: None,
        payload,
    }
}

/// A process that exited; `pid` tells one from another.
pub fn exited(pid: u32) -> Vec<u8> {
    payload(Fact::ProcessExited(ProcessExited {
        process: ProcessId { pid, start_ns: 5 },
        parent_pid: 1,
        uid: Some(0),
        comm: "true".to_owned(),
        placement: Placement {
            cgroup: "/system.slice/app.service".to_owned(),
            unit: Some("app.service".parse().unwrap()),
            container: None,
        },
        status: Some(ExitStatus::Exited { code: 7 }),
        cpu_ns: Some(1),
        max_rss_bytes: None,
        oom_killed: false,
        killer: None,
    }))
}

pub fn exits(pids: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    pids.map(exited).collect()
}

pub fn payload(fact: Fact) -> Vec<u8> {
    proto::event::to_bytes(&event(fact))
}

pub fn event(fact: Fact) -> Event {
    Event {
        at: at(0),
        since_boot_ns: Some(9),
        boot: BootId(Uuid::from_u128(0xb007)),
        fact,
    }
}

/// The same at another time, in seconds after [`at`]`(0)`.
pub fn payload_at(seconds: i64, fact: Fact) -> Vec<u8> {
    proto::event::to_bytes(&Event {
        at: at(seconds),
        ..event(fact)
    })
}

/// A moment on the host's clock, which is two minutes behind.
pub fn at(seconds: i64) -> Timestamp {
    chrono::Utc::now()
        .date_naive()
        .and_hms_opt(0, 0, 0)
        .unwrap()
        .and_utc()
        + TimeDelta::seconds(seconds)
}

pub fn wall_ns() -> i64 {
    at(0).timestamp_nanos_opt().unwrap()
}

pub fn invocation(number: u128) -> InvocationId {
    InvocationId(Uuid::from_u128(number))
}

pub fn unit_moment(unit: &str, run: u128) -> UnitMoment {
    UnitMoment {
        unit: unit.parse().unwrap(),
        invocation: Some(invocation(run)),
        start: None,
    }
}

pub fn unit_stopped(unit: &str, run: u128, cause: StopCause) -> UnitStopped {
    UnitStopped {
        unit: unit.parse().unwrap(),
        invocation: Some(invocation(run)),
        stop: Stop {
            cause,
            certainty: Certainty::Measured,
            evidence: vec![],
            actor: None,
            exit: None,
        },
    }
}
