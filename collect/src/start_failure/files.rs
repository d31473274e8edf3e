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

/// The programs of a unit, their interpreters, its folder and its environment files, by the paths
/// that the unit has for them.
pub(crate) fn of(unit: &UnitStart) -> Vec<FileFact> {
    // Files of an image are not to be seen from here.
    let Some(root) = &unit.root else {
        return Vec::new();
    };
    let view = View::of_manager(Path::new("/proc"));
    let mut files: Vec<FileFact> = Vec::new();
    for command in &unit.facts.commands {
        let mut path = Some(command.path.clone());
        while let Some(next) = path.take() {
            let is_known = files.iter().any(|file| file.path == next);
            // systemd itself has to find a bare name, in folders of its own.
            if is_known || !next.starts_with('/') || files.len() == MOST_FILES {
                break;
            }
            let file = view.file(root, next);
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
                ..view.file(root, setting.value.clone())
            });
        }
    }
    files
}

/// Where a path of a unit lies, seen from here. `None`: not to be seen.
pub(super) fn place(root: &str, path: &str) -> PathBuf {
    View::of_manager(Path::new("/proc")).place(root, path)
}

/// What a path is, for a unit whose `/` is `root`.
pub(super) fn state(root: &str, path: &str) -> FileState {
    View::of_manager(Path::new("/proc"))
        .file(root, path.to_owned())
        .state
}

/// From where the files of process 1, and so of the units, are to be seen.
pub(crate) struct View {
    /// Folder that is their `/`.
    from: PathBuf,
    /// Whether it is certain that there are no others: what is missing here is missing.
    is_whole: bool,
}

impl View {
    /// The agent has a `/tmp` of its own (`PrivateTmp=`), and other files than process 1 has.
    pub(crate) fn of_manager(proc: &Path) -> Self {
        let namespace = |process: &str| fs::read_link(proc.join(process).join("ns/mnt"));
        let own = namespace("self");
        match (namespace("1"), own) {
            (Ok(manager), Ok(own)) if manager == own => Self::own(true),
            (Ok(_), _) => Self {
                from: proc.join("1/root"),
                is_whole: true,
            },
            // Nobody but root may look; what most users see is what units see.
            (Err(_), _) => Self::own(!has_own_folders(proc)),
        }
    }

    /// Whether what is missing here is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn own(is_whole: bool) -> Self {
        Self {
            from: PathBuf::from("/"),
            is_whole,
        }
    }

    /// Where a path of a unit with this `/` lies.
    pub(crate) fn place(&self, root: &str, path: &str) -> PathBuf {
        self.from
            .join(root.trim_start_matches('/'))
            .join(path.trim_start_matches('/'))
    }

    fn file(&self, root: &str, path: String) -> FileFact {
        let place = self.place(root, &path);
        let (state, interpreter) = match fs::metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_whole => {
                (FileState::Missing, None)
            }
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
}

/// Whether systemd gave this process folders of its own: it names them so.
fn has_own_folders(proc: &Path) -> bool {
    let mounts = fs::read_to_string(proc.join("self/mountinfo"));
    mounts.is_ok_and(|mounts| mounts.contains("/systemd-private-"))
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
        // As the kernel does: what an editor of Windows leaves (`\r`) is part of the name.
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .next()?;
    let program = std::str::from_utf8(program).ok()?;
    program.starts_with('/').then(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_what_they_are() {
        let root = tempfile::tempdir().unwrap();
        let root_text = root.path().to_str().unwrap();
        fs::write(root.path().join("script"), "#! /bin/none -e\nexit").unwrap();
        fs::set_permissions(root.path().join("script"), PermissionsExt::from_mode(0o644)).unwrap();
        fs::create_dir(root.path().join("folder")).unwrap();
        let view = View::own(true);
        let file = |root: &str, path: String| view.file(root, path);
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

    #[test]
    fn what_the_agent_alone_does_not_have_is_not_missing() {
        let proc = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = proc.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let namespace = |process: &str, id: &str| {
            let folder = proc.path().join(process).join("ns");
            fs::create_dir_all(&folder).unwrap();
            let _ = fs::remove_file(folder.join("mnt"));
            symlink(id, folder.join("mnt")).unwrap();
        };
        let state = || {
            let view = View::of_manager(proc.path());
            view.file("", "/tmp/of-the-unit".to_owned()).state
        };
        // Nothing is known of process 1.
        namespace("self", "mnt:[2]");
        write("self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
        assert_eq!(state(), FileState::Missing);
        let private = "2 1 8:1 /tmp/systemd-private-1-x/tmp /tmp rw - ext4 /dev/sda1 rw\n";
        write("self/mountinfo", private);
        assert!(matches!(state(), FileState::Unreadable(_)));
        // Its files are elsewhere, and there is a way to them.
        namespace("1", "mnt:[1]");
        assert_eq!(state(), FileState::Missing);
        write("1/root/tmp/of-the-unit", "");
        assert!(matches!(state(), FileState::File { .. }));
        // They are the same.
        namespace("1", "mnt:[2]");
        assert_eq!(state(), FileState::Missing);
    }
}
