//! How certificates are renewed: agents', and the server's own.

use std::sync::Arc;

use analysis::identity::AgentId;
use chrono::{TimeDelta, Utc};
use proto::enrolment::{EnrolResponse, RENEW_PATH, RenewRequest};
use rcgen::KeyPair;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use server::db::agents;
use server::identity::authority::Authority;
use server::identity::certificate::Validity;
use server::identity::key::AgentKey;
use server::identity::peer::AgentIdentity;
use server::identity::tls::{self, ServerCertificate};
use sqlx::PgPool;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{
    Credentials, client_params, client_tls, foreign_issuer, joined, signing_request,
    signing_request_der, uri,
};
use crate::fleet::{Fleet, agent, config, connect};

#[sqlx::test(migrations = "../migrations")]
async fn an_agent_renews_and_both_certificates_are_good(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let (answer, key) = join(&fleet).await;
    let bundle = &answer.ca_bundle_pem;
    let tls = client_tls(bundle, Some(joined(&answer, &key)));
    let mut client = agent(fleet.app.addresses.agents, tls).await.unwrap();
    let request = || proto::v1::RenewRequest {
        csr_der: signing_request_der(&key).into(),
    };
    let renewed = client.renew(request()).await.unwrap().into_inner();

    let old = identity(&answer.certificate_pem);
    let new = identity(&renewed.certificate_pem);
    assert_eq!(
        (new.agent_id, new.key_sha256),
        (old.agent_id, old.key_sha256)
    );
    assert_ne!(new.serial, old.serial);
    let noted: String = sqlx::query_scalar("select certificate_serial from agent")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(noted, new.serial);
    // The answer may have been lost: the old certificate must go on to work.
    for certificate in [&answer.certificate_pem, &renewed.certificate_pem] {
        let tls = client_tls(bundle, Some(Credentials::new(certificate, &key)));
        let mut client = agent(fleet.app.addresses.agents, tls).await.unwrap();
        client.renew(request()).await.unwrap();
    }
    drop(client);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_certificate_is_renewed_for_its_own_key_and_a_live_agent_only(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let (answer, key) = join(&fleet).await;
    let tls = client_tls(&answer.ca_bundle_pem, Some(joined(&answer, &key)));
    let mut client = agent(fleet.app.addresses.agents, tls).await.unwrap();
    let other = KeyPair::generate().unwrap();
    let mut renew = async |key: &KeyPair| {
        let csr_der = signing_request_der(key).into();
        client
            .renew(proto::v1::RenewRequest { csr_der })
            .await
            .map_err(|status| status.code())
    };
    let denied = Some(tonic::Code::PermissionDenied);
    assert_eq!(renew(&other).await.err(), denied);
    assert!(renew(&key).await.is_ok());
    agents::revoke(&db, AgentId(answer.agent_id), "sold", Utc::now())
        .await
        .unwrap();
    assert_eq!(
        renew(&key).await.err(),
        denied,
        "on a connection from before"
    );
    drop(client);
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_host_that_was_off_renews_its_expired_certificate(db: PgPool) {
    let fleet = Fleet::start(db.clone()).await;
    let (answer, key) = join(&fleet).await;
    let id = AgentId(answer.agent_id);
    let expired = expired(&fleet, id, &key, 29);

    let renewed = renew_expired(&fleet, &expired, &key).await.unwrap();
    assert_eq!(renewed.agent_id, answer.agent_id);
    assert!(identity(&renewed.certificate_pem).expires_at > Utc::now());

    let long = renew_expired(&fleet, &self::expired(&fleet, id, &key, 31), &key).await;
    assert_eq!(long.unwrap_err().kind, "certificate-long-expired");
    let thief = KeyPair::generate().unwrap();
    let stolen = renew_expired(&fleet, &expired, &thief).await;
    assert_eq!(
        stolen.unwrap_err().kind,
        "key-other",
        "the certificate alone proves nothing"
    );
    let forged = renew_expired(&fleet, &forged(id, &key), &key).await;
    assert_eq!(forged.unwrap_err().kind, "certificate-foreign");
    agents::revoke(&db, id, "sold", Utc::now()).await.unwrap();
    let revoked = renew_expired(&fleet, &expired, &key).await;
    assert_eq!(revoked.unwrap_err().kind, "agent-not-active");
    fleet.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_server_renews_its_certificate_while_connections_go_on(db: PgPool) {
    // The clients' clock is real, so the server's first certificate is from the past.
    let now = Utc::now();
    let half_a_life_ago = now - TimeDelta::days(15);
    let authority = Authority::open(&db, now).await.unwrap();
    let first = ServerCertificate::new(&config(), &authority, half_a_life_ago).unwrap();
    let certificate = Arc::new(first);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls::for_people(Arc::clone(&certificate)).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let shown = async || {
        let client = connect(address, client_tls(authority.bundle_pem(), None));
        let server = async {
            let (connection, _) = listener.accept().await.unwrap();
            acceptor.accept(connection).await.unwrap()
        };
        let (client, server) = tokio::join!(client, server);
        let client = client.unwrap();
        let leaf = client.get_ref().1.peer_certificates().unwrap()[0].clone();
        (leaf, client, server)
    };
    let (first, mut client, mut server) = shown().await;
    let before = now - TimeDelta::seconds(1);
    assert!(!certificate.renew_if_due(&authority, before).unwrap());
    assert_eq!(shown().await.0, first);
    assert!(certificate.renew_if_due(&authority, now).unwrap());
    assert_ne!(shown().await.0, first);

    tokio::io::AsyncWriteExt::write_all(&mut server, b"still")
        .await
        .unwrap();
    let mut read = [0; 5];
    client.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"still");
}

async fn join(fleet: &Fleet) -> (EnrolResponse, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let answer = fleet.join(&fleet.token(1).await, &key).await.unwrap();
    (answer, key)
}

async fn renew_expired(
    fleet: &Fleet,
    certificate_pem: &str,
    key: &KeyPair,
) -> Result<EnrolResponse, analysis::fleet::Problem> {
    let request = RenewRequest {
        certificate_pem: certificate_pem.to_owned(),
        csr_pem: signing_request(key),
    };
    fleet.post(RENEW_PATH, &request).await
}

/// The certificate of an agent that expired so many days ago.
fn expired(fleet: &Fleet, id: AgentId, key: &KeyPair, days: i64) -> String {
    let proven = AgentKey::from_request_der(&signing_request_der(key)).unwrap();
    let until = Utc::now() - TimeDelta::days(days);
    let validity = Validity {
        from: until - TimeDelta::days(7),
        until,
    };
    fleet
        .app
        .authority
        .issue_agent(id, &proven, validity)
        .unwrap()
        .pem
}

/// The same by somebody who is not our authority.
fn forged(id: AgentId, key: &KeyPair) -> String {
    let params = client_params(vec![uri(&format!("spiffe://aiops/agent/{id}"))]);
    params.signed_by(key, &foreign_issuer()).unwrap().pem()
}

fn identity(pem: &str) -> AgentIdentity {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    AgentIdentity::from_certificate(&der).unwrap()
}
