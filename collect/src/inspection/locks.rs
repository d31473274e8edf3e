//! Locks of files, as the kernel lists them.

use std::{collections::BTreeSet, fs};

use analysis::inspection::{LockFact, NamedProcess};

use super::Reader;

/// Lines that are read; a host with more has other worries.
const MOST_LOCKS: usize = 20_000;

impl Reader {
    /// Those of this process, and those that it waits for.
    pub(super) fn locks(&mut self) -> Vec<LockFact> {
        let text = match fs::read(self.root.join("locks")) {
            Ok(text) => text,
            Err(error) => {
                self.lacks("locks", error.to_string());
                return Vec::new();
            }
        };
        let text = String::from_utf8_lossy(&text);
        let named = |pid| {
            self.named(pid).unwrap_or(NamedProcess {
                pid,
                comm: String::new(),
            })
        };
        let all: Vec<Line> = text
            .lines()
            .take(MOST_LOCKS)
            .filter_map(Line::read)
            .collect();
        let own = all.iter().filter(|line| line.pid == Some(self.pid));
        let numbers: BTreeSet<u64> = own.map(|line| line.fact.number).collect();
        all.into_iter()
            .filter(|line| numbers.contains(&line.fact.number))
            .map(|line| LockFact {
                process: line.pid.map(named),
                ..line.fact
            })
            .collect()
    }
}

struct Line {
    fact: LockFact,
    pid: Option<u32>,
}

impl Line {
    /// `1: -> FLOCK  ADVISORY  WRITE 4711 fe:00:10027039 0 EOF`.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().peekable();
        let number = words.next()?.strip_suffix(':')?.parse().ok()?;
        let is_waiting = words.next_if_eq(&"->").is_some();
        let kind = words.next()?.to_owned();
        let is_write = words.nth(1)? == "WRITE";
        let pid: i64 = words.next()?.parse().ok()?;
        let mut file = words.next()?.split(':');
        let major = u32::from_str_radix(file.next()?, 16).ok()?;
        let minor = u32::from_str_radix(file.next()?, 16).ok()?;
        let fact = LockFact {
            number,
            kind,
            is_write,
            is_waiting,
            process: None,
            device: format!("{major}:{minor}"),
            inode: file.next()?.parse().ok()?,
            line: line.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        // -1: a lock of an open file; 0: a process of another namespace.
        let pid = u32::try_from(pid).ok().filter(|pid| *pid > 0);
        Some(Self { fact, pid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_lines_have_an_arrow() {
        let held = Line::read("1: FLOCK  ADVISORY  WRITE 32669 fe:00:10027039 0 EOF").unwrap();
        let waits = Line::read("1: -> FLOCK  ADVISORY  WRITE 32752 fe:00:10027039 0 EOF").unwrap();
        assert_eq!((held.pid, held.fact.is_waiting), (Some(32669), false));
        assert_eq!((waits.pid, waits.fact.is_waiting), (Some(32752), true));
        assert_eq!(
            (waits.fact.device.as_str(), waits.fact.inode),
            ("254:0", 10_027_039)
        );
        let open = Line::read("4: OFDLCK ADVISORY  READ -1 08:01:7 0 EOF").unwrap();
        assert_eq!((open.pid, open.fact.is_write), (None, false));
        for broken in [
            "",
            "1:",
            "1: FLOCK",
            "1: FLOCK ADVISORY WRITE x fe:00:1 0 EOF",
        ] {
            assert!(Line::read(broken).is_none(), "{broken:?}");
        }
    }
}
