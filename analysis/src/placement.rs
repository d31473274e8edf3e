//! Reads the unit and the container out of a cgroup path, as systemd and the container engines
//! name them.

use crate::{event::Placement, identity::UnitName};

/// Length of the container ids of Docker, containerd, CRI-O and Podman, in hex digits.
const CONTAINER_ID_LENGTH: usize = 64;

impl Placement {
    /// Says what the path of a cgroup names: `/system.slice/nginx.service`.
    pub fn of_cgroup(path: &str) -> Self {
        Self {
            cgroup: path.to_owned(),
            unit: unit_of(path),
            container: path.split('/').rev().find_map(container_of),
        }
    }
}

/// The unit of the system manager: the first part below the slices. What is deeper is the unit's
/// own affair (a delegated tree, a user's manager).
fn unit_of(path: &str) -> Option<UnitName> {
    let first = path
        .split('/')
        .find(|part| !part.is_empty() && !part.ends_with(".slice"))?;
    // systemd puts `_` before names that the kernel would take for its own files.
    first.strip_prefix('_').unwrap_or(first).parse().ok()
}

/// The id in `<id>`, `docker-<id>.scope`, `cri-containerd-<id>.scope`, `libpod-<id>`.
fn container_of(part: &str) -> Option<String> {
    part.split(['-', '.', ':'])
        .find(|word| {
            word.len() == CONTAINER_ID_LENGTH && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_units_and_containers() {
        let id = "0123456789abcdef".repeat(4);
        // (path, unit, whether it names the container)
        let cases = [
            ("/", None, false),
            ("/system.slice/nginx.service", Some("nginx.service"), false),
            ("/init.scope", Some("init.scope"), false),
            (
                "/system.slice/system-getty.slice/getty@tty1.service",
                Some("getty@tty1.service"),
                false,
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service",
                Some("user@1000.service"),
                false,
            ),
            (
                "/user.slice/user-0.slice/session-3.scope",
                Some("session-3.scope"),
                false,
            ),
            ("/system.slice/_cpu.service", Some("cpu.service"), false),
            (
                "/system.slice/docker-ID.scope",
                Some("docker-ID.scope"),
                true,
            ),
            ("/docker/ID", None, true),
            (
                "/kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope",
                Some("cri-containerd-ID.scope"),
                true,
            ),
            ("/kubepods/burstable/pod1/ID", None, true),
            ("/system.slice/a b", None, false),
        ];
        for (path, unit, in_container) in cases {
            let named = |text: &str| text.replace("ID", &id);
            let placement = Placement::of_cgroup(&named(path));
            let found = placement.unit.as_ref().map(|unit| unit.as_str().to_owned());
            assert_eq!(found, unit.map(named), "{path}");
            assert_eq!(
                placement.container,
                in_container.then(|| id.clone()),
                "{path}"
            );
        }
    }
}
