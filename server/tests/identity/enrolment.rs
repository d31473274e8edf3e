//! How hosts join.

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use proto::enrolment::{ENROL_PATH, EnrolRequest};
use proto::v1::RenewRequest;
use rcgen::KeyPair;
use rustls_pki_types::pem::PemObject as _;
use server::db::agents;
use server::identity::enrol::enrol;
use server::identity::key::Sha256;
use server::identity::peer::AgentIdentity;
use sqlx::PgPool;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::certificates::{client_tls, joined, signing_request, signing_request_der};
use crate::fleet::{Fleet, agent, connect};

#[sqlx::test(migrations = "../migrations")]
async fn a_host_joins_and_speaks(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let key = KeyPair::generate().unwrap();
    let answer = fleet.join(&fleet.token(1).await, &key).await.unwrap();

    let labels: serde_json::Value = sqlx::query_scalar("select labels from agent")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(labels, serde_json::json!({"site": "lab"}), "from the token");
    let port = fleet.app.addresses.agents.port();
    assert!(answer.stream_addresses[0].ends_with(&format!(":{port}")));

    let tls = client_tls(&answer.ca_bundle_pem, Some(joined(&answer, &key)));
    let mut client = agent(fleet.app.addresses.agents, tls).await.unwrap();
    let csr_der = signing_request_der(&key).into();
    client.renew(RenewRequest { csr_der }).await.unwrap();
    drop(client);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn asking_again_gives_the_same_identity_and_takes_no_use(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let token = fleet.token(1).await;
    let key = KeyPair::generate().unwrap();
    let first = fleet.join(&token, &key).await.unwrap();
    // The only use is gone, and the first answer may have been lost.
    let again = fleet.join(&token, &key).await.unwrap();

    assert_eq!(first.agent_id, again.agent_id);
    let serial = |pem: &str| {
        let der = rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        AgentIdentity::from_certificate(&der).unwrap().serial
    };
    assert_ne!(
        serial(&first.certificate_pem),
        serial(&again.certificate_pem)
    );
    assert_eq!(agents_of(&db).await, 1);
    let other = fleet
        .join(&token, &KeyPair::generate().unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        other.kind, "join-token-used-up",
        "a replay by somebody else"
    );
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn tokens_that_are_no_good_are_refused_with_a_reason(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let good = fleet.token(1).await;
    let expired = fleet.token_from(1, Utc::now() - TimeDelta::hours(2)).await;
    let mut guessed = good.clone();
    guessed.pop();
    let cases = [
        (expired.as_str(), "join-token-expired"),
        (guessed.as_str(), "join-token-unknown"),
        ("", "join-token-unknown"),
        ("aiops_join_", "join-token-unknown"),
    ];
    for (token, kind) in cases {
        let problem = fleet
            .join(token, &KeyPair::generate().unwrap())
            .await
            .unwrap_err();
        assert_eq!((problem.kind.as_str(), problem.status), (kind, 403));
        assert!(problem.hint.unwrap().contains("aiops host add"), "{kind}");
    }
    assert_eq!(agents_of(&db).await, 0);

    let key = KeyPair::generate().unwrap();
    let answer = fleet.join(&good, &key).await.unwrap();
    let id = analysis::identity::AgentId(answer.agent_id);
    agents::revoke(&db, id, "sold", Utc::now()).await.unwrap();
    let problem = fleet.join(&good, &key).await.unwrap_err();
    assert_eq!(
        problem.kind, "agent-not-active",
        "a revoked host does not come back by its token"
    );
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_with_one_use_makes_one_identity_when_many_ask_at_once(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let token = fleet.token(1).await;
    let requests: Vec<_> = (0..12)
        .map(|_| EnrolRequest {
            token: token.clone(),
            csr_pem: signing_request(&KeyPair::generate().unwrap()),
            host_name: "db-1".into(),
            machine_id: String::new(),
        })
        .collect();
    // Not over HTTPS: the handshakes would spread them out, so that they hardly ever meet.
    let answers = join_all(requests.iter().map(|request| enrol(&fleet.app, request))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refusal in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.kind(), "join-token-used-up");
    }
    assert_eq!(agents_of(&db).await, 1);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_that_cannot_be_read_are_refused(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let good = EnrolRequest {
        token: fleet.token(1).await,
        csr_pem: signing_request(&KeyPair::generate().unwrap()),
        host_name: "db-1".into(),
        machine_id: String::new(),
    };
    let cases = [
        (
            EnrolRequest {
                csr_pem: "x".into(),
                ..good.clone()
            },
            "signing-request-malformed",
        ),
        (
            EnrolRequest {
                host_name: String::new(),
                ..good.clone()
            },
            "request-malformed",
        ),
        (
            EnrolRequest {
                host_name: "a\u{1b}[31m".into(),
                ..good.clone()
            },
            "request-malformed",
        ),
        (
            EnrolRequest {
                machine_id: "x".repeat(300),
                ..good.clone()
            },
            "request-malformed",
        ),
        (
            EnrolRequest {
                machine_id: "x".repeat(30_000),
                ..good.clone()
            },
            "request-malformed",
        ),
    ];
    for (request, kind) in cases {
        let problem = fleet.post(ENROL_PATH, &request).await.unwrap_err();
        assert_eq!((problem.kind.as_str(), problem.status), (kind, 400));
    }
    let problem = fleet.post(ENROL_PATH, &"not a request").await.unwrap_err();
    assert_eq!(problem.kind, "request-malformed");
    fleet.post(ENROL_PATH, &good).await.unwrap();
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_guesses_is_not_listened_to_any_more(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let key = KeyPair::generate().unwrap();
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "too-many-refused") {
        assert!(kinds.len() < 100, "never slowed down");
        let problem = fleet.join("aiops_join_guess", &key).await.unwrap_err();
        kinds.push(problem.kind);
    }
    assert!(kinds.len() > 10, "people mistype: {kinds:?}");
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_https_listener_shows_the_key_of_the_pin(db: PgPool) {
    let fleet = Fleet::start(db).await;
    let tls = client_tls(fleet.app.authority.bundle_pem(), None);
    let stream = connect(fleet.app.addresses.http, tls).await.unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    let (_, root) = X509Certificate::from_der(chain.last().unwrap()).unwrap();
    let pin = Sha256::of(root.public_key().raw).to_string();
    assert_eq!(pin, fleet.app.authority.pin());
    assert_eq!((chain.len(), pin.len()), (2, "sha256:".len() + 64));
    drop(stream);
    fleet.stop().await;
}

async fn agents_of(db: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from agent")
        .fetch_one(db)
        .await
        .unwrap()
}
