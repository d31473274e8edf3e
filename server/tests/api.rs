//! What people's programs are answered.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use analysis::cause::StopCause;
use analysis::event::{Fact, SourceStarted};
use analysis::fleet::{EventPage, Host as ApiHost, HostList, HostState, OfflineReason};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use server::app::App;
use server::db::hosts::{self, Heard};
use server::identity::tokens::create_api_token;
use sqlx::PgPool;
use support::{Host, app, batch, exits, payload, payload_at, unit_moment, unit_stopped};
use tower::ServiceExt as _;

/// A client with a token.
struct Client {
    router: Router,
    token: String,
}

impl Client {
    async fn new(app: &App) -> Self {
        let token = create_api_token(&app.db, "test", app.now())
            .await
            .unwrap()
            .to_string();
        Self {
            router: server::api::router(app.clone()),
            token,
        }
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let (status, body) = self.send("GET", path, "").await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_refusal_is_a_problem_that_says_what_to_do(db: PgPool) {
    let app = app(&db).await;
    let mut client = Client::new(&app).await;
    for name in ["db-01", "web-01", "web-01"] {
        Host::join(&db, name).await;
    }
    let mut told = String::new();
    for (method, path, body) in [
        ("GET", "/api/v1/hosts/db-1", ""),
        ("GET", "/api/v1/hosts/%1b%5b31m", ""),
        ("GET", "/api/v1/events?kind=unit-stoped", ""),
        ("GET", "/api/v1/hosts?q=%00", ""),
        ("GET", "/api/v1/hosts?label=a=%00", ""),
        ("GET", "/api/v1/events?limit=0", ""),
        ("GET", "/api/v1/events?after=nonsense", ""),
        ("GET", "/api/v1/events?since=yesterday", ""),
        ("GET", "/api/v1/events?colour=red", ""),
        ("GET", "/api/v1/hosts/db-01/restarts", ""),
        (
            "GET",
            "/api/v1/hosts/db-01/restarts?all=true&period=2000d",
            "",
        ),
        ("GET", "/api/v1/units/..%2fx/runs", ""),
        ("GET", "/api/v1/nothing", ""),
        ("DELETE", "/api/v1/hosts", ""),
        ("POST", "/api/v1/join-tokens", "{"),
        ("POST", "/api/v1/join-tokens", r#"{"uses":0,"ttl_s":60}"#),
        (
            "POST",
            "/api/v1/join-tokens",
            r#"{"uses":1,"ttl_s":99999999}"#,
        ),
        ("POST", "/api/v1/hosts/db-01/revoke", r#"{"reason":""}"#),
    ] {
        let (status, body) = client.send(method, path, body).await;
        told += &format!("{method} {path}\n  {status} {body}\n");
    }
    client.token = "aiops_api_wrong".to_owned();
    let (status, body) = client.send("GET", "/api/v1/nothing", "").await;
    told += &format!("without a token\n  {status} {body}\n");
    insta::assert_snapshot!(told);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_name_of_two_hosts_is_ambiguous_until_one_is_revoked(db: PgPool) {
    let client = Client::new(&app(&db).await).await;
    let first = Host::join(&db, "web").await;
    let second = Host::join(&db, "web").await;
    let (status, body) = client.send("GET", "/api/v1/hosts/web", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["type"], "host-ambiguous");
    assert!(body.contains(&first.agent.to_string()) && body.contains(&second.agent.to_string()));

    let revoke = format!("/api/v1/hosts/{}/revoke", first.agent);
    for _ in 0..2 {
        let (status, _) = client.send("POST", &revoke, r#"{"reason":"sold"}"#).await;
        assert_eq!(
            status,
            StatusCode::NO_CONTENT,
            "the second call changes nothing"
        );
    }
    let host: ApiHost = client.get("/api/v1/hosts/web").await;
    assert_eq!(host.agent_id.0, second.agent);
    let revoked: ApiHost = client.get(&format!("/api/v1/hosts/{}", first.agent)).await;
    assert!(matches!(revoked.state, HostState::Revoked { reason, .. } if reason == "sold"));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_registry_says_who_is_there_and_why_not(db: PgPool) {
    let client = Client::new(&app(&db).await).await;
    let host = Host::join(&db, "joined").await;
    let state = async || {
        client
            .get::<ApiHost>(&format!("/api/v1/hosts/{}", host.agent))
            .await
            .state
    };
    assert_eq!(state().await, HostState::Joined);

    let session = host.say_hello(&db, &host.hello(0, 7)).await.session;
    host.store(&db, &batch(session, 1, 1, exits(1..3))).await;
    let shown: ApiHost = client.get("/api/v1/hosts/db-01").await;
    assert!(
        matches!(shown.state, HostState::Online { .. }),
        "{:?}",
        shown.state
    );
    assert_eq!(shown.event_lag, Some(5));
    assert_eq!(shown.facts.unwrap().agent_version, "1.2.3");
    assert!(shown.clock_offset_ms.unwrap().abs() < 5_000);

    hosts::disconnected(&db, host.agent, session - 1, "agent-stopped")
        .await
        .unwrap();
    assert!(
        matches!(state().await, HostState::Online { .. }),
        "an older stream ended"
    );
    hosts::disconnected(&db, host.agent, session, "host-shut-down")
        .await
        .unwrap();
    let HostState::Offline { reason, .. } = state().await else {
        panic!("it is off")
    };
    assert_eq!(reason, OfflineReason::HostShutDown);

    // Its replica dies with the connection: nobody says goodbye.
    let session = host.say_hello(&db, &host.hello(1, 7)).await.session;
    assert_eq!(
        hosts::mark_lost(&db, 30.0).await.unwrap(),
        0,
        "it was heard just now"
    );
    sqlx::query("update agent set last_heard_at = now() - interval '1 min'")
        .execute(&db)
        .await
        .unwrap();
    sqlx::query("update agent_stream set updated_at = now() - interval '1 min'")
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(hosts::mark_lost(&db, 30.0).await.unwrap(), 1);
    let HostState::Offline { reason, .. } = state().await else {
        panic!("it is lost")
    };
    assert_eq!(reason, OfflineReason::Lost);
    let heard = Heard {
        last_durable_seq: 9,
        clock_offset_ms: 0,
    };
    assert!(
        hosts::heard(&db, host.agent, session, heard, &[])
            .await
            .unwrap()
    );
    assert!(
        matches!(state().await, HostState::Online { .. }),
        "it is heard again"
    );
    assert!(
        !hosts::heard(&db, host.agent, session - 1, heard, &[])
            .await
            .unwrap(),
        "fenced"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn hosts_are_found_by_name_and_label(db: PgPool) {
    let client = Client::new(&app(&db).await).await;
    let mut labels = json!({"env": "prod", "rack": "r1"});
    for name in ["db-01", "DB-02", "web-01"] {
        let host = Host::join(&db, name).await;
        sqlx::query("update agent set labels = $2 where agent_id = $1")
            .bind(host.agent)
            .bind(&labels)
            .execute(&db)
            .await
            .unwrap();
        labels["rack"] = json!("r2");
    }
    let names = async |query: &str| -> Vec<String> {
        let list: HostList = client.get(&format!("/api/v1/hosts{query}")).await;
        list.hosts.into_iter().map(|host| host.host_name).collect()
    };
    assert_eq!(names("").await.len(), 3);
    assert_eq!(names("?q=db").await.len(), 2);
    assert_eq!(names("?q=db&label=env%3Dprod,rack%3Dr2").await, ["DB-02"]);
    assert_eq!(names("?q=%25").await.len(), 0, "no wildcards");
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_follow_each_other_without_loss(db: PgPool) {
    let client = Client::new(&app(&db).await).await;
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    host.store(&db, &batch(session, 1, 1, exits(0..7))).await;
    let gone = payload(Fact::SourceStarted(SourceStarted {
        source: "process".to_owned(),
        runs: "bpf".to_owned(),
        degraded: None,
    }));
    host.store(&db, &batch(session, 1, 8, vec![gone, b"\xff".to_vec()]))
        .await;
    let mut seen = Vec::new();
    let mut next = Some(String::new());
    while let Some(after) = next {
        let after = if after.is_empty() {
            after
        } else {
            format!("&after={after}")
        };
        let page: EventPage = client.get(&format!("/api/v1/events?limit=2{after}")).await;
        seen.extend(page.events.iter().map(|event| event.seq));
        next = page.next;
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9]);

    let count = async |query: &str| {
        client
            .get::<EventPage>(&format!("/api/v1/events?{query}"))
            .await
            .events
            .len()
    };
    assert_eq!(
        count("kind=source-started").await,
        1,
        "by the index without processes"
    );
    assert_eq!(count("kind=source-started,process-exited").await, 8);
    assert_eq!(count("unit=app").await, 7);
    assert_eq!(count("unit=app&kind=gap").await, 0);
    assert_eq!(count("host=db-01&unit=app&limit=3").await, 3);
    assert_eq!(count("until=1h").await, 0, "nothing is an hour old");
    let unreadable: EventPage = client.get("/api/v1/events?kind=unknown").await;
    assert_eq!(
        (unreadable.events.len(), &unreadable.events[0].event),
        (1, &None)
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn restarts_are_told_from_the_ledger(db: PgPool) {
    let client = Client::new(&app(&db).await).await;
    let host = Host::join(&db, "db-01").await;
    let session = host.say_hello(&db, &host.hello(0, 0)).await.session;
    let told = vec![
        payload_at(1, Fact::UnitStarted(unit_moment("app.service", 1))),
        payload_at(
            21,
            Fact::UnitStopped(unit_stopped("app.service", 1, StopCause::Signal)),
        ),
        payload_at(26, Fact::UnitStarted(unit_moment("app.service", 2))),
    ];
    host.store(&db, &batch(session, 1, 1, told)).await;
    hosts::disconnected(&db, host.agent, session, "lost")
        .await
        .unwrap();
    let report: Value = client
        .get("/api/v1/hosts/db-01/restarts?unit=app&period=2d")
        .await;
    assert_eq!(report["units"][0]["restarts"], 1, "{report}");
    assert_eq!(report["units"][0]["mttr_ms"], 5000, "{report}");
    let all: Value = client.get("/api/v1/hosts/db-01/restarts?all=true").await;
    assert_eq!(all["units"][0]["unit"], "app.service");
    let runs: Value = client.get("/api/v1/hosts/db-01/runs?unit=app").await;
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2);
    let fleet: Value = client.get("/api/v1/units/app/runs?since=2d").await;
    assert_eq!(fleet["runs"][0]["stop"]["cause"], "signal", "{fleet}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_join_token_comes_with_the_line_to_run(db: PgPool) {
    let app = app(&db).await;
    let client = Client::new(&app).await;
    let asked = r#"{"uses":2,"ttl_s":60,"labels":{"env":"prod"}}"#;
    let (status, body) = client.send("POST", "/api/v1/join-tokens", asked).await;
    assert_eq!(status, StatusCode::CREATED);
    let token: analysis::fleet::JoinToken = serde_json::from_str(&body).unwrap();
    assert!(token.command.contains(&token.token) && token.command.contains(app.authority.pin()));
}

#[sqlx::test(migrations = "../migrations")]
async fn health_needs_no_token_and_tells_what_is_missing(db: PgPool) {
    let app = app(&db).await;
    let mut client = Client::new(&app).await;
    client.token = String::new();
    assert_eq!(
        client.send("GET", "/healthz", "").await,
        (StatusCode::OK, "ok\n".to_owned())
    );
    assert_eq!(client.send("GET", "/readyz", "").await.0, StatusCode::OK);
    let (_, metrics) = client.send("GET", "/metrics", "").await;
    assert!(
        metrics.contains("aiops_ingested_events_total 0"),
        "{metrics}"
    );
    let today = server::db::partitions::today(&db).await.unwrap();
    server::db::partitions::drop(&db, server::db::partitions::Partition(today))
        .await
        .unwrap();
    // A server that did not ask Postgres within the last second.
    client.router = server::api::router(app.clone());
    let (status, body) = client.send("GET", "/readyz", "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        body,
        r#"{"database":true,"migrations":true,"partition":false}"#
    );
}
