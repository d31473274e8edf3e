//! Parameters of requests: read once, at the edge, and bounded.

use std::ops::RangeInclusive;

use analysis::Timestamp;
use analysis::identity::UnitName;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike as _};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::config::Period;

/// The kinds of events that can be asked for.
pub(super) const KINDS: [&str; 20] = [
    "process-forked",
    "process-executed",
    "process-exited",
    "unit-starting",
    "unit-started",
    "unit-start-failed",
    "unit-stopping",
    "unit-stopped",
    "unit-cause-revised",
    "unit-restart-scheduled",
    "unit-requested",
    "unit-state",
    "oom-killed",
    "process-faulted",
    "host-booted",
    "clock-jumped",
    "source-started",
    "agent-started",
    "gap",
    "unknown",
];

/// Years that can be asked about: of four digits, as RFC 3339 has them, and since computers have
/// clocks.
pub(super) const YEARS: RangeInclusive<i32> = 1970..=9999;

/// The query of a request. What axum refuses is told as a problem, like everything else.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(error) => Err(ApiError::BadParameter {
                name: "query",
                why: error.body_text(),
            }),
        }
    }
}

/// A part of a request's path. What axum refuses is told as a problem, like everything else.
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(error) => Err(ApiError::BadParameter {
                name: "path",
                why: error.body_text(),
            }),
        }
    }
}

/// A text that is not empty, at most `most` bytes long, and free of control characters.
pub(super) fn text<'a>(
    name: &'static str,
    text: &'a str,
    most: usize,
) -> Result<&'a str, ApiError> {
    let why = match text {
        "" => "may not be empty".to_owned(),
        _ if text.len() > most => format!("may be at most {most} bytes long"),
        _ if text.chars().any(char::is_control) => "may hold no control characters".to_owned(),
        _ => return Ok(text),
    };
    Err(ApiError::BadParameter { name, why })
}

/// A moment since 1970: `2026-11-21T08:00:00Z`, or how long ago: `1h`.
pub(super) fn moment(
    name: &'static str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    if let Ok(period) = text.parse::<Period>() {
        return Ok(Some(now - period.as_delta()));
    }
    let refused = |why: &str| ApiError::BadParameter {
        name,
        why: why.to_owned(),
    };
    let parsed = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    let at = parsed
        .map_err(|_| refused("neither a time like 2026-11-21T08:00:00Z nor a period like 1h"))?;
    // Nor has a cursor others.
    match YEARS.contains(&at.year()) {
        true => Ok(Some(at)),
        false => Err(refused("has to be between the years 1970 and 9999")),
    }
}

/// A number of rows, at most `most`.
pub(super) fn limit(asked: Option<i64>, default: i64, most: i64) -> Result<i64, ApiError> {
    let limit = asked.unwrap_or(default);
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        let why = format!("has to be between 1 and {most}");
        Err(ApiError::BadParameter { name: "limit", why })
    }
}

/// A unit as people write it: `nginx` is `nginx.service`.
pub(super) fn unit(text: &str) -> Result<UnitName, ApiError> {
    let parsed = UnitName::from_user(text);
    parsed.map_err(|error| ApiError::BadParameter {
        name: "unit",
        why: error.to_string(),
    })
}

/// Kinds of events, separated by commas.
pub(super) fn kinds(text: Option<&str>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let known = |kind: &str| match KINDS.contains(&kind) {
        true => Ok(kind.to_owned()),
        false => Err(ApiError::BadParameter {
            name: "kind",
            why: format!(
                "there is no kind {kind:?}; did you mean {}?",
                nearest(kind, &KINDS)
            ),
        }),
    };
    text.split(',')
        .map(known)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The one of `known` that is the fewest typing errors away; the first of equals.
fn nearest<'a>(typed: &str, known: &[&'a str]) -> &'a str {
    known
        .iter()
        .copied()
        .min_by_key(|name| distance(typed, name))
        .unwrap_or_default()
}

/// The three that are nearest, if they are near at all.
pub(super) fn near(typed: &str, known: Vec<String>) -> Vec<String> {
    let mut near: Vec<(usize, String)> = known
        .into_iter()
        .map(|name| (distance(typed, &name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).clamp(1, 3))
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_typing_errors_away() {
        let names = || {
            vec![
                "db-01".to_owned(),
                "db-02".to_owned(),
                "web-frontend".to_owned(),
            ]
        };
        assert_eq!(near("db-1", names()), ["db-01"]);
        assert_eq!(near("db-03", names()), ["db-01", "db-02"]);
        assert_eq!(near("web-fronted", names()), ["web-frontend"]);
        assert!(near("mail", names()).is_empty());
    }

    #[test]
    fn kinds_are_known_or_refused_with_the_nearest() {
        assert_eq!(
            kinds(Some("gap,unit-stopped")).unwrap().unwrap(),
            ["gap", "unit-stopped"]
        );
        let error = kinds(Some("unit-stoped")).unwrap_err().to_string();
        assert!(error.ends_with("did you mean unit-stopped?"), "{error}");
    }
}
