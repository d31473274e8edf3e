//! Which file may be run as a unit's program.
//!
//! A test runs a program with arguments that only programs of that name understand. A script that
//! is called so may do anything: it migrates a database first, or takes every argument for `start`.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::{small_file, tool};

const ELF: &[u8] = b"\x7fELF";
/// Where programs are installed; elsewhere lies what somebody tries out.
const INSTALLED: [&str; 4] = ["/usr", "/opt", "/bin", "/sbin"];
/// Where no one but packages and the administrator puts scripts.
const OF_SYSTEM: &str = "/usr";
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A program to run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// Whether it is not the unit's own, but that of the same name which is installed.
    pub(super) is_stand_in: bool,
}

/// What is run for a unit's program. `None`: nothing that is sure to be one.
pub(super) fn of_unit(path: &str, may_be_script: bool) -> Option<Program> {
    let own = Path::new(path);
    let name = own.file_name()?.to_str()?;
    let stand_in = || {
        let found = tool::find(name)?;
        may_run(&found, may_be_script).then_some(Program {
            path: found,
            is_stand_in: true,
        })
    };
    match own.is_absolute() && may_run(own, may_be_script) {
        true => Some(Program {
            path: own.to_owned(),
            is_stand_in: false,
        }),
        false => stand_in(),
    }
}

/// Whether a file is a program, and of root: compiled, or a script where one is expected.
pub(super) fn may_run(path: &Path, may_be_script: bool) -> bool {
    let Ok(real) = fs::canonicalize(path) else {
        return false;
    };
    let is_installed = INSTALLED.iter().any(|folder| real.starts_with(folder));
    is_installed
        && is_roots(&real)
        && (is_compiled(&real) || may_be_script && real.starts_with(OF_SYSTEM))
}

/// Whether nobody but root can have put it there.
fn is_roots(real: &Path) -> bool {
    real.ancestors().all(|place| {
        fs::metadata(place)
            .is_ok_and(|found| found.uid() == 0 && found.mode() & WRITABLE_BY_OTHERS == 0)
    })
}

fn is_compiled(path: &Path) -> bool {
    small_file::beginning(path, ELF.len() as u64).is_some_and(|bytes| bytes == ELF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compiled_programs_of_root_are_run() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("sleep");
        fs::write(&script, "#!/bin/sh\ntouch /tmp/migrated\n").unwrap();
        let copy = folder.path().join("copy");
        fs::copy("/usr/bin/sleep", &copy).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let own = |path: &str| {
            Some(Program {
                path: path.into(),
                is_stand_in: false,
            })
        };
        // Of another owner where the tests are not run by root of the host.
        if fs::metadata("/usr/bin/sleep").unwrap().uid() != 0 {
            return;
        }
        let installed = tool::find("sleep").unwrap();
        let stand_in = Some(Program {
            path: installed,
            is_stand_in: true,
        });
        // (the unit's program, whether it may be a script, what is run)
        let cases = [
            ("/usr/bin/sleep".to_owned(), false, own("/usr/bin/sleep")),
            // A wrapper, and a script of SysV.
            (text(&script), false, stand_in.clone()),
            (text(&script), true, stand_in.clone()),
            ("/etc/init.d/sleep".to_owned(), false, stand_in.clone()),
            ("sleep".to_owned(), false, stand_in.clone()),
            // Others may write to its folder.
            (text(&copy), false, None),
            ("/usr/bin/ldd".to_owned(), false, None),
            ("/usr/bin/ldd".to_owned(), true, own("/usr/bin/ldd")),
            ("/opt/none".to_owned(), true, None),
        ];
        for (path, may_be_script, program) in cases {
            assert_eq!(of_unit(&path, may_be_script), program, "{path}");
        }
    }
}
