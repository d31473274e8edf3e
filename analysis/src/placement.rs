//! Reads the unit and the container out of a cgroup path, as systemd and the container engines
//! name them.

use crate::{event::Placement, identity::UnitName};

/// Length of the container ids of Docker, containerd, CRI-O and Podman, in hex digits.
const CONTAINER_ID_LENGTH: usize = 64;

impl Placement {
    /// Says what the path of a cgroup names: `/system.slice/nginx.service`. The path is from the
    /// root of the host's own cgroups.
    pub fn of_cgroup(path: &str) -> Self {
        Self {
            cgroup: path.to_owned(),
            unit: unit_of_cgroup(path),
            container: path.rsplit('/').find_map(container_of),
        }
    }
}

/// The unit of the system manager that a path from the root of the host's own cgroups names: the
/// first part below the slices.
///
/// What is deeper is that unit's own affair: a delegated tree, a user's manager, or a container
/// with a systemd of its own, whose units may be named like the host's.
pub fn unit_of_cgroup(path: &str) -> Option<UnitName> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.find(|part| !part.ends_with(".slice"))?;
    // systemd puts `_` before names that the kernel would take for its own files.
    first.strip_prefix('_').unwrap_or(first).parse().ok()
}

fn container_of(part: &str) -> Option<String> {
    if let Some(name) = part.strip_prefix("lxc.payload.") {
        return Some(name.to_owned());
    }
    let part = part.strip_suffix(".scope").unwrap_or(part);
    // `docker-ID`, `libpod-ID`, `cri-containerd-ID`, `crio-ID`; the bare id without systemd; with
    // containerd's own driver `…:cri-containerd:ID`. `crio-conmon-ID` is no container: its monitor.
    let id = part.rsplit([':', '-']).next()?;
    let is_monitor = part.contains("conmon");
    let is_id = id.len() == CONTAINER_ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && !is_monitor).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn paths_name_units_and_containers() {
        // (path, with ID for a container's id; unit; container)
        let cases: &[(&str, Option<&str>, Option<&str>)] = &[
            ("", None, None),
            ("/", None, None),
            ("/init.scope", Some("init.scope"), None),
            ("/system.slice/nginx.service", Some("nginx.service"), None),
            (
                "/system.slice/nginx.service/worker",
                Some("nginx.service"),
                None,
            ),
            (
                "/system.slice/system-getty.slice/getty@tty1.service",
                Some("getty@tty1.service"),
                None,
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service",
                Some("user@1000.service"),
                None,
            ),
            (
                "/user.slice/user-0.slice/session-3.scope",
                Some("session-3.scope"),
                None,
            ),
            ("/user.slice/user-1000.slice", None, None),
            ("/system.slice/_cpu.service", Some("cpu.service"), None),
            ("/system.slice/a b", None, None),
            ("/a b/c\u{1b}.service", None, None),
            (
                "/system.slice/docker-ID.scope",
                Some("docker-ID.scope"),
                Some(ID),
            ),
            (
                "/system.slice/docker-ID.scope/system.slice/nginx.service",
                Some("docker-ID.scope"),
                Some(ID),
            ),
            ("/docker/ID", None, Some(ID)),
            ("/docker/ID/system.slice/inner.service", None, Some(ID)),
            (
                "/machine.slice/machine-web.scope/payload/system.slice/nginx.service",
                Some("machine-web.scope"),
                None,
            ),
            (
                "/machine.slice/libpod-ID.scope/container",
                Some("libpod-ID.scope"),
                Some(ID),
            ),
            (
                "/machine.slice/libpod-conmon-ID.scope",
                Some("libpod-conmon-ID.scope"),
                None,
            ),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-ID.scope",
                Some("cri-containerd-ID.scope"),
                Some(ID),
            ),
            ("/kubepods/besteffort/pod1-2/ID", None, Some(ID)),
            (
                "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:ID",
                Some("containerd.service"),
                Some(ID),
            ),
            ("/lxc.payload.web/system.slice/a.service", None, Some("web")),
            ("/../../system.slice/other.service", None, None),
        ];
        for (path, unit, container) in cases {
            let placement = Placement::of_cgroup(&path.replace("ID", ID));
            let expected = unit.map(|unit| unit.replace("ID", ID));
            let found = placement.unit.as_ref().map(UnitName::as_str);
            assert_eq!(found, expected.as_deref(), "{path}");
            assert_eq!(placement.container.as_deref(), *container, "{path}");
        }
    }
}
