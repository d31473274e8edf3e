//! How full the file systems are, without waiting for those that may hang.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use analysis::{limitation::Limitation, machine::MountUse};
use rustix::fs::{StatVfs, statvfs};

use crate::{CollectError, deadline::Deadline, start_failure::files::View};

/// A local file system answers within microseconds.
const DEADLINE: Duration = Duration::from_millis(500);
/// Most file systems that are looked at.
const MOST: usize = 200;
/// Served by other machines, or by programs: whoever asks may wait for ever.
const REMOTE: [&str; 16] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "gpfs",
    "9p",
    "virtiofs",
    "ocfs2",
    "gfs2",
    "davfs",
];
/// With room of their own; what is not named here is no file system in this sense, or always full.
const LOCAL: [&str; 15] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "vfat",
    "exfat", "ntfs3", "tmpfs", "overlay",
];

/// The use of each local file system that can be written to, and how many others were left out.
/// `view` is of who has this `mountinfo`: the agent cannot write to what is below its own `/`.
pub(super) fn mounts(mountinfo: &str, view: &View) -> (Vec<MountUse>, Vec<Limitation>) {
    let mut remote = 0;
    let mut late: BTreeMap<String, u32> = BTreeMap::new();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for mount in mountinfo.lines().filter_map(parse) {
        if REMOTE.contains(&mount.kind) || mount.kind.starts_with("fuse") {
            remote += 1;
        } else if is_meant(&mount) {
            // One of several mounts of a device is enough: the outermost.
            let place = places
                .entry(mount.device.to_owned())
                .or_insert_with(|| Place::of(&mount));
            if mount.point.len() < place.point.len() {
                *place = Place::of(&mount);
            }
        }
    }
    let deadline = Deadline::of(DEADLINE);
    let mut found = Vec::new();
    // Of file systems that are mounted over each other only the last can be reached.
    let places: BTreeSet<Place> = places.into_values().collect();
    for place in places.into_iter().take(MOST) {
        let path = view.place("/", &place.point);
        match deadline.run(&place.point, move || statvfs(&path)) {
            Ok(Ok(status)) => found.extend(use_of(place, &status)),
            // Of somebody else, or gone.
            Ok(Err(_)) => {}
            Err(CollectError::TooManyStuck { .. }) => {
                *late.entry("too-many-stuck".to_owned()).or_default() += 1;
            }
            Err(_) => *late.entry("deadline".to_owned()).or_default() += 1,
        }
    }
    let limitation = |(why, count): (String, u32)| Limitation {
        what: "mounts".to_owned(),
        why,
        count,
    };
    let skipped = (remote > 0).then(|| ("remote".to_owned(), remote));
    let limits = late.into_iter().chain(skipped).map(limitation);
    (found, limits.collect())
}

/// The mount that a path lies on, and its options: the last of those that begin it furthest.
pub(crate) fn mount_of(mountinfo: &str, path: &Path) -> Option<(String, String)> {
    let mounts = mountinfo.lines().filter_map(parse);
    let around = mounts.filter(|mount| path.starts_with(&mount.point));
    let found = around.max_by_key(|mount| mount.point.len())?;
    Some((found.point.clone(), found.options.to_owned()))
}

struct Mount<'a> {
    device: &'a str,
    point: String,
    options: &'a str,
    kind: &'a str,
}

/// Where a file system is looked at.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    point: String,
    is_memory: bool,
}

impl Place {
    fn of(mount: &Mount<'_>) -> Self {
        Self {
            point: mount.point.clone(),
            is_memory: mount.kind == "tmpfs",
        }
    }
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
fn parse(line: &str) -> Option<Mount<'_>> {
    let (place, kind) = line.split_once(" - ")?;
    let mut fields = place.split(' ');
    Some(Mount {
        device: fields.nth(2)?,
        point: unescaped(fields.nth(1)?),
        options: fields.next()?,
        kind: kind.split(' ').next()?,
    })
}

/// The kernel writes spaces and the like as octal numbers: `\040`.
fn unescaped(path: &str) -> String {
    let spaces = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n")];
    let path = spaces.iter().fold(path.to_owned(), |path, (code, text)| {
        path.replace(code, text)
    });
    path.replace("\\134", "\\")
}

fn is_meant(mount: &Mount<'_>) -> bool {
    let is_read_only = mount.options.split(',').any(|option| option == "ro");
    // Those of containers lie on a disk that is counted.
    let is_inner = mount.kind == "overlay" && mount.point != "/";
    let of_kernel = ["/proc", "/sys"]
        .iter()
        .any(|top| Path::new(&mount.point).starts_with(top));
    LOCAL.contains(&mount.kind) && !is_read_only && !is_inner && !of_kernel
}

fn use_of(place: Place, status: &StatVfs) -> Option<MountUse> {
    let bytes = |blocks: u64| blocks.saturating_mul(status.f_frsize);
    (status.f_blocks > 0).then(|| MountUse {
        mount_point: place.point,
        is_memory: place.is_memory,
        total_bytes: bytes(status.f_blocks),
        free_bytes: bytes(status.f_bfree),
        available_bytes: bytes(status.f_bavail),
        inodes: status.f_files,
        free_inodes: status.f_ffree,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_that_may_hang_or_are_always_full_are_left_out() {
        let here = tempfile::tempdir().unwrap();
        let here = here.path().to_str().unwrap();
        let text = format!(
            "1 0 8:1 / {here}/deeper rw - ext4 /dev/sda1 rw\n\
             2 0 8:1 / {here} rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
             3 0 0:50 / /mnt/nfs rw - nfs4 server:/x rw\n\
             4 0 0:51 / /mnt/fuse rw - fuse.sshfs x rw\n\
             5 0 7:1 / /snap/x ro - squashfs /dev/loop1 ro\n\
             6 0 0:5 / /proc rw - proc proc rw\nnonsense\n"
        );
        let (found, limits) = mounts(&text, &View::of_manager(Path::new("/none")));
        let places: Vec<_> = found.iter().map(|one| one.mount_point.as_str()).collect();
        assert_eq!(places, [here]);
        assert!(found[0].total_bytes >= found[0].free_bytes);
        let remote = Limitation {
            what: "mounts".to_owned(),
            why: "remote".to_owned(),
            count: 2,
        };
        assert_eq!(limits, [remote]);
    }

    #[test]
    fn a_path_lies_on_the_innermost_mount() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
             2 1 8:2 / /srv rw,noexec - ext4 /dev/sdb rw\n\
             3 1 8:3 / /srv ro - ext4 /dev/sdc rw\n";
        // (path, mount, options)
        let cases = [("/srv/x", "/srv", "ro"), ("/srvx", "/", "rw")];
        for (path, point, options) in cases {
            let expected = Some((point.to_owned(), options.to_owned()));
            assert_eq!(mount_of(text, Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn names_of_mount_points_are_read_as_they_are() {
        assert_eq!(unescaped("/a\\040b\\134040"), "/a b\\040");
    }
}
