//! The two calls that an agent makes without a client certificate.

use std::time::Duration;

use analysis::fleet::Problem;
use serde::{Serialize, de::DeserializeOwned};

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why a call had no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    #[error("the server at {url} does not answer")]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the server refused: {0}")]
    Refused(Refusal),
    #[error("the answer of {url} cannot be understood")]
    Malformed {
        url: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a server says when it does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub text: String,
    pub hint: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (HTTP {})", self.text, self.status)
    }
}

impl HttpsError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.hint.clone(),
            Self::Unreachable { .. } => {
                Some("is the server running, and is its port open for this host?".into())
            }
            Self::Malformed { .. } => None,
        }
    }
}

/// The address of a server as we write it, `https://host:port`; a path is no part of it.
pub fn base(address: &str) -> Option<String> {
    let url = reqwest::Url::parse(address).ok()?;
    let plain = url.scheme() == "https" && url.path() == "/" && url.query().is_none();
    let host = url.host_str()?;
    plain.then(|| format!("https://{host}:{}", url.port().unwrap_or(443)))
}

/// Posts JSON and reads JSON.
///
/// # Errors
///
/// [`HttpsError`]: whatever is not an answer with a status of success.
pub async fn post<A: DeserializeOwned>(
    tls: rustls::ClientConfig,
    limit: Duration,
    url: &str,
    body: &impl Serialize,
) -> Result<A, HttpsError> {
    let unreachable = |source| HttpsError::Unreachable {
        url: url.to_owned(),
        source,
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        // What is sent is for this server alone.
        .redirect(reqwest::redirect::Policy::none())
        .timeout(limit)
        .build()
        .map_err(unreachable)?;
    let mut answer = client
        .post(url)
        .json(body)
        .send()
        .await
        .map_err(unreachable)?;
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    if !status.is_success() {
        return Err(HttpsError::Refused(refusal(status.as_u16(), &bytes)));
    }
    serde_json::from_slice(&bytes).map_err(|error| HttpsError::Malformed {
        url: url.to_owned(),
        source: error.into(),
    })
}

fn refusal(status: u16, body: &[u8]) -> Refusal {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Refusal {
            status,
            text: problem.detail.unwrap_or(problem.title),
            hint: problem.hint,
        },
        Err(_) => Refusal {
            status,
            text: "it gave no reason".into(),
            hint: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_name_a_server() {
        let cases = [
            ("https://a.example:8443", Some("https://a.example:8443")),
            ("https://10.77.0.1:8443/", Some("https://10.77.0.1:8443")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("https://a.example", Some("https://a.example:443")),
            ("http://a.example:8443", None),
            ("https://a.example/x", None),
            ("a.example:8443", None),
        ];
        for (address, expected) in cases {
            assert_eq!(base(address).as_deref(), expected, "{address}");
        }
    }
}
