//! The core of a crash where systemd-coredump has compressed it.
//!
//! It may be of any size and of anybody: it is unpacked by the host's own program, for a short
//! time, and only so far; and into a file without a name, which is gone when we are, however that
//! comes.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{fd::AsRawFd as _, unix::fs::OpenOptionsExt as _},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
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

/// A core as it was.
#[derive(Debug)]
pub(super) struct Unpacked {
    file: File,
    /// It goes on, and was not read further.
    pub(super) is_cut: bool,
}

impl Unpacked {
    /// How we, and what we start, can open it.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NotUnpacked {
    #[error("it is compressed, and there is no room to unpack it")]
    NoRoom,
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

pub(super) async fn unpack(path: &str) -> Result<Unpacked, NotUnpacked> {
    // Denied, or gone: this says it better than a program.
    drop(File::open(path)?);
    // It has the libraries with which systemd-coredump compressed it; the programs may be missing.
    let by_systemd = ["-q", "--no-pager", "dump"].map(str::to_owned);
    let by_systemd = by_systemd
        .into_iter()
        .chain([format!("COREDUMP_FILENAME={path}")]);
    let first = run("coredumpctl", by_systemd.collect(), path).await;
    let Err(NotUnpacked::Tool(ToolError::NotInstalled(_)) | NotUnpacked::Failed { .. }) = first
    else {
        return first;
    };
    let (program, options) = program(path).ok_or(NotUnpacked::Unknown)?;
    let arguments = options.iter().map(|option| (*option).to_owned());
    let arguments = arguments.chain(["--".to_owned(), path.to_owned()]);
    match run(program, arguments.collect(), path).await {
        Err(NotUnpacked::Tool(ToolError::NotInstalled(_))) => match first {
            Err(failed @ NotUnpacked::Failed { .. }) => Err(failed),
            _ => Err(NotUnpacked::NoProgram(program)),
        },
        unpacked => unpacked,
    }
}

/// What unpacks such a file to its standard output.
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
    arguments: Vec<String>,
    path: &str,
) -> Result<Unpacked, NotUnpacked> {
    let (file, most_bytes) = file_with_room()?;
    let output = Tool::named(tool, WITHIN)?
        .args(arguments)
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
                Some(line) => line.replace(path, "it").chars().take(200).collect(),
                None => output.status.to_string(),
            },
        });
    }
    Ok(Unpacked { file, is_cut })
}

/// A file without a name, and how much may be written to it.
fn file_with_room() -> Result<(File, u64), NotUnpacked> {
    let mut why = NotUnpacked::NoRoom;
    for folder in FOLDERS {
        let Ok(room) = rustix::fs::statvfs(folder) else {
            continue;
        };
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
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".aiops-core.{}.{number}", std::process::id()));
    // Nobody else's file is opened, and nobody else can open ours.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, process::Command};

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
            let unpacked = unpack(&path).await.unwrap();
            let mut read = Vec::new();
            let mut file = File::open(unpacked.path()).unwrap();
            file.read_to_end(&mut read).unwrap();
            assert!(read == core && !unpacked.is_cut, "{suffix}: {}", read.len());
        }
        let left = format!(".aiops-core.{}.", std::process::id());
        for place in FOLDERS {
            let mut entries = fs::read_dir(place).unwrap().flatten();
            let is_left =
                entries.any(|entry| entry.file_name().to_string_lossy().starts_with(&left));
            assert!(!is_left, "{place}");
        }
    }

    #[tokio::test]
    async fn a_program_writes_no_more_than_it_may() {
        let (file, _) = file_with_room().unwrap();
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
            assert!(unpack(&path(name)).await.is_err(), "{name}");
        }
        let gone = unpack(&path("gone.zst")).await.unwrap_err();
        assert!(matches!(gone, NotUnpacked::Io(_)), "{gone}");
    }
}
