//! `/proc/sys/kernel/core_pattern`: where the kernel puts cores. Source: core(5).

/// Where cores go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorePattern {
    /// systemd-coredump keeps them.
    SystemdCoredump,
    /// Ubuntu's apport keeps them.
    Apport,
    /// Another program gets them, and does what it likes.
    Program(String),
    /// Files in a folder.
    Folder { folder: String, name: NamePattern },
    /// Files in the folder that the process is in when it crashes.
    WorkingFolder { name: NamePattern },
    /// The pattern is empty, and so is the name: none are written.
    Nowhere,
}

/// The name of a core file, with what stands for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl CorePattern {
    /// `uses_pid`: `/proc/sys/kernel/core_uses_pid`.
    pub fn read(text: &str, uses_pid: bool) -> Self {
        let text = text.trim_end_matches('\n');
        if let Some(command) = text.strip_prefix('|') {
            let program = command.trim().split(' ').next().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default();
            return match name {
                "systemd-coredump" => Self::SystemdCoredump,
                "apport" => Self::Apport,
                _ => Self::Program(program.to_owned()),
            };
        }
        if text.is_empty() && !uses_pid {
            return Self::Nowhere;
        }
        let name = |name: &str| {
            let more = if uses_pid && !name.contains("%p") {
                ".%p"
            } else {
                ""
            };
            NamePattern(format!("{name}{more}"))
        };
        match text.rsplit_once('/') {
            Some((folder, last)) if text.starts_with('/') && !folder.contains('%') => {
                Self::Folder {
                    folder: if folder.is_empty() { "/" } else { folder }.to_owned(),
                    name: name(last),
                }
            }
            // A folder with a name of its own for each process is not searched.
            Some(_) => Self::Program(text.to_owned()),
            None => Self::WorkingFolder { name: name(text) },
        }
    }
}

impl NamePattern {
    /// Whether a file of this name may be a core.
    pub fn fits(&self, name: &str) -> bool {
        fits(&self.pieces(), name)
    }

    /// The constant pieces; between two of them stands anything.
    fn pieces(&self) -> Vec<String> {
        let mut pieces = vec![String::new()];
        let mut text = self.0.chars();
        while let Some(c) = text.next() {
            let kept = match c {
                '%' => match text.next() {
                    Some('%') => Some('%'),
                    Some(_) => {
                        pieces.push(String::new());
                        None
                    }
                    None => None,
                },
                other => Some(other),
            };
            if let Some(last) = pieces.last_mut() {
                last.extend(kept);
            }
        }
        pieces
    }
}

fn fits(pieces: &[String], name: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return false;
    };
    let Some(mut name) = name.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return name.is_empty();
    };
    for piece in between {
        match name.find(piece.as_str()) {
            Some(at) => name = &name[at + piece.len()..],
            None => return false,
        }
    }
    name.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_distributions_are_read() {
        let read = |text| CorePattern::read(text, false);
        let systemd = "|/lib/systemd/systemd-coredump %P %u %g %s %t 9223372036854775808 %h\n";
        assert_eq!(read(systemd), CorePattern::SystemdCoredump);
        let apport = "|/usr/share/apport/apport -p%p -s%s -c%c";
        assert_eq!(read(apport), CorePattern::Apport);
        let abrt = "|/usr/libexec/abrt-hook-ccpp %s %c";
        let abrt_program = "/usr/libexec/abrt-hook-ccpp".to_owned();
        assert_eq!(read(abrt), CorePattern::Program(abrt_program));
        assert_eq!(read("\n"), CorePattern::Nowhere);
        let CorePattern::Folder { folder, name } = read("/var/cores/core.%e.%p.%t") else {
            panic!("no folder")
        };
        assert_eq!(folder, "/var/cores");
        for (file, is_core) in [
            ("core.a.7.1700000000", true),
            ("core.a b.7.1700000000", true),
            ("core.a", false),
            ("score.a.7.1", false),
        ] {
            assert_eq!(name.fits(file), is_core, "{file}");
        }
    }

    #[test]
    fn the_kernels_own_default_is_a_file_where_the_process_is() {
        let fits = |uses_pid, file| match CorePattern::read("core", uses_pid) {
            CorePattern::WorkingFolder { name } => name.fits(file),
            other => panic!("{other:?}"),
        };
        assert!(fits(false, "core") && !fits(false, "core.7"));
        assert!(fits(true, "core.7") && !fits(true, "core"));
    }
}
