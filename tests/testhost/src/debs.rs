//! Programs of Debian in a host alone: downloaded once, unpacked in the host, and never installed
//! on the machine that runs the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::host::Host;

/// Downloads packages, without what they depend on, into a cache that stays.
///
/// # Errors
///
/// If this is not Debian or Ubuntu, or the packages cannot be had.
pub fn download(packages: &[&str]) -> Result<Vec<PathBuf>> {
    let cache = std::env::temp_dir().join("testhost-debs");
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    packages
        .iter()
        .map(|package| match cached(&cache, package)? {
            Some(deb) => Ok(deb),
            None => fetch(&cache, package),
        })
        .collect()
}

/// Downloads packages and what this machine lacks of their dependencies, into a cache that stays.
///
/// # Errors
///
/// If this is not Debian or Ubuntu, or the packages cannot be had.
pub fn download_with_dependencies(packages: &[&str]) -> Result<Vec<PathBuf>> {
    let status = fs::metadata("/var/lib/dpkg/status").context("this is not Debian")?;
    // What is lacking depends on what is installed.
    let folder = format!(
        "testhost-debs/{}.{}",
        packages.join("+"),
        std::os::unix::fs::MetadataExt::mtime(&status)
    );
    let folder = std::env::temp_dir().join(folder);
    if !folder.exists() {
        let parent = folder.parent().context("a folder has a parent")?;
        fs::create_dir_all(parent)?;
        let draft = tempfile::tempdir_in(parent)?;
        fetch_all(draft.path(), packages)?;
        // Another test may have been faster: then this one's are dropped.
        drop(fs::rename(draft.path(), &folder));
    }
    let mut debs = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            debs.push(path);
        }
    }
    debs.sort();
    Ok(debs)
}

/// Installs packages that [`download_with_dependencies`] has brought, as Debian does: their scripts
/// make users, folders and certificates. No service is started.
///
/// # Errors
///
/// If one of them does not install.
pub fn install(host: &Host, packages: &[&str], debs: &[PathBuf]) -> Result<()> {
    for deb in debs {
        let name = deb.file_name().context("a file has a name")?;
        host.put(deb, &format!("/debs/{}", name.to_string_lossy()))?;
    }
    host.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")?;
    let install = format!(
        "chmod 755 /usr/sbin/policy-rc.d
         export DEBIAN_FRONTEND=noninteractive
         apt-get {APT_INSTALL} --no-download -o Dir::Cache::archives=/debs \
             -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold {} 2>&1
         ended=$?
         rm -rf /debs /usr/sbin/policy-rc.d
         exit $ended",
        packages.join(" ")
    );
    host.shell(&install)?.stdout().map(drop)
}

const APT_INSTALL: &str = "install -qq --yes --no-install-recommends";

fn fetch_all(folder: &Path, packages: &[&str]) -> Result<()> {
    fs::create_dir(folder.join("partial"))?;
    let run = |line: &str| -> Result<bool> {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(folder);
        Ok(shell.output().context("there is no sh")?.status.success())
    };
    let line = format!(
        "apt-get {APT_INSTALL} --download-only -o Dir::Cache::archives=\"$PWD\" {}",
        packages.join(" ")
    );
    if !run(&line)? {
        // The lists of packages may be missing or old.
        run("apt-get update -qq")?;
        ensure!(run(&line)?, "cannot download {packages:?}: {line}");
    }
    Ok(())
}

/// Unpacks Debian's nginx in `host`, with its default site: it listens on port 80.
///
/// # Errors
///
/// If it cannot be downloaded, or the host does not take it.
pub fn unpack_nginx(host: &Host) -> Result<()> {
    unpack(host, &download(&["nginx-common", "nginx"])?)?;
    // The package makes this link when it is installed, and here it was only unpacked.
    let link = "ln -s ../sites-available/default /etc/nginx/sites-enabled/default";
    host.shell(link)?.stdout().map(drop)
}

fn fetch(cache: &Path, package: &str) -> Result<PathBuf> {
    // In a folder of its own first: two tests may want the same package at once.
    let draft = tempfile::tempdir_in(cache)?;
    let get = |arguments: &[&str]| -> Result<bool> {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).arg("-qq").current_dir(draft.path());
        Ok(apt
            .output()
            .context("there is no apt-get")?
            .status
            .success())
    };
    if !get(&["download", package])? {
        // The lists of packages may be missing or old.
        get(&["update"])?;
        ensure!(
            get(&["download", package])?,
            "apt-get cannot download {package}"
        );
    }
    let fetched = cached(draft.path(), package)?.context("apt-get downloaded nothing")?;
    let kept = cache.join(fetched.file_name().context("a file has a name")?);
    fs::rename(fetched, &kept)?;
    Ok(kept)
}

fn cached(folder: &Path, package: &str) -> Result<Option<PathBuf>> {
    let start = format!("{package}_");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&start) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// Unpacks packages in a host. Their scripts do not run: nothing is started or configured.
///
/// # Errors
///
/// If the host has no room, or no dpkg.
pub fn unpack(host: &Host, debs: &[PathBuf]) -> Result<()> {
    for deb in debs {
        let there = "/tmp/unpack.deb";
        host.put(deb, there)?;
        // `dpkg-deb --extract` would put a folder in the place of `/lib`, which is a link.
        let unpack =
            format!("dpkg-deb --fsys-tarfile {there} | tar -x -C / --keep-directory-symlink");
        let unpacked = host.shell(&unpack)?;
        unpacked
            .stdout()
            .with_context(|| format!("cannot unpack {}", deb.display()))?;
    }
    host.exec(&["systemctl", "daemon-reload"])?
        .stdout()
        .map(drop)
}
