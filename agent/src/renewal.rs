//! Renews the certificate long before it expires, and also when that was missed.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use proto::{
    enrolment::{EnrolResponse, RENEW_PATH, RenewRequest},
    v1::{self, agent_stream_client::AgentStreamClient},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    https::{self, HttpsError},
    identity::{Credentials, Identity, IdentityError},
    orders::keys::OrderKeys,
    status::Board,
    tls::{self, TlsError},
    uplink::{ConnectError, backoff::unit_interval, connect::connect, whole},
};

const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Between two attempts, at least: a server that is down has other worries.
const SHORTEST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// The clock may be set while we wait: look at it at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(300);

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the server did not renew the certificate: {0}")]
    Refused(String),
    #[error("the server did not answer within {ANSWER_LIMIT:?}")]
    Slow,
    #[error(transparent)]
    Https(#[from] HttpsError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Keeps the certificate alive until `stop`.
pub struct Renewal {
    pub identity: Arc<Identity>,
    pub board: Board,
    /// Raised with every new certificate.
    pub renewed: watch::Sender<u64>,
    pub stop: CancellationToken,
}

impl Renewal {
    pub async fn run(self) {
        let mut due = moment_to_renew(&self.identity.credentials(), unit_interval());
        let mut failures = 0;
        loop {
            self.board.renew_at(due);
            let left = (due - Utc::now()).to_std().unwrap_or_default();
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
            }
            if Utc::now() < due {
                continue;
            }
            let outcome = tokio::select! {
                () = self.stop.cancelled() => return,
                outcome = renew(&self.identity) => outcome,
            };
            match outcome {
                Ok(()) => {
                    failures = 0;
                    let credentials = self.identity.credentials();
                    info!(expires_at = %credentials.expires_at, "certificate renewed");
                    self.renewed.send_modify(|number| *number += 1);
                    due = moment_to_renew(&credentials, unit_interval());
                }
                Err(reason) => {
                    failures += 1;
                    self.tell(&reason);
                    due = Utc::now() + wait_after(failures, unit_interval());
                }
            }
        }
    }

    fn tell(&self, reason: &RenewalError) {
        let expires_at = self.identity.credentials().expires_at;
        let reason = whole(reason);
        if expires_at < Utc::now() {
            error!(%expires_at, "the certificate has expired and is not renewed: {reason}");
        } else {
            warn!(%expires_at, "certificate not renewed yet: {reason}");
        }
    }
}

/// Gets a new certificate: over the stream's listener, or, where the present one has expired and
/// opens no door there, over HTTPS with a signature by its key.
///
/// # Errors
///
/// [`RenewalError`]; the present certificate stays in use.
pub async fn renew(identity: &Identity) -> Result<(), RenewalError> {
    let expired = identity.credentials().expires_at <= Utc::now();
    let answer = if expired {
        over_https(identity).await?
    } else {
        over_grpc(identity).await?
    };
    identity.replace(answer.certificate_pem, answer.ca_bundle_pem)?;
    pin(identity, &answer.order_keys);
    Ok(())
}

/// The certificate is renewed whether or not this works: without keys the host only takes no
/// orders.
fn pin(identity: &Identity, keys: &OrderKeys) {
    match identity.pin(keys) {
        Ok(true) => info!("the keys that sign orders are known, and stay"),
        Ok(false) => {}
        Err(reason) => {
            let reason = whole(&reason);
            error!("this host takes no orders until it joins anew: {reason}");
        }
    }
}

/// What a renewal brings.
struct Renewed {
    certificate_pem: String,
    ca_bundle_pem: String,
    order_keys: OrderKeys,
}

async fn over_grpc(identity: &Identity) -> Result<Renewed, RenewalError> {
    let csr = identity.signing_request()?;
    let mut last = RenewalError::Refused("it named no address".into());
    for address in &identity.enrolment.stream_addresses {
        match ask(address, identity, csr.der()).await {
            Ok(answer) => {
                return Ok(Renewed {
                    order_keys: OrderKeys::new(&answer.order_keys),
                    certificate_pem: answer.certificate_pem,
                    ca_bundle_pem: answer.ca_bundle_pem,
                });
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn ask(
    address: &str,
    identity: &Identity,
    csr_der: &[u8],
) -> Result<v1::RenewResponse, RenewalError> {
    let connected = connect(address, Arc::clone(&identity.credentials().tls)).await?;
    let mut client = AgentStreamClient::new(connected.channel);
    let request = v1::RenewRequest {
        csr_der: csr_der.to_vec().into(),
    };
    match tokio::time::timeout(ANSWER_LIMIT, client.renew(request)).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => Err(RenewalError::Refused(status.message().to_owned())),
        Err(_) => Err(RenewalError::Slow),
    }
}

async fn over_https(identity: &Identity) -> Result<Renewed, RenewalError> {
    let credentials = identity.credentials();
    let request = RenewRequest {
        certificate_pem: credentials.certificate_pem.clone(),
        csr_pem: identity
            .signing_request()?
            .pem()
            .map_err(IdentityError::Key)?,
    };
    let config = tls::trusting(&credentials.ca_bundle_pem)?;
    let url = format!("{}{RENEW_PATH}", identity.enrolment.server);
    let answer: EnrolResponse = https::post(config, ANSWER_LIMIT, &url, &request).await?;
    Ok(Renewed {
        order_keys: OrderKeys::from_base64(&answer.order_keys),
        certificate_pem: answer.certificate_pem,
        ca_bundle_pem: answer.ca_bundle_pem,
    })
}

/// Between half and seven tenths of the certificate's life; `random` is from 0 to 1.
fn moment_to_renew(credentials: &Credentials, random: f64) -> analysis::Timestamp {
    let life = (credentials.expires_at - credentials.not_before).num_seconds() as f64;
    let share = 0.5 + 0.2 * random;
    credentials.not_before + TimeDelta::seconds((life * share) as i64)
}

fn wait_after(failures: u32, random: f64) -> Duration {
    let limit = LONGEST_WAIT.min(SHORTEST_WAIT.saturating_mul(1 << failures.min(10)));
    SHORTEST_WAIT + limit.mul_f64(random)
}
