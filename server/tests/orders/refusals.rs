//! What is not even asked.

use analysis::audit::AuditPage;
use analysis::inquiry::{Inquiry, InquiryPage, MOST_HOSTS};
use analysis::order::{OrderState, Outcome, Refusal, Refuser};
use analysis::people::Role;
use reqwest::Method;
use serde_json::json;
use server::db::agents;
use sqlx::PgPool;
use uuid::Uuid;

use crate::agent::Host;
use crate::fleet::{Fleet, config};
use crate::person::{Person, question};

#[sqlx::test(migrations = "../migrations")]
async fn a_question_that_cannot_be_asked_reaches_nobody(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let host = Host::join(&fleet).await;
    let person = Person::at(&fleet).await;
    let nobody = Uuid::new_v4();
    let start = |unit: &str| json!({ "analysis": "diagnose-start-failure", "unit": unit });
    let many: Vec<Uuid> = (0..=MOST_HOSTS).map(|_| nobody).collect();
    let cases = [
        (question(&[host.id, nobody], json!({})), "host-not-found"),
        (question(&[], json!({})), "bad-parameter"),
        (question(&many, json!({})), "bad-parameter"),
        (
            question(&[], json!({ "labels": { "site": "x" } })),
            "no-hosts",
        ),
        (
            question(&[host.id], json!({ "time_limit_ms": 15_001 })),
            "bad-parameter",
        ),
        (
            question(&[host.id], json!({ "time_limit_ms": 1 })),
            "bad-parameter",
        ),
        (
            question(&[host.id], json!({ "wait_s": 604_801 })),
            "bad-parameter",
        ),
        (
            question(&[host.id], json!({ "question": start("a b") })),
            "bad-parameter",
        ),
        (
            question(
                &[host.id],
                json!({ "question": { "analysis": "run-shell" } }),
            ),
            "bad-body",
        ),
        (
            question(&[host.id], json!({ "command": "reboot" })),
            "bad-body",
        ),
    ];
    for (body, expected) in cases {
        let problem = person.refused(&body).await;
        assert_eq!(problem.kind, expected, "{body}: {problem:?}");
    }
    let page: InquiryPage = person.get("/inquiries").await;
    assert!(page.inquiries.is_empty());
    let viewer = Person::with_role(&fleet, Role::Viewer).await;
    let problem = viewer.refused(&question(&[host.id], json!({}))).await;
    assert_eq!(
        (problem.status, problem.kind.as_str()),
        (403, "not-allowed")
    );
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_there_or_cannot_be_read_is_told_as_a_problem(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let person = Person::at(&fleet).await;
    let nobody = Uuid::new_v4();
    let get = Method::GET;
    for (method, path, expected) in [
        (&get, format!("/inquiries/{nobody}"), "inquiry-not-found"),
        (&get, "/inquiries/x".to_owned(), "inquiry-not-found"),
        (&get, "/inquiries/%ff".to_owned(), "bad-parameter"),
        (&get, "/hosts/%ff".to_owned(), "bad-parameter"),
        (
            &get,
            format!("/inquiries/{nobody}/stream"),
            "inquiry-not-found",
        ),
        (
            &Method::POST,
            format!("/inquiries/{nobody}/cancel"),
            "inquiry-not-found",
        ),
        (&get, "/inquiries?before=%00".to_owned(), "bad-parameter"),
        (&get, "/inquiries?limit=0".to_owned(), "bad-parameter"),
        (&get, "/audit?after=-1".to_owned(), "bad-parameter"),
        (&get, "/audit?limit=1001".to_owned(), "bad-parameter"),
    ] {
        let (status, problem) = person.refused_at(method.clone(), &path).await;
        assert_eq!(problem.kind, expected, "{path}: {problem:?}");
        assert_eq!(problem.status, status);
    }
    let far: AuditPage = person.get(&format!("/audit?after={}", i64::MAX)).await;
    assert!(far.entries.is_empty());
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn hosts_that_cannot_be_trusted_or_do_not_know_orders_are_refused_at_once(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let person = Person::at(&fleet).await;
    let (old, revoked) = (Host::join(&fleet).await, Host::join(&fleet).await);
    let _stream = old.connect_with(&fleet, &["process"]).await;
    let revoked_id = analysis::identity::AgentId(revoked.id);
    agents::revoke(&db, revoked_id, "sold", fleet.app.now())
        .await
        .unwrap();
    let cloned = Host::join(&fleet).await;
    let _other = cloned.connect(&fleet).await;
    sqlx::query("update agent_stream set clone_suspected_at = now() where agent_id = $1")
        .bind(cloned.id)
        .execute(&db)
        .await
        .unwrap();
    for (host, expected) in [
        (old.id, Refusal::NotSupported),
        (revoked.id, Refusal::NotTrusted),
        (cloned.id, Refusal::NotTrusted),
    ] {
        let inquiry = person.ask_with(&[host], json!({ "wait_s": 60 })).await;
        let OrderState::Ended { outcome, .. } = &inquiry.orders[0].state else {
            panic!("asked: {inquiry:?}");
        };
        match outcome {
            Outcome::Refused { by, reason, .. } => {
                assert_eq!((*by, *reason), (Refuser::Server, expected));
            }
            other => panic!("not refused: {other:?}"),
        }
        assert_eq!(person.inquiry(&inquiry).await, inquiry);
    }
    let labelled = person
        .ask_with(&[], json!({ "labels": { "site": "lab" } }))
        .await;
    assert_eq!(labelled.orders.len(), 2, "not the revoked one");
    let refused = person.audit().await;
    let refused = refused
        .iter()
        .filter(|entry| entry.action == "order-refused" && entry.actor == "server");
    assert_eq!(refused.count(), 5);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_account_cannot_ask_without_end(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let host = Host::join(&fleet).await;
    sqlx::query(
        r#"insert into agent (agent_id, host_name, machine_id, labels, enrolled_at, key_sha256,
            certificate_serial, certificate_expires_at)
        select gen_random_uuid(), 'web-' || n, '', '{"site": "big"}', now(), sha256(n::text::bytea),
            n::text, now() from generate_series(1, 1000) n"#,
    )
    .execute(&db)
    .await
    .unwrap();
    let (one, other) = (Person::at(&fleet).await, Person::at(&fleet).await);
    let all = question(&[], json!({ "labels": { "site": "big" } }));
    let inquiry: Inquiry = one.post("/inquiries", &all).await.unwrap();
    assert_eq!(inquiry.orders.len(), MOST_HOSTS);
    let problem = one.refused(&all).await;
    assert_eq!(
        (problem.status, problem.kind.as_str()),
        (429, "too-many-orders")
    );
    assert_eq!(one.inquiry(&inquiry).await, inquiry);
    assert_eq!(one.audit().await.len(), 1_000, "a page of it");
    other.ask(&[host.id]).await;
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_without_the_key_gives_no_orders_and_does_all_else(db: PgPool) {
    let first = Fleet::start(db.clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut other = config();
    other.orders.key_file = Some(folder.path().join("order-key.pem"));
    let keyless = Fleet::start_with(db, other).await;
    assert!(
        !folder.path().join("order-key.pem").exists(),
        "none is made"
    );
    let host = Host::join(&first).await;
    let person = Person::at(&keyless).await;
    let body = question(&[host.id], json!({}));
    let problem = person.refused(&body).await;
    assert_eq!(
        (problem.status, problem.kind.as_str()),
        (503, "orders-unavailable")
    );
    assert!(problem.hint.unwrap().contains("copy the file"));
    // The streams of its agents carry what others sign.
    let mut stream = host.connect(&keyless).await;
    Person::at(&first).await.ask(&[host.id]).await;
    host.verified(&stream.wire_order().await);
    first.stop().await;
    keyless.stop().await;
}
