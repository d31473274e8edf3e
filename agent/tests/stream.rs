//! An agent and its stream: a real agent, real TLS, a real spool.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{fs, sync::Arc};

use agent::{
    identity::{Credentials, Identity},
    orders::keys::OrderKeys,
    state_dir::StateDir,
    status::Connection,
};
use analysis::event::Fact;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use support::{
    Running,
    authority::{Authority, Life, serial},
    joined, quiet, soon,
    stream::{RENEWED_KEY, Stored, StreamServer},
};

fn starts(stored: &Stored) -> usize {
    stored
        .events
        .iter()
        .filter(|event| matches!(event.fact, Fact::AgentStarted(_)))
        .count()
}

#[tokio::test]
async fn what_an_agent_says_is_stored_once_and_it_says_goodbye() {
    let authority = Arc::new(Authority::new());
    let server = StreamServer::start(Arc::clone(&authority)).await;
    let root = tempfile::tempdir().unwrap();
    joined(
        root.path(),
        &authority,
        Life::WEEK,
        vec![server.address.clone()],
    );

    let agent = Running::start(quiet(root.path()));
    let stored = server
        .until("the start is stored", |stored| starts(stored) == 1)
        .await;
    let host = stored.hellos[0].host.clone().unwrap();
    assert_eq!(host.host_name, "h1");
    agent.stop().await;

    let stored = server
        .until("goodbye", |stored| !stored.goodbyes.is_empty())
        .await;
    assert_eq!(stored.goodbyes, ["agent-stopped"]);

    let again = Running::start(quiet(root.path()));
    server
        .until("the second start", |stored| starts(stored) == 2)
        .await;
    again.stop().await;
}

#[tokio::test]
async fn a_stream_that_breaks_is_opened_again_and_nothing_is_stored_twice() {
    let authority = Arc::new(Authority::new());
    let server = StreamServer::start(Arc::clone(&authority)).await;
    let root = tempfile::tempdir().unwrap();
    joined(
        root.path(),
        &authority,
        Life::WEEK,
        vec![server.address.clone()],
    );
    let agent = Running::start(quiet(root.path()));
    server
        .until("the start is stored", |stored| starts(stored) == 1)
        .await;

    server.cut_streams();
    let after = server
        .until("a second stream", |stored| stored.hellos.len() == 2)
        .await;
    agent.stop().await;

    assert_eq!(after.hellos[1].epoch, 1);
    assert_eq!(starts(&server.stored.borrow()), 1);
}

#[tokio::test]
async fn while_no_server_answers_events_wait_in_the_spool() {
    let authority = Arc::new(Authority::new());
    let root = tempfile::tempdir().unwrap();
    // Nobody listens there.
    joined(
        root.path(),
        &authority,
        Life::WEEK,
        vec!["localhost:1".into()],
    );
    let agent = Running::start(quiet(root.path()));
    agent.stop().await;

    let server = StreamServer::start(Arc::clone(&authority)).await;
    joined(
        root.path(),
        &authority,
        Life::WEEK,
        vec![server.address.clone()],
    );
    let agent = Running::start(quiet(root.path()));
    server
        .until("both starts are stored", |stored| starts(stored) == 2)
        .await;
    agent.stop().await;
}

#[tokio::test]
async fn a_server_of_another_authority_hears_nothing() {
    let authority = Arc::new(Authority::new());
    let impostor = StreamServer::start(Arc::new(Authority::new())).await;
    let root = tempfile::tempdir().unwrap();
    joined(
        root.path(),
        &authority,
        Life::WEEK,
        vec![impostor.address.clone()],
    );

    let agent = Running::start(quiet(root.path()));
    let reason = soon("the agent is refused", async {
        loop {
            if let Connection::Offline { reason, .. } = agent.board.status().connection {
                break reason;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    agent.stop().await;

    assert!(reason.contains("certificate"), "{reason}");
    assert!(impostor.stored.borrow().hellos.is_empty());
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_the_next_stream_shows_it() {
    let authority = Arc::new(Authority::new());
    let server = StreamServer::start(Arc::clone(&authority)).await;
    let root = tempfile::tempdir().unwrap();
    joined(
        root.path(),
        &authority,
        Life::DUE,
        vec![server.address.clone()],
    );
    let state = StateDir::at(root.path());
    let old = Identity::load(&state).unwrap().credentials();
    let old_serial = serial_of(&old);

    let agent = Running::start(quiet(root.path()));
    let stored = server
        .until("a stream with the new certificate", |stored| {
            stored
                .serials
                .last()
                .is_some_and(|serial| *serial != old_serial)
        })
        .await;
    agent.stop().await;

    assert_eq!(stored.renewals, 1);
    // This host joined before there were orders: it has no keys yet, and takes these.
    let keys = OrderKeys::read(&state).unwrap();
    assert_eq!(keys, Some(OrderKeys::new([RENEWED_KEY])));
    let new = Identity::load(&state).unwrap().credentials();
    assert!(new.expires_at > old.expires_at);
}

#[tokio::test]
async fn damaged_order_keys_do_not_keep_a_certificate_from_being_renewed() {
    let authority = Arc::new(Authority::new());
    let server = StreamServer::start(Arc::clone(&authority)).await;
    let root = tempfile::tempdir().unwrap();
    joined(
        root.path(),
        &authority,
        Life::DUE,
        vec![server.address.clone()],
    );
    let state = StateDir::at(root.path());
    let keys = root.path().join("order-keys.json");
    fs::write(&keys, "{").unwrap();
    let old_serial = serial_of(&Identity::load(&state).unwrap().credentials());

    let agent = Running::start(quiet(root.path()));
    let stored = server
        .until("a stream with the new certificate", |stored| {
            stored
                .serials
                .last()
                .is_some_and(|serial| *serial != old_serial)
        })
        .await;
    agent.stop().await;
    assert_eq!(stored.renewals, 1);
    assert_eq!(fs::read_to_string(&keys).unwrap(), "{");
}

fn serial_of(credentials: &Credentials) -> Vec<u8> {
    let pem = credentials.certificate_pem.as_bytes();
    serial(&CertificateDer::from_pem_slice(pem).unwrap())
}
