//! The body of a request: a JSON object, read once.

use std::fmt;
use std::marker::PhantomData;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::MAX_BODY;
use super::error::ApiError;

/// A body that is a `T`. What axum refuses is told as a problem, like everything else.
///
/// Only `application/json`: a form on somebody else's page cannot send that.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        // Read before the header says that it is not wanted: see `pass_over`.
        let whole = Bytes::from_request(request, state).await;
        let whole = whole.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
            _ => ApiError::BadBody(error.body_text()),
        })?;
        let mut request = Request::new(axum::body::Body::from(whole));
        *request.headers_mut() = headers;
        let read = Json::<Object<T>>::from_request(request, state).await;
        read.map(|Json(Object(body))| Self(body)).map_err(refused)
    }
}

/// A `T` that is written as an object. By itself serde also reads a struct from an array of its
/// values in a row, which no description of ours says.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = deserializer.deserialize_map(ObjectVisitor(PhantomData));
        read.map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

fn refused(error: JsonRejection) -> ApiError {
    match error.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::NotJson,
        _ => ApiError::BadBody(error.body_text()),
    }
}

/// Reads the body of a request that is refused whatever it says, and forgets it.
///
/// Otherwise its connection is closed (HTTP/1.1) while the client still sends, and the client is
/// told of a broken pipe instead of why. A body that is too large anyway is not worth that.
pub(super) async fn pass_over(request: Request) {
    let mut parts = request.into_body().into_data_stream();
    let mut left = MAX_BODY;
    while let Some(Ok(part)) = parts.next().await {
        match left.checked_sub(part.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}
