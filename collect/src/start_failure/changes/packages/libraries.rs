//! The shared libraries that a program needs, as the loader would find them in the usual folders.

use std::{
    collections::BTreeSet,
    env::consts::ARCH,
    fs::{self, File},
    io::BufReader,
    path::Path,
    time::Instant,
};

use object::{
    Endianness,
    elf::{DT_NEEDED, FileHeader64, SHT_DYNAMIC},
    read::{
        ReadCache, ReadRef,
        elf::{Dyn as _, FileHeader as _, SectionHeader as _},
    },
};

use crate::unit_snapshot::dpkg::real_name;

/// Libraries of a program, with those that they need themselves.
const MOST: usize = 100;

/// The files of the libraries, by their real names. None where it is no 64-bit ELF program, as of
/// most scripts.
pub(super) fn of(root: &Path, program: &str, until: Instant) -> BTreeSet<String> {
    let folders = [
        format!("/usr/lib/{ARCH}-linux-gnu"),
        format!("/lib/{ARCH}-linux-gnu"),
        "/usr/lib64".to_owned(),
        "/lib64".to_owned(),
        "/usr/lib".to_owned(),
        "/usr/local/lib".to_owned(),
    ];
    let place = |path: &str| root.join(path.trim_start_matches('/'));
    let mut found = BTreeSet::new();
    let mut known = BTreeSet::new();
    let mut waiting = vec![program.to_owned()];
    while let Some(file) = waiting.pop() {
        if Instant::now() >= until || found.len() >= MOST {
            break;
        }
        for name in needed(&place(&file)).unwrap_or_default() {
            if name.contains('/') || !known.insert(name.clone()) {
                continue;
            }
            let mut paths = folders.iter().map(|folder| format!("{folder}/{name}"));
            if let Some(path) = paths.find(|path| fs::metadata(place(path)).is_ok()) {
                let path = real_name(root, &path);
                found.insert(path.clone());
                waiting.push(path);
            }
        }
    }
    found
}

/// The names of the libraries that an ELF file asks for.
fn needed(path: &Path) -> Option<Vec<String>> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let cache = ReadCache::new(BufReader::new(file));
    let data = &cache;
    data.len().ok()?;
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let dynamic = sections
        .iter()
        .find(|section| section.sh_type(endian) == SHT_DYNAMIC)?;
    let (entries, strings) = dynamic.dynamic(endian, data).ok()??;
    let strings = sections.strings(endian, data, strings).ok()?;
    let names = entries
        .iter()
        .filter(|entry| entry.d_tag(endian) == DT_NEEDED)
        .filter_map(|entry| {
            let offset = u32::try_from(entry.d_val(endian)).ok()?;
            let name = strings.get(offset).ok()?;
            Some(String::from_utf8_lossy(name).into_owned())
        });
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use std::{env, time::Duration};

    use super::*;

    #[test]
    fn a_program_needs_its_c_library() {
        let until = Instant::now() + Duration::from_secs(60);
        let this = env::current_exe().unwrap();
        let found = of(Path::new("/"), this.to_str().unwrap(), until);
        assert!(found.iter().any(|path| path.contains("libc")), "{found:?}");
        assert!(of(Path::new("/"), "/etc/passwd", until).is_empty());
    }
}
