//! Learns at once when one of many processes ends.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::event::{Timespec, epoll};

use super::pidfd;
use crate::process::procfs;

/// Processes that are watched, each with a file descriptor. The others are missed by the next
/// scan, without a status.
const MAX_WATCHED: usize = 1024;
/// Ends that are taken at once.
const AT_ONCE: usize = 64;

/// Processes with open descriptors.
pub(super) struct Watch {
    epoll: OwnedFd,
    watched: HashMap<u32, OwnedFd>,
    most: usize,
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        use rustix::process::{Resource, getrlimit};
        let allowed = getrlimit(Resource::Nofile).current;
        // The rest of the agent needs descriptors too.
        let half = allowed.map_or(MAX_WATCHED, |allowed| allowed as usize / 2);
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            watched: HashMap::new(),
            most: half.min(MAX_WATCHED),
        })
    }

    /// Watches one more process, if there is room. Whether it is still there shows in /proc.
    pub(super) fn add(&mut self, pid: u32) {
        if self.watched.len() >= self.most || self.watched.contains_key(&pid) {
            return;
        }
        let Ok(pidfd) = pidfd::open(pid) else {
            return;
        };
        let data = epoll::EventData::new_u64(pid.into());
        if epoll::add(&self.epoll, &pidfd, data, epoll::EventFlags::IN).is_ok() {
            self.watched.insert(pid, pidfd);
        }
    }

    pub(super) fn forget(&mut self, pid: u32) {
        self.watched.remove(&pid);
    }

    /// The processes that ended, each with its status if that can still be read.
    pub(super) fn ended(&mut self) -> io::Result<Vec<(u32, Option<u32>)>> {
        let mut events = Vec::with_capacity(AT_ONCE);
        let now = Timespec::default();
        epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(&mut events),
            Some(&now),
        )?;
        let pids = events.iter().map(|event| event.data.u64() as u32);
        let ended = pids.map(|pid| (pid, self.status(pid)));
        let ended: Vec<_> = ended.collect();
        for (pid, _) in &ended {
            self.watched.remove(pid);
        }
        Ok(ended)
    }

    /// A zombie shows its status in /proc; once its parent has taken it, the kernel itself does.
    fn status(&self, pid: u32) -> Option<u32> {
        let pidfd = self.watched.get(&pid)?;
        pidfd::exit_status(pidfd)
            .or_else(|| {
                procfs::stat(pid)
                    .filter(procfs::Stat::is_dead)
                    .map(|stat| stat.exit_code)
            })
            // It was taken between the two looks.
            .or_else(|| pidfd::exit_status(pidfd))
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
