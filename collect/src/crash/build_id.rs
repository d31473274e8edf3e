//! The build-id of a program or library: the first page has it, on disk and in a core.

use object::{
    Endianness,
    elf::{self, FileHeader64},
    read::elf::{FileHeader as _, ProgramHeader as _},
};

/// As much of a file as the kernel puts into a core of what it did not change.
pub(super) const PAGE_BYTES: usize = 4096;

/// The build-id in the first page of an ELF file.
pub(super) fn of(page: &[u8]) -> Option<String> {
    let header = FileHeader64::<Endianness>::parse(page).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, page).ok()? {
        let Ok(Some(mut notes)) = segment.notes(endian, page) else {
            continue;
        };
        while let Ok(Some(note)) = notes.next() {
            if note.n_type(endian) == elf::NT_GNU_BUILD_ID && note.name() == elf::ELF_NOTE_GNU {
                let hex = note.desc().iter().map(|byte| format!("{byte:02x}"));
                return Some(hex.collect());
            }
        }
    }
    None
}

/// The build-id of a file.
pub(super) fn of_file(path: &str) -> Option<String> {
    use std::io::Read as _;
    let mut page = Vec::new();
    let file = super::regular::open_where_it_leads(path).ok()?;
    file.take(PAGE_BYTES as u64).read_to_end(&mut page).ok()?;
    of(&page)
}
