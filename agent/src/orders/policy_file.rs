//! The policy's file, and whether it can be trusted.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use analysis::order::Refusal;

use super::policy::Policy;

/// Where the policy is unless `agent.toml` says otherwise; it may be missing.
pub const DEFAULT_POLICY: &str = "/etc/aiops/policy.toml";
/// Beside the policy. While it is there, all orders are refused.
const DISABLED: &str = "remote-disabled";
/// A longer policy is none.
const MAX_BYTES: u64 = 64 * 1024;
/// Writable by the group or by others.
const OTHERS_WRITE: u32 = 0o022;

/// Reads the policy anew for each order, so that a change works at once.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    path: PathBuf,
}

impl PolicyFile {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What the owner of this host allows at this moment.
    ///
    /// # Errors
    ///
    /// [`Refusal::Disabled`], or [`Refusal::PolicyUnusable`] if the file cannot be read, is
    /// malformed, or could have been written by somebody who is not the owner of this host.
    pub fn read(&self) -> Result<Policy, (Refusal, String)> {
        let unusable = |detail| (Refusal::PolicyUnusable, detail);
        if let Some(folder) = self.path.parent() {
            let disabled = folder.join(DISABLED);
            match fs::symlink_metadata(&disabled) {
                Ok(_) => {
                    let detail = format!("{} is there", disabled.display());
                    return Err((Refusal::Disabled, detail));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(unusable(format!(
                        "cannot look at {}: {error}",
                        disabled.display()
                    )));
                }
            }
            // Who may write there may put another policy in place of this one.
            match fs::metadata(folder) {
                Ok(found) => trusted(folder, &found).map_err(unusable)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Policy::default());
                }
                Err(error) => {
                    return Err(unusable(format!(
                        "cannot look at {}: {error}",
                        folder.display()
                    )));
                }
            }
        }
        let text = match self.text() {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Policy::default()),
            Err(detail) => return Err(unusable(detail)),
        };
        Policy::parse(&text).map_err(|error| unusable(format!("{}: {error}", self.path.display())))
    }

    fn text(&self) -> Result<Option<String>, String> {
        let path = &self.path;
        let failed = |error: io::Error| format!("cannot read {}: {error}", path.display());
        // Of a pipe, opening would wait for a writer.
        match fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(format!("{} is no file", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match fs::symlink_metadata(path) {
                    Ok(_) => Err(format!("{} leads nowhere", path.display())),
                    Err(_) => Ok(None),
                };
            }
            Err(error) => return Err(failed(error)),
        }
        let file = File::open(path).map_err(failed)?;
        // Of the open file: the name may be another's by then.
        let found = file.metadata().map_err(failed)?;
        trusted(path, &found)?;
        if found.len() > MAX_BYTES {
            return Err(format!("{} has {} bytes", path.display(), found.len()));
        }
        let mut text = String::new();
        file.take(MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(failed)?;
        Ok(Some(text))
    }
}

/// Only root, or the agent's own user, may be able to write it.
fn trusted(path: &Path, found: &Metadata) -> Result<(), String> {
    let path = path.display();
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != me {
        return Err(format!(
            "{path} belongs to uid {}, not to root",
            found.uid()
        ));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        let mode = found.mode() & 0o7777;
        return Err(format!(
            "{path} can be written by others than its owner (mode {mode:o})"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    struct Folder {
        root: tempfile::TempDir,
        file: PolicyFile,
    }

    fn folder(text: &str, mode: u32) -> Folder {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("policy.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let file = PolicyFile::at(path);
        Folder { root, file }
    }

    fn reason(file: &PolicyFile) -> Option<Refusal> {
        file.read().err().map(|(reason, _)| reason)
    }

    #[test]
    fn only_a_file_that_others_cannot_write_is_believed() {
        for (mode, believed) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
            let folder = folder("max_running = 1", mode);
            let expected = (!believed).then_some(Refusal::PolicyUnusable);
            assert_eq!(reason(&folder.file), expected, "{mode:o}");
        }
        let open = folder("", 0o644);
        fs::set_permissions(open.root.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(reason(&open.file), Some(Refusal::PolicyUnusable));
    }

    #[test]
    fn a_file_of_another_user_is_not_believed() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = folder("", 0o644);
        chown(&folder.file.path, Some(12345), None).unwrap();
        let (reason, detail) = folder.file.read().unwrap_err();
        assert_eq!(reason, Refusal::PolicyUnusable);
        assert!(detail.contains("12345"), "{detail}");
    }

    #[test]
    fn a_change_works_at_once() {
        let folder = folder("max_running = 1", 0o644);
        assert_eq!(folder.file.read().unwrap().max_running, 1);
        fs::write(&folder.file.path, "max_runing = 2").unwrap();
        let (reason, detail) = folder.file.read().unwrap_err();
        assert_eq!(reason, Refusal::PolicyUnusable);
        assert!(detail.contains("did you mean `max_running`?"), "{detail}");
        fs::remove_file(&folder.file.path).unwrap();
        assert_eq!(folder.file.read().unwrap(), Policy::default());
        fs::write(folder.root.path().join(DISABLED), "").unwrap();
        assert_eq!(folder.file.read().unwrap_err().0, Refusal::Disabled);
    }

    #[test]
    fn what_is_no_file_allows_nothing() {
        let folder = folder("", 0o644);
        fs::remove_file(&folder.file.path).unwrap();
        symlink("nowhere", &folder.file.path).unwrap();
        assert_eq!(reason(&folder.file), Some(Refusal::PolicyUnusable));
        fs::remove_file(&folder.file.path).unwrap();
        fs::create_dir(&folder.file.path).unwrap();
        assert_eq!(reason(&folder.file), Some(Refusal::PolicyUnusable));
        let nothing = PolicyFile::at(folder.root.path().join("no/policy.toml"));
        assert_eq!(nothing.read().unwrap(), Policy::default());
    }
}
