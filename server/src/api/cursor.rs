//! A place among the events as clients see it: opaque text.

use analysis::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Datelike as _;
use uuid::Uuid;

use super::params::YEARS;
use crate::db::events::Position;

/// Bytes of a cursor: microseconds, agent, epoch, seq.
const BYTES: usize = 40;

/// The text of a place.
pub(super) fn encode(position: &Position) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.extend_from_slice(&position.received_at.timestamp_micros().to_be_bytes());
    bytes.extend_from_slice(position.agent_id.as_bytes());
    bytes.extend_from_slice(&position.epoch.to_be_bytes());
    bytes.extend_from_slice(&position.seq.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place of a text. `None`: we never wrote that.
pub(super) fn decode(text: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len() == BYTES)?;
    let number = |at: usize| Some(i64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    Some(Position {
        // Postgres cannot be asked about all that a number says.
        received_at: Timestamp::from_timestamp_micros(number(0)?)
            .filter(|at| YEARS.contains(&at.year()))?,
        agent_id: Uuid::from_slice(&bytes[8..24]).ok()?,
        epoch: number(24)?,
        seq: number(32)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_its_place_and_nothing_else_is_one() {
        let place = Position {
            received_at: Timestamp::from_timestamp_micros(1_790_000_000_123_456).unwrap(),
            agent_id: Uuid::from_u128(7),
            epoch: 3,
            seq: i64::MAX,
        };
        assert_eq!(decode(&encode(&place)), Some(place));
        let start = Position::before(place.received_at);
        assert_eq!(decode(&encode(&start)), Some(start));
        for text in ["", "x", "AAAA", &"A".repeat(200), "?"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        let far = Position {
            received_at: Timestamp::MAX_UTC,
            ..place
        };
        assert_eq!(
            decode(&encode(&far)),
            None,
            "Postgres cannot be asked about it"
        );
    }
}
