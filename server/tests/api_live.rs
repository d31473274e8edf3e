//! Those who read on and those who follow live see every event once, whatever commits when.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use futures_util::StreamExt as _;
use server::db::events::{self, Filter, Position};
use server::db::streams;
use server::identity::tokens::create_api_token;
use server::{app::App, ingest};
use sqlx::PgPool;
use support::{Host, app, batch, exited, exits};
use tower::ServiceExt as _;

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_waits_for_a_transaction_that_began_earlier(db: PgPool) {
    let fast = Host::join(&db, "fast").await;
    let slow = Host::join(&db, "slow").await;
    let session = fast.say_hello(&db, &fast.hello(0, 0)).await.session;
    slow.say_hello(&db, &slow.hello(0, 0)).await;
    let start = Position::before(events::horizon(&db).await.unwrap());

    // The slow one has its `received_at` and is not committed when the fast one is.
    let mut open = streams::begin(&db).await.unwrap();
    let received_at = streams::lock(&mut open, slow.agent)
        .await
        .unwrap()
        .unwrap()
        .now;
    sqlx::query(
        "insert into event (agent_id, epoch, seq, received_at, at, boot_id, kind, payload)
        values ($1, 1, 1, $2, $2, $1, 'gap', '')",
    )
    .bind(slow.agent)
    .bind(received_at)
    .execute(&mut *open)
    .await
    .unwrap();
    fast.store(&db, &batch(session, 1, 1, exits(1..2))).await;

    assert_eq!(
        read(&db, start).await,
        Vec::<uuid::Uuid>::new(),
        "the fast one's event is behind the horizon"
    );
    open.commit().await.unwrap();
    assert_eq!(read(&db, start).await, [slow.agent, fast.agent]);
}

async fn read(db: &PgPool, after: Position) -> Vec<uuid::Uuid> {
    let horizon = events::horizon(db).await.unwrap();
    let rows = events::page(db, &Filter::default(), after, horizon, 100)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.agent_id).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pager_misses_nothing_while_many_agents_store(db: PgPool) {
    const AGENTS: usize = 6;
    const BATCHES: u64 = 40;
    let mut writers = tokio::task::JoinSet::new();
    for agent in 0..AGENTS {
        let host = Host::join(&db, &format!("host-{agent}")).await;
        let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
        let db = db.clone();
        writers.spawn(async move {
            for at in 0..BATCHES {
                let batch = batch(session, 1, at * 3 + 1, exits(0..3));
                ingest::store(&db, host.speaker(), &batch).await.unwrap();
            }
        });
    }
    let mut after = Position::before(chrono::DateTime::UNIX_EPOCH);
    let mut seen = std::collections::BTreeSet::new();
    let total = AGENTS * 3 * usize::try_from(BATCHES).unwrap();
    let reading = async {
        while seen.len() < total {
            let horizon = events::horizon(&db).await.unwrap();
            let rows = events::page(&db, &Filter::default(), after, horizon, 7)
                .await
                .unwrap();
            for row in rows {
                assert!(row.position() > after, "in order");
                after = row.position();
                assert!(seen.insert((row.agent_id, row.seq)), "once");
            }
        }
    };
    let reading = tokio::time::timeout(Duration::from_secs(30), reading).await;
    assert!(reading.is_ok(), "only {} of {total} were seen", seen.len());
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_follower_sees_events_within_a_second_and_resumes_where_it_was(db: PgPool) {
    let app = app(&db).await;
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let token = create_api_token(&db, "test", app.now())
        .await
        .unwrap()
        .to_string();
    let mut first = Follower::open(&app, &token, "", None).await;
    let begun = first.next().await;
    assert_eq!(
        (begun.data.as_str(), begun.id.is_empty()),
        ("", false),
        "where it begins"
    );

    let mut told = Vec::new();
    for seq in 1..=5_u64 {
        let stored = tokio::time::Instant::now();
        host.store(&db, &batch(session, 1, seq, vec![exited(1)]))
            .await;
        told.push(first.event().await);
        assert!(
            stored.elapsed() < Duration::from_secs(1),
            "{:?}",
            stored.elapsed()
        );
    }
    let seqs = |events: &[Message]| -> Vec<u64> { events.iter().map(Message::seq).collect() };
    assert_eq!(seqs(&told), [1, 2, 3, 4, 5]);
    drop(first);

    host.store(&db, &batch(session, 1, 6, exits(0..2))).await;
    let mut again = Follower::open(&app, &token, "", Some(&told[2].id)).await;
    let mut resumed = Vec::new();
    while resumed.len() < 4 {
        resumed.push(again.event().await);
    }
    assert_eq!(seqs(&resumed), [4, 5, 6, 7]);

    app.stop.cancel();
    let last = again.next().await;
    assert_eq!(
        (last.kind.as_str(), last.data.as_str()),
        ("cut", "the server stops")
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_follower_is_cut_when_postgres_stays_away(db: PgPool) {
    let mut app = app(&db).await;
    app.db = PgPool::connect_with(db.connect_options().as_ref().clone())
        .await
        .unwrap();
    let token = create_api_token(&db, "test", app.now()).await.unwrap();
    let mut follower = Follower::open(&app, &token.to_string(), "", None).await;
    follower.next().await;
    app.db.close().await;
    let mut text = String::new();
    let rest = async {
        while let Some(chunk) = follower.body.next().await {
            text += std::str::from_utf8(&chunk.unwrap()).unwrap();
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(25), rest).await;
    ended.expect("the stream ends");
    let last = parse(text.trim_end().rsplit("\n\n").next().unwrap());
    assert_eq!(
        (last.kind.as_str(), last.data.as_str()),
        ("cut", "the database does not answer")
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_filter_lets_through_what_it_names(db: PgPool) {
    let app = app(&db).await;
    let one = Host::join(&db, "one").await;
    let two = Host::join(&db, "two").await;
    let token = create_api_token(&db, "test", app.now())
        .await
        .unwrap()
        .to_string();
    let query = format!("?host={}", two.agent);
    let mut follower = Follower::open(&app, &token, &query, None).await;
    for host in [one, two] {
        let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
        host.store(&db, &batch(session, 1, 1, exits(0..1))).await;
    }
    let event: serde_json::Value = serde_json::from_str(&follower.event().await.data).unwrap();
    assert_eq!(event["agent_id"], two.agent.to_string());
}

/// A client of the stream.
struct Follower {
    body: axum::body::BodyDataStream,
    text: String,
}

#[derive(Debug, Default)]
struct Message {
    id: String,
    kind: String,
    data: String,
}

impl Message {
    fn seq(&self) -> u64 {
        let event: analysis::fleet::StoredEvent = serde_json::from_str(&self.data).unwrap();
        event.seq
    }
}

impl Follower {
    async fn open(app: &App, token: &str, query: &str, last_id: Option<&str>) -> Self {
        let mut request = Request::builder()
            .uri(format!("/api/v1/events/stream{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = server::api::router(app.clone())
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next message that has data.
    async fn event(&mut self) -> Message {
        loop {
            let message = self.next().await;
            if !message.data.is_empty() {
                return message;
            }
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let message = parse(block);
                self.text = rest.to_owned();
                return message;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(5), self.body.next()).await;
            let chunk = chunk
                .expect("a message in time")
                .expect("not the end")
                .unwrap();
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

fn parse(block: &str) -> Message {
    let mut message = Message::default();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("id", id)) => message.id = id.to_owned(),
            Some(("event", kind)) => message.kind = kind.to_owned(),
            Some(("data", data)) => message.data += data,
            _ => {}
        }
    }
    message
}
