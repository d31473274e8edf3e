//! One line about one frame.

use super::{Address, Frame};

/// `#0  0x0000561cd99a4220 parse (a + 0x1220)`; without symbols `n/a` for the name.
pub(super) fn of_systemd(line: &str) -> Option<Frame> {
    let (address, rest) = addressed(numbered(line)?)?;
    let (function, place) = rest.rsplit_once(" (")?;
    let place = place.strip_suffix(')')?;
    let (module, offset) = match place.rsplit_once(" + ") {
        Some((module, offset)) => (module, hex(offset)),
        None => (place, None),
    };
    Some(Frame {
        address: Some(address),
        function: known(function),
        module: known(module),
        offset,
        ..Frame::default()
    })
}

/// `#1  0x00005 in main (n=..., v=...) at a.c:23`, `#0  parse (c=...) at a.c:20`,
/// `#2  0x00007 in ?? () from /lib/libc.so.6`, `#3  <signal handler called>`.
pub(super) fn of_gdb(line: &str) -> Option<Frame> {
    let rest = numbered(line)?;
    if rest.starts_with("<signal handler called>") {
        return Some(Frame {
            function: Some("<signal handler called>".to_owned()),
            ..Frame::default()
        });
    }
    let (address, rest) = match addressed(rest) {
        Some((address, rest)) => (Some(address), rest.strip_prefix("in ").unwrap_or(rest)),
        None => (None, rest),
    };
    // Names of C++ and Rust have spaces and brackets; the arguments begin behind the last ` (`
    // that stands before the place.
    let (called, place) = split_place(rest);
    let function = called.rsplit_once(" (").map_or(called, |(name, _)| name);
    let mut frame = Frame {
        address,
        function: known(function),
        ..Frame::default()
    };
    if let Some(module) = place.strip_prefix("from ") {
        frame.module = Some(module.trim().to_owned());
    } else if let Some(at) = place.strip_prefix("at ") {
        match at.trim().rsplit_once(':') {
            Some((file, line)) => {
                frame.file = Some(file.to_owned());
                frame.line = line.parse().ok();
            }
            None => frame.file = Some(at.trim().to_owned()),
        }
    }
    Some(frame)
}

/// What is called, and where that stands: `at FILE:LINE` or `from MODULE`.
fn split_place(text: &str) -> (&str, &str) {
    let at = text.rfind(") at ").or_else(|| text.rfind(") from "));
    match at {
        Some(at) => (&text[..=at], text[at + 1..].trim_start()),
        None => (text.trim_end(), ""),
    }
}

/// `#0  0x0000561cd99a4220 parse - /opt/a`, with `- 1` behind addresses of callers.
pub(super) fn of_eu_stack(line: &str) -> Option<Frame> {
    let rest = numbered(line)?;
    let (address, rest) = match addressed(rest) {
        Some(found) => found,
        // A frame without a name ends with its address.
        None => (hex(rest.trim())?, ""),
    };
    let rest = rest.strip_prefix("- 1").unwrap_or(rest).trim_start();
    let (function, module) = match rest.rsplit_once(" - /") {
        Some((function, module)) => (function, Some(format!("/{module}"))),
        None => match rest.strip_prefix("- /") {
            Some(module) => ("", Some(format!("/{module}"))),
            None => (rest, None),
        },
    };
    Some(Frame {
        address: Some(address),
        function: known(function),
        module,
        ..Frame::default()
    })
}

/// What stands behind `#12`.
fn numbered(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    let (number, rest) = rest.split_once(' ')?;
    number.parse::<u32>().ok()?;
    Some(rest.trim())
}

fn addressed(text: &str) -> Option<(Address, &str)> {
    let (address, rest) = text.split_once(' ')?;
    address.starts_with("0x").then_some(())?;
    Some((hex(address)?, rest.trim()))
}

fn hex(text: &str) -> Option<Address> {
    let digits = text.trim().strip_prefix("0x")?;
    u64::from_str_radix(digits, 16).ok().map(Address)
}

fn known(name: &str) -> Option<String> {
    let name = name.trim();
    (!matches!(name, "" | "n/a" | "??")).then(|| name.to_owned())
}
