//! Why a host did not get what it asked for, and how it is told.

use analysis::fleet::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::certificate::CannotIssue;
use super::key::BadSigningRequest;

/// Why a call to join or to renew was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error(transparent)]
    BadSigningRequest(#[from] BadSigningRequest),
    #[error("there is no such join token")]
    UnknownToken,
    #[error("the join token has expired")]
    ExpiredToken,
    #[error("the join token has no uses left")]
    UsedUpToken,
    #[error("the certificate is not one of an agent of this server")]
    ForeignCertificate,
    #[error("the certificate expired too long ago")]
    LongExpired,
    #[error("the request is for another key than the certificate's")]
    OtherKey,
    #[error("the agent was revoked, or never joined this server")]
    NotActive,
    #[error("too many refused requests from this address")]
    TooManyRefused,
    #[error("too many hosts ask at once")]
    Busy,
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("the server could not make a certificate")]
    CannotIssue(#[from] CannotIssue),
}

impl Refusal {
    /// Stable name, for programs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "request-malformed",
            Self::BadSigningRequest(_) => "signing-request-malformed",
            Self::UnknownToken => "join-token-unknown",
            Self::ExpiredToken => "join-token-expired",
            Self::UsedUpToken => "join-token-used-up",
            Self::ForeignCertificate => "certificate-foreign",
            Self::LongExpired => "certificate-long-expired",
            Self::OtherKey => "key-other",
            Self::NotActive => "agent-not-active",
            Self::TooManyRefused => "too-many-refused",
            Self::Busy => "busy",
            Self::Database(_) => "database-unavailable",
            Self::CannotIssue(_) => "cannot-issue",
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::BadSigningRequest(_) => StatusCode::BAD_REQUEST,
            Self::UnknownToken
            | Self::ExpiredToken
            | Self::UsedUpToken
            | Self::ForeignCertificate
            | Self::LongExpired
            | Self::OtherKey
            | Self::NotActive => StatusCode::FORBIDDEN,
            Self::TooManyRefused => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::CannotIssue(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownToken | Self::ExpiredToken | Self::UsedUpToken => {
                Some("`aiops host add` prints a new join command")
            }
            Self::ForeignCertificate | Self::LongExpired | Self::OtherKey | Self::NotActive => {
                Some("the host has to join again: `aiops host add` prints the command")
            }
            Self::TooManyRefused | Self::Busy | Self::Database(_) => Some("try again later"),
            Self::Malformed(_) | Self::BadSigningRequest(_) | Self::CannotIssue(_) => None,
        }
    }

    /// How long the one who asks should wait. Unit: seconds. `None`: asking again is of no use.
    fn retry_after_s(&self) -> Option<u16> {
        match self {
            Self::TooManyRefused => Some(30),
            Self::Busy | Self::Database(_) => Some(2),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = Problem {
            kind: self.kind().to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: Some(self.to_string()),
            hint: self.hint().map(str::to_owned),
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
