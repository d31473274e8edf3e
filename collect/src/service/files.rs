//! The text of a unit's files.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use analysis::{limitation::Limitation, unit_file::UnitFile};

use super::unread;
use crate::systemd::UnitService;

/// Files of a unit that are read, and how much of each. Real ones have some hundred lines.
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 256 * 1024;

/// The unit file and its drop-ins; and what of them could not be read.
pub(super) fn of(unit: &UnitService) -> (Vec<UnitFile>, Vec<Limitation>) {
    let mut files = Vec::new();
    let mut limits = Vec::new();
    for path in unit.files.iter().take(MOST_FILES) {
        match read(Path::new(path)) {
            Ok(file) => files.push(file),
            // It was removed, and that is for the audit.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => limits.push(unread("unit-files", format!("{path}: {error}"))),
        }
    }
    (files, limits)
}

fn read(path: &Path) -> io::Result<UnitFile> {
    let about = fs::metadata(path)?;
    // The file of a masked unit is a device.
    if !about.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut text = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut text)?;
    Ok(UnitFile {
        path: path.to_string_lossy().into_owned(),
        text: String::from_utf8_lossy(&text).into_owned(),
        mode: about.permissions().mode() & 0o7777,
        owner_uid: about.uid(),
    })
}
