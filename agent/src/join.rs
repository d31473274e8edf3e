//! `aiops-agent join`: turns a token into an identity.
//!
//! Nothing secret is sent before the server has proved the pinned authority. The key is made once
//! and kept, and the server gives one key one identity: a join whose answer was lost is repeated.

use std::{path::PathBuf, time::Duration};

use proto::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse};
use tokio::time::Instant;
use tracing::info;

pub use crate::https::Refusal;
use crate::{
    host_facts,
    https::{self, HttpsError},
    identity::{self, Credentials, Enrolment, IdentityError},
    orders::{keys::OrderKeys, store::Store},
    pin::CaPin,
    state_dir::{StateDir, StateDirError},
    tls::{self, TlsError},
    uplink::Backoff,
};

const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// HTTP's "service unavailable": too much to do, or its database is away.
const BUSY: u16 = 503;
/// See [`JoinOptions::patience`]: somebody sits and waits, and a restart of the server is over by then.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What `join` is told.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    /// `https://host:8443`.
    pub server: String,
    pub token: String,
    pub ca_pin: CaPin,
    pub state_dir: PathBuf,
    /// `None`: the host's own name.
    pub host_name: Option<String>,
    /// A server that is busy is asked again for so long; then the join fails with what it said
    /// last.
    pub patience: Duration,
}

/// How a join went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    Anew(Enrolment),
    /// The host has that identity already; nothing was sent.
    Before(Enrolment),
}

/// Why the host did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("{0} is not the address of a server")]
    BadServer(String),
    #[error("this host has joined {server} already")]
    JoinedElsewhere { server: String, state_dir: PathBuf },
    #[error("the server at {0} does not belong to the pinned authority; no token was sent")]
    PinMismatch(String),
    #[error(transparent)]
    Https(#[from] HttpsError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    State(#[from] StateDirError),
    #[error(transparent)]
    Host(#[from] collect::CollectError),
}

impl JoinError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::BadServer(_) => Some("it looks like https://aiops.example:8443".into()),
            Self::JoinedElsewhere { state_dir, .. } => Some(format!(
                "to leave that server, stop the agent and move {} away",
                state_dir.display()
            )),
            Self::PinMismatch(_) => Some(
                "`aiops host add` prints the pin; if it is right, somebody answers in the \
                 server's place"
                    .into(),
            ),
            Self::Https(error) => error.hint(),
            Self::State(error) => error.hint().map(Into::into),
            Self::Identity(_) | Self::Tls(_) | Self::Host(_) => None,
        }
    }
}

/// Joins the host to a server, or finds that it has joined. While the server is too busy to answer
/// (503), asks again for as long as the options say; `waits` is told before each wait.
///
/// # Errors
///
/// [`JoinError`]; it is safe to try again.
pub async fn join(
    options: &JoinOptions,
    waits: impl Fn(&Refusal, Duration),
) -> Result<Joined, JoinError> {
    let server =
        https::base(&options.server).ok_or_else(|| JoinError::BadServer(options.server.clone()))?;
    let state = StateDir::open(&options.state_dir)?;
    if let Some(before) = identity::enrolment(&state)? {
        return if before.ca_pin == options.ca_pin.to_string() {
            Ok(Joined::Before(before))
        } else {
            let state_dir = options.state_dir.clone();
            Err(JoinError::JoinedElsewhere {
                server: before.server,
                state_dir,
            })
        };
    }
    let key = identity::key(&state)?;
    let host = host_facts::read()?;
    let request = EnrolRequest {
        token: options.token.clone(),
        csr_pem: identity::signing_request(&key)?
            .pem()
            .map_err(IdentityError::Key)?,
        host_name: options.host_name.clone().unwrap_or(host.host_name),
        machine_id: host.machine_id.unwrap_or_default(),
    };
    let answer = ask_patiently(&server, options, &request, waits).await?;
    let credentials = Credentials::new(&key, answer.certificate_pem, answer.ca_bundle_pem)?;
    if !credentials.include(options.ca_pin) {
        return Err(IdentityError::OtherAuthority.into());
    }
    let enrolment = Enrolment {
        agent_id: analysis::identity::AgentId(answer.agent_id),
        ca_pin: options.ca_pin.to_string(),
        stream_addresses: nearest_first(answer.stream_addresses, &server),
        server,
        host_name: options.host_name.clone(),
    };
    identity::store(&state, &credentials)?;
    OrderKeys::from_base64(&answer.order_keys).pin(&state)?;
    // By the server's clock, and nothing ran under this identity before.
    Store::bear(&state, credentials.not_before)?;
    // Last: where this file is, the others are.
    let json = serde_json::to_vec_pretty(&enrolment).expect("strings and an id are JSON");
    state.replace(&state.identity(), &json)?;
    info!(agent = %enrolment.agent_id, server = enrolment.server, "joined");
    Ok(Joined::Anew(enrolment))
}

/// The server names every address that it has; the one by which we reached it works from here.
fn nearest_first(mut addresses: Vec<String>, server: &str) -> Vec<String> {
    let host = |address: &str| address.rsplit_once(':').map(|(host, _)| host.to_owned());
    let reached = server.strip_prefix("https://").and_then(host);
    addresses.sort_by_key(|address| host(address) != reached);
    addresses
}

/// The server gives one key one identity, so that asking again is safe.
async fn ask_patiently(
    server: &str,
    options: &JoinOptions,
    request: &EnrolRequest,
    waits: impl Fn(&Refusal, Duration),
) -> Result<EnrolResponse, JoinError> {
    let give_up = Instant::now() + options.patience;
    let mut backoff = Backoff::default();
    loop {
        let busy = match ask(server, options.ca_pin, request).await {
            Err(JoinError::Https(HttpsError::Refused(busy))) if busy.status == BUSY => busy,
            other => return other,
        };
        let wait = backoff.next_wait();
        if Instant::now() + wait >= give_up {
            return Err(HttpsError::Refused(busy).into());
        }
        waits(&busy, wait);
        tokio::time::sleep(wait).await;
    }
}

async fn ask(server: &str, pin: CaPin, request: &EnrolRequest) -> Result<EnrolResponse, JoinError> {
    let (config, authority) = tls::pinned(pin)?;
    let url = format!("{server}{ENROL_PATH}");
    https::post(config, ANSWER_LIMIT, &url, request)
        .await
        .map_err(|error| {
            if authority.saw_mismatch() {
                JoinError::PinMismatch(server.to_owned())
            } else {
                error.into()
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_works_from_here_is_tried_first() {
        let addresses = ["localhost:9443", "10.0.0.1:9443", "10.0.0.2:9443"].map(str::to_owned);
        let sorted = nearest_first(addresses.to_vec(), "https://10.0.0.2:8443");
        assert_eq!(sorted, ["10.0.0.2:9443", "localhost:9443", "10.0.0.1:9443"]);
    }
}
