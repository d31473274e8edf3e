//! Between `analysis::event::Event` and its bytes.

mod encode;
mod stop;
mod units;

mod decode;

use prost::Message as _;

use analysis::event::Event;

use crate::{malformed::Malformed, v1};

/// The payload of a record.
pub fn to_bytes(event: &Event) -> Vec<u8> {
    v1::Event::from(event).encode_to_vec()
}

/// Reads the payload of a record.
///
/// # Errors
///
/// [`Malformed`] if the bytes are no event, or hold a fact that this version does not know. The
/// caller keeps the bytes: a newer version will read them.
pub fn from_bytes(bytes: &[u8]) -> Result<Event, Malformed> {
    let event =
        v1::Event::decode(bytes).map_err(|error| Malformed::Undecodable(error.to_string()))?;
    Event::try_from(event)
}

#[cfg(test)]
mod tests;
