//! The packages of Debian and Ubuntu that a task needs: found missing, named, installed.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::shown;

/// A package, and what shows that it is there: programs, or paths with at most one `*` folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    pub name: &'static str,
    /// One of them is enough: another package may bring it as well.
    traces: &'static [&'static str],
}

pub const POSTGRES: Package = Package {
    name: "postgresql",
    traces: &["/usr/lib/postgresql/*/bin/initdb"],
};
pub const UTIL_LINUX: Package = Package {
    name: "util-linux",
    traces: &["setpriv"],
};
pub const VENV: Package = Package {
    name: "python3-venv",
    traces: &[
        "/usr/lib/python3*/ensurepip",
        "/usr/lib/python3/dist-packages/ensurepip",
    ],
};
pub const CLANG: Package = Package {
    name: "clang-14",
    traces: &["clang-14"],
};
pub const LLVM: Package = Package {
    name: "llvm-14",
    traces: &["llvm-strip-14"],
};

/// Builds the page.
pub const NODEJS: Package = Package {
    name: "nodejs",
    traces: &["node", "nodejs"],
};
pub const NPM: Package = Package {
    name: "npm",
    traces: &["npm"],
};
/// Drives the page in tests.
pub const CHROMIUM: Package = Package {
    name: "chromium",
    traces: &["chromium", "chromium-browser"],
};

/// Look at processes; the tests of what we make of them need the real ones.
pub const GDB: Package = Package {
    name: "gdb",
    traces: &["gdb"],
};
pub const STRACE: Package = Package {
    name: "strace",
    traces: &["strace"],
};
/// Of Debian; Ubuntu has it in a package for each kernel.
pub const PERF: Package = Package {
    name: "linux-perf",
    traces: &["perf"],
};

/// Makes the journals that tests read, from text.
pub const JOURNAL_REMOTE: Package = Package {
    name: "systemd-journal-remote",
    traces: &[
        "/lib/systemd/systemd-journal-remote",
        "/usr/lib/systemd/systemd-journal-remote",
    ],
};

/// The names of those that this machine lacks.
pub fn missing(packages: &[Package]) -> BTreeSet<&'static str> {
    let lacks = |package: &&Package| !package.traces.iter().any(|trace| is_there(trace));
    packages
        .iter()
        .filter(lacks)
        .map(|package| package.name)
        .collect()
}

/// Installs packages with apt-get, or only names them.
///
/// # Errors
///
/// If there are any and `install` is false; if apt-get is missing or fails.
pub fn provide(missing: &BTreeSet<&'static str>, install: bool) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().copied().collect();
    eprintln!("missing packages: {}", names.join(" "));
    if !install {
        bail!("install them: apt-get install {}", names.join(" "));
    }
    if find_program("apt-get").is_none() {
        bail!(
            "this is not Debian or Ubuntu: install the like of {} by hand",
            names.join(" ")
        );
    }
    apt_get(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-qq", "--yes", "--no-install-recommends"];
    arguments.extend(names);
    apt_get(&arguments)
}

/// Those which this release of the distribution has at all.
pub fn available(packages: BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let known = |name: &&str| {
        let mut show = Command::new("apt-cache");
        show.args(["show", "--quiet", name])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        show.status().is_ok_and(|status| status.success())
    };
    packages.into_iter().filter(known).collect()
}

/// Runs apt-get with its own progress on our stderr; it may ask for sudo's password.
fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("env")
    } else {
        ensure!(
            find_program("sudo").is_some(),
            "neither root nor sudo: cannot install packages"
        );
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(arguments);
    command.stdout(Stdio::from(io::stderr()));
    eprintln!("$ {}", shown(&command));
    let status = command.status().context("cannot run apt-get")?;
    ensure!(
        status.success(),
        "apt-get {} ended with {status}",
        arguments.join(" ")
    );
    Ok(())
}

/// Where a program is. Folders for root's programs are searched too, in `PATH` or not.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn is_there(trace: &str) -> bool {
    match trace.split_once('*') {
        _ if !trace.starts_with('/') => find_program(trace).is_some(),
        None => Path::new(trace).exists(),
        Some((start, end)) => any_folder(start, end),
    }
}

/// Is there a path that consists of `start`, the rest of a folder's name, and `end`?
fn any_folder(start: &str, end: &str) -> bool {
    let (parent, prefix) = start.rsplit_once('/').unwrap_or(("", start));
    let entries = fs::read_dir(format!("{parent}/"))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(prefix))
        .any(|name| Path::new(&format!("{parent}/{name}{end}")).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_there_if_one_of_its_traces_is() {
        let package = |traces| Package { name: "it", traces };
        let cases: &[(&'static [&'static str], bool)] = &[
            (&["sh"], true),
            (&["no-such-program"], false),
            (&["no-such-program", "sh"], true),
            (&["/etc/passwd"], true),
            (&["/etc/no-such-file"], false),
            (&["/proc/*/stat"], true),
            (&["/proc/sel*/stat"], true),
            (&["/proc/*/no-such-file"], false),
            (&["/no-such-folder/*/stat"], false),
        ];
        for (traces, there) in cases {
            assert_eq!(missing(&[package(traces)]).is_empty(), *there, "{traces:?}");
        }
    }

    #[test]
    fn without_leave_to_install_the_missing_are_named() {
        let refused = provide(&["iproute2", "dbus"].into(), false)
            .unwrap_err()
            .to_string();
        assert_eq!(refused, "install them: apt-get install dbus iproute2");
        provide(&BTreeSet::new(), false).unwrap();
    }
}
