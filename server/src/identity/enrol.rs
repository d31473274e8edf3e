//! How a host becomes an agent: the two calls that need no client certificate.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use analysis::fleet::is_of_host_name;
use analysis::identity::AgentId;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, RENEW_PATH};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::authority::IssuedCertificate;
use super::failure_limit::{FailureLimit, network};
use super::key::{AgentKey, Sha256};
use super::refusal::Refusal;
use super::renewal::{certify, note_certificate, renew_expired};
use crate::app::App;
use crate::db::agents::{self, NewAgent};
use crate::db::tokens;

/// A token, a signing request and two names are far below this. Unit: bytes.
const MAX_BODY_BYTES: usize = 24 * 1024;

/// Calls in flight; more are told to come again. Half of the connections to Postgres that people's
/// requests have by default: whoever floods this cannot keep them from their answers.
const IN_FLIGHT: usize = 4;

/// Refusals in a row that one address has before it is not listened to: mistakes of people.
const BURST: u32 = 20;
/// After those, one more try each this long.
const REFILL: Duration = Duration::from_secs(3);

/// The longest host name that Linux or DNS has.
const MAX_NAME_BYTES: usize = 253;

#[derive(Clone)]
struct Enrolment {
    app: App,
    refused: Arc<FailureLimit<IpAddr>>,
    in_flight: Arc<Semaphore>,
}

/// The routes for hosts that have no certificate, or only an expired one.
pub fn router(app: App) -> Router {
    let state = Enrolment {
        app,
        refused: Arc::new(FailureLimit::new(BURST, REFILL)),
        in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
    };
    Router::new()
        .route(ENROL_PATH, post(join))
        .route(RENEW_PATH, post(renew))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

type Answer = Result<axum::Json<EnrolResponse>, Refusal>;

async fn join(
    State(enrolment): State<Enrolment>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let app = enrolment.app.clone();
    let work = async move { enrol(&app, &read(body)?).await };
    enrolment.guarded("join", peer, work).await
}

async fn renew(
    State(enrolment): State<Enrolment>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let app = enrolment.app.clone();
    let work = async move { renew_expired(&app, &read(body)?).await };
    enrolment.guarded("renew", peer, work).await
}

impl Enrolment {
    /// Does `work` unless the address was refused too often or too much is in flight; counts and
    /// logs what became of it.
    async fn guarded(
        &self,
        call: &'static str,
        peer: SocketAddr,
        work: impl Future<Output = Result<EnrolResponse, Refusal>>,
    ) -> Answer {
        let outcome = if !self.refused.allows(&network(peer.ip()), Instant::now()) {
            Err(Refusal::TooManyRefused)
        } else {
            match self.in_flight.try_acquire() {
                Ok(_permit) => work.await,
                Err(_) => Err(Refusal::Busy),
            }
        };
        self.note(call, peer, outcome.as_ref().err());
        outcome.map(axum::Json)
    }

    fn note(&self, call: &'static str, peer: SocketAddr, refusal: Option<&Refusal>) {
        let kind = refusal.map_or("accepted", Refusal::kind);
        self.app.metrics.identity.enrolment(kind);
        let Some(refusal) = refusal else { return };
        match refusal {
            Refusal::CannotIssue(cause) => error!(%peer, ?cause, "cannot {call} a host"),
            Refusal::Database(cause) => warn!(%peer, %cause, "cannot {call} a host"),
            // Anybody can have this said as often as they like.
            Refusal::TooManyRefused | Refusal::Busy => {
                debug!(%peer, kind, "refused to {call} a host: {refusal}");
            }
            _ => info!(%peer, kind, "refused to {call} a host: {refusal}"),
        }
        if refusal.status().is_client_error() && !matches!(refusal, Refusal::TooManyRefused) {
            self.refused.note(network(peer.ip()), Instant::now());
        }
    }
}

fn read<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Refusal> {
    let body = body.map_err(|error| Refusal::Malformed(error.body_text()))?;
    serde_json::from_slice(&body).map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Makes the host that asks an agent.
///
/// Asked again with the same token and the same key, it gives the same identity with a new
/// certificate and takes no further use of the token: the first answer may have been lost, and
/// only who holds the key can use the certificate.
///
/// # Errors
///
/// [`Refusal`], which is told to the host as it is.
pub async fn enrol(app: &App, request: &EnrolRequest) -> Result<EnrolResponse, Refusal> {
    check_names(request)?;
    let key = AgentKey::from_request_pem(&request.csr_pem)?;
    let token = Sha256::of(request.token.as_bytes());
    let mut transaction = app.db.begin().await?;
    // The lock makes a token with one use good for one host when two ask at once.
    let row = tokens::lock_join_token(&mut transaction, token).await?;
    let row = row.ok_or(Refusal::UnknownToken)?;
    if row.expires_at <= app.now() {
        return Err(Refusal::ExpiredToken);
    }
    let known = agents::enrolled(&mut *transaction, token, key.sha256).await?;
    let agent = known.unwrap_or_else(|| AgentId(Uuid::new_v4()));
    let certificate = certify(app, agent, &key)?;
    if known.is_some() {
        note_certificate(&mut *transaction, agent, key.sha256, &certificate).await?;
    } else if row.uses_left == 0 {
        return Err(Refusal::UsedUpToken);
    } else {
        let new = NewAgent {
            agent_id: agent,
            host_name: &request.host_name,
            machine_id: &request.machine_id,
            labels: &row.labels.0,
            key_sha256: key.sha256,
            token_sha256: token,
        };
        tokens::use_join_token(&mut transaction, token).await?;
        agents::insert(&mut transaction, &new, &certificate, app.now()).await?;
    }
    transaction.commit().await?;
    info!(%agent, host = request.host_name, again = known.is_some(), "host joined as agent {agent}");
    Ok(response(app, agent, certificate))
}

/// What a host needs to speak as `agent`.
pub(super) fn response(app: &App, agent: AgentId, certificate: IssuedCertificate) -> EnrolResponse {
    EnrolResponse {
        agent_id: agent.0,
        certificate_pem: certificate.pem,
        ca_bundle_pem: app.authority.bundle_pem().to_owned(),
        stream_addresses: app.stream_addresses(),
        order_keys: app
            .orders
            .trusted_keys()
            .map(|key| STANDARD.encode(key))
            .collect(),
    }
}

/// Names are shown in terminals and pages, and pasted into shells: what no host name has is refused
/// here already. A machine without a machine id has an empty one.
fn check_names(request: &EnrolRequest) -> Result<(), Refusal> {
    let fits = |name: &str| name.len() <= MAX_NAME_BYTES && name.chars().all(is_of_host_name);
    if request.host_name.is_empty() || !fits(&request.host_name) {
        let problem = format!(
            "host_name is not 1 to {MAX_NAME_BYTES} letters, digits, dots, hyphens and underscores"
        );
        return Err(Refusal::Malformed(problem));
    }
    if !fits(&request.machine_id) {
        return Err(Refusal::Malformed("machine_id is none".into()));
    }
    Ok(())
}
