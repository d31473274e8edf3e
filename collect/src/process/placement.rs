//! Which of a process's cgroups says most about where it runs.

/// Reads `/proc/PID/cgroup`, of whatever version the hierarchies are, and gives the path that says
/// most, from the reader's root: [`analysis::event::Placement::of_cgroup`] reads it.
///
/// systemd keeps units in the unified hierarchy (v2), in the one that is named `systemd` (v1), or
/// in both (hybrid). Where neither says more than `/`, as in containers of a host without
/// systemd, the controllers' hierarchies may.
pub fn most_telling_cgroup(text: &str) -> &str {
    let rank = |hierarchy: &str| match hierarchy {
        "" => 0,
        "name=systemd" => 1,
        _ => 2,
    };
    let told = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        rest.split_once(':').filter(|(_, path)| *path != "/")
    });
    let (_, path) = told
        .min_by_key(|(hierarchy, _)| rank(hierarchy))
        .unwrap_or(("", "/"));
    // The kernel's note about a cgroup that was removed while the process was in it.
    path.strip_suffix(" (deleted)").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_of_systemd_says_where() {
        // (what the file says, path)
        let cases = [
            ("0::/system.slice/a.service\n", "/system.slice/a.service"),
            (
                "4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n",
                "/system.slice/a.service",
            ),
            ("9:name=systemd:/a\n4:memory:/b\n0::/c\n", "/c"),
            (
                "2:cpu,cpuacct:/docker/1\n1:name=systemd:/\n0::/\n",
                "/docker/1",
            ),
            ("0::/a:b.slice/c.service\n", "/a:b.slice/c.service"),
            (
                "0::/system.slice/a.service (deleted)\n",
                "/system.slice/a.service",
            ),
            ("0::/\n", "/"),
            ("", "/"),
            ("nonsense\n:\n", "/"),
        ];
        for (text, path) in cases {
            assert_eq!(most_telling_cgroup(text), path, "{text:?}");
        }
    }
}
