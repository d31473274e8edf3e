//! The journal's export format, as `journalctl -o export` writes it.
//!
//! A total function of the bytes: whatever comes, it neither fails nor keeps more than
//! [`LARGEST_FIELD`] and one entry; what makes no entry is counted.

use std::collections::BTreeMap;

use analysis::journal::JournalEntry;

use super::reader::{keep_field, timestamp};

/// Longest field that is taken, in bytes; a longer one is passed over, the entry stays.
const LARGEST_FIELD: usize = 1 << 20;

/// Takes bytes in pieces of any size, and gives entries.
#[derive(Default)]
pub(super) struct ExportParser {
    input: Vec<u8>,
    /// How many bytes of `input` are used up.
    used: usize,
    skip: Skip,
    draft: Draft,
    corrupt: u64,
}

/// What has to be passed over before the next field.
#[derive(Default)]
enum Skip {
    #[default]
    Nothing,
    Bytes(u64),
    ToEndOfLine,
}

/// An entry whose end was not seen yet.
#[derive(Default)]
struct Draft {
    begun: bool,
    cursor: Option<String>,
    at_us: Option<u64>,
    monotonic_us: Option<u64>,
    boot: Option<analysis::identity::BootId>,
    fields: BTreeMap<String, String>,
}

enum Step {
    NeedsMore,
    Field,
    EndOfEntry,
}

impl ExportParser {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.input.drain(..self.used);
        self.used = 0;
        self.input.extend_from_slice(bytes);
    }

    /// The next entry that is whole. `None`: it needs more bytes.
    pub(super) fn next(&mut self) -> Option<JournalEntry> {
        loop {
            match self.step() {
                Step::NeedsMore => return None,
                Step::Field => {}
                Step::EndOfEntry => {
                    let draft = std::mem::take(&mut self.draft);
                    let begun = draft.begun;
                    match draft.finish() {
                        Some(entry) => return Some(entry),
                        None => self.corrupt += u64::from(begun),
                    }
                }
            }
        }
    }

    /// How many entries lacked a cursor, a time or a boot id.
    pub(super) fn corrupt(&self) -> u64 {
        self.corrupt
    }

    fn rest(&self) -> &[u8] {
        &self.input[self.used..]
    }

    fn step(&mut self) -> Step {
        if !self.skip_over() {
            return Step::NeedsMore;
        }
        let Some(length) = self.rest().iter().position(|byte| *byte == b'\n') else {
            if self.rest().len() > LARGEST_FIELD {
                self.used = self.input.len();
                self.skip = Skip::ToEndOfLine;
            }
            return Step::NeedsMore;
        };
        let line = &self.input[self.used..self.used + length];
        if line.is_empty() {
            self.used += 1;
            return Step::EndOfEntry;
        }
        if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
            self.draft.take(&line[..equals], &line[equals + 1..]);
            self.used += length + 1;
            return Step::Field;
        }
        self.binary_field(length)
    }

    /// A name alone on its line, then 8 bytes of length, the value, and a line end.
    fn binary_field(&mut self, name_length: usize) -> Step {
        let (name, rest) = self.rest().split_at(name_length);
        let Some((length, rest)) = rest[1..].split_first_chunk::<8>() else {
            return Step::NeedsMore;
        };
        let length = u64::from_le_bytes(*length);
        let head = name_length + 1 + 8;
        if length > LARGEST_FIELD as u64 {
            self.draft.begun = true;
            self.used += head;
            self.skip = Skip::Bytes(length.saturating_add(1));
            return Step::Field;
        }
        let length = length as usize;
        if rest.len() <= length {
            return Step::NeedsMore;
        }
        // Borrowed from `input` while `draft` is written to: two fields, so no copy is needed.
        let name = self.used..self.used + name.len();
        let value = self.used + head..self.used + head + length;
        self.draft.take(&self.input[name], &self.input[value]);
        self.used += head + length + 1;
        Step::Field
    }

    /// Whether everything that has to be passed over was there.
    fn skip_over(&mut self) -> bool {
        match self.skip {
            Skip::Nothing => return true,
            Skip::Bytes(bytes) => {
                let there = self.rest().len() as u64;
                self.used += there.min(bytes) as usize;
                if bytes > there {
                    self.skip = Skip::Bytes(bytes - there);
                    return false;
                }
            }
            Skip::ToEndOfLine => match self.rest().iter().position(|byte| *byte == b'\n') {
                Some(end) => self.used += end + 1,
                None => {
                    self.used = self.input.len();
                    return false;
                }
            },
        }
        self.skip = Skip::Nothing;
        true
    }
}

impl Draft {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        self.begun = true;
        let text = || std::str::from_utf8(value).ok();
        match name {
            b"__CURSOR" => self.cursor = text().map(str::to_owned),
            b"__REALTIME_TIMESTAMP" => self.at_us = text().and_then(|text| text.parse().ok()),
            b"__MONOTONIC_TIMESTAMP" => {
                self.monotonic_us = text().and_then(|text| text.parse().ok());
            }
            b"_BOOT_ID" => self.boot = text().and_then(|text| text.parse().ok()),
            _ => keep_field(&mut self.fields, name, value),
        }
    }

    fn finish(self) -> Option<JournalEntry> {
        Some(JournalEntry {
            cursor: self.cursor?,
            at: timestamp(self.at_us?)?,
            monotonic_us: self.monotonic_us?,
            boot: self.boot?,
            fields: self.fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENTRY: &[u8] = b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000000000001\n\
        __MONOTONIC_TIMESTAMP=7\n_BOOT_ID=0b8d7e6f1c7f4e8d9f8a2d6b5c4a3b21\n\
        MESSAGE\n\x05\0\0\0\0\0\0\0a=\n\nb\nUNIT=db.service\nOTHER=x\n\n";

    fn entries(pieces: &[&[u8]]) -> (Vec<JournalEntry>, u64) {
        let mut parser = ExportParser::default();
        let mut found = Vec::new();
        for piece in pieces {
            parser.push(piece);
            found.extend(std::iter::from_fn(|| parser.next()));
        }
        (found, parser.corrupt())
    }

    #[test]
    fn a_value_with_line_ends_is_one_field() {
        let (found, corrupt) = entries(&[ENTRY]);
        assert_eq!((found.len(), corrupt), (1, 0));
        assert_eq!(found[0].cursor, "s=1;i=2");
        assert_eq!(found[0].message(), "a=\n\nb");
        assert_eq!(found[0].field("UNIT"), Some("db.service"));
        assert_eq!(found[0].field("OTHER"), None, "not a wanted field");
    }

    #[test]
    fn a_field_that_is_too_long_does_not_cost_its_entry_or_the_next() {
        let mut input = b"COREDUMP\n".to_vec();
        input.extend((LARGEST_FIELD as u64 + 1).to_le_bytes());
        input.resize(input.len() + LARGEST_FIELD + 1, b'\n');
        input.push(b'\n');
        input.extend(b"MESSAGE=");
        input.resize(input.len() + 2 * LARGEST_FIELD, b'x');
        input.push(b'\n');
        input.extend(ENTRY);
        input.extend(ENTRY);
        let pieces: Vec<&[u8]> = input.chunks(65_536).collect();
        let (found, corrupt) = entries(&pieces);
        assert_eq!((found.len(), corrupt), (2, 0));
    }

    #[test]
    fn an_entry_without_its_cursor_is_counted() {
        let (found, corrupt) = entries(&[b"MESSAGE=x\n\n\n\n", ENTRY]);
        assert_eq!((found.len(), corrupt), (1, 1));
    }

    proptest! {
        #[test]
        fn where_the_pieces_are_cut_does_not_matter(cut in 0..2 * ENTRY.len()) {
            let twice = [ENTRY, ENTRY].concat();
            let (head, tail) = twice.split_at(cut);
            prop_assert_eq!(entries(&[head, tail]).0.len(), 2);
        }

        #[test]
        fn hostile_bytes_neither_panic_nor_stay(
            pieces in prop::collection::vec(prop::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'='), Just(0), any::<u8>()], 0..64), 0..16),
        ) {
            let mut parser = ExportParser::default();
            for piece in &pieces {
                parser.push(piece);
                while parser.next().is_some() {}
            }
            let given: usize = pieces.iter().map(Vec::len).sum();
            prop_assert!(parser.used <= parser.input.len() && parser.input.len() <= given);
        }
    }
}
