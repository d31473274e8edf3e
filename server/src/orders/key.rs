//! The key that signs orders. Its private half is in a file of the server and never in Postgres:
//! whoever reads the tables, or a backup of them, cannot give orders. Who writes them can give
//! themselves a token, and have this server sign what a token may ask for; a key of their own reaches
//! no host, since hosts are told only of the key that is in the file.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use analysis::Timestamp;
use analysis::order::SIGNED_PREFIX;
use rcgen::{KeyPair, PKCS_ED25519};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use sqlx::PgPool;
use tracing::info;

use crate::db::order_keys as table;

/// Signs orders (Ed25519).
pub struct OrderKey(Ed25519KeyPair);

/// Why this server cannot give orders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOrderKey {
    #[error("there is no order key in {}, and agents trust one already", .0.display())]
    Missing(PathBuf),
    #[error("agents do not trust the order key in {}", .0.display())]
    NotTrusted(PathBuf),
    #[error("cannot read the order key in {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("cannot write an order key to {}: {why}", path.display())]
    Unwritable { path: PathBuf, why: String },
}

impl NoOrderKey {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let path = match self {
            Self::Missing(path) | Self::NotTrusted(path) => path,
            Self::Unreadable { path, .. } | Self::Unwritable { path, .. } => {
                let path = path.display();
                return format!(
                    "make {path} a file that the server's user owns (mode 0600) and restart it; \
                    `orders.key_file` names another place"
                );
            }
        };
        format!(
            "copy the file from the server that gives orders to {} (mode 0600) and restart this one",
            path.display()
        )
    }
}

impl OrderKey {
    fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|error| error.to_string())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self).map_err(|error| error.to_string())
    }

    /// The half that agents know: 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The signature over an order.
    pub fn sign(&self, content: &[u8]) -> Vec<u8> {
        self.0
            .sign(&[SIGNED_PREFIX, content].concat())
            .as_ref()
            .to_vec()
    }
}

impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the private half.
        f.debug_struct("OrderKey").finish_non_exhaustive()
    }
}

/// The key in `path`, if agents trust it. Where nobody has given orders yet, the key is made (or the
/// one that is there becomes the first).
pub(super) async fn open(
    db: &PgPool,
    path: &Path,
    now: Timestamp,
) -> sqlx::Result<Result<OrderKey, NoOrderKey>> {
    let mut tx = db.begin().await?;
    table::lock(&mut tx).await?;
    let trusted = table::all(&mut *tx).await?;
    let key = match read(path) {
        Ok(None) if trusted.is_empty() => make(path),
        Ok(None) => Err(NoOrderKey::Missing(path.to_owned())),
        Ok(Some(key)) => Ok(key),
        Err(why) => Err(NoOrderKey::Unreadable {
            path: path.to_owned(),
            why,
        }),
    };
    let key = match key {
        Ok(key) if trusted.is_empty() => {
            table::insert(&mut *tx, key.public(), now).await?;
            info!(path = %path.display(), "the key in {} signs orders", path.display());
            Ok(key)
        }
        Ok(key) if trusted.iter().any(|trusted| trusted == key.public()) => Ok(key),
        Ok(_) => Err(NoOrderKey::NotTrusted(path.to_owned())),
        Err(problem) => Err(problem),
    };
    tx.commit().await?;
    Ok(key)
}

fn read(path: &Path) -> Result<Option<OrderKey>, String> {
    match fs::read(path) {
        Ok(pem) => OrderKey::from_pem(&pem).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn make(path: &Path) -> Result<OrderKey, NoOrderKey> {
    let failed = |why: String| NoOrderKey::Unwritable {
        path: path.to_owned(),
        why,
    };
    let made = KeyPair::generate_for(&PKCS_ED25519).map_err(|error| failed(error.to_string()))?;
    let pem = made.serialize_pem();
    write(path, pem.as_bytes()).map_err(|error| failed(error.to_string()))?;
    OrderKey::from_pem(pem.as_bytes()).map_err(failed)
}

/// Whole and for its owner only, or not there at all: agents that join will trust this key for good.
fn write(path: &Path, pem: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(pem)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_key_is_private_and_signs_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/order-key.pem");
        let made = make(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = read(&path).unwrap().unwrap();
        assert_eq!(read.public(), made.public());
        let signature = read.sign(b"{}");
        let public = UnparsedPublicKey::new(&ED25519, made.public());
        public.verify(b"aiops order v1\n{}", &signature).unwrap();
        public.verify(b"{}", &signature).unwrap_err();
    }
}
