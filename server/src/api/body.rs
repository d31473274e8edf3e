//! The body of a request: JSON, read once.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A body that is a `T`. What axum refuses is told as a problem, like everything else.
///
/// Only `application/json`: a form on somebody else's page cannot send that.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = Json::<T>::from_request(request, state).await;
        read.map(|Json(body)| Self(body)).map_err(refused)
    }
}

fn refused(error: JsonRejection) -> ApiError {
    match error.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::NotJson,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => ApiError::BadBody(error.body_text()),
    }
}
