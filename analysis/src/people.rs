//! Who may ask: the shapes of the HTTP API about accounts, logins and API tokens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// What somebody may do; each may do what those before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Asks hosts.
    Operator,
    /// Says who may, and which hosts belong.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The stable name: `viewer`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: viewer, operator or admin")]
pub struct NotARole(pub String);

impl std::str::FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| NotARole(text.to_owned()))
    }
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A login in the page.
    Session,
    /// An API token.
    Token,
}

/// `GET /me`, and the answer to a login: who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Of the account; `token:NAME` for an API token that belongs to none.
    pub name: String,
    pub role: Role,
    pub via: Via,
    /// `None`: it does not end by itself.
    pub expires_at: Option<Timestamp>,
}

/// `POST /login`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub name: String,
    pub password: String,
}

/// `POST /login/link`: what stands behind `#link=`. It works once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkLogin {
    pub token: String,
}

/// `POST /me/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// Not needed by who has none, or logged in with a link.
    #[serde(default)]
    pub old: Option<String>,
    /// 12 to 1024 bytes.
    #[schema(min_length = 12, max_length = 1024)]
    pub new: String,
}

/// A login in the page that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub id: String,
    pub created_at: Timestamp,
    /// To the minute.
    pub last_seen_at: Timestamp,
    /// It ends then, however much it is used.
    pub expires_at: Timestamp,
    /// As the browser calls itself.
    pub user_agent: String,
    /// The one that asks.
    pub current: bool,
}

/// `GET /me/sessions`: the newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    pub sessions: Vec<Session>,
}

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    pub name: String,
    pub role: Role,
    /// Without one it logs in with a link.
    pub has_password: bool,
    pub created_at: Timestamp,
    /// `None`: it is not disabled.
    pub disabled_at: Option<Timestamp>,
}

/// `GET /accounts`: by name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountList {
    pub accounts: Vec<Account>,
}

/// `POST /accounts`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Lower case letters, digits, `.`, `_`, `-` and `@`; a letter or a digit first.
    #[schema(pattern = "^[a-z0-9][a-z0-9._@-]{0,63}$")]
    pub name: String,
    pub role: Role,
}

/// `PATCH /accounts/{name}`: what is not given stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default)]
    pub disabled: Option<bool>,
}

/// An account, and how its owner logs in. The link is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LoginLink {
    pub account: Account,
    /// To be put behind the address of this server: `/login#link=TOKEN`.
    pub path: String,
    pub expires_at: Timestamp,
}

/// An API token as it may be seen again: without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    pub name: String,
    pub role: Role,
    /// The account it belongs to. `None`: it was made on the server's machine.
    pub account: Option<String>,
    pub created_at: Timestamp,
    /// `None`: it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// To the minute. `None`: never.
    pub last_used_at: Option<Timestamp>,
}

/// `GET /api-tokens`: by name; all for an administrator, else one's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenList {
    pub tokens: Vec<ApiToken>,
}

/// `POST /api-tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiToken {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// At most the role of who makes it.
    pub role: Role,
    /// `None`: it does not end by itself.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub ttl_s: Option<u64>,
}

/// The answer; the token is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeApiToken {
    pub secret: String,
    #[serde(flatten)]
    pub token: ApiToken,
}
