//! The files of the page, as they are given out.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::HeaderValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::Embed;

use crate::identity::key::Sha256;

/// What `web/` was built into when this program was compiled. Empty: it had not been built.
///
/// In debug builds, too, so that what is tested is what is shipped.
#[derive(Embed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Built;

/// The files by their path. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Files(Arc<BTreeMap<String, File>>);

/// A file that a browser can be given.
#[derive(Clone, Debug)]
pub struct File {
    pub(super) body: Bytes,
    /// The media type.
    pub(super) kind: HeaderValue,
    /// Changes with the content. Weak: both forms of the content have the same one.
    pub(super) etag: HeaderValue,
    gzip: OnceLock<Option<Bytes>>,
}

impl Files {
    /// Those in this program.
    pub fn built_in() -> Self {
        Built::iter()
            .filter_map(|path| {
                let file = Built::get(&path)?;
                let kind = media_type(file.metadata.mimetype());
                let body = Bytes::from(file.data.into_owned());
                Some((path.into_owned(), File::new(body, kind)))
            })
            .collect()
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

impl FromIterator<(String, File)> for Files {
    fn from_iter<T: IntoIterator<Item = (String, File)>>(files: T) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}

impl File {
    pub fn new(body: Bytes, kind: HeaderValue) -> Self {
        let etag = format!(
            "W/\"{}\"",
            &Sha256::of(&body).to_string()["sha256:".len()..]
        );
        Self {
            body,
            kind,
            etag: HeaderValue::from_str(&etag).expect("hexadecimal digits"),
            gzip: OnceLock::new(),
        }
    }

    /// The same compressed. `None`: it would not be smaller.
    ///
    /// Made for the first who asks, and not for each: anybody may ask.
    pub(super) fn gzip(&self) -> Option<Bytes> {
        self.gzip.get_or_init(|| gzip(&self.body)).clone()
    }
}

fn gzip(body: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < body.len()).then(|| packed.into())
}

fn media_type(guessed: &str) -> HeaderValue {
    let kind = match guessed.starts_with("text/") {
        true => format!("{guessed}; charset=utf-8"),
        false => guessed.to_owned(),
    };
    kind.try_into()
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
