//! The stream as an agent sees it, over a real gRPC connection. TLS and certificates are tested
//! with the listeners.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Duration;

use analysis::fleet::OfflineReason;
use analysis::identity::AgentId;
use axum::http::uri::PathAndQuery;
use delivery::Batch;
use proto::v1::agent_stream_client::AgentStreamClient;
use proto::v1::from_agent::Message as Say;
use proto::v1::from_server::Message as Heard;
use proto::v1::refused::Reason;
use proto::v1::{self, FromAgent};
use server::app::App;
use server::db::agents;
use server::identity::key::Sha256;
use server::identity::peer::AgentIdentity;
use sqlx::PgPool;
use support::{Host, app, batch, exits};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_prost::ProstCodec;

/// Nothing here takes that long.
const LIMIT: Duration = Duration::from_secs(10);

#[sqlx::test(migrations = "../migrations")]
async fn what_is_sent_is_acknowledged_and_goodbye_is_told(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut agent = Agent::connect(&app, host).await;
    let welcome = agent.welcome(0).await;
    assert_eq!((welcome.epoch, welcome.heartbeat_s), (1, 15));
    agent.say(batch_of(welcome.session, 1, 1..4)).await;
    agent.say(batch_of(welcome.session, 4, 4..6)).await;
    assert_eq!((agent.ack().await, agent.ack().await), (3, 5));
    agent
        .say(Say::Goodbye(v1::Goodbye {
            reason: "stopped".to_owned(),
        }))
        .await;
    assert!(agent.next().await.is_none());
    assert_eq!(
        offline_reason(&db, host).await.as_deref(),
        Some("agent-stopped")
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_stops_says_so_in_the_registry(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut agent = Agent::connect(&app, host).await;
    agent.welcome(0).await;
    app.stop.cancel();
    assert!(agent.next().await.is_none());
    app.tasks.close();
    timeout(LIMIT, app.tasks.wait()).await.unwrap();
    assert_eq!(
        offline_reason(&db, host).await.as_deref(),
        Some("server-stopped")
    );
    assert!(serde_json::from_str::<OfflineReason>("\"server-stopped\"").is_ok());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_newest_stream_of_an_identity_survives(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut older = Agent::connect(&app, host).await;
    let first = older.welcome(0).await;
    let mut newer = Agent::connect(&app, host).await;
    let second = newer.welcome(1).await;
    older.say(batch_of(first.session, 1, 1..3)).await;
    newer.say(batch_of(second.session, 1, 1..3)).await;
    assert_eq!(older.refused().await, Reason::Fenced);
    assert_eq!(newer.ack().await, 2);
    newer
        .say(Say::Heartbeat(v1::Heartbeat {
            last_durable_seq: 2,
            ..Default::default()
        }))
        .await;
    newer.say(batch_of(second.session, 3, 3..4)).await;
    assert_eq!(newer.ack().await, 3);
    assert_eq!(host.stored(&db).await.len(), 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_agent_that_says_nothing_is_cut_within_five_seconds(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut agent = Agent::connect(&app, host).await;
    agent.welcome(0).await;
    let revoked = tokio::time::Instant::now();
    agents::revoke(&db, AgentId(host.agent), "stolen", app.now())
        .await
        .unwrap();
    assert_eq!(agent.refused().await, Reason::Revoked);
    assert!(revoked.elapsed() < Duration::from_secs(5));
    let mut again = Agent::connect(&app, host).await;
    again.say(Say::Hello(hello(host, 1))).await;
    assert_eq!(again.refused().await, Reason::Revoked);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_breaks_the_protocol_is_refused_and_told(db: PgPool) {
    let app = app(&db).await;
    type Message = fn(u64) -> Say;
    let oversize = |session| {
        Say::Batch(v1::Batch::from(batch(
            session,
            1,
            1,
            vec![vec![0; 64 * 1024 + 1]],
        )))
    };
    let of_no_class = |session| {
        let mut wire = v1::Batch::from(batch(session, 1, 1, exits(1..2)));
        wire.records[0].class = 9;
        Say::Batch(wire)
    };
    // Two bytes each on the wire, and a thousand times that in memory.
    let of_empty_records = |session| {
        let mut wire = v1::Batch::from(batch(session, 1, 1, exits(1..2)));
        wire.records = vec![v1::Record::default(); 100_000];
        Say::Batch(wire)
    };
    // (what is sent, why it is refused, is it known to be missing?)
    let cases: [(&str, Message, Reason, bool); 5] = [
        (
            "more records than we allow",
            of_empty_records,
            Reason::Malformed,
            true,
        ),
        ("a record over 64 KiB", oversize, Reason::Malformed, true),
        ("a record of no class", of_no_class, Reason::Malformed, true),
        (
            "a hole",
            |session| batch_of(session, 5, 5..6),
            Reason::Gap,
            false,
        ),
        (
            "another session",
            |session| batch_of(session + 1, 1, 1..2),
            Reason::Fenced,
            false,
        ),
    ];
    for (name, message, reason, missing) in cases {
        let host = Host::join(&db, name).await;
        let mut agent = Agent::connect(&app, host).await;
        let session = agent.welcome(0).await.session;
        agent.say(message(session)).await;
        assert_eq!(agent.refused().await, reason, "{name}");
        assert_eq!(agent.next().await, None, "{name}");
        let gaps: i64 = sqlx::query_scalar("select count(*) from gap where agent_id = $1")
            .bind(host.agent)
            .fetch_one(&db)
            .await
            .unwrap();
        assert_eq!(gaps == 1, missing, "{name}");
    }
    let host = Host::join(&db, "no hello").await;
    let mut agent = Agent::connect(&app, host).await;
    agent.say(batch_of(1, 1, 1..2)).await;
    assert_eq!(agent.refused().await, Reason::Protocol);
    let mut future = Agent::connect(&app, host).await;
    let hello = v1::Hello {
        protocol_min: 2,
        protocol_max: 3,
        ..hello(host, 0)
    };
    future.say(Say::Hello(hello)).await;
    assert_eq!(future.refused().await, Reason::Protocol);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_message_is_refused_and_told(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let client = Agent::client(&app, host).await;
    let mut client = tonic::client::Grpc::new(client);
    client.ready().await.unwrap();
    // Bytes are encoded as the only field of a message, its first; ours has the Hello there.
    let codec = ProstCodec::<Vec<u8>, v1::FromServer>::default();
    let said = tokio_stream::iter([b"\xff no hello".to_vec()]);
    let said = said.chain(tokio_stream::pending());
    let path = PathAndQuery::from_static("/aiops.v1.AgentStream/Stream");
    let answers = client.streaming(tonic::Request::new(said), path, codec);
    let mut answers = answers.await.unwrap().into_inner();
    let answer = timeout(LIMIT, answers.message()).await.unwrap().unwrap();
    match answer.and_then(|answer| answer.message) {
        Some(Heard::Refused(refused)) => assert_eq!(refused.reason(), Reason::Malformed),
        other => panic!("not refused: {other:?}"),
    }
    let gaps: i64 = sqlx::query_scalar("select count(*) from gap where agent_id = $1")
        .bind(host.agent)
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(gaps, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn while_postgres_is_gone_the_stream_stays_and_nothing_is_acknowledged(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut agent = Agent::connect(&app, host).await;
    let session = agent.welcome(0).await.session;
    let name: String = sqlx::query_scalar("select current_database()::text")
        .fetch_one(&db)
        .await
        .unwrap();
    let options = db.connect_options().as_ref().clone().database("postgres");
    let outside = PgPool::connect_with(options).await.unwrap();

    allow_connections(&outside, &name, false).await;
    agent.say(batch_of(session, 1, 1..4)).await;
    // It has to have tried before it counts that nothing came.
    let retried = async {
        while !metrics(&app).contains("ingest_retries_total 3") {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, retried).await.unwrap();
    assert!(
        agent.answers_now().is_none(),
        "nothing is stored, nothing is acknowledged"
    );
    allow_connections(&outside, &name, true).await;
    assert_eq!(agent.ack().await, 3, "on the same stream");
    assert_eq!(host.stored(&db).await.len(), 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn agents_are_stored_while_people_hold_all_their_connections(db: PgPool) {
    let mut app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let options = db.connect_options().as_ref().clone();
    app.db = server::db::connect(options, 1).await.unwrap();
    let _held = app.db.acquire().await.unwrap();
    let mut agent = Agent::connect(&app, host).await;
    let session = agent.welcome(0).await.session;
    agent.say(batch_of(session, 1, 1..4)).await;
    assert_eq!(agent.ack().await, 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_missing_partition_is_made_when_it_is_needed(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let mut agent = Agent::connect(&app, host).await;
    let session = agent.welcome(0).await.session;
    for partition in server::db::partitions::all(&db).await.unwrap() {
        server::db::partitions::drop(&db, partition).await.unwrap();
    }
    agent.say(batch_of(session, 1, 1..4)).await;
    assert_eq!(agent.ack().await, 3);
    assert_eq!(host.stored(&db).await.len(), 3);
}

/// One connection of an agent.
struct Agent {
    host: Host,
    said: mpsc::Sender<FromAgent>,
    answers: tonic::Streaming<v1::FromServer>,
}

impl Agent {
    /// A channel to a listener that takes everybody for `host`.
    async fn client(app: &App, host: Host) -> Channel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let identity = AgentIdentity {
            agent_id: AgentId(host.agent),
            key_sha256: Sha256::of(b"key"),
            serial: "01".to_owned(),
            expires_at: app.now(),
        };
        // In place of the certificate.
        let identified = move |mut request: tonic::Request<()>| {
            request.extensions_mut().insert(identity.clone());
            Ok(request)
        };
        let service = InterceptedService::new(server::ingest::service(app.clone()), identified);
        let serving = Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        app.tasks
            .spawn(app.stop.clone().run_until_cancelled_owned(serving));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        endpoint.connect().await.unwrap()
    }

    async fn connect(app: &App, host: Host) -> Self {
        let (said, messages) = mpsc::channel(8);
        let mut client = AgentStreamClient::new(Self::client(app, host).await);
        let answers = client
            .stream(ReceiverStream::new(messages))
            .await
            .unwrap()
            .into_inner();
        Self {
            host,
            said,
            answers,
        }
    }

    async fn say(&self, message: Say) {
        self.said
            .send(FromAgent {
                message: Some(message),
            })
            .await
            .unwrap();
    }

    async fn next(&mut self) -> Option<Heard> {
        let message = timeout(LIMIT, self.answers.message())
            .await
            .expect("an answer in time");
        message.ok().flatten()?.message
    }

    fn answers_now(&mut self) -> Option<Heard> {
        use futures_util::FutureExt as _;
        self.answers.message().now_or_never()?.ok()??.message
    }

    async fn welcome(&mut self, epoch: u64) -> v1::Welcome {
        self.say(Say::Hello(hello(self.host, epoch))).await;
        match self.next().await {
            Some(Heard::Welcome(welcome)) => welcome,
            other => panic!("not welcome: {other:?}"),
        }
    }

    async fn ack(&mut self) -> u64 {
        match self.next().await {
            Some(Heard::Ack(ack)) => ack.acked,
            other => panic!("no ack: {other:?}"),
        }
    }

    async fn refused(&mut self) -> Reason {
        match self.next().await {
            Some(Heard::Refused(refused)) => refused.reason(),
            other => panic!("not refused: {other:?}"),
        }
    }
}

fn hello(host: Host, epoch: u64) -> v1::Hello {
    v1::Hello {
        protocol_min: 1,
        protocol_max: 1,
        ..(&host.hello(epoch, 0)).into()
    }
}

fn batch_of(session: u64, first_seq: u64, pids: std::ops::Range<u32>) -> Say {
    let batch: Batch = batch(session, 1, first_seq, exits(pids));
    Say::Batch(batch.into())
}

async fn offline_reason(db: &PgPool, host: Host) -> Option<String> {
    sqlx::query_scalar("select disconnect_reason from agent where agent_id = $1")
        .bind(host.agent)
        .fetch_one(db)
        .await
        .unwrap()
}

fn metrics(app: &App) -> String {
    let mut registry = prometheus_client::registry::Registry::default();
    app.metrics.ingest.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

/// Takes Postgres away from this test alone: ends its connections and lets none in.
async fn allow_connections(outside: &PgPool, database: &str, allow: bool) {
    let statement = format!("alter database \"{database}\" allow_connections {allow}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(outside)
        .await
        .unwrap();
    if !allow {
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
            .bind(database)
            .execute(outside)
            .await
            .unwrap();
    }
}
