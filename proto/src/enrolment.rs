//! How a host becomes an agent: JSON over HTTPS, before it has a certificate.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Path of the call that turns a join token into an identity.
pub const ENROL_PATH: &str = "/enrol/v1";
/// Path of the call that renews a certificate which has expired already.
pub const RENEW_PATH: &str = "/enrol/v1/renew";

/// `POST` [`ENROL_PATH`]. Sent again with the same token and key, it gets the same identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The join token as `aiops host add` printed it.
    pub token: String,
    /// PKCS#10, self-signed with the agent's key. Its subject is ignored.
    pub csr_pem: String,
    pub host_name: String,
    pub machine_id: String,
}

/// `POST` [`RENEW_PATH`]: proves with the CSR's signature that it holds the certificate's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    pub certificate_pem: String,
    pub csr_pem: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolResponse {
    pub agent_id: Uuid,
    /// The agent's certificate, then the intermediates if there are any.
    pub certificate_pem: String,
    /// The roots that the agent trusts from now on.
    pub ca_bundle_pem: String,
    /// `host:port` of the agent listeners, in the order to try them.
    pub stream_addresses: Vec<String>,
    /// Public keys (Ed25519, base64) whose orders the agent obeys.
    #[serde(default)]
    pub order_keys: Vec<String>,
}
