//! The core of a crash where systemd-coredump has compressed it.
//!
//! It may be of any size and of anybody: it is unpacked by the host's own program, for a short
//! time, and only so far; and into a file without a name, which is gone when we are, however that
//! comes.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags, open, statfs, statvfs},
    io::Errno,
};

use crate::tool::{Tool, ToolError};

const WITHIN: Duration = Duration::from_secs(8);
/// Of a larger core the beginning: it has the notes, and mostly the stacks of small programs.
const MOST_BYTES: u64 = 512 << 20;
/// The part of the free room that may be used for a moment.
const SHARE_OF_ROOM: u64 = 4;
/// With less room not even the notes can be had.
const LEAST_BYTES: u64 = 16 << 20;
/// What `EFBIG` is called.
const TOO_LARGE: &str = "File too large";
/// On a disk: `/tmp` is memory on many hosts.
const FOLDERS: [&str; 2] = ["/var/tmp", "/tmp"];
/// `TMPFS_MAGIC` and `RAMFS_MAGIC`.
const MEMORY: [rustix::fs::FsWord; 2] = [0x0102_1994, 0x8584_58f6];

/// A core as it was.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub(super) file: File,
    /// It goes on, and was not read further.
    pub(super) is_cut: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NotUnpacked {
    #[error("it is compressed, and there is no room to unpack it")]
    NoRoom,
    #[error("it is compressed, and there is no disk to unpack it on: {} are memory", FOLDERS.join(" and "))]
    NoDisk,
    #[error("it is compressed, and neither coredumpctl nor {0} is there to unpack it")]
    NoProgram(&'static str),
    #[error("it is compressed in a way that is not known")]
    Unknown,
    #[error("it is compressed, and unpacking it took too long")]
    Late,
    #[error("it is compressed, and {tool} cannot unpack it: {said}")]
    Failed { tool: &'static str, said: String },
    #[error("it is compressed, and cannot be unpacked: {0}")]
    Io(#[from] io::Error),
    #[error("it is compressed, and cannot be unpacked: {0}")]
    Tool(#[from] ToolError),
}

/// `packed` is the file at `path`, open.
pub(super) async fn unpack(packed: File, path: &str) -> Result<Unpacked, NotUnpacked> {
    let (program, options) = program(path).ok_or(NotUnpacked::Unknown)?;
    let first = run(program, |tool| tool.args(options).reading(packed)).await;
    if !is_for_another(&first) {
        return first;
    }
    // It has the library with which systemd-coredump compressed it; the program may be missing.
    let second = run("coredumpctl", |tool| {
        tool.args(["-q", "--no-pager", "dump"])
            .args([format!("COREDUMP_FILENAME={path}")])
    });
    let second = second.await;
    match (&first, &second) {
        (Err(NotUnpacked::Failed { .. }), Err(_)) => first,
        (_, Err(NotUnpacked::Tool(ToolError::NotInstalled(_)))) => {
            Err(NotUnpacked::NoProgram(program))
        }
        _ => second,
    }
}

fn is_for_another(unpacked: &Result<Unpacked, NotUnpacked>) -> bool {
    matches!(
        unpacked,
        Err(NotUnpacked::Tool(_) | NotUnpacked::Failed { .. })
    )
}

/// What unpacks such a file from its standard input to its standard output.
fn program(path: &str) -> Option<(&'static str, &'static [&'static str])> {
    match Path::new(path).extension()?.to_str()? {
        "zst" => Some(("zstd", &["-q", "-d", "-c"])),
        "lz4" => Some(("lz4", &["-q", "-d", "-c"])),
        "xz" => Some(("xz", &["-q", "-d", "-c", "--memlimit-decompress=256MiB"])),
        _ => None,
    }
}

async fn run(
    tool: &'static str,
    prepared: impl FnOnce(Tool) -> Tool,
) -> Result<Unpacked, NotUnpacked> {
    let (file, most_bytes) = file_with_room(&FOLDERS)?;
    // The file is anybody's, and what it makes of the program can write nothing but its output. It
    // stays our user's: processes of the user `nobody` could look into one of theirs.
    let output = prepared(Tool::named(tool, WITHIN)?)
        .harmless(false)
        .writing_to(file.try_clone()?, most_bytes)
        .run()
        .await?;
    if output.is_late {
        return Err(NotUnpacked::Late);
    }
    let size = file.metadata()?.len();
    let said = String::from_utf8_lossy(&output.stderr);
    // A program that leaves out zeros may have written less.
    let is_cut = size >= most_bytes || said.contains(TOO_LARGE);
    if !output.status.success() && !is_cut || size == 0 {
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(NotUnpacked::Failed {
            tool,
            said: match last {
                Some(line) => line.chars().take(200).collect(),
                None => output.status.to_string(),
            },
        });
    }
    Ok(Unpacked { file, is_cut })
}

/// A file without a name, and how much may be written to it.
fn file_with_room(folders: &[&str]) -> Result<(File, u64), NotUnpacked> {
    let mut why = NotUnpacked::NoDisk;
    for folder in folders {
        let (Ok(kind), Ok(room)) = (statfs(*folder), statvfs(*folder)) else {
            continue;
        };
        // It would count as memory of ours, and of our unit's, which has little.
        if MEMORY.contains(&kind.f_type) {
            continue;
        }
        if matches!(why, NotUnpacked::NoDisk) {
            why = NotUnpacked::NoRoom;
        }
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        let most_bytes = MOST_BYTES.min(free / SHARE_OF_ROOM);
        if most_bytes < LEAST_BYTES {
            continue;
        }
        match nameless(Path::new(folder)) {
            Ok(file) => return Ok((file, most_bytes)),
            Err(error) => why = error.into(),
        }
    }
    Err(why)
}

fn nameless(folder: &Path) -> io::Result<File> {
    let owner = Mode::RUSR | Mode::WUSR;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    match open(folder, flags | OFlags::TMPFILE, owner) {
        Ok(file) => return Ok(file.into()),
        // Not each file system has such.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    // A name that nobody can guess and take first. Nobody else can open it.
    let path = folder.join(format!(".aiops-core.{}", uuid::Uuid::new_v4().simple()));
    let file = open(&path, flags | OFlags::CREATE | OFlags::EXCL, owner)?;
    fs::remove_file(&path)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Seek as _},
        os::unix::fs::MetadataExt as _,
        process::Command,
    };

    use super::*;

    /// A file that the program has compressed. `None`: it is not installed.
    fn compressed(folder: &Path, by: &str, suffix: &str, bytes: &[u8]) -> Option<String> {
        let plain = folder.join("core.7");
        fs::write(&plain, bytes).unwrap();
        let path = format!("{}.{suffix}", plain.display());
        let script = format!("{by} -q -c '{}' >'{path}'", plain.display());
        let made = Command::new("sh").args(["-c", &script]).status().unwrap();
        made.success().then_some(path)
    }

    #[tokio::test]
    async fn what_was_compressed_is_as_it_was_and_leaves_no_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let core: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        for (by, suffix) in [("zstd", "zst"), ("lz4", "lz4"), ("xz", "xz")] {
            let Some(path) = compressed(folder.path(), by, suffix, &core) else {
                continue;
            };
            let mut unpacked = unpack(File::open(&path).unwrap(), &path).await.unwrap();
            let mut read = Vec::new();
            unpacked.file.rewind().unwrap();
            unpacked.file.read_to_end(&mut read).unwrap();
            assert!(read == core && !unpacked.is_cut, "{suffix}: {}", read.len());
        }
        let file = nameless(folder.path()).unwrap();
        assert_eq!(file.metadata().unwrap().nlink(), 0);
    }

    #[test]
    fn nothing_is_unpacked_into_memory() {
        let in_memory = file_with_room(&["/dev/shm"]);
        assert!(
            matches!(in_memory, Err(NotUnpacked::NoDisk)),
            "{in_memory:?}"
        );
    }

    #[tokio::test]
    async fn a_program_writes_no_more_than_it_may() {
        let (file, _) = file_with_room(&FOLDERS).unwrap();
        let tool = Tool::named("head", WITHIN).unwrap();
        let output = tool
            .args(["-c", "9000000", "/dev/zero"])
            .writing_to(file.try_clone().unwrap(), 1 << 20)
            .run()
            .await
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "it is not killed: {output:?}"
        );
        assert_eq!(file.metadata().unwrap().len(), 1 << 20);
    }

    #[tokio::test]
    async fn what_cannot_be_unpacked_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for (name, content) in [("a.zst", "no core"), ("a.lz4", ""), ("a.gz", "?")] {
            fs::write(path(name), content).unwrap();
            let packed = File::open(path(name)).unwrap();
            assert!(unpack(packed, &path(name)).await.is_err(), "{name}");
        }
    }
}
