//! One record of `/dev/kmsg`: `6,339,5140900,-;text`, and lines of properties behind it.

use std::collections::BTreeMap;

use analysis::{identity::BootId, journal::JournalEntry};

use crate::host::ClockReading;

/// One line of the kernel's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelLine {
    /// Counts the lines of this boot.
    pub sequence: u64,
    /// 0 is an emergency, 7 is for debugging.
    pub priority: u8,
    /// Whether the kernel itself wrote it; programs may write to its log, too.
    pub is_of_kernel: bool,
    /// Since boot, suspended time left out.
    pub monotonic_us: u64,
    pub text: String,
}

impl KernelLine {
    /// Reads a record. `None`: it is none. Bytes that are no UTF-8 are replaced.
    pub fn parse(record: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(record);
        let (head, rest) = text.split_once(';')?;
        let mut fields = head.split(',');
        let level: u32 = fields.next()?.parse().ok()?;
        let sequence = fields.next()?.parse().ok()?;
        let monotonic_us = fields.next()?.parse().ok()?;
        Some(Self {
            sequence,
            priority: (level & 7) as u8,
            is_of_kernel: level >> 3 == 0,
            monotonic_us,
            text: unescape(rest.lines().next().unwrap_or_default()),
        })
    }

    /// The line as journald would have stored it, for analyses that read the journal. Its cursor
    /// is no journal's.
    pub fn to_entry(&self, boot: BootId, clock: &ClockReading) -> JournalEntry {
        let since_boot = clock.since_boot_of_monotonic(self.monotonic_us.saturating_mul(1_000));
        let transport = if self.is_of_kernel {
            "kernel"
        } else {
            "syslog"
        };
        let fields = [
            ("MESSAGE", self.text.clone()),
            ("PRIORITY", self.priority.to_string()),
            ("_TRANSPORT", transport.to_owned()),
        ];
        JournalEntry {
            cursor: format!("kmsg:{boot}:{}", self.sequence),
            at: clock.wall_at(since_boot),
            monotonic_us: self.monotonic_us,
            boot,
            fields: BTreeMap::from(fields.map(|(name, value)| (name.to_owned(), value))),
        }
    }
}

/// The kernel writes bytes that are not printable as `\x0a`, and the backslash, too.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(r"\x") {
        let (before, escape) = rest.split_at(place);
        bytes.extend_from_slice(before.as_bytes());
        let digits = escape.get(2..4);
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &escape[4..];
            }
            None => {
                bytes.extend_from_slice(br"\x");
                rest = &escape[2..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_is_read_with_its_escapes_and_without_its_properties() {
        let record = b"6,339,5140900,-;a\\x09b \\x5c \\xc3\\xa9 \\xzz; c\n SUBSYSTEM=acpi\n";
        let expected = KernelLine {
            sequence: 339,
            priority: 6,
            is_of_kernel: true,
            monotonic_us: 5_140_900,
            text: "a\tb \\ é \\xzz; c".to_owned(),
        };
        assert_eq!(KernelLine::parse(record), Some(expected));
        assert!(!KernelLine::parse(b"12,1,2,-;x").unwrap().is_of_kernel);
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(text in any::<String>(), bytes: Vec<u8>) {
            KernelLine::parse(&[b"6,1,2,-;\\x".as_slice(), text.as_bytes()].concat());
            KernelLine::parse(&bytes);
        }
    }
}
