//! Rows in Postgres' binary COPY format.

use uuid::Uuid;

/// One row of `event`, in the order of the columns that `db::events::copy` names.
pub(super) struct EventRow<'a> {
    pub agent: Uuid,
    pub epoch: u64,
    pub seq: u64,
    /// Microseconds since 2000.
    pub received_us: i64,
    pub at_us: i64,
    pub boot: Uuid,
    pub kind: &'static str,
    pub unit: Option<&'a str>,
    pub pid: Option<u32>,
    pub payload: &'a [u8],
}

const COLUMNS: i16 = 10;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// What a row takes beside its unit and its payload, roughly.
const ROW_BYTES: usize = 160;

/// Writes rows one after the other.
pub(super) struct Copy(Vec<u8>);

impl Copy {
    /// With room for `rows` rows that hold `payload_bytes` together.
    pub fn with_room(rows: usize, payload_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(32 + rows * ROW_BYTES + payload_bytes);
        bytes.extend_from_slice(SIGNATURE);
        // No flags, no header extension.
        bytes.extend_from_slice(&[0; 8]);
        Self(bytes)
    }

    pub fn row(&mut self, row: &EventRow<'_>) {
        self.0.extend_from_slice(&COLUMNS.to_be_bytes());
        self.field(row.agent.as_bytes());
        self.field(&row.epoch.to_be_bytes());
        self.field(&row.seq.to_be_bytes());
        self.field(&row.received_us.to_be_bytes());
        self.field(&row.at_us.to_be_bytes());
        self.field(row.boot.as_bytes());
        self.field(row.kind.as_bytes());
        self.nullable(row.unit.map(str::as_bytes));
        self.nullable(
            row.pid
                .map(|pid| i64::from(pid).to_be_bytes())
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
        self.field(row.payload);
    }

    /// The finished rows.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&(-1_i16).to_be_bytes());
        self.0
    }

    fn field(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("a record has at most 64 KiB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn nullable(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.0.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
}

/// Postgres counts from 2000, and in microseconds.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// The timestamp of a wall clock in nanoseconds since 1970.
pub(super) fn postgres_us(ns_since_1970: i64) -> i64 {
    ns_since_1970.div_euclid(1000) - POSTGRES_EPOCH_US
}
