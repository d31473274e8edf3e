//! What can be wrong with a message of a peer.

/// A message, or a part of it, that cannot be taken for what it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Malformed {
    #[error("not a message of this protocol: {0}")]
    Undecodable(String),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{field}` cannot be {found}")]
    Invalid { field: &'static str, found: String },
    /// What a newer peer says.
    #[error("a fact that this version does not know")]
    UnknownFact,
}

/// A field that must be there.
pub(crate) fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Malformed> {
    value.ok_or(Malformed::Missing(field))
}

/// A number in the range of a smaller type.
pub(crate) fn narrow<T: TryFrom<u32>>(field: &'static str, value: u32) -> Result<T, Malformed> {
    T::try_from(value).map_err(|_| Malformed::Invalid {
        field,
        found: value.to_string(),
    })
}

/// A value with a stable name, as serde knows it.
pub(crate) fn named<'de, T: serde::Deserialize<'de>>(
    field: &'static str,
    name: &'de str,
) -> Result<T, Malformed> {
    let text = serde::de::IntoDeserializer::<serde::de::value::Error>::into_deserializer(name);
    T::deserialize(text).map_err(|_| Malformed::Invalid {
        field,
        found: format!("{name:?}"),
    })
}

/// Text that must have a form of its own (`UnitName`).
pub(crate) fn parsed<T: std::str::FromStr>(
    field: &'static str,
    text: &str,
) -> Result<T, Malformed> {
    text.parse().map_err(|_| Malformed::Invalid {
        field,
        found: format!("{text:?}"),
    })
}

/// The wire's "empty means none" for names.
pub(crate) fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// An id of 16 bytes.
pub(crate) fn id(field: &'static str, bytes: &[u8]) -> Result<uuid::Uuid, Malformed> {
    uuid::Uuid::from_slice(bytes).map_err(|_| Malformed::Invalid {
        field,
        found: format!("{} bytes", bytes.len()),
    })
}

/// An id of 16 bytes, or none.
pub(crate) fn optional_id(
    field: &'static str,
    bytes: &[u8],
) -> Result<Option<uuid::Uuid>, Malformed> {
    if bytes.is_empty() {
        Ok(None)
    } else {
        id(field, bytes).map(Some)
    }
}

/// A moment in nanoseconds since 1970.
pub(crate) fn moment(ns: i64) -> analysis::Timestamp {
    chrono::DateTime::from_timestamp_nanos(ns)
}

/// A moment in nanoseconds since 1970; what is out of range (a clock in the year 2300) is clamped.
pub(crate) fn nanoseconds(at: analysis::Timestamp) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(if at.timestamp() < 0 {
        i64::MIN
    } else {
        i64::MAX
    })
}
