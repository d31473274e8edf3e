//! The keys whose orders this host obeys.
//!
//! They come with the enrolment and stay: a server that somebody else has taken over cannot bring
//! keys of its own. To change them, the host joins anew.

use std::path::PathBuf;

use analysis::order::SIGNED_PREFIX;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::state_dir::{StateDir, StateDirError};

/// Length of an Ed25519 public key.
const KEY_BYTES: usize = 32;
/// A server has one key, or two while it changes them. What is above is not taken.
const MOST_KEYS: usize = 8;

/// Public keys (Ed25519); one of them has to have signed an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderKeys {
    keys: Vec<[u8; KEY_BYTES]>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keys: Vec<String>,
}

impl OrderKeys {
    /// Takes those of `keys` that are keys.
    pub fn new<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter();
        let keys = keys.filter_map(|key| key.as_ref().try_into().ok());
        Self {
            keys: keys.take(MOST_KEYS).collect(),
        }
    }

    /// Takes those of `keys` that are keys in base64.
    pub fn from_base64(keys: &[String]) -> Self {
        Self::new(
            keys.iter()
                .filter_map(|key| BASE64_STANDARD.decode(key).ok()),
        )
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether one of the keys signed `content` as an order.
    pub fn signed(&self, content: &[u8], signature: &[u8]) -> bool {
        let message = [SIGNED_PREFIX, content].concat();
        self.keys.iter().any(|key| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(&message, signature)
                .is_ok()
        })
    }

    /// Reads the pinned keys. `None`: this host has none yet.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be understood: no order is obeyed then.
    pub fn read(state: &StateDir) -> Result<Option<Self>, StateDirError> {
        let path = path(state);
        let Some(text) = state.read(&path)? else {
            return Ok(None);
        };
        Self::parse(&text)
            .map(Some)
            .map_err(|source| StateDirError::Damaged { path, source })
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let written: Written = serde_json::from_str(text)?;
        let keys = Self::from_base64(&written.keys);
        if keys.is_empty() || keys.keys.len() != written.keys.len() {
            return Err("a key in it is none".into());
        }
        Ok(keys)
    }

    /// Pins the keys, if this host has none. Tells whether they were taken.
    ///
    /// # Errors
    ///
    /// If they cannot be made durable, or the file that is there cannot be read.
    pub fn pin(&self, state: &StateDir) -> Result<bool, StateDirError> {
        // A damaged file is one, too: only a person may decide to trust anew.
        if self.is_empty() || Self::read(state)?.is_some() {
            return Ok(false);
        }
        let written = Written {
            keys: self
                .keys
                .iter()
                .map(|key| BASE64_STANDARD.encode(key))
                .collect(),
        };
        let json = serde_json::to_vec_pretty(&written).expect("strings are JSON");
        state.replace(&path(state), &json)?;
        Ok(true)
    }
}

fn path(state: &StateDir) -> PathBuf {
    state.path().join("order-keys.json")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keys_are_taken_once_and_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::open(root.path()).unwrap();
        let (first, second) = (OrderKeys::new([[1; 32]]), OrderKeys::new([[2; 32]]));
        assert_eq!(OrderKeys::read(&state).unwrap(), None);
        assert!(!OrderKeys::default().pin(&state).unwrap());
        assert!(first.pin(&state).unwrap());
        assert!(!second.pin(&state).unwrap());
        assert_eq!(OrderKeys::read(&state).unwrap(), Some(first));
    }

    #[test]
    fn a_damaged_file_is_no_invitation_to_bring_other_keys() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::open(root.path()).unwrap();
        for text in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":["AA=="]}"#] {
            fs::write(path(&state), text).unwrap();
            assert!(OrderKeys::read(&state).is_err(), "{text}");
            assert!(OrderKeys::new([[2; 32]]).pin(&state).is_err(), "{text}");
            assert_eq!(fs::read_to_string(path(&state)).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_not_taken() {
        assert!(OrderKeys::new([[1_u8; 31].as_slice(), &[1; 33], &[]]).is_empty());
        assert!(OrderKeys::from_base64(&["?".into(), "AA==".into()]).is_empty());
    }
}
