//! Who this host is: what the registry shows, and what tells it from a copy of its disk.

use std::{fs, path::Path, process::Command};

use analysis::identity::BootId;
use collect::{
    CollectError,
    host::{Host, HostFacts},
};
use proto::v1;
use ring::digest::{Context, SHA256};

/// The boot that this process runs in, and the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootFacts {
    pub boot_id: BootId,
    /// SHA-256 over boot id, hardware addresses and the machine's own id: two copies of one disk
    /// differ in it.
    pub fingerprint: Vec<u8>,
}

impl BootFacts {
    /// # Errors
    ///
    /// If procfs is not there.
    pub fn read() -> Result<Self, CollectError> {
        let boot_id = Host::at("/").boot_id()?;
        let mut hash = Context::new(&SHA256);
        hash.update(boot_id.0.as_bytes());
        // Readable by root only; the hardware addresses are for the others.
        hash.update(text("/sys/class/dmi/id/product_uuid").as_bytes());
        for address in hardware_addresses() {
            hash.update(address.as_bytes());
        }
        Ok(Self {
            boot_id,
            fingerprint: hash.finish().as_ref().to_vec(),
        })
    }
}

/// Who the host says that it is.
///
/// # Errors
///
/// If procfs is not there.
pub fn read() -> Result<HostFacts, CollectError> {
    Host::at("/").facts()
}

/// What the registry shows. Sources and addresses are added with each connection.
pub fn registry_facts(facts: HostFacts, host_name: &str) -> v1::HostFacts {
    let systemd_version = facts
        .runs_systemd
        .then(systemd_version)
        .flatten()
        .unwrap_or_default();
    v1::HostFacts {
        host_name: host_name.to_owned(),
        machine_id: facts.machine_id.unwrap_or_default(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        os: facts.os.pretty_name,
        kernel: facts.kernel,
        architecture: std::env::consts::ARCH.to_owned(),
        systemd_version,
        ..v1::HostFacts::default()
    }
}

/// `252 (252.39-1~deb12u1)`; the first line of `systemctl --version` without its first word.
fn systemd_version() -> Option<String> {
    let output = Command::new("systemctl").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().next()?.strip_prefix("systemd ")?.to_owned())
}

/// Of all interfaces that have one, sorted.
fn hardware_addresses() -> Vec<String> {
    let interfaces = fs::read_dir("/sys/class/net")
        .into_iter()
        .flatten()
        .flatten();
    let mut addresses: Vec<String> = interfaces
        .map(|interface| text(interface.path().join("address")))
        .filter(|address| !address.is_empty() && address != "00:00:00:00:00:00")
        .collect();
    addresses.sort();
    addresses
}

/// A small file's text without its line end; empty if it cannot be read.
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}
