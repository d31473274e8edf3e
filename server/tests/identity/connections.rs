//! The agents' listener lets nobody through but agents.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use analysis::identity::AgentId;
use chrono::{TimeDelta, Utc};
use proto::v1::agent_stream_client::AgentStreamClient;
use proto::v1::agent_stream_server::{AgentStream, AgentStreamServer};
use proto::v1::{FromAgent, FromServer, RenewRequest, RenewResponse};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use server::config::PublicName;
use server::db::agents::{self, NewAgent};
use server::identity::authority::Authority;
use server::identity::certificate::Validity;
use server::identity::key::{AgentKey, Sha256};
use server::identity::peer::AgentIdentity;
use server::identity::tls::{self, ServerCertificate};
use server::listen::Door;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::certificates::{
    Credentials, client_params, client_tls, foreign_issuer, issuer, signing_request_der, uri,
};
use crate::fleet::{agent, config};

#[sqlx::test(migrations = "../migrations")]
async fn only_a_live_certificate_of_ours_reaches_a_handler(db: PgPool) {
    let listener = Listener::start(db.clone()).await;
    let ours = issuer(&db).await;
    let id = listener.agent_row().await;
    let name = format!("spiffe://aiops/agent/{id}");
    let mut both_usages = client_params(vec![uri(&name)]);
    both_usages
        .extended_key_usages
        .push(ExtendedKeyUsagePurpose::ServerAuth);
    let capitals = format!("spiffe://aiops/agent/{}", id.to_string().to_uppercase());
    let our = |names| Credentials::signed(&client_params(names), &ours);
    let revoked = listener.agent_row().await;
    agents::revoke(&db, revoked, "sold", Utc::now())
        .await
        .unwrap();

    let refused: Vec<(&str, Option<Credentials>)> = vec![
        ("no certificate", None),
        (
            "foreign authority",
            Some(Credentials::signed(
                &client_params(vec![uri(&name)]),
                &foreign_issuer(),
            )),
        ),
        ("expired", Some(listener.certificate(id, -8, -1))),
        ("not valid yet", Some(listener.certificate(id, 1, 8))),
        ("revoked", Some(listener.certificate(revoked, -1, 7))),
        (
            "never joined",
            Some(listener.certificate(AgentId(Uuid::new_v4()), -1, 7)),
        ),
        ("our server's own", Some(listener.server_certificate())),
        (
            "good for being a server too",
            Some(Credentials::signed(&both_usages, &ours)),
        ),
        ("no name", Some(our(vec![]))),
        ("two names", Some(our(vec![uri(&name), uri(&name)]))),
        (
            "another trust domain",
            Some(our(vec![uri(&name.replace("aiops", "other"))])),
        ),
        (
            "not an agent",
            Some(our(vec![uri("spiffe://aiops/server/1")])),
        ),
        ("another spelling", Some(our(vec![uri(&capitals)]))),
    ];
    for (what, credentials) in refused {
        assert!(
            listener.call(credentials).await.is_err(),
            "{what} was let in"
        );
    }
    assert_eq!(listener.calls(), 0, "a handler ran");

    let answer = listener
        .call(Some(listener.certificate(id, -1, 7)))
        .await
        .unwrap();
    assert_eq!(answer, id.to_string(), "the handler sees who calls");
    assert_eq!(listener.calls(), 1);
    listener.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_agent_cannot_connect_again(db: PgPool) {
    let listener = Listener::start(db.clone()).await;
    let id = listener.agent_row().await;
    assert!(
        listener
            .call(Some(listener.certificate(id, -1, 7)))
            .await
            .is_ok()
    );

    assert!(agents::revoke(&db, id, "sold", Utc::now()).await.unwrap());
    assert!(!agents::revoke(&db, id, "again", Utc::now()).await.unwrap());

    assert!(
        listener
            .call(Some(listener.certificate(id, -1, 7)))
            .await
            .is_err()
    );
    assert_eq!(listener.calls(), 1);
    listener.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_agent_has_at_most_eight_connections(db: PgPool) {
    let listener = Listener::start(db.clone()).await;
    let (greedy, modest) = (listener.agent_row().await, listener.agent_row().await);
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut client = listener.connect(greedy).await.unwrap();
        client.renew(RenewRequest::default()).await.unwrap();
        open.push(client);
    }
    let call = |id| listener.call(Some(listener.certificate(id, -1, 7)));
    assert!(call(greedy).await.is_err());
    assert!(call(modest).await.is_ok(), "its places are its own");
    drop(open);
    let again = async { while call(greedy).await.is_err() {} };
    let again = tokio::time::timeout(std::time::Duration::from_secs(10), again);
    again.await.expect("a closed connection is a free place");
    listener.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn servers_that_start_at_once_are_one_authority(db: PgPool) {
    let starts = (0..8).map(|_| Authority::open(&db, Utc::now()));
    let opened = futures_util::future::try_join_all(starts).await.unwrap();
    for authority in &opened {
        assert_eq!(authority.pin(), opened[0].pin());
        assert_eq!(authority.bundle_pem(), opened[0].bundle_pem());
    }
}

/// The agents' listener with a service that counts its calls.
struct Listener {
    db: PgPool,
    authority: Authority,
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Listener {
    async fn start(db: PgPool) -> Self {
        let authority = Authority::open(&db, Utc::now()).await.unwrap();
        let certificate = ServerCertificate::new(&config(), &authority, Utc::now()).unwrap();
        let tls = tls::for_agents(Arc::new(certificate), &authority).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door::new("agents", listener, tls, (4, 16), Arc::default());
        let calls = Arc::new(AtomicUsize::new(0));
        let routes = Routes::new(AgentStreamServer::new(Counting(Arc::clone(&calls))));
        let stop = CancellationToken::new();
        let serving =
            server::listen::agents::serve(door, routes, db.clone(), Arc::default(), stop.clone());
        let serving = tokio::spawn(serving);
        Self {
            db,
            authority,
            address,
            calls,
            stop,
            serving,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Calls a method; what it answers is the agent id that the handler saw.
    async fn call(&self, credentials: Option<Credentials>) -> Result<String, String> {
        let tls = client_tls(self.authority.bundle_pem(), credentials);
        let mut client = agent(self.address, tls)
            .await
            .map_err(|error| error.to_string())?;
        let answer = client.renew(RenewRequest::default()).await;
        let answer = answer.map_err(|status| status.to_string())?;
        Ok(answer.into_inner().certificate_pem)
    }

    async fn connect(
        &self,
        id: AgentId,
    ) -> Result<AgentStreamClient<Channel>, tonic::transport::Error> {
        let credentials = self.certificate(id, -1, 7);
        let tls = client_tls(self.authority.bundle_pem(), Some(credentials));
        agent(self.address, tls).await
    }

    /// A host that joined.
    async fn agent_row(&self) -> AgentId {
        let id = AgentId(Uuid::new_v4());
        let new = NewAgent {
            agent_id: id,
            host_name: "h",
            machine_id: "",
            labels: &Default::default(),
            key_sha256: Sha256::of(id.0.as_bytes()),
            token_sha256: Sha256::of(id.0.as_bytes()),
        };
        let key = AgentKey::from_request_der(&signing_request_der(&KeyPair::generate().unwrap()));
        let validity = Validity::starting(Utc::now(), TimeDelta::days(7));
        let issued = self
            .authority
            .issue_agent(id, &key.unwrap(), validity)
            .unwrap();
        let mut connection = self.db.acquire().await.unwrap();
        agents::insert(&mut connection, &new, &issued, Utc::now())
            .await
            .unwrap();
        id
    }

    /// A certificate that our authority gave out, valid between so many days from now.
    fn certificate(&self, id: AgentId, from_days: i64, until_days: i64) -> Credentials {
        let key = KeyPair::generate().unwrap();
        let proven = AgentKey::from_request_der(&signing_request_der(&key)).unwrap();
        let validity = Validity {
            from: Utc::now() + TimeDelta::days(from_days),
            until: Utc::now() + TimeDelta::days(until_days),
        };
        let issued = self.authority.issue_agent(id, &proven, validity).unwrap();
        Credentials::new(&issued.pem, &key)
    }

    /// What a stolen server key would be.
    fn server_certificate(&self) -> Credentials {
        let names = [PublicName::try_from("localhost".to_owned()).unwrap()];
        let validity = Validity::starting(Utc::now(), TimeDelta::days(1));
        let issued = self.authority.issue_server(&names, validity).unwrap();
        Credentials::of_server(issued)
    }
}

struct Counting(Arc<AtomicUsize>);

#[tonic::async_trait]
impl AgentStream for Counting {
    type StreamStream = tokio_stream::Pending<Result<FromServer, Status>>;

    async fn stream(
        &self,
        _request: Request<Streaming<FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(Status::unimplemented("counts only"))
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let identity = request.extensions().get::<AgentIdentity>().unwrap();
        Ok(Response::new(RenewResponse {
            certificate_pem: identity.agent_id.to_string(),
            ca_bundle_pem: String::new(),
            order_keys: Vec::new(),
        }))
    }
}
