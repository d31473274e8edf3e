//! Passwords: argon2id, and never many at once.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Memory that one hash takes, in KiB, and passes over it: what OWASP recommends at least. Some
/// 16 ms of one core.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashes that are made at once: whoever floods the login shall not have the whole machine.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// Who waits longer for a turn is told to come again.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=1024;

/// What is compared where there is no password, so that a wrong name takes as long as a wrong
/// password. A hash of nothing that anybody knows.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IGhlcmU$\
    r1mpzB1VQeDMF1oSpyPVKmZ3nMZtXIdW6nYBBXrYRYk";

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many log in at once")]
    Busy,
    #[error("a password cannot be hashed: {0}")]
    Hash(String),
}

/// The PHC string of a password that is within [`LENGTH`].
///
/// # Errors
///
/// [`PasswordError`].
pub async fn hash(password: String) -> Result<String, PasswordError> {
    on_a_thread(move || {
        let mut salt = [0; 16];
        let filled = SystemRandom::new().fill(&mut salt);
        filled.map_err(|_| PasswordError::Hash("no random numbers".to_owned()))?;
        let hash: Result<PasswordHash, _> =
            hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hash.map_err(failed)?.to_string())
    })
    .await
}

/// Whether `password` is the one of `hash`. Without a hash it takes as long, and is not.
///
/// # Errors
///
/// [`PasswordError`].
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, PasswordError> {
    on_a_thread(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
        let hash = PasswordHash::new(&hash).map_err(failed)?;
        let same = hasher()?.verify_password(password.as_bytes(), &hash);
        Ok(same.is_ok() && known)
    })
    .await
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let turn: SemaphorePermit<'static> = match timeout(TURN_LIMIT, AT_ONCE.acquire()).await {
        Ok(Ok(turn)) => turn,
        _ => return Err(PasswordError::Busy),
    };
    // The turn goes along: whoever hangs up does not make room for more than two.
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await.map_err(failed)?
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_nothing_else_is() {
        let hash = hash("correct horse battery".to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let is = |text: &str| verify(text.to_owned(), Some(hash.clone()));
        assert!(is("correct horse battery").await.unwrap());
        assert!(!is("correct horse batterz").await.unwrap());
        assert!(!verify("anything".to_owned(), None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_others_cost() {
        let parsed = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!((params.m_cost(), params.t_cost()), (MEMORY_KIB, PASSES));
        assert!(parsed.hash.is_some() && parsed.salt.is_some());
    }
}
