//! What functions of the kernel a thread sleeps in mean.
//!
//! Their names are no interface and change between versions: what is not known here is "unknown".

use super::report::Storage;

/// Ways to sleep that the function alone tells, where the system call may not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sleep {
    Time,
    Files,
    Futex,
    PipeRead,
    PipeWrite,
    NamedPipe,
    Child,
    FileLock,
    Network,
    LocalSocket,
    Accept,
    Signal,
    Terminal,
    Frozen,
    /// Its child has not begun a program of its own yet.
    Vfork,
}

/// (how the function's name begins, what it means)
const SLEEPS: &[(&str, Sleep)] = &[
    ("hrtimer_nanosleep", Sleep::Time),
    ("do_nanosleep", Sleep::Time),
    ("common_nsleep", Sleep::Time),
    ("do_poll", Sleep::Files),
    ("do_sys_poll", Sleep::Files),
    ("poll_schedule_timeout", Sleep::Files),
    ("do_select", Sleep::Files),
    ("ep_poll", Sleep::Files),
    ("do_epoll_wait", Sleep::Files),
    ("futex_", Sleep::Futex),
    ("__futex_wait", Sleep::Futex),
    ("pipe_read", Sleep::PipeRead),
    ("anon_pipe_read", Sleep::PipeRead),
    ("fifo_pipe_read", Sleep::PipeRead),
    ("pipe_wait_readable", Sleep::PipeRead),
    ("pipe_write", Sleep::PipeWrite),
    ("anon_pipe_write", Sleep::PipeWrite),
    ("fifo_pipe_write", Sleep::PipeWrite),
    ("pipe_wait_writable", Sleep::PipeWrite),
    ("wait_for_partner", Sleep::NamedPipe),
    ("fifo_open", Sleep::NamedPipe),
    ("do_wait", Sleep::Child),
    ("kernel_wait", Sleep::Child),
    ("wait_for_vfork_done", Sleep::Vfork),
    ("kernel_clone", Sleep::Vfork),
    ("locks_lock_inode_wait", Sleep::FileLock),
    ("do_lock_file_wait", Sleep::FileLock),
    ("fcntl_setlk", Sleep::FileLock),
    ("flock_lock_inode_wait", Sleep::FileLock),
    ("inet_csk_accept", Sleep::Accept),
    ("inet_csk_wait_for_connect", Sleep::Accept),
    ("sk_wait_data", Sleep::Network),
    ("sk_stream_wait", Sleep::Network),
    ("inet_wait_for_connect", Sleep::Network),
    ("inet_stream_connect", Sleep::Network),
    ("tcp_", Sleep::Network),
    ("unix_", Sleep::LocalSocket),
    ("do_sigtimedwait", Sleep::Signal),
    ("sigsuspend", Sleep::Signal),
    ("__do_sys_pause", Sleep::Signal),
    ("n_tty_read", Sleep::Terminal),
    ("do_freezer_trap", Sleep::Frozen),
    ("__refrigerator", Sleep::Frozen),
    ("do_cgroup_freeze", Sleep::Frozen),
];

/// (what the function's name begins with, the storage)
const STORAGES: &[(&str, Storage)] = &[
    ("nfs", Storage::Nfs),
    ("rpc_", Storage::Nfs),
    ("cifs_", Storage::Cifs),
    ("smb2_", Storage::Cifs),
    ("wait_for_response", Storage::Cifs),
    ("fuse_", Storage::Fuse),
    ("request_wait_answer", Storage::Fuse),
    ("__fuse_", Storage::Fuse),
    ("autofs_wait", Storage::Automount),
    ("sb_start_write", Storage::FrozenFileSystem),
    ("__sb_start_write", Storage::FrozenFileSystem),
    ("sb_wait_write", Storage::FrozenFileSystem),
    ("balance_dirty_pages", Storage::Writeback),
    ("wb_wait_for_completion", Storage::Writeback),
    ("swap_", Storage::Swap),
    ("do_swap_page", Storage::Swap),
    ("jbd2_", Storage::Journal),
    ("start_this_handle", Storage::Journal),
    ("xlog_", Storage::Journal),
    ("xfs_log_", Storage::Journal),
    ("btrfs_wait_for_commit", Storage::Journal),
    ("io_schedule", Storage::BlockDevice),
    ("bit_wait_io", Storage::BlockDevice),
    ("folio_wait", Storage::BlockDevice),
    ("wait_on_page", Storage::BlockDevice),
    ("blk_", Storage::BlockDevice),
    ("submit_bio_wait", Storage::BlockDevice),
    ("blkdev_", Storage::BlockDevice),
    ("wait_on_buffer", Storage::BlockDevice),
    ("__wait_on_buffer", Storage::BlockDevice),
    ("iomap_dio", Storage::BlockDevice),
];

/// A writer that waits for a frozen file system sleeps in a lock of this kind, called from a write.
const PERCPU_LOCK: &str = "percpu_rwsem_wait";

/// What the function says.
pub(super) fn sleep(function: &str) -> Option<Sleep> {
    let known = SLEEPS.iter().find(|(start, _)| function.starts_with(start));
    known.map(|(_, sleep)| *sleep)
}

/// The storage that the stack, or else the function alone, waits for, and the function that says
/// so. What stands first in the list is more telling than what stands further in on the stack.
pub(super) fn storage<'a>(
    stack: &'a [String],
    wchan: Option<&'a str>,
) -> Option<(Storage, &'a str)> {
    let functions = || stack.iter().map(String::as_str).chain(wchan);
    let is_write = |function: &str| function.contains("write") || function.contains("mnt_want");
    if let Some(lock) = functions().find(|function| function.starts_with(PERCPU_LOCK))
        && functions().any(is_write)
    {
        return Some((Storage::FrozenFileSystem, lock));
    }
    STORAGES.iter().find_map(|(start, storage)| {
        let found = functions().find(|function| function.starts_with(start));
        found.map(|function| (*storage, function))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_system_says_more_than_the_page_it_waits_for() {
        let stack = ["folio_wait_bit_common", "nfs_file_read", "vfs_read"].map(str::to_owned);
        assert_eq!(storage(&stack, None), Some((Storage::Nfs, "nfs_file_read")));
        let stack = ["io_schedule", "folio_wait_bit_common", "filemap_read"].map(str::to_owned);
        assert_eq!(
            storage(&stack, None),
            Some((Storage::BlockDevice, "io_schedule"))
        );
        assert_eq!(
            storage(&[], Some("jbd2_log_wait_commit")),
            Some((Storage::Journal, "jbd2_log_wait_commit"))
        );
        let stack = ["percpu_rwsem_wait", "__percpu_down_read", "vfs_write"].map(str::to_owned);
        let (found, _) = storage(&stack, None).unwrap();
        assert_eq!(found, Storage::FrozenFileSystem);
        assert_eq!(storage(&[], Some("rwsem_down_write_slowpath")), None);
    }
}
