//! Who did what: a chain of entries in which nothing can be changed, left out or put in between
//! without being seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::Timestamp;

/// One entry of the audit.
///
/// `hash` is the SHA-256 of the entry before and of this one's content as [`Entry::content`] writes
/// it, so that whoever remembers one hash can check everything before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// 1, 2, 3, ... without holes.
    pub n: i64,
    /// The server's clock, to the microsecond.
    pub at: Timestamp,
    /// `user:ann`, `token:ci`, `host:db-03`, `server`.
    pub actor: String,
    /// `login`, `inquiry-created`, `order-refused`, `host-revoked`, ...
    pub action: String,
    /// What it was done to: a host, an account, an order. Empty: nothing in particular.
    pub target: String,
    /// More, in the words of the action. Never a secret.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Hash of entry `n - 1`, in hexadecimal; zeros for the first.
    pub previous: String,
    pub hash: String,
}

/// `GET /audit`: the oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    pub entries: Vec<Entry>,
    /// Ask with `after=` this for what follows. `None`: nothing does.
    pub next: Option<i64>,
}

/// The hash before the first entry.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("entry {expected} is missing: {found} follows")]
    Missing { expected: i64, found: i64 },
    #[error("entry {0} does not continue the one before it")]
    NotContinued(i64),
    #[error("entry {0} was changed")]
    Changed(i64),
}

impl Entry {
    /// The hash that this entry must have.
    pub fn computed_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.content());
        format!("{:x}", hash.finalize())
    }

    /// What is hashed: a JSON array, so that no two entries have the same bytes.
    fn content(&self) -> Vec<u8> {
        let content = serde_json::json!([
            self.previous,
            self.n,
            self.at.timestamp_micros(),
            self.actor,
            self.action,
            self.target,
            sorted(&self.detail),
        ]);
        content.to_string().into_bytes()
    }
}

/// The same value with the keys of its objects in order: databases and libraries keep them as they
/// like.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let sorted = |(name, value): (&String, &Value)| (name.clone(), sorted(value));
            Value::Object(fields.into_iter().map(sorted).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        _ => value.clone(),
    }
}

/// Follows a chain from one entry to the next.
#[derive(Clone, Debug)]
pub struct Verifier {
    n: i64,
    hash: String,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            n: 0,
            hash: START.to_owned(),
        }
    }
}

impl Verifier {
    /// Goes on to the next entry.
    ///
    /// # Errors
    ///
    /// [`Broken`] names the first entry that is wrong.
    pub fn next(&mut self, entry: &Entry) -> Result<(), Broken> {
        if entry.n != self.n + 1 {
            return Err(Broken::Missing {
                expected: self.n + 1,
                found: entry.n,
            });
        }
        if entry.previous != self.hash {
            return Err(Broken::NotContinued(entry.n));
        }
        if entry.hash != entry.computed_hash() {
            return Err(Broken::Changed(entry.n));
        }
        self.n = entry.n;
        self.hash.clone_from(&entry.hash);
        Ok(())
    }

    /// Entries that were followed, and the hash to remember.
    pub fn head(&self) -> (i64, &str) {
        (self.n, &self.hash)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn chain(length: i64) -> Vec<Entry> {
        let mut previous = START.to_owned();
        (1..=length)
            .map(|n| {
                let mut entry = Entry {
                    n,
                    at: DateTime::UNIX_EPOCH,
                    actor: "user:ann".to_owned(),
                    action: "login".to_owned(),
                    target: String::new(),
                    detail: serde_json::json!({ "b": n, "a": "x" }),
                    previous: previous.clone(),
                    hash: String::new(),
                };
                entry.hash = entry.computed_hash();
                previous.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn verified(entries: &[Entry]) -> Result<(), Broken> {
        let mut verifier = Verifier::default();
        entries.iter().try_for_each(|entry| verifier.next(entry))
    }

    #[test]
    fn a_whole_chain_is_followed_to_its_head() {
        let entries = chain(3);
        let mut verifier = Verifier::default();
        for entry in &entries {
            verifier.next(entry).unwrap();
        }
        assert_eq!(verifier.head(), (3, entries[2].hash.as_str()));
    }

    #[test]
    fn whatever_is_done_to_a_chain_is_seen() {
        let good = chain(4);
        let change = |edit: fn(&mut Vec<Entry>)| {
            let mut entries = good.clone();
            edit(&mut entries);
            verified(&entries)
        };
        let cases = [
            (
                change(|all| all[1].actor = "user:bob".to_owned()),
                Broken::Changed(2),
            ),
            (
                change(|all| drop(all.remove(1))),
                Broken::Missing {
                    expected: 2,
                    found: 3,
                },
            ),
            (
                change(|all| {
                    all[1].detail = serde_json::json!({});
                    all[1].hash = all[1].computed_hash();
                }),
                Broken::NotContinued(3),
            ),
            (
                change(|all| all.swap(1, 2)),
                Broken::Missing {
                    expected: 2,
                    found: 3,
                },
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Err(expected));
        }
    }
}
