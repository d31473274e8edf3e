//! `NT_FILE`: which files were mapped where.

use analysis::crash::Module;

use super::{super::build_id, layout::Numbers};

/// A process has at most 65530 mappings.
const MOST_MAPPINGS: u64 = 65_530;
/// Files that are told.
const MOST_MODULES: usize = 300;

/// A part of a file, mapped.
pub(super) struct Mapping {
    pub(super) start: u64,
    end: u64,
    /// In the file, in bytes.
    pub(super) offset: u64,
    pub(super) path: String,
}

impl Mapping {
    pub(super) fn has(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }
}

pub(super) fn mappings(numbers: &Numbers<'_>) -> Vec<Mapping> {
    let (Some(count), Some(page)) = (numbers.u64(0), numbers.u64(8)) else {
        return Vec::new();
    };
    let count = count.min(MOST_MAPPINGS) as usize;
    let names = numbers.rest(16 + count * 24).split(|byte| *byte == 0);
    let mapping = |(number, name): (usize, &[u8])| {
        let at = 16 + number * 24;
        Some(Mapping {
            start: numbers.u64(at)?,
            end: numbers.u64(at + 8)?,
            offset: numbers.u64(at + 16)?.checked_mul(page)?,
            path: String::from_utf8_lossy(name).into_owned(),
        })
    };
    names.take(count).enumerate().filter_map(mapping).collect()
}

/// The programs and libraries among the files, with their build-ids; others are data.
pub(super) fn modules(mappings: &[Mapping], page: impl Fn(u64) -> Option<Vec<u8>>) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    for mapping in mappings.iter().filter(|mapping| mapping.offset == 0) {
        if modules.len() == MOST_MODULES || modules.iter().any(|one| one.path == mapping.path) {
            continue;
        }
        let head = page(mapping.start);
        let is_elf = head
            .as_ref()
            .is_some_and(|head| head.starts_with(b"\x7fELF"));
        if is_elf {
            modules.push(Module {
                path: mapping.path.clone(),
                build_id: head.and_then(|head| build_id::of(&head)),
                package: None,
                version: None,
            });
        }
    }
    modules
}
