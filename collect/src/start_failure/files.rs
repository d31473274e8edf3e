//! The files that a unit names: whether they are there, and programs may be executed.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use analysis::start_failure::facts::{FileFact, FileState};

use crate::systemd::UnitStart;

/// Longest first line that names an interpreter; the kernel reads 256 bytes as well.
const FIRST_LINE: u64 = 256;
/// Files that are looked at.
const MOST_FILES: usize = 32;

/// The programs of a unit, their interpreters, its folder and its environment files, by the paths that the unit has for them.
pub(super) fn of(unit: &UnitStart) -> Vec<FileFact> {
    // Files of an image are not to be seen from here.
    let Some(root) = &unit.root else {
        return Vec::new();
    };
    let mut files: Vec<FileFact> = Vec::new();
    for command in &unit.facts.commands {
        let mut path = Some(command.path.clone());
        while let Some(next) = path.take() {
            let is_known = files.iter().any(|file| file.path == next);
            // systemd itself has to find a bare name, in folders of its own.
            if is_known || !next.starts_with('/') || files.len() == MOST_FILES {
                break;
            }
            let file = file(root, next);
            path = file.interpreter.clone();
            files.push(file);
        }
    }
    for setting in &unit.facts.settings {
        // systemd itself reads environment files, before it takes another folder for `/`.
        let root = match setting.name.as_str() {
            "EnvironmentFile" | "RootDirectory" => "/",
            "WorkingDirectory" => root,
            _ => continue,
        };
        if setting.value.starts_with('/') && files.len() < MOST_FILES {
            files.push(FileFact {
                interpreter: None,
                ..file(root, setting.value.clone())
            });
        }
    }
    files
}

fn file(root: &str, path: String) -> FileFact {
    let place: PathBuf = Path::new("/")
        .join(root.trim_start_matches('/'))
        .join(path.trim_start_matches('/'));
    let (state, interpreter) = match fs::metadata(&place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (FileState::Missing, None),
        Err(error) => (FileState::Unreadable(error.to_string()), None),
        Ok(found) if found.is_dir() => (FileState::Directory, None),
        Ok(found) => {
            let mode = found.permissions().mode() & 0o7777;
            // A pipe would make whoever opens it wait.
            let interpreter = found.is_file().then(|| interpreter(&place)).flatten();
            (FileState::File { mode }, interpreter)
        }
    };
    FileFact {
        path,
        state,
        interpreter,
    }
}

/// The program that the first line of a script names: `#!/bin/sh -e`.
fn interpreter(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    File::open(path)
        .ok()?
        .take(FIRST_LINE)
        .read_to_end(&mut start)
        .ok()?;
    let line = start
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let program = line
        .trim_ascii_start()
        .split(u8::is_ascii_whitespace)
        .next()?;
    let program = std::str::from_utf8(program).ok()?;
    program.starts_with('/').then(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_they_are() {
        let root = tempfile::tempdir().unwrap();
        let root_text = root.path().to_str().unwrap();
        fs::write(root.path().join("script"), "#! /bin/none -e\nexit").unwrap();
        fs::set_permissions(root.path().join("script"), PermissionsExt::from_mode(0o644)).unwrap();
        fs::create_dir(root.path().join("folder")).unwrap();
        let script = file(root_text, "/script".to_owned());
        assert_eq!(script.state, FileState::File { mode: 0o644 });
        assert_eq!(script.interpreter.as_deref(), Some("/bin/none"));
        assert_eq!(
            file(root_text, "/folder".to_owned()).state,
            FileState::Directory
        );
        assert_eq!(
            file(root_text, "/none".to_owned()).state,
            FileState::Missing
        );
        assert_eq!(file("", "/bin/sh".to_owned()).interpreter, None);
    }
}
