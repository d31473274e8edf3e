//! Where things stand in the notes of 64-bit cores. Source: `linux/elfcore.h`, `asm/ptrace.h`.

use analysis::crash::{Address, Register};
use object::{Endianness, elf};

pub(super) const STATUS_SIGNAL: usize = 12;
pub(super) const STATUS_PID: usize = 32;
/// `NT_AUXV`: where the program begins.
pub(super) const ENTRY: u64 = 9;
const STATUS_REGISTERS: usize = 112;
pub(super) const PROCESS_UID: usize = 16;
pub(super) const PROCESS_PID: usize = 24;
pub(super) const PROCESS_NAME: usize = 40;
pub(super) const PROCESS_ARGUMENTS: usize = 56;
pub(super) const SIGNAL_CODE: usize = 8;
pub(super) const SIGNAL_UNION: usize = 16;

/// Of `user_regs_struct`; segments and the number of the system call are left out by their names.
const X86: [&str; 27] = [
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
    "rdi", "", "rip", "", "eflags", "rsp", "", "fs_base", "gs_base", "", "", "", "",
];

/// Numbers in a note.
pub(super) struct Numbers<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(bytes: &'a [u8], endian: Endianness) -> Self {
        Self {
            bytes,
            is_little: endian == Endianness::Little,
        }
    }

    fn at<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.at(at)?;
        Some(match self.is_little {
            true => u16::from_le_bytes(bytes),
            false => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.at(at)?;
        Some(match self.is_little {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn i32(&self, at: usize) -> Option<i32> {
        let bytes = self.at(at)?;
        Some(match self.is_little {
            true => i32::from_le_bytes(bytes),
            false => i32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64(&self, at: usize) -> Option<u64> {
        let bytes = self.at(at)?;
        Some(match self.is_little {
            true => u64::from_le_bytes(bytes),
            false => u64::from_be_bytes(bytes),
        })
    }

    /// Text of at most `size` bytes that a zero ends.
    pub(super) fn text(&self, at: usize, size: usize) -> Option<String> {
        let end = at.checked_add(size)?.min(self.bytes.len());
        let bytes = self.bytes.get(at..end)?;
        let text = bytes.split(|byte| *byte == 0).next()?;
        let text = String::from_utf8_lossy(text).into_owned();
        (!text.is_empty()).then_some(text)
    }

    /// What follows `at`.
    pub(super) fn rest(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }
}

/// The value of `kind` in `NT_AUXV`.
pub(super) fn auxiliary(numbers: &Numbers<'_>, kind: u64) -> Option<u64> {
    let mut at = 0;
    while let (Some(known), Some(value)) = (numbers.u64(at), numbers.u64(at + 8)) {
        if known == kind {
            return Some(value);
        }
        at += 16;
    }
    None
}

pub(super) fn registers(numbers: &Numbers<'_>, machine: u16) -> Vec<Register> {
    let names: Vec<String> = match machine {
        elf::EM_X86_64 => X86.map(str::to_owned).into(),
        elf::EM_AARCH64 => {
            let general = (0..31).map(|number| format!("x{number}"));
            general
                .chain(["sp", "pc", "pstate"].map(str::to_owned))
                .collect()
        }
        _ => Vec::new(),
    };
    let values = names.into_iter().enumerate().filter_map(|(number, name)| {
        let value = numbers.u64(STATUS_REGISTERS + number * 8).map(Address)?;
        Some(Register { name, value })
    });
    values
        .filter(|register| !register.name.is_empty())
        .collect()
}
