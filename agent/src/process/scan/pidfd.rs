//! File descriptors that stand for processes, and tell of their end.
#![expect(unsafe_code, reason = "the ioctl PIDFD_GET_INFO has no safe wrapper")]

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Opens the descriptor of a process.
pub(super) fn open(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// The status of a process that its parent has waited for. `None`: it was not yet, or the kernel
/// is older than 6.15.
pub(super) fn exit_status(pidfd: &OwnedFd) -> Option<u32> {
    /// `struct pidfd_info` in its first version, 64 bytes.
    #[repr(C)]
    struct Info {
        mask: u64,
        cgroup: u64,
        ids: [u32; 11],
        exit_code: i32,
    }
    const PIDFD_INFO_EXIT: u64 = 1 << 3;
    /// `_IOWR(0xFF, 11, struct pidfd_info)`.
    const PIDFD_GET_INFO: u32 = 3 << 30 | (size_of::<Info>() as u32) << 16 | 0xFF << 8 | 11;
    let mut info = Info {
        mask: PIDFD_INFO_EXIT,
        cgroup: 0,
        ids: [0; 11],
        exit_code: 0,
    };
    // SAFETY: the kernel writes at most the size that is part of the request, which is that of
    // `info`; the descriptor is open.
    let done = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO as _, &raw mut info) };
    (done == 0 && info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;
    use crate::process::kernel;

    #[test]
    fn a_reaped_process_tells_its_status_on_new_kernels() {
        let mut child = Command::new("sh")
            .args(["-c", "read _; exit 7"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pidfd = open(child.id()).unwrap();
        assert_eq!(exit_status(&pidfd), None, "it lives");
        drop(child.stdin.take());
        child.wait().unwrap();
        poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None).unwrap();
        let expected = kernel::is_at_least((6, 15)).then_some(0x700);
        assert_eq!(exit_status(&pidfd), expected);
    }
}
