//! Where a process runs, by its cgroup: the unit and the container that the path names.

use analysis::{event::Placement, identity::UnitName};

/// Reads `/proc/PID/cgroup`, of whatever version the hierarchies are.
///
/// systemd keeps units in the unified hierarchy (v2), in the one that is named `systemd` (v1), or
/// in both (hybrid). Where neither says more than `/`, as in containers of a host without
/// systemd, the controllers' hierarchies may.
pub fn placement_of_cgroups(text: &str) -> Placement {
    let lines = || {
        text.lines().filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            rest.split_once(':')
        })
    };
    let of = |wanted: &str| lines().find(|(name, path)| *name == wanted && *path != "/");
    let named = of("").or_else(|| of("name=systemd"));
    let (_, path) = named
        .or_else(|| lines().find(|(_, path)| *path != "/"))
        .unwrap_or(("", "/"));
    // The kernel's note about a cgroup that was removed while the process was in it.
    placement_of_path(path.strip_suffix(" (deleted)").unwrap_or(path))
}

/// Reads a cgroup path: `/system.slice/nginx.service`.
pub fn placement_of_path(path: &str) -> Placement {
    Placement {
        cgroup: path.to_owned(),
        unit: unit_of(path),
        container: path.rsplit('/').find_map(container_of),
    }
}

/// The first part of the path that is no slice, if it is a unit: what is below belongs to it (a
/// user's own manager is the unit `user@1000.service`, whatever it runs).
fn unit_of(path: &str) -> Option<UnitName> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let part = parts.find(|part| !part.ends_with(".slice"))?;
    // systemd puts `_` before names that would collide with the kernel's own files.
    let unit: UnitName = part.strip_prefix('_').unwrap_or(part).parse().ok()?;
    Some(unit)
}

/// The id that a runtime put into one part of the path.
fn container_of(part: &str) -> Option<String> {
    if let Some(name) = part.strip_prefix("lxc.payload.") {
        return Some(name.to_owned());
    }
    let part = part.strip_suffix(".scope").unwrap_or(part);
    // `docker-ID`, `libpod-ID`, `cri-containerd-ID`, `crio-ID`; the bare id without systemd; with
    // containerd's own driver `…:cri-containerd:ID`. `crio-conmon-ID` is no container: its monitor.
    let id = part.rsplit([':', '-']).next()?;
    let is_monitor = part.contains("conmon");
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
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
            ("/", None, None),
            ("/init.scope", Some("init.scope"), None),
            ("/system.slice/nginx.service", Some("nginx.service"), None),
            (
                "/system.slice/nginx.service/worker",
                Some("nginx.service"),
                None,
            ),
            (
                r"/system.slice/system-getty.slice/getty@tty1.service",
                Some("getty@tty1.service"),
                None,
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service",
                Some("user@1000.service"),
                None,
            ),
            ("/system.slice/_cpu.service", Some("cpu.service"), None),
            (
                "/system.slice/docker-ID.scope",
                Some("docker-ID.scope"),
                Some(ID),
            ),
            ("/docker/ID", None, Some(ID)),
            ("/docker/ID/system.slice/inner.service", None, Some(ID)),
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
            let placement = placement_of_path(&path.replace("ID", ID));
            let expected = unit.map(|unit| unit.replace("ID", ID));
            let found = placement.unit.as_ref().map(UnitName::as_str);
            assert_eq!(found, expected.as_deref(), "{path}");
            assert_eq!(placement.container.as_deref(), *container, "{path}");
        }
    }

    #[test]
    fn the_hierarchy_of_systemd_says_where() {
        // (what the file says, path)
        let cases = [
            ("0::/system.slice/a.service\n", "/system.slice/a.service"),
            (
                "4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n",
                "/system.slice/a.service",
            ),
            (
                "2:cpu,cpuacct:/docker/1\n1:name=systemd:/\n0::/\n",
                "/docker/1",
            ),
            ("0::/a:b.slice/c.service\n", "/a:b.slice/c.service"),
            (
                "0::/system.slice/a.service (deleted)\n",
                "/system.slice/a.service",
            ),
            ("", "/"),
            ("nonsense\n:\n", "/"),
        ];
        for (text, path) in cases {
            assert_eq!(placement_of_cgroups(text).cgroup, path, "{text:?}");
        }
    }
}
