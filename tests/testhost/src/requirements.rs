//! What a machine must have for test hosts.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

/// What this machine lacks for test hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Packages of Debian and Ubuntu.
    pub packages: BTreeSet<&'static str>,
    /// What no package gives, each as a sentence: permissions, the kernel.
    pub others: Vec<String>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.others.clone();
        if !self.packages.is_empty() {
            let packages: Vec<_> = self.packages.iter().copied().collect();
            lines.insert(0, format!("apt-get install {}", packages.join(" ")));
        }
        write!(f, "test hosts cannot run here: {}", lines.join("; "))
    }
}

impl std::error::Error for Missing {}

/// Where a package leaves something that can be looked for; one of the files is enough.
const PACKAGES: &[(&str, &[&str])] = &[
    ("systemd", &["/lib/systemd/systemd"]),
    ("dbus", &["/usr/bin/dbus-daemon"]),
    (
        "libpam-systemd",
        &[
            "/lib/x86_64-linux-gnu/security/pam_systemd.so",
            "/lib/aarch64-linux-gnu/security/pam_systemd.so",
            "/lib/security/pam_systemd.so",
        ],
    ),
    ("iproute2", &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]),
    ("util-linux", &["/usr/bin/unshare"]),
    ("bsdextrautils", &["/usr/bin/column"]),
];

/// The capabilities that only a real root has, by their number: (number, name).
const CAPABILITIES: &[(u32, &str)] = &[(12, "CAP_NET_ADMIN"), (21, "CAP_SYS_ADMIN")];

/// Checks that test hosts can be booted on this machine.
///
/// # Errors
///
/// All that is [`Missing`], not just the first.
pub fn requirements() -> Result<(), Missing> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let missing = Missing {
        packages: packages(|path| Path::new(path).exists(), &read("/proc/self/cgroup")),
        others: others(
            &read("/proc/self/status"),
            &read("/proc/sys/kernel/osrelease"),
        ),
    };
    if missing == Missing::default() {
        Ok(())
    } else {
        Err(missing)
    }
}

fn packages(exists: impl Fn(&str) -> bool, cgroups: &str) -> BTreeSet<&'static str> {
    let missing = PACKAGES
        .iter()
        .filter(|(_, traces)| !traces.iter().any(|trace| exists(trace)));
    let mut packages: BTreeSet<_> = missing.map(|(package, _)| *package).collect();
    // With the memory controller in v1 a small library is compiled for systemd; see the script.
    let memory_in_v1 = cgroups
        .lines()
        .any(|line| line.split(':').nth(1) == Some("memory"));
    if memory_in_v1 && !exists("/usr/bin/cc") {
        packages.insert("gcc");
        packages.insert("libc6-dev");
    }
    packages
}

fn others(status: &str, kernel: &str) -> Vec<String> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    let lacking = CAPABILITIES
        .iter()
        .filter(|(number, _)| effective & (1 << number) == 0);
    let mut others: Vec<_> = lacking
        .map(|(_, name)| format!("{name} is missing: be root"))
        .collect();
    if kernel_version(kernel).is_none_or(|version| version < (5, 14)) {
        others.push(format!("the kernel {} is older than 5.14", kernel.trim()));
    }
    others
}

fn kernel_version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|char: char| !char.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_package_is_named() {
        let bare = packages(
            |path| path == "/lib/systemd/systemd" || path == "/usr/bin/cc",
            "4:memory:/\n",
        );
        assert_eq!(
            bare,
            [
                "bsdextrautils",
                "dbus",
                "iproute2",
                "libpam-systemd",
                "util-linux"
            ]
            .into()
        );
    }

    #[test]
    fn a_compiler_is_needed_only_where_memory_is_in_v1() {
        let all_but_compiler = |path: &str| path != "/usr/bin/cc";
        assert_eq!(
            packages(all_but_compiler, "4:memory:/a\n0::/\n"),
            ["gcc", "libc6-dev"].into()
        );
        assert_eq!(packages(all_but_compiler, "0::/\n"), BTreeSet::new());
    }

    #[test]
    fn what_no_package_gives_is_told_as_well() {
        assert_eq!(
            others("CapEff:\t000001ffffffffff\n", "6.1.0-18-amd64\n"),
            Vec::<String>::new()
        );
        let told = others("CapEff:\t0000000000000000\n", "5.10.0-28-amd64\n");
        assert_eq!(
            told,
            [
                "CAP_NET_ADMIN is missing: be root",
                "CAP_SYS_ADMIN is missing: be root",
                "the kernel 5.10.0-28-amd64 is older than 5.14",
            ]
        );
    }
}
