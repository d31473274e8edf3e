//! A host joins: over real TLS, with servers that are wrong in every way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{cell::Cell, fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use agent::{
    identity::{Identity, IdentityError},
    join::{JoinError, JoinOptions, Joined, PATIENCE, Refusal, join},
    orders::{keys::OrderKeys, store::Store},
    state_dir::StateDir,
};
use proto::enrolment::EnrolRequest;
use rcgen::{CertificateSigningRequestParams, PublicKeyData};
use rustls_pki_types::{CertificateSigningRequestDer, pem::PemObject};
use support::{
    authority::Authority,
    enrolment::{EnrolmentServer, Faults},
};

fn options(server: &EnrolmentServer, pin: &str, state: &Path) -> JoinOptions {
    JoinOptions {
        server: server.address.clone(),
        token: "secret-token".into(),
        ca_pin: pin.parse().unwrap(),
        state_dir: state.to_owned(),
        host_name: Some("h1".into()),
        patience: PATIENCE,
    }
}

fn no_wait(refusal: &Refusal, _: Duration) {
    panic!("nothing to wait for: {refusal}");
}

#[tokio::test]
async fn a_host_that_joins_has_an_identity_that_nobody_else_can_read() {
    let authority = Arc::new(Authority::new());
    let server = EnrolmentServer::start(Arc::clone(&authority), Faults::default()).await;
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");

    let joined = join(&options(&server, &authority.pin(), &state), no_wait)
        .await
        .unwrap();

    assert!(matches!(joined, Joined::Anew(_)));
    let request: EnrolRequest = serde_json::from_str(&server.seen()[0]).unwrap();
    assert_eq!(
        (request.token.as_str(), request.host_name.as_str()),
        ("secret-token", "h1")
    );
    let directory = StateDir::at(&state);
    let identity = Identity::load(&directory).unwrap();
    assert_eq!(identity.enrolment.stream_addresses, ["localhost:9443"]);
    let keys = OrderKeys::read(&directory).unwrap();
    assert_eq!(keys, Some(OrderKeys::new([[1; 32]])));
    // By the server's clock: orders from now on are new to this host.
    let (orders, _) = Store::open(&directory, chrono::DateTime::UNIX_EPOCH);
    assert_eq!(orders.born_at(), Some(identity.credentials().not_before));
    for path in [
        directory.key(),
        directory.identity(),
        directory.certificate(),
    ] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    assert!(
        !fs::read_to_string(directory.identity())
            .unwrap()
            .contains("secret-token")
    );
}

#[tokio::test]
async fn a_server_of_another_authority_gets_no_token() {
    let server = EnrolmentServer::start(Arc::new(Authority::new()), Faults::default()).await;
    let root = tempfile::tempdir().unwrap();
    let pin = Authority::new().pin();

    let error = join(&options(&server, &pin, root.path()), no_wait)
        .await
        .unwrap_err();

    assert!(matches!(error, JoinError::PinMismatch(_)), "{error:?}");
    assert!(error.hint().is_some());
    assert_eq!(server.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_join_whose_answer_was_lost_is_repeated_with_the_same_key() {
    let authority = Arc::new(Authority::new());
    let faults = Faults {
        lose_answers: 1,
        ..Faults::default()
    };
    let server = EnrolmentServer::start(Arc::clone(&authority), faults).await;
    let root = tempfile::tempdir().unwrap();
    let options = options(&server, &authority.pin(), root.path());

    let lost = join(&options, no_wait).await.unwrap_err();
    assert!(matches!(lost, JoinError::Https(_)), "{lost:?}");
    join(&options, no_wait).await.unwrap();

    let keys: Vec<Vec<u8>> = server.seen().iter().map(|body| key_of(body)).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_the_person_is_told() {
    let authority = Arc::new(Authority::new());
    let root = tempfile::tempdir().unwrap();
    let told = Cell::new(0);
    let waits = |refusal: &Refusal, _: Duration| {
        assert_eq!(refusal.status, 503);
        told.set(told.get() + 1);
    };
    let busy_for = |busy| Faults {
        busy,
        ..Faults::default()
    };

    let server = EnrolmentServer::start(Arc::clone(&authority), busy_for(usize::MAX)).await;
    let impatient = JoinOptions {
        patience: Duration::from_secs(1),
        ..options(&server, &authority.pin(), root.path())
    };
    let error = join(&impatient, waits).await.unwrap_err();
    assert!(matches!(error, JoinError::Https(_)), "{error:?}");
    assert_eq!(
        server.seen().len(),
        told.get() + 1,
        "the last answer counts"
    );

    told.set(0);
    let server = EnrolmentServer::start(Arc::clone(&authority), busy_for(2)).await;
    join(&options(&server, &authority.pin(), root.path()), waits)
        .await
        .unwrap();
    assert_eq!((told.get(), server.seen().len()), (2, 3));
}

#[tokio::test]
async fn a_host_that_has_joined_sends_nothing_again() {
    let authority = Arc::new(Authority::new());
    let server = EnrolmentServer::start(Arc::clone(&authority), Faults::default()).await;
    let root = tempfile::tempdir().unwrap();
    let options = options(&server, &authority.pin(), root.path());
    join(&options, no_wait).await.unwrap();

    let again = join(&options, no_wait).await.unwrap();
    assert!(matches!(again, Joined::Before(_)));
    let elsewhere = JoinOptions {
        ca_pin: Authority::new().pin().parse().unwrap(),
        ..options.clone()
    };
    let error = join(&elsewhere, no_wait).await.unwrap_err();
    assert!(
        matches!(error, JoinError::JoinedElsewhere { .. }),
        "{error:?}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_without_the_pinned_authority_is_not_kept() {
    let authority = Arc::new(Authority::new());
    let faults = Faults {
        other_authority: true,
        ..Faults::default()
    };
    let server = EnrolmentServer::start(Arc::clone(&authority), faults).await;
    let root = tempfile::tempdir().unwrap();

    let error = join(&options(&server, &authority.pin(), root.path()), no_wait)
        .await
        .unwrap_err();

    assert!(
        matches!(error, JoinError::Identity(IdentityError::OtherAuthority)),
        "{error:?}"
    );
    assert!(!StateDir::at(root.path()).identity().exists());
}

fn key_of(body: &str) -> Vec<u8> {
    let request: EnrolRequest = serde_json::from_str(body).unwrap();
    let csr = CertificateSigningRequestDer::from_pem_slice(request.csr_pem.as_bytes()).unwrap();
    let csr = CertificateSigningRequestParams::from_der(&csr).unwrap();
    csr.public_key.der_bytes().to_vec()
}
