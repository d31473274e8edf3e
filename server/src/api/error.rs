//! What can go wrong with a request, and how it is told (RFC 9457).

use std::time::Duration;

use analysis::fleet::Problem;
use analysis::people::Role;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::{error, warn};

use crate::identity::tokens::TokenError;
use crate::orders::key::NoOrderKey;
use crate::people::accounts::AccountError;
use crate::people::login::LoginError;
use crate::people::password::PasswordError;

/// The media type of problem details.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was refused or failed. The client reads the text; only the log reads the source.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("this needs a login or an API token")]
    Unauthorized,
    #[error("this needs the role {needs}, and you have {has}")]
    NotAllowed { needs: Role, has: Role },
    #[error("this needs a login in the page: an API token is not enough")]
    NeedsSession,
    #[error("the name or the password is wrong")]
    WrongLogin,
    #[error("the link was used, or is too old")]
    WrongLink,
    #[error("too many attempts failed")]
    TooManyAttempts { wait: Duration },
    #[error("the request comes from a page of somebody else")]
    CrossSite,
    #[error("{0}")]
    NoAccount(String),
    #[error("{0}")]
    Conflict(String),
    #[error("the server is busy: {0}")]
    Busy(&'static str),
    #[error("`{name}`: {why}")]
    BadParameter { name: &'static str, why: String },
    #[error("the body cannot be read: {0}")]
    BadBody(String),
    #[error("the body has to be JSON")]
    NotJson,
    #[error("the body is too large")]
    TooLarge,
    #[error("there is no host {asked:?}")]
    HostNotFound { asked: String, nearest: Vec<String> },
    #[error("{} hosts are called {asked:?}: {}", ids.len(), ids.join(", "))]
    HostAmbiguous { asked: String, ids: Vec<String> },
    #[error("no host has all of these labels")]
    NoHosts,
    #[error("there is no inquiry {0:?}, or it was deleted")]
    InquiryNotFound(String),
    #[error("there is no report {0:?} in this inquiry")]
    NoReport(String),
    #[error("this account has asked too many hosts lately")]
    TooManyOrders { wait: Duration },
    #[error("this server cannot ask hosts: {0}")]
    OrdersUnavailable(NoOrderKey),
    #[error("there is no such resource")]
    NotFound,
    /// Holds what it can.
    #[error("this resource cannot do that")]
    MethodNotAllowed(String),
    #[error("too many clients follow the events of this server")]
    TooManyFollowers,
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("the server failed: {0}")]
    Internal(&'static str),
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized | Self::WrongLogin | Self::WrongLink => StatusCode::UNAUTHORIZED,
            Self::TooManyAttempts { .. } | Self::TooManyOrders { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::NotAllowed { .. } | Self::NeedsSession | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadParameter { .. } | Self::BadBody(_) => StatusCode::BAD_REQUEST,
            Self::HostNotFound { .. }
            | Self::NoHosts
            | Self::InquiryNotFound(_)
            | Self::NoReport(_)
            | Self::NoAccount(_)
            | Self::NotFound => StatusCode::NOT_FOUND,
            Self::HostAmbiguous { .. } | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyFollowers
            | Self::Busy(_)
            | Self::Database(_)
            | Self::OrdersUnavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name.
    fn kind(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NotAllowed { .. } | Self::NeedsSession => "not-allowed",
            Self::WrongLogin | Self::WrongLink => "wrong-login",
            Self::TooManyAttempts { .. } => "too-many-attempts",
            Self::CrossSite => "cross-site",
            Self::NoAccount(_) => "account-not-found",
            Self::Conflict(_) => "conflict",
            Self::Busy(_) => "busy",
            Self::NotJson => "not-json",
            Self::TooLarge => "body-too-large",
            Self::BadParameter { .. } => "bad-parameter",
            Self::BadBody(_) => "bad-body",
            Self::HostNotFound { .. } => "host-not-found",
            Self::HostAmbiguous { .. } => "host-ambiguous",
            Self::NoHosts => "no-hosts",
            Self::InquiryNotFound(_) => "inquiry-not-found",
            Self::NoReport(_) => "no-report",
            Self::TooManyOrders { .. } => "too-many-orders",
            Self::OrdersUnavailable(_) => "orders-unavailable",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::TooManyFollowers => "too-many-followers",
            Self::Database(_) => "database-unavailable",
            Self::Internal(_) => "internal",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorized => Some(
                "send `Authorization: Bearer TOKEN`; \
                `aiops-server api-token create --name NAME` makes one"
                    .to_owned(),
            ),
            Self::NotAllowed { needs, .. } => Some(format!("ask somebody with the role {needs}")),
            Self::NotJson => Some("send `Content-Type: application/json`".to_owned()),
            Self::HostNotFound { nearest, .. } if !nearest.is_empty() => {
                Some(format!("did you mean {}?", nearest.join(" or ")))
            }
            Self::InquiryNotFound(_) => Some("GET /api/v1/inquiries lists them".to_owned()),
            Self::NoReport(_) => {
                Some("GET /api/v1/inquiries/{id} tells which hosts answered".to_owned())
            }
            Self::TooManyOrders { wait } => Some(format!(
                "ask again in {} seconds, or fewer hosts",
                whole_seconds(*wait)
            )),
            Self::OrdersUnavailable(problem) => Some(problem.hint()),
            Self::HostNotFound { .. } | Self::NoHosts => {
                Some("`aiops host list`, or GET /api/v1/hosts, lists the hosts".to_owned())
            }
            Self::HostAmbiguous { .. } => Some("ask with one of the ids".to_owned()),
            Self::WrongLogin => {
                Some("an administrator makes a login link for who forgot the password".to_owned())
            }
            Self::WrongLink => Some("an administrator makes a new one".to_owned()),
            Self::TooManyAttempts { wait } => {
                Some(format!("try again in {} seconds", whole_seconds(*wait)))
            }
            Self::TooManyFollowers | Self::Busy(_) | Self::Database(_) => {
                Some("try again later".to_owned())
            }
            _ => None,
        }
    }

    /// What the client is told.
    pub fn problem(&self) -> Problem {
        let status = self.status();
        Problem {
            kind: self.kind().to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: Some(self.to_string()),
            hint: self.hint(),
        }
    }

    fn log(&self) {
        match self {
            Self::Database(error) if crate::ingest::is_passing(error) => {
                warn!(%error, "a request failed: {error}");
            }
            Self::Database(error) => error!(%error, "a request failed: {error}"),
            Self::Internal(what) => error!("a request failed: {what}"),
            _ => {}
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = (self.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Self::MethodNotAllowed(methods) = &self
            && let Ok(methods) = HeaderValue::from_str(methods)
        {
            headers.insert(header::ALLOW, methods);
        }
        if matches!(self, Self::Unauthorized) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyAttempts { wait } | Self::TooManyOrders { wait } = &self {
            headers.insert(header::RETRY_AFTER, whole_seconds(*wait).into());
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Database(error) => Self::Database(error),
            TokenError::Uses => Self::BadParameter {
                name: "uses",
                why: error.to_string(),
            },
            TokenError::NameTaken(_) => Self::Conflict(error.to_string()),
            TokenError::NoRandomness => Self::Internal("no random numbers"),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy("too many log in at once"),
            PasswordError::Hash(_) => Self::Internal("a password cannot be hashed"),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::WrongLogin,
            LoginError::WrongLink => Self::WrongLink,
            LoginError::TooMany { wait } => Self::TooManyAttempts { wait },
            LoginError::Password(error) => error.into(),
            LoginError::Token(error) => error.into(),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let why = error.to_string();
        match error {
            AccountError::Name => Self::BadParameter { name: "name", why },
            AccountError::PasswordLength => Self::BadParameter { name: "new", why },
            AccountError::NotFound(_) => Self::NoAccount(why),
            AccountError::NameTaken(_) | AccountError::LastAdmin(_) | AccountError::Disabled(_) => {
                Self::Conflict(why)
            }
            AccountError::Password(error) => error.into(),
            AccountError::Token(error) => error.into(),
        }
    }
}

/// Of a wait, so that nobody comes too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}
