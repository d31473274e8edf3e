//! What a report does without, and why: the rest of it is right.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a report does without, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limitation {
    /// What is missing: `argv`, `journal`, `unit`, `port-holder`.
    pub what: String,
    /// Why, as the system said it (`Permission denied (os error 13)`), or a word of ours
    /// (`deadline`).
    pub why: String,
    /// How many times.
    pub count: u32,
}
