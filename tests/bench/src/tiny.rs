//! The shortest program there is: it exits with the number of its arguments.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

/// Where Linux usually loads programs.
const BASE: u64 = 0x40_0000;
const ELF_HEADER_BYTES: u16 = 64;
const PROGRAM_HEADER_BYTES: u16 = 56;

/// `mov edi, [rsp]; mov eax, 60 (exit); syscall`. The number of arguments lies on the stack.
const CODE: [u8; 10] = [0x8b, 0x3c, 0x24, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05];

/// Writes the program, for x86-64.
pub fn write(path: &Path) -> io::Result<()> {
    let code_at = u64::from(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES);
    let size = code_at + CODE.len() as u64;
    let mut elf = Vec::new();
    elf.extend(b"\x7fELF\x02\x01\x01");
    elf.resize(16, 0);
    // Executable, x86-64, version 1.
    for half in [2_u16, 62, 1, 0] {
        elf.extend(half.to_le_bytes());
    }
    // Entry, program headers, no sections.
    for word in [BASE + code_at, u64::from(ELF_HEADER_BYTES), 0] {
        elf.extend(word.to_le_bytes());
    }
    for half in [0, 0, ELF_HEADER_BYTES, PROGRAM_HEADER_BYTES, 1, 0, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    // One segment to load, to be read and executed: the whole file.
    for half in [1_u32, 5] {
        elf.extend(half.to_le_bytes());
    }
    for word in [0, BASE, BASE, size, size, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(CODE);
    fs::write(path, elf)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::process::Command;

    #[test]
    fn it_counts_its_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny");
        super::write(&path).unwrap();
        let status = Command::new(path).args(["a", "b"]).status().unwrap();
        assert_eq!(status.code(), Some(3), "its own name counts too");
    }
}
